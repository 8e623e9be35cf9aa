//! When factors are fitted, and when they are balanced.

use crate::hyperparameter::{Amount, Share};
use crate::random::{philox, round_keys};
use crate::transform::Step;
use core::fmt;
use std::sync::Arc;

/// How likely a fit is with each gradient: at first always, then ever less often.
///
/// ```text
/// p(n) = clamp(p_max·exp(−d·(n − n₀)), p_min, p_max)      n gradients came before
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FitProbability {
    /// p_min. Default 0.03.
    pub least: Share,
    /// p_max. Default 1.
    pub most: Share,
    /// d, by which its logarithm falls with each gradient. Default 0.001.
    pub decay: Amount,
    /// n₀, the gradients before it falls. Default 500.
    pub flat_start: u64,
}

impl Default for FitProbability {
    fn default() -> Self {
        Self {
            least: Share::checked(0.03),
            most: Share::checked(1.0),
            decay: Amount::checked(0.001),
            flat_start: 500,
        }
    }
}

impl FitProbability {
    /// The same probability for all gradients.
    pub fn constant(probability: Share) -> Self {
        Self { least: probability, most: probability, decay: Amount::checked(0.0), flat_start: 0 }
    }

    /// p behind so many gradients.
    ///
    /// ```
    /// use gradus::rule::FitProbability;
    ///
    /// let probability = FitProbability::default();
    /// assert_eq!(probability.after(500), 1.0);
    /// assert!((probability.after(1500) - (-1.0f64).exp()).abs() < 1e-15);
    /// assert_eq!(probability.after(10_000), 0.03);
    /// ```
    pub fn after(&self, gradients: u64) -> f64 {
        let past = gradients.saturating_sub(self.flat_start) as f64;
        let (least, most) = (self.least.get(), self.most.get());
        (most * libm::exp(-self.decay.get() * past)).max(least).min(most)
    }
}

/// A function of your own of the step.
#[derive(Clone)]
pub struct OfStep<X>(Arc<dyn Fn(&Step) -> X + Send + Sync>);

impl<X> fmt::Debug for OfStep<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OfStep(..)")
    }
}

/// With which gradients factors are fitted.
///
/// Probabilities are added up, and factors fitted whenever the sum passes a whole number: as often as a
/// draw would on average, and never twice as long apart.
#[derive(Clone, Debug)]
pub enum FitSchedule {
    /// As often as a probability says.
    Annealed(FitProbability),
    /// The same, decided by draws that are the same for all parameters.
    Drawn {
        /// p.
        probability: FitProbability,
        /// What the draws start from.
        seed: u64,
    },
    /// As often as a probability of your own says, 0 to 1.
    Probability(OfStep<f64>),
    /// When a function of your own says so.
    When(OfStep<bool>),
}

impl Default for FitSchedule {
    fn default() -> Self {
        Self::Annealed(FitProbability::default())
    }
}

impl FitSchedule {
    /// With every gradient.
    pub fn always() -> Self {
        Self::Annealed(FitProbability::constant(Share::checked(1.0)))
    }

    /// As often as `probability` says of the step of a parameter.
    pub fn probability(probability: impl Fn(&Step) -> f64 + Send + Sync + 'static) -> Self {
        Self::Probability(OfStep(Arc::new(probability)))
    }

    /// When `decide` says so of the step of a parameter.
    pub fn when(decide: impl Fn(&Step) -> bool + Send + Sync + 'static) -> Self {
        Self::When(OfStep(Arc::new(decide)))
    }

    /// Advances the count: its size is the sum of the probabilities, its sign tells whether factors are
    /// fitted. `own` counts the gradients that may fit them, from 1.
    pub(super) fn count(&self, at: &Step, own: u64, count: &mut f64) {
        let probability = match self {
            Self::Annealed(probability) => probability.after(own - 1),
            Self::Probability(OfStep(probability)) => probability(at).clamp(0.0, 1.0),
            Self::Drawn { probability, seed } => {
                let is_due = drawn(*seed, FITS, own) < probability.after(own - 1);
                *count = if is_due { 1.0 } else { -1.0 };
                return;
            }
            Self::When(OfStep(decide)) => {
                *count = if decide(at) { 1.0 } else { -1.0 };
                return;
            }
        };
        let before = count.abs();
        // What is NaN fits nothing. Thirds and the like must not miss a whole number by a rounding.
        let now = if probability > 0.0 { before + probability } else { before };
        let is_due = (now + ROUNDING).floor() > (before + ROUNDING).floor();
        *count = if is_due { now } else { -now };
    }
}

/// More than what the sum of a million probabilities is off by.
const ROUNDING: f64 = 1e-9;

/// What sets draws apart from other random bits with the same seed.
const FITS: u32 = 0x5073_6764;
const BALANCES: u32 = 0x4261_6C61;

/// A number from 0 to below 1.
fn drawn(seed: u64, stream: u32, own: u64) -> f64 {
    let word = philox([own as u32, (own >> 32) as u32, stream, 0], &round_keys(seed))[0];
    f64::from(word) * 2f64.powi(-32)
}

/// With which fits factors are balanced: scaled so that all have the same largest number, which changes
/// their product by nothing but roundings.
#[derive(Clone, Debug, Default)]
pub enum Balancing {
    /// With none.
    Never,
    /// With every one. Default.
    #[default]
    Always,
    /// With so many of them, decided by draws that are the same for all parameters.
    Drawn {
        /// How likely it is.
        probability: Share,
        /// What the draws start from.
        seed: u64,
    },
    /// When a function of your own says so.
    When(OfStep<bool>),
}

impl Balancing {
    /// When `decide` says so of the step of a parameter.
    pub fn when(decide: impl Fn(&Step) -> bool + Send + Sync + 'static) -> Self {
        Self::When(OfStep(Arc::new(decide)))
    }

    pub(super) fn is_due(&self, at: &Step) -> bool {
        match self {
            Self::Never => false,
            Self::Always => true,
            Self::Drawn { probability, seed } => drawn(*seed, BALANCES, at.own) < probability.get(),
            Self::When(OfStep(decide)) => decide(at),
        }
    }
}

/// Whether factors are balanced before or behind a fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum BalancePlace {
    /// Before. Default.
    #[default]
    BeforeFit,
    /// Behind: HeavyBall 1.
    BehindFit,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(schedule: &FitSchedule, gradients: u64) -> Vec<u64> {
        let mut count = 0.0;
        let mut is_due = |own| {
            schedule.count(&Step { own, ..Step::first(0.1) }, own, &mut count);
            count > 0.0
        };
        (1..=gradients).filter(|own| is_due(*own)).collect()
    }

    #[test]
    fn probabilities_add_up_to_fits() {
        assert_eq!(fits(&FitSchedule::always(), 4), [1, 2, 3, 4]);
        let third = FitProbability::constant(Share::checked(1.0 / 3.0));
        assert_eq!(fits(&FitSchedule::Annealed(third), 9), [3, 6, 9]);
        assert_eq!(fits(&FitSchedule::probability(|_| 0.5), 6), [2, 4, 6]);
        assert_eq!(fits(&FitSchedule::probability(|_| f64::NAN), 6), [0u64; 0]);
        assert_eq!(fits(&FitSchedule::when(|at| at.own == 2), 6), [2]);
    }

    #[test]
    fn the_usual_schedule_fits_ever_less_often() {
        let fits = fits(&FitSchedule::default(), 10_000);
        assert!(fits[..501].iter().copied().eq(1..=501));
        // 501 + Σ exp(−0.001·k) for k = 1 to 3506, and 0.03 for each of the rest.
        let falling: f64 = (1..=3506).map(|k| (-0.001 * f64::from(k)).exp()).sum();
        let expected = 501.0 + falling + 0.03 * (10_000.0 - 501.0 - 3506.0);
        assert!((fits.len() as f64 - expected).abs() <= 1.0, "{} against {expected}", fits.len());
        let last = fits.windows(2).last().expect("two fits");
        assert!((33..=34).contains(&(last[1] - last[0])));
    }

    #[test]
    fn draws_come_about_as_often_as_they_should() {
        let probability = FitProbability::constant(Share::checked(0.25));
        let count = fits(&FitSchedule::Drawn { probability, seed: 3 }, 10_000).len() as f64;
        assert!((count - 2500.0).abs() < 5.0 * (10_000.0 * 0.25 * 0.75f64).sqrt(), "{count}");
        let balancing = Balancing::Drawn { probability: Share::checked(0.25), seed: 3 };
        let both = (1..=10_000).filter(|own| {
            balancing.is_due(&Step { own: *own, ..Step::first(0.1) }) && drawn(3, FITS, *own) < 0.25
        });
        // Independent of each other, though their seeds are the same.
        let both = both.count() as f64;
        assert!((both - 625.0).abs() < 5.0 * (10_000.0 * 0.0625 * 0.9375f64).sqrt(), "{both}");
    }
}

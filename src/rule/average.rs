//! Exponential averages of the update.
//!
//! ```text
//! m ← β̂·m + (1 − β̂)·g,   u = m          Average: debiased
//! m ← β·m + (1 − β)·g,   u = g + m      NesterovAverage: from zero, one step ahead
//! ```

use crate::fields;
use crate::hyperparameter::Decay;
use crate::real::Real;
use crate::transform::{Input, Step, Transform};
use typenum::B1;

/// Replaces the update by its debiased average.
///
/// ```
/// use gradus::hyperparameter::Decay;
/// use gradus::rule::{Average, Mean};
/// use gradus::transform::{Input, Step, Transform};
///
/// let average = Average { decay: Decay::new(0.5)? };
/// let first = Step::first(0.1);
/// let mut state = Mean { mean: 0.0f64 };
/// assert_eq!(Average::update(&average.constants(&first), Input::of(6.0, 0.0), &mut state), 6.0);
/// let second = Average::update(&average.constants(&first.next()), Input::of(3.0, 0.0), &mut state);
/// assert!((second - 4.0).abs() < 1e-15); // (0.5·6 + 3)/1.5
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Average {
    /// β, the weight of the old average. Default 0.9.
    pub decay: Decay,
}

impl Default for Average {
    fn default() -> Self {
        Self { decay: Decay::checked(0.9) }
    }
}

/// Adds its average to the update: the average as it would be one step ahead, in HeavyBall's form.
///
/// ```
/// use gradus::rule::{Mean, NesterovAverage};
/// use gradus::transform::{Input, Step, Transform};
///
/// let at = NesterovAverage::default().constants(&Step::first(0.1));
/// let mut state = Mean { mean: 0.0f64 };
/// let update = NesterovAverage::update(&at, Input::of(2.0, 0.0), &mut state);
/// assert!((update - 2.2).abs() < 1e-15); // 2 + 0.1·2
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NesterovAverage {
    /// β, the weight of the old average. Default 0.9.
    pub decay: Decay,
}

impl Default for NesterovAverage {
    fn default() -> Self {
        Self { decay: Decay::checked(0.9) }
    }
}

fields! {
    /// What an average remembers.
    pub struct Mean {
        /// m.
        mean,
    }
}

fields! {
    /// Constants of an average at one step.
    pub struct AverageConstants {
        /// The weight of the old average.
        decay,
        /// The weight of the newest number.
        weight,
    }
}

impl AverageConstants<f64> {
    /// From the weight of the newest number.
    pub(super) fn new(weight: f64) -> Self {
        Self { decay: 1.0 - weight, weight }
    }

    /// Those of an average that starts from zero.
    pub(super) fn plain(decay: f64) -> Self {
        Self { decay, weight: 1.0 - decay }
    }
}

impl<F: Real> AverageConstants<F> {
    /// The average with one more number in it.
    #[inline(always)]
    pub(super) fn average(&self, mean: F, number: F) -> F {
        self.decay * mean + self.weight * number
    }
}

impl Transform for Average {
    type Constants = AverageConstants;
    type State = Mean;
    type Keeps = B1;

    fn constants(&self, at: &Step) -> AverageConstants<f64> {
        AverageConstants::new(self.decay.debiased_weight(at.own))
    }

    #[inline(always)]
    fn update<F: Real>(at: &AverageConstants<F>, input: Input<F>, state: &mut Mean<F>) -> F {
        state.mean = at.average(state.mean, input.update);
        state.mean
    }
}

impl Transform for NesterovAverage {
    type Constants = AverageConstants;
    type State = Mean;
    type Keeps = B1;

    fn constants(&self, _at: &Step) -> AverageConstants<f64> {
        AverageConstants::plain(self.decay.get())
    }

    #[inline(always)]
    fn update<F: Real>(at: &AverageConstants<F>, input: Input<F>, state: &mut Mean<F>) -> F {
        state.mean = at.average(state.mean, input.update);
        input.update + state.mean
    }
}

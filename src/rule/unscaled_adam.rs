//! Unscaled AdamW: an average of scaled gradients, brought back to the scale of gradients.
//!
//! `UnscaledAdamW` of HeavyBall, <https://github.com/HomebrewML/HeavyBall>; there is no paper.
//!
//! For parameter `θ`, gradient `g`, debiased averages `m` and `v`, learning rate `γ` and weight decay
//! `λ`:
//!
//! ```text
//! v ← β̂₂·v + (1 − β̂₂)·g²,   d = max(√v, ε)
//! m ← β̂₁·m + (1 − β̂₁)·g/d
//! θ ← θ − γ·(m·d + λ·θ)
//! ```
//!
//! | | |
//! |---|---|
//! | State | `m` and `v`, two numbers per element |
//! | Shapes | any |
//! | Gradient release, accumulation | yes, yes |
//! | Typical `γ` | that of gradient descent: the update is as large as the gradient |
//!
//! Differences from HeavyBall: ε is not fixed.

use super::moments::rule_of_moments;
use super::{AverageConstants, Moments, SecondMomentConstants};
use crate::hyperparameter::{Decay, Epsilon, SecondDecay};
use crate::real::Real;
use crate::transform::{Input, Pair, Step, Transform};
use typenum::B1;

/// The average of g/d, times d.
///
/// ```
/// use gradus::hyperparameter::Decay;
/// use gradus::rule::{Moments, ScaleByUnscaledAdam};
/// use gradus::transform::{Input, Step, Transform};
///
/// let half = Decay::new(0.5)?;
/// let unscaled = ScaleByUnscaledAdam { first: half, second: half.into(), ..ScaleByUnscaledAdam::default() };
/// let at = unscaled.constants(&Step::first(1e-3));
/// let mut moments = Moments { first: 0.0f64, second: 0.0 };
/// assert_eq!(ScaleByUnscaledAdam::update(&at, Input::of(-2.0, 0.0), &mut moments), -2.0);
/// assert_eq!(moments, Moments { first: -1.0, second: 4.0 });
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleByUnscaledAdam {
    /// β₁, the weight of the old average of scaled gradients. Default 0.9.
    pub first: Decay,
    /// β₂, the weight of the old average of squares. Default 0.99.
    pub second: SecondDecay,
    /// ε, keeps the denominator from zero. Default: 1e-8, a floor.
    pub epsilon: Epsilon,
}

impl Default for ScaleByUnscaledAdam {
    fn default() -> Self {
        Self {
            first: Decay::checked(0.9),
            second: SecondDecay::checked(0.99),
            epsilon: Epsilon { added: 0.0, floor: 1e-8 },
        }
    }
}

impl Transform for ScaleByUnscaledAdam {
    type Constants = Pair<AverageConstants, SecondMomentConstants>;
    type State = Moments;
    type Keeps = B1;

    fn constants(&self, at: &Step) -> (AverageConstants<f64>, SecondMomentConstants<f64>) {
        (
            AverageConstants::new(self.first.debiased_weight(at.own)),
            SecondMomentConstants::new(self.second.debiased_weight(at.own), self.epsilon),
        )
    }

    #[inline(always)]
    fn update<F: Real>(
        (of_scaled, of_squares): &(AverageConstants<F>, SecondMomentConstants<F>),
        input: Input<F>,
        moments: &mut Moments<F>,
    ) -> F {
        moments.second = of_squares.average(moments.second, input.update);
        let denominator = of_squares.denominator(moments.second);
        moments.first = of_scaled.average(moments.first, input.update / denominator);
        moments.first * denominator
    }
}

rule_of_moments! {
    /// Unscaled AdamW. [`Default`] is HeavyBall's setting.
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::optimizer::Build;
    /// use gradus::rule::UnscaledAdamW;
    ///
    /// let mut parameters = [("x", vec![1.0f32])];
    /// let mut optimizer = UnscaledAdamW::default().build(Cpu::default(), &parameters)?;
    /// optimizer.step(&mut parameters, &[("x", vec![-2.0f32])])?;
    /// assert!((parameters[0].1[0] - (1.0 + 0.0025 * 2.0)).abs() < 1e-6);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    UnscaledAdamW, rate = 0.0025, |scale: ScaleByUnscaledAdam| -> ScaleByUnscaledAdam { scale }
}

//! LaProp: an average of scaled gradients, where Adam scales an average.
//!
//! Ziyin, Wang, Ueda, *LaProp: Separating Momentum and Adaptivity in Adam*, 2020,
//! <https://arxiv.org/abs/2002.04839>, Algorithm 1.
//!
//! For parameter `θ`, gradient `g`, debiased averages `m` and `v`, learning rate `γ` and weight decay
//! `λ`:
//!
//! ```text
//! v ← β̂₂·v + (1 − β̂₂)·g²
//! m ← β̂₁·m + (1 − β̂₁)·g/(√v + ε)
//! θ ← θ − γ·(m + λ·θ)
//! ```
//!
//! | | |
//! |---|---|
//! | State | `m` and `v`, two numbers per element |
//! | Shapes | any |
//! | Gradient release, accumulation | yes, yes |
//! | Typical `γ` | 4e-4; β₂ may be small, since momentum is not affected by it |
//!
//! Differences from the paper: v is debiased before its root, so each scaled gradient has the v̂ of its
//! own step, as in HeavyBall; the paper's division by 1 − β₁ᵗ is the same average of m.

use super::moments::rule_of_moments;
use super::{AverageConstants, Moments, SecondMomentConstants};
use crate::hyperparameter::{Decay, Epsilon, SecondDecay};
use crate::real::Real;
use crate::transform::{Input, Of, Pair, Step, Transform};
use typenum::B1;

/// The average of g/(√v + ε).
///
/// ```
/// use gradus::hyperparameter::Decay;
/// use gradus::rule::{Moments, ScaleByLaProp};
/// use gradus::transform::{Input, Step, Transform};
///
/// let half = Decay::new(0.5)?;
/// let laprop = ScaleByLaProp { first: half, second: half.into(), ..ScaleByLaProp::default() };
/// let (one, two) = (Step::first(1e-3), Step::first(1e-3).next());
/// let mut moments = Moments { first: 0.0f64, second: 0.0 };
/// ScaleByLaProp::update(&laprop.constants(&one), Input::of(2.0, 0.0), &mut moments);
/// assert!((moments.first - 1.0).abs() < 1e-12); // 2/√4
/// ScaleByLaProp::update(&laprop.constants(&two), Input::of(-1.0, 0.0), &mut moments);
/// assert!((moments.second - 2.0).abs() < 1e-12); // (4 + 2·1)/3
/// assert!((moments.first - (1.0 - 2.0 / 2f64.sqrt()) / 3.0).abs() < 1e-12);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleByLaProp {
    /// β₁, the weight of the old average of scaled gradients. Default 0.9.
    pub first: Decay,
    /// β₂, the weight of the old average of squares. Default 0.999.
    pub second: SecondDecay,
    /// ε, keeps the denominator from zero. Default: 1e-15, added.
    pub epsilon: Epsilon,
}

impl Default for ScaleByLaProp {
    fn default() -> Self {
        Self {
            first: Decay::checked(0.9),
            second: SecondDecay::checked(0.999),
            epsilon: Epsilon { added: 1e-15, floor: 0.0 },
        }
    }
}

impl Transform for ScaleByLaProp {
    type Constants = Pair<AverageConstants, SecondMomentConstants>;
    type State = Moments;
    type Keeps = B1;

    fn sees_parameter(_: &Of<Self::Constants, f64>) -> bool {
        false
    }

    fn constants(&self, at: &Step) -> (AverageConstants<f64>, SecondMomentConstants<f64>) {
        (
            AverageConstants::new(self.first.debiased_weight(at.own)),
            SecondMomentConstants::new(
                self.second.debiased_weight_of(at.own, at.own + at.built),
                self.epsilon,
            ),
        )
    }

    #[inline(always)]
    fn update<F: Real>(
        (of_scaled, of_squares): &(AverageConstants<F>, SecondMomentConstants<F>),
        input: Input<F>,
        moments: &mut Moments<F>,
    ) -> F {
        moments.second = of_squares.average(moments.second, input.update);
        let scaled = input.update / of_squares.denominator(moments.second);
        moments.first = of_scaled.average(moments.first, scaled);
        moments.first
    }
}

rule_of_moments! {
    /// LaProp. [`Default`] is the authors' setting.
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::optimizer::Build;
    /// use gradus::rule::LaProp;
    ///
    /// let mut parameters = [("x", vec![1.0f32])];
    /// let mut optimizer = LaProp::default().build(Cpu::default(), &parameters)?;
    /// optimizer.step(&mut parameters, &[("x", vec![-2.0f32])])?;
    /// assert!((parameters[0].1[0] - 1.0004).abs() < 1e-6);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    LaProp, rate = 4e-4, |scale: ScaleByLaProp| -> ScaleByLaProp { scale }
}

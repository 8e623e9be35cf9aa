//! ADOPT: Adam whose scale does not depend on the gradient that it scales.
//!
//! Taniguchi et al., *ADOPT: Modified Adam Can Converge with Any β₂ with the Optimal Rate*, 2024,
//! <https://arxiv.org/abs/2411.02853>, Algorithm 1.
//!
//! For parameter `θ`, gradient `g`, its 1-based number `t`, averages `m` and `v`, learning rate `γ` and
//! weight decay `λ`:
//!
//! ```text
//! t = 1:  v ← g²
//! t > 1:  m ← β̂₁(t − 1)·m + (1 − β̂₁(t − 1))·g/max(√v, ε)
//!         v ← β̂₂(t)·v + (1 − β̂₂(t))·g²
//!         θ ← θ − γ·(m + λ·θ)
//! ```
//!
//! | | |
//! |---|---|
//! | State | `m` and `v`, two numbers per element |
//! | Shapes | any |
//! | Gradient release, accumulation | yes, yes |
//! | Typical `γ` | AdamW's; nothing moves at the first gradient, nor decays |
//!
//! Differences from the paper: both averages are debiased, as in HeavyBall. Its clip of g/max(√v, ε) by
//! a power of t is not there.

use super::moments::rule_of_moments;
use super::{AverageConstants, Moments, SecondMomentConstants};
use crate::hyperparameter::{Decay, Epsilon, SecondDecay};
use crate::real::Real;
use crate::transform::{Input, Nothing, Pair, Stage, Step};
use typenum::{B0, B1};

/// The average of g/max(√v, ε), where v is one gradient behind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleByAdopt {
    /// β₁, the weight of the old average of scaled gradients. Default 0.9.
    pub first: Decay,
    /// β₂, the weight of the old average of squares. Default 0.9999.
    pub second: SecondDecay,
    /// ε, keeps the denominator from zero. Default: 1e-6, a floor.
    pub epsilon: Epsilon,
}

impl Default for ScaleByAdopt {
    fn default() -> Self {
        Self {
            first: Decay::checked(0.9),
            second: SecondDecay::checked(0.9999),
            epsilon: Epsilon { added: 0.0, floor: 1e-6 },
        }
    }
}

impl Stage for ScaleByAdopt {
    type Constants = Pair<AverageConstants, SecondMomentConstants>;
    type State = Moments;
    type Tensor = Nothing;
    type Own = Nothing;
    type Group = Nothing;
    type Keeps = B1;
    type Joint = B0;

    fn begins_once(&self) -> bool {
        true
    }

    fn moves(&self, at: &Step) -> bool {
        at.own > 1
    }

    fn constants(
        &self,
        at: &Step,
        _: &mut Nothing,
        _: &Nothing,
    ) -> (AverageConstants<f64>, SecondMomentConstants<f64>) {
        // With weight 0 the first gradient is not in the average, which has no scale for it.
        let newest = if at.own == 1 { 0.0 } else { self.first.debiased_weight(at.own - 1) };
        (
            AverageConstants::new(newest),
            SecondMomentConstants::new(self.second.debiased_weight(at.own), self.epsilon),
        )
    }

    #[inline(always)]
    fn update<F: Real>(
        (of_scaled, of_squares): &(AverageConstants<F>, SecondMomentConstants<F>),
        input: Input<F>,
        _: &Nothing,
        moments: &mut Moments<F>,
    ) -> Input<F> {
        let scaled = input.update / of_squares.denominator(moments.second);
        // Without the selection the first gradient, divided by a zero, would be in it as NaN.
        moments.first = F::select(of_scaled.weight, of_scaled.average(moments.first, scaled), moments.first);
        moments.second = of_squares.average(moments.second, input.update);
        input.with_update(moments.first)
    }
}

rule_of_moments! {
    /// ADOPT. [`Default`] is the paper's setting.
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::hyperparameter::LearningRate;
    /// use gradus::optimizer::Build;
    /// use gradus::rule::Adopt;
    ///
    /// let rule = Adopt { learning_rate: LearningRate::new(0.25)?, ..Adopt::default() };
    /// let mut parameters = [("x", vec![1.0f64])];
    /// let mut optimizer = rule.parameters_in::<f64>().build(Cpu::default(), &parameters)?;
    /// optimizer.step(&mut parameters, &[("x", vec![2.0f64])])?;
    /// assert_eq!(parameters[0].1, [1.0]); // it learned the scale of gradients
    /// optimizer.step(&mut parameters, &[("x", vec![3.0f64])])?;
    /// assert_eq!(parameters[0].1, [1.0 - 0.25 * 3.0 / 2.0]);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    Adopt, rate = 1e-3, |scale: ScaleByAdopt| -> ScaleByAdopt { scale }
}

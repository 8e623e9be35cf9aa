//! Adamax: Adam with a fading maximum in place of the root of the mean square.
//!
//! Kingma, Ba, *Adam: A Method for Stochastic Optimization*, 2014,
//! <https://arxiv.org/abs/1412.6980>, Algorithm 2.
//!
//! For parameter `θ`, gradient `g`, its 1-based number `t`, debiased average `m`, learning rate `γ`
//! and weight decay `λ`:
//!
//! ```text
//! m ← β̂₁·m + (1 − β̂₁)·g            β̂(t) = 1 − (1 − β)/(1 − βᵗ), so that m₁ = g₁
//! s ← max(β₂·s, |g| + ε)            from 0
//! θ ← θ − γ·(m/s + λ·θ)
//! ```
//!
//! | | |
//! |---|---|
//! | State | `m` and `s`, two numbers per element |
//! | Shapes | any |
//! | Gradient release, accumulation | yes, yes |
//! | Typical `γ` | Adam's, or twice as much |
//!
//! Differences from the paper: `m` is stored debiased, and ε, which torch adds, keeps the maximum from
//! zero.

use super::{AddDecay, Decayed, decayed, regularized};
use crate::hyperparameter::{Decay, Floor, LearningRate, WeightDecay};
use crate::real::Real;
use crate::transform::{Chain, Input, Rule, Step, Transform};
use crate::{fields, tunables};
use typenum::B1;

/// The direction m/s of Adamax.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleByAdamax {
    /// β₁, the weight of the old average. Default 0.9.
    pub first: Decay,
    /// β₂, what is left of the old maximum. Default 0.999.
    pub maximum: Decay,
    /// ε, added to magnitudes. Default 1e-8.
    pub epsilon: Floor,
}

impl Default for ScaleByAdamax {
    fn default() -> Self {
        let (first, maximum) = (Decay::checked(0.9), Decay::checked(0.999));
        Self { first, maximum, epsilon: Floor::checked(1e-8) }
    }
}

fields! {
    /// What Adamax remembers.
    pub struct MeanAndMaximum {
        /// m, the debiased average.
        first,
        /// s, the fading maximum.
        maximum,
    }
}

fields! {
    /// Constants of [`ScaleByAdamax`] at one step.
    pub struct AdamaxConstants {
        /// β̂₁(t).
        first_decay,
        /// 1 − β̂₁(t).
        first_weight,
        /// β₂.
        maximum,
        /// ε.
        epsilon,
    }
}

impl Transform for ScaleByAdamax {
    type Constants = AdamaxConstants;
    type State = MeanAndMaximum;
    type Keeps = B1;

    fn constants(&self, at: &Step) -> AdamaxConstants<f64> {
        let first_weight = self.first.debiased_weight(at.own);
        AdamaxConstants {
            first_decay: 1.0 - first_weight,
            first_weight,
            maximum: self.maximum.get(),
            epsilon: self.epsilon.get(),
        }
    }

    #[inline(always)]
    fn update<F: Real>(at: &AdamaxConstants<F>, input: Input<F>, state: &mut MeanAndMaximum<F>) -> F {
        state.first = at.first_decay * state.first + at.first_weight * input.update;
        state.maximum = (at.maximum * state.maximum).max(input.update.abs() + at.epsilon);
        state.first / state.maximum
    }
}

/// Adamax. [`Default`] is the paper's setting.
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::hyperparameter::LearningRate;
/// use gradus::optimizer::Build;
/// use gradus::rule::Adamax;
///
/// let rule = Adamax { learning_rate: LearningRate::new(0.5)?, ..Adamax::default() };
/// let mut parameters = [("x", vec![1.0f32])];
/// let mut optimizer = rule.build(Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &[("x", vec![300.0f32])])?;
/// assert_eq!(parameters[0].1, [0.5]); // the first step follows the sign of the gradient
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adamax {
    /// γ. Default 2e-3.
    pub learning_rate: LearningRate,
    /// β₁, the weight of the old average. Default 0.9.
    pub first: Decay,
    /// β₂, what is left of the old maximum. Default 0.999.
    pub maximum: Decay,
    /// ε, added to magnitudes. Default 1e-8.
    pub epsilon: Floor,
    /// λ and its kind. Default: none.
    pub weight_decay: WeightDecay,
}

impl Default for Adamax {
    fn default() -> Self {
        let ScaleByAdamax { first, maximum, epsilon } = ScaleByAdamax::default();
        let (learning_rate, weight_decay) = (LearningRate::checked(2e-3), WeightDecay::NONE);
        Self { learning_rate, first, maximum, epsilon, weight_decay }
    }
}

impl Rule for Adamax {
    type Direction = Chain<AddDecay, ScaleByAdamax>;
    type Finish = Decayed;
    tunables!(learning_rate, first, maximum, epsilon, weight_decay);

    fn direction(&self) -> Self::Direction {
        let Self { first, maximum, epsilon, weight_decay, .. } = *self;
        regularized(ScaleByAdamax { first, maximum, epsilon }, weight_decay)
    }

    fn finish(&self) -> Decayed {
        decayed(self.weight_decay)
    }
}

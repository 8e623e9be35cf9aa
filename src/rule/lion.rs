//! Lion: the sign of an interpolated momentum.
//!
//! Chen et al., *Symbolic Discovery of Optimization Algorithms*, 2023,
//! <https://arxiv.org/abs/2302.06675>, Algorithm 2.
//!
//! For parameter `θ`, gradient `g`, momentum `m`, learning rate `γ` and weight decay `λ`:
//!
//! ```text
//! c  = β₁·m + (1 − β₁)·g          direction, discarded after the step
//! m ← β₂·m + (1 − β₂)·g          momentum, kept
//! θ ← θ − γ·(sign(c) + λ·θ)      sign(0) = 0
//! ```
//!
//! | | |
//! |---|---|
//! | State | `m`, one number per element |
//! | Shapes | any |
//! | Gradient release, accumulation | yes, yes |
//! | Typical `γ` | 3–10 times smaller than AdamW's, with `λ` larger by the same factor (§5) |
//!
//! Differences from the paper: none.

use super::{AddDecay, Decayed, decayed, regularized};
use crate::hyperparameter::{Decay, LearningRate, WeightDecay};
use crate::real::Real;
use crate::transform::{Chain, Input, Rule, Step, Transform};
use crate::{fields, tunables};
use typenum::B1;

/// The direction sign(β₁·m + (1 − β₁)·g) of Lion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleByLion {
    /// β₁, the weight of the old momentum in the direction. Default 0.9.
    pub direction: Decay,
    /// β₂, the weight of the old momentum in the new momentum. Default 0.99.
    pub momentum: Decay,
}

impl Default for ScaleByLion {
    fn default() -> Self {
        Self { direction: Decay::checked(0.9), momentum: Decay::checked(0.99) }
    }
}

fields! {
    /// What Lion remembers of past gradients.
    pub struct LionMomentum {
        /// m.
        momentum,
    }
}

fields! {
    /// Constants of [`ScaleByLion`].
    pub struct LionConstants {
        /// β₁.
        direction,
        /// 1 − β₁.
        direction_weight,
        /// β₂.
        momentum,
        /// 1 − β₂.
        momentum_weight,
    }
}

impl Transform for ScaleByLion {
    type Constants = LionConstants;
    type State = LionMomentum;
    type Keeps = B1;

    fn constants(&self, _at: &Step) -> LionConstants<f64> {
        LionConstants {
            direction: self.direction.get(),
            direction_weight: 1.0 - self.direction.get(),
            momentum: self.momentum.get(),
            momentum_weight: 1.0 - self.momentum.get(),
        }
    }

    #[inline(always)]
    fn update<F: Real>(at: &LionConstants<F>, input: Input<F>, state: &mut LionMomentum<F>) -> F {
        let direction = at.direction * state.momentum + at.direction_weight * input.update;
        state.momentum = at.momentum * state.momentum + at.momentum_weight * input.update;
        direction.sign()
    }
}

/// Lion. [`Default`] has the paper's β for vision models and γ = 1e-4.
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::optimizer::Build;
/// use gradus::rule::Lion;
///
/// let mut parameters = [("x", vec![1.0f32, 1.0, 1.0])];
/// let mut optimizer = Lion::default().build(Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &[("x", vec![7.0f32, 0.0, -0.1])])?;
/// assert_eq!(parameters[0].1, [1.0 - 1e-4, 1.0, 1.0 + 1e-4]);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lion {
    /// γ. Default 1e-4.
    pub learning_rate: LearningRate,
    /// β₁, the weight of the old momentum in the direction. Default 0.9.
    pub direction: Decay,
    /// β₂, the weight of the old momentum in the new momentum. Default 0.99.
    pub momentum: Decay,
    /// λ and its kind. Default: none.
    pub weight_decay: WeightDecay,
}

impl Default for Lion {
    fn default() -> Self {
        let ScaleByLion { direction, momentum } = ScaleByLion::default();
        let learning_rate = LearningRate::checked(1e-4);
        Self { learning_rate, direction, momentum, weight_decay: WeightDecay::NONE }
    }
}

impl Rule for Lion {
    type Direction = Chain<AddDecay, ScaleByLion>;
    type Finish = Decayed;
    tunables!(learning_rate, direction, momentum, weight_decay);

    fn direction(&self) -> Self::Direction {
        let Self { direction, momentum, weight_decay, .. } = *self;
        regularized(ScaleByLion { direction, momentum }, weight_decay)
    }

    fn finish(&self) -> Decayed {
        decayed(self.weight_decay)
    }
}

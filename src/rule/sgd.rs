//! Stochastic gradient descent, without memory and with.
//!
//! Robbins, Monro, *A Stochastic Approximation Method*, 1951; for momentum see
//! [`Momentum`](super::Momentum).
//!
//! For parameter `θ`, gradient `g`, velocity `m`, learning rate `γ` and weight decay `λ`:
//!
//! ```text
//! θ ← θ − γ·(g + λ·θ)            Sgd
//! θ ← θ − γ·(m + λ·θ)            SgdMomentum
//! ```
//!
//! | | [`Sgd`] | [`SgdMomentum`] |
//! |---|---|---|
//! | State | none | `m`, one number per element |
//! | Shapes | any | any |
//! | Gradient release, accumulation | yes, **no** | yes, yes |
//! | Typical `γ` | 0.1 to 1 | 0.01 to 0.1 |
//!
//! They are two types because only one of them can accumulate gradients into its state: without a
//! velocity, all micro-batches but the last would be lost.

use super::{
    AddDecay, Decayed, FirstMomentum, Momentum, MomentumForm, ScaleByLearningRate, decayed, regularized,
};
use crate::hyperparameter::{Dampening, Decay, LearningRate, WeightDecay};
use crate::transform::{Chain, Identity, Rule};
use crate::tunables;

/// Gradient descent without memory.
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::hyperparameter::LearningRate;
/// use gradus::optimizer::Build;
/// use gradus::rule::Sgd;
///
/// let rule = Sgd { learning_rate: LearningRate::new(0.25)?, ..Sgd::default() };
/// let mut parameters = [("x", vec![1.0f32])];
/// let mut optimizer = rule.build(Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &[("x", vec![2.0f32])])?;
/// assert_eq!(parameters[0].1, [0.5]);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// γ. Default 0.1.
    pub learning_rate: LearningRate,
    /// λ and its kind; L2 and decoupled decay are the same here. Default: none.
    pub weight_decay: WeightDecay,
}

impl Default for Sgd {
    fn default() -> Self {
        Self { learning_rate: LearningRate::checked(0.1), weight_decay: WeightDecay::NONE }
    }
}

impl Rule for Sgd {
    type Direction = Identity;
    type Finish = Decayed;
    tunables!(learning_rate, weight_decay);

    fn direction(&self) -> Identity {
        Identity
    }

    fn finish(&self) -> Decayed {
        // Without averages in between, all kinds of decay act in the same place.
        Chain { first: AddDecay::to_either(self.weight_decay), second: ScaleByLearningRate }
    }
}

/// Gradient descent with momentum. [`Default`] is the classical form with μ = 0.9.
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::hyperparameter::LearningRate;
/// use gradus::optimizer::Build;
/// use gradus::rule::SgdMomentum;
///
/// let rule = SgdMomentum { learning_rate: LearningRate::new(0.5)?, ..SgdMomentum::default() };
/// let mut parameters = [("x", vec![4.0f32])];
/// let mut optimizer = rule.build(Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &[("x", vec![2.0f32])])?;
/// assert_eq!(parameters[0].1, [3.0]);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SgdMomentum {
    /// γ. Default 0.01.
    pub learning_rate: LearningRate,
    /// μ, the share of the old velocity that stays. Default 0.9.
    pub momentum: Decay,
    /// d, the share of the gradient that is left out. Default 0.
    pub dampening: Dampening,
    /// What the first gradient does. Default: it becomes the velocity.
    pub first: FirstMomentum,
    /// Classical or Nesterov. Default: classical.
    pub form: MomentumForm,
    /// λ and its kind. Default: none.
    pub weight_decay: WeightDecay,
}

impl Default for SgdMomentum {
    fn default() -> Self {
        let Momentum { momentum, dampening, first, form } = Momentum::default();
        let learning_rate = LearningRate::checked(0.01);
        Self { learning_rate, momentum, dampening, first, form, weight_decay: WeightDecay::NONE }
    }
}

impl Rule for SgdMomentum {
    type Direction = Chain<AddDecay, Momentum>;
    type Finish = Decayed;
    tunables!(learning_rate, momentum, dampening, weight_decay);

    fn direction(&self) -> Self::Direction {
        let Self { momentum, dampening, first, form, weight_decay, .. } = *self;
        regularized(Momentum { momentum, dampening, first, form }, weight_decay)
    }

    fn finish(&self) -> Decayed {
        decayed(self.weight_decay)
    }
}

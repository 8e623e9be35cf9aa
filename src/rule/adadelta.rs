//! Adadelta: steps as large as recent steps were, measured in the gradient's own unit.
//!
//! Zeiler, *ADADELTA: An Adaptive Learning Rate Method*, 2012, <https://arxiv.org/abs/1212.5701>,
//! Algorithm 1.
//!
//! For parameter `θ`, gradient `g`, learning rate `γ` and weight decay `λ`, averages from zero:
//!
//! ```text
//! v ← ρ·v + (1 − ρ)·g²
//! u  = √(d + ε)/√(v + ε)·g
//! d ← ρ·d + (1 − ρ)·u²
//! θ ← θ − γ·(u + λ·θ)
//! ```
//!
//! | | |
//! |---|---|
//! | State | `v` and `d`, two numbers per element |
//! | Shapes | any |
//! | Gradient release, accumulation | yes, **no**: nothing remembers gradients with their sign |
//! | Typical `γ` | 1; ε sets the size of the first steps |
//!
//! Differences from the paper: it has no γ, which is 1 by default.

use super::{AddDecay, Decayed, decayed, regularized};
use crate::hyperparameter::{Decay, Floor, LearningRate, WeightDecay};
use crate::real::Real;
use crate::transform::{Chain, Input, Rule, Step, Transform};
use crate::{fields, tunables};
use typenum::B0;

/// The direction u of Adadelta.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleByAdadelta {
    /// ρ, the weight of the old averages. Default 0.9.
    pub decay: Decay,
    /// ε, within both roots. Default 1e-6.
    pub epsilon: Floor,
}

impl Default for ScaleByAdadelta {
    fn default() -> Self {
        Self { decay: Decay::checked(0.9), epsilon: Floor::checked(1e-6) }
    }
}

fields! {
    /// What Adadelta remembers.
    pub struct MeanSquares {
        /// v, of the gradients.
        gradients,
        /// d, of the directions.
        directions,
    }
}

fields! {
    /// Constants of [`ScaleByAdadelta`].
    pub struct AdadeltaConstants {
        /// ρ.
        decay,
        /// 1 − ρ.
        weight,
        /// ε.
        epsilon,
    }
}

impl Transform for ScaleByAdadelta {
    type Constants = AdadeltaConstants;
    type State = MeanSquares;
    type Keeps = B0;

    fn constants(&self, _at: &Step) -> AdadeltaConstants<f64> {
        let decay = self.decay.get();
        AdadeltaConstants { decay, weight: 1.0 - decay, epsilon: self.epsilon.get() }
    }

    #[inline(always)]
    fn update<F: Real>(at: &AdadeltaConstants<F>, input: Input<F>, state: &mut MeanSquares<F>) -> F {
        let gradient = input.update;
        state.gradients = at.decay * state.gradients + at.weight * (gradient * gradient);
        let per_gradient = (state.directions + at.epsilon).sqrt() / (state.gradients + at.epsilon).sqrt();
        let direction = per_gradient * gradient;
        state.directions = at.decay * state.directions + at.weight * (direction * direction);
        direction
    }
}

/// Adadelta. [`Default`] is torch's setting.
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::optimizer::Build;
/// use gradus::rule::Adadelta;
///
/// let mut parameters = [("x", vec![1.0f64])];
/// let mut optimizer = Adadelta::default().parameters_in::<f64>().build(Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &[("x", vec![5.0f64])])?;
/// // √1e-6/√(0.1·25 + 1e-6)·5, about 1e-3·√10 for every gradient
/// assert!((parameters[0].1[0] - (1.0 - 1e-3 * 10f64.sqrt())).abs() < 1e-8);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adadelta {
    /// γ. Default 1.
    pub learning_rate: LearningRate,
    /// ρ, the weight of the old averages. Default 0.9.
    pub decay: Decay,
    /// ε, within both roots. Default 1e-6.
    pub epsilon: Floor,
    /// λ and its kind. Default: none.
    pub weight_decay: WeightDecay,
}

impl Default for Adadelta {
    fn default() -> Self {
        let ScaleByAdadelta { decay, epsilon } = ScaleByAdadelta::default();
        Self { learning_rate: LearningRate::checked(1.0), decay, epsilon, weight_decay: WeightDecay::NONE }
    }
}

impl Rule for Adadelta {
    type Direction = Chain<AddDecay, ScaleByAdadelta>;
    type Finish = Decayed;
    tunables!(learning_rate, decay, epsilon, weight_decay);

    fn direction(&self) -> Self::Direction {
        let Self { decay, epsilon, weight_decay, .. } = *self;
        regularized(ScaleByAdadelta { decay, epsilon }, weight_decay)
    }

    fn finish(&self) -> Decayed {
        decayed(self.weight_decay)
    }
}

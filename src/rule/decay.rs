//! Weight decay as a part of the update.
//!
//! Loshchilov, Hutter, *Decoupled Weight Decay Regularization*, 2017,
//! <https://arxiv.org/abs/1711.05101>.
//!
//! ```text
//! u ← u + λ·θ
//! ```
//!
//! Before the rule's averages this is L2 regularisation; behind them, and before the learning rate
//! γ, it is decoupled decay, since θ − γ(u + λθ) = θ(1 − γλ) − γu. Both are one expression with the
//! update, rounded once, where applying the factor 1 − γλ to a bf16 parameter would be rounded
//! away for γλ below 2⁻⁹.
//!
//! [Cautious](WeightDecay::cautious) decay acts only where u and θ are both negative, or neither is.
//!
//! A gradient that only enters the averages (accumulation) brings no decay: the parameter it would
//! act on has not moved since the last one.

use crate::fields;
use crate::hyperparameter::{DecayedElements, WeightDecay};
use crate::real::Real;
use crate::transform::{Arrives, Input, Nothing, Step, Transform};
use typenum::B0;

/// Adds λθ to the update; nothing where λ is 0.
///
/// ```
/// use gradus::hyperparameter::WeightDecay;
/// use gradus::rule::{AddDecay, DecayConstants};
/// use gradus::transform::{Input, Nothing, Step, Transform};
///
/// let decay = AddDecay::to_update(WeightDecay::decoupled(0.5)?);
/// let at: DecayConstants<f64> = decay.constants(&Step::first(1e-3));
/// assert_eq!(AddDecay::update(&at, Input::of(1.0, 4.0), &mut Nothing), 3.0);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AddDecay {
    coefficient: f64,
    /// The part that is multiplied with γ once more.
    corrected: f64,
    elements: DecayedElements,
    shapes: Shapes,
}

/// Which tensors a stage acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shapes {
    All,
    /// Those with two dimensions or more.
    Matrices,
    /// Those with fewer.
    Vectors,
}

impl Shapes {
    pub(super) fn contain(self, at: &Step) -> bool {
        match self {
            Self::All => true,
            Self::Matrices => at.dimensions >= 2,
            Self::Vectors => at.dimensions < 2,
        }
    }
}

impl AddDecay {
    /// The share of `decay` that belongs into the gradient.
    pub fn to_gradient(decay: WeightDecay) -> Self {
        Self { coefficient: decay.per_gradient(), corrected: 0.0, ..Self::to_update(decay) }
    }

    /// All of `decay`, for rules that keep no averages.
    pub fn to_either(decay: WeightDecay) -> Self {
        let coefficient = decay.per_gradient() + decay.per_learning_rate();
        Self { coefficient, ..Self::to_update(decay) }
    }

    /// The share of `decay` that belongs behind the averages and before the learning rate.
    pub fn to_update(decay: WeightDecay) -> Self {
        Self {
            coefficient: decay.per_learning_rate(),
            corrected: decay.per_squared_learning_rate(),
            elements: decay.coefficient().elements(),
            shapes: Shapes::All,
        }
    }

    /// The same for some tensors only.
    pub(super) fn of(self, shapes: Shapes) -> Self {
        Self { shapes, ..self }
    }
}

fields! {
    /// Constants of [`AddDecay`].
    pub struct DecayConstants {
        /// λ, λ/γ_max, or λγ/γ_max.
        coefficient,
        /// 1 if it acts only where update and parameter have the same sign, else 0.
        cautious,
    }
}

impl Transform for AddDecay {
    type Constants = DecayConstants;
    type State = Nothing;
    type Keeps = B0;

    fn sees_parameter(at: &DecayConstants<f64>) -> bool {
        at.coefficient != 0.0
    }

    fn constants(&self, at: &Step) -> DecayConstants<f64> {
        let acts = at.arrives == Arrives::ToStep && self.shapes.contain(at);
        let coefficient = self.coefficient + self.corrected * at.learning_rate;
        DecayConstants {
            coefficient: if acts { coefficient } else { 0.0 },
            cautious: if self.elements == DecayedElements::Agreeing { 1.0 } else { 0.0 },
        }
    }

    #[inline(always)]
    fn update<F: Real>(at: &DecayConstants<F>, input: Input<F>, _: &mut Nothing) -> F {
        let Input { update, parameter, .. } = input;
        // Without the selection an infinite parameter would turn a decay of 0 into NaN.
        F::when(
            at.coefficient,
            #[inline(always)]
            || {
                let decayed = update + at.coefficient * parameter;
                F::when(
                    at.cautious,
                    #[inline(always)]
                    || {
                        // A zero is on the positive side.
                        let of_negative = F::select(-update, decayed, update);
                        let of_positive = F::select(-update, update, decayed);
                        F::select(-parameter, of_negative, of_positive)
                    },
                    decayed,
                )
            },
            update,
        )
    }
}

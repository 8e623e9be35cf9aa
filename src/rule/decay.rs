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
//! A gradient that only enters the averages (accumulation) brings no decay: the parameter it would
//! act on has not moved since the last one.

use crate::fields;
use crate::hyperparameter::WeightDecay;
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
}

impl AddDecay {
    /// The share of `decay` that belongs into the gradient.
    pub fn to_gradient(decay: WeightDecay) -> Self {
        Self { coefficient: decay.per_gradient() }
    }

    /// All of `decay`, for rules that keep no averages.
    pub fn to_either(decay: WeightDecay) -> Self {
        Self { coefficient: decay.per_gradient() + decay.per_learning_rate() }
    }

    /// The share of `decay` that belongs behind the averages and before the learning rate.
    pub fn to_update(decay: WeightDecay) -> Self {
        Self { coefficient: decay.per_learning_rate() }
    }
}

fields! {
    /// Constants of [`AddDecay`].
    pub struct DecayConstants {
        /// λ, or λ/γ_max.
        coefficient,
    }
}

impl Transform for AddDecay {
    type Constants = DecayConstants;
    type State = Nothing;
    type Keeps = B0;

    fn constants(&self, at: &Step) -> DecayConstants<f64> {
        match at.arrives {
            Arrives::ToStep => DecayConstants { coefficient: self.coefficient },
            Arrives::ToAccumulate => DecayConstants { coefficient: 0.0 },
        }
    }

    #[inline(always)]
    fn update<F: Real>(at: &DecayConstants<F>, input: Input<F>, _: &mut Nothing) -> F {
        // Without the selection an infinite parameter would turn a decay of 0 into NaN.
        F::when(
            at.coefficient,
            #[inline(always)]
            || input.update + at.coefficient * input.parameter,
            input.update,
        )
    }
}

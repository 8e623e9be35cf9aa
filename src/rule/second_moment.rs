//! What rules share that divide by the root of an average of squares; and that division by itself.
//!
//! ```text
//! v ← β̂₂·v + (1 − β̂₂)·g²
//! u  = g/(√v + ε)                 or g/max(√v, ε), see [`Epsilon`]
//! ```

use crate::fields;
use crate::hyperparameter::{Epsilon, SecondDecay};
use crate::real::Real;
use crate::transform::{Input, Step, Transform};
use typenum::B1;

/// Divides the update by the root of the debiased average of its square: RMSProp without bias.
///
/// ```
/// use gradus::rule::{ScaleBySecondMoment, SecondMoment};
/// use gradus::transform::{Input, Step, Transform};
///
/// let at = ScaleBySecondMoment::default().constants(&Step::first(1e-3));
/// let mut state = SecondMoment { second: 0.0f64 };
/// let update = ScaleBySecondMoment::update(&at, Input::of(-3.0, 1.0), &mut state);
/// assert!((update + 1.0).abs() < 1e-8);
/// assert_eq!(state.second, 9.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleBySecondMoment {
    /// β₂, the weight of the old average of squares. Default 0.99.
    pub second: SecondDecay,
    /// ε, keeps the denominator from zero. Default: 1e-8, added.
    pub epsilon: Epsilon,
}

impl Default for ScaleBySecondMoment {
    fn default() -> Self {
        Self { second: SecondDecay::checked(0.99), epsilon: Epsilon { added: 1e-8, floor: 0.0 } }
    }
}

fields! {
    /// What [`ScaleBySecondMoment`] remembers.
    pub struct SecondMoment {
        /// v, the average of the square.
        second,
    }
}

fields! {
    /// Constants of an average of squares at one step, and of the denominator made from it.
    pub struct SecondMomentConstants {
        /// β̂₂(t).
        second_decay,
        /// 1 − β̂₂(t).
        second_weight,
        /// ε if it is added, else 0.
        added,
        /// ε if it is a floor, else 0.
        floor,
    }
}

impl SecondMomentConstants<f64> {
    /// From the weight of the newest square.
    pub(super) fn new(second_weight: f64, epsilon: Epsilon) -> Self {
        let Epsilon { added, floor } = epsilon;
        Self { second_decay: 1.0 - second_weight, second_weight, added, floor }
    }
}

impl<F: Real> SecondMomentConstants<F> {
    /// The average of squares with one more number in it.
    #[inline(always)]
    pub(super) fn average(&self, second: F, number: F) -> F {
        self.second_decay * second + self.second_weight * (number * number)
    }

    /// √v + ε, or max(√v, ε).
    #[inline(always)]
    pub(super) fn denominator(&self, second: F) -> F {
        (second.sqrt() + self.added).at_least(self.floor)
    }
}

impl Transform for ScaleBySecondMoment {
    type Constants = SecondMomentConstants;
    type State = SecondMoment;
    type Keeps = B1;

    fn constants(&self, at: &Step) -> SecondMomentConstants<f64> {
        SecondMomentConstants::new(self.second.debiased_weight(at.own), self.epsilon)
    }

    #[inline(always)]
    fn update<F: Real>(at: &SecondMomentConstants<F>, input: Input<F>, state: &mut SecondMoment<F>) -> F {
        state.second = at.average(state.second, input.update);
        input.update / at.denominator(state.second)
    }
}

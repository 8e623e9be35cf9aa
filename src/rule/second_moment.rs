//! What rules share that divide by the root of a debiased average of squares.
//!
//! ```text
//! v ← β̂₂·v + (1 − β̂₂)·g²
//! u  = g/(√v + ε)                 or g/max(√v, ε), see [`Epsilon`]
//! ```

use crate::fields;
use crate::hyperparameter::Epsilon;
use crate::real::Real;

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

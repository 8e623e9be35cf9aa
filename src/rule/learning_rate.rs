//! The last stage of most rules: the update times γ.

use crate::fields;
use crate::real::Real;
use crate::transform::{Input, Nothing, Step, Transform};
use typenum::B0;

/// Multiplies the update by the learning rate of the group at this step, and by what stages before
/// made of it, see [`Input::rate`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScaleByLearningRate;

fields! {
    /// Constants of [`ScaleByLearningRate`].
    pub struct LearningRateConstants {
        /// γ.
        rate,
    }
}

impl Transform for ScaleByLearningRate {
    type Constants = LearningRateConstants;
    type State = Nothing;
    type Keeps = B0;

    fn constants(&self, at: &Step) -> LearningRateConstants<f64> {
        LearningRateConstants { rate: at.learning_rate }
    }

    #[inline(always)]
    fn update<F: Real>(at: &LearningRateConstants<F>, input: Input<F>, _: &mut Nothing) -> F {
        (at.rate * input.rate) * input.update
    }
}

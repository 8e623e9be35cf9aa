//! The last stage of most rules: the update times γ.

use crate::fields;
use crate::real::Real;
use crate::transform::{Input, Nothing, Stage, Step};
use typenum::B0;

/// Multiplies the update by the learning rate of the group at this step, and by what stages before
/// made of it, see [`Input::rate`].
///
/// Each one in a chain multiplies by γ again, so a rule has one: behind its branches, or in each of them.
/// What stages before made of it is applied once, and is 1 for what follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScaleByLearningRate;

fields! {
    /// Constants of [`ScaleByLearningRate`].
    pub struct LearningRateConstants {
        /// γ.
        rate,
    }
}

impl Stage for ScaleByLearningRate {
    type Constants = LearningRateConstants;
    type State = Nothing;
    type Tensor = Nothing;
    type Own = Nothing;
    type Group = Nothing;
    type Keeps = B0;
    type Joint = B0;

    fn constants(&self, at: &Step, _: &mut Nothing, _: &Nothing) -> LearningRateConstants<f64> {
        LearningRateConstants { rate: at.learning_rate }
    }

    #[inline(always)]
    fn update<F: Real>(
        at: &LearningRateConstants<F>,
        input: Input<F>,
        _: &Nothing,
        _: &mut Nothing,
    ) -> Input<F> {
        let update = (at.rate * input.rate) * input.update;
        input.with_update(update).with_rate(F::constant(1.0))
    }
}

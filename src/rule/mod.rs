//! The optimizers, one idea per file, as pure mathematics.
//!
//! | Optimizer | Chain |
//! |---|---|
//! | [`Sgd`] | L2 → decay → learning rate |
//! | [`SgdMomentum`] | L2 → [`Momentum`] → decay → learning rate |
//! | [`Adam`], [`AdamW`] | L2 → [`ScaleByAdam`] → decay → learning rate |
//! | [`Lion`] | L2 → [`ScaleByLion`] → decay → learning rate |
//!
//! where "L2" and "decay" are [`AddDecay`] before and behind the part that gives the rule its name.

mod adam;
mod chained;
mod decay;
mod learning_rate;
mod lion;
mod momentum;
mod sgd;
mod weight_average;

pub use adam::{Adam, AdamConstants, AdamW, Moments, ScaleByAdam};
pub use chained::Chained;
pub use decay::{AddDecay, DecayConstants};
pub use learning_rate::{LearningRateConstants, ScaleByLearningRate};
pub use lion::{Lion, LionConstants, LionMomentum, ScaleByLion};
pub use momentum::{FirstMomentum, Momentum, MomentumConstants, MomentumForm, Velocity};
pub use sgd::{Sgd, SgdMomentum};
pub use weight_average::{AveragedWeights, Moves, WeightAverage, WeightAverageConstants};

use crate::hyperparameter::WeightDecay;
use crate::transform::Chain;

/// What most rules do with their direction: decay beside the gradient, then the learning rate.
pub type Decayed = Chain<AddDecay, ScaleByLearningRate>;

/// The share of `decay` that belongs beside the gradient, then the learning rate.
fn decayed(decay: WeightDecay) -> Decayed {
    Chain { first: AddDecay::to_update(decay), second: ScaleByLearningRate }
}

/// `core` behind the share of `decay` that belongs into the gradient.
fn regularized<C>(core: C, decay: WeightDecay) -> Chain<AddDecay, C> {
    Chain { first: AddDecay::to_gradient(decay), second: core }
}

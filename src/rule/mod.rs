//! The optimizers, one idea per file, as pure mathematics.
//!
//! | Optimizer | Chain |
//! |---|---|
//! | [`Sgd`] | L2 → decay → learning rate |
//! | [`SgdMomentum`] | L2 → [`Momentum`] → decay → learning rate |
//! | [`Adam`], [`AdamW`] | L2 → [`ScaleByAdam`] → decay → learning rate |
//! | [`AdamC`] | the same, with decay that is corrected for the schedule |
//! | [`Adopt`] | L2 → [`ScaleByAdopt`] → decay → learning rate |
//! | [`LaProp`] | L2 → [`ScaleByLaProp`] → decay → learning rate |
//! | [`Lion`] | L2 → [`ScaleByLion`] → decay → learning rate |
//!
//! [`Mars`] stands before any of them, [`Caution`] behind. "L2" and "decay" are [`AddDecay`] before and behind the part that gives the rule its name.

mod adam;
mod adopt;
mod average;
mod caution;
mod chained;
mod decay;
mod laprop;
mod learning_rate;
mod lion;
mod mars;
mod moments;
mod momentum;
mod second_moment;
mod sgd;
mod weight_average;

pub use adam::{Adam, AdamC, AdamConstants, AdamW, Moments, ScaleByAdam};
pub use adopt::{Adopt, ScaleByAdopt};
pub use average::{Average, AverageConstants, Mean, NesterovAverage};
pub use caution::{Agreement, Caution, CautionConstants, Kept};
pub use chained::Chained;
pub use decay::{AddDecay, DecayConstants};
pub use laprop::{LaProp, ScaleByLaProp};
pub use learning_rate::{LearningRateConstants, ScaleByLearningRate};
pub use lion::{Lion, LionConstants, LionMomentum, ScaleByLion};
pub use mars::{
    CorrectedNorm, FirstComparison, Mars, MarsClip, MarsCoefficient, MarsConstants, PreviousGradient,
};
pub use momentum::{FirstMomentum, Momentum, MomentumConstants, MomentumForm, Velocity};
pub use second_moment::{ScaleBySecondMoment, SecondMoment, SecondMomentConstants};
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

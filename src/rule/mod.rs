//! The optimizers, one idea per file, as pure mathematics.
//!
//! | Optimizer | Chain |
//! |---|---|
//! | [`Sgd`] | L2 → decay → learning rate |
//! | [`SgdMomentum`] | L2 → [`Momentum`] → decay → learning rate |
//! | [`Adam`], [`AdamW`] | L2 → [`ScaleByAdam`] → decay → learning rate |
//! | [`AmsGrad`], [`AmsGradW`] | L2 → [`ScaleByAmsGrad`] → decay → learning rate |
//! | [`StableAdamW`] | L2 → [`ScaleByStableAdam`] → decay → learning rate |
//! | [`Adan`] | L2 → [`ScaleByAdan`] → decay → learning rate → [`Proximal`] |
//! | [`Lion`] | L2 → [`ScaleByLion`] → decay → learning rate |
//! | [`NAdam`] | L2 → [`ScaleByNAdam`] → decay → learning rate |
//! | [`RAdam`] | L2 → [`ScaleByRAdam`] → decay → learning rate |
//! | [`Ranger`] | the same → [`Lookahead`] |
//! | [`Adagrad`] | L2 → [`ScaleByAdagrad`] → decay → learning rate |
//! | [`Adadelta`] | L2 → [`ScaleByAdadelta`] → decay → learning rate |
//! | [`Adamax`] | L2 → [`ScaleByAdamax`] → decay → learning rate |
//! | [`RmsProp`], [`CenteredRmsProp`] | L2 → [`ScaleByRms`] or [`ScaleByDeviation`] → decay → learning rate |
//! | [`RmsPropMomentum`], [`CenteredRmsPropMomentum`] | the same with [`Momentum`] before decay |
//!
//! where "L2" and "decay" are [`AddDecay`] before and behind the part that gives the rule its name.
//! [`Lookahead`] stands behind any rule, with the option
//! [`afterwards`](crate::optimizer::Builder::afterwards).

mod adadelta;
mod adagrad;
mod adam;
mod adamax;
mod adan;
mod amsgrad;
mod chained;
mod decay;
mod learning_rate;
mod lion;
mod lookahead;
mod momentum;
mod nadam;
mod radam;
mod ranger;
mod rmsprop;
mod sgd;
mod stable_adamw;

pub use adadelta::{Adadelta, AdadeltaConstants, MeanSquares, ScaleByAdadelta};
pub use adagrad::{Adagrad, AdagradConstants, ScaleByAdagrad, SumOfSquares};
pub use adam::{Adam, AdamConstants, AdamW, Moments, ScaleByAdam};
pub use adamax::{Adamax, AdamaxConstants, MeanAndMaximum, ScaleByAdamax};
pub use adan::{Adan, AdanConstants, AdanMoments, DecayForm, Proximal, ProximalConstants, ScaleByAdan};
pub use amsgrad::{AmsGrad, AmsGradW, Fading, LargestMoments, ScaleByAmsGrad};
pub use chained::Chained;
pub use decay::{AddDecay, DecayConstants};
pub use learning_rate::{LearningRateConstants, ScaleByLearningRate};
pub use lion::{Lion, LionConstants, LionMomentum, ScaleByLion};
pub use lookahead::{Counting, Lookahead, LookaheadConstants, SlowWeights, StepCount};
pub use momentum::{FirstMomentum, Momentum, MomentumConstants, MomentumForm, Velocity};
pub use nadam::{MomentumProduct, NAdam, NAdamConstants, ScaleByNAdam};
pub use radam::{RAdam, RAdamConstants, Root, ScaleByRAdam, Unrectified};
pub use ranger::Ranger;
pub use rmsprop::{
    Averages, CenteredRmsProp, CenteredRmsPropMomentum, MeanSquare, RmsConstants, RmsProp, RmsPropMomentum,
    ScaleByDeviation, ScaleByRms, Variance,
};
pub use sgd::{Sgd, SgdMomentum};
pub use stable_adamw::{ClippedRate, ScaleByStableAdam, StableAdamW};

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

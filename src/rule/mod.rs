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
mod decay;
mod learning_rate;
mod lion;
mod momentum;
mod sgd;

pub use adam::{Adam, AdamConstants, AdamW, Moments, ScaleByAdam};
pub use decay::{AddDecay, DecayConstants};
pub use learning_rate::{LearningRateConstants, ScaleByLearningRate};
pub use lion::{Lion, LionConstants, LionMomentum, ScaleByLion};
pub use momentum::{FirstMomentum, Momentum, MomentumConstants, MomentumForm, Velocity};
pub use sgd::{Sgd, SgdMomentum};

use crate::hyperparameter::WeightDecay;
use crate::transform::Chain;

/// `core` between L2 decay and the decoupled kinds, then the learning rate.
type Decayed<C> = Chain<Chain<Chain<AddDecay, C>, AddDecay>, ScaleByLearningRate>;

fn decayed<C>(core: C, decay: WeightDecay) -> Decayed<C> {
    let first = Chain { first: AddDecay::to_gradient(decay), second: core };
    let second = AddDecay::to_update(decay);
    Chain { first: Chain { first, second }, second: ScaleByLearningRate }
}

//! The optimizers, one idea per file, as pure mathematics.
//!
//! | Optimizer | Chain |
//! |---|---|
//! | [`Sgd`] | L2 → decay → learning rate |
//! | [`SgdMomentum`] | L2 → [`Momentum`] → decay → learning rate |
//! | [`Adam`], [`AdamW`] | L2 → [`ScaleByAdam`] → decay → learning rate |
//! | [`AdamC`] | the same, with decay that is corrected for the schedule |
//! | [`AdEMAMix`] | L2 → [`ScaleByAdEMAMix`] → decay → learning rate |
//! | [`Adopt`] | L2 → [`ScaleByAdopt`] → decay → learning rate |
//! | [`LaProp`] | L2 → [`ScaleByLaProp`] → decay → learning rate |
//! | [`HyperBallAdamW`] | L2 → [`ScaleByRms`] → decay → [`OnSphere`] |
//! | [`SignLaProp`] | L2 → [`ScaleByLaProp`] → [`Sign`] → decay → learning rate |
//! | [`OrthoLaProp`], [`LaPropOrtho`] | L2 → [`ScaleByLaProp`] behind or before [`Orthogonalize`] → decay → learning rate |
//! | [`SudsAdamW`] | L2 → [`ScaleBySuds`] → decay → learning rate |
//! | [`UnscaledAdamW`] | L2 → [`ScaleByUnscaledAdam`] → decay → learning rate |
//! | [`AmsGrad`], [`AmsGradW`] | L2 → [`ScaleByAmsGrad`] → decay → learning rate |
//! | [`Soap`] | L2 → a stage within [`EigenBases`] → decay → learning rate |
//! | [`ScheduleFreeSoap`] | L2 → [`ScaleByRms`] within [`EigenBases`] → decay → [`ScheduleFree`] |
//! | [`Psgd`], [`PurePsgd`] | L2 → [`Average`] or nothing → [`KronFactors`] → [`UpdateClip`] → decay → learning rate |
//! | [`StableAdamW`] | L2 → [`ScaleByStableAdam`] → decay → learning rate |
//! | [`Adan`] | L2 → [`ScaleByAdan`] → decay → learning rate → [`Proximal`] |
//! | [`Lion`] | L2 → [`ScaleByLion`] → decay → learning rate |
//! | [`SgdSai`] | L2 → [`Momentum`] → [`ScaleBySignalToNoise`] → decay → learning rate |
//! | [`Sm3`] | L2 → [`ScaleBySm3`] → decay → learning rate |
//! | [`Sm3Momentum`] | L2 → [`ScaleBySm3`] → [`Momentum`] → decay → learning rate |
//! | [`NAdam`] | L2 → [`ScaleByNAdam`] → decay → learning rate |
//! | [`RAdam`] | L2 → [`ScaleByRAdam`] → decay → learning rate |
//! | [`Ranger`] | the same → [`Lookahead`] |
//! | [`Adagrad`] | L2 → [`ScaleByAdagrad`] → decay → learning rate |
//! | [`Adadelta`] | L2 → [`ScaleByAdadelta`] → decay → learning rate |
//! | [`Adamax`] | L2 → [`ScaleByAdamax`] → decay → learning rate |
//! | [`ScheduleFreeAdamW`], [`ScheduleFreeRAdam`] | L2 → [`ScaleByRms`] or [`ScaleByRectified`] → decay → [`ScheduleFree`] |
//! | [`ScheduleFreeSgd`] | decay → [`ScheduleFree`] |
//! | [`MsamLaProp`] | L2 → [`ScaleByLaProp`] → [`MomentumSam`] |
//! | [`Muon`], [`Scion`] | L2 → [`MuonMomentum`] → [`PolarFactor`] → decay → learning rate |
//! | [`MuonLaProp`] | L2 → [`ScaleByLaProp`] → [`PolarFactor`] → decay → learning rate |
//! | [`RmsProp`], [`CenteredRmsProp`] | L2 → [`ScaleByRms`] or [`ScaleByDeviation`] → decay → learning rate |
//! | [`RmsPropMomentum`], [`CenteredRmsPropMomentum`] | the same with [`Momentum`] before decay |
//!
//! [`WeightAverage`] stands after any of them. [`Mars`] stands before any of them, [`Caution`] behind. "L2" and "decay" are
//! [`AddDecay`] before and behind the part that gives the rule its name.
//! [`Lookahead`] stands behind any rule, with the option
//! [`afterwards`](crate::optimizer::Builder::afterwards).
//! [`Graft`] and [`WeightedSum`] merge two [branches](crate::transform::Branches) of any stages.

mod adadelta;
mod adagrad;
mod adam;
mod adamax;
mod adan;
mod ademamix;
mod adopt;
mod amsgrad;
mod average;
mod caution;
mod chained;
mod decay;
mod graft;
mod hyperball;
mod laprop;
mod learning_rate;
mod lion;
mod listed;
mod lookahead;
mod mars;
mod moments;
mod momentum;
mod msam;
mod muon;
mod nadam;
mod orthogonal;
mod psgd;
mod radam;
mod ranger;
mod rmsprop;
mod schedule_free;
mod second_moment;
mod sgd;
mod sgd_sai;
mod sign;
mod sm3;
mod soap;
mod spend_first;
mod stable_adamw;
mod suds;
mod unscaled_adam;
mod weight_average;

pub use adadelta::{Adadelta, AdadeltaConstants, MeanSquares, ScaleByAdadelta};
pub use adagrad::{Adagrad, AdagradConstants, ScaleByAdagrad, SumOfSquares};
pub use adam::{Adam, AdamC, AdamConstants, AdamW, Moments, ScaleByAdam};
pub use adamax::{Adamax, AdamaxConstants, MeanAndMaximum, ScaleByAdamax};
pub use adan::{Adan, AdanConstants, AdanMoments, DecayForm, Proximal, ProximalConstants, ScaleByAdan};
pub use ademamix::{AdEMAMix, Mixture, MixtureConstants, ScaleByAdEMAMix};
pub use adopt::{Adopt, ScaleByAdopt};
pub use amsgrad::{AmsGrad, AmsGradW, Fading, LargestMoments, ScaleByAmsGrad};
pub use average::{Average, AverageConstants, Mean, NesterovAverage};
pub use caution::{Agreement, Caution, CautionConstants, Kept};
pub use chained::Chained;
pub use decay::{AddDecay, DecayConstants};
pub use graft::{Graft, GraftConstants, Grafted, SumWeights, WeightedSum};
pub use hyperball::{HyperBallAdamW, OnSphere, Sphere, SphereConstants};
pub use laprop::{LaProp, ScaleByLaProp};
pub use learning_rate::{LearningRateConstants, ScaleByLearningRate};
pub use lion::{Lion, LionConstants, LionMomentum, ScaleByLion};
pub use listed::ListedStages;
pub use lookahead::{Counting, Lookahead, LookaheadConstants, SlowWeights, StepCount};
pub use mars::{
    CorrectedNorm, FirstComparison, Mars, MarsClip, MarsCoefficient, MarsConstants, PreviousGradient,
};
pub use momentum::{FirstMomentum, Momentum, MomentumConstants, MomentumForm, Velocity};
pub use msam::{MomentumNorm, MomentumSam, MomentumSamConstants, MsamLaProp, Unperturbed};
pub use muon::{
    Muon, MuonInput, MuonLaProp, MuonMomentum, MuonMomentumConstants, NewtonSchulz, PolarFactor, Quintic,
    Scion, ShapeScaling, Vectors, ZerothPower,
};
pub use nadam::{MomentumProduct, NAdam, NAdamConstants, ScaleByNAdam};
pub use orthogonal::{LaPropOrtho, OrthoLaProp, OrthogonalConstants, Orthogonalize, Projection};
pub use psgd::{
    BalancePlace, Balancing, Damping, DampingNoise, DecayedParameters, FactorFormat, FactorGeometry,
    FactorProducts, FactorShapes, FactorStorage, FirstFit, FirstScale, FitBound, FitDamping, FitProbability,
    FitSchedule, FitTo, KronFactors, MemorySaving, OfStep, Pairs, Preconditioning, Probes, Psgd, PurePsgd,
    SpectralBound, Splitting, UpdateClip, UpdateClipConstants, UpdateSize,
};
pub use radam::{RAdam, RAdamConstants, Root, ScaleByRAdam, Unrectified};
pub use ranger::Ranger;
pub use rmsprop::{
    Averages, CenteredRmsProp, CenteredRmsPropMomentum, MeanSquare, RmsConstants, RmsProp, RmsPropMomentum,
    ScaleByDeviation, ScaleByRms, Variance,
};
pub use schedule_free::{
    AveragedRate, AveragingWeight, FirstPhase, MeanOfPoints, NewestPoint, RectifiedConstants,
    ScaleByRectified, ScheduleFree, ScheduleFreeAdamW, ScheduleFreeConstants, ScheduleFreeRAdam,
    ScheduleFreeSgd,
};
pub use second_moment::SecondMomentConstants;
pub use sgd::{Sgd, SgdMomentum};
pub use sgd_sai::{
    AsMeasured, ByLargest, Constant, Normalization, ScaleBySignalToNoise, SgdSai, SignalToNoise,
    SignalToNoiseConstants,
};
pub use sign::{Sign, SignLaProp, SignSize};
pub use sm3::{Accumulator, ScaleBySm3, Sm3, Sm3Constants, Sm3Momentum};
pub use soap::{
    BasisMethod, EigenBases, FactorDecay, FirstGradient, PreconditionerSchedule, Refresh, RefreshWhen,
    ScheduleFreeSoap, Soap, SoapAdEMAMix, SoapNAdam, Solp, TurnsWithBases, VectorBases,
};
pub use spend_first::SpendFirst;
pub use stable_adamw::{ClippedRate, ScaleByStableAdam, StableAdamW};
pub use suds::{AxisConstants, Reflected, Reflection, ScaleBySuds, SudsAdamW};
pub use unscaled_adam::{ScaleByUnscaledAdam, UnscaledAdamW};
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

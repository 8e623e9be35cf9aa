//! Stages that make gradients or updates smaller: clips, and what is used like one.
//!
//! The options [`on_gradient`](crate::optimizer::Builder::on_gradient) and
//! [`on_update`](crate::optimizer::Builder::on_update) put them in front of a rule, where they see the
//! gradient, or behind its direction; in a chain they stand anywhere. All gradients together are
//! clipped by the option [`clip_global_norm`](crate::optimizer::Builder::clip_global_norm).
//!
//! | Stage | u becomes | sees |
//! |---|---|---|
//! | [`ClipValue`] | min(max(u, −c), c) | one element |
//! | [`TrustRegion`] | a bent u, at most 2 | one element |
//! | [`MuLaw`], [`ALaw`] | about the logarithm of u | one element |
//! | [`Softsign`] | 2u/(1 + \|u\|) | one element |
//! | [`ClipNorm`], [`ClipRms`] | u, but no larger than c | one tensor |
//! | [`NormalizeNorm`], [`NormalizeRms`] | u at size 1 | one tensor |
//! | [`AdaptiveClip`] | u, but no larger than c times the parameter | one tensor |
//! | [`ClipJointly`] | u, but no larger than c | all tensors |
//!
//! ```
//! use gradus::clip::ClipNorm;
//! use gradus::cpu::Cpu;
//! use gradus::hyperparameter::LearningRate;
//! use gradus::optimizer::Build;
//! use gradus::rule::SgdMomentum;
//!
//! let rule = SgdMomentum { learning_rate: LearningRate::new(0.5)?, ..SgdMomentum::default() };
//! let mut parameters = [("w", vec![1.0f32, 1.0]), ("b", vec![1.0])];
//! let mut optimizer = rule.on_gradient(ClipNorm::default()).build(Cpu::default(), &parameters)?;
//! optimizer.step(&mut parameters, &[("w", vec![3e30, 4e30]), ("b", vec![0.5])])?;
//! // Each tensor by itself: half of (0.6, 0.8), and half of 0.5.
//! assert!((parameters[0].1[0] - 0.7).abs() < 1e-6 && (parameters[0].1[1] - 0.6).abs() < 1e-6);
//! assert_eq!(parameters[1].1, [0.75]);
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! # Not a number, and infinity
//!
//! NaN stays NaN; in a stage that sees a tensor, one NaN makes all of it NaN. An infinite element is
//! as large as a clip of elements lets through (except where said otherwise). In a stage that sees a
//! tensor, it makes the size infinite: finite elements become zero, infinite ones NaN.
//!
//! Sizes are computed in `f64`, so the squares of huge or tiny `f32` elements are no concern. A norm
//! beyond the largest `f32` (elements from about 10³⁸ on), or elements beyond 10¹⁵⁴ in `f64`, count
//! as infinite.

mod adaptive;
mod companding;
mod joint;
mod norm;
mod ratio;
mod root_mean_square;
mod softsign;
mod trust_region;
mod value;

pub use adaptive::{AdaptiveClip, AdaptiveConstants, AdaptiveRatio};
pub use companding::{ALaw, CompandingConstants, MuLaw};
pub use joint::{
    AwaitAll, ClipJointly, Deciding, GradientNorm, JointClip, JointConstants, JointFactor, JointSize,
    Rescale, RescaleConstants,
};
pub use norm::{ClipNorm, NormalizeNorm};
pub use ratio::{Bound, Ratio};
pub use root_mean_square::{ClipRms, NormalizeRms};
pub use softsign::Softsign;
pub use trust_region::{TrustRegion, TrustRegionConstants};
pub use value::{ClipValue, ValueConstants};

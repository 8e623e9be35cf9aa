//! Clips: from a gradient to a smaller one, or from an update.

mod joint;

pub use joint::{
    AwaitAll, ClipJointly, GradientNorm, JointClip, JointConstants, JointFactor, JointSize, Rescale,
    RescaleConstants,
};

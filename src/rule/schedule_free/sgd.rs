//! Schedule-free SGD: see [the module above](super) for the three points.
//!
//! Defazio et al., *The Road Less Scheduled*, 2024, <https://arxiv.org/abs/2405.15682>, equations 2 to 4.
//!
//! ```text
//! d = g + λ·y
//! ```
//!
//! | | |
//! |---|---|
//! | State | `z`, one number per element |
//! | Shapes | any |
//! | Gradient release, accumulation | yes, no: no average of gradients is kept |
//! | Typical `γ` | 10 to 50 times that of SGD with momentum |
//!
//! Differences from the paper: none.

use super::{AveragingWeight, ScheduleFree};
use crate::hyperparameter::{Interpolation, LearningRate, WeightDecay};
use crate::rule::AddDecay;
use crate::transform::Rule;
use crate::tunables;

/// Schedule-free SGD. [`Default`] is the authors' setting.
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::optimizer::Build;
/// use gradus::rule::ScheduleFreeSgd;
///
/// let mut parameters = [("x", vec![1.0f64])];
/// let rule = ScheduleFreeSgd::default();
/// let mut optimizer = rule.parameters_in::<f64>().build(Cpu::default(), &parameters)?;
/// for (y, x) in [(0.5, 0.5), (0.5 - 0.275, 0.5 - 0.25)] {
///     optimizer.step(&mut parameters, &[("x", vec![0.5f64])])?;
///     let mut averaged = parameters.clone();
///     optimizer.evaluation_into(&parameters, &mut averaged)?;
///     // z is 0.5, then 0; x is the mean of these, and y = 0.9·x + 0.1·z.
///     assert!((parameters[0].1[0] - y).abs() < 1e-15 && (averaged[0].1[0] - x).abs() < 1e-15);
/// }
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScheduleFreeSgd {
    /// γ. Default 1.
    pub learning_rate: LearningRate,
    /// β, where gradients are taken between z (0) and x (1). Default 0.9.
    pub interpolation: Interpolation,
    /// How much each point counts in the mean. Default: the square of the largest γ.
    pub averaging: AveragingWeight,
    /// λ and its kind. Default: none.
    pub weight_decay: WeightDecay,
}

impl Default for ScheduleFreeSgd {
    fn default() -> Self {
        Self {
            learning_rate: LearningRate::checked(1.0),
            interpolation: Interpolation::checked(0.9),
            averaging: AveragingWeight::default(),
            weight_decay: WeightDecay::NONE,
        }
    }
}

impl Rule for ScheduleFreeSgd {
    type Direction = AddDecay;
    type Finish = ScheduleFree;
    tunables!(learning_rate, interpolation, weight_decay);

    fn direction(&self) -> AddDecay {
        AddDecay::to_either(self.weight_decay)
    }

    fn finish(&self) -> ScheduleFree {
        ScheduleFree::new(self.interpolation, self.averaging)
    }
}

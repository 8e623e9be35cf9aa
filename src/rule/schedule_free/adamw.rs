//! Schedule-free AdamW: see [the module above](super) for the three points.
//!
//! Defazio et al., *The Road Less Scheduled*, 2024, <https://arxiv.org/abs/2405.15682>, Algorithm 1.
//!
//! ```text
//! v ← β̂₂·v + (1 − β̂₂)·g²
//! d = g/(√v + ε) + λ·y          or g/max(√v, ε) + λ·y
//! ```
//!
//! | | |
//! |---|---|
//! | State | `v` and `z`, two numbers per element |
//! | Shapes | any |
//! | Gradient release, accumulation | yes, no: no average of gradients is kept |
//! | Typical `γ` | 1 to 10 times AdamW's; with a warm-up of some 5 % of the training, then constant |
//!
//! Differences from the paper: v is stored debiased, which gives the same values up to rounding.
//! Decay at y is part of the direction, so caution and clips of the update see it.

use super::{AveragingWeight, ScheduleFree};
use crate::hyperparameter::{Epsilon, Interpolation, LearningRate, SecondDecay, WeightDecay};
use crate::rule::{AddDecay, Averages, ScaleByRms, regularized};
use crate::transform::{Chain, Rule};
use crate::tunables;

/// Schedule-free AdamW. [`Default`] is the authors' setting.
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::optimizer::Build;
/// use gradus::rule::ScheduleFreeAdamW;
///
/// let mut parameters = [("x", vec![1.0f32])];
/// let mut optimizer = ScheduleFreeAdamW::default().build(Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &[("x", vec![-2.0f32])])?;
/// assert!((parameters[0].1[0] - 1.0025).abs() < 1e-6);
///
/// let optimizer = optimizer.into_evaluation(&mut parameters).map_err(|refused| refused.error)?;
/// // .. measure the model here ..
/// let optimizer = optimizer.into_training(&mut parameters).map_err(|refused| refused.error)?;
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScheduleFreeAdamW {
    /// γ. Default 2.5e-3.
    pub learning_rate: LearningRate,
    /// β₁, where gradients are taken between z (0) and x (1). Default 0.9.
    pub interpolation: Interpolation,
    /// β₂, the weight of the old average of squares. Default 0.999.
    pub second: SecondDecay,
    /// ε, keeps the denominator from zero. Default: 1e-8, added.
    pub epsilon: Epsilon,
    /// How much each point counts in the mean. Default: the square of the largest γ.
    pub averaging: AveragingWeight,
    /// λ and its kind. Default: none.
    pub weight_decay: WeightDecay,
}

impl Default for ScheduleFreeAdamW {
    fn default() -> Self {
        Self {
            learning_rate: LearningRate::checked(2.5e-3),
            interpolation: Interpolation::checked(0.9),
            second: SecondDecay::checked(0.999),
            epsilon: Epsilon { added: 1e-8, floor: 0.0 },
            averaging: AveragingWeight::default(),
            weight_decay: WeightDecay::NONE,
        }
    }
}

impl Rule for ScheduleFreeAdamW {
    type Direction = Chain<Chain<AddDecay, ScaleByRms>, AddDecay>;
    type Finish = ScheduleFree;
    tunables!(learning_rate, interpolation, second, epsilon, weight_decay);

    fn direction(&self) -> Self::Direction {
        let Self { second, epsilon, weight_decay, .. } = *self;
        let scale = ScaleByRms { decay: second, averages: Averages::Debiased, epsilon };
        Chain { first: regularized(scale, weight_decay), second: AddDecay::to_update(weight_decay) }
    }

    fn finish(&self) -> ScheduleFree {
        ScheduleFree::new(self.interpolation, self.averaging)
    }
}

//! A tensor by its Euclidean norm.
//!
//! Pascanu, Mikolov, Bengio, *On the difficulty of training recurrent neural networks*, 2012,
//! <https://arxiv.org/abs/1211.5063>, Algorithm 1, for one tensor at a time.
//!
//! ```text
//! clip:      u ← u·min(1, c/‖u‖)
//! normalise: u ← u / max(‖u‖, ε)
//! ```

use super::ratio::{Bound, BySize, Ratio, stages_by_size};
use crate::hyperparameter::{Floor, Limit};
use crate::real::Real;
use crate::transform::{Fold, Input, Nothing, Step};

/// Scales a tensor down to the norm c if it is larger. [`Default`] is that of HeavyBall 3.
///
/// ```
/// # use gradus::cpu::Cpu;
/// # use gradus::hyperparameter::LearningRate;
/// # use gradus::optimizer::Build;
/// # use gradus::rule::Chained;
/// use gradus::clip::ClipNorm;
/// use gradus::hyperparameter::Limit;
///
/// let chain = ClipNorm { limit: Limit::new(2.0)? };
/// let rule = Chained { chain, learning_rate: LearningRate::new(1.0)? };
/// let mut parameters = [("large", vec![0.0f32; 2]), ("small", vec![0.0; 2])];
/// let mut optimizer = rule.build(Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &[("large", vec![3.0, -4.0]), ("small", vec![1.0, 1.0])])?;
/// assert_eq!(parameters[0].1, [-1.2, 1.6]);
/// assert_eq!(parameters[1].1, [-1.0, -1.0]);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipNorm {
    /// c, the largest norm. Default 1.
    pub limit: Limit,
}

impl Default for ClipNorm {
    fn default() -> Self {
        Self { limit: Limit::checked(1.0) }
    }
}

/// Scales a tensor to the norm 1; one smaller than ε stays smaller. [`Default`] is that of
/// HeavyBall 1, whose `l2` clip this is.
///
/// ```
/// # use gradus::cpu::Cpu;
/// # use gradus::hyperparameter::LearningRate;
/// # use gradus::optimizer::Build;
/// # use gradus::rule::Chained;
/// use gradus::clip::NormalizeNorm;
///
/// let chain = NormalizeNorm::default();
/// let rule = Chained { chain, learning_rate: LearningRate::new(1.0)? };
/// let mut parameters = [("some", vec![0.0f32; 2]), ("none", vec![0.0; 2])];
/// let mut optimizer = rule.build(Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &[("some", vec![0.75, -1.0]), ("none", vec![0.0, 0.0])])?;
/// assert_eq!(parameters[0].1, [-0.6, 0.8]);
/// assert_eq!(parameters[1].1, [0.0, 0.0]);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormalizeNorm {
    /// ε, the smallest divisor. Default 1e-8.
    pub floor: Floor,
}

impl Default for NormalizeNorm {
    fn default() -> Self {
        Self { floor: Floor::checked(1e-8) }
    }
}

impl BySize for ClipNorm {
    fn bound(&self) -> f64 {
        self.limit.get()
    }

    #[inline(always)]
    fn ratio<F: Real>(limit: F, norm: F, _count: F) -> Ratio<F> {
        Ratio::to_at_most(norm, limit)
    }
}

impl BySize for NormalizeNorm {
    fn bound(&self) -> f64 {
        self.floor.get()
    }

    #[inline(always)]
    fn ratio<F: Real>(floor: F, norm: F, _count: F) -> Ratio<F> {
        Ratio::to_one(norm.at_least(floor))
    }
}

stages_by_size! { ClipNorm NormalizeNorm }

//! A tensor by its root mean square, which unlike its norm does not grow with the tensor.
//!
//! Shazeer, Stern, *Adafactor: Adaptive Learning Rates with Sublinear Memory Cost*, 2018,
//! <https://arxiv.org/abs/1804.04235>, section 6: the update is divided by max(1, RMS(u)/d).
//!
//! With RMS(u) = ‖u‖/√n for n elements:
//!
//! ```text
//! clip:      u ← u·min(1, c/RMS(u))
//! normalise: u ← u / max(RMS(u), ε)
//! ```

use super::ratio::{Bound, BySize, Ratio, stages_by_size};
use crate::hyperparameter::{Floor, Limit};
use crate::real::Real;
use crate::transform::{Fold, Input, Nothing, Step};

/// Scales a tensor down to the root mean square c if it is larger. [`Default`] is that of Adafactor
/// and HeavyBall 3.
///
/// ```
/// # use gradus::cpu::Cpu;
/// # use gradus::hyperparameter::LearningRate;
/// # use gradus::optimizer::Build;
/// # use gradus::rule::Chained;
/// use gradus::clip::ClipRms;
///
/// let chain = ClipRms::default();
/// let rule = Chained { chain, learning_rate: LearningRate::new(1.0)? };
/// let mut parameters = [("x", vec![0.0f32; 4])];
/// let mut optimizer = rule.build(Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &[("x", vec![4.0, 0.0, 0.0, 0.0])])?;
/// assert_eq!(parameters[0].1, [-2.0, 0.0, 0.0, 0.0]); // the root mean square was 2
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipRms {
    /// c, the largest root mean square. Default 1.
    pub limit: Limit,
}

impl Default for ClipRms {
    fn default() -> Self {
        Self { limit: Limit::checked(1.0) }
    }
}

/// Scales a tensor to the root mean square 1; one smaller than ε stays smaller. [`Default`] is that
/// of HeavyBall 1, whose `rmsnorm` clip this is.
///
/// ```
/// # use gradus::cpu::Cpu;
/// # use gradus::hyperparameter::LearningRate;
/// # use gradus::optimizer::Build;
/// # use gradus::rule::Chained;
/// use gradus::clip::NormalizeRms;
///
/// let chain = NormalizeRms::default();
/// let rule = Chained { chain, learning_rate: LearningRate::new(1.0)? };
/// let mut parameters = [("x", vec![0.0f32; 4])];
/// let mut optimizer = rule.build(Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &[("x", vec![0.5, 0.0, 0.0, 0.0])])?;
/// assert_eq!(parameters[0].1, [-2.0, 0.0, 0.0, 0.0]); // the root mean square was 1/4
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormalizeRms {
    /// ε, the smallest divisor. Default 1e-6.
    pub floor: Floor,
}

impl Default for NormalizeRms {
    fn default() -> Self {
        Self { floor: Floor::checked(1e-6) }
    }
}

impl BySize for ClipRms {
    fn bound(&self) -> f64 {
        self.limit.get()
    }

    #[inline(always)]
    fn ratio<F: Real>(limit: F, norm: F, count: F) -> Ratio<F> {
        Ratio::to_at_most(norm / count.sqrt(), limit)
    }
}

impl BySize for NormalizeRms {
    fn bound(&self) -> f64 {
        self.floor.get()
    }

    #[inline(always)]
    fn ratio<F: Real>(floor: F, norm: F, count: F) -> Ratio<F> {
        Ratio::to_one((norm / count.sqrt()).at_least(floor))
    }
}

stages_by_size! { ClipRms NormalizeRms }

//! A gradient by the size of its parameter.
//!
//! Brock et al., *High-Performance Large-Scale Image Recognition Without Normalization*, 2021,
//! <https://arxiv.org/abs/2102.06171>, section 4.1, for a whole tensor at a time as in HeavyBall.
//!
//! ```text
//! u ← u·min(1, c·max(‖θ‖, s)/max(‖u‖, ε))
//! ```
//!
//! Differences from the paper: it takes the norms of each row of a matrix, here they are those of the
//! whole tensor.

use super::ratio::Ratio;
use crate::fields;
use crate::hyperparameter::{Floor, Limit};
use crate::real::Real;
use crate::transform::{Arrives, Fold, Input, Nothing, Stage, Step};
use typenum::B0;

/// Scales a tensor down to c times the norm of its parameter if it is larger. [`Default`] is the
/// paper's setting, with the ε of HeavyBall.
///
/// A micro-batch comes without the parameter. It is clipped by the norm that the parameter had at the
/// tensor's last step, and not at all before the first one.
///
/// ```
/// # use gradus::cpu::Cpu;
/// # use gradus::hyperparameter::LearningRate;
/// # use gradus::optimizer::Build;
/// # use gradus::rule::Chained;
/// use gradus::clip::AdaptiveClip;
/// use gradus::hyperparameter::Limit;
///
/// let clip = AdaptiveClip { limit: Limit::new(0.25)?, ..AdaptiveClip::default() };
/// let rule = Chained { chain: clip, learning_rate: LearningRate::new(1.0)? };
/// let mut parameters = [("x", vec![12.0f64, 16.0])]; // norm 20, so at most 5
/// let mut optimizer = rule.parameters_in::<f64>().build(Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &[("x", vec![-6.0, 8.0])])?;
/// assert_eq!(parameters[0].1, [15.0, 12.0]);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdaptiveClip {
    /// c, the largest ratio of the two norms. Default 0.01.
    pub limit: Limit,
    /// s, the smallest norm that a parameter is taken to have, so that one that starts as zero can
    /// leave it. Default 1e-3.
    pub smallest_parameter: Floor,
    /// ε, the smallest divisor. Default 1e-8.
    pub floor: Floor,
}

impl Default for AdaptiveClip {
    fn default() -> Self {
        Self {
            limit: Limit::checked(0.01),
            smallest_parameter: Floor::checked(1e-3),
            floor: Floor::checked(1e-8),
        }
    }
}

fields! {
    /// Constants of [`AdaptiveClip`].
    pub struct AdaptiveConstants {
        /// c.
        limit,
        /// s.
        smallest_parameter,
        /// ε.
        floor,
    }
}

fields! {
    /// What [`AdaptiveClip`] knows of a tensor.
    pub struct AdaptiveRatio {
        /// c·max(‖θ‖, s) at the tensor's last step; 0 before the first.
        limit,
        /// The norm of the update, or 1 if it stays as it is.
        divisor,
        /// The norm that it gets, or 1 if it stays as it is.
        factor,
    }
}

impl Stage for AdaptiveClip {
    type Constants = AdaptiveConstants;
    type State = Nothing;
    type Tensor = AdaptiveRatio;
    type Own = Nothing;
    type Group = Nothing;
    type Keeps = B0;
    type Joint = B0;
    const PASSES: usize = 2;

    fn constants(&self, _at: &Step, _own: &mut Nothing, _group: &Nothing) -> AdaptiveConstants<f64> {
        AdaptiveConstants {
            limit: self.limit.get(),
            smallest_parameter: self.smallest_parameter.get(),
            floor: self.floor.get(),
        }
    }

    fn measured_passes(&self, at: &Step) -> u64 {
        match at.arrives {
            Arrives::ToStep => 0b11,
            Arrives::ToAccumulate => 0b10,
        }
    }

    #[inline(always)]
    fn fold(_pass: usize) -> Fold {
        Fold::Norm
    }

    #[inline(always)]
    fn measure<F: Real>(
        pass: usize,
        _at: &AdaptiveConstants<F>,
        input: Input<F>,
        _tensor: &AdaptiveRatio<F>,
        _state: &mut Nothing,
    ) -> F {
        if pass == 0 { input.parameter } else { input.update }
    }

    #[inline(always)]
    fn finish<F: Real>(
        pass: usize,
        at: &AdaptiveConstants<F>,
        norm: F,
        _count: F,
        tensor: &mut AdaptiveRatio<F>,
    ) {
        if pass == 0 {
            tensor.limit = at.limit * norm.at_least(at.smallest_parameter);
        } else {
            let size = norm.at_least(at.floor);
            // Its own size limits nothing.
            let limit = tensor.limit + F::select(tensor.limit, F::constant(0.0), size);
            let Ratio { divisor, factor } = Ratio::to_at_most(size, limit);
            *tensor = AdaptiveRatio { limit: tensor.limit, divisor, factor };
        }
    }

    #[inline(always)]
    fn update<F: Real>(
        _at: &AdaptiveConstants<F>,
        input: Input<F>,
        tensor: &AdaptiveRatio<F>,
        _state: &mut Nothing,
    ) -> Input<F> {
        let ratio = Ratio { divisor: tensor.divisor, factor: tensor.factor };
        input.with_update(ratio.scale(input.update))
    }
}

//! What all gradients decide together: a factor for each of them.
//!
//! Pascanu, Mikolov, Bengio, *On the difficulty of training recurrent neural networks*, 2013,
//! <https://arxiv.org/abs/1211.5063>, Algorithm 1.
//!
//! ```text
//! g ← g·min(1, c/‖g‖)          ‖g‖ over all parameters
//! ```
//!
//! The norm is measured before the step, in one more pass that reads the gradients; the factor is
//! part of the pass that moves the parameters.

use crate::fields;
use crate::hyperparameter::Limit;
use crate::real::Real;
use crate::transform::{Arrives, Fold, Input, Nothing, Stage, Step};
use typenum::{B0, B1};

/// How all gradients are clipped or normalised together.
///
/// ```
/// use gradus::clip::{GradientNorm, JointClip};
/// use gradus::hyperparameter::Limit;
///
/// let norm = GradientNorm { norm: 8.0, elements: 16 };
/// let limit = Limit::new(2.0)?;
/// assert_eq!(JointClip::Norm(limit).factor(norm), 0.25);
/// assert_eq!(JointClip::Rms(limit).factor(norm), 1.0); // the root mean square is 8/√16 = 2
/// assert_eq!(JointClip::NormalizeNorm(limit).factor(norm), 0.25);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum JointClip {
    /// The norm becomes at most the limit.
    Norm(Limit),
    /// The root mean square becomes at most the limit.
    Rms(Limit),
    /// The norm becomes the limit, whatever it was; zero stays zero.
    NormalizeNorm(Limit),
    /// The root mean square becomes the limit, whatever it was; zero stays zero.
    NormalizeRms(Limit),
}

impl JointClip {
    /// What every gradient is multiplied with. NaN if the norm is NaN, 0 if it is infinite: then finite
    /// gradients become 0 and infinite ones NaN.
    pub fn factor(self, of: GradientNorm) -> f64 {
        let (limit, size, cap) = match self {
            Self::Norm(limit) => (limit, of.norm, true),
            Self::Rms(limit) => (limit, of.rms(), true),
            Self::NormalizeNorm(limit) => (limit, of.norm, false),
            Self::NormalizeRms(limit) => (limit, of.rms(), false),
        };
        let idle = if cap { size <= limit.get() } else { size == 0.0 };
        if idle { 1.0 } else { limit.get() / size }
    }
}

/// The size of all gradients of a step together.
///
/// ```
/// use gradus::clip::GradientNorm;
///
/// let matrices = GradientNorm { norm: 3.0, elements: 20 };
/// let vectors = GradientNorm { norm: 4.0, elements: 5 };
/// let both = matrices.join(vectors);
/// assert_eq!((both.norm, both.elements, both.rms()), (5.0, 25, 1.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct GradientNorm {
    /// ‖g‖, the root of the sum of squares.
    pub norm: f64,
    /// How many elements there are.
    pub elements: u64,
}

impl GradientNorm {
    /// The root mean square; 0 for no elements.
    pub fn rms(self) -> f64 {
        if self.elements == 0 { 0.0 } else { self.norm / (self.elements as f64).sqrt() }
    }

    /// The norm of these gradients and others together: for a model that several optimizers share.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self { norm: libm::hypot(self.norm, other.norm), elements: self.elements + other.elements }
    }
}

/// Multiplies gradients by [`Step::gradient_factor`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rescale;

fields! {
    /// Constants of [`Rescale`].
    pub struct RescaleConstants {
        /// What gradients are multiplied with.
        factor,
    }
}

impl Stage for Rescale {
    type Constants = RescaleConstants;
    type State = Nothing;
    type Tensor = Nothing;
    type Own = Nothing;
    type Group = Nothing;
    type Keeps = B0;
    type Joint = B1;

    fn constants(&self, at: &Step, _own: &mut Nothing, _group: &Nothing) -> RescaleConstants<f64> {
        RescaleConstants { factor: at.gradient_factor }
    }

    #[inline(always)]
    fn update<F: Real>(at: &RescaleConstants<F>, input: Input<F>, _: &Nothing, _: &mut Nothing) -> Input<F> {
        input.with_gradient(at.factor * input.gradient)
    }
}

/// Changes nothing, but lets no parameter move before all gradients have been looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AwaitAll;

impl Stage for AwaitAll {
    type Constants = Nothing;
    type State = Nothing;
    type Tensor = Nothing;
    type Own = Nothing;
    type Group = Nothing;
    type Keeps = B0;
    type Joint = B1;

    fn constants(&self, _at: &Step, _own: &mut Nothing, _group: &Nothing) -> Nothing {
        Nothing
    }

    #[inline(always)]
    fn update<F: Real>(_: &Nothing, input: Input<F>, _: &Nothing, _: &mut Nothing) -> Input<F> {
        input
    }
}

/// Clips an update by its joint norm: a statistic over all tensors.
///
/// ```text
/// u ← u·min(1, c/‖u‖)          ‖u‖ over all parameters that move
/// ```
///
/// Gradients are better clipped by the option
/// [`clip_global_norm`](crate::optimizer::Builder::clip_global_norm), which also reports the norm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipJointly {
    /// What is limited.
    pub size: JointSize,
    /// c. Default 1.
    pub limit: Limit,
}

/// Of what [`ClipJointly`] limits the size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JointSize {
    /// The norm over all elements.
    Norm,
    /// Their root mean square.
    Rms,
}

fields! {
    /// Constants of [`ClipJointly`].
    pub struct JointConstants {
        /// c.
        limit,
        /// 1 for the root mean square, else 0.
        mean,
    }
}

fields! {
    /// What [`ClipJointly`] found.
    pub struct JointFactor {
        /// The factor of the last step.
        joint_factor,
    }
}

impl Stage for ClipJointly {
    type Constants = JointConstants;
    type State = Nothing;
    type Tensor = JointFactor;
    type Own = Nothing;
    type Group = Nothing;
    type Keeps = B0;
    type Joint = B1;
    const PASSES: usize = 1;

    fn joins(_pass: usize) -> bool {
        true
    }

    fn constants(&self, _at: &Step, _own: &mut Nothing, _group: &Nothing) -> JointConstants<f64> {
        let mean = if self.size == JointSize::Rms { 1.0 } else { 0.0 };
        JointConstants { limit: self.limit.get(), mean }
    }

    fn measures(&self, at: &Step) -> bool {
        at.arrives == Arrives::ToStep
    }

    #[inline(always)]
    fn fold(_pass: usize) -> Fold {
        Fold::Norm
    }

    #[inline(always)]
    fn finish<F: Real>(_: usize, at: &JointConstants<F>, norm: F, count: F, tensor: &mut JointFactor<F>) {
        let size = F::select(at.mean, norm / count.sqrt(), norm);
        // A NaN is neither above the limit nor below: the quotient hands it on.
        let above = size - at.limit;
        let one = F::constant(1.0);
        tensor.joint_factor = F::select(-above, one, F::select(above, at.limit / size, one + above));
    }

    #[inline(always)]
    fn update<F: Real>(
        _: &JointConstants<F>,
        input: Input<F>,
        tensor: &JointFactor<F>,
        _: &mut Nothing,
    ) -> Input<F> {
        input.with_update(tensor.joint_factor * input.update)
    }
}

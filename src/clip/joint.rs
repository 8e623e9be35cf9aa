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
//! part of the pass that moves the parameters. What the factor is stands in one text, [`Deciding`], for the host and for
//! devices that decide by themselves.

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
        Deciding::of(Some(self), of.elements, 1.0, f64::INFINITY).factor(of.norm)
    }
}

fields! {
    /// What the factor of all gradients follows from, beside their norm.
    pub struct Deciding {
        /// The reciprocal of the scale of the loss, by which all gradients are multiplied in any case.
        unscale,
        /// What the norm is divided by before it is compared: the root of the number of elements for a root mean
        /// square, else 1.
        root,
        /// The size up to which the clip does nothing.
        idle,
        /// The size that a larger one becomes.
        limit,
        /// The largest factor.
        largest,
        /// 1 if a step whose norm is infinite or NaN is left out, else 0.
        skips,
    }
}

impl Deciding<f64> {
    /// The numbers of a clip of so many elements.
    pub fn of(clip: Option<JointClip>, elements: u64, unscale: f64, largest: f64) -> Self {
        // Without elements there is no mean; whatever is divided by infinity is 0.
        let mean = if elements == 0 { f64::INFINITY } else { (elements as f64).sqrt() };
        let (root, idle, limit) = match clip {
            None => (1.0, f64::INFINITY, f64::INFINITY),
            Some(JointClip::Norm(limit)) => (1.0, limit.get(), limit.get()),
            Some(JointClip::Rms(limit)) => (mean, limit.get(), limit.get()),
            Some(JointClip::NormalizeNorm(limit)) => (1.0, 0.0, limit.get()),
            Some(JointClip::NormalizeRms(limit)) => (mean, 0.0, limit.get()),
        };
        Self { unscale, root, idle, limit, largest, skips: 0.0 }
    }
}

impl<F: Real> Deciding<F> {
    /// What gradients of a norm are multiplied with: the same text on the host and on a device that decides by itself.
    ///
    /// A norm at the lower end of a format would be made the limit by a factor beyond the upper end of that of the
    /// arithmetic, which would make NaN of zeros: so there is a largest one. NaN itself stays.
    pub fn factor(&self, norm: F) -> F {
        let one = F::constant(1.0);
        let size = norm / self.root;
        // A NaN is neither above nor below: it is handed on.
        let above = size - self.idle;
        let clip = F::select(-above, one, F::select(above, self.limit / size, one + above));
        (self.unscale * clip).at_most(self.largest)
    }

    /// 1 if a step with this norm, which still has the scale of the loss, is taken; 0 if it is left out.
    pub fn takes(&self, whole: F) -> F {
        let (zero, one) = (F::constant(0.0), F::constant(1.0));
        // Infinity alone is above the largest number, and NaN neither above nor below.
        let is_finite = F::select(one + (F::constant(f64::MAX) - whole), one, zero);
        F::select(self.skips, is_finite, one)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What [`JointClip`] says in its cases, one after the other.
    fn by_cases(clip: JointClip, of: GradientNorm) -> f64 {
        let (limit, size, is_cap) = match clip {
            JointClip::Norm(limit) => (limit, of.norm, true),
            JointClip::Rms(limit) => (limit, of.rms(), true),
            JointClip::NormalizeNorm(limit) => (limit, of.norm, false),
            JointClip::NormalizeRms(limit) => (limit, of.rms(), false),
        };
        let is_idle = if is_cap { size <= limit.get() } else { size == 0.0 };
        if is_idle { 1.0 } else { limit.get() / size }
    }

    #[test]
    fn the_factor_without_branches_is_that_of_the_cases() {
        let clips = [JointClip::Norm, JointClip::Rms, JointClip::NormalizeNorm, JointClip::NormalizeRms];
        let next = |value: f64| f64::from_bits(value.to_bits() + 1);
        let sizes = [0.0, f64::MIN_POSITIVE, 1e-310, 0.3, 1.0, 7.7, 1e300, f64::MAX, f64::INFINITY, f64::NAN];
        for clip in clips {
            for limit in [1e-30, 0.1, 1.0, 7.7, 1e30] {
                let sizes = sizes.into_iter().chain([limit, next(limit), limit * 3.0]);
                for (norm, elements) in sizes.flat_map(|norm| [0, 1, 9, 10].map(|count| (norm, count))) {
                    let (clip, of) =
                        (clip(Limit::new(limit).expect("in range")), GradientNorm { norm, elements });
                    if elements == 0 && !norm.is_finite() {
                        continue; // no gradient has such a norm
                    }
                    let (ours, expected) = (clip.factor(of), by_cases(clip, of));
                    let same = ours.to_bits() == expected.to_bits() || ours.is_nan() && expected.is_nan();
                    assert!(same, "{clip:?} of {of:?}: {ours}, not {expected}");
                }
            }
        }
    }

    #[test]
    fn no_factor_is_above_the_largest_and_the_scale_of_a_loss_is_taken_out() {
        let clip = JointClip::NormalizeNorm(Limit::new(1.0).expect("in range"));
        let by = |unscale, largest| Deciding::of(Some(clip), 4, unscale, largest);
        assert_eq!(by(1.0, 100.0).factor(1e-3), 100.0);
        assert_eq!(by(0.25, 100.0).factor(0.5), 0.5);
        assert!(by(1.0, 100.0).factor(f64::NAN).is_nan());
        assert_eq!(Deciding::of(None, 4, 0.125, 100.0).factor(1e9), 0.125);
    }

    #[test]
    fn a_step_is_left_out_by_what_is_not_finite_and_only_where_that_is_asked_for() {
        let takes_all = Deciding::of(None, 4, 1.0, 1.0);
        let skips = Deciding { skips: 1.0, ..takes_all };
        for norm in [0.0, 1e-320, 1.0, f64::MAX] {
            assert_eq!((takes_all.takes(norm), skips.takes(norm)), (1.0, 1.0), "{norm}");
        }
        for norm in [f64::INFINITY, f64::NAN, -f64::NAN] {
            assert_eq!((takes_all.takes(norm), skips.takes(norm)), (1.0, 0.0), "{norm}");
        }
    }
}

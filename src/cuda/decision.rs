//! What is decided about all gradients of a step: their joint norm, and the factor that a clip makes of it.
//!
//! It is a statistic over all tensors, in `f64`, of a chain that does nothing else. So it has no text of its own: the sums
//! are those of every statistic, and the factor is [that of the host](Deciding::factor), written down.

use super::Kernel;
use crate::clip::Deciding;
use crate::device::{Decided, In, TINY, UNITS};
use crate::dtype::{Format, StorageDtype, WidensTo};
use crate::error::Result;
use crate::fields;
use crate::real::Real;
use crate::store::Nearest;
use crate::transform::{FieldSet, Fold, Input, Nothing, Stage, Step};
use typenum::{B0, B1};

/// Decides, by sums of squares in the first so many [units](UNITS).
#[derive(Clone, Copy, Debug)]
struct Decides<const PASSES: usize>;

fields! {
    /// What is decided.
    struct Found {
        /// What gradients are multiplied with.
        factor,
        /// The norm without the scale of the loss.
        norm,
        /// The norm as it is.
        whole,
        /// Whether the step is taken.
        takes,
    }
}

impl<const PASSES: usize> Stage for Decides<PASSES> {
    type Constants = Deciding;
    type State = Nothing;
    type Tensor = Found;
    type Own = Nothing;
    type Group = Nothing;
    type Keeps = B0;
    type Joint = B1;
    const PASSES: usize = PASSES;

    fn joins(_: usize) -> bool {
        true
    }

    fn constants(&self, _: &Step, _: &mut Nothing, _: &Nothing) -> Deciding<f64> {
        Deciding::of(None, 0, 1.0, f64::INFINITY)
    }

    fn fold(_: usize) -> Fold {
        Fold::Sum
    }

    fn measure<F: Real>(pass: usize, _: &Deciding<F>, input: Input<F>, _: &Found<F>, _: &mut Nothing) -> F {
        let number = input.gradient * F::constant(UNITS[pass]);
        number * number
    }

    fn finish<F: Real>(pass: usize, at: &Deciding<F>, found: F, _: F, tensor: &mut Found<F>) {
        let found = found.sqrt() / F::constant(UNITS[pass]);
        let known = tensor.whole;
        tensor.whole = match pass {
            0 => found,
            // Infinity alone is above the largest number.
            1 => F::select(known - F::constant(f64::MAX), found, known),
            _ => F::select(F::constant(TINY) - known, found, known),
        };
        tensor.norm = tensor.whole * at.unscale;
        tensor.factor = at.factor(tensor.norm);
        tensor.takes = at.takes(tensor.whole);
    }

    fn update<F: Real>(_: &Deciding<F>, input: Input<F>, _: &Found<F>, _: &mut Nothing) -> Input<F> {
        input
    }
}

const _: () = assert!(Decided::NUMBERS == Found::COUNT);

impl Kernel {
    /// Finds the joint norm of gradients in the format `G`, and decides what they are multiplied with. Its constants are
    /// [`Deciding`]; what it finds lies in the numbers of the first tensor. See
    /// [`run_decided`](crate::device::Device::run_decided).
    ///
    /// ```
    /// use gradus::cuda::Kernel;
    /// use half::bf16;
    ///
    /// let kernel = Kernel::decision::<bf16>("by_bf16")?;
    /// let functions: Vec<_> = kernel.summed(&[5000, 3]).into_iter().map(|launch| launch.function).collect();
    /// assert_eq!(functions, ["by_bf16_measure_0", "by_bf16_fold_0", "by_bf16_decide_0"]);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// None yet: it is a chain of one stage, which every kernel can be.
    pub fn decision<G: StorageDtype + WidensTo<f64>>(name: &str) -> Result<Self> {
        let mut kernel = match G::FORMAT {
            Format::F64 => Self::of::<_, In<f64, G, f64, Nearest>>(name, &Decides::<3>)?,
            _ => Self::of::<_, In<f64, G, f64, Nearest>>(name, &Decides::<1>)?,
        };
        kernel.decides = true;
        Ok(kernel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    /// Multiplies gradients by twice the factor.
    #[derive(Clone, Copy, Debug)]
    struct Twice;

    fields! {
        struct Double { double }
    }

    impl Stage for Twice {
        type Constants = Double;
        type State = Nothing;
        type Tensor = Nothing;
        type Own = Nothing;
        type Group = Nothing;
        type Keeps = B0;
        type Joint = B1;

        fn constants(&self, at: &Step, _: &mut Nothing, _: &Nothing) -> Double<f64> {
            Double { double: 2.0 * at.gradient_factor }
        }

        fn update<F: Real>(at: &Double<F>, input: Input<F>, _: &Nothing, _: &mut Nothing) -> Input<F> {
            input.with_gradient(at.double * input.gradient)
        }
    }

    #[test]
    fn what_follows_from_the_factor_in_another_way_is_refused() {
        let refused = Kernel::of::<_, In<f32, f32, f32, Nearest>>("twice", &Twice);
        assert!(matches!(refused, Err(Error::Combination { .. })), "{refused:?}");
    }
}

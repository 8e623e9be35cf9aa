//! The squares of gradients, summed by tensor: what a clip by the joint norm asks of a device.
//!
//! It is a statistic like any other, in `f64`, of a chain that does nothing else. So it has no text of its own.

use super::step::{Launch, Taken};
use super::{Kernel, Statistic};
use crate::device::{In, MOST_STATISTICS, Statistics};
use crate::dtype::{StorageDtype, WidensTo};
use crate::error::Result;
use crate::fields;
use crate::real::Real;
use crate::store::Nearest;
use crate::transform::{Fold, Input, Nothing, Of, Stage, Step};
use typenum::B0;

/// Sums squares, and changes nothing.
#[derive(Clone, Copy, Debug)]
struct SquareSums;

fields! {
    /// What gradients are multiplied with first.
    struct Unit { unit }
}

fields! {
    /// The sum over a tensor.
    struct Sum { sum }
}

impl Stage for SquareSums {
    type Constants = Unit;
    type State = Nothing;
    type Tensor = Sum;
    type Own = Nothing;
    type Group = Nothing;
    type Keeps = B0;
    type Joint = B0;
    const PASSES: usize = 1;

    fn constants(&self, _: &Step, _: &mut Nothing, _: &Nothing) -> Unit<f64> {
        Unit { unit: 1.0 }
    }

    fn fold(_: usize) -> Fold {
        Fold::Sum
    }

    fn measure<F: Real>(_: usize, at: &Unit<F>, input: Input<F>, _: &Sum<F>, _: &mut Nothing) -> F {
        let number = input.gradient * at.unit;
        number * number
    }

    fn finish<F: Real>(_: usize, _: &Unit<F>, found: F, _: F, tensor: &mut Sum<F>) {
        tensor.sum = found;
    }

    fn update<F: Real>(_: &Of<Unit, F>, input: Input<F>, _: &Sum<F>, _: &mut Nothing) -> Input<F> {
        input
    }
}

impl Kernel {
    /// Sums the squares of gradients in the format `G`, in `f64`, in the order of every statistic. Its one constant
    /// is what gradients are multiplied with first. See [`square_sums`](crate::device::Device::square_sums).
    ///
    /// ```
    /// use gradus::cuda::Kernel;
    /// use half::bf16;
    ///
    /// let kernel = Kernel::square_sums::<bf16>("of_bf16")?;
    /// let functions: Vec<_> = kernel.summed(&[5000]).into_iter().map(|launch| launch.function).collect();
    /// assert_eq!(functions, ["of_bf16_measure_0", "of_bf16_fold_0", "of_bf16_finish_0"]);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// None yet: it is a chain of one stage, which every kernel can be.
    pub fn square_sums<G: StorageDtype + WidensTo<f64>>(name: &str) -> Result<Self> {
        Self::of::<_, In<f64, G, f64, Nearest>>(name, &SquareSums)
    }

    /// All statistics of a kernel that sums squares.
    pub(super) fn all_sums(&self) -> Statistics {
        let digits = |is_counted: fn(&Statistic) -> bool| {
            let counted = self.statistics().iter().filter(|statistic| is_counted(statistic));
            counted.map(|statistic| 1 << statistic.pass).sum()
        };
        Statistics {
            taken: digits(|_| true),
            joint: digits(|statistic| statistic.is_joint),
            folds: [Fold::Sum; MOST_STATISTICS],
            parts: [0; MOST_STATISTICS],
        }
    }

    /// The launches that make the sum of the squares the one number of each tensor that has elements, or
    /// [decide](Self::decision) by the sum over all.
    pub fn summed(&self, lengths: &[usize]) -> Vec<Launch> {
        let statistics = self.all_sums();
        let taken = |&length| Taken { length, statistics, line_blocks: [0, 0], is_elsewhere: false };
        let taken: Vec<_> = lengths.iter().map(taken).collect();
        let launches = self.statistics().iter().flat_map(|statistic| self.measured(*statistic, &taken));
        // All of it comes before what is decided by it.
        launches.map(|launch| Launch { wave: 0, ..launch }).collect()
    }
}

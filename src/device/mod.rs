//! What an optimizer needs of the machine that it runs on.
//!
//! A [`Device`] owns memory and runs passes over it. A [`Work`] is what one tensor brings to a
//! step: its views, its constants and its random bits. The device decides how to cut the works of a
//! step into pieces; results do not depend on it.

mod decision;
mod formats;
mod lines;
mod makes;
mod narrow;
mod rows;
mod sets;

pub use decision::{Decided, Decision, TINY, UNITS};
pub use formats::{Beside, Formats, In, Number};
pub use lines::{Axis, Lines, Parts};
pub use makes::MakesTensors;
pub use narrow::NarrowBuffer;
pub use rows::{Chosen, Entry, Rows, SparseRows};
pub(crate) use sets::fetch_names;
pub use sets::{GradientSet, MaybeTensor, OwnedTensor, ParameterSet, Slot, Tensor, TensorMut};

use crate::dtype::StorageDtype;
use crate::error::Result;
use crate::random::Noise;
use crate::store::Store;
use crate::transform::{AxesOf, ElementsOf, Fold, MatrixNeeds, MatrixPlan, MatrixStage, Of, Stage, Step};
use core::fmt::Debug;

/// Elements in a leaf of the reduction tree; pieces of a tensor begin at multiples of it.
///
/// Within a leaf, lane *i* of [`LANES`] adds elements *i*, *i* + 256, ... in order; lanes fold by
/// halves; leaves fold pairwise in order. Sums are carried in `f64`. Every device adds in this
/// order, so that all get the same bits.
pub const LEAF: usize = 4096;

/// Lanes in a leaf of the reduction tree.
pub const LANES: usize = 256;

/// A machine with memory of its own.
pub trait Device: Clone + Debug + Send + Sync + 'static {
    /// Whether a joint norm is waited for if the host needs it, so that the device had better
    /// [decide](Self::run_decided) by itself what follows from it.
    const DECIDES: bool = false;

    /// Owned memory.
    type Buffer<T: StorageDtype>: Debug + Send + Sync;
    /// Borrowed memory to read.
    type View<'a, T: StorageDtype>: Send + Sync;
    /// Borrowed memory to write.
    type ViewMut<'a, T: StorageDtype>: Send + Sync;
    /// What matrix rules work in, which all tensors of an optimizer share.
    type Workspace: Debug + Send + Sync;
    /// What the device has [decided](Decision), on its way to the host.
    type Answer: Debug + Send + Sync;

    /// What the matrix rules of an optimizer work in.
    ///
    /// # Errors
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory), or that the device has no linear algebra.
    fn workspace(&self, needs: &MatrixNeeds) -> Result<Self::Workspace>;

    /// The bytes that [`workspace`](Self::workspace) will take.
    fn workspace_bytes(&self, needs: &MatrixNeeds) -> u64;

    /// The same view for a shorter time, which the compiler cannot see of an associated type.
    fn shorter<'long: 'short, 'short, T: StorageDtype>(view: Self::View<'long, T>) -> Self::View<'short, T>;

    /// The same view for a shorter time, which the compiler cannot see of an associated type.
    fn shorter_mut<'long: 'short, 'short, T: StorageDtype>(
        view: Self::ViewMut<'long, T>,
    ) -> Self::ViewMut<'short, T>;

    /// What is borrowed to be written, to be read.
    fn as_view<'short, T: StorageDtype>(view: &'short Self::ViewMut<'_, T>) -> Self::View<'short, T>;

    /// How many elements a view has.
    fn length<T: StorageDtype>(view: &Self::View<'_, T>) -> usize;

    /// `length` zeros, or [`None`] if there is no memory for them.
    fn zeros<T: StorageDtype>(&self, length: usize) -> Option<Self::Buffer<T>>;

    /// Lends a buffer to be read.
    fn view<T: StorageDtype>(buffer: &Self::Buffer<T>) -> Self::View<'_, T>;

    /// Lends a buffer.
    fn view_mut<T: StorageDtype>(buffer: &mut Self::Buffer<T>) -> Self::ViewMut<'_, T>;

    /// A copy of a buffer in the host's memory.
    ///
    /// # Errors
    /// Whatever the device reports.
    fn read<T: StorageDtype>(&self, buffer: &Self::Buffer<T>) -> Result<Vec<T>>;

    /// Fills a buffer from the host's memory.
    ///
    /// # Errors
    /// Whatever the device reports.
    ///
    /// # Panics
    /// If the lengths differ.
    fn write<T: StorageDtype>(&self, buffer: &mut Self::Buffer<T>, values: &[T]) -> Result<()>;

    /// The sum of the squares of each view's elements, multiplied by `unit` before they are squared;
    /// 0 where there is none. Folded in the tree of [`LEAF`], in `f64`.
    ///
    /// # Errors
    /// Whatever the device reports.
    fn square_sums<T: StorageDtype>(
        &self,
        views: &[Option<Self::View<'_, T>>],
        unit: f64,
        sums: &mut [f64],
    ) -> Result<()>;

    /// The first element that is infinite or NaN.
    ///
    /// # Errors
    /// Whatever the device reports.
    fn first_nonfinite<T: StorageDtype>(&self, view: &Self::View<'_, T>) -> Result<Option<usize>>;

    /// Runs the statistics and the update of every work.
    ///
    /// # Errors
    /// Whatever the device reports.
    fn run<C: Stage, K: Formats>(&self, works: &mut [Work<'_, Self, C, K>]) -> Result<()>;

    /// The same for tensors whose works have not been made yet; `works` is an empty list with room for them.
    ///
    /// # Errors
    /// Whatever the device reports.
    fn run_brought<'a, C: Stage, K: Formats>(
        &self,
        works: &mut Vec<Work<'a, Self, C, K>>,
        brought: impl Bringing<'a, Self, C, K>,
    ) -> Result<()> {
        brought.for_each(|work| works.push(work));
        self.run(works)
    }

    /// Finds the joint norm of the gradients of all works and what it [decides](Decision), then runs the works with
    /// gradients multiplied by that instead of [`Step::gradient_factor`]. Their bits are those of the way over
    /// [`square_sums`](Self::square_sums).
    ///
    /// # Errors
    /// Whatever the device reports.
    ///
    /// # Panics
    /// Unless the device [decides](Self::DECIDES) by itself.
    fn run_decided<C: Stage, K: Formats>(
        &self,
        works: &mut [Work<'_, Self, C, K>],
        decision: Decision<'_, Self>,
    ) -> Result<()> {
        let _ = (works, decision);
        unreachable!("the host decides for this device")
    }

    /// Room for an answer.
    ///
    /// # Errors
    /// Whatever the device reports.
    ///
    /// # Panics
    /// Unless the device [decides](Self::DECIDES) by itself.
    fn answer(&self) -> Result<Self::Answer> {
        unreachable!("the host decides for this device")
    }

    /// What was decided at the last step that an answer was asked of. Waits until the device has decided, not until it
    /// has taken the step.
    ///
    /// # Errors
    /// Whatever the device reports.
    ///
    /// # Panics
    /// Unless the device [decides](Self::DECIDES) by itself.
    fn answered(&self, answer: &Self::Answer) -> Result<Decided> {
        let _ = answer;
        unreachable!("the host decides for this device")
    }

    /// Writes the point for evaluation, rounded to nearest.
    ///
    /// # Errors
    /// Whatever the device reports.
    fn evaluate<C: Stage, K: Formats>(&self, tensor: Evaluated<'_, Self, C, K>) -> Result<()>;

    /// Copies elements from one place on the device to another.
    ///
    /// # Errors
    /// Whatever the device reports.
    ///
    /// # Panics
    /// If the lengths differ.
    fn copy<T: StorageDtype>(&self, from: Self::View<'_, T>, into: Self::ViewMut<'_, T>) -> Result<()>;
}

/// What one tensor brings to a step.
#[allow(missing_debug_implementations)] // borrowed memory of any device
pub struct Work<'a, D: Device, C: Stage, K: Formats> {
    /// The chain, for a device that writes it down; [`None`] where only its compiled loops are known.
    pub chain: Option<&'a C>,
    /// The parameter; [`None`] if the gradient only enters the averages.
    pub parameter: Option<D::ViewMut<'a, K::Parameter>>,
    /// The gradient.
    pub gradient: D::View<'a, K::Gradient>,
    /// The state, a number per element and field.
    pub state: Of<ElementsOf<C>, D::ViewMut<'a, K::State>>,
    /// The state by axis, a number per line and field.
    pub axes: Of<AxesOf<C>, D::ViewMut<'a, Number<K>>>,
    /// Room for what becomes of it: [`Lines::room`] numbers per field.
    pub room: Of<AxesOf<C>, D::ViewMut<'a, Number<K>>>,
    /// The lines of the tensor.
    pub lines: &'a Lines,
    /// What the store carries, a number per element and field.
    pub carry: Of<<K::Store as Store>::Carry, D::ViewMut<'a, Beside<K>>>,
    /// The numbers of the tensor, one per field.
    pub tensor: Of<C::Tensor, D::ViewMut<'a, Number<K>>>,
    /// Room for the leaves of a sum: one per [`LEAF`] elements if the rule has statistics.
    pub leaves: D::ViewMut<'a, f64>,
    /// The constants of the step, which tensors share.
    pub constants: &'a Of<C::Constants, f64>,
    /// The statistics that are taken at this step.
    pub statistics: Statistics,
    /// The random bits for the parameter (stream 0) and the fields of the state (1, 2, ...).
    pub noise: Noise,
    /// What runs between the parts of the chain, if it has several.
    pub matrix: Option<MatrixWork<'a, D, K>>,
}

/// The tensors of a step, of which each brings its [`Work`] when it is asked to: all into one list, or each where it
/// runs.
pub trait Bringing<'a, D: Device, C: Stage, K: Formats>: Sized + Send {
    /// How many tensors there are, with those that have no gradient.
    fn count(&self) -> usize;
    /// The first `count` of them, and the others.
    fn split_at(self, count: usize) -> (Self, Self);
    /// How many elements each has that has a gradient.
    fn lengths(&self) -> impl Iterator<Item = usize>;
    /// Whether none has to wait for others, or for anything but its own update: they take no statistics and are not
    /// worked on as matrices.
    fn stand_alone(&self) -> bool;
    /// Makes the works of those that have a gradient, one after the other.
    fn for_each(self, run: impl FnMut(Work<'a, D, C, K>));
}

/// What one tensor brings to a step of a [matrix rule](crate::transform::MatrixRule).
#[allow(missing_debug_implementations)] // borrowed memory of any device
pub struct MatrixWork<'a, D: Device, K: Formats> {
    /// The rule.
    pub stage: MatrixStage<'a>,
    /// Where in training the step is.
    pub at: Step,
    /// What the rule keeps and needs.
    pub plan: &'a MatrixPlan,
    /// Whether this gradient only builds what later ones need: only the first part of the chain runs.
    pub only_builds: bool,
    /// The update between the parts of the chain, a number per element.
    pub update: D::ViewMut<'a, Number<K>>,
    /// The gradient between the parts of the chain, a number per element.
    pub gradient: D::ViewMut<'a, Number<K>>,
    /// What is kept, as the plan lists it.
    pub state: D::ViewMut<'a, Number<K>>,
    /// What is kept in 16-bit formats, as the plan lists it.
    pub narrow: &'a mut [NarrowBuffer<D>],
    /// How many tensors need more [room](MatrixNeeds::ranks).
    pub rank: usize,
    /// Where it works.
    pub workspace: &'a D::Workspace,
}

/// What one tensor brings to an evaluation: see [`Stage::evaluation`].
#[allow(missing_debug_implementations)] // borrowed memory of any device
pub struct Evaluated<'a, D: Device, C: Stage, K: Formats> {
    /// The chain, for a device that writes it down.
    pub chain: &'a C,
    /// The parameter.
    pub parameter: D::View<'a, K::Parameter>,
    /// What the store carries, a number per element and field.
    pub carry: Of<<K::Store as Store>::Carry, D::View<'a, Beside<K>>>,
    /// The state that lies in a number per element and field. That by axis plays no part.
    pub state: Of<ElementsOf<C>, D::View<'a, K::State>>,
    /// The constants.
    pub constants: Of<C::Constants, f64>,
    /// Where the point is written.
    pub into: D::ViewMut<'a, K::Parameter>,
}

/// The most statistics that a chain may take.
pub const MOST_STATISTICS: usize = 16;

/// Which statistics are taken at a step, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// Those that are taken, a binary digit for each.
    pub taken: u64,
    /// Those that run over all tensors, a binary digit for each.
    pub joint: u64,
    /// What is made of the values of each.
    pub folds: [Fold; MOST_STATISTICS],
    /// The part of the chain in which each is taken.
    pub parts: [u8; MOST_STATISTICS],
}

impl Statistics {
    /// Those of a chain at a step.
    pub fn of<C: Stage>(chain: &C, at: &Step) -> Self {
        const { assert!(C::PASSES <= MOST_STATISTICS, "a chain takes too many statistics") };
        let (mut joint, mut folds) = (0, [Fold::Sum; MOST_STATISTICS]);
        let mut parts = [0; MOST_STATISTICS];
        for (pass, fold) in folds.iter_mut().enumerate().take(chain.passes_of()) {
            joint |= u64::from(chain.joins_of(pass)) << pass;
            *fold = chain.fold_of(pass);
            parts[pass] = chain.part_of(pass) as u8;
        }
        Self { taken: chain.measured_passes(at), joint, folds, parts }
    }

    /// Whether statistic `pass` is taken.
    pub fn takes(&self, pass: usize) -> bool {
        self.taken >> pass & 1 == 1
    }
}

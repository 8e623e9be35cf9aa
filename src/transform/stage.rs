//! [`Transform`] and [`Stage`]: the arithmetic of a rule.

use super::{Description, FieldSet, Flag, Input, Kernel, MatrixStage, Nothing, Of, Step, field_names};
use crate::real::Real;
use core::any::TypeId;
use core::fmt::Debug;
use typenum::{B0, Bit};

/// An elementwise step of a rule: from a running update and a memory to the next update.
///
/// The text of [`update`](Self::update) is the only place where the arithmetic stands. It runs in
/// `f32` or `f64`, is free of branches, and needs no knowledge of formats, rounding or devices.
/// Mark it `#[inline(always)]`, so that the loop around it becomes vector code.
///
/// ```
/// use gradus::fields;
/// use gradus::real::{Real, interpolate};
/// use gradus::transform::{Input, Nothing, Step, Transform};
/// use gradus::typenum::B1;
///
/// /// An exponential average of the updates.
/// #[derive(Clone, Copy, Debug)]
/// struct Average {
///     weight_of_newest: f64,
/// }
///
/// fields! { struct Mean { mean } }
/// fields! { struct Weight { newest } }
///
/// impl Transform for Average {
///     type Constants = Weight;
///     type State = Mean;
///     type Keeps = B1;
///
///     fn constants(&self, _at: &Step) -> Weight<f64> {
///         Weight { newest: self.weight_of_newest }
///     }
///
///     #[inline(always)]
///     fn update<F: Real>(at: &Weight<F>, input: Input<F>, state: &mut Mean<F>) -> F {
///         state.mean = interpolate(state.mean, input.update, at.newest);
///         state.mean
///     }
/// }
/// ```
pub trait Transform: Clone + Debug + Send + Sync + 'static {
    /// Numbers that are the same for all elements of a tensor at one step.
    type Constants: FieldSet;
    /// Numbers that are remembered for each element; 0 before the first gradient. Within
    /// [`ByAxis`](super::ByAxis), fewer numbers from which an element reads its own.
    type State: FieldSet;
    /// [`B1`](typenum::B1) if an average of gradients is kept, so that a gradient without a step
    /// is not lost.
    type Keeps: Flag;

    /// See [`Stage::begins_once`].
    fn begins_once(&self) -> bool {
        false
    }

    /// Whether the next update can follow from the parameter. See [`Stage::sees_parameter`].
    fn sees_parameter(at: &Of<Self::Constants, f64>) -> bool {
        let _ = at;
        true
    }

    /// The constants of a step, on the host in `f64`; rounded once to the arithmetic format.
    fn constants(&self, at: &Step) -> Of<Self::Constants, f64>;

    /// The next update of one element.
    fn update<F: Real>(at: &Of<Self::Constants, F>, input: Input<F>, state: &mut Of<Self::State, F>) -> F;
}

/// The constants of the stage `C`, in `F`.
pub type Constants<C, F> = Of<<C as Stage>::Constants, F>;

/// The state of the stage `C` that is kept for each element.
pub type ElementsOf<C> = <<C as Stage>::State as FieldSet>::Elements;

/// The state of the stage `C` that is kept for the lines of each axis.
pub type AxesOf<C> = <<C as Stage>::State as FieldSet>::Axes;

/// What a statistic makes of the values of all elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fold {
    /// Their sum.
    Sum,
    /// Their Euclidean norm. Values are squared, and squares summed, in `f64`: for a rule that runs
    /// in `f32` no square overflows or vanishes.
    Norm,
    /// Their mean. The sum is divided in `f64`: for a rule that runs in `f32` it does not overflow.
    Mean,
    /// The largest of them. In a [joint](Stage::joins) statistic all tensors that have a gradient
    /// take part as soon as one of them needs it, so that what they found earlier counts.
    Max,
}

/// A [`Transform`] that may also measure whole tensors and remember numbers per tensor and group.
///
/// | Memory | one per | lives | changes |
/// |---|---|---|---|
/// | [`State`](Self::State) | element, or [line of an axis](super::ByAxis) | on the device | in [`update`](Self::update) and [`after`](Self::after) |
/// | [`Tensor`](Self::Tensor) | tensor | on the device | when a pass of statistics finishes |
/// | [`Own`](Self::Own) | tensor | on the host | with each gradient of the tensor |
/// | [`Group`](Self::Group) | group | on the host | with each whole step |
///
/// A **statistic** is a map over the elements, one deterministic [fold](Fold), and a finish that
/// turns it into numbers of the tensor. It runs as a pass of its own before the update, on the values
/// that the update will see, and writes nothing else. A statistic that is **joint** runs over all
/// tensors of the optimizer, in their order.
pub trait Stage: Clone + Debug + Send + Sync + 'static {
    /// Numbers that are the same for all elements of a tensor at one step.
    type Constants: FieldSet;
    /// Numbers that are remembered for each element; 0 before the first gradient. Within
    /// [`ByAxis`](super::ByAxis), fewer numbers from which an element reads its own.
    type State: FieldSet;
    /// Numbers that statistics leave for each tensor; 0 before the first gradient.
    type Tensor: FieldSet;
    /// Numbers that the host advances with each gradient of a tensor; 0 at first.
    type Own: FieldSet;
    /// Numbers that the host advances with each whole step of a group; 0 at first.
    type Group: FieldSet;
    /// [`B1`](typenum::B1) if an average of gradients is kept.
    type Keeps: Flag;
    /// [`B1`](typenum::B1) if all gradients must exist before any parameter moves.
    type Joint: Flag;
    /// How many statistics must be taken, one after the other, before the update.
    const PASSES: usize = 0;
    /// Whether [`after`](Self::after) does anything.
    const LOOKS_BACK: bool = false;
    /// Whether it runs on [tiles](crate::real::Tile) of numbers, since calling it costs something.
    const BY_TILE: bool = false;

    /// Whether the stage must know which element is the tensor's
    /// [first](Input::first_element).
    const MARKS_FIRST: bool = false;

    /// How often matrix work interrupts the stage: it runs in one part more.
    const CUTS: usize = 0;

    /// Whether statistic `pass` sums over all tensors.
    fn joins(pass: usize) -> bool {
        let _ = pass;
        false
    }

    /// The names of the state's fields, for a stage that only knows itself at run time.
    fn names_of_state(&self) -> Vec<String> {
        field_names::<Self::State>()
    }

    /// The names of its constants, for a stage that only knows itself at run time.
    fn names_of_constants(&self) -> Vec<String> {
        field_names::<Self::Constants>()
    }

    /// The names of what it is made of and of all that it remembers. Stages that are made of others put
    /// theirs together; names that occur twice are [numbered](Description::numbered) in the end.
    fn description(&self) -> Description {
        Description::of::<Self>()
    }

    /// The types of the stages that it only knows at run time, in their order. With its own type they say which
    /// arithmetic it is.
    #[doc(hidden)]
    fn each_stage_at_run_time(&self, note: &mut dyn FnMut(TypeId)) {
        let _ = note;
    }

    /// [`Keeps`](Self::Keeps), for a stage that only knows itself at run time.
    fn keeps(&self) -> bool {
        <Self::Keeps as Bit>::BOOL
    }

    /// [`Joint`](Self::Joint), for a stage that only knows itself at run time.
    fn is_joint(&self) -> bool {
        <Self::Joint as Bit>::BOOL
    }

    /// Whether its state begins with a tensor's first gradient, so that a [row](crate::optimizer::RowOptimizer)
    /// whose own first one comes later would not have begun.
    fn begins_once(&self) -> bool {
        false
    }

    /// [`SecondPoint`](FieldSet::SecondPoint) of the state, for a stage that only knows itself at run time.
    fn has_second_point(&self) -> bool {
        <<Self::State as FieldSet>::SecondPoint as Bit>::BOOL
    }

    /// [`PASSES`](Self::PASSES), for a stage that only knows itself at run time.
    fn passes_of(&self) -> usize {
        Self::PASSES
    }

    /// [`joins`](Self::joins), for a stage that only knows itself at run time.
    fn joins_of(&self, pass: usize) -> bool {
        Self::joins(pass)
    }

    /// [`fold`](Self::fold), for a stage that only knows itself at run time.
    fn fold_of(&self, pass: usize) -> Fold {
        Self::fold(pass)
    }

    /// The rule that works between the parts, if there is one. `own` are the numbers of the tensor as
    /// [`constants`](Self::constants) has left them.
    fn matrix(&self, own: &Of<Self::Own, f64>) -> Option<MatrixStage<'_>> {
        let _ = own;
        None
    }

    /// [`CUTS`](Self::CUTS), for a stage that only knows itself at run time.
    fn cuts(&self) -> usize {
        Self::CUTS
    }

    /// The part in which statistic `pass` is taken.
    fn part_of(&self, pass: usize) -> usize {
        let _ = pass;
        0
    }

    /// The numbers among the constants of a chain [from data](super::DynamicChain), and its own loops if they are
    /// known.
    #[doc(hidden)]
    #[inline(always)]
    fn listed(constants: &Of<Self::Constants, f64>) -> Option<(&Kernel, &[f64])> {
        let _ = constants;
        None
    }

    /// Whether a gradient that arrives to move the parameter does so. If not, it only enters the
    /// averages: some rules spend their first gradient on finding out where they are.
    fn moves(&self, at: &Step) -> bool {
        let _ = at;
        true
    }

    /// Advances the numbers of a group to the whole step that begins.
    fn advance(&self, at: &Step, group: &mut Of<Self::Group, f64>) {
        let _ = (at, group);
    }

    /// The constants of a step. Each gradient of a tensor has its own, so this is where numbers that
    /// follow `at.own` advance. They follow from the arguments alone: it is called once for tensors
    /// that have the same.
    fn constants(
        &self,
        at: &Step,
        own: &mut Of<Self::Own, f64>,
        group: &Of<Self::Group, f64>,
    ) -> Of<Self::Constants, f64>;

    /// Whether this step needs its statistics taken; if not, the tensor's numbers stay.
    fn measures(&self, at: &Step) -> bool {
        let _ = at;
        true
    }

    /// Which statistics this step needs, a binary digit for each: all or none, except in a chain.
    fn measured_passes(&self, at: &Step) -> u64 {
        if self.measures(at) { (1 << Self::PASSES) - 1 } else { 0 }
    }

    /// Whether a statistic, or without one the update, can follow from the parameter: a statistic that none
    /// of the stages up to it lets see the parameter is taken without reading it.
    fn sees_parameter(pass: Option<usize>, at: &Of<Self::Constants, f64>) -> bool {
        let _ = (pass, at);
        true
    }

    /// What is made of the values of statistic `pass`: their sum, unless said otherwise.
    fn fold(_pass: usize) -> Fold {
        Fold::Sum
    }

    /// The value of one element that statistic `pass` takes. Changes to `state` are discarded.
    #[inline(always)]
    fn measure<F: Real>(
        pass: usize,
        at: &Of<Self::Constants, F>,
        input: Input<F>,
        tensor: &Of<Self::Tensor, F>,
        state: &mut Of<Self::State, F>,
    ) -> F {
        let _ = (pass, at, tensor, state);
        input.update
    }

    /// Turns what was [folded](Self::fold) over `count` elements into numbers of the tensor.
    #[inline(always)]
    fn finish<F: Real>(
        pass: usize,
        at: &Of<Self::Constants, F>,
        sum: F,
        count: F,
        tensor: &mut Of<Self::Tensor, F>,
    ) {
        let _ = (pass, at, sum, count, tensor);
    }

    /// What the next stage sees of one element: usually the input with another update.
    fn update<F: Real>(
        at: &Of<Self::Constants, F>,
        input: Input<F>,
        tensor: &Of<Self::Tensor, F>,
        state: &mut Of<Self::State, F>,
    ) -> Input<F>;

    /// One part of [`update`](Self::update); all parts, one after the other, are the whole of it.
    #[inline(always)]
    fn update_part<F: Real>(
        part: usize,
        at: &Of<Self::Constants, F>,
        input: Input<F>,
        tensor: &Of<Self::Tensor, F>,
        state: &mut Of<Self::State, F>,
    ) -> Input<F> {
        let _ = part;
        Self::update(at, input, tensor, state)
    }

    /// [`measure`](Self::measure) within a part: `input` is what the part begins with.
    #[inline(always)]
    fn measure_part<F: Real>(
        part: usize,
        pass: usize,
        at: &Of<Self::Constants, F>,
        input: Input<F>,
        tensor: &Of<Self::Tensor, F>,
        state: &mut Of<Self::State, F>,
    ) -> F {
        let _ = part;
        Self::measure(pass, at, input, tensor, state)
    }

    /// Takes note of the parameter as it was written: rounded to its format, plus what the store
    /// carries. Not called for a gradient that only enters the averages.
    #[inline(always)]
    fn after<F: Real>(
        at: &Of<Self::Constants, F>,
        parameter: F,
        tensor: &Of<Self::Tensor, F>,
        state: &mut Of<Self::State, F>,
    ) {
        let _ = (at, parameter, tensor, state);
    }

    /// The constants of [`evaluation`](Self::evaluation), between two steps. `own` are the numbers of
    /// the tensor as its last gradient left them.
    fn evaluation_constants(&self, own: &Of<Self::Own, f64>) -> Of<Self::Constants, f64> {
        let _ = own;
        Self::Constants::generate(|| 0.0)
    }

    /// The point at which a model is evaluated, where that is another one than the parameter:
    /// an average, or what a rule with two points keeps beside the one that gradients are taken at.
    ///
    /// State from which it follows is declared as [`SecondPoint`](crate::fields). A tensor that has not
    /// moved yet has no other point. In a chain the last stage with one decides.
    #[inline(always)]
    fn evaluation<F: Real>(at: &Of<Self::Constants, F>, parameter: F, state: &Of<Self::State, F>) -> F {
        let _ = (at, state);
        parameter
    }
}

impl<T: Transform> Stage for T {
    type Constants = T::Constants;
    type State = T::State;
    type Tensor = Nothing;
    type Own = Nothing;
    type Group = Nothing;
    type Keeps = T::Keeps;
    type Joint = B0;

    fn begins_once(&self) -> bool {
        Transform::begins_once(self)
    }

    fn sees_parameter(_pass: Option<usize>, at: &Of<T::Constants, f64>) -> bool {
        <T as Transform>::sees_parameter(at)
    }

    fn constants(&self, at: &Step, _own: &mut Nothing, _group: &Nothing) -> Of<T::Constants, f64> {
        Transform::constants(self, at)
    }

    #[inline(always)]
    fn update<F: Real>(
        at: &Of<T::Constants, F>,
        input: Input<F>,
        _tensor: &Nothing,
        state: &mut Of<T::State, F>,
    ) -> Input<F> {
        input.with_update(<T as Transform>::update(at, input, state))
    }
}

//! [`Erased`]: a stage behind a pointer.

use super::{ConstantList, Counts, Input, Stage, Step};
#[cfg(feature = "cuda")]
use crate::real::Traced;
use crate::real::{Real, Tile};
use crate::transform::{AxesOf, Description, ElementsOf, FieldSet, Fold, MatrixStage, Of, field_names};
use core::any::TypeId;
use core::fmt::Debug;

/// The state of one element as lists: what is kept by element, and what is read [by
/// axis](crate::transform::ByAxis).
#[derive(Debug)]
pub struct Slices<'a, F> {
    /// By element.
    pub elements: &'a mut [F],
    /// By axis.
    pub axes: &'a mut [F],
}

impl<F> Slices<'_, F> {
    /// What lies between two places.
    pub(super) fn between(&mut self, begin: Counts, end: Counts) -> Slices<'_, F> {
        Slices {
            elements: &mut self.elements[begin.state..end.state],
            axes: &mut self.axes[begin.axes..end.axes],
        }
    }
}

impl<F: Copy + Send + Sync> Slices<'_, F> {
    fn read<C: Stage>(&self) -> Of<C::State, F> {
        C::State::join(read::<ElementsOf<C>, F>(self.elements), read::<AxesOf<C>, F>(self.axes))
    }

    fn write<C: Stage>(&mut self, element: Of<C::State, F>) {
        let (elements, axes) = C::State::part(element);
        write::<ElementsOf<C>, F>(elements, self.elements);
        write::<AxesOf<C>, F>(axes, self.axes);
    }
}

/// The arithmetic of a stage in one kind of numbers.
pub trait Runs<F> {
    /// See [`Stage::update`].
    fn update(&self, at: &[F], input: Input<F>, tensor: &[F], state: Slices<'_, F>) -> Input<F>;
    /// See [`Stage::update_part`].
    fn update_part(
        &self,
        part: usize,
        at: &[F],
        input: Input<F>,
        tensor: &[F],
        state: Slices<'_, F>,
    ) -> Input<F>;
    /// See [`Stage::measure_part`].
    fn measure_part(
        &self,
        part: usize,
        pass: usize,
        at: &[F],
        input: Input<F>,
        tensor: &[F],
        state: Slices<'_, F>,
    ) -> F;
    /// See [`Stage::after`].
    fn after(&self, at: &[F], parameter: F, tensor: &[F], state: Slices<'_, F>);
    /// See [`Stage::evaluation`].
    fn evaluation(&self, at: &[F], parameter: F, state: Slices<'_, F>) -> F;
    /// See [`Stage::measure`].
    fn measure(&self, pass: usize, at: &[F], input: Input<F>, tensor: &[F], state: Slices<'_, F>) -> F;
    /// See [`Stage::finish`].
    fn finish(&self, pass: usize, at: &[F], sum: F, count: F, tensor: &mut [F]);
}

/// What writes down its arithmetic as CUDA C.
#[cfg(feature = "cuda")]
pub trait IsTraced: Runs<Traced<f32>> + Runs<Traced<f64>> {}
#[cfg(feature = "cuda")]
impl<C: Runs<Traced<f32>> + Runs<Traced<f64>>> IsTraced for C {}

/// Without the feature `cuda`, nothing needs to be written down.
#[cfg(not(feature = "cuda"))]
pub trait IsTraced {}
#[cfg(not(feature = "cuda"))]
impl<C> IsTraced for C {}

/// A stage behind a pointer. Every [`Stage`] is one.
pub trait Erased:
    Runs<f32> + Runs<f64> + Runs<Tile<f32>> + Runs<Tile<f64>> + IsTraced + Debug + Send + Sync + 'static
{
    /// Its type, and those of [stages in it](Stage::each_stage_at_run_time).
    fn each_type(&self, note: &mut dyn FnMut(TypeId));
    /// How many numbers it has.
    fn counts(&self) -> Counts;
    /// The names of its state's fields.
    fn state_fields(&self) -> Vec<String>;
    /// The names of its constants.
    fn constant_fields(&self) -> Vec<String>;
    /// See [`Stage::description`].
    fn description(&self) -> Description;
    /// How many statistics it takes.
    fn passes(&self) -> usize;
    /// See [`Stage::CUTS`].
    fn cuts(&self) -> usize;
    /// See [`Stage::matrix`].
    fn matrix(&self, own: &[f64]) -> Option<MatrixStage<'_>>;
    /// See [`Stage::part_of`].
    fn part_of(&self, pass: usize) -> usize;
    /// See [`Stage::Keeps`].
    fn keeps(&self) -> bool;
    /// See [`Stage::Joint`].
    fn is_joint(&self) -> bool;
    /// See [`Stage::begins_once`].
    fn begins_once(&self) -> bool;
    /// See [`Stage::joins`].
    fn joins(&self, pass: usize) -> bool;
    /// See [`Stage::fold`].
    fn fold(&self, pass: usize) -> Fold;
    /// See [`Stage::moves`].
    fn moves(&self, at: &Step) -> bool;
    /// See [`Stage::measured_passes`].
    fn measured_passes(&self, at: &Step) -> u64;
    /// See [`Stage::advance`].
    fn advance(&self, at: &Step, group: &mut [f64]);
    /// See [`Stage::has_second_point`].
    fn has_second_point(&self) -> bool;
    /// See [`Stage::evaluation_constants`].
    fn evaluation_constants(&self, own: &[f64], constants: &mut ConstantList<f64>);
    /// See [`Stage::constants`].
    fn constants(&self, at: &Step, own: &mut [f64], group: &[f64], constants: &mut ConstantList<f64>);
}

/// The numbers of a set, from a list that has as many.
pub(super) fn read<S: FieldSet, F: Copy + Send + Sync>(list: &[F]) -> Of<S, F> {
    let mut numbers = list.iter();
    S::generate(|| *numbers.next().expect("a number for each field"))
}

/// Puts the numbers of a set into a list that has as many.
pub(super) fn write<S: FieldSet, F: Copy + Send + Sync>(set: Of<S, F>, list: &mut [F]) {
    let mut places = list.iter_mut();
    S::map(set, |number| *places.next().expect("a place for each field") = number);
}

impl<C: Stage, F: Real> Runs<F> for C {
    fn update(&self, at: &[F], input: Input<F>, tensor: &[F], mut state: Slices<'_, F>) -> Input<F> {
        let mut element = state.read::<C>();
        let (at, tensor) = (read::<C::Constants, F>(at), read::<C::Tensor, F>(tensor));
        let output = <C as Stage>::update(&at, input, &tensor, &mut element);
        state.write::<C>(element);
        output
    }

    fn update_part(
        &self,
        part: usize,
        at: &[F],
        input: Input<F>,
        tensor: &[F],
        mut state: Slices<'_, F>,
    ) -> Input<F> {
        if C::CUTS == 0 {
            return <C as Runs<F>>::update(self, at, input, tensor, state);
        }
        let mut element = state.read::<C>();
        let (at, tensor) = (read::<C::Constants, F>(at), read::<C::Tensor, F>(tensor));
        let output = C::update_part(part, &at, input, &tensor, &mut element);
        state.write::<C>(element);
        output
    }

    fn measure_part(
        &self,
        part: usize,
        pass: usize,
        at: &[F],
        input: Input<F>,
        tensor: &[F],
        state: Slices<'_, F>,
    ) -> F {
        if C::CUTS == 0 {
            return <C as Runs<F>>::measure(self, pass, at, input, tensor, state);
        }
        let mut element = state.read::<C>();
        let (at, tensor) = (read::<C::Constants, F>(at), read::<C::Tensor, F>(tensor));
        C::measure_part(part, pass, &at, input, &tensor, &mut element)
    }

    fn after(&self, at: &[F], parameter: F, tensor: &[F], mut state: Slices<'_, F>) {
        let mut element = state.read::<C>();
        let (at, tensor) = (read::<C::Constants, F>(at), read::<C::Tensor, F>(tensor));
        C::after(&at, parameter, &tensor, &mut element);
        state.write::<C>(element);
    }

    fn evaluation(&self, at: &[F], parameter: F, state: Slices<'_, F>) -> F {
        C::evaluation(&read::<C::Constants, F>(at), parameter, &state.read::<C>())
    }

    fn measure(&self, pass: usize, at: &[F], input: Input<F>, tensor: &[F], state: Slices<'_, F>) -> F {
        let mut element = state.read::<C>();
        let (at, tensor) = (read::<C::Constants, F>(at), read::<C::Tensor, F>(tensor));
        C::measure(pass, &at, input, &tensor, &mut element)
    }

    fn finish(&self, pass: usize, at: &[F], sum: F, count: F, tensor: &mut [F]) {
        let mut numbers = read::<C::Tensor, F>(tensor);
        C::finish(pass, &read::<C::Constants, F>(at), sum, count, &mut numbers);
        write::<C::Tensor, F>(numbers, tensor);
    }
}

impl<C: Stage> Erased for C {
    fn each_type(&self, note: &mut dyn FnMut(TypeId)) {
        note(TypeId::of::<C>());
        self.each_stage_at_run_time(note);
    }

    fn counts(&self) -> Counts {
        Counts {
            constants: C::Constants::COUNT,
            state: ElementsOf::<C>::COUNT,
            axes: AxesOf::<C>::COUNT,
            tensor: C::Tensor::COUNT,
            own: C::Own::COUNT,
            group: C::Group::COUNT,
        }
    }

    fn state_fields(&self) -> Vec<String> {
        field_names::<C::State>()
    }

    fn constant_fields(&self) -> Vec<String> {
        self.names_of_constants()
    }

    fn description(&self) -> Description {
        Stage::description(self)
    }

    fn passes(&self) -> usize {
        C::PASSES
    }

    fn cuts(&self) -> usize {
        Stage::cuts(self)
    }

    fn matrix(&self, own: &[f64]) -> Option<MatrixStage<'_>> {
        Stage::matrix(self, &read::<C::Own, f64>(own))
    }

    fn part_of(&self, pass: usize) -> usize {
        Stage::part_of(self, pass)
    }

    fn keeps(&self) -> bool {
        Stage::keeps(self)
    }

    fn is_joint(&self) -> bool {
        Stage::is_joint(self)
    }

    fn begins_once(&self) -> bool {
        Stage::begins_once(self)
    }

    fn joins(&self, pass: usize) -> bool {
        C::joins(pass)
    }

    fn fold(&self, pass: usize) -> Fold {
        C::fold(pass)
    }

    fn moves(&self, at: &Step) -> bool {
        Stage::moves(self, at)
    }

    fn measured_passes(&self, at: &Step) -> u64 {
        Stage::measured_passes(self, at)
    }

    fn advance(&self, at: &Step, group: &mut [f64]) {
        let mut numbers = read::<C::Group, f64>(group);
        Stage::advance(self, at, &mut numbers);
        write::<C::Group, f64>(numbers, group);
    }

    fn has_second_point(&self) -> bool {
        Stage::has_second_point(self)
    }

    fn evaluation_constants(&self, own: &[f64], constants: &mut ConstantList<f64>) {
        let set = Stage::evaluation_constants(self, &read::<C::Own, f64>(own));
        C::Constants::map(set, |number| constants.push(number));
    }

    fn constants(&self, at: &Step, own: &mut [f64], group: &[f64], constants: &mut ConstantList<f64>) {
        let mut numbers = read::<C::Own, f64>(own);
        let set = Stage::constants(self, at, &mut numbers, &read::<C::Group, f64>(group));
        write::<C::Own, f64>(numbers, own);
        C::Constants::map(set, |number| constants.push(number));
    }
}

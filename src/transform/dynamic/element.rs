//! One element of a program, and what a statistic finds, in any kind of numbers.

use super::chain::{Few, State};
use super::fields::ListedConstants;
use super::{Erased, Input, Program, Runs, Slices};
use crate::real::Real;
use core::any::Any;

/// The numbers of one element and of what it belongs to, in the kind `F`.
pub(super) struct Element<'a, F> {
    pub(super) at: &'a ListedConstants<F>,
    pub(super) input: &'a mut Input<F>,
    pub(super) tensor: &'a Few<F>,
    pub(super) state: &'a mut State<F>,
}

impl<F: Real> Element<'_, F> {
    /// The same numbers in the kind `G`, if that is what they are.
    pub(super) fn cast<G: Real>(&mut self) -> Option<Element<'_, G>> {
        Some(Element {
            at: (self.at as &dyn Any).downcast_ref()?,
            input: (self.input as &mut dyn Any).downcast_mut()?,
            tensor: (self.tensor as &dyn Any).downcast_ref()?,
            state: (self.state as &mut dyn Any).downcast_mut()?,
        })
    }
}

impl<F: Real> Element<'_, F>
where
    dyn Erased: Runs<F>,
{
    /// The program, its constants, and what they are of.
    fn parts(&mut self) -> (&Program, &[F], &mut Input<F>, &[F], Slices<'_, F>) {
        let (elements, axes) = &mut *self.state;
        let ListedConstants { program, numbers } = self.at;
        (program, numbers, self.input, self.tensor, Slices { elements, axes })
    }

    /// Runs all stages.
    pub(super) fn update(&mut self) {
        let (program, at, input, tensor, state) = self.parts();
        program.update(at, input, tensor, state);
    }

    /// Runs one part of them.
    pub(super) fn update_part(&mut self, part: usize) {
        let (program, at, input, tensor, state) = self.parts();
        program.update_part(part, at, input, tensor, state);
    }

    /// Leaves what statistic `pass` takes in the place of the update.
    pub(super) fn measure(&mut self, pass: usize) {
        let (program, at, input, tensor, state) = self.parts();
        program.measure(pass, at, input, tensor, state);
    }

    /// Leaves what statistic `pass` takes in a part in the place of the update.
    pub(super) fn measure_part(&mut self, part: usize, pass: usize) {
        let (program, at, input, tensor, state) = self.parts();
        program.measure_part(part, pass, at, input, tensor, state);
    }

    /// Leaves the point for evaluation in the place of the update, where the parameter stands.
    pub(super) fn evaluate(&mut self) {
        let (program, at, input, _, state) = self.parts();
        input.update = program.evaluation(at, input.update, state);
    }

    /// Shows the parameter, which stands in the place of the update, to all stages.
    pub(super) fn after(&mut self) {
        let (program, at, input, tensor, state) = self.parts();
        program.after(at, input.update, tensor, state);
    }
}

/// What a statistic has found of a tensor, in the kind `F`.
pub(super) struct Found<'a, F> {
    pub(super) at: &'a ListedConstants<F>,
    pub(super) sum: &'a F,
    pub(super) count: &'a F,
    pub(super) tensor: &'a mut Few<F>,
}

impl<F: Real> Found<'_, F> {
    /// The same numbers in the kind `G`, if that is what they are.
    pub(super) fn cast<G: Real>(&mut self) -> Option<Found<'_, G>> {
        Some(Found {
            at: (self.at as &dyn Any).downcast_ref()?,
            sum: (self.sum as &dyn Any).downcast_ref()?,
            count: (self.count as &dyn Any).downcast_ref()?,
            tensor: (self.tensor as &mut dyn Any).downcast_mut()?,
        })
    }
}

impl<F: Real> Found<'_, F>
where
    dyn Erased: Runs<F>,
{
    pub(super) fn finish(&mut self, pass: usize) {
        let ListedConstants { program, numbers } = self.at;
        program.finish(pass, numbers, *self.sum, *self.count, self.tensor);
    }
}

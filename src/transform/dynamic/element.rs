//! One element of a program, and what a statistic finds, in any kind of numbers.

use super::chain::{Few, State};
use super::fields::ListedConstants;
use super::{Counts, Erased, Input, Runs, Slices};
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
    /// Runs the stages before `end`.
    pub(super) fn update(&mut self, end: usize) {
        let mut places = Counts::default();
        for stage in &self.at.program.stages[..end] {
            let next = places.after(stage.as_ref());
            *self.input = <dyn Erased as Runs<F>>::update(
                stage.as_ref(),
                &self.at.numbers[places.constants..next.constants],
                *self.input,
                &self.tensor[places.tensor..next.tensor],
                Slices {
                    elements: &mut self.state.0[places.state..next.state],
                    axes: &mut self.state.1[places.axes..next.axes],
                },
            );
            places = next;
        }
    }

    /// Runs one part of the stages before `end`.
    pub(super) fn update_part(&mut self, part: usize, end: usize) {
        let (mut places, mut first) = (Counts::default(), 0);
        for stage in &self.at.program.stages[..end] {
            let next = places.after(stage.as_ref());
            let last = first + stage.cuts();
            if (first..=last).contains(&part) {
                *self.input = <dyn Erased as Runs<F>>::update_part(
                    stage.as_ref(),
                    part - first,
                    &self.at.numbers[places.constants..next.constants],
                    *self.input,
                    &self.tensor[places.tensor..next.tensor],
                    Slices {
                        elements: &mut self.state.0[places.state..next.state],
                        axes: &mut self.state.1[places.axes..next.axes],
                    },
                );
            }
            (places, first) = (next, last);
        }
    }

    /// Leaves what statistic `pass` takes in a part in the place of the update.
    pub(super) fn measure_part(&mut self, part: usize, pass: usize) {
        let program = &self.at.program;
        let Some((place, pass)) = program.locate(pass) else { return };
        self.update_part(part, place);
        let first: usize = program.stages[..place].iter().map(|stage| stage.cuts()).sum();
        let (places, next) = program.places(place);
        let value = <dyn Erased as Runs<F>>::measure_part(
            program.stages[place].as_ref(),
            part - first,
            pass,
            &self.at.numbers[places.constants..next.constants],
            *self.input,
            &self.tensor[places.tensor..next.tensor],
            Slices {
                elements: &mut self.state.0[places.state..next.state],
                axes: &mut self.state.1[places.axes..next.axes],
            },
        );
        *self.input = self.input.with_update(value);
    }

    /// Leaves what statistic `pass` takes in the place of the update.
    pub(super) fn measure(&mut self, pass: usize) {
        let program = &self.at.program;
        let Some((place, pass)) = program.locate(pass) else { return };
        self.update(place);
        let (places, next) = program.places(place);
        let value = <dyn Erased as Runs<F>>::measure(
            program.stages[place].as_ref(),
            pass,
            &self.at.numbers[places.constants..next.constants],
            *self.input,
            &self.tensor[places.tensor..next.tensor],
            Slices {
                elements: &mut self.state.0[places.state..next.state],
                axes: &mut self.state.1[places.axes..next.axes],
            },
        );
        *self.input = self.input.with_update(value);
    }

    /// Leaves the point for evaluation in the place of the update, where the parameter stands.
    pub(super) fn evaluate(&mut self) {
        let mut places = Counts::default();
        for stage in self.at.program.stages.iter() {
            let next = places.after(stage.as_ref());
            self.input.update = <dyn Erased as Runs<F>>::evaluation(
                stage.as_ref(),
                &self.at.numbers[places.constants..next.constants],
                self.input.update,
                Slices {
                    elements: &mut self.state.0[places.state..next.state],
                    axes: &mut self.state.1[places.axes..next.axes],
                },
            );
            places = next;
        }
    }

    /// Shows the parameter, which stands in the place of the update, to all stages.
    pub(super) fn after(&mut self) {
        let mut places = Counts::default();
        for stage in self.at.program.stages.iter() {
            let next = places.after(stage.as_ref());
            <dyn Erased as Runs<F>>::after(
                stage.as_ref(),
                &self.at.numbers[places.constants..next.constants],
                self.input.update,
                &self.tensor[places.tensor..next.tensor],
                Slices {
                    elements: &mut self.state.0[places.state..next.state],
                    axes: &mut self.state.1[places.axes..next.axes],
                },
            );
            places = next;
        }
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
        let program = &self.at.program;
        let Some((place, pass)) = program.locate(pass) else { return };
        let (places, next) = program.places(place);
        <dyn Erased as Runs<F>>::finish(
            program.stages[place].as_ref(),
            pass,
            &self.at.numbers[places.constants..next.constants],
            *self.sum,
            *self.count,
            &mut self.tensor[places.tensor..next.tensor],
        );
    }
}

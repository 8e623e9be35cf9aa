//! The arithmetic of a program: that of its stages, one after the other.
//!
//! What they make of an element takes the place of what they see, which is not copied: it may be a
//! [tile](crate::real::Tile).

use super::{Erased, Input, Program, Runs, Slices};
use crate::real::Real;

impl Program {
    /// Runs all stages.
    pub(super) fn update<F: Real>(
        &self,
        at: &[F],
        input: &mut Input<F>,
        tensor: &[F],
        mut state: Slices<'_, F>,
    ) where
        dyn Erased: Runs<F>,
    {
        self.update_before(self.stages.len(), at, input, tensor, &mut state);
    }

    /// Runs one part of all stages.
    pub(super) fn update_part<F: Real>(
        &self,
        part: usize,
        at: &[F],
        input: &mut Input<F>,
        tensor: &[F],
        mut state: Slices<'_, F>,
    ) where
        dyn Erased: Runs<F>,
    {
        self.update_part_before(self.stages.len(), part, at, input, tensor, &mut state);
    }

    /// Runs the stages before one.
    fn update_before<F: Real>(
        &self,
        place: usize,
        at: &[F],
        input: &mut Input<F>,
        tensor: &[F],
        state: &mut Slices<'_, F>,
    ) where
        dyn Erased: Runs<F>,
    {
        for (stage, begin, end) in self.placed().take(place) {
            *input = <dyn Erased as Runs<F>>::update(
                stage,
                &at[begin.constants..end.constants],
                *input,
                &tensor[begin.tensor..end.tensor],
                state.between(begin, end),
            );
        }
    }

    /// Runs one part of the stages before one.
    fn update_part_before<F: Real>(
        &self,
        place: usize,
        part: usize,
        at: &[F],
        input: &mut Input<F>,
        tensor: &[F],
        state: &mut Slices<'_, F>,
    ) where
        dyn Erased: Runs<F>,
    {
        let mut first = 0;
        for (stage, begin, end) in self.placed().take(place) {
            let last = first + stage.cuts();
            if (first..=last).contains(&part) {
                *input = <dyn Erased as Runs<F>>::update_part(
                    stage,
                    part - first,
                    &at[begin.constants..end.constants],
                    *input,
                    &tensor[begin.tensor..end.tensor],
                    state.between(begin, end),
                );
            }
            first = last;
        }
    }

    /// Leaves what statistic `pass` takes in the place of the update.
    pub(super) fn measure<F: Real>(
        &self,
        pass: usize,
        at: &[F],
        input: &mut Input<F>,
        tensor: &[F],
        mut state: Slices<'_, F>,
    ) where
        dyn Erased: Runs<F>,
    {
        let Some((place, pass)) = self.locate(pass) else { return };
        self.update_before(place, at, input, tensor, &mut state);
        let Some((stage, begin, end)) = self.placed().nth(place) else { return };
        input.update = <dyn Erased as Runs<F>>::measure(
            stage,
            pass,
            &at[begin.constants..end.constants],
            *input,
            &tensor[begin.tensor..end.tensor],
            state.between(begin, end),
        );
    }

    /// Leaves what statistic `pass` takes in a part in the place of the update.
    pub(super) fn measure_part<F: Real>(
        &self,
        part: usize,
        pass: usize,
        at: &[F],
        input: &mut Input<F>,
        tensor: &[F],
        mut state: Slices<'_, F>,
    ) where
        dyn Erased: Runs<F>,
    {
        let Some((place, pass)) = self.locate(pass) else { return };
        self.update_part_before(place, part, at, input, tensor, &mut state);
        let Some((stage, begin, end)) = self.placed().nth(place) else { return };
        input.update = <dyn Erased as Runs<F>>::measure_part(
            stage,
            part - self.cuts_before(place),
            pass,
            &at[begin.constants..end.constants],
            *input,
            &tensor[begin.tensor..end.tensor],
            state.between(begin, end),
        );
    }

    /// Finishes statistic `pass`.
    pub(super) fn finish<F: Real>(&self, pass: usize, at: &[F], sum: F, count: F, tensor: &mut [F])
    where
        dyn Erased: Runs<F>,
    {
        let Some((place, pass)) = self.locate(pass) else { return };
        let Some((stage, begin, end)) = self.placed().nth(place) else { return };
        <dyn Erased as Runs<F>>::finish(
            stage,
            pass,
            &at[begin.constants..end.constants],
            sum,
            count,
            &mut tensor[begin.tensor..end.tensor],
        );
    }

    /// Shows the parameter to all stages.
    pub(super) fn after<F: Real>(&self, at: &[F], parameter: F, tensor: &[F], mut state: Slices<'_, F>)
    where
        dyn Erased: Runs<F>,
    {
        for (stage, begin, end) in self.placed() {
            <dyn Erased as Runs<F>>::after(
                stage,
                &at[begin.constants..end.constants],
                parameter,
                &tensor[begin.tensor..end.tensor],
                state.between(begin, end),
            );
        }
    }

    /// The point for evaluation.
    pub(super) fn evaluation<F: Real>(&self, at: &[F], mut parameter: F, mut state: Slices<'_, F>) -> F
    where
        dyn Erased: Runs<F>,
    {
        for (stage, begin, end) in self.placed() {
            parameter = <dyn Erased as Runs<F>>::evaluation(
                stage,
                &at[begin.constants..end.constants],
                parameter,
                state.between(begin, end),
            );
        }
        parameter
    }
}

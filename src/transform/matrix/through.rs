//! [`Through`]: stages between the two halves of a matrix rule.

use super::{MatrixRule, MatrixStage};
use crate::fields;
use crate::real::Real;
use crate::transform::{FieldSet, Fold, Input, Of, Pair, Stage, Step};
use core::fmt::Debug;

fields! {
    /// What a [`Through`] keeps of each tensor on the host.
    pub struct MatrixCount {
        /// The number of [`MatrixRule::count`].
        count,
    }
}

/// Stages between [`MatrixRule::enter`] and [`MatrixRule::leave`].
///
/// A chain with one of these runs in three parts, with matrix work between them. Alone, without a
/// device, it is just its inner stages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Through<M, C> {
    /// The matrix rule.
    pub matrices: M,
    /// What runs between its halves.
    pub inner: C,
}

impl<M: MatrixRule, C> Through<M, C> {
    /// The step as the inner stages count it; [`None`] for a gradient that only builds.
    fn inner_step(&self, at: &Step) -> Option<Step> {
        let first = self.matrices.builds_for();
        let own = at.own.checked_sub(first).filter(|own| *own > 0)?;
        let built = if self.matrices.schedules_count_building() { first } else { 0 };
        Some(Step { own, built, ..*at })
    }
}

impl<M, C> Stage for Through<M, C>
where
    M: MatrixRule + Clone,
    C: Stage,
{
    type Constants = C::Constants;
    type State = C::State;
    type Tensor = C::Tensor;
    type Own = Pair<C::Own, MatrixCount>;
    type Group = C::Group;
    type Keeps = C::Keeps;
    type Joint = C::Joint;
    const PASSES: usize = C::PASSES;
    const LOOKS_BACK: bool = C::LOOKS_BACK;
    const BY_TILE: bool = C::BY_TILE;
    const MARKS_FIRST: bool = C::MARKS_FIRST;
    const CUTS: usize = {
        assert!(C::CUTS == 0, "a matrix rule cannot work within another one");
        2
    };

    fn joins(pass: usize) -> bool {
        C::joins(pass)
    }

    fn names_of_state(&self) -> Vec<String> {
        self.inner.names_of_state()
    }

    fn keeps(&self) -> bool {
        self.inner.keeps()
    }

    fn is_joint(&self) -> bool {
        self.inner.is_joint()
    }

    fn has_second_point(&self) -> bool {
        self.inner.has_second_point()
    }

    fn joins_of(&self, pass: usize) -> bool {
        self.inner.joins_of(pass)
    }

    fn fold_of(&self, pass: usize) -> Fold {
        self.inner.fold_of(pass)
    }

    fn moves(&self, at: &Step) -> bool {
        self.inner_step(at).is_some_and(|at| self.inner.moves(&at))
    }

    fn advance(&self, at: &Step, group: &mut Of<C::Group, f64>) {
        self.inner.advance(at, group);
    }

    fn constants(
        &self,
        at: &Step,
        own: &mut (Of<C::Own, f64>, MatrixCount<f64>),
        group: &Of<C::Group, f64>,
    ) -> Of<C::Constants, f64> {
        self.matrices.count(at, &mut own.1.count);
        match self.inner_step(at) {
            Some(at) => self.inner.constants(&at, &mut own.0, group),
            None => {
                // They are not used, and must not advance anything.
                let mut copy = C::Own::map(C::Own::each_ref(&own.0), |number| *number);
                self.inner.constants(&Step { own: 1, ..*at }, &mut copy, group)
            }
        }
    }

    fn measures(&self, at: &Step) -> bool {
        self.inner_step(at).is_some_and(|at| self.inner.measures(&at))
    }

    fn measured_passes(&self, at: &Step) -> u64 {
        self.inner_step(at).map_or(0, |at| self.inner.measured_passes(&at))
    }

    fn fold(pass: usize) -> Fold {
        C::fold(pass)
    }

    #[inline(always)]
    fn measure<F: Real>(
        pass: usize,
        at: &Of<C::Constants, F>,
        input: Input<F>,
        tensor: &Of<C::Tensor, F>,
        state: &mut Of<C::State, F>,
    ) -> F {
        C::measure(pass, at, input, tensor, state)
    }

    #[inline(always)]
    fn finish<F: Real>(
        pass: usize,
        at: &Of<C::Constants, F>,
        sum: F,
        count: F,
        tensor: &mut Of<C::Tensor, F>,
    ) {
        C::finish(pass, at, sum, count, tensor);
    }

    #[inline(always)]
    fn update<F: Real>(
        at: &Of<C::Constants, F>,
        input: Input<F>,
        tensor: &Of<C::Tensor, F>,
        state: &mut Of<C::State, F>,
    ) -> Input<F> {
        C::update(at, input, tensor, state)
    }

    #[inline(always)]
    fn after<F: Real>(
        at: &Of<C::Constants, F>,
        parameter: F,
        tensor: &Of<C::Tensor, F>,
        state: &mut Of<C::State, F>,
    ) {
        C::after(at, parameter, tensor, state);
    }

    fn evaluation_constants(&self, own: &(Of<C::Own, f64>, MatrixCount<f64>)) -> Of<C::Constants, f64> {
        self.inner.evaluation_constants(&own.0)
    }

    #[inline(always)]
    fn evaluation<F: Real>(at: &Of<C::Constants, F>, parameter: F, state: &Of<C::State, F>) -> F {
        C::evaluation(at, parameter, state)
    }

    fn matrix(&self, own: &(Of<C::Own, f64>, MatrixCount<f64>)) -> Option<MatrixStage<'_>> {
        Some(MatrixStage { rule: &self.matrices, first_field: 0, count: own.1.count })
    }

    fn cuts(&self) -> usize {
        Self::CUTS
    }

    fn part_of(&self, _pass: usize) -> usize {
        1
    }

    #[inline(always)]
    fn update_part<F: Real>(
        part: usize,
        at: &Of<C::Constants, F>,
        input: Input<F>,
        tensor: &Of<C::Tensor, F>,
        state: &mut Of<C::State, F>,
    ) -> Input<F> {
        if part == 1 { C::update(at, input, tensor, state) } else { input }
    }
}

//! [`Chain`]: two stages, one after the other.

use super::dynamic::numbered;
use super::{
    Beside, Description, Either, ElementsOf, FieldSet, Fold, Identity, Input, Kernel, MatrixStage, Of, Pair,
    Stage, Step,
};
use crate::real::Real;
use core::any::TypeId;

/// Feeds the update of `A` to `B`. Both run in one pass over memory.
///
/// ```
/// use gradus::rule::{ScaleByAdam, ScaleByLearningRate};
/// use gradus::transform::{StageExt, Stage, field_names};
///
/// fn state_of<C: Stage>(_chain: &C) -> Vec<String> {
///     field_names::<C::State>()
/// }
/// let chain = ScaleByAdam::default().then(ScaleByLearningRate);
/// assert_eq!(state_of(&chain), ["first", "second"]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chain<A, B> {
    /// The stage that sees the gradient.
    pub first: A,
    /// The stage that sees the first one's update.
    pub second: B,
}

/// Chaining, for every stage.
pub trait StageExt: Stage + Sized {
    /// This stage, then `next`.
    fn then<B: Stage>(self, next: B) -> Chain<Self, B> {
        Chain { first: self, second: next }
    }

    /// This stage and `other` on the same gradient; [`merge`](Beside::merge) makes one update of both.
    fn beside<B: Stage>(self, other: B) -> Beside<Self, B> {
        Beside { first: self, second: other }
    }
}

impl<C: Stage> StageExt for C {}

impl<A: Stage, B: Stage> Stage for Chain<A, B> {
    type Constants = Pair<A::Constants, B::Constants>;
    type State = Pair<A::State, B::State>;
    type Tensor = Pair<A::Tensor, B::Tensor>;
    type Own = Pair<A::Own, B::Own>;
    type Group = Pair<A::Group, B::Group>;
    type Keeps = Either<A::Keeps, B::Keeps>;
    type Joint = Either<A::Joint, B::Joint>;
    const PASSES: usize = A::PASSES + B::PASSES;
    const LOOKS_BACK: bool = A::LOOKS_BACK || B::LOOKS_BACK;
    const BY_TILE: bool = A::BY_TILE || B::BY_TILE;
    const MARKS_FIRST: bool = A::MARKS_FIRST || B::MARKS_FIRST;

    const CUTS: usize = A::CUTS + B::CUTS;

    fn joins(pass: usize) -> bool {
        if pass < A::PASSES { A::joins(pass) } else { B::joins(pass - A::PASSES) }
    }

    fn names_of_state(&self) -> Vec<String> {
        numbered(self.first.names_of_state().into_iter().chain(self.second.names_of_state()))
    }

    fn names_of_constants(&self) -> Vec<String> {
        let (first, second) = (self.first.names_of_constants(), self.second.names_of_constants());
        numbered(first.into_iter().chain(second))
    }

    fn description(&self) -> Description {
        self.first.description().then(self.second.description())
    }

    fn each_stage_at_run_time(&self, note: &mut dyn FnMut(TypeId)) {
        self.first.each_stage_at_run_time(note);
        self.second.each_stage_at_run_time(note);
    }

    fn keeps(&self) -> bool {
        self.first.keeps() || self.second.keeps()
    }

    fn is_joint(&self) -> bool {
        self.first.is_joint() || self.second.is_joint()
    }

    fn begins_once(&self) -> bool {
        self.first.begins_once() || self.second.begins_once()
    }

    fn has_second_point(&self) -> bool {
        self.first.has_second_point() || self.second.has_second_point()
    }

    fn joins_of(&self, pass: usize) -> bool {
        if pass < A::PASSES { self.first.joins_of(pass) } else { self.second.joins_of(pass - A::PASSES) }
    }

    fn fold_of(&self, pass: usize) -> Fold {
        if pass < A::PASSES { self.first.fold_of(pass) } else { self.second.fold_of(pass - A::PASSES) }
    }

    fn matrix(&self, own: &Of<Self::Own, f64>) -> Option<MatrixStage<'_>> {
        // How many fields come before is known from the type, except in chains from data.
        let fields =
            || if A::BY_TILE { self.first.description().elements.len() } else { ElementsOf::<A>::COUNT };
        let behind = || self.second.matrix(&own.1).map(|stage| stage.behind(fields()));
        self.first.matrix(&own.0).or_else(behind)
    }

    fn cuts(&self) -> usize {
        self.first.cuts() + self.second.cuts()
    }

    fn part_of(&self, pass: usize) -> usize {
        if pass < A::PASSES {
            self.first.part_of(pass)
        } else {
            A::CUTS + self.second.part_of(pass - A::PASSES)
        }
    }

    #[inline(always)]
    fn listed(constants: &Of<Self::Constants, f64>) -> Option<(&Kernel, &[f64])> {
        // A rule from data has everything in its direction, and finishes with nothing.
        let ends = TypeId::of::<B>() == TypeId::of::<Identity>();
        if ends { A::listed(&constants.0) } else { None }
    }

    fn moves(&self, at: &Step) -> bool {
        self.first.moves(at) && self.second.moves(at)
    }

    fn advance(&self, at: &Step, group: &mut Of<Self::Group, f64>) {
        self.first.advance(at, &mut group.0);
        self.second.advance(at, &mut group.1);
    }

    fn constants(
        &self,
        at: &Step,
        own: &mut Of<Self::Own, f64>,
        group: &Of<Self::Group, f64>,
    ) -> Of<Self::Constants, f64> {
        let first = self.first.constants(at, &mut own.0, &group.0);
        (first, self.second.constants(at, &mut own.1, &group.1))
    }

    fn measures(&self, at: &Step) -> bool {
        self.first.measures(at) || self.second.measures(at)
    }

    fn measured_passes(&self, at: &Step) -> u64 {
        self.first.measured_passes(at) | self.second.measured_passes(at) << A::PASSES
    }

    fn sees_parameter(pass: Option<usize>, at: &Of<Self::Constants, f64>) -> bool {
        match pass {
            Some(pass) if pass < A::PASSES => A::sees_parameter(Some(pass), &at.0),
            _ => {
                A::sees_parameter(None, &at.0) || B::sees_parameter(pass.map(|pass| pass - A::PASSES), &at.1)
            }
        }
    }

    #[inline(always)]
    fn fold(pass: usize) -> Fold {
        if pass < A::PASSES { A::fold(pass) } else { B::fold(pass - A::PASSES) }
    }

    #[inline(always)]
    fn measure<F: Real>(
        pass: usize,
        at: &Of<Self::Constants, F>,
        input: Input<F>,
        tensor: &Of<Self::Tensor, F>,
        state: &mut Of<Self::State, F>,
    ) -> F {
        if pass < A::PASSES {
            A::measure(pass, &at.0, input, &tensor.0, &mut state.0)
        } else {
            let input = A::update(&at.0, input, &tensor.0, &mut state.0);
            B::measure(pass - A::PASSES, &at.1, input, &tensor.1, &mut state.1)
        }
    }

    #[inline(always)]
    fn finish<F: Real>(
        pass: usize,
        at: &Of<Self::Constants, F>,
        sum: F,
        count: F,
        tensor: &mut Of<Self::Tensor, F>,
    ) {
        if pass < A::PASSES {
            A::finish(pass, &at.0, sum, count, &mut tensor.0);
        } else {
            B::finish(pass - A::PASSES, &at.1, sum, count, &mut tensor.1);
        }
    }

    #[inline(always)]
    fn update<F: Real>(
        at: &Of<Self::Constants, F>,
        input: Input<F>,
        tensor: &Of<Self::Tensor, F>,
        state: &mut Of<Self::State, F>,
    ) -> Input<F> {
        let input = A::update(&at.0, input, &tensor.0, &mut state.0);
        B::update(&at.1, input, &tensor.1, &mut state.1)
    }

    #[inline(always)]
    fn update_part<F: Real>(
        part: usize,
        at: &Of<Self::Constants, F>,
        mut input: Input<F>,
        tensor: &Of<Self::Tensor, F>,
        state: &mut Of<Self::State, F>,
    ) -> Input<F> {
        if part <= A::CUTS {
            input = A::update_part(part, &at.0, input, &tensor.0, &mut state.0);
        }
        if part >= A::CUTS {
            input = B::update_part(part - A::CUTS, &at.1, input, &tensor.1, &mut state.1);
        }
        input
    }

    #[inline(always)]
    fn measure_part<F: Real>(
        part: usize,
        pass: usize,
        at: &Of<Self::Constants, F>,
        mut input: Input<F>,
        tensor: &Of<Self::Tensor, F>,
        state: &mut Of<Self::State, F>,
    ) -> F {
        if pass < A::PASSES {
            return A::measure_part(part, pass, &at.0, input, &tensor.0, &mut state.0);
        }
        if part <= A::CUTS {
            input = A::update_part(part, &at.0, input, &tensor.0, &mut state.0);
        }
        let (part, pass) = (part - A::CUTS, pass - A::PASSES);
        B::measure_part(part, pass, &at.1, input, &tensor.1, &mut state.1)
    }

    #[inline(always)]
    fn after<F: Real>(
        at: &Of<Self::Constants, F>,
        parameter: F,
        tensor: &Of<Self::Tensor, F>,
        state: &mut Of<Self::State, F>,
    ) {
        A::after(&at.0, parameter, &tensor.0, &mut state.0);
        B::after(&at.1, parameter, &tensor.1, &mut state.1);
    }

    fn evaluation_constants(&self, own: &Of<Self::Own, f64>) -> Of<Self::Constants, f64> {
        (self.first.evaluation_constants(&own.0), self.second.evaluation_constants(&own.1))
    }

    #[inline(always)]
    fn evaluation<F: Real>(at: &Of<Self::Constants, F>, parameter: F, state: &Of<Self::State, F>) -> F {
        B::evaluation(&at.1, A::evaluation(&at.0, parameter, &state.0), &state.1)
    }
}

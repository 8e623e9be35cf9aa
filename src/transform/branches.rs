//! [`Branches`]: two stages side by side on the same gradient, and a [`Merge`] of what they make of it.

use super::description::short_name;
use super::dynamic::numbered;
use super::{Arrives, Description, Either, FieldSet, Fold, Input, Of, Pair, Stage, Step, field_names};
use crate::real::Real;
use core::any::TypeId;
use core::fmt::Debug;

/// Makes one update of two.
///
/// A merge may measure whole tensors first, as a [`Stage`] may: each statistic maps both updates of an
/// element to a number, folds these over the tensor, and leaves numbers of the tensor. It remembers
/// nothing from step to step.
///
/// ```
/// use gradus::real::Real;
/// use gradus::transform::{Merge, Nothing, Step};
///
/// /// The smaller of the two, element by element.
/// #[derive(Clone, Copy, Debug)]
/// struct Smaller;
///
/// impl Merge for Smaller {
///     type Constants = Nothing;
///     type Tensor = Nothing;
///
///     fn constants(&self, _at: &Step) -> Nothing {
///         Nothing
///     }
///
///     #[inline(always)]
///     fn merge<F: Real>(_: &Nothing, first: F, second: F, _: &Nothing) -> F {
///         F::select(second.abs() - first.abs(), first, second)
///     }
/// }
/// assert_eq!(Smaller::merge(&Nothing, -3.0, 2.0, &Nothing), 2.0);
/// ```
pub trait Merge: Clone + Debug + Send + Sync + 'static {
    /// Numbers that are the same for all elements of a tensor at one step.
    type Constants: FieldSet;
    /// Numbers that statistics leave for each tensor; 0 before the first gradient.
    type Tensor: FieldSet;
    /// How many statistics must be taken, one after the other.
    const PASSES: usize = 0;

    /// The constants of a step, on the host in `f64`.
    fn constants(&self, at: &Step) -> Of<Self::Constants, f64>;

    /// What is made of the values of statistic `pass`: their sum, unless said otherwise.
    fn fold(_pass: usize) -> Fold {
        Fold::Sum
    }

    /// The value of one element that statistic `pass` takes.
    #[inline(always)]
    fn measure<F: Real>(
        pass: usize,
        at: &Of<Self::Constants, F>,
        first: F,
        second: F,
        tensor: &Of<Self::Tensor, F>,
    ) -> F {
        let _ = (pass, at, second, tensor);
        first
    }

    /// Turns what was [folded](Self::fold) over `count` elements into numbers of the tensor.
    #[inline(always)]
    fn finish<F: Real>(
        pass: usize,
        at: &Of<Self::Constants, F>,
        folded: F,
        count: F,
        tensor: &mut Of<Self::Tensor, F>,
    ) {
        let _ = (pass, at, folded, count, tensor);
    }

    /// The update of one element.
    fn merge<F: Real>(at: &Of<Self::Constants, F>, first: F, second: F, tensor: &Of<Self::Tensor, F>) -> F;
}

/// Two stages that see the same gradient, and what becomes of their updates.
///
/// Made by [`beside`](super::StageExt::beside) and [`merge`](Beside::merge). Either branch may be a chain,
/// with statistics and decay of its own, or have branches itself. Both run in the same pass over memory;
/// their state lies side by side, under the names that a [`Chain`](super::Chain) would give.
///
/// What follows sees the gradient that stood before the branches: a branch that
/// [replaces](Input::with_gradient) it does so for itself. A [rate](Input::rate) that a branch has lowered
/// lowers its own update, once: where the branch applies the learning rate, or else at its end.
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::hyperparameter::LearningRate;
/// use gradus::optimizer::Build;
/// use gradus::rule::{Chained, Graft, Momentum, ScaleByLion};
/// use gradus::transform::StageExt;
///
/// // As long as momentum, in the direction of Lion.
/// let chain = Momentum::default().beside(ScaleByLion::default()).merge(Graft::default());
/// let rule = Chained { chain, learning_rate: LearningRate::new(1.0)? };
/// let mut parameters = [("w", vec![0.0f64; 4])];
/// let mut optimizer = rule.parameters_in::<f64>().build(Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &[("w", vec![1.0, -1.0, 7.0, -7.0])])?;
/// // Four signs have norm 2, the gradient has norm 10.
/// assert_eq!(parameters[0].1, [-5.0, 5.0, -5.0, 5.0]);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Branches<A, B, M> {
    /// The first branch.
    pub first: A,
    /// The second branch.
    pub second: B,
    /// What becomes of their updates.
    pub merge: M,
}

/// Two stages, or two [programs](super::Program::beside), side by side whose [`merge`](Self::merge) is still to be
/// named.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use = "two branches are a stage once they are merged"]
pub struct Beside<A, B> {
    /// The first branch.
    pub first: A,
    /// The second branch.
    pub second: B,
}

impl<A: Stage, B: Stage> Beside<A, B> {
    /// Makes one update of both.
    pub fn merge<M: Merge>(self, merge: M) -> Branches<A, B, M> {
        Branches { first: self.first, second: self.second, merge }
    }
}

/// What a branch sees of an element: a rate that is still its own to lower.
#[inline(always)]
pub(super) fn into_branch<F: Real>(input: Input<F>) -> Input<F> {
    input.with_rate(F::constant(1.0))
}

/// The update of a branch, with the rate that it has asked for.
#[inline(always)]
pub(super) fn out_of_branch<F: Real>(output: Input<F>) -> F {
    output.update * output.rate
}

/// To whom a statistic belongs.
pub(super) enum Owner {
    First,
    Second,
    Merge,
}

impl Owner {
    /// Whose statistic `pass` is, and which of its own, if the branches take so many.
    #[inline(always)]
    pub(super) const fn of(pass: usize, first: usize, second: usize) -> (Self, usize) {
        if pass < first {
            (Self::First, pass)
        } else if pass < first + second {
            (Self::Second, pass - first)
        } else {
            (Self::Merge, pass - first - second)
        }
    }
}

/// What a merge adds to the descriptions of its branches.
pub(super) fn description_of<M: Merge>(first: Description, second: Description) -> Description {
    let [of_first, of_second] = [&first, &second].map(|branch| branch.stages.join(" → "));
    let mut both = first.then(second);
    both.stages = vec![format!("({of_first} | {of_second}) → {}", short_name::<M>())];
    both.passes += M::PASSES;
    M::Tensor::each_name(&mut |name| both.tensor.push(name.to_owned()));
    both
}

/// The statistics of a merge that a step needs: a micro-batch moves nothing, so there is nothing to merge.
pub(super) fn merged_passes<M: Merge>(at: &Step) -> u64 {
    if at.arrives == Arrives::ToStep { (1 << M::PASSES) - 1 } else { 0 }
}

/// The update of a branch of a type.
#[inline(always)]
fn update_of<C: Stage, F: Real>(
    at: &Of<C::Constants, F>,
    input: Input<F>,
    tensor: &Of<C::Tensor, F>,
    state: &mut Of<C::State, F>,
) -> F {
    out_of_branch(C::update(at, into_branch(input), tensor, state))
}

impl<A: Stage, B: Stage, M: Merge> Branches<A, B, M> {
    #[inline(always)]
    const fn owner(pass: usize) -> (Owner, usize) {
        Owner::of(pass, A::PASSES, B::PASSES)
    }
}

impl<A: Stage, B: Stage, M: Merge> Stage for Branches<A, B, M> {
    type Constants = Pair<Pair<A::Constants, B::Constants>, M::Constants>;
    type State = Pair<A::State, B::State>;
    type Tensor = Pair<Pair<A::Tensor, B::Tensor>, M::Tensor>;
    type Own = Pair<A::Own, B::Own>;
    type Group = Pair<A::Group, B::Group>;
    type Keeps = Either<A::Keeps, B::Keeps>;
    type Joint = Either<A::Joint, B::Joint>;
    const PASSES: usize = A::PASSES + B::PASSES + M::PASSES;
    const LOOKS_BACK: bool = A::LOOKS_BACK || B::LOOKS_BACK;
    const BY_TILE: bool = A::BY_TILE || B::BY_TILE;
    const MARKS_FIRST: bool = A::MARKS_FIRST || B::MARKS_FIRST;
    const CUTS: usize = {
        assert!(A::CUTS + B::CUTS == 0, "a rule that works on matrices cannot be one of two branches");
        0
    };

    fn joins(pass: usize) -> bool {
        match Self::owner(pass) {
            (Owner::First, pass) => A::joins(pass),
            (Owner::Second, pass) => B::joins(pass),
            (Owner::Merge, _) => false,
        }
    }

    fn names_of_state(&self) -> Vec<String> {
        numbered(self.first.names_of_state().into_iter().chain(self.second.names_of_state()))
    }

    fn names_of_constants(&self) -> Vec<String> {
        let (first, second) = (self.first.names_of_constants(), self.second.names_of_constants());
        numbered(first.into_iter().chain(second).chain(field_names::<M::Constants>()))
    }

    fn description(&self) -> Description {
        description_of::<M>(self.first.description(), self.second.description())
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
        match Self::owner(pass) {
            (Owner::First, pass) => self.first.joins_of(pass),
            (Owner::Second, pass) => self.second.joins_of(pass),
            (Owner::Merge, _) => false,
        }
    }

    fn fold_of(&self, pass: usize) -> Fold {
        match Self::owner(pass) {
            (Owner::First, pass) => self.first.fold_of(pass),
            (Owner::Second, pass) => self.second.fold_of(pass),
            (Owner::Merge, pass) => M::fold(pass),
        }
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
        ((first, self.second.constants(at, &mut own.1, &group.1)), self.merge.constants(at))
    }

    fn measures(&self, at: &Step) -> bool {
        self.measured_passes(at) != 0
    }

    fn measured_passes(&self, at: &Step) -> u64 {
        self.first.measured_passes(at)
            | self.second.measured_passes(at) << A::PASSES
            | merged_passes::<M>(at) << (A::PASSES + B::PASSES)
    }

    #[inline(always)]
    fn fold(pass: usize) -> Fold {
        match Self::owner(pass) {
            (Owner::First, pass) => A::fold(pass),
            (Owner::Second, pass) => B::fold(pass),
            (Owner::Merge, pass) => M::fold(pass),
        }
    }

    #[inline(always)]
    fn measure<F: Real>(
        pass: usize,
        at: &Of<Self::Constants, F>,
        input: Input<F>,
        tensor: &Of<Self::Tensor, F>,
        state: &mut Of<Self::State, F>,
    ) -> F {
        let (branches, merge) = at;
        let (of_branches, of_merge) = tensor;
        let input = into_branch(input);
        match Self::owner(pass) {
            (Owner::First, pass) => A::measure(pass, &branches.0, input, &of_branches.0, &mut state.0),
            (Owner::Second, pass) => B::measure(pass, &branches.1, input, &of_branches.1, &mut state.1),
            (Owner::Merge, pass) => {
                let first = update_of::<A, F>(&branches.0, input, &of_branches.0, &mut state.0);
                let second = update_of::<B, F>(&branches.1, input, &of_branches.1, &mut state.1);
                M::measure(pass, merge, first, second, of_merge)
            }
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
        let (branches, merge) = at;
        let (of_branches, of_merge) = tensor;
        match Self::owner(pass) {
            (Owner::First, pass) => A::finish(pass, &branches.0, sum, count, &mut of_branches.0),
            (Owner::Second, pass) => B::finish(pass, &branches.1, sum, count, &mut of_branches.1),
            (Owner::Merge, pass) => M::finish(pass, merge, sum, count, of_merge),
        }
    }

    #[inline(always)]
    fn update<F: Real>(
        at: &Of<Self::Constants, F>,
        input: Input<F>,
        tensor: &Of<Self::Tensor, F>,
        state: &mut Of<Self::State, F>,
    ) -> Input<F> {
        let (branches, merge) = at;
        let (of_branches, of_merge) = tensor;
        let first = update_of::<A, F>(&branches.0, input, &of_branches.0, &mut state.0);
        let second = update_of::<B, F>(&branches.1, input, &of_branches.1, &mut state.1);
        input.with_update(M::merge(merge, first, second, of_merge))
    }

    #[inline(always)]
    fn after<F: Real>(
        at: &Of<Self::Constants, F>,
        parameter: F,
        tensor: &Of<Self::Tensor, F>,
        state: &mut Of<Self::State, F>,
    ) {
        A::after(&at.0.0, parameter, &tensor.0.0, &mut state.0);
        B::after(&at.0.1, parameter, &tensor.0.1, &mut state.1);
    }

    fn evaluation_constants(&self, own: &Of<Self::Own, f64>) -> Of<Self::Constants, f64> {
        let first = self.first.evaluation_constants(&own.0);
        ((first, self.second.evaluation_constants(&own.1)), M::Constants::generate(|| 0.0))
    }

    #[inline(always)]
    fn evaluation<F: Real>(at: &Of<Self::Constants, F>, parameter: F, state: &Of<Self::State, F>) -> F {
        B::evaluation(&at.0.1, A::evaluation(&at.0.0, parameter, &state.0), &state.1)
    }
}

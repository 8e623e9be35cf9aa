//! Two programs side by side, with the bits of the same branches in types.

use super::erased::{read, write};
use super::{ConstantList, Counts, Erased, Input, Program, Runs, Slices, Step, numbered};
use crate::error::{Error, Result};
use crate::real::Real;
use crate::transform::branches::{Owner, description_of, into_branch, merged_passes, out_of_branch};
use crate::transform::{Beside, Branches, Description, FieldSet, Fold, MatrixStage, Merge, field_names};
use core::any::TypeId;

impl Program {
    /// These stages and those of another program on the same gradient; [`merge`](Beside::merge) makes one
    /// update of both. A program without stages passes the gradient on.
    ///
    /// ```
    /// use gradus::rule::{Graft, Momentum, ScaleByAdam, WeightedSum};
    /// use gradus::transform::Program;
    ///
    /// let [momentum, adam] = [Program::of(Momentum::default()), Program::of(ScaleByAdam::default())];
    /// let both = momentum.beside(adam).merge(WeightedSum::default())?;
    /// // As long as the gradient, in the direction of both.
    /// let mut program = Program::default().beside(both).merge(Graft::default())?;
    /// program.push(Momentum::default());
    /// assert_eq!(program.state_fields(), ["velocity", "first", "second", "velocity_2"]);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    pub fn beside(self, other: Self) -> Beside<Self, Self> {
        Beside { first: self, second: other }
    }
}

impl Beside<Program, Program> {
    /// Makes one update of both: a program of one item.
    ///
    /// # Errors
    /// [`Error::Combination`] if one of them has a rule that works on matrices.
    pub fn merge<M: Merge>(self, merge: M) -> Result<Program> {
        let Self { first, second } = self;
        if first.cuts() + second.cuts() > 0 {
            return Err(Error::Combination {
                option: "a rule that works on matrices".to_owned(),
                with: "branches".to_owned(),
                because: "it interrupts all stages of a chain, not those of one branch alone",
            });
        }
        let mut program = Program::default();
        program.add(Branches { first, second, merge });
        Ok(program)
    }
}

/// Two programs and a merge.
type Programs<M> = Branches<Program, Program, M>;

impl<M: Merge> Programs<M> {
    /// Where the numbers of the second branch begin, and where those of the merge do.
    fn places(&self) -> (Counts, Counts) {
        let second = self.first.counts();
        (second, second.and(self.second.counts()))
    }

    fn owner(&self, pass: usize) -> (Owner, usize) {
        Owner::of(pass, self.first.passes(), self.second.passes())
    }

    /// The updates of both branches.
    fn updates<F: Real>(&self, at: &[F], input: Input<F>, tensor: &[F], state: &mut Slices<'_, F>) -> (F, F)
    where
        dyn Erased: Runs<F>,
    {
        let (second, merge) = self.places();
        let mut of_first = into_branch(input);
        let mut of_second = of_first;
        self.first.update(at, &mut of_first, tensor, state.between(Counts::default(), second));
        let (at, tensor) = (&at[second.constants..], &tensor[second.tensor..]);
        self.second.update(at, &mut of_second, tensor, state.between(second, merge));
        (out_of_branch(of_first), out_of_branch(of_second))
    }
}

impl<M: Merge, F: Real> Runs<F> for Programs<M>
where
    dyn Erased: Runs<F>,
{
    fn update(&self, at: &[F], input: Input<F>, tensor: &[F], mut state: Slices<'_, F>) -> Input<F> {
        let (_, merge) = self.places();
        let (first, second) = self.updates(at, input, tensor, &mut state);
        let at = read::<M::Constants, F>(&at[merge.constants..]);
        let tensor = read::<M::Tensor, F>(&tensor[merge.tensor..]);
        input.with_update(M::merge(&at, first, second, &tensor))
    }

    fn update_part(
        &self,
        _part: usize,
        at: &[F],
        input: Input<F>,
        tensor: &[F],
        state: Slices<'_, F>,
    ) -> Input<F> {
        self.update(at, input, tensor, state)
    }

    fn measure_part(
        &self,
        _part: usize,
        pass: usize,
        at: &[F],
        input: Input<F>,
        tensor: &[F],
        state: Slices<'_, F>,
    ) -> F {
        self.measure(pass, at, input, tensor, state)
    }

    fn after(&self, at: &[F], parameter: F, tensor: &[F], mut state: Slices<'_, F>) {
        let (second, merge) = self.places();
        self.first.after(at, parameter, tensor, state.between(Counts::default(), second));
        let (at, tensor) = (&at[second.constants..], &tensor[second.tensor..]);
        self.second.after(at, parameter, tensor, state.between(second, merge));
    }

    fn evaluation(&self, at: &[F], parameter: F, mut state: Slices<'_, F>) -> F {
        let (second, merge) = self.places();
        let parameter = self.first.evaluation(at, parameter, state.between(Counts::default(), second));
        self.second.evaluation(&at[second.constants..], parameter, state.between(second, merge))
    }

    fn measure(&self, pass: usize, at: &[F], input: Input<F>, tensor: &[F], mut state: Slices<'_, F>) -> F {
        let (second, merge) = self.places();
        let mut seen = into_branch(input);
        match self.owner(pass) {
            (Owner::First, pass) => {
                let state = state.between(Counts::default(), second);
                self.first.measure(pass, at, &mut seen, tensor, state);
                seen.update
            }
            (Owner::Second, pass) => {
                let (at, tensor) = (&at[second.constants..], &tensor[second.tensor..]);
                self.second.measure(pass, at, &mut seen, tensor, state.between(second, merge));
                seen.update
            }
            (Owner::Merge, pass) => {
                let (first, second) = self.updates(at, input, tensor, &mut state);
                let at = read::<M::Constants, F>(&at[merge.constants..]);
                let tensor = read::<M::Tensor, F>(&tensor[merge.tensor..]);
                M::measure(pass, &at, first, second, &tensor)
            }
        }
    }

    fn finish(&self, pass: usize, at: &[F], sum: F, count: F, tensor: &mut [F]) {
        let (second, merge) = self.places();
        match self.owner(pass) {
            (Owner::First, pass) => self.first.finish(pass, at, sum, count, tensor),
            (Owner::Second, pass) => {
                let (at, tensor) = (&at[second.constants..], &mut tensor[second.tensor..]);
                self.second.finish(pass, at, sum, count, tensor);
            }
            (Owner::Merge, pass) => {
                let at = read::<M::Constants, F>(&at[merge.constants..]);
                let mut numbers = read::<M::Tensor, F>(&tensor[merge.tensor..]);
                M::finish(pass, &at, sum, count, &mut numbers);
                write::<M::Tensor, F>(numbers, &mut tensor[merge.tensor..]);
            }
        }
    }
}

impl<M: Merge> Erased for Programs<M> {
    fn each_type(&self, note: &mut dyn FnMut(TypeId)) {
        note(TypeId::of::<Self>());
        for branch in [&self.first, &self.second] {
            branch.each_type(note);
            note(TypeId::of::<Program>()); // where it ends
        }
    }

    fn counts(&self) -> Counts {
        let merge = Counts { constants: M::Constants::COUNT, tensor: M::Tensor::COUNT, ..Counts::default() };
        self.places().1.and(merge)
    }

    fn state_fields(&self) -> Vec<String> {
        numbered(self.first.state_fields().into_iter().chain(self.second.state_fields()))
    }

    fn constant_fields(&self) -> Vec<String> {
        let (first, second) = (self.first.constant_fields(), self.second.constant_fields());
        numbered(first.into_iter().chain(second).chain(field_names::<M::Constants>()))
    }

    fn description(&self) -> Description {
        description_of::<M>(self.first.description(), self.second.description())
    }

    fn passes(&self) -> usize {
        self.first.passes() + self.second.passes() + M::PASSES
    }

    fn cuts(&self) -> usize {
        0
    }

    fn matrix(&self, _own: &[f64]) -> Option<MatrixStage<'_>> {
        None
    }

    fn part_of(&self, _pass: usize) -> usize {
        0
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

    fn joins(&self, pass: usize) -> bool {
        match self.owner(pass) {
            (Owner::First, pass) => self.first.joins(pass),
            (Owner::Second, pass) => self.second.joins(pass),
            (Owner::Merge, _) => false,
        }
    }

    fn fold(&self, pass: usize) -> Fold {
        match self.owner(pass) {
            (Owner::First, pass) => self.first.fold(pass),
            (Owner::Second, pass) => self.second.fold(pass),
            (Owner::Merge, pass) => M::fold(pass),
        }
    }

    fn moves(&self, at: &Step) -> bool {
        self.first.moves(at) && self.second.moves(at)
    }

    fn measured_passes(&self, at: &Step) -> u64 {
        let (first, second) = (self.first.passes(), self.second.passes());
        self.first.measured_passes(at)
            | self.second.measured_passes(at) << first
            | merged_passes::<M>(at) << (first + second)
    }

    fn advance(&self, at: &Step, group: &mut [f64]) {
        let (first, second) = group.split_at_mut(self.first.counts().group);
        self.first.advance(at, first);
        self.second.advance(at, second);
    }

    fn has_second_point(&self) -> bool {
        self.first.has_second_point() || self.second.has_second_point()
    }

    fn evaluation_constants(&self, own: &[f64], constants: &mut ConstantList<f64>) {
        let (first, second) = own.split_at(self.first.counts().own);
        self.first.evaluation_constants(first, constants);
        self.second.evaluation_constants(second, constants);
        constants.extend(core::iter::repeat_n(0.0, M::Constants::COUNT));
    }

    fn constants(&self, at: &Step, own: &mut [f64], group: &[f64], constants: &mut ConstantList<f64>) {
        let counts = self.first.counts();
        let (first, second) = own.split_at_mut(counts.own);
        let (group_of_first, group_of_second) = group.split_at(counts.group);
        self.first.constants(at, first, group_of_first, constants);
        self.second.constants(at, second, group_of_second, constants);
        M::Constants::map(self.merge.constants(at), |number| constants.push(number));
    }
}

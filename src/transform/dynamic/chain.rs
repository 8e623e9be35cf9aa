//! [`DynamicChain`]: a program as a stage.

use super::element::{Element, Found};
use super::fields::{Listed, ListedConstants, Numbers};
use super::{ConstantList, Counts, Input, Kernel, Program, Stage, Step};
use crate::error::{Error, Result};
#[cfg(feature = "cuda")]
use crate::real::Traced;
use crate::real::{Real, Tile};
use crate::transform::{ByAxis, Description, Flag, Fold, MatrixStage, Pair};
use arrayvec::ArrayVec;
use core::any::TypeId;
use core::marker::PhantomData;
use typenum::{B1, Bit};

/// The most fields of state by element that a program may have: each is rounded with random bits of its own.
pub const MOST_STATE: usize = 7;
/// The most by axis.
pub(crate) const MOST_AXES: usize = 2;
/// The most numbers per tensor on the device, per tensor on the host, and per group.
pub(crate) const MOST_NUMBERS: usize = 16;
/// The most cuts: one matrix rule.
const MOST_CUTS: usize = 2;
/// The most statistics.
const MOST_PASSES: usize = 12;

/// A program as a stage.
///
/// What the type cannot know is taken to be so: that it keeps averages ([`Program::keeps`] knows),
/// and that it needs all gradients at once, unless `JOINT` is [`B0`](typenum::B0).
#[derive(Clone, Debug)]
pub struct DynamicChain<JOINT = B1> {
    program: Program,
    joint: PhantomData<fn() -> JOINT>,
}

impl<JOINT: Flag> DynamicChain<JOINT> {
    /// Makes a stage of a program.
    ///
    /// # Errors
    /// [`Error::Combination`] if it has too many numbers of some kind.
    pub fn new(program: Program) -> Result<Self> {
        let Counts { state, axes, tensor, own, group, .. } = program.counts();
        let passes = program.passes();
        if program.is_joint() && !<JOINT as Bit>::BOOL {
            return Err(Error::Combination {
                option: "a stage that needs all gradients at once".to_owned(),
                with: "a chain of a type that does not".to_owned(),
                because: "gradient release would call it with one gradient at a time",
            });
        }
        let fits = state <= MOST_STATE
            && axes <= MOST_AXES
            && [tensor, own, group].iter().all(|numbers| *numbers <= MOST_NUMBERS)
            && passes <= MOST_PASSES
            && program.cuts() <= MOST_CUTS;
        if fits {
            return Ok(Self { program, joint: PhantomData });
        }
        Err(Error::Combination {
            option: match program.cuts() {
                0..=MOST_CUTS => {
                    format!("{state} fields of state, {axes} by axis, and {passes} statistics")
                }
                _ => "more than one matrix rule".to_owned(),
            },
            with: "a chain from data".to_owned(),
            because: "it has room for seven fields of state, two by axis, sixteen numbers per tensor, twelve statistics and one matrix rule",
        })
    }
}

/// Numbers of a tensor, of either kind, or of a group.
pub(super) type Few<F> = ArrayVec<F, MOST_NUMBERS>;
/// The state of an element: its own, and that by axis.
pub(super) type State<F> = (ArrayVec<F, MOST_STATE>, ArrayVec<F, MOST_AXES>);

/// Calls a method of something in the kind of numbers that it is in. A stage behind a pointer exists
/// for these only.
macro_rules! in_its_kind {
    ($numbers:ident . $run:ident ($($argument:expr),*)) => {
        if let Some(mut numbers) = $numbers.cast::<f32>() {
            numbers.$run($($argument),*);
        } else if let Some(mut numbers) = $numbers.cast::<f64>() {
            numbers.$run($($argument),*);
        } else if let Some(mut numbers) = $numbers.cast::<Tile<f32>>() {
            numbers.$run($($argument),*);
        } else if let Some(mut numbers) = $numbers.cast::<Tile<f64>>() {
            numbers.$run($($argument),*);
        } else {
            traced!($numbers.$run($($argument),*));
        }
    };
}

/// The same for numbers that are written down.
#[cfg(feature = "cuda")]
macro_rules! traced {
    ($numbers:ident . $run:ident ($($argument:expr),*)) => {
        if let Some(mut numbers) = $numbers.cast::<Traced<f32>>() {
            numbers.$run($($argument),*);
        } else if let Some(mut numbers) = $numbers.cast::<Traced<f64>>() {
            numbers.$run($($argument),*);
        } else {
            unreachable!("chains from data run in f32, in f64, on tiles of them, and as a trace of them");
        }
    };
}

/// Nothing is written down without kernels.
#[cfg(not(feature = "cuda"))]
macro_rules! traced {
    ($numbers:ident . $run:ident ($($argument:expr),*)) => {
        unreachable!("chains from data run in f32, in f64, and on tiles of them")
    };
}

impl<JOINT: Flag + core::fmt::Debug> Stage for DynamicChain<JOINT> {
    type Constants = Listed;
    type State = Pair<Numbers<MOST_STATE>, ByAxis<Numbers<MOST_AXES>>>;
    type Tensor = Numbers<MOST_NUMBERS>;
    type Own = Numbers<MOST_NUMBERS>;
    type Group = Numbers<MOST_NUMBERS>;
    type Keeps = B1;
    type Joint = JOINT;
    const PASSES: usize = MOST_PASSES;
    const LOOKS_BACK: bool = true;
    const BY_TILE: bool = true;
    const MARKS_FIRST: bool = true;
    const CUTS: usize = MOST_CUTS;

    fn cuts(&self) -> usize {
        self.program.cuts()
    }

    fn matrix(&self, own: &Few<f64>) -> Option<MatrixStage<'_>> {
        self.program.matrix(own)
    }

    fn part_of(&self, pass: usize) -> usize {
        self.program.part_of(pass)
    }

    fn names_of_state(&self) -> Vec<String> {
        self.program.state_fields()
    }

    fn names_of_constants(&self) -> Vec<String> {
        self.program.constant_fields()
    }

    fn description(&self) -> Description {
        self.program.description()
    }

    fn each_stage_at_run_time(&self, note: &mut dyn FnMut(TypeId)) {
        self.program.each_type(note);
    }

    fn keeps(&self) -> bool {
        self.program.keeps()
    }

    fn is_joint(&self) -> bool {
        self.program.is_joint()
    }

    fn begins_once(&self) -> bool {
        self.program.begins_once()
    }

    fn has_second_point(&self) -> bool {
        self.program.has_second_point()
    }

    fn evaluation_constants(&self, own: &Few<f64>) -> ListedConstants<f64> {
        let mut numbers = ConstantList::new();
        self.program.evaluation_constants(own, &mut numbers);
        ListedConstants { program: self.program.clone(), numbers }
    }

    fn evaluation<F: Real>(at: &ListedConstants<F>, parameter: F, state: &State<F>) -> F {
        let mut input = Input::of(parameter, parameter);
        let (tensor, mut state) = (Few::new(), state.clone());
        let mut element = Element { at, input: &mut input, tensor: &tensor, state: &mut state };
        in_its_kind!(element.evaluate());
        input.update
    }

    fn passes_of(&self) -> usize {
        self.program.passes()
    }

    fn joins_of(&self, pass: usize) -> bool {
        self.program.joins(pass)
    }

    fn fold_of(&self, pass: usize) -> Fold {
        self.program.fold(pass)
    }

    #[inline(always)]
    fn listed(constants: &ListedConstants<f64>) -> Option<(&Kernel, &[f64])> {
        constants.program.kernel.as_ref().map(|kernel| (kernel, constants.numbers.as_slice()))
    }

    fn moves(&self, at: &Step) -> bool {
        self.program.moves(at)
    }

    fn measured_passes(&self, at: &Step) -> u64 {
        self.program.measured_passes(at)
    }

    fn advance(&self, at: &Step, group: &mut Few<f64>) {
        self.program.advance(at, group);
    }

    fn constants(&self, at: &Step, own: &mut Few<f64>, group: &Few<f64>) -> ListedConstants<f64> {
        let mut numbers = ConstantList::new();
        self.program.constants(at, own, group, &mut numbers);
        ListedConstants { program: self.program.clone(), numbers }
    }

    fn measure<F: Real>(
        pass: usize,
        at: &ListedConstants<F>,
        mut input: Input<F>,
        tensor: &Few<F>,
        state: &mut State<F>,
    ) -> F {
        let mut element = Element { at, input: &mut input, tensor, state };
        in_its_kind!(element.measure(pass));
        input.update
    }

    fn finish<F: Real>(pass: usize, at: &ListedConstants<F>, sum: F, count: F, tensor: &mut Few<F>) {
        let mut found = Found { at, sum: &sum, count: &count, tensor };
        in_its_kind!(found.finish(pass));
    }

    fn update<F: Real>(
        at: &ListedConstants<F>,
        mut input: Input<F>,
        tensor: &Few<F>,
        state: &mut State<F>,
    ) -> Input<F> {
        let mut element = Element { at, input: &mut input, tensor, state };
        in_its_kind!(element.update());
        input
    }

    fn update_part<F: Real>(
        part: usize,
        at: &ListedConstants<F>,
        mut input: Input<F>,
        tensor: &Few<F>,
        state: &mut State<F>,
    ) -> Input<F> {
        let mut element = Element { at, input: &mut input, tensor, state };
        in_its_kind!(element.update_part(part));
        input
    }

    fn measure_part<F: Real>(
        part: usize,
        pass: usize,
        at: &ListedConstants<F>,
        mut input: Input<F>,
        tensor: &Few<F>,
        state: &mut State<F>,
    ) -> F {
        let mut element = Element { at, input: &mut input, tensor, state };
        in_its_kind!(element.measure_part(part, pass));
        input.update
    }

    fn after<F: Real>(at: &ListedConstants<F>, parameter: F, tensor: &Few<F>, state: &mut State<F>) {
        let mut input = Input::of(parameter, parameter);
        let mut element = Element { at, input: &mut input, tensor, state };
        in_its_kind!(element.after());
    }
}

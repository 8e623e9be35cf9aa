//! Chains that are only known at run time, with the same bits as the same chain in types.
//!
//! ```text
//! Erased          a stage behind a pointer; every stage is one
//! Program         several of them, one after the other
//! Branches        two programs side by side, and a merge: an item of a program again
//! DynamicChain    a program as a stage, so that an optimizer can run it
//! DynamicRule     a rule and what stands around it, which become such a stage
//! ```
//!
//! The arithmetic of a stage behind a pointer runs on tiles of sixty-four numbers, so that the call
//! costs little. It is slower than a chain in types, since every stage reads and writes its tile.

mod branches;
mod chain;
mod element;
mod erased;
mod fields;
mod host;
mod rule;
mod run;

pub use chain::{DynamicChain, MOST_STATE};
pub(crate) use chain::{MOST_AXES, MOST_NUMBERS};
pub use erased::{Erased, Runs, Slices};
pub(crate) use fields::ConstantList;
pub use fields::{Listed, ListedConstants, Numbers};
pub use rule::{AroundAtRunTime, DynamicRule, ErasedRule, program_of};

use super::{Description, Input, MatrixPlan, Stage, Step};
use crate::shape::Layout;
use core::any::Any;
use core::fmt;
use std::sync::Arc;

/// Stages, one after the other.
///
/// ```
/// use gradus::rule::{AddDecay, ScaleByAdam};
/// use gradus::hyperparameter::WeightDecay;
/// use gradus::transform::Program;
///
/// let mut program = Program::default();
/// program.push(ScaleByAdam::default());
/// program.push(AddDecay::to_update(WeightDecay::decoupled(0.1)?));
/// assert_eq!(program.state_fields(), ["first", "second"]);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Program {
    stages: Arc<[Arc<dyn Erased>]>,
    /// How many numbers they have together: loops ask often.
    counts: Counts,
    /// The loops of just these stages.
    kernel: Option<Kernel>,
}

/// Only what is not known from something else: a rule's [settings](super::Rule::settings) are such a text.
impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stages, counts: _, kernel } = self;
        f.debug_struct("Program").field("stages", stages).field("kernel", kernel).finish()
    }
}

/// The loops that a device has for a program of certain stages.
pub type Kernel = Arc<dyn Any + Send + Sync>;

impl Program {
    /// One stage.
    pub fn of(stage: impl Stage) -> Self {
        let mut program = Self::default();
        program.push(stage);
        program
    }

    /// Adds a stage behind the others.
    pub fn push(&mut self, stage: impl Stage) {
        self.add(stage);
    }

    /// Adds anything behind a pointer.
    fn add(&mut self, item: impl Erased) {
        self.counts = self.counts.and(item.counts());
        let item: Arc<dyn Erased> = Arc::new(item);
        self.stages = self.stages.iter().cloned().chain([item]).collect();
    }

    /// Adds the stages of another program behind these.
    pub fn append(&mut self, other: &Self) {
        self.counts = self.counts.and(other.counts);
        self.stages = self.stages.iter().chain(other.stages.iter()).cloned().collect();
    }

    /// These stages, then those of another program.
    #[must_use]
    pub fn then(mut self, next: &Self) -> Self {
        self.append(next);
        self
    }

    /// The stages.
    pub fn stages(&self) -> &[Arc<dyn Erased>] {
        &self.stages
    }

    /// The names of the state's fields; those that occur twice are numbered.
    pub fn state_fields(&self) -> Vec<String> {
        numbered(self.stages.iter().flat_map(|stage| stage.state_fields()))
    }

    /// The names of its stages and of what they remember.
    pub fn description(&self) -> Description {
        let stages = self.stages.iter();
        let all = stages.fold(Description::default(), |all, stage| all.then(stage.description()));
        Description { lengths: vec![self.counts()], ..all }
    }

    /// How many numbers of each kind its stages have.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// How often matrix work interrupts the stages.
    pub fn cuts(&self) -> usize {
        self.stages.iter().map(|stage| stage.cuts()).sum()
    }

    /// What the matrix rule among the stages keeps and needs for a tensor, if there is one.
    pub fn matrix_plan(&self, layout: &Layout) -> Option<MatrixPlan> {
        self.stages.iter().find_map(|stage| {
            let own = vec![0.0; stage.counts().own];
            stage.matrix(&own).map(|found| found.rule.plan(layout))
        })
    }

    /// Whether all gradients must exist before any parameter moves.
    pub fn is_joint(&self) -> bool {
        self.stages.iter().any(|stage| stage.is_joint())
    }

    /// Whether an average of gradients is kept.
    pub fn keeps(&self) -> bool {
        self.stages.iter().any(|stage| stage.keeps())
    }

    /// Each stage, where its numbers begin among those of all, and where those behind it do.
    fn placed(&self) -> impl Iterator<Item = (&dyn Erased, Counts, Counts)> {
        let mut next = Counts::default();
        self.stages.iter().map(move |stage| {
            let places = next;
            next = places.and(stage.counts());
            (stage.as_ref(), places, next)
        })
    }

    /// The place of the stage that takes statistic `pass`, and which of its own that is.
    fn locate(&self, mut pass: usize) -> Option<(usize, usize)> {
        for (place, stage) in self.stages.iter().enumerate() {
            if pass < stage.passes() {
                return Some((place, pass));
            }
            pass -= stage.passes();
        }
        None
    }
}

/// Names, of which those that occur twice are numbered.
pub(super) fn numbered(all: impl Iterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in all {
        let numbered = (2..).map(|number| format!("{name}_{number}"));
        let unused = core::iter::once(name.clone()).chain(numbered).find(|name| !names.contains(name));
        names.extend(unused);
    }
    names
}

/// How many numbers of each kind a stage has; of the stages before another, where its own begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Constants of a step.
    pub constants: usize,
    /// State of an element.
    pub state: usize,
    /// State by axis.
    pub axes: usize,
    /// Numbers of a tensor on the device.
    pub tensor: usize,
    /// Numbers of a tensor on the host.
    pub own: usize,
    /// Numbers of a group.
    pub group: usize,
}

impl Counts {
    /// The numbers of both.
    fn and(self, others: Self) -> Self {
        Self {
            constants: self.constants + others.constants,
            state: self.state + others.state,
            axes: self.axes + others.axes,
            tensor: self.tensor + others.tensor,
            own: self.own + others.own,
            group: self.group + others.group,
        }
    }
}

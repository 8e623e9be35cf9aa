//! Everything that can go wrong at run time.
//!
//! Combinations of options that make no sense are compile errors, so they are not here. Each
//! variant needs data that only exists at run time: a number, a name, a shape.

mod checkpoint;
mod cuda;
mod lists;
mod refused;

pub use checkpoint::CheckpointFlaw;
pub use cuda::CudaFlaw;
pub use refused::Refused;

use crate::shape::Layout;
use lists::{quoted, waiting_for};

/// The result of everything that can fail.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// A failed operation. The message names the culprit and says what would have been accepted;
/// nothing has been changed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A hyperparameter lies outside the range for which its paper defines the rule.
    #[error("{name} is {value}, but must satisfy {allowed}")]
    Hyperparameter {
        /// Which hyperparameter.
        name: &'static str,
        /// The value that was given.
        value: f64,
        /// The range it must lie in.
        allowed: &'static str,
    },

    /// An optimizer was built for no parameters at all.
    #[error("there are no parameters to optimize; pass at least one named parameter")]
    NoParameters,

    /// Two parameters have the same name.
    #[error("two parameters are named `{parameter}`; names must be unique")]
    DuplicateName {
        /// The name that occurs twice.
        parameter: String,
    },

    /// A parameter is claimed by two groups.
    #[error("parameter `{parameter}` is in the groups `{first}` and `{second}`; it must be in one")]
    TwoGroups {
        /// The parameter.
        parameter: String,
        /// The group that claimed it first.
        first: String,
        /// The group that claimed it too.
        second: String,
    },

    /// A parameter is claimed by no group, and there is no default one.
    #[error("parameter `{parameter}` {layout} is in no group; the groups are {groups}")]
    NoGroup {
        /// The parameter.
        parameter: String,
        /// Its shape.
        layout: Box<Layout>,
        /// The labels of the groups.
        groups: String,
    },

    /// A rule that works on matrices meets a device without linear algebra.
    #[error(
        "`{parameter}` is to be stepped as a matrix, for which the library must be built with the feature `matrix`"
    )]
    NoLinearAlgebra {
        /// The parameter.
        parameter: String,
    },

    /// Two groups have the same label.
    #[error("two groups are labelled `{group}`; labels must be unique")]
    DuplicateGroup {
        /// The label that occurs twice.
        group: String,
    },

    /// An option names a group that there is not.
    #[error("there is no group `{group}`; the groups are {groups}")]
    UnknownGroup {
        /// The label that was asked for.
        group: String,
        /// The labels of the groups.
        groups: String,
    },

    /// An option names a hyperparameter that the rule does not have, or that cannot change.
    #[error("the rule has no hyperparameter `{name}` that can change; there are {known}")]
    NotTunable {
        /// The name that was asked for.
        name: String,
        /// The names there are.
        known: String,
    },

    /// A schedule leads a hyperparameter out of its range.
    #[error(
        "at step {step} the schedule of `{name}` in the group `{group}` leads out of its range: {reason}"
    )]
    Scheduled {
        /// The whole step, from 1.
        step: u64,
        /// The hyperparameter.
        name: String,
        /// The label of the group.
        group: String,
        /// What the hyperparameter said.
        reason: String,
    },

    /// A gradient is infinite or NaN, and the policy is to refuse it.
    #[error(
        "the gradient of `{parameter}` is infinite or NaN, first at index {index:?}; the step was not taken"
    )]
    NonfiniteGradient {
        /// The parameter.
        parameter: String,
        /// The index of the first such element in memory order, axis by axis.
        index: Vec<usize>,
    },

    /// The norm that was handed in is infinite or NaN, though this optimizer's gradients are finite.
    #[error(
        "the norm of all gradients is infinite or NaN, though those of this optimizer are finite; the step was not taken"
    )]
    NonfiniteNorm,

    /// A group claims no parameter.
    #[error("no parameter is in the group `{group}`; its condition fits none of the names and shapes")]
    EmptyGroup {
        /// The label of the group.
        group: String,
    },

    /// A name or an index that the optimizer does not know.
    #[error("there is no parameter {asked}; the optimizer was built for {known}")]
    UnknownParameter {
        /// What was asked for: a quoted name or an index.
        asked: String,
        /// The names, or how many there are when they are many.
        known: String,
    },

    /// A step was given another parameter in this place than the optimizer was built with.
    #[error(
        "the parameter in place {place} is `{found}`, but the optimizer was built with `{expected}` there"
    )]
    ParameterOrder {
        /// The place in the set, from 0.
        place: usize,
        /// The name at build time.
        expected: String,
        /// The name now.
        found: String,
    },

    /// A step was given fewer or more parameters than the optimizer was built with.
    #[error("the step has {found} parameters, but the optimizer was built with {expected}")]
    ParameterCount {
        /// The number at build time.
        expected: usize,
        /// The number now.
        found: usize,
    },

    /// A parameter that was to be read is absent.
    #[error("parameter `{parameter}` is absent; pass every parameter that the optimizer was built with")]
    AbsentParameter {
        /// The parameter.
        parameter: String,
    },

    /// A parameter's shape is not what it was when the optimizer was built.
    #[error("parameter `{parameter}` has shape {found}, but had {expected} when the optimizer was built")]
    ParameterShape {
        /// The parameter.
        parameter: String,
        /// Its shape at build time.
        expected: Box<Layout>,
        /// Its shape now.
        found: Box<Layout>,
    },

    /// A gradient's shape differs from its parameter's.
    #[error("gradient of `{parameter}` has shape {found}, but the parameter has shape {expected}")]
    GradientShape {
        /// The parameter.
        parameter: String,
        /// The parameter's shape.
        expected: Box<Layout>,
        /// The gradient's shape.
        found: Box<Layout>,
    },

    /// The rows of a gradient have another shape than those of its parameter, or are not as many as
    /// their indices.
    #[error(
        "rows of the gradient of `{parameter}` have shape {found} together, but as many indices need {expected}"
    )]
    RowShape {
        /// The parameter.
        parameter: String,
        /// The shape that so many rows of the parameter have.
        expected: Box<Layout>,
        /// The shape of the values.
        found: Box<Layout>,
    },

    /// A gradient has a row that its parameter has not.
    #[error("gradient of `{parameter}` has row {row} in place {place}, but the parameter has {rows} rows")]
    RowOutOfRange {
        /// The parameter.
        parameter: String,
        /// The place among the indices, from 0.
        place: usize,
        /// The index there.
        row: usize,
        /// How many rows there are.
        rows: usize,
    },

    /// The shapes agree but the order of the elements in memory does not.
    #[error(
        "{role} of `{parameter}` orders its elements otherwise in memory (strides {found:?}) than the \
         parameter did when the optimizer was built ({expected:?}); copy it into that order"
    )]
    MemoryOrder {
        /// The parameter.
        parameter: String,
        /// Which of the two views: "value" or "gradient".
        role: &'static str,
        /// The strides at build time, in elements.
        expected: Vec<isize>,
        /// The strides now, in elements.
        found: Vec<isize>,
    },

    /// A view has gaps between its elements.
    #[error(
        "{role} of `{parameter}` is not contiguous in memory; copy it with `.as_standard_layout()` or \
         pass the array that it is a part of"
    )]
    NotContiguous {
        /// The parameter.
        parameter: String,
        /// Which of the two views: "value" or "gradient".
        role: &'static str,
    },

    /// The gradient in this place belongs to another parameter.
    #[error("the gradient in place {place} is of `{found}`, but the parameter there is `{expected}`")]
    GradientOrder {
        /// The place in the set, from 0.
        place: usize,
        /// The parameter in that place.
        expected: String,
        /// The name that came with the gradient.
        found: String,
    },

    /// A step was given no slot for some parameters' gradients.
    #[error("no gradient for {}; pass one for every parameter, or say `None` where there is none", quoted(.parameters))]
    MissingGradient {
        /// The parameters without a slot.
        parameters: Vec<String>,
    },

    /// More gradients than parameters.
    #[error("there is a gradient for `{name}`, but no such parameter")]
    UnknownGradient {
        /// The name that came with the gradient.
        name: String,
    },

    /// A gradient was handed in after its parameter had been stepped.
    #[error("parameter `{parameter}` has been released in this step already; begin the next step first")]
    ReleasedTwice {
        /// The parameter.
        parameter: String,
    },

    /// The previous step under gradient release was dropped before `finish`.
    #[error(
        "the step before was dropped before `.finish()`{}; call `.abandon_unfinished_step()` to go on \
         with what was released",
        waiting_for(.waiting)
    )]
    UnfinishedStep {
        /// The parameters that had not been released.
        waiting: Vec<String>,
    },

    /// A snapshot was taken from a differently built optimizer.
    #[error("the snapshot does not fit: {aspect} is {found} there, but {expected} here")]
    Snapshot {
        /// What differs, with the parameter's name.
        aspect: String,
        /// What this optimizer has.
        expected: String,
        /// What the snapshot has.
        found: String,
    },

    /// A checkpoint could not be written, or was refused.
    #[error("{file} {flaw}")]
    Checkpoint {
        /// The file, in backquotes; `the checkpoint` if it is none.
        file: String,
        /// What is wrong with it.
        flaw: Box<CheckpointFlaw>,
    },

    /// State could not be allocated.
    #[error("no memory for {bytes} bytes of state of `{parameter}`")]
    OutOfMemory {
        /// The parameter.
        parameter: String,
        /// How many bytes were asked for.
        bytes: usize,
    },

    /// Worker threads could not be started.
    #[error("could not start {threads} threads: {reason}")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// What the operating system said.
        reason: String,
    },

    /// A document does not describe an optimizer.
    #[error("`{path}`: {reason}")]
    Configuration {
        /// The path of the field, such as `groups[0].hyperparameters.lr`.
        path: String,
        /// What is wrong with it.
        reason: String,
    },

    /// The catalogue has no optimizer of this name.
    #[error("there is no optimizer `{name}`; there are {known}")]
    UnknownOptimizer {
        /// The name that was asked for.
        name: String,
        /// The names there are.
        known: String,
    },

    /// A named optimizer has no such hyperparameter, or none of this kind.
    #[error("`{optimizer}` does not take {hyperparameter} = {value}; {expected}")]
    UnknownHyperparameter {
        /// The optimizer.
        optimizer: String,
        /// The hyperparameter.
        hyperparameter: String,
        /// The value that was given.
        value: String,
        /// What would have been accepted.
        expected: String,
    },

    /// An option has no such choice.
    #[error("there is no {option} `{value}`; there are {choices}")]
    UnknownChoice {
        /// The option.
        option: &'static str,
        /// The choice that was asked for.
        value: String,
        /// The choices there are.
        choices: String,
    },

    /// The catalogue cannot combine these options.
    #[error("{option} is not available with {with}: {because}")]
    Combination {
        /// The option that was asked for.
        option: String,
        /// The option it contradicts.
        with: String,
        /// Why, as the compiler would have said it.
        because: &'static str,
    },

    /// There is no CUDA to work with, or it refused.
    #[error(transparent)]
    Cuda(#[from] CudaFlaw),
}

//! The contracts that rules are written against.
//!
//! ```text
//! Transform   one elementwise step from a running update to the next: what most rules are
//! Stage       the whole contract: adds statistics over a tensor, numbers per tensor and per group
//! Chain       two stages, one after the other; a stage again
//! Branches    two stages side by side, and a merge of their updates; a stage again
//! Rule        hyperparameters with a name, which become a chain
//! Around      a rule with stages of others before, behind and after it; a rule again
//! MatrixRule  what is done to a tensor as a whole, between the parts of a chain
//! ```
//!
//! A rule never sees a storage format, a device or an option: it maps numbers to numbers.

mod around;
mod branches;
mod by_axis;
mod chain;
mod description;
mod dynamic;
mod fields;
mod flag;
mod matrix;
mod rule;
mod stage;

pub use around::{Around, Identity};
pub use branches::{Beside, Branches, Merge};
pub use by_axis::ByAxis;
pub use chain::{Chain, StageExt};
pub use description::Description;
pub use dynamic::{
    AroundAtRunTime, Counts, DynamicChain, DynamicRule, Erased, ErasedRule, Kernel, Listed, ListedConstants,
    MOST_STATE, Numbers, Program, Runs, Slices, program_of,
};
pub(crate) use dynamic::{ConstantList, MOST_AXES, MOST_NUMBERS};
pub use fields::{FieldSet, Held, Nothing, Of, Pair, field_names};
pub use flag::{Either, Flag};
pub use matrix::{
    Factorization, Job, LinearAlgebra, Matrix, MatrixCount, MatrixNeeds, MatrixPart, MatrixPlan,
    MatrixPrecision, MatrixRule, MatrixStage, Merging, Slot, TensorNeeds, Through, TriangularAlgebra,
    Untouched, merged, parted,
};
pub(crate) use rule::tunable_names;
pub use rule::{ChainOf, Rule};
pub use stage::{AxesOf, Constants, ElementsOf, Fold, Stage, Transform};

use crate::real::Real;

/// Where in training a step is.
///
/// ```
/// use gradus::transform::Step;
///
/// let first = Step::first(1e-3);
/// assert_eq!((first.own, first.optimizer), (1, 1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Step {
    /// The 1-based number of the gradient that this parameter receives, micro-batches included.
    ///
    /// Averages are debiased by it, so that a parameter whose first gradient comes late is treated
    /// as any other.
    pub own: u64,
    /// Gradients before the first that `own` counts, which only built what this stage works in. A
    /// hyperparameter that follows the number of gradients counts them, an average does not.
    pub built: u64,
    /// The 1-based number of the whole step; schedules follow it.
    pub optimizer: u64,
    /// γ of the parameter's group at this step.
    pub learning_rate: f64,
    /// What gradients are multiplied with before the rule sees them: the factor of a clip by the
    /// joint norm, divided by the scale of the loss; 1 without either.
    pub gradient_factor: f64,
    /// How many dimensions the parameter has; some rules treat matrices and vectors differently.
    pub dimensions: usize,
    /// Whether the gradient only enters the averages, so that the parameter stays.
    pub arrives: Arrives,
}

/// What a gradient is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrives {
    /// It moves the parameter.
    ToStep,
    /// It only enters the averages: it is one micro-batch of several, or one that the rule spends
    /// on [finding out where it is](Stage::moves).
    ToAccumulate,
}

impl Step {
    /// The first step of a vector and of its optimizer, with a learning rate.
    pub fn first(learning_rate: f64) -> Self {
        Self {
            own: 1,
            built: 0,
            optimizer: 1,
            learning_rate,
            gradient_factor: 1.0,
            dimensions: 1,
            arrives: Arrives::ToStep,
        }
    }

    /// The step after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self { own: self.own + 1, optimizer: self.optimizer + 1, ..self }
    }
}

/// What a stage sees of one element.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Input<F> {
    /// What the stages before this one made of the gradient; the gradient itself at first.
    pub update: F,
    /// The gradient: as it came, or as a stage that [replaces](Self::with_gradient) it left it.
    pub gradient: F,
    /// The parameter before this step, widened from its storage format, plus what the store
    /// carries of it.
    pub parameter: F,
    /// 1 for the first element of the tensor in memory, 0 for all others; 0 for all unless a stage
    /// [asks for it](Stage::MARKS_FIRST).
    pub first_element: F,
    /// What the learning rate is multiplied with where it is [applied](crate::rule::ScaleByLearningRate): 1,
    /// unless a stage before has slowed the whole tensor down, and 1 again behind. Unlike a smaller
    /// update, a smaller rate is also one of the decay that is added between.
    pub rate: F,
}

impl<F: Real> Input<F> {
    /// The input of a chain's first stage.
    #[inline(always)]
    pub fn of(gradient: F, parameter: F) -> Self {
        Self {
            update: gradient,
            gradient,
            parameter,
            first_element: F::constant(0.0),
            rate: F::constant(1.0),
        }
    }

    /// The same element with another update.
    #[inline(always)]
    #[must_use]
    pub fn with_update(self, update: F) -> Self {
        Self { update, ..self }
    }

    /// The same element with another factor of the learning rate.
    #[inline(always)]
    #[must_use]
    pub fn with_rate(self, rate: F) -> Self {
        Self { rate, ..self }
    }

    /// The same element with another gradient, for all stages that follow: what clips, unscaling
    /// and variance reduction do. It is the update, too.
    #[inline(always)]
    #[must_use]
    pub fn with_gradient(self, gradient: F) -> Self {
        Self { update: gradient, gradient, ..self }
    }
}

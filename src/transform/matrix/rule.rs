//! [`MatrixRule`]: what is done to a tensor as a whole.

use super::{LinearAlgebra, MatrixPlan};
use crate::shape::Layout;
use crate::transform::Step;
use core::fmt::Debug;

/// What is done to a tensor as a whole, before and behind the inner stages of a
/// [`Through`](super::Through).
///
/// It is plain data; what it remembers lies on the device, as its [plan](MatrixPlan) lists it: in the
/// format of the arithmetic, or in a 16-bit one, whatever the format of the other state is.
pub trait MatrixRule: Debug + Send + Sync + 'static {
    /// What is kept and needed for a tensor. Follows from the shape and from hyperparameters that do
    /// not change after the build.
    fn plan(&self, layout: &Layout) -> MatrixPlan;

    /// How many gradients of a tensor only build what later ones need: 0 or more. They reach neither the
    /// inner stages nor the parameter, and the inner stages do not count them.
    fn builds_for(&self) -> u64 {
        0
    }

    /// Whether [schedules](Step::built) of the inner stages count those gradients.
    fn schedules_count_building(&self) -> bool {
        true
    }

    /// Advances the one number per tensor that the host keeps, with each gradient; 0 at first.
    fn count(&self, at: &Step, count: &mut f64) {
        let _ = (at, count);
    }

    /// Turns the update into what the inner stages see, in place.
    fn enter(&self, job: &Job<'_>, algebra: &mut dyn LinearAlgebra) {
        let _ = (job, algebra);
    }

    /// Turns the update that the inner stages made into what the stages behind see, in place.
    fn leave(&self, job: &Job<'_>, algebra: &mut dyn LinearAlgebra);
}

/// Leaves tensors alone: gives a chain without matrix work the parts of chains with it, so that both take
/// statistics over all tensors at the same place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Untouched;

impl MatrixRule for Untouched {
    fn plan(&self, layout: &Layout) -> MatrixPlan {
        MatrixPlan::of(layout)
    }

    fn leave(&self, _job: &Job<'_>, _algebra: &mut dyn LinearAlgebra) {}
}

/// One gradient of one tensor.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The tensor's plan.
    pub plan: &'a MatrixPlan,
    /// Where in training the step is.
    pub at: &'a Step,
    /// The number that [`MatrixRule::count`] has advanced to.
    pub count: f64,
    /// The tensor, by [`tensor_id`](crate::random::tensor_id) of its name.
    pub tensor: u32,
}

/// The matrix rule in a chain.
#[derive(Clone, Copy, Debug)]
pub struct MatrixStage<'a> {
    /// The rule.
    pub rule: &'a dyn MatrixRule,
    /// The number among all fields by element of the inner stages' first.
    pub first_field: usize,
    /// The number that [`MatrixRule::count`] has advanced to.
    pub count: f64,
}

impl MatrixStage<'_> {
    /// The same behind `fields` other fields.
    #[must_use]
    pub(in crate::transform) fn behind(self, fields: usize) -> Self {
        Self { first_field: self.first_field + fields, ..self }
    }
}

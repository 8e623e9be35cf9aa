//! Lists that a step fills and empties, kept so that only the first step allocates them.

use super::alike::Alike;
use crate::device::{Device, Formats, Work};
use crate::transform::Stage;

/// The lists. Whatever a step borrows has been given back, so that they are empty between steps.
pub(super) struct Scratch<C: Stage, K: Formats, D: Device> {
    pub(super) parameters: ParameterViews<'static, K, D>,
    pub(super) gradients: GradientViews<'static, K, D>,
    pub(super) works: Vec<Work<'static, D, C, K>>,
    pub(super) alike: Alike<C>,
}

/// The memory of all parameters, until a tensor takes its own.
pub(super) type ParameterViews<'a, K, D> = Vec<Option<<D as Device>::ViewMut<'a, <K as Formats>::Parameter>>>;

/// The memory of all gradients, where there is one.
pub(super) type GradientViews<'a, K, D> = Vec<Option<<D as Device>::View<'a, <K as Formats>::Gradient>>>;

impl<C: Stage, K: Formats, D: Device> Scratch<C, K, D> {
    pub(super) fn new() -> Self {
        Self { parameters: Vec::new(), gradients: Vec::new(), works: Vec::new(), alike: Alike::new() }
    }
}

/// An empty list with the memory of another one whose items differ only in a lifetime.
///
/// Collecting an emptied vector into a vector of items of the same layout reuses its allocation.
pub(super) fn recycled<X, Y>(mut list: Vec<X>) -> Vec<Y> {
    list.clear();
    list.into_iter().map(|_| unreachable!("the list is empty")).collect()
}

//! The tensors of a step: what each lends, and what they share.

use super::TensorState;
use super::alike::Alike;
use super::group::Group;
use crate::device::{Bringing, Device, Formats, Work};
use crate::random::RoundKeys;
use crate::transform::{ChainOf, Rule};

/// Tensors that are prepared for a step, in their order, with and without a gradient.
pub(super) struct Prepared<'a, 'p, 'g, R: Rule, K: Formats, D: Device> {
    pub(super) tensors: &'a mut [TensorState<ChainOf<R>, K, D>],
    pub(super) parameters: &'a mut [Option<D::ViewMut<'p, K::Parameter>>],
    pub(super) gradients: &'a mut [Option<D::View<'g, K::Gradient>>],
    pub(super) groups: &'a [Group<R>],
    pub(super) alike: &'a Alike<ChainOf<R>>,
    pub(super) keys: RoundKeys,
    pub(super) stand_alone: bool,
}

impl<'a, 'p: 'a, 'g: 'a, R: Rule, K: Formats, D: Device> Bringing<'a, D, ChainOf<R>, K>
    for Prepared<'a, 'p, 'g, R, K, D>
{
    fn count(&self) -> usize {
        self.tensors.len()
    }

    fn split_at(self, count: usize) -> (Self, Self) {
        let (tensors, parameters) = (self.tensors.split_at_mut(count), self.parameters.split_at_mut(count));
        let gradients = self.gradients.split_at_mut(count);
        (
            Self { tensors: tensors.0, parameters: parameters.0, gradients: gradients.0, ..self },
            Self { tensors: tensors.1, parameters: parameters.1, gradients: gradients.1, ..self },
        )
    }

    fn lengths(&self) -> impl Iterator<Item = usize> {
        self.gradients.iter().flatten().map(D::length)
    }

    fn stand_alone(&self) -> bool {
        self.stand_alone
    }

    fn for_each(self, mut run: impl FnMut(Work<'a, D, ChainOf<R>, K>)) {
        let Self { tensors, parameters, gradients, groups, alike, keys, .. } = self;
        for ((tensor, parameter), gradient) in tensors.iter_mut().zip(parameters).zip(gradients) {
            let Some(gradient) = gradient.take() else { continue };
            let (chain, parameter) = (&groups[tensor.group].chain, parameter.take());
            run(tensor.work(chain, alike, keys, parameter.map(D::shorter_mut), D::shorter(gradient)));
        }
    }
}

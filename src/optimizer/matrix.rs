//! What a matrix rule keeps of a tensor.

use crate::device::{Device, Formats, MatrixWork, NarrowBuffer, Number};
use crate::dtype::NarrowFormat;
use crate::error::{Error, Result};
use crate::shape::Layout;
use crate::transform::{MatrixPlan, MatrixStage, Step};
use std::sync::Arc;

/// The matrices of a tensor, and room for what flows between the parts of its chain.
pub(super) struct MatrixState<K: Formats, D: Device> {
    pub(super) plan: MatrixPlan,
    update: D::Buffer<Number<K>>,
    gradient: D::Buffer<Number<K>>,
    pub(super) state: D::Buffer<Number<K>>,
    pub(super) narrow: Vec<NarrowBuffer<D>>,
    rank: usize,
    workspace: Arc<D::Workspace>,
}

impl<K: Formats, D: Device> MatrixState<K, D> {
    pub(super) fn new(
        device: &D,
        parameter: &str,
        layout: &Layout,
        plan: MatrixPlan,
        (rank, workspace): (usize, Arc<D::Workspace>),
    ) -> Result<Self> {
        let numbers = |length: usize| {
            let bytes = length.saturating_mul(size_of::<Number<K>>());
            let missing = || Error::OutOfMemory { parameter: parameter.to_owned(), bytes };
            device.zeros::<Number<K>>(length).ok_or_else(missing)
        };
        let narrow = |(_, length, format): &(String, usize, NarrowFormat)| {
            let bytes = length.saturating_mul(NarrowFormat::BYTES);
            let missing = || Error::OutOfMemory { parameter: parameter.to_owned(), bytes };
            NarrowBuffer::zeros(device, *format, *length).ok_or_else(missing)
        };
        Ok(Self {
            update: numbers(layout.len())?,
            gradient: numbers(layout.len())?,
            state: numbers(plan.state_len())?,
            narrow: plan.narrow.iter().map(narrow).collect::<Result<_>>()?,
            rank,
            workspace,
            plan,
        })
    }

    /// The bytes of what is kept.
    pub(super) fn bytes(&self) -> usize {
        let narrow: usize = self.plan.narrow.iter().map(|(_, length, _)| length).sum();
        self.plan.state_len() * size_of::<Number<K>>() + narrow * NarrowFormat::BYTES
    }

    pub(super) fn work<'a>(&'a mut self, stage: MatrixStage<'a>, at: Step) -> MatrixWork<'a, D, K> {
        MatrixWork {
            at,
            plan: &self.plan,
            only_builds: at.own <= stage.rule.builds_for(),
            stage,
            update: D::view_mut(&mut self.update),
            gradient: D::view_mut(&mut self.gradient),
            state: D::view_mut(&mut self.state),
            narrow: &mut self.narrow,
            rank: self.rank,
            workspace: &self.workspace,
        }
    }
}

/// Cuts what is kept into the parts that the plan names.
pub(super) fn named<T: Clone>(plan: &MatrixPlan, mut numbers: &[T]) -> Vec<(String, Vec<T>)> {
    let cut = |(name, length): &(String, usize)| {
        let (part, rest) = numbers.split_at(*length);
        numbers = rest;
        (name.clone(), part.to_vec())
    };
    plan.state.iter().map(cut).collect()
}

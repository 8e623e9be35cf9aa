//! [`MatrixNeeds`]: what all tensors together need while one of them is worked on.

use super::{Factorization, MatrixPlan};
use crate::dtype::Format;

/// What the matrix rules of an optimizer need of a device beside what they keep.
///
/// It is needed while a tensor is worked on, so that as many tensors share it as are not worked on at
/// the same time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixNeeds {
    /// The format of the numbers.
    pub format: Format,
    /// How many tensors have matrix work.
    pub tensors: usize,
    /// How many numbers the [room](MatrixPlan::room) of a tensor has, at most.
    pub room: usize,
    /// How many numbers a matrix has, at most.
    pub largest: usize,
    /// The factorisations that will be asked for, each once.
    pub factorizations: Vec<Factorization>,
    /// The tensor that needs most room.
    pub tensor: String,
}

impl MatrixNeeds {
    /// Those of no tensor.
    pub fn new(format: Format) -> Self {
        let (factorizations, tensor) = (Vec::new(), String::new());
        Self { format, tensors: 0, room: 0, largest: 0, factorizations, tensor }
    }

    /// Adds those of a tensor with so many elements.
    pub fn add(&mut self, tensor: &str, elements: usize, plan: &MatrixPlan) {
        self.tensors += 1;
        if self.tensor.is_empty() || plan.room_len() > self.room {
            tensor.clone_into(&mut self.tensor);
        }
        self.room = self.room.max(plan.room_len());
        let kept = plan.state.iter().map(|(_, length)| *length);
        let largest = kept.chain(plan.room.iter().copied()).fold(elements, usize::max);
        self.largest = self.largest.max(largest);
        for factorization in &plan.factorizations {
            if !self.factorizations.contains(factorization) {
                self.factorizations.push(*factorization);
            }
        }
    }
}

//! [`MatrixNeeds`]: what tensors need while they are worked on.

use super::{Factorization, MatrixPlan, MatrixPrecision};
use crate::dtype::Format;

/// What the matrix rules of an optimizer need of a device beside what they keep.
///
/// It is needed while a tensor is worked on, so that tensors share it which are not worked on at the same time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixNeeds {
    /// The format of the numbers.
    pub format: Format,
    /// What each tensor needs, in the order of the parameters.
    pub tensors: Vec<TensorNeeds>,
}

/// What a tensor needs while it is worked on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TensorNeeds {
    /// Its name.
    pub tensor: String,
    /// How many numbers its [room](MatrixPlan::room) has.
    pub room: usize,
    /// How many numbers its [largest matrix](MatrixPlan::largest) has.
    pub largest: usize,
    /// The factorisations that will be asked for, each once.
    pub factorizations: Vec<Factorization>,
    /// What its matrices are multiplied in.
    pub precision: MatrixPrecision,
}

impl TensorNeeds {
    /// Those of a tensor with so many elements.
    pub fn of(tensor: &str, elements: usize, plan: &MatrixPlan) -> Self {
        let (room, largest) = (plan.room_len(), plan.largest(elements));
        let precision = plan.precision;
        let mut needs = Self { tensor: tensor.to_owned(), room, largest, precision, ..Self::default() };
        plan.factorizations.iter().for_each(|one| needs.add(*one));
        needs
    }

    /// Enough for this tensor and another one.
    pub fn include(&mut self, other: &Self) {
        self.room = self.room.max(other.room);
        self.largest = self.largest.max(other.largest);
        self.precision = self.precision.max(other.precision);
        other.factorizations.iter().for_each(|one| self.add(*one));
    }

    fn add(&mut self, factorization: Factorization) {
        if !self.factorizations.contains(&factorization) {
            self.factorizations.push(factorization);
        }
    }

    /// Whether it needs nothing.
    pub fn is_empty(&self) -> bool {
        self.largest == 0
    }
}

impl MatrixNeeds {
    /// The name of the first tensor, for a device that refuses all of them.
    pub fn first_name(&self) -> &str {
        self.tensors.first().map_or("", |needs| &needs.tensor)
    }

    /// The place of each tensor among all, those first that need most room.
    pub fn ranks(&self) -> Vec<usize> {
        let mut order: Vec<_> = (0..self.tensors.len()).collect();
        order.sort_by_key(|place| core::cmp::Reverse(self.tensors[*place].room));
        let mut ranks = vec![0; order.len()];
        order.into_iter().enumerate().for_each(|(rank, place)| ranks[place] = rank);
        ranks
    }

    /// What so many lanes need, of which the first has enough for all tensors, and each of the others for those whose
    /// [rank](Self::ranks) is not below its own number. There is one lane at least, and no more than tensors that need anything.
    pub fn lanes(&self, most: usize) -> Vec<TensorNeeds> {
        let count = self.tensors.iter().filter(|needs| !needs.is_empty()).count().min(most).max(1);
        let mut lanes = vec![TensorNeeds::default(); count];
        for (needs, rank) in self.tensors.iter().zip(self.ranks()) {
            for (number, lane) in lanes.iter_mut().enumerate().take(rank + 1) {
                if lane.tensor.is_empty() || rank == number {
                    needs.tensor.clone_into(&mut lane.tensor);
                }
                lane.include(needs);
            }
        }
        lanes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_has_room_for_what_it_may_meet() {
        let tensor = |room| TensorNeeds { room, largest: room / 2, ..TensorNeeds::default() };
        let tensors = [3, 0, 100, 7, 5].map(tensor).into();
        let needs = MatrixNeeds { format: Format::F32, tensors };
        assert_eq!(needs.ranks(), [3, 4, 0, 1, 2]);
        let rooms = |most| needs.lanes(most).iter().map(|lane| lane.room).collect::<Vec<_>>();
        assert_eq!((rooms(1), rooms(3), rooms(9)), (vec![100], vec![100, 7, 5], vec![100, 7, 5, 3]));
        let none = MatrixNeeds { format: Format::F32, tensors: [0, 0].map(tensor).into() };
        assert_eq!(none.lanes(8).len(), 1);
    }
}

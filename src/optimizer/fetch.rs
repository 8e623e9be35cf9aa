//! What a step reads of each tensor, asked for before the first tensor's turn comes.
//!
//! An optimizer's own memory is small, but it lies in many places, and what a step streams through the cache has driven
//! it out. Asked for together it comes together; one by one, every tensor would wait for its own.

use super::TensorState;
use crate::device::{Device, Formats, fetch_names};
use crate::store::Store;
use crate::transform::{AxesOf, ElementsOf, FieldSet, Held, Of, Stage};
use core::hint::black_box;

/// Reads something of each place that a step needs.
pub(super) fn fetch<C: Stage, K: Formats, D: Device>(tensors: &[TensorState<C, K, D>]) {
    fetch_names(tensors.iter().map(|tensor| tensor.name.as_str()));
    black_box(tensors.iter().fold(0, |all, tensor| all ^ tensor.places()));
}

impl<C: Stage, K: Formats, D: Device> TensorState<C, K, D> {
    /// A number that depends on all of them, and means nothing.
    fn places(&self) -> usize {
        let scalars = self.group ^ self.made ^ self.received as usize ^ usize::from(self.taking_part);
        scalars
            ^ self.layout.len()
            ^ usize::from(self.matrix.is_some())
            ^ length::<ElementsOf<C>, _>(&self.state)
            ^ length::<AxesOf<C>, _>(&self.axes)
            ^ length::<AxesOf<C>, _>(&self.room)
            ^ length::<<K::Store as Store>::Carry, _>(&self.carry)
            ^ length::<C::Tensor, _>(&self.tensor)
            ^ length::<C::Own, _>(&self.own)
            ^ length::<C::Own, _>(&self.next)
    }
}

/// How many values a set holds, without a look at them.
fn length<S: FieldSet, X: Held>(set: &Of<S, X>) -> usize {
    let mut count = 0;
    S::for_each(set, &mut |_| count += 1);
    count
}

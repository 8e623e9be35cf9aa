//! What a step reads of every tensor before the first one moves, asked for together.
//!
//! An optimizer's own memory is small, but it lies in many places, and what a step streams through the cache has driven
//! it out. Asked for together it comes together; one by one, every tensor would wait for its own.

use super::TensorState;
use crate::device::{Device, Formats, fetch_names};
use crate::transform::{FieldSet, Of, Stage};
use core::hint::black_box;

/// Reads something of each place.
pub(super) fn fetch<C: Stage, K: Formats, D: Device>(tensors: &[TensorState<C, K, D>]) {
    fetch_names(tensors.iter().map(|tensor| tensor.name.as_str()));
    black_box(tensors.iter().fold(0, |all, tensor| all ^ tensor.places()));
}

impl<C: Stage, K: Formats, D: Device> TensorState<C, K, D> {
    /// A number that depends on all of them, and means nothing.
    fn places(&self) -> usize {
        let flags = [self.frozen, self.taking_part, self.matrix.is_some()].map(usize::from);
        let counters = self.group ^ self.made ^ self.received as usize;
        let sets = length::<C::Own>(&self.own) ^ length::<C::Own>(&self.next);
        flags.iter().fold(self.layout.len() ^ counters ^ sets, |all, flag| all ^ flag)
    }
}

/// How many numbers a set holds.
fn length<S: FieldSet>(set: &Of<S, f64>) -> usize {
    let mut count = 0;
    S::for_each(set, &mut |_| count += 1);
    count
}

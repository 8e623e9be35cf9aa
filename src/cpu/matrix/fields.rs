//! The state of the inner stages, as matrix rules reach it.

use super::hands::Field;
use crate::device::{Formats, Number};
use crate::dtype::StorageDtype;
use crate::random::{Noise, PARAMETER_STREAM};
use crate::transform::{ElementsOf, FieldSet, Of, Stage};

/// State that can be carried from one basis to another.
pub(super) trait Fields<F> {
    /// Copies a field, widened.
    fn load(&self, field: usize, into: &mut [F]);
    /// Copies a field back, rounded as state is.
    fn store(&mut self, field: usize, from: &[F]);
}

/// The fields of a chain from `first` on.
pub(super) struct FieldsOf<'a, 'w, C: Stage, K: Formats> {
    pub(super) state: &'a mut Of<ElementsOf<C>, &'w mut [K::State]>,
    pub(super) noise: Noise,
    pub(super) first: usize,
}

/// Streams of random bits that no field of state draws from.
const STREAMS: u32 = 64;

impl<F: Field, C: Stage, K: Formats> Fields<F> for FieldsOf<'_, '_, C, K> {
    fn load(&self, field: usize, into: &mut [F]) {
        let into: &mut [Number<K>] = bytemuck::cast_slice_mut(into);
        let mut number = 0;
        ElementsOf::<C>::map(ElementsOf::<C>::each_ref(self.state), |values| {
            if number == self.first + field {
                into.iter_mut().zip(values.iter()).for_each(|(into, value)| *into = value.widen());
            }
            number += 1;
        });
    }

    fn store(&mut self, field: usize, from: &[F]) {
        let from: &[Number<K>] = bytemuck::cast_slice(from);
        let (noise, wanted) = (self.noise, self.first + field);
        let stream = PARAMETER_STREAM + STREAMS + wanted as u32;
        let mut number = 0;
        ElementsOf::<C>::map(ElementsOf::<C>::each_mut(self.state), |values| {
            if number == wanted {
                for (element, (value, from)) in values.iter_mut().zip(from).enumerate() {
                    let bits = if K::State::EXACT { 0 } else { noise.word(stream, element as u64) };
                    *value = K::State::round_stochastically(*from, bits);
                }
            }
            number += 1;
        });
    }
}

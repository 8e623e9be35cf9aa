//! The point for evaluation, element by element.

use super::Cpu;
use super::corrected;
use super::pieces::constants_in;
use crate::device::{Evaluated, Formats, LEAF, Number};
use crate::dtype::StorageDtype;
use crate::store::Store;
use crate::transform::{AxesOf, ElementsOf, FieldSet, Of, Stage};
use rayon::prelude::*;

/// The most elements that one task walks.
const PIECE: usize = 16 * LEAF;

/// Writes the point for evaluation of one tensor.
pub(super) fn evaluate<C: Stage, K: Formats>(tensor: Evaluated<'_, Cpu, C, K>) {
    let Evaluated { parameter, carry, state, constants, into } = tensor;
    let constants = constants_in::<C, Number<K>>(&constants);
    into.par_chunks_mut(PIECE).enumerate().for_each(|(piece, into)| {
        for (place, into) in into.iter_mut().enumerate() {
            let element = piece * PIECE + place;
            let carry = at::<<K::Store as Store>::Carry, _>(&carry, element);
            let known = corrected::known::<K>(parameter[element], &carry);
            let elements = at::<ElementsOf<C>, _>(&state, element);
            let elements = ElementsOf::<C>::map(elements, StorageDtype::widen);
            let state = C::State::join(elements, AxesOf::<C>::generate(Number::<K>::default));
            *into = K::Parameter::round(C::evaluation(&constants, known, &state));
        }
    });
}

/// The numbers of one element.
#[inline(always)]
fn at<S: FieldSet, T: StorageDtype>(fields: &Of<S, &[T]>, element: usize) -> Of<S, T> {
    S::map(S::each_ref(fields), |field| field[element])
}

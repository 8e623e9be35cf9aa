//! The point for evaluation, element by element.

use super::pieces::numbers_in;
use super::{Cpu, corrected, threads};
use crate::device::{Evaluated, Formats, LEAF, Number};
use crate::dtype::StorageDtype;
use crate::store::Store;
use crate::transform::{AxesOf, ElementsOf, FieldSet, Of, Stage};

/// The most elements that one task walks.
const PIECE: usize = 16 * LEAF;

/// Writes the point for evaluation of one tensor.
pub(super) fn evaluate<C: Stage, K: Formats>(tensor: &mut Evaluated<'_, Cpu, C, K>) {
    let into = core::mem::take(&mut tensor.into);
    let constants = numbers_in::<C::Constants, _, Number<K>>(&tensor.constants);
    evaluate_piece(tensor, &constants, into, 0);
}

/// The same for the elements from `first` on.
fn evaluate_piece<C: Stage, K: Formats>(
    tensor: &Evaluated<'_, Cpu, C, K>,
    constants: &Of<C::Constants, Number<K>>,
    into: &mut [K::Parameter],
    first: usize,
) {
    if into.len() > PIECE {
        let middle = into.len() / 2;
        let (left, right) = into.split_at_mut(middle);
        let [left_first, right_first] = [first, first + middle];
        return threads::join(
            || evaluate_piece(tensor, constants, left, left_first),
            || evaluate_piece(tensor, constants, right, right_first),
        );
    }
    for (place, into) in into.iter_mut().enumerate() {
        let element = first + place;
        let carry = at::<<K::Store as Store>::Carry, _>(&tensor.carry, element);
        let known = corrected::known::<K>(tensor.parameter[element], &carry);
        let elements = at::<ElementsOf<C>, _>(&tensor.state, element);
        let elements = ElementsOf::<C>::map(elements, StorageDtype::widen);
        let state = C::State::join(elements, AxesOf::<C>::generate(Number::<K>::default));
        *into = K::Parameter::round(C::evaluation(constants, known, &state));
    }
}

/// The numbers of one element.
#[inline(always)]
fn at<S: FieldSet, T: StorageDtype>(fields: &Of<S, &[T]>, element: usize) -> Of<S, T> {
    S::map(S::each_ref(fields), |field| field[element])
}

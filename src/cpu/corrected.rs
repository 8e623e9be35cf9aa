//! Error-corrected numbers: element by element, in loops of a fixed length that the compiler vectorises.

use super::tile::{Carry, TILE};
use crate::device::{Beside, Formats, Number};
use crate::dtype::{Arithmetic, StorageDtype, TO_NEAREST};
use crate::store::Store;
use crate::transform::{FieldSet, Of};

/// One stored parameter as well as it is known, with what the store carries beside it.
#[inline(always)]
pub(super) fn known<K: Formats>(stored: K::Parameter, carry: &Of<Carry<K>, Beside<K>>) -> Number<K> {
    let mut joined = stored.widen();
    let carry = Carry::<K>::map(
        Carry::<K>::each_ref(carry),
        #[inline(always)]
        |beside| {
            if K::Store::CORRECTS {
                joined = K::Store::join(stored, *beside);
            }
            beside.widen()
        },
    );
    K::Store::known(joined, &carry)
}

/// The numbers of a tile, widened one by one.
#[inline(always)]
pub(super) fn widened<T: Copy, F: Arithmetic>(memory: &[T; TILE], each: impl Fn(T) -> F) -> [F; TILE] {
    let mut numbers = [F::default(); TILE];
    for (number, stored) in numbers.iter_mut().zip(memory) {
        *number = each(*stored);
    }
    numbers
}

/// The 32 bits of an element that crosses the bits of its tile.
#[inline(always)]
fn word(bits: &[u16; TILE], place: usize) -> u32 {
    u32::from(bits[place]) << 16 | u32::from(bits[place ^ 1])
}

/// The numbers of a tile, rounded one by one; each takes the bits in place *i* ⊕ `by`.
#[inline(always)]
pub(super) fn rounded_stochastically<T: StorageDtype>(
    numbers: &[T::Arithmetic; TILE],
    bits: &[u16; TILE],
    by: usize,
    memory: &mut [T; TILE],
) {
    for i in 0..TILE {
        memory[i] = T::round_stochastically(numbers[i], word(bits, i ^ by));
    }
}

/// A tile of parameters and their corrections as numbers.
#[inline(always)]
pub(super) fn joined<W: Store, P: StorageDtype>(
    memory: &[P; TILE],
    beside: &[W::Beside<P>; TILE],
) -> [P::Arithmetic; TILE] {
    let mut numbers = [P::Arithmetic::default(); TILE];
    for i in 0..TILE {
        numbers[i] = W::join(memory[i], beside[i]);
    }
    numbers
}

/// Numbers as a tile of parameters and their corrections, rounded with the given bits or to nearest.
#[inline(always)]
pub(super) fn split<W: Store, P: StorageDtype>(
    numbers: &[P::Arithmetic; TILE],
    random: Option<(&[u16; TILE], usize)>,
    memory: &mut [P; TILE],
    beside: &mut [W::Beside<P>; TILE],
) {
    for i in 0..TILE {
        let bits = match random {
            Some((bits, by)) => word(bits, i ^ by),
            None => TO_NEAREST,
        };
        (memory[i], beside[i]) = W::split(numbers[i], bits);
    }
}

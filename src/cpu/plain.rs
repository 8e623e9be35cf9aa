//! [`Plain`]: arrays in the place of vector registers.

use super::corrected;
use super::simd::Vectors;
use super::tile::TILE;
use crate::dtype::{Arithmetic, StorageDtype, WidensTo};
use crate::random::{ELEMENTS_PER_BLOCK, RoundKeys, philox};
use crate::store::Store;
use core::marker::PhantomData;

/// Arrays of numbers: a whole tile is a group.
#[derive(Clone, Copy)]
pub(super) struct Plain<F>(PhantomData<F>);

impl<F> Plain<F> {
    #[inline(always)]
    pub(super) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<F: Arithmetic> Vectors for Plain<F> {
    type Arithmetic = F;
    type Number = F;
    type Group = [F; TILE];
    const GROUP: usize = TILE;
    type Bits = [u16; TILE];
    type Blocks = ([u32; 4], RoundKeys);

    #[inline(always)]
    fn each_place(self, visit: impl FnMut(usize)) {
        (0..TILE).for_each(visit);
    }

    #[inline(always)]
    fn zeros(self) -> [F; TILE] {
        [F::default(); TILE]
    }

    #[inline(always)]
    fn has_nan(self, numbers: &[F; TILE]) -> bool {
        let mut found = false;
        for number in numbers {
            // NaN is no larger, no smaller than, and not the same as any number.
            found |= number.partial_cmp(&F::default()).is_none();
        }
        found
    }

    #[inline(always)]
    fn widen<T: StorageDtype<Arithmetic = F>>(self, memory: &[T; TILE], _at: usize) -> [F; TILE] {
        let mut numbers = self.zeros();
        for (number, stored) in numbers.iter_mut().zip(memory) {
            *number = stored.widen();
        }
        numbers
    }

    #[inline(always)]
    fn widen_gradient<T: WidensTo<F>>(self, memory: &[T; TILE], _at: usize) -> [F; TILE] {
        let mut numbers = self.zeros();
        for (number, stored) in numbers.iter_mut().zip(memory) {
            *number = stored.widen_to();
        }
        numbers
    }

    #[inline(always)]
    fn round<T: StorageDtype<Arithmetic = F>>(self, numbers: &[F; TILE], memory: &mut [T; TILE], _at: usize) {
        for (stored, number) in memory.iter_mut().zip(numbers) {
            *stored = T::round(*number);
        }
    }

    #[inline(always)]
    fn round_stochastically<T: StorageDtype<Arithmetic = F>>(
        self,
        numbers: &[F; TILE],
        bits: &[u16; TILE],
        by: usize,
        memory: &mut [T; TILE],
        _at: usize,
    ) {
        corrected::rounded_stochastically(numbers, bits, by, memory);
    }

    #[inline(always)]
    fn join<W: Store, P: StorageDtype<Arithmetic = F>>(
        self,
        memory: &[P; TILE],
        beside: &[W::Beside<P>; TILE],
        _at: usize,
    ) -> [F; TILE] {
        corrected::joined::<W, P>(memory, beside)
    }

    #[inline(always)]
    fn split<W: Store, P: StorageDtype<Arithmetic = F>>(
        self,
        numbers: &[F; TILE],
        random: Option<(&[u16; TILE], usize)>,
        memory: &mut [P; TILE],
        beside: &mut [W::Beside<P>; TILE],
        _at: usize,
    ) {
        corrected::split::<W, P>(numbers, random, memory, beside);
    }

    #[inline(always)]
    fn blocks(self, counter: [u32; 4], keys: &RoundKeys) -> ([u32; 4], RoundKeys) {
        (counter, *keys)
    }

    #[inline(always)]
    fn random(self, first: u32, (counter, keys): &([u32; 4], RoundKeys)) -> [u16; TILE] {
        let mut bits = [0; TILE];
        for (number, eight) in bits.chunks_exact_mut(ELEMENTS_PER_BLOCK as usize).enumerate() {
            let words = philox([first + number as u32, counter[1], counter[2], counter[3]], keys);
            for (i, bits) in eight.iter_mut().enumerate() {
                *bits = (words[i / 2] >> (16 * (i % 2))) as u16;
            }
        }
        bits
    }
}

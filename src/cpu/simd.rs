//! Vector instructions, chosen at run time.
//!
//! Loops over tiles are plain Rust, which the compiler vectorises; [`widest`] compiles them for the
//! machine's baseline and for AVX2 and runs the wider one that the machine has. What compilers do
//! not vectorise well, conversions and random bits, is written out in [`super::avx2`]. Everything
//! is IEEE arithmetic or integer arithmetic and nothing is contracted, so the bits do not depend
//! on the choice.

use super::noise::{BLOCKS, Bits};
use super::tile::TILE;
use crate::dtype::{StorageDtype, WidensTo};
use crate::random::{RoundKeys, philox};

/// Something that walks memory in tiles.
pub(super) trait Kernel {
    type Output;

    /// Must be inlined into its caller, which decides about the instructions.
    fn run(self, vectors: impl Vectors) -> Self::Output;
}

/// Runs a kernel with the widest vectors of this machine.
pub(super) fn widest<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    if let Some(v3) = pulp::x86::V3::try_new() {
        return pulp::Simd::vectorize(
            v3,
            #[inline(always)]
            || kernel.run(super::avx2::Avx2::new(v3)),
        );
    }
    kernel.run(Portable)
}

/// Conversions of a tile between memory and arithmetic, and its random bits.
pub(super) trait Vectors: Copy {
    #[inline(always)]
    fn widen<T: StorageDtype>(self, memory: &[T; TILE], numbers: &mut [T::Arithmetic; TILE]) {
        for (number, stored) in numbers.iter_mut().zip(memory) {
            *number = stored.widen();
        }
    }

    #[inline(always)]
    fn widen_to<T: WidensTo<A>, A>(self, memory: &[T; TILE], numbers: &mut [A; TILE]) {
        for (number, stored) in numbers.iter_mut().zip(memory) {
            *number = stored.widen_to();
        }
    }

    #[inline(always)]
    fn round<T: StorageDtype>(self, numbers: &[T::Arithmetic; TILE], memory: &mut [T; TILE]) {
        for (stored, number) in memory.iter_mut().zip(numbers) {
            *stored = T::round(*number);
        }
    }

    #[inline(always)]
    fn round_stochastically<T: StorageDtype>(
        self,
        numbers: &[T::Arithmetic; TILE],
        bits: &Bits,
        memory: &mut [T; TILE],
    ) {
        for i in 0..TILE {
            let word = u32::from(bits[i]) << 16 | u32::from(bits[i ^ 1]);
            memory[i] = T::round_stochastically(numbers[i], word);
        }
    }

    /// The keys of the random rounds as [`random`](Self::random) wants them.
    type Keys;

    /// Prepares the keys of the random rounds.
    fn keys(self, keys: &RoundKeys) -> Self::Keys;

    /// The bits of eight neighbouring blocks, the first at `counter`, a multiple of eight.
    fn random(self, counter: [u32; 4], keys: &Self::Keys) -> Bits;

    /// The bits in place *i* ⊕ `by` for each *i*, where `by` is below 8.
    #[inline(always)]
    fn crossed(self, bits: &Bits, by: usize) -> Bits {
        let mut crossed = [0; TILE];
        for (i, place) in crossed.iter_mut().enumerate() {
            *place = bits[i ^ by];
        }
        crossed
    }
}

/// Plain loops, vectorised by the compiler for the machine's baseline.
#[derive(Clone, Copy)]
pub(super) struct Portable;

impl Vectors for Portable {
    type Keys = RoundKeys;

    fn keys(self, keys: &RoundKeys) -> RoundKeys {
        *keys
    }

    #[inline(always)]
    fn random(self, counter: [u32; 4], keys: &RoundKeys) -> Bits {
        let mut bits = [0; TILE];
        for (number, eight) in bits.chunks_exact_mut(TILE / BLOCKS).enumerate() {
            let words = philox([counter[0] + number as u32, counter[1], counter[2], counter[3]], keys);
            for (i, bits) in eight.iter_mut().enumerate() {
                *bits = (words[i / 2] >> (16 * (i % 2))) as u16;
            }
        }
        bits
    }
}

//! Vector instructions, chosen at run time.
//!
//! Loops over tiles are plain Rust; [`widest`] compiles them once for every set of instructions
//! that matters and runs the widest that the machine has. The arithmetic is IEEE at any width and
//! nothing is contracted, so all of them give the same bits.

use super::tile::{BLOCKS, Bits, TILE};
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
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || kernel.run(Portable),
    )
}

/// Conversions of a tile between memory and arithmetic.
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

    /// The bits of eight neighbouring blocks, the first at `counter`.
    #[inline(always)]
    fn random(self, counter: [u32; 4], keys: &RoundKeys) -> Bits {
        let mut bits = [0; TILE];
        let first = u64::from(counter[0]) | u64::from(counter[1]) << 32;
        for (number, eight) in bits.chunks_exact_mut(TILE / BLOCKS).enumerate() {
            let block = first.wrapping_add(number as u64);
            let words = philox([block as u32, (block >> 32) as u32, counter[2], counter[3]], keys);
            for (i, bits) in eight.iter_mut().enumerate() {
                *bits = (words[i / 2] >> (16 * (i % 2))) as u16;
            }
        }
        bits
    }
}

/// Plain loops, vectorised by the compiler.
#[derive(Clone, Copy)]
pub(super) struct Portable;

impl Vectors for Portable {}

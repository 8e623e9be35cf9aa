//! Stochastic rounding where all numbers are bf16: without asking of each number whether it is large.

use super::{Register, Registers, pair, same, write};
use crate::cpu::tile::TILE;
use crate::dtype::{Arithmetic, StorageDtype};

impl<X: Register, F: Arithmetic, const ALL_BF16: bool> Registers<X, F, ALL_BF16> {
    /// Rounds a tile whose numbers are in even and odd places in turn.
    ///
    /// Only beyond the largest finite number must random bits not be added, and where they were, a
    /// result has the exponent of infinity. So one question per tile is enough.
    #[inline(always)]
    pub(super) fn bf16_stochastically<T: StorageDtype>(
        self,
        numbers: &X::Tile,
        bits: &X::Random,
        by: usize,
        memory: &mut [T],
    ) {
        let mut largest = X::all_words(0);
        let (pairs, _) = numbers.as_ref().as_chunks::<2>();
        for (([even, odd], bits), memory) in
            pairs.iter().zip(bits.as_ref()).zip(memory.chunks_exact_mut(pair::<X>()))
        {
            let even = X::add(even.words(), X::shuffle(*bits, PLACES[by][0]));
            let odd = X::add(odd.words(), X::shuffle(*bits, PLACES[by][1]));
            let halves = self.upper_halves([even, odd]);
            let without_sign = X::add_halves(halves, halves);
            largest = X::larger_halves(largest, without_sign);
            write(memory, halves);
        }
        if X::any_reaches(largest, X::all_words(0xFF00_FF00_u32.cast_signed())) {
            one_by_one(X::LANES, &same(*numbers), &same(*bits), by, memory);
        }
    }
}

/// For each way of crossing, and for even and odd places, the bytes that come into four words.
const PLACES: [[[u8; 16]; 2]; 8] = {
    const ZERO: u8 = 0x80;
    let mut table = [[[ZERO; 16]; 2]; 8];
    let mut at = 0;
    while at < 8 * 2 * 4 {
        let (by, first, word) = (at / 8, at / 4 % 2, at % 4);
        let place = ((2 * word + first) ^ by) as u8;
        table[by][first][4 * word] = 2 * place;
        table[by][first][4 * word + 1] = 2 * place + 1;
        at += 1;
    }
    table
};

/// The same, slowly, and right for numbers of any size.
#[cold]
#[inline(never)]
fn one_by_one<T: StorageDtype>(
    lanes: usize,
    numbers: &[u32; TILE],
    random: &[u16; TILE],
    by: usize,
    memory: &mut [T],
) {
    const MAGNITUDE: u32 = 0x7FFF_FFFF;
    const LARGEST: u32 = 0x7F7F_0000;
    let pair = 2 * lanes;
    let memory: &mut [u16] = bytemuck::cast_slice_mut(memory);
    for i in 0..numbers.len() {
        let bits = numbers[i / pair * pair + i % 2 * lanes + i % pair / 2];
        let noise = if bits & MAGNITUDE < LARGEST { u32::from(random[i ^ by]) } else { 0 };
        memory[i] = ((bits + noise) >> 16) as u16;
    }
}

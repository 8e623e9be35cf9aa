//! Stochastic rounding where all numbers are bf16: without asking of each number whether it is large.

use super::{Avx2, PAIR, WIDES, same};
use crate::cpu::wide::{LANES, Wide};
use crate::dtype::{Arithmetic, StorageDtype};
use bytemuck::must_cast;
use core::arch::x86_64::__m256i;

impl<F: Arithmetic, const ALL_BF16: bool> Avx2<F, ALL_BF16> {
    /// Rounds a group whose numbers are in even and odd places in turn.
    ///
    /// Only beyond the largest finite number must random bits not be added, and where they were, a
    /// result has the exponent of infinity. So one question per group is enough.
    #[inline(always)]
    pub(super) fn bf16_stochastically<T: StorageDtype>(
        self,
        numbers: &[Wide; WIDES],
        bits: &[__m256i; WIDES / 2],
        by: usize,
        memory: &mut [T],
    ) {
        let places = [self.places(by, 0), self.places(by, 1)];
        let mut largest = self.constant(0);
        let (pairs, _) = numbers.as_chunks::<2>();
        for (([even, odd], bits), memory) in pairs.iter().zip(bits).zip(memory.chunks_exact_mut(PAIR)) {
            let even_bits = self.avx2._mm256_shuffle_epi8(*bits, places[0]);
            let odd_bits = self.avx2._mm256_shuffle_epi8(*bits, places[1]);
            let even = self.avx2._mm256_add_epi32(self.bits(even.0), even_bits);
            let odd = self.avx2._mm256_add_epi32(self.bits(odd.0), odd_bits);
            let halves = self.upper_halves([even, odd]);
            let without_sign = self.avx2._mm256_add_epi16(halves, halves);
            largest = self.avx2._mm256_max_epu16(largest, without_sign);
            memory.copy_from_slice(&same::<_, [T; PAIR]>(halves));
        }
        let infinity = self.constant(0xFF00_FF00);
        let reached = self.avx2._mm256_cmpeq_epi16(self.avx2._mm256_max_epu16(largest, infinity), largest);
        if self.avx2._mm256_movemask_epi8(reached) != 0 {
            one_by_one(&must_cast(*numbers), &must_cast(*bits), by, memory);
        }
    }

    /// Where the bits of every second element are, from place `first` on: each in a word of its own.
    #[inline(always)]
    fn places(self, by: usize, first: usize) -> __m256i {
        self.avx2._mm256_broadcastsi128_si256(must_cast(PLACES[by][first]))
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
    numbers: &[u32; WIDES * LANES],
    random: &[u16; WIDES * LANES],
    by: usize,
    memory: &mut [T],
) {
    const MAGNITUDE: u32 = 0x7FFF_FFFF;
    const LARGEST: u32 = 0x7F7F_0000;
    let memory: &mut [u16] = bytemuck::cast_slice_mut(memory);
    for i in 0..numbers.len() {
        let bits = numbers[i / PAIR * PAIR + i % 2 * LANES + i % PAIR / 2];
        let noise = if bits & MAGNITUDE < LARGEST { u32::from(random[i ^ by]) } else { 0 };
        memory[i] = ((bits + noise) >> 16) as u16;
    }
}

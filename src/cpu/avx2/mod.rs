//! AVX2: the rule on eight numbers in a register, conversions and random bits.
//!
//! Each function does what [`Plain`](crate::cpu::simd::Plain) does, bit for bit.

mod bf16;
mod f16;
mod philox;

use crate::cpu::corrected;
use crate::cpu::simd::Vectors;
use crate::cpu::tile::TILE;
use crate::cpu::wide::{LANES, Wide};
use crate::dtype::{Arithmetic, Format, StorageDtype, WidensTo};
use crate::random::RoundKeys;
use crate::store::Store;
use bytemuck::{Pod, must_cast};
use core::arch::x86_64::{__m128i, __m256, __m256i, _CMP_LT_OQ, _CMP_UNORD_Q};
use core::marker::PhantomData;
use philox::Blocks;

/// Elements whose 16-bit forms fill a register.
const PAIR: usize = 2 * LANES;

/// Registers in a group: enough that roots and quotients overlap.
const WIDES: usize = 8;

/// Proof that the machine has AVX2. Copied about, it costs nothing.
///
/// `ALL_BF16` says that every number in memory is bf16, which takes fewer instructions twice:
/// - Sixteen half-words become two registers of those in even and in odd places, not of the first
///   and the last eight. An elementwise rule does not mind, as long as all arrays do the same.
/// - The lower half of every NaN is zero: bf16 has none, the processor's own NaN has none, and
///   arithmetic hands on what it is given. So rounding cannot carry into a NaN and spoil it.
#[derive(Clone, Copy)]
pub(super) struct Avx2<F, const ALL_BF16: bool> {
    avx: pulp::core_arch::x86::Avx,
    avx2: pulp::core_arch::x86::Avx2,
    arithmetic: PhantomData<F>,
}

impl<F: Arithmetic, const ALL_BF16: bool> Avx2<F, ALL_BF16> {
    #[inline(always)]
    pub(super) fn new(v3: pulp::x86::V3) -> Self {
        Self { avx: v3.avx, avx2: v3.avx2, arithmetic: PhantomData }
    }

    #[inline(always)]
    fn constant(self, bits: u32) -> __m256i {
        self.avx._mm256_set1_epi32(bits.cast_signed())
    }

    #[inline(always)]
    fn float(self, bits: __m256i) -> __m256 {
        self.avx._mm256_castsi256_ps(bits)
    }

    #[inline(always)]
    fn bits(self, float: __m256) -> __m256i {
        self.avx._mm256_castps_si256(float)
    }

    /// `then` where all bits of the mask are set, `otherwise` where none is.
    #[inline(always)]
    fn select(self, mask: __m256, then: __m256i, otherwise: __m256i) -> __m256i {
        self.bits(self.avx._mm256_blendv_ps(self.float(otherwise), self.float(then), mask))
    }

    #[inline(always)]
    fn is_nan(self, value: __m256) -> __m256 {
        self.avx._mm256_cmp_ps::<_CMP_UNORD_Q>(value, value)
    }

    /// Sixteen half-words as words.
    #[inline(always)]
    fn words(self, halves: __m256i) -> [__m256i; 2] {
        if ALL_BF16 {
            return [
                self.avx2._mm256_and_si256(halves, self.constant(0xFFFF)),
                self.avx2._mm256_srli_epi32::<16>(halves),
            ];
        }
        let [low, high]: [__m128i; 2] = must_cast(halves);
        [self.avx2._mm256_cvtepu16_epi32(low), self.avx2._mm256_cvtepu16_epi32(high)]
    }

    /// Words below 2^16 as half-words: [`words`](Self::words) the other way round.
    #[inline(always)]
    fn halves(self, [first, second]: [__m256i; 2]) -> __m256i {
        if ALL_BF16 {
            let odd = self.avx2._mm256_slli_epi32::<16>(second);
            return self.avx2._mm256_blend_epi16::<0b1010_1010>(first, odd);
        }
        // Packing works within halves of a register: quarters 0 2 1 3 put them back in order.
        let packed = self.avx2._mm256_packus_epi32(first, second);
        self.avx2._mm256_permute4x64_epi64::<0b11_01_10_00>(packed)
    }

    /// The upper halves of words as half-words.
    #[inline(always)]
    fn upper_halves(self, [first, second]: [__m256i; 2]) -> __m256i {
        let low = self.avx2._mm256_srli_epi32::<16>(first);
        if ALL_BF16 {
            return self.avx2._mm256_blend_epi16::<0b1010_1010>(low, second);
        }
        self.halves([low, self.avx2._mm256_srli_epi32::<16>(second)])
    }

    /// [`bf16::widen`](StorageDtype::widen).
    #[inline(always)]
    fn bf16_to_f32(self, halves: __m256i) -> [__m256; 2] {
        if ALL_BF16 {
            let odd = self.avx2._mm256_and_si256(halves, self.constant(0xFFFF_0000));
            return [self.float(self.avx2._mm256_slli_epi32::<16>(halves)), self.float(odd)];
        }
        let [low, high] = self.words(halves);
        let shifted = |words| self.avx2._mm256_slli_epi32::<16>(words);
        [self.float(shifted(low)), self.float(shifted(high))]
    }

    /// [`bf16::round`](StorageDtype::round), in the upper half of each word.
    #[inline(always)]
    fn f32_to_bf16(self, value: __m256) -> __m256i {
        let bits = self.bits(value);
        let even = self.avx2._mm256_and_si256(self.avx2._mm256_srli_epi32::<16>(bits), self.constant(1));
        let ties_to_even = self.avx2._mm256_add_epi32(even, self.constant(0x7FFF));
        let rounded = self.avx2._mm256_add_epi32(bits, ties_to_even);
        if ALL_BF16 {
            return rounded;
        }
        self.select(self.is_nan(value), self.constant(0x7FC0_0000), rounded)
    }

    /// [`bf16::round_stochastically`](StorageDtype::round_stochastically), in the upper half of
    /// each word; the random bits are in the lower one.
    #[inline(always)]
    fn f32_to_bf16_stochastically(self, value: __m256, random: __m256i) -> __m256i {
        let magnitude = self.float(self.avx2._mm256_and_si256(self.bits(value), self.constant(0x7FFF_FFFF)));
        let largest = self.float(self.constant(0x7F7F_0000));
        let below = self.avx._mm256_cmp_ps::<_CMP_LT_OQ>(magnitude, largest);
        let noise = self.avx2._mm256_and_si256(random, self.bits(below));
        let sum = self.avx2._mm256_add_epi32(self.bits(value), noise);
        self.select(self.is_nan(value), self.constant(0x7FC0_0000), sum)
    }

    #[inline(always)]
    fn widened<T: StorageDtype>(self, memory: &[T; TILE], at: usize, each: impl Fn(T) -> F) -> [Wide; WIDES] {
        if T::FORMAT.is_error_corrected() {
            return one_by_one(corrected::widened(memory, each));
        }
        let mut wides = self.zeros();
        let (pairs, _) = wides.as_chunks_mut::<2>();
        for (wides, memory) in pairs.iter_mut().zip(memory[at..].chunks_exact(PAIR)) {
            *wides = match T::FORMAT {
                Format::Bf16 => {
                    let [low, high] = self.bf16_to_f32(same(pair(memory)));
                    [Wide(low), Wide(high)]
                }
                Format::F16 => {
                    let [low, high] = self.words(same(pair(memory)));
                    [Wide(self.f16_to_f32(low)), Wide(self.f16_to_f32(high))]
                }
                _ => {
                    let [low, high]: [__m256; 2] = same(pair(memory));
                    [Wide(low), Wide(high)]
                }
            };
        }
        wides
    }

    /// Sixteen half-words, each in place *i* ⊕ `by`.
    #[inline(always)]
    fn crossed_pair(self, halves: __m256i, by: usize) -> __m256i {
        let places = self.avx2._mm256_broadcastsi128_si256(must_cast(CROSSED[by]));
        self.avx2._mm256_shuffle_epi8(halves, places)
    }
}

/// A group as vectors, or the other way round; that the types fit has been asked before.
#[inline(always)]
fn same<X: Pod, Y: Pod>(group: X) -> Y {
    bytemuck::cast(group)
}

/// A tile of numbers, which is a group, as vectors.
#[inline(always)]
fn one_by_one<F: Arithmetic>(numbers: [F; TILE]) -> [Wide; WIDES] {
    const { assert!(WIDES * LANES == TILE) };
    same(numbers)
}

/// Sixteen elements in memory.
#[inline(always)]
fn pair<T: Copy>(memory: &[T]) -> [T; PAIR] {
    *memory.first_chunk().expect("pairs divide a group")
}

impl<F: Arithmetic, const ALL_BF16: bool> Vectors for Avx2<F, ALL_BF16> {
    type Arithmetic = F;
    type Number = Wide;
    type Group = [Wide; WIDES];
    const GROUP: usize = WIDES * LANES;
    type Bits = [__m256i; WIDES / 2];
    type Blocks = Blocks;

    #[inline(always)]
    fn each_place(self, mut visit: impl FnMut(usize)) {
        // Unoptimised code gives every number of an inlined rule a place of its own on the stack: eight
        // copies of a long rule would overflow that of a thread.
        if cfg!(debug_assertions) {
            (0..WIDES).for_each(visit);
            return;
        }
        // Written out, since the compiler keeps a loop whose body has branches, which then moves the
        // numbers of a group through memory.
        visit(0);
        visit(1);
        visit(2);
        visit(3);
        visit(4);
        visit(5);
        visit(6);
        visit(7);
    }

    #[inline(always)]
    fn zeros(self) -> [Wide; WIDES] {
        [Wide(must_cast([0.0f32; LANES])); WIDES]
    }

    #[inline(always)]
    fn widen<T: StorageDtype<Arithmetic = F>>(self, memory: &[T; TILE], at: usize) -> [Wide; WIDES] {
        self.widened(memory, at, T::widen)
    }

    #[inline(always)]
    fn widen_gradient<T: WidensTo<F>>(self, memory: &[T; TILE], at: usize) -> [Wide; WIDES] {
        self.widened(memory, at, T::widen_to)
    }

    #[inline(always)]
    fn round<T: StorageDtype<Arithmetic = F>>(
        self,
        numbers: &[Wide; WIDES],
        memory: &mut [T; TILE],
        at: usize,
    ) {
        if T::FORMAT.is_error_corrected() {
            let numbers: [F; TILE] = same(*numbers);
            memory.iter_mut().zip(numbers).for_each(|(stored, number)| *stored = T::round(number));
            return;
        }
        let (pairs, _) = numbers.as_chunks::<2>();
        for ([low, high], memory) in pairs.iter().zip(memory[at..].chunks_exact_mut(PAIR)) {
            let pair: [T; PAIR] = match T::FORMAT {
                Format::Bf16 => same(self.upper_halves([self.f32_to_bf16(low.0), self.f32_to_bf16(high.0)])),
                Format::F16 => same(self.halves([self.f32_to_f16(low.0), self.f32_to_f16(high.0)])),
                _ => same([low.0, high.0]),
            };
            memory.copy_from_slice(&pair);
        }
    }

    #[inline(always)]
    fn round_stochastically<T: StorageDtype<Arithmetic = F>>(
        self,
        numbers: &[Wide; WIDES],
        bits: &[__m256i; WIDES / 2],
        by: usize,
        memory: &mut [T; TILE],
        at: usize,
    ) {
        if ALL_BF16 {
            return self.bf16_stochastically(numbers, bits, by, &mut memory[at..]);
        }
        if T::FORMAT.is_error_corrected() {
            return corrected::rounded_stochastically(&same(*numbers), &must_cast(*bits), by, memory);
        }
        let (pairs, _) = numbers.as_chunks::<2>();
        let memory = memory[at..].chunks_exact_mut(PAIR);
        for (([low, high], memory), bits) in pairs.iter().zip(memory).zip(bits) {
            let bits = self.crossed_pair(*bits, by);
            let random = self.words(bits);
            let pair: [T; PAIR] = match T::FORMAT {
                Format::Bf16 => {
                    let low = self.f32_to_bf16_stochastically(low.0, random[0]);
                    same(self.upper_halves([low, self.f32_to_bf16_stochastically(high.0, random[1])]))
                }
                Format::F16 => {
                    let below = self.words(self.crossed_pair(bits, 1));
                    let low = self.f32_to_f16_stochastically(low.0, random[0], below[0]);
                    same(self.halves([low, self.f32_to_f16_stochastically(high.0, random[1], below[1])]))
                }
                _ => same([low.0, high.0]),
            };
            memory.copy_from_slice(&pair);
        }
    }

    #[inline(always)]
    fn join<W: Store, P: StorageDtype<Arithmetic = F>>(
        self,
        memory: &[P; TILE],
        beside: &[W::Beside<P>; TILE],
        _at: usize,
    ) -> [Wide; WIDES] {
        one_by_one(corrected::joined::<W, P>(memory, beside))
    }

    #[inline(always)]
    fn split<W: Store, P: StorageDtype<Arithmetic = F>>(
        self,
        numbers: &[Wide; WIDES],
        random: Option<(&[__m256i; WIDES / 2], usize)>,
        memory: &mut [P; TILE],
        beside: &mut [W::Beside<P>; TILE],
        _at: usize,
    ) {
        let numbers = same(*numbers);
        match random {
            Some((bits, by)) => {
                corrected::split::<W, P>(&numbers, Some((&must_cast(*bits), by)), memory, beside);
            }
            None => corrected::split::<W, P>(&numbers, None, memory, beside),
        }
    }

    #[inline(always)]
    fn blocks(self, counter: [u32; 4], keys: &RoundKeys) -> Blocks {
        self.blocks_like(counter, keys)
    }

    #[inline(always)]
    fn random(self, first: u32, blocks: &Blocks) -> [__m256i; WIDES / 2] {
        self.eight_blocks(first, blocks)
    }
}

/// For each way of crossing eight half-words, the bytes that come into each place.
const CROSSED: [[u8; 16]; 8] = {
    let mut table = [[0; 16]; 8];
    let mut at = 0;
    while at < 8 * 16 {
        let (by, byte) = (at / 16, at % 16);
        table[by][byte] = (((byte / 2) ^ by) * 2 + byte % 2) as u8;
        at += 1;
    }
    table
};

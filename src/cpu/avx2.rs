//! Conversions and random bits in AVX2, through pulp's safe instructions.
//!
//! Each function does what the default method of [`Vectors`] does, bit for bit.

use super::noise::Bits;
use super::simd::Vectors;
use super::tile::TILE;
use crate::dtype::{Format, StorageDtype};
use crate::random::{MULTIPLIERS, RoundKeys};
use bytemuck::{Pod, must_cast};
use core::arch::x86_64::{__m128i, __m256, __m256i, _CMP_LT_OQ, _CMP_UNORD_Q};

/// Numbers in a vector.
const LANES: usize = 8;
/// Numbers whose 16-bit forms fill a vector.
const PAIR: usize = 2 * LANES;

/// Proof that the machine has AVX2. Copied about, it costs nothing.
#[derive(Clone, Copy)]
pub(super) struct Avx2 {
    avx: pulp::core_arch::x86::Avx,
    avx2: pulp::core_arch::x86::Avx2,
}

impl Avx2 {
    pub(super) fn new(v3: pulp::x86::V3) -> Self {
        Self { avx: v3.avx, avx2: v3.avx2 }
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

    /// Sixteen words below 2^16 as sixteen half-words.
    #[inline(always)]
    fn narrow(self, low: __m256i, high: __m256i) -> __m256i {
        // Packing works within halves of a vector: quarters 0 2 1 3 put them back in order.
        let packed = self.avx2._mm256_packus_epi32(low, high);
        self.avx2._mm256_permute4x64_epi64::<0b11_01_10_00>(packed)
    }

    #[inline(always)]
    fn bf16_to_f32(self, halves: __m128i) -> __m256 {
        self.float(self.avx2._mm256_slli_epi32::<16>(self.avx2._mm256_cvtepu16_epi32(halves)))
    }

    /// [`bf16::round`](StorageDtype::round), in the lower half of each word.
    #[inline(always)]
    fn f32_to_bf16(self, value: __m256) -> __m256i {
        let bits = self.bits(value);
        let even = self.avx2._mm256_and_si256(self.avx2._mm256_srli_epi32::<16>(bits), self.constant(1));
        let ties_to_even = self.avx2._mm256_add_epi32(even, self.constant(0x7FFF));
        let rounded = self.avx2._mm256_add_epi32(bits, ties_to_even);
        let result = self.select(self.is_nan(value), self.constant(0x7FC0_0000), rounded);
        self.avx2._mm256_srli_epi32::<16>(result)
    }

    /// [`bf16::round_stochastically`](StorageDtype::round_stochastically), in the lower half of
    /// each word; the random bits are there, too.
    #[inline(always)]
    fn f32_to_bf16_stochastically(self, value: __m256, random: __m256i) -> __m256i {
        let magnitude = self.float(self.avx2._mm256_and_si256(self.bits(value), self.constant(0x7FFF_FFFF)));
        let largest = self.float(self.constant(0x7F7F_0000));
        let below = self.avx._mm256_cmp_ps::<_CMP_LT_OQ>(magnitude, largest);
        let noise = self.avx2._mm256_and_si256(random, self.bits(below));
        let sum = self.avx2._mm256_add_epi32(self.bits(value), noise);
        let result = self.select(self.is_nan(value), self.constant(0x7FC0_0000), sum);
        self.avx2._mm256_srli_epi32::<16>(result)
    }

    /// A round of Philox on four blocks, each word in the lower half of a 64-bit lane; what is in
    /// the upper halves does not matter.
    #[inline(always)]
    fn philox_round(self, [x0, x1, x2, x3]: [__m256i; 4], key: [__m256i; 2]) -> [__m256i; 4] {
        let first = self.avx2._mm256_mul_epu32(x0, self.lanes(MULTIPLIERS[0]));
        let second = self.avx2._mm256_mul_epu32(x2, self.lanes(MULTIPLIERS[1]));
        [self.mix(second, x1, key[0]), second, self.mix(first, x3, key[1]), first]
    }

    #[inline(always)]
    fn mix(self, product: __m256i, word: __m256i, key: __m256i) -> __m256i {
        let keyed = self.avx2._mm256_xor_si256(word, key);
        self.avx2._mm256_xor_si256(self.avx2._mm256_srli_epi64::<32>(product), keyed)
    }

    /// A word in every 64-bit lane.
    #[inline(always)]
    fn lanes(self, word: u32) -> __m256i {
        self.avx._mm256_set1_epi64x(i64::from(word))
    }

    /// Pairs of words from the lower halves of 64-bit lanes.
    #[inline(always)]
    fn join(self, low: __m256i, high: __m256i) -> __m256i {
        self.avx2._mm256_blend_epi32::<0b1010_1010>(low, self.avx2._mm256_slli_epi64::<32>(high))
    }

    /// The words of four blocks, block by block.
    #[inline(always)]
    fn in_order(self, [x0, x1, x2, x3]: [__m256i; 4]) -> [__m256i; 2] {
        let (left, right) = (self.join(x0, x1), self.join(x2, x3));
        let even = self.avx2._mm256_unpacklo_epi64(left, right);
        let odd = self.avx2._mm256_unpackhi_epi64(left, right);
        [
            self.avx2._mm256_permute2x128_si256::<0x20>(even, odd),
            self.avx2._mm256_permute2x128_si256::<0x31>(even, odd),
        ]
    }
}

/// A tile as vectors, or the other way round; that the types fit has been asked before.
#[inline(always)]
fn same<X: Pod, Y: Pod>(tile: X) -> Y {
    bytemuck::cast(tile)
}

impl Vectors for Avx2 {
    #[inline(always)]
    fn widen<T: StorageDtype>(self, memory: &[T; TILE], numbers: &mut [T::Arithmetic; TILE]) {
        if T::FORMAT != Format::Bf16 {
            return super::simd::Portable.widen(memory, numbers);
        }
        let halves: [__m128i; TILE / LANES] = same(*memory);
        let mut floats: [__m256; TILE / LANES] = same([0.0f32; TILE]);
        for (floats, halves) in floats.iter_mut().zip(halves) {
            *floats = self.bf16_to_f32(halves);
        }
        *numbers = same(floats);
    }

    #[inline(always)]
    fn round<T: StorageDtype>(self, numbers: &[T::Arithmetic; TILE], memory: &mut [T; TILE]) {
        if T::FORMAT != Format::Bf16 {
            return super::simd::Portable.round(numbers, memory);
        }
        let floats: [[__m256; 2]; TILE / PAIR] = same(*numbers);
        let mut halves: [__m256i; TILE / PAIR] = same([0u16; TILE]);
        for (halves, [low, high]) in halves.iter_mut().zip(floats) {
            *halves = self.narrow(self.f32_to_bf16(low), self.f32_to_bf16(high));
        }
        *memory = same(halves);
    }

    #[inline(always)]
    fn round_stochastically<T: StorageDtype>(
        self,
        numbers: &[T::Arithmetic; TILE],
        bits: &Bits,
        memory: &mut [T; TILE],
    ) {
        if T::FORMAT != Format::Bf16 {
            return super::simd::Portable.round_stochastically(numbers, bits, memory);
        }
        let floats: [[__m256; 2]; TILE / PAIR] = same(*numbers);
        let bits: [[__m128i; 2]; TILE / PAIR] = same(*bits);
        let mut halves: [__m256i; TILE / PAIR] = same([0u16; TILE]);
        for ((halves, [low, high]), [bits_low, bits_high]) in halves.iter_mut().zip(floats).zip(bits) {
            let low = self.f32_to_bf16_stochastically(low, self.avx2._mm256_cvtepu16_epi32(bits_low));
            let high = self.f32_to_bf16_stochastically(high, self.avx2._mm256_cvtepu16_epi32(bits_high));
            *halves = self.narrow(low, high);
        }
        *memory = same(halves);
    }

    type Keys = [[__m256i; 2]; 10];

    #[inline(always)]
    fn keys(self, keys: &RoundKeys) -> Self::Keys {
        let mut lanes = [[self.lanes(0); 2]; 10];
        for (lanes, key) in lanes.iter_mut().zip(keys) {
            *lanes = [self.lanes(key[0]), self.lanes(key[1])];
        }
        lanes
    }

    #[inline(always)]
    fn random(self, counter: [u32; 4], keys: &Self::Keys) -> Bits {
        let first = self.lanes(counter[0]);
        let rest = [self.lanes(counter[1]), self.lanes(counter[2]), self.lanes(counter[3])];
        let low = self.avx2._mm256_add_epi64(first, must_cast([0u64, 1, 2, 3]));
        let high = self.avx2._mm256_add_epi64(first, must_cast([4u64, 5, 6, 7]));
        let mut left = [low, rest[0], rest[1], rest[2]];
        let mut right = [high, rest[0], rest[1], rest[2]];
        // Two groups of blocks side by side hide the latency of the products. Written out, since
        // as a loop the state is moved through memory.
        macro_rules! rounds {
            ($($round:literal)*) => {$(
                left = self.philox_round(left, keys[$round]);
                right = self.philox_round(right, keys[$round]);
            )*};
        }
        rounds!(0 1 2 3 4 5 6 7 8 9);
        must_cast([self.in_order(left), self.in_order(right)])
    }

    #[inline(always)]
    fn crossed(self, bits: &Bits, by: usize) -> Bits {
        let places = self.avx2._mm256_broadcastsi128_si256(must_cast(CROSSED[by]));
        let mut crossed: [__m256i; TILE / PAIR] = must_cast(*bits);
        for bits in &mut crossed {
            *bits = self.avx2._mm256_shuffle_epi8(*bits, places);
        }
        must_cast(crossed)
    }
}

/// For each way of crossing eight half-words, the bytes that come into each place.
const CROSSED: [[u8; 16]; 8] = {
    let mut table = [[0; 16]; 8];
    let mut at = 0;
    while at < 8 * 16 {
        let (by, byte) = (at / 16, at % 16);
        table[by][byte] = ((byte / 2 ^ by) * 2 + byte % 2) as u8;
        at += 1;
    }
    table
};

//! Eight numbers in a register.

use super::Wide;
use super::register::{Register, instructions};
use crate::cpu::simd::v3;
use bytemuck::must_cast;
use core::arch::x86_64::{__m128i, __m256, __m256i, _CMP_LT_OQ, _CMP_NEQ_OQ, _CMP_UNORD_Q};
use core::array::from_fn;
use pulp::x86::V3;

impl Register for __m256 {
    type Machine = V3;
    type Words = __m256i;
    type Mask = __m256;
    type Tile = [Wide<Self>; 8];
    type Random = [__m256i; 4];
    const LANES: usize = 8;

    #[inline(always)]
    fn machine() -> Option<V3> {
        V3::try_new()
    }

    instructions! { v3
        all(number: f32) -> Self = avx _mm256_set1_ps;
        plus(left: Self, right: Self) -> Self = avx _mm256_add_ps;
        minus(left: Self, right: Self) -> Self = avx _mm256_sub_ps;
        times(left: Self, right: Self) -> Self = avx _mm256_mul_ps;
        over(left: Self, right: Self) -> Self = avx _mm256_div_ps;
        root(number: Self) -> Self = avx _mm256_sqrt_ps;
        larger(left: Self, right: Self) -> Self = avx _mm256_max_ps;
        smaller(left: Self, right: Self) -> Self = avx _mm256_min_ps;
        integers(number: Self) -> __m256i = avx _mm256_cvttps_epi32;
        of_integers(words: __m256i) -> Self = avx _mm256_cvtepi32_ps;

        less(left: Self, right: Self) -> Self = avx _mm256_cmp_ps::<_CMP_LT_OQ>;
        differ(left: Self, right: Self) -> Self = avx _mm256_cmp_ps::<_CMP_NEQ_OQ>;
        either(left: Self, right: Self) -> Self = avx _mm256_or_ps;

        all_words(word: i32) -> __m256i = avx _mm256_set1_epi32;
        and(left: __m256i, right: __m256i) -> __m256i = avx2 _mm256_and_si256;
        without(left: __m256i, right: __m256i) -> __m256i = avx2 _mm256_andnot_si256;
        or(left: __m256i, right: __m256i) -> __m256i = avx2 _mm256_or_si256;
        xor(left: __m256i, right: __m256i) -> __m256i = avx2 _mm256_xor_si256;
        add(left: __m256i, right: __m256i) -> __m256i = avx2 _mm256_add_epi32;
        subtract(left: __m256i, right: __m256i) -> __m256i = avx2 _mm256_sub_epi32;

        add_halves(left: __m256i, right: __m256i) -> __m256i = avx2 _mm256_add_epi16;
        larger_halves(left: __m256i, right: __m256i) -> __m256i = avx2 _mm256_max_epu16;

        all_doubles(double: i64) -> __m256i = avx _mm256_set1_epi64x;
        add_doubles(left: __m256i, right: __m256i) -> __m256i = avx2 _mm256_add_epi64;
        products(left: __m256i, right: __m256i) -> __m256i = avx2 _mm256_mul_epu32;
        even_doubles(left: __m256i, right: __m256i) -> __m256i = avx2 _mm256_unpacklo_epi64;
        odd_doubles(left: __m256i, right: __m256i) -> __m256i = avx2 _mm256_unpackhi_epi64;
    }

    #[inline(always)]
    fn is_nan(number: Self) -> Self {
        v3().avx._mm256_cmp_ps::<_CMP_UNORD_Q>(number, number)
    }

    #[inline(always)]
    fn any(mask: Self) -> bool {
        v3().avx._mm256_movemask_ps(mask) != 0
    }

    #[inline(always)]
    fn choose(mask: Self, then: __m256i, otherwise: __m256i) -> __m256i {
        must_cast(v3().avx._mm256_blendv_ps(must_cast(otherwise), must_cast(then), mask))
    }

    #[inline(always)]
    fn keep(mask: Self, words: __m256i) -> __m256i {
        Self::and(must_cast(mask), words)
    }

    #[inline(always)]
    fn count(mask: Self, words: __m256i) -> __m256i {
        Self::subtract(words, must_cast(mask)) // a mask is −1
    }

    #[inline(always)]
    fn shift_left<const BY: u32>(words: __m256i) -> __m256i {
        v3().avx2._mm256_sll_epi32(words, v3().sse2._mm_cvtsi32_si128(BY.cast_signed()))
    }

    #[inline(always)]
    fn shift_right<const BY: u32>(words: __m256i) -> __m256i {
        v3().avx2._mm256_srl_epi32(words, v3().sse2._mm_cvtsi32_si128(BY.cast_signed()))
    }

    #[inline(always)]
    fn any_reaches(left: __m256i, right: __m256i) -> bool {
        let reached = v3().avx2._mm256_cmpeq_epi16(Self::larger_halves(left, right), left);
        v3().avx2._mm256_movemask_epi8(reached) != 0
    }

    #[inline(always)]
    fn braid(even: __m256i, odd: __m256i) -> __m256i {
        v3().avx2._mm256_blend_epi16::<0b1010_1010>(even, odd)
    }

    #[inline(always)]
    fn unpack(halves: __m256i) -> [__m256i; 2] {
        let halves: [__m128i; 2] = must_cast(halves);
        [v3().avx2._mm256_cvtepu16_epi32(halves[0]), v3().avx2._mm256_cvtepu16_epi32(halves[1])]
    }

    #[inline(always)]
    fn pack(lower: __m256i, upper: __m256i) -> __m256i {
        // Packing works within halves of a register: quarters 0 2 1 3 put them back in order.
        let packed = v3().avx2._mm256_packus_epi32(lower, upper);
        v3().avx2._mm256_permute4x64_epi64::<0b11_01_10_00>(packed)
    }

    #[inline(always)]
    fn shuffle(bytes: __m256i, table: [u8; 16]) -> __m256i {
        v3().avx2._mm256_shuffle_epi8(bytes, v3().avx2._mm256_broadcastsi128_si256(must_cast(table)))
    }

    #[inline(always)]
    fn doubles(of: impl Fn(u64) -> u64) -> __m256i {
        must_cast(from_fn::<_, 4, _>(|place| of(place as u64)))
    }

    #[inline(always)]
    fn upper(doubles: __m256i) -> __m256i {
        v3().avx2._mm256_srli_epi64::<32>(doubles)
    }

    #[inline(always)]
    fn swap(doubles: __m256i) -> __m256i {
        v3().avx2._mm256_shuffle_epi32::<0b10_11_00_01>(doubles)
    }
}

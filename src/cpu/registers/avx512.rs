//! Sixteen numbers in a register.

use super::Wide;
use super::register::{Register, instructions};
use crate::cpu::simd::v4;
use bytemuck::must_cast;
use core::arch::x86_64::{
    __m256i, __m512, __m512i, __mmask16, _CMP_LT_OQ, _CMP_NEQ_OQ, _CMP_UNORD_Q, _MM_CMPINT_NLT,
};
use core::array::from_fn;
use pulp::x86::V4;

impl Register for __m512 {
    type Machine = V4;
    type Words = __m512i;
    type Mask = __mmask16;
    type Tile = [Wide<Self>; 4];
    type Random = [__m512i; 2];
    const LANES: usize = 16;

    #[inline(always)]
    fn machine() -> Option<V4> {
        V4::try_new()
    }

    instructions! { v4
        all(number: f32) -> Self = avx512f _mm512_set1_ps;
        plus(left: Self, right: Self) -> Self = avx512f _mm512_add_ps;
        minus(left: Self, right: Self) -> Self = avx512f _mm512_sub_ps;
        times(left: Self, right: Self) -> Self = avx512f _mm512_mul_ps;
        over(left: Self, right: Self) -> Self = avx512f _mm512_div_ps;
        root(number: Self) -> Self = avx512f _mm512_sqrt_ps;
        larger(left: Self, right: Self) -> Self = avx512f _mm512_max_ps;
        smaller(left: Self, right: Self) -> Self = avx512f _mm512_min_ps;
        integers(number: Self) -> __m512i = avx512f _mm512_cvttps_epi32;
        of_integers(words: __m512i) -> Self = avx512f _mm512_cvtepi32_ps;

        less(left: Self, right: Self) -> __mmask16 = avx512f _mm512_cmp_ps_mask::<_CMP_LT_OQ>;
        differ(left: Self, right: Self) -> __mmask16 = avx512f _mm512_cmp_ps_mask::<_CMP_NEQ_OQ>;
        keep(mask: __mmask16, words: __m512i) -> __m512i = avx512f _mm512_maskz_mov_epi32;

        all_words(word: i32) -> __m512i = avx512f _mm512_set1_epi32;
        and(left: __m512i, right: __m512i) -> __m512i = avx512f _mm512_and_si512;
        without(left: __m512i, right: __m512i) -> __m512i = avx512f _mm512_andnot_si512;
        or(left: __m512i, right: __m512i) -> __m512i = avx512f _mm512_or_si512;
        xor(left: __m512i, right: __m512i) -> __m512i = avx512f _mm512_xor_si512;
        add(left: __m512i, right: __m512i) -> __m512i = avx512f _mm512_add_epi32;
        subtract(left: __m512i, right: __m512i) -> __m512i = avx512f _mm512_sub_epi32;

        add_halves(left: __m512i, right: __m512i) -> __m512i = avx512bw _mm512_add_epi16;
        larger_halves(left: __m512i, right: __m512i) -> __m512i = avx512bw _mm512_max_epu16;

        all_doubles(double: i64) -> __m512i = avx512f _mm512_set1_epi64;
        add_doubles(left: __m512i, right: __m512i) -> __m512i = avx512f _mm512_add_epi64;
        products(left: __m512i, right: __m512i) -> __m512i = avx512f _mm512_mul_epu32;
        even_doubles(left: __m512i, right: __m512i) -> __m512i = avx512f _mm512_unpacklo_epi64;
        odd_doubles(left: __m512i, right: __m512i) -> __m512i = avx512f _mm512_unpackhi_epi64;
    }

    #[inline(always)]
    fn is_nan(number: Self) -> __mmask16 {
        v4().avx512f._mm512_cmp_ps_mask::<_CMP_UNORD_Q>(number, number)
    }

    #[inline(always)]
    fn any(mask: __mmask16) -> bool {
        mask != 0
    }

    #[inline(always)]
    fn either(left: __mmask16, right: __mmask16) -> __mmask16 {
        left | right
    }

    #[inline(always)]
    fn choose(mask: __mmask16, then: __m512i, otherwise: __m512i) -> __m512i {
        v4().avx512f._mm512_mask_blend_epi32(mask, otherwise, then)
    }

    #[inline(always)]
    fn count(mask: __mmask16, words: __m512i) -> __m512i {
        v4().avx512f._mm512_mask_add_epi32(words, mask, words, Self::all_words(1))
    }

    #[inline(always)]
    fn shift_left<const BY: u32>(words: __m512i) -> __m512i {
        v4().avx512f._mm512_slli_epi32::<BY>(words)
    }

    #[inline(always)]
    fn shift_right<const BY: u32>(words: __m512i) -> __m512i {
        v4().avx512f._mm512_srli_epi32::<BY>(words)
    }

    #[inline(always)]
    fn any_reaches(left: __m512i, right: __m512i) -> bool {
        v4().avx512bw._mm512_cmp_epu16_mask::<_MM_CMPINT_NLT>(left, right) != 0
    }

    #[inline(always)]
    fn braid(even: __m512i, odd: __m512i) -> __m512i {
        v4().avx512bw._mm512_mask_blend_epi16(0xAAAA_AAAA, even, odd)
    }

    #[inline(always)]
    fn unpack(halves: __m512i) -> [__m512i; 2] {
        let halves: [__m256i; 2] = must_cast(halves);
        [v4().avx512f._mm512_cvtepu16_epi32(halves[0]), v4().avx512f._mm512_cvtepu16_epi32(halves[1])]
    }

    #[inline(always)]
    fn pack(lower: __m512i, upper: __m512i) -> __m512i {
        // Packing works within quarters of a register: all doubles of the lower words come first.
        let packed = v4().avx512bw._mm512_packus_epi32(lower, upper);
        v4().avx512f._mm512_permutexvar_epi64(must_cast([0u64, 2, 4, 6, 1, 3, 5, 7]), packed)
    }

    #[inline(always)]
    fn shuffle(bytes: __m512i, table: [u8; 16]) -> __m512i {
        v4().avx512bw._mm512_shuffle_epi8(bytes, v4().avx512f._mm512_broadcast_i32x4(must_cast(table)))
    }

    #[inline(always)]
    fn doubles(of: impl Fn(u64) -> u64) -> __m512i {
        must_cast(from_fn::<_, 8, _>(|place| of(place as u64)))
    }

    #[inline(always)]
    fn upper(doubles: __m512i) -> __m512i {
        v4().avx512f._mm512_srli_epi64::<32>(doubles)
    }

    #[inline(always)]
    fn swap(doubles: __m512i) -> __m512i {
        v4().avx512f._mm512_shuffle_epi32::<0b10_11_00_01>(doubles)
    }
}

//! Conversions of f16, in integer operations as in [`crate::dtype`].

use super::Avx2;
use crate::dtype::Arithmetic;
use core::arch::x86_64::{__m256, __m256i, _CMP_GE_OQ, _CMP_LT_OQ};

/// The smallest normal number of f16, 2^-14, in f32.
const SMALLEST_NORMAL: u32 = (127 - 14) << 23;

impl<F: Arithmetic, const ALL_BF16: bool> Avx2<F, ALL_BF16> {
    /// [`f16::widen`](StorageDtype::widen).
    #[inline(always)]
    pub(super) fn f16_to_f32(self, bits: __m256i) -> __m256 {
        let sign = self.avx2._mm256_slli_epi32::<16>(self.avx2._mm256_and_si256(bits, self.constant(0x8000)));
        let magnitude = self.avx2._mm256_and_si256(bits, self.constant(0x7FFF));
        let rebias = self.float(self.constant((254 - 15) << 23));
        let magnitude = self.float(self.avx2._mm256_slli_epi32::<13>(magnitude));
        let magnitude = self.avx._mm256_mul_ps(magnitude, rebias);
        let limit = self.float(self.constant(0x4780_0000)); // 65536
        let reserved = self.bits(self.avx._mm256_cmp_ps::<_CMP_GE_OQ>(magnitude, limit));
        let exponent = self.avx2._mm256_and_si256(reserved, self.constant(0x7F80_0000));
        let signed = self.avx2._mm256_or_si256(sign, self.bits(magnitude));
        self.float(self.avx2._mm256_or_si256(signed, exponent))
    }

    /// The parts of a number that all conversions to f16 need.
    #[inline(always)]
    fn sign_and_magnitude(self, value: __m256) -> (__m256i, __m256i) {
        let bits = self.bits(value);
        let sign = self.avx2._mm256_srli_epi32::<16>(bits);
        let sign = self.avx2._mm256_and_si256(sign, self.constant(0x8000));
        (sign, self.avx2._mm256_and_si256(bits, self.constant(0x7FFF_FFFF)))
    }

    #[inline(always)]
    fn less(self, left: __m256i, right: u32) -> __m256 {
        self.avx._mm256_cmp_ps::<_CMP_LT_OQ>(self.float(left), self.float(self.constant(right)))
    }

    /// Drops thirteen bits of a magnitude with something added below them, and moves the bias.
    #[inline(always)]
    fn normal_f16(self, magnitude: __m256i, below: __m256i) -> __m256i {
        let sum = self.avx2._mm256_add_epi32(magnitude, below);
        self.avx2._mm256_srli_epi32::<13>(self.avx2._mm256_sub_epi32(sum, self.constant(112 << 23)))
    }

    /// [`f16::round`](StorageDtype::round), in the lower half of each word.
    #[inline(always)]
    pub(super) fn f32_to_f16(self, value: __m256) -> __m256i {
        let (sign, magnitude) = self.sign_and_magnitude(value);
        let even = self.avx2._mm256_srli_epi32::<13>(magnitude);
        let even = self.avx2._mm256_and_si256(even, self.constant(1));
        let normal = self.normal_f16(magnitude, self.avx2._mm256_add_epi32(even, self.constant(0xFFF)));
        let half = self.constant(0x3F00_0000); // 0.5
        let subnormal = self.bits(self.avx._mm256_add_ps(self.float(magnitude), self.float(half)));
        let subnormal = self.avx2._mm256_sub_epi32(subnormal, half);
        let finite = self.select(self.less(magnitude, SMALLEST_NORMAL), subnormal, normal);
        let bounded = self.select(self.less(magnitude, 0x477F_F000), finite, self.constant(0x7C00)); // 65520
        let result = self.select(self.is_nan(value), self.constant(0x7E00), bounded);
        self.avx2._mm256_or_si256(result, sign)
    }

    /// [`f16::round_stochastically`](StorageDtype::round_stochastically), in the lower half of each
    /// word; sixteen random bits are there, too, and what belongs below them comes apart.
    #[inline(always)]
    pub(super) fn f32_to_f16_stochastically(self, value: __m256, random: __m256i, below: __m256i) -> __m256i {
        let (sign, magnitude) = self.sign_and_magnitude(value);
        let normal = self.normal_f16(magnitude, self.avx2._mm256_srli_epi32::<3>(random));
        let word = self.avx2._mm256_or_si256(self.avx2._mm256_slli_epi32::<16>(random), below);
        let scale = self.float(self.constant((127 + 24) << 23));
        let units = self.avx._mm256_mul_ps(self.float(magnitude), scale);
        let whole = self.avx._mm256_cvttps_epi32(units);
        let rest = self.avx._mm256_sub_ps(units, self.avx._mm256_cvtepi32_ps(whole));
        let threshold = self.avx._mm256_cvtepi32_ps(self.avx2._mm256_srli_epi32::<8>(word));
        let threshold = self.avx._mm256_mul_ps(threshold, self.float(self.constant((127 - 24) << 23)));
        let up = self.bits(self.avx._mm256_cmp_ps::<_CMP_LT_OQ>(threshold, rest));
        let subnormal = self.avx2._mm256_sub_epi32(whole, up); // a mask is −1
        let finite = self.select(self.less(magnitude, SMALLEST_NORMAL), subnormal, normal);
        let bounded = self.select(self.less(magnitude, 0x477F_E000), finite, self.constant(0x7BFF)); // 65504
        let infinite = self.select(self.less(magnitude, 0x7F80_0000), bounded, self.constant(0x7C00));
        let result = self.select(self.is_nan(value), self.constant(0x7E00), infinite);
        self.avx2._mm256_or_si256(result, sign)
    }
}

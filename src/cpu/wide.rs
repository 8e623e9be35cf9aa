//! Eight `f32` in a register as a number that rules are written in.

use super::simd::avx;
use crate::real::Real;
use bytemuck::{Pod, Zeroable, must_cast};
use core::arch::x86_64::{__m256, _CMP_GT_OQ, _CMP_NEQ_OQ, _CMP_UNORD_Q};
use core::ops::{Add, Div, Mul, Neg, Sub};

/// Numbers in a register.
pub(super) const LANES: usize = 8;

/// Eight numbers. Used inside of [`widest`](super::simd::widest) only.
#[derive(Clone, Copy, Zeroable, Pod)]
#[repr(transparent)]
pub(super) struct Wide(pub(super) __m256);

macro_rules! operator {
    ($trait:ident, $method:ident, $instruction:ident) => {
        impl $trait for Wide {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(avx().$instruction(self.0, other.0))
            }
        }
    };
}

operator!(Add, add, _mm256_add_ps);
operator!(Sub, sub, _mm256_sub_ps);
operator!(Mul, mul, _mm256_mul_ps);
operator!(Div, div, _mm256_div_ps);

/// The sign bits.
#[inline(always)]
fn signs() -> __m256 {
    must_cast([-0.0f32; LANES])
}

impl Neg for Wide {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self(avx()._mm256_xor_ps(self.0, signs()))
    }
}

impl Real for Wide {
    #[inline(always)]
    fn constant(value: f64) -> Self {
        // No NaN but the processor's own enters: see `Avx2`.
        let value = if value.is_nan() { f32::NAN } else { value as f32 };
        Self(must_cast([value; LANES]))
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(avx()._mm256_sqrt_ps(self.0))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self(avx()._mm256_andnot_ps(signs(), self.0))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        let larger = avx()._mm256_cmp_ps::<_CMP_GT_OQ>(self.0, other.0);
        let nan = avx()._mm256_cmp_ps::<_CMP_UNORD_Q>(self.0, self.0);
        Self(avx()._mm256_blendv_ps(other.0, self.0, avx()._mm256_or_ps(larger, nan)))
    }

    #[inline(always)]
    fn at_least(self, lowest: Self) -> Self {
        // The instruction gives its second operand where it does not find the first one larger.
        Self(avx()._mm256_max_ps(lowest.0, self.0))
    }

    #[inline(always)]
    fn select(condition_is_positive: Self, then: Self, otherwise: Self) -> Self {
        let zero = must_cast([0.0f32; LANES]);
        let positive = avx()._mm256_cmp_ps::<_CMP_GT_OQ>(condition_is_positive.0, zero);
        Self(avx()._mm256_blendv_ps(otherwise.0, then.0, positive))
    }

    #[inline(always)]
    fn when(constant_is_positive: Self, then: impl FnOnce() -> Self, otherwise: Self) -> Self {
        let [first, ..]: [f32; LANES] = must_cast(constant_is_positive.0);
        if first > 0.0 { then() } else { otherwise }
    }

    #[inline(always)]
    fn sign(self) -> Self {
        let zero = must_cast([0.0f32; LANES]);
        let one = avx()._mm256_or_ps(avx()._mm256_and_ps(self.0, signs()), must_cast([1.0f32; LANES]));
        // Neither a zero nor NaN.
        let signed = avx()._mm256_cmp_ps::<_CMP_NEQ_OQ>(self.0, zero);
        Self(avx()._mm256_blendv_ps(self.0, one, signed))
    }
}

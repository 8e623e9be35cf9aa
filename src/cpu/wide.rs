//! Eight `f32` in a register as a number that rules are written in.

use super::simd::{avx, avx2};
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

/// The digits of a number behind the first, in its bits.
const FRACTION: i32 = f32::MANTISSA_DIGITS.cast_signed() - 1;

/// The last place of this number is 1.
const PLACE: f32 = 1.0 / f32::EPSILON;

/// What is added to an exponent to make it a field of the bits.
const BIAS: f32 = 127.0;

impl Real for Wide {
    const PRECISION: u32 = f32::PRECISION;

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
    fn at_most(self, highest: Self) -> Self {
        Self(avx()._mm256_min_ps(highest.0, self.0))
    }

    #[inline(always)]
    fn exponent(self) -> Self {
        let field = avx()._mm256_and_ps(self.0, must_cast([f32::INFINITY; LANES]));
        let field = must_cast(avx2()._mm256_srli_epi32::<FRACTION>(must_cast(field)));
        Self(avx()._mm256_or_ps(field, must_cast([PLACE; LANES]))) - Self(must_cast([PLACE + BIAS; LANES]))
    }

    #[inline(always)]
    fn significand(self) -> Self {
        let fraction = avx()._mm256_and_ps(self.0, must_cast([(1u32 << FRACTION) - 1; LANES]));
        Self(avx()._mm256_or_ps(fraction, must_cast([1.0f32; LANES])))
    }

    #[inline(always)]
    fn power_of_two(exponent: Self) -> Self {
        let field = exponent + Self(must_cast([1.5 * PLACE + BIAS; LANES]));
        Self(must_cast(avx2()._mm256_slli_epi32::<FRACTION>(must_cast(field.0))))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::real::{exp, ln, ln_1p, odd, tanh};

    /// Everything that is made of more than one instruction.
    fn all<F: Real>(x: F, y: F) -> [F; 15] {
        [
            exp(x),
            ln(x),
            ln_1p(x),
            tanh(x),
            odd(x, y),
            x.exponent(),
            x.significand(),
            F::power_of_two(x.exponent().at_least(F::constant(-126.0)).at_most(F::constant(127.0))),
            x.max(y),
            x.at_least(F::constant(1e-30)),
            x.at_most(F::constant(1e30)),
            F::select(x, y, -y),
            x.sign(),
            x.abs(),
            x.abs().sqrt(),
        ]
    }

    #[test]
    fn eight_numbers_at_a_time_are_what_each_is_alone() {
        let Some(v3) = pulp::x86::V3::try_new() else {
            println!("skipped: this machine has no AVX2");
            return;
        };
        // Every sign and exponent, each with digits from all over their range.
        for start in (0..=u32::MAX - 8).step_by((1 << 16) + 1) {
            let numbers: [f32; LANES] = core::array::from_fn(|i| f32::from_bits(start + i as u32));
            let mut reversed = numbers;
            reversed.reverse();
            let wide = pulp::Simd::vectorize(
                v3,
                #[inline(always)]
                || all(Wide(must_cast(numbers)), Wide(must_cast(reversed))),
            );
            for (i, number) in numbers.into_iter().enumerate() {
                let alone = all(number, reversed[i]);
                for (place, (wide, alone)) in wide.iter().zip(alone).enumerate() {
                    let lanes: [f32; LANES] = must_cast(wide.0);
                    let same = lanes[i].to_bits() == alone.to_bits() || lanes[i].is_nan() && alone.is_nan();
                    assert!(same, "{place}: {number:e} gives {:e} and {alone:e}", lanes[i]);
                }
            }
        }
    }
}

//! A register of `f32` as a number that rules are written in.

use super::register::Register;
use crate::real::Real;
use bytemuck::{Pod, Zeroable, cast_slice, must_cast};
use core::ops::{Add, Div, Mul, Neg, Sub};

/// The numbers in a register. Used inside of [`wide`](crate::cpu::simd::wide) only.
#[derive(Clone, Copy, Zeroable, Pod)]
#[repr(transparent)]
pub(in crate::cpu) struct Wide<X>(pub(in crate::cpu) X);

macro_rules! operator {
    ($trait:ident, $method:ident, $instruction:ident) => {
        impl<X: Register> $trait for Wide<X> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(X::$instruction(self.0, other.0))
            }
        }
    };
}

operator!(Add, add, plus);
operator!(Sub, sub, minus);
operator!(Mul, mul, times);
operator!(Div, div, over);

impl<X: Register> Neg for Wide<X> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self::of(X::xor(self.words(), Self::signs()))
    }
}

impl<X: Register> Wide<X> {
    /// One number in all places.
    #[inline(always)]
    fn all(number: f32) -> Self {
        Self(X::all(number))
    }

    /// The sign bits.
    #[inline(always)]
    fn signs() -> X::Words {
        Self::all(-0.0).words()
    }

    #[inline(always)]
    pub(super) fn words(self) -> X::Words {
        must_cast(self.0)
    }

    #[inline(always)]
    pub(super) fn of(words: X::Words) -> Self {
        Self(must_cast(words))
    }

    #[inline(always)]
    fn choose(mask: X::Mask, then: Self, otherwise: Self) -> Self {
        Self::of(X::choose(mask, then.words(), otherwise.words()))
    }
}

/// The digits of a number behind the first, in its bits.
const FRACTION: u32 = f32::MANTISSA_DIGITS - 1;

/// The last place of this number is 1.
const PLACE: f32 = 1.0 / f32::EPSILON;

/// What is added to an exponent to make it a field of the bits.
const BIAS: f32 = 127.0;

impl<X: Register> Real for Wide<X> {
    const PRECISION: u32 = f32::PRECISION;

    #[inline(always)]
    fn constant(value: f64) -> Self {
        // No NaN but the processor's own enters: see `Registers`.
        Self::all(if value.is_nan() { f32::NAN } else { value as f32 })
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(X::root(self.0))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self::of(X::without(Self::signs(), self.words()))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        let stays = X::either(X::less(other.0, self.0), X::is_nan(self.0));
        Self::choose(stays, self, other)
    }

    #[inline(always)]
    fn at_least(self, lowest: Self) -> Self {
        Self(X::larger(lowest.0, self.0))
    }

    #[inline(always)]
    fn at_most(self, highest: Self) -> Self {
        Self(X::smaller(highest.0, self.0))
    }

    #[inline(always)]
    fn exponent(self) -> Self {
        let field = X::and(self.words(), Self::all(f32::INFINITY).words());
        let field = X::or(X::shift_right::<FRACTION>(field), Self::all(PLACE).words());
        Self::of(field) - Self::all(PLACE + BIAS)
    }

    #[inline(always)]
    fn significand(self) -> Self {
        let fraction = X::and(self.words(), X::all_words((1 << FRACTION) - 1));
        Self::of(X::or(fraction, Self::all(1.0).words()))
    }

    #[inline(always)]
    fn power_of_two(exponent: Self) -> Self {
        let field = exponent + Self::all(1.5 * PLACE + BIAS);
        Self::of(X::shift_left::<FRACTION>(field.words()))
    }

    #[inline(always)]
    fn select(condition_is_positive: Self, then: Self, otherwise: Self) -> Self {
        Self::choose(X::less(X::all(0.0), condition_is_positive.0), then, otherwise)
    }

    #[inline(always)]
    fn when(constant_is_positive: Self, then: impl FnOnce() -> Self, otherwise: Self) -> Self {
        let numbers: &[f32] = cast_slice(core::slice::from_ref(&constant_is_positive));
        if numbers[0] > 0.0 { then() } else { otherwise }
    }

    #[inline(always)]
    fn sign(self) -> Self {
        let one = X::or(X::and(self.words(), Self::signs()), Self::all(1.0).words());
        // Neither a zero nor NaN.
        let signed = X::differ(self.0, X::all(0.0));
        Self::choose(signed, Self::of(one), self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::registers::read;
    use crate::real::{exp, ln, ln_1p, odd, tanh};
    use core::arch::x86_64::{__m256, __m512};

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

    /// Compares registers with the numbers in them one by one.
    fn check<X: Register>() {
        let Some(machine) = X::machine() else {
            println!("skipped: this machine has no registers of {} numbers", X::LANES);
            return;
        };
        // Every sign and exponent, each with digits from all over their range.
        for start in (0..=u32::MAX - X::LANES as u32).step_by((1 << 16) + 1) {
            let numbers: Vec<_> = (0..X::LANES).map(|i| f32::from_bits(start + i as u32)).collect();
            let reversed: Vec<_> = numbers.iter().rev().copied().collect();
            let wide = pulp::Simd::vectorize(
                machine,
                #[inline(always)]
                || all::<Wide<X>>(read(&numbers), read(&reversed)),
            );
            for (i, number) in numbers.into_iter().enumerate() {
                let alone = all(number, reversed[i]);
                for (place, (wide, alone)) in wide.iter().zip(alone).enumerate() {
                    let lane = cast_slice::<_, f32>(core::slice::from_ref(wide))[i];
                    let same = lane.to_bits() == alone.to_bits() || lane.is_nan() && alone.is_nan();
                    assert!(same, "{place}: {number:e} gives {lane:e} and {alone:e}");
                }
            }
        }
    }

    #[test]
    fn numbers_in_a_register_are_what_each_is_alone() {
        check::<__m256>();
        check::<__m512>();
    }
}

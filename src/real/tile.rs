//! Sixty-four numbers as one: for stages that are only known at run time.

use super::Real;
use core::ops::{Add, Div, Mul, Neg, Sub};

/// How many numbers are in a [`Tile`].
pub const TILE: usize = 64;

/// Sixty-four numbers, on which every operation is done one by one.
///
/// A call through a pointer for each number would cost more than the arithmetic; one for sixty-four
/// does not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tile<F>(pub [F; TILE]);

impl<F: Real> Tile<F> {
    #[inline(always)]
    fn each(self, run: impl Fn(F) -> F) -> Self {
        let mut out = self;
        for number in &mut out.0 {
            *number = run(*number);
        }
        out
    }

    #[inline(always)]
    fn both(self, other: Self, run: impl Fn(F, F) -> F) -> Self {
        let mut out = self;
        for (number, other) in out.0.iter_mut().zip(other.0) {
            *number = run(*number, other);
        }
        out
    }
}

macro_rules! operators {
    ($($operator:ident $name:ident)*) => {$(
        impl<F: Real> $operator for Tile<F> {
            type Output = Self;

            #[inline(always)]
            fn $name(self, other: Self) -> Self {
                self.both(other, F::$name)
            }
        }
    )*};
}

operators!(Add add Sub sub Mul mul Div div);

impl<F: Real> Neg for Tile<F> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        self.each(F::neg)
    }
}

impl<F: Real> Real for Tile<F> {
    const PRECISION: u32 = F::PRECISION;

    #[inline(always)]
    fn constant(value: f64) -> Self {
        Self([F::constant(value); TILE])
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        self.each(F::sqrt)
    }

    #[inline(always)]
    fn abs(self) -> Self {
        self.each(F::abs)
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        self.both(other, F::max)
    }

    #[inline(always)]
    fn at_least(self, lowest: Self) -> Self {
        self.both(lowest, F::at_least)
    }

    #[inline(always)]
    fn at_most(self, highest: Self) -> Self {
        self.both(highest, F::at_most)
    }

    #[inline(always)]
    fn exponent(self) -> Self {
        self.each(F::exponent)
    }

    #[inline(always)]
    fn significand(self) -> Self {
        self.each(F::significand)
    }

    #[inline(always)]
    fn power_of_two(exponent: Self) -> Self {
        exponent.each(F::power_of_two)
    }

    #[inline(always)]
    fn select(condition_is_positive: Self, then: Self, otherwise: Self) -> Self {
        let mut out = otherwise;
        for (place, out) in out.0.iter_mut().enumerate() {
            *out = F::select(condition_is_positive.0[place], then.0[place], *out);
        }
        out
    }

    #[inline(always)]
    fn sign(self) -> Self {
        self.each(F::sign)
    }
}

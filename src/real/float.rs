//! `f32` and `f64` run a rule.

use super::Real;

macro_rules! real {
    ($($float:ident in $bits:ident, exponents from $bias:literal below;)*) => {$(
        impl Real for $float {
            const PRECISION: u32 = $float::MANTISSA_DIGITS;

            #[inline(always)]
            fn constant(value: f64) -> Self {
                value as $float
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                <$float>::sqrt(self)
            }

            #[inline(always)]
            fn abs(self) -> Self {
                <$float>::abs(self)
            }

            #[inline(always)]
            fn max(self, other: Self) -> Self {
                if self > other || self.is_nan() { self } else { other }
            }

            #[inline(always)]
            fn at_least(self, lowest: Self) -> Self {
                if lowest > self { lowest } else { self }
            }

            #[inline(always)]
            fn at_most(self, highest: Self) -> Self {
                if highest < self { highest } else { self }
            }

            #[inline(always)]
            fn exponent(self) -> Self {
                // The field becomes the last digits of a number whose last place is 1.
                const PLACE: $float = 1.0 / $float::EPSILON;
                let field = (self.to_bits() & $float::INFINITY.to_bits()) >> ($float::MANTISSA_DIGITS - 1);
                $float::from_bits(PLACE.to_bits() | field) - (PLACE + $bias)
            }

            #[inline(always)]
            fn significand(self) -> Self {
                const ONE: $float = 1.0;
                const FRACTION: $bits = (1 << ($float::MANTISSA_DIGITS - 1)) - 1;
                $float::from_bits(self.to_bits() & FRACTION | ONE.to_bits())
            }

            #[inline(always)]
            fn power_of_two(exponent: Self) -> Self {
                // The last place of this number is 1, for some way up and down.
                const PLACE: $float = 1.5 / $float::EPSILON;
                $float::from_bits((exponent + (PLACE + $bias)).to_bits() << ($float::MANTISSA_DIGITS - 1))
            }

            #[inline(always)]
            fn select(condition_is_positive: Self, then: Self, otherwise: Self) -> Self {
                if condition_is_positive > 0.0 { then } else { otherwise }
            }
        }
    )*};
}

real! {
    f32 in u32, exponents from 127.0 below;
    f64 in u64, exponents from 1023.0 below;
}

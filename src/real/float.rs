//! `f32` and `f64` run a rule.

use super::Real;

macro_rules! real {
    ($($float:ident)*) => {$(
        impl Real for $float {
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
            fn select(condition_is_positive: Self, then: Self, otherwise: Self) -> Self {
                if condition_is_positive > 0.0 { then } else { otherwise }
            }
        }
    )*};
}

real!(f32 f64);

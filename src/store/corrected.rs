//! Error correction: more digits of a parameter, beside it.

use super::{Rounding, Store, sealed};
use crate::dtype::{Correction8, Correction16, StorageDtype};
use crate::fields;
use crate::real::Real;

fields! {
    /// What [`Corrected8`] and [`Corrected16`] carry.
    pub struct Correction {
        /// The steps from the parameter to the number that it stands for.
        correction,
    }
}

macro_rules! corrected {
    ($(#[$doc:meta])* $name:ident, $beside:ident, $digits:literal, $rounding:ident, $text:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub enum $name {}

        impl Store for $name {
            type Carry = Correction;
            type Beside<P: StorageDtype> = $beside<P::Arithmetic>;
            const CORRECTS: bool = true;
            const ROUNDING: Rounding = Rounding::$rounding;
            const NAME: &'static str = $text;

            #[inline(always)]
            fn target<F: Real>(parameter: F, update: F, _carry: &Correction<F>) -> F {
                parameter - update
            }

            #[inline(always)]
            fn settle<F: Real>(_parameter: F, _update: F, _stored: F, _carry: &mut Correction<F>) {}

            #[inline(always)]
            fn join<P: StorageDtype>(stored: P, beside: Self::Beside<P>) -> P::Arithmetic {
                stored.corrected::<$digits>(beside.steps())
            }

            #[inline(always)]
            fn split<P: StorageDtype>(target: P::Arithmetic, bits: u32) -> (P, Self::Beside<P>) {
                let (stored, steps) = P::correct::<$digits>(target, bits);
                (stored, $beside::of(steps))
            }
        }

        impl sealed::Sealed for $name {}
    };
}

corrected! {
    /// Keeps 8 more digits beside each parameter, and rounds stochastically behind them.
    ///
    /// Parameter and correction are a [`Plus8`](crate::dtype::Plus8) of the parameter's format in two
    /// places: the parameter is the nearest number to what they make together.
    ///
    /// ```
    /// use gradus::store::{Corrected8, Store};
    /// use half::bf16;
    ///
    /// let (stored, beside) = Corrected8::split::<bf16>(0.999, 0);
    /// assert_eq!((stored, beside.steps()), (bf16::ONE, -66));
    /// assert_eq!(Corrected8::join(stored, beside), 0.9989929);
    /// ```
    Corrected8, Correction8, 8, Stochastic, "corrected8"
}

corrected! {
    /// Keeps 16 more digits beside each parameter, and rounds to nearest behind them.
    ///
    /// Parameter and correction are a [`Plus16`](crate::dtype::Plus16) of the parameter's format in two
    /// places. Beside `bf16` that is `f32`, digit by digit; beside `f16`, `f32` with the range of `f16`.
    ///
    /// ```
    /// use gradus::store::{Corrected16, Store};
    /// use half::bf16;
    ///
    /// let (stored, beside) = Corrected16::split::<bf16>(0.999, 1 << 31);
    /// assert_eq!((stored, beside.steps()), (bf16::ONE, -16777));
    /// assert_eq!(Corrected16::join(stored, beside), 0.999);
    /// ```
    Corrected16, Correction16, 16, Nearest, "corrected16"
}

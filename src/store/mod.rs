//! Stores: how an update is written into the parameter's storage format.
//!
//! | Store | Carry | What it does with the part that does not fit |
//! |---|---|---|
//! | [`Nearest`] | none | drops it |
//! | [`Kahan`] | one number per element, in the parameter's format | keeps it for the next step |
//! | [`Stochastic`] | none | rounds up with its probability, so that nothing is lost on average |
//! | [`Corrected8`] | 8 bits per element | keeps 8 more digits, and rounds stochastically behind them |
//! | [`Corrected16`] | 16 bits per element | keeps 16 more digits: all that `f32` has |
//!
//! Like a rule, a store is arithmetic over [`Real`] that is written once. Between its two halves
//! lies the one rounding of the step, which belongs to the storage format.

mod corrected;

pub use corrected::{Corrected8, Corrected16, Correction};

use crate::dtype::StorageDtype;
use crate::fields;
use crate::real::Real;
use crate::transform::{FieldSet, Nothing, Of};
use core::fmt::Debug;

/// How the sum of parameter and update is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest number, ties to even.
    Nearest,
    /// To one of the two neighbours, at random.
    Stochastic,
}

/// Writes an update into a parameter.
///
/// ```
/// use gradus::dtype::StorageDtype;
/// use gradus::store::{Compensation, Kahan, Store};
/// use half::bf16;
///
/// let (parameter, update) = (bf16::ONE, 0.001f32);
/// let mut carry = Compensation { compensation: 0.0 };
/// let stored = bf16::round(Kahan::target(parameter.widen(), update, &carry));
/// Kahan::settle(parameter.widen(), update, stored.widen(), &mut carry);
/// assert_eq!(stored, bf16::ONE);            // below half a unit in the last place of 1,
/// assert_eq!(carry.compensation, -0.001);   // so it is kept for the next step
/// ```
pub trait Store: Copy + Debug + Send + Sync + 'static + sealed::Sealed {
    /// Numbers per element; 0 at first.
    type Carry: FieldSet;
    /// The format of the carry beside parameters in the format `P`.
    type Beside<P: StorageDtype>: StorageDtype<Arithmetic = P::Arithmetic>;
    /// Whether parameter and carry are the digits of one number, which are written together by
    /// [`split`](Self::split).
    const CORRECTS: bool = false;
    /// How the target is rounded.
    const ROUNDING: Rounding;
    /// The name in recordings and reports.
    const NAME: &'static str;

    /// The value to be rounded into the parameter: its old value less the update.
    fn target<F: Real>(parameter: F, update: F, carry: &Of<Self::Carry, F>) -> F;

    /// Takes note of what became of the target.
    fn settle<F: Real>(parameter: F, update: F, stored: F, carry: &mut Of<Self::Carry, F>);

    /// The parameter as well as it is known: what is stored, plus what is carried. This is what
    /// rules see.
    #[inline(always)]
    fn known<F: Real>(stored: F, carry: &Of<Self::Carry, F>) -> F {
        let _ = carry;
        stored
    }

    /// What parameter and carry are as one number, if they are [one](Self::CORRECTS).
    #[inline(always)]
    fn join<P: StorageDtype>(stored: P, beside: Self::Beside<P>) -> P::Arithmetic {
        let _ = beside;
        stored.widen()
    }

    /// Parameter and carry for a target, if they are [one](Self::CORRECTS) number; `bits` round it.
    #[inline(always)]
    fn split<P: StorageDtype>(target: P::Arithmetic, bits: u32) -> (P, Self::Beside<P>) {
        let _ = bits;
        (P::round(target), Default::default())
    }
}

/// Rounds to nearest, ties to even.
#[derive(Clone, Copy, Debug)]
pub enum Nearest {}

impl Store for Nearest {
    type Carry = Nothing;
    type Beside<P: StorageDtype> = P;
    const ROUNDING: Rounding = Rounding::Nearest;
    const NAME: &'static str = "nearest";

    #[inline(always)]
    fn target<F: Real>(parameter: F, update: F, _carry: &Nothing) -> F {
        parameter - update
    }

    #[inline(always)]
    fn settle<F: Real>(_parameter: F, _update: F, _stored: F, _carry: &mut Nothing) {}
}

/// Rounds up or down at random, so that the mean is exact.
#[derive(Clone, Copy, Debug)]
pub enum Stochastic {}

impl Store for Stochastic {
    type Carry = Nothing;
    type Beside<P: StorageDtype> = P;
    const ROUNDING: Rounding = Rounding::Stochastic;
    const NAME: &'static str = "stochastic";

    #[inline(always)]
    fn target<F: Real>(parameter: F, update: F, _carry: &Nothing) -> F {
        parameter - update
    }

    #[inline(always)]
    fn settle<F: Real>(_parameter: F, _update: F, _stored: F, _carry: &mut Nothing) {}
}

/// Carries what was rounded away into the next step.
///
/// Kahan, *Further remarks on reducing truncation errors*, 1965; for training: Zamirai et al.,
/// *Revisiting BFloat16 Training*, 2020, <https://arxiv.org/abs/2010.06192>.
///
/// ```text
/// wanted = carry − update                     decay included
/// stored = round(parameter + wanted)
/// carry  = wanted − (stored − parameter)      0 where that is infinite or NaN
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Kahan {}

fields! {
    /// What [`Kahan`] carries.
    pub struct Compensation {
        /// What the parameter should have moved by and did not.
        compensation,
    }
}

impl Store for Kahan {
    type Carry = Compensation;
    type Beside<P: StorageDtype> = P;
    const ROUNDING: Rounding = Rounding::Nearest;
    const NAME: &'static str = "kahan";

    #[inline(always)]
    fn target<F: Real>(parameter: F, update: F, carry: &Compensation<F>) -> F {
        parameter + (carry.compensation - update)
    }

    #[inline(always)]
    fn settle<F: Real>(parameter: F, update: F, stored: F, carry: &mut Compensation<F>) {
        /// Larger than any remainder of a finite sum in a 16-bit format, and finite itself.
        const FINITE: f64 = 1.7014118346046923e38; // 2^127
        let wanted = carry.compensation - update;
        let remainder = wanted - (stored - parameter);
        carry.compensation = F::select(F::constant(FINITE) - remainder.abs(), remainder, F::constant(0.0));
    }

    #[inline(always)]
    fn known<F: Real>(stored: F, carry: &Compensation<F>) -> F {
        stored + carry.compensation
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Nearest {}
    impl Sealed for super::Kahan {}
    impl Sealed for super::Stochastic {}
}

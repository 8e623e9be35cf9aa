//! Error-corrected formats: a 16-bit number, and 8 or 16 more binary digits beside it.
//!
//! HeavyBall's *ECC* and FlashOptim keep a correction beside a narrow number, so that together they are
//! nearly as good as `f32` in fewer bytes, while the narrow number stays usable by itself.
//!
//! Between two neighbouring narrow numbers of one sign lie 2^`DIGITS` *steps* of one size. A value is rounded
//! to a step, the step to the nearest narrow number, and the correction is how many steps lie between:
//!
//! ```text
//! steps      = |value| in steps from zero       rounded stochastically, or to nearest
//! narrow     = the nearest number, of two equally near the one farther from zero
//! correction = steps − steps to the narrow number      from −2^(DIGITS−1) to 2^(DIGITS−1) − 1
//! ```
//!
//! | | |
//! |---|---|
//! | Order | steps grow with the magnitude, and each has one narrow number and one correction |
//! | Binades | steps below a power of two are half those above it, as the narrow numbers are |
//! | Subnormal numbers | their steps are those of the smallest normal ones |
//! | Zero | keeps its sign; its correction is never negative |
//! | Largest | half a unit less a step beyond the largest narrow number; a finite value never becomes infinite |
//! | ±∞, NaN | kept in the narrow number; the correction is 0, and any other is ignored |
//!
//! Differences from HeavyBall: a correction is in 2^−`DIGITS` of the narrow number's unit instead of 1/127 or
//! 1/32767 of its half, so that it is exact in `f32`; where the correction would round up to a whole half
//! unit, the narrow number moves on instead of the correction stopping short, so that rounding is
//! unbiased; below a power of two the smaller unit is used.

use super::{Arithmetic, Format, MAGNITUDE, SIGN, StorageDtype};
use bytemuck::{Pod, Zeroable};
use core::fmt;
use core::marker::PhantomData;
use half::{bf16, f16};

/// Random bits that round to nearest, away from zero where two are equally near.
pub(crate) const TO_NEAREST: u32 = 1 << 31;

/// A 16-bit format that a correction may stand beside: `bf16` or `f16`.
#[diagnostic::on_unimplemented(
    message = "there is no error-corrected form of `{Self}`",
    label = "this needs a 16-bit format",
    note = "a correction adds digits to `bf16` or `f16`",
    note = "use `Plus8<bf16>`, `Plus16<bf16>`, `Plus8<f16>` or `Plus16<f16>`"
)]
pub trait Narrow: StorageDtype<Arithmetic = f32> + Places {}

impl Narrow for bf16 {}
impl Narrow for f16 {}

/// What the two formats differ in.
pub trait Places: Copy {
    /// The bits of infinity, and of the NaN that is written.
    const INFINITY: u32;
    const NAN: u32;
    /// The formats with 8 and 16 digits more.
    const PLUS: [Format; 2];
    /// Whether 16 digits more hold all of `f32`.
    const HOLDS_F32: bool;

    fn of_bits(bits: u32) -> Self;
    fn bits(self) -> u32;
    /// The steps from zero to an `f32` number without sign; for no finite number of this format more than
    /// fit into 31 bits.
    fn steps<const DIGITS: u32>(magnitude: u32, random: u32) -> u32;
    /// The number at some steps from zero.
    fn at<const DIGITS: u32>(steps: u32) -> f32;
}

impl Places for bf16 {
    const INFINITY: u32 = 0x7F80;
    const NAN: u32 = 0x7FC0;
    const PLUS: [Format; 2] = [Format::Bf16Plus8, Format::Bf16Plus16];
    const HOLDS_F32: bool = true;

    #[inline(always)]
    fn of_bits(bits: u32) -> Self {
        Self::from_bits(bits as u16)
    }

    #[inline(always)]
    fn bits(self) -> u32 {
        self.to_bits().into()
    }

    #[inline(always)]
    fn steps<const DIGITS: u32>(magnitude: u32, random: u32) -> u32 {
        // The steps of 16 digits are the `f32` numbers.
        if DIGITS == 16 {
            return magnitude;
        }
        (magnitude + (random >> (16 + DIGITS))) >> (16 - DIGITS)
    }

    #[inline(always)]
    fn at<const DIGITS: u32>(steps: u32) -> f32 {
        f32::from_bits(steps << (16 - DIGITS))
    }
}

/// The smallest normal number of f16, 2^-14, in `f32`.
const SMALLEST_NORMAL: u32 = (127 - 14) << 23;

/// What is between the exponents of f16 and of `f32`.
const BIAS: u32 = (127 - 15) << 23;

/// How many digits an `f32` number has beyond those of a normal f16 number.
const BEYOND: u32 = 13;

impl Places for f16 {
    const INFINITY: u32 = 0x7C00;
    const NAN: u32 = 0x7E00;
    const PLUS: [Format; 2] = [Format::F16Plus8, Format::F16Plus16];
    const HOLDS_F32: bool = false;

    #[inline(always)]
    fn of_bits(bits: u32) -> Self {
        Self::from_bits(bits as u16)
    }

    #[inline(always)]
    fn bits(self) -> u32 {
        self.to_bits().into()
    }

    #[inline(always)]
    fn steps<const DIGITS: u32>(magnitude: u32, random: u32) -> u32 {
        /// The last number below 2^16, which is beyond all of f16.
        const LAST: u32 = ((127 + 16) << 23) - 1;
        let scale = f32::from_bits((127 + 24 + DIGITS) << 23);
        let rebiased = magnitude.min(LAST).wrapping_sub(BIAS);
        let normal = if DIGITS < BEYOND {
            rebiased.wrapping_add(random >> (32 - BEYOND + DIGITS)) >> (BEYOND - DIGITS)
        } else {
            rebiased << (DIGITS - BEYOND)
        };
        let is_normal = magnitude >= SMALLEST_NORMAL;
        let steps = f32::from_bits(if is_normal { 0 } else { magnitude }) * scale; // exact
        let whole = steps as i32;
        let rest = steps - whole as f32; // exact, in [0, 1)
        // In 2^-24, and so is what is left of 1.
        let threshold = (random >> 8) as i32 as f32 * f32::from_bits((127 - 24) << 23);
        let subnormal = whole as u32 + u32::from(rest >= 1.0 - threshold);
        if is_normal { normal } else { subnormal }
    }

    #[inline(always)]
    fn at<const DIGITS: u32>(steps: u32) -> f32 {
        let unit = f32::from_bits((127 - 24 - DIGITS) << 23);
        let aligned = if DIGITS < BEYOND { steps << (BEYOND - DIGITS) } else { steps >> (DIGITS - BEYOND) };
        let normal = f32::from_bits(aligned + BIAS);
        if steps < 1 << (10 + DIGITS) { steps as i32 as f32 * unit } else { normal }
    }
}

/// A value as a narrow number and a correction.
#[inline(always)]
pub(super) fn split<N: Places, const DIGITS: u32>(value: f32, random: u32) -> (N, i32) {
    let half = 1 << (DIGITS - 1);
    let infinity = N::INFINITY << DIGITS;
    let finite = N::steps::<DIGITS>(value.to_bits() & MAGNITUDE, random).min(infinity - half - 1);
    let steps = if value.abs() < f32::INFINITY { finite } else { infinity };
    let steps = if value.is_nan() { N::NAN << DIGITS } else { steps };
    let narrow = (steps + half) >> DIGITS;
    let correction = steps.wrapping_sub(narrow << DIGITS).cast_signed();
    (N::of_bits(narrow | (value.to_bits() & SIGN) >> 16), correction)
}

/// A narrow number and a correction as a value. A correction does not lead beyond zero.
#[inline(always)]
pub(super) fn join<N: Narrow, const DIGITS: u32>(narrow: N, correction: i32) -> f32 {
    let magnitude = narrow.bits() & 0x7FFF;
    let steps = ((magnitude << DIGITS).cast_signed() + correction).max(0).cast_unsigned();
    let finite = N::at::<DIGITS>(steps).to_bits() | (narrow.bits() & 0x8000) << 16;
    if magnitude < N::INFINITY { f32::from_bits(finite) } else { narrow.widen() }
}

macro_rules! error_corrected {
    ($(#[$doc:meta])* $name:ident, $memory:ty, $digits:literal, $place:literal, $correction:ident,
        exact: $exact:expr, pack: $pack:expr, unpack: $unpack:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Zeroable, Pod)]
        #[repr(transparent)]
        pub struct $name<T>($memory, PhantomData<T>);

        impl<T: Narrow> $name<T> {
            /// The narrow number.
            #[inline(always)]
            pub fn narrow(self) -> T {
                let unpack: fn($memory) -> (u32, $correction) = $unpack;
                T::of_bits(unpack(self.0).0)
            }

            /// The correction, in steps of the narrow number.
            #[inline(always)]
            pub fn correction(self) -> $correction {
                let unpack: fn($memory) -> (u32, $correction) = $unpack;
                unpack(self.0).1
            }

            #[inline(always)]
            fn of((narrow, correction): (T, i32)) -> Self {
                let pack: fn(u32, $correction) -> $memory = $pack;
                Self(pack(narrow.bits(), correction as $correction), PhantomData)
            }
        }

        impl<T: Narrow> Default for $name<T> {
            #[inline(always)]
            fn default() -> Self {
                Self::zeroed()
            }
        }

        impl<T: Narrow> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}{:+}", self.narrow(), self.correction())
            }
        }

        impl<T: Narrow> StorageDtype for $name<T> {
            type Arithmetic = f32;
            const FORMAT: Format = T::PLUS[$place];
            const EXACT: bool = $exact;

            #[inline(always)]
            fn widen(self) -> f32 {
                join::<T, $digits>(self.narrow(), self.correction().into())
            }

            #[inline(always)]
            fn round(value: f32) -> Self {
                Self::of(split::<T, $digits>(value, TO_NEAREST))
            }

            #[inline(always)]
            fn round_stochastically(value: f32, bits: u32) -> Self {
                Self::of(split::<T, $digits>(value, bits))
            }
        }

        impl<T> super::sealed::Sealed for $name<T> {}
    };
}

error_corrected! {
    /// A 16-bit number and 8 more digits, packed into 3 bytes: `bf16+8` or `f16+8`.
    ///
    /// ```
    /// use gradus::dtype::{Plus8, StorageDtype};
    /// use half::bf16;
    ///
    /// let third = Plus8::<bf16>::round(1.0 / 3.0);
    /// assert_eq!((third.narrow(), third.correction()), (bf16::from_f32(0.333984375), -85));
    /// assert_eq!(third.widen(), 0.33333588); // bf16 is off by 7e-4
    /// assert_eq!(size_of_val(&third), 3);
    /// ```
    Plus8, [u8; 3], 8, 0, i8,
    exact: false,
    pack: |narrow, correction| [correction.cast_unsigned(), narrow as u8, (narrow >> 8) as u8],
    unpack: |bytes| (u32::from(bytes[1]) | u32::from(bytes[2]) << 8, bytes[0].cast_signed())
}

error_corrected! {
    /// A 16-bit number and 16 more digits, in 4 bytes: `bf16+16` or `f16+16`.
    ///
    /// `bf16+16` holds all finite `f32` numbers but those of the last half unit before infinity.
    ///
    /// ```
    /// use gradus::dtype::{Plus16, StorageDtype};
    /// use half::{bf16, f16};
    ///
    /// assert_eq!(Plus16::<bf16>::round(0.1).widen(), 0.1);
    /// assert_eq!(Plus16::<f16>::round(0.1).widen(), 0.1);
    /// assert_eq!(Plus16::<f16>::round(1e-11).widen(), 11.0 * 2f32.powi(-40));
    /// ```
    Plus16, u32, 16, 1, i16,
    exact: T::HOLDS_F32,
    pack: |narrow, correction| narrow << 16 | u32::from(correction.cast_unsigned()),
    unpack: |word| (word >> 16, (word as u16).cast_signed())
}

macro_rules! correction {
    ($(#[$doc:meta])* $name:ident, $integer:ident, $format:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Zeroable, Pod)]
        #[repr(transparent)]
        pub struct $name<A>($integer, PhantomData<A>);

        impl<A> $name<A> {
            /// A correction of so many steps; beyond the range, of as many as there are.
            #[inline(always)]
            pub fn of(steps: i32) -> Self {
                Self(steps.clamp($integer::MIN.into(), $integer::MAX.into()) as $integer, PhantomData)
            }

            /// How many steps.
            #[inline(always)]
            pub fn steps(self) -> i32 {
                self.0.into()
            }
        }

        impl<A: Arithmetic> StorageDtype for $name<A> {
            type Arithmetic = A;
            const FORMAT: Format = Format::$format;
            const EXACT: bool = false;

            #[inline(always)]
            fn widen(self) -> A {
                A::constant(self.0.into())
            }

            #[inline(always)]
            fn round(value: A) -> Self {
                Self::of(value.to_f64().round() as i32)
            }

            #[inline(always)]
            fn round_stochastically(value: A, bits: u32) -> Self {
                let random = f64::from(bits) / 4_294_967_296.0; // 2^32
                Self::of((value.to_f64() + random).floor() as i32)
            }
        }

        impl<A> super::sealed::Sealed for $name<A> {}
    };
}

correction! {
    /// The correction of [`Plus8`] by itself, for arithmetic in `A`: a whole number of steps.
    Correction8, i8, I8
}

correction! {
    /// The correction of [`Plus16`] by itself, for arithmetic in `A`: a whole number of steps.
    Correction16, i16, I16
}

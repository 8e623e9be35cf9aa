//! Storage formats, and the two primitives that write into them.
//!
//! A format says how a number lies in memory. Arithmetic happens in `f32` (`f64` for `f64`): values
//! are widened exactly, computed with, and rounded once. The conversions are integer operations, so
//! that the same text can run on every device and every bit pattern has a defined result.

mod corrected;
mod narrow;

pub(crate) use corrected::TO_NEAREST;
pub use corrected::{Correction8, Correction16, Narrow, Plus8, Plus16};
pub use narrow::{NarrowFormat, NarrowNumbers};

use crate::real::Real;
use bytemuck::Pod;
use core::fmt::{Debug, Display};
use half::{bf16, f16};

/// A format that arithmetic is done in: `f32` or `f64`.
pub trait Arithmetic: Real + StorageDtype<Arithmetic = Self> + PartialOrd + Display {
    /// The exact or nearest `f64`.
    fn to_f64(self) -> f64;
}

impl Arithmetic for f32 {
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self.into()
    }
}

impl Arithmetic for f64 {
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }
}

/// A storage format as a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// 64 bits.
    F64,
    /// 32 bits.
    F32,
    /// 16 bits with the range of f32.
    Bf16,
    /// 16 bits with a longer mantissa.
    F16,
    /// [`Plus8`] of bf16.
    Bf16Plus8,
    /// [`Plus16`] of bf16.
    Bf16Plus16,
    /// [`Plus8`] of f16.
    F16Plus8,
    /// [`Plus16`] of f16.
    F16Plus16,
    /// [`Correction8`], which is no number by itself.
    I8,
    /// [`Correction16`], which is no number by itself.
    I16,
}

impl Format {
    /// All formats of numbers.
    pub const ALL: [Self; 8] = [
        Self::F64,
        Self::F32,
        Self::Bf16,
        Self::F16,
        Self::Bf16Plus8,
        Self::Bf16Plus16,
        Self::F16Plus8,
        Self::F16Plus16,
    ];

    /// The name in recordings, reports and options.
    pub const fn name(self) -> &'static str {
        match self {
            Self::F64 => "f64",
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::F16 => "f16",
            Self::Bf16Plus8 => "bf16+8",
            Self::Bf16Plus16 => "bf16+16",
            Self::F16Plus8 => "f16+8",
            Self::F16Plus16 => "f16+16",
            Self::I8 => "i8",
            Self::I16 => "i16",
        }
    }

    /// The bytes of a number.
    pub const fn bytes(self) -> usize {
        match self {
            Self::F64 => 8,
            Self::F32 | Self::Bf16Plus16 | Self::F16Plus16 => 4,
            Self::Bf16Plus8 | Self::F16Plus8 => 3,
            Self::Bf16 | Self::F16 | Self::I16 => 2,
            Self::I8 => 1,
        }
    }

    /// Whether a number or its correction is kept in it.
    pub const fn is_error_corrected(self) -> bool {
        !matches!(self, Self::F64 | Self::F32 | Self::Bf16 | Self::F16)
    }
}

/// How a number lies in memory.
///
/// ```
/// use gradus::dtype::StorageDtype;
/// use half::bf16;
///
/// let third = bf16::round(1.0 / 3.0);
/// assert_eq!(third.widen(), 0.333984375);
/// // For a normal number the lowest random word rounds towards zero, the highest away from it.
/// assert_eq!(bf16::round_stochastically(1.0 / 3.0, 0).widen(), 0.33203125);
/// assert_eq!(bf16::round_stochastically(1.0 / 3.0, u32::MAX).widen(), 0.333984375);
/// ```
pub trait StorageDtype: Pod + Default + PartialEq + Debug + Send + Sync + sealed::Sealed {
    /// What values of this format are widened to.
    type Arithmetic: Arithmetic;
    /// The format as a value.
    const FORMAT: Format;
    /// The name in recordings, reports and snapshots.
    const NAME: &'static str = Self::FORMAT.name();
    /// Whether the format holds the numbers of the arithmetic, so that nothing is ever rounded.
    const EXACT: bool;

    /// The same number in the arithmetic format.
    fn widen(self) -> Self::Arithmetic;

    /// The nearest number, ties to even, overflow to infinity (IEEE 754); NaN stays NaN. In
    /// error-corrected formats ties go away from zero, and a finite value never becomes infinite.
    fn round(value: Self::Arithmetic) -> Self;

    /// One of the two neighbours, at random so that the mean over uniform `bits` is `value`.
    ///
    /// A finite value never becomes infinite: beyond the largest number it is that number. NaN and
    /// infinities are kept. Formats with [`EXACT`](Self::EXACT) ignore the bits.
    fn round_stochastically(value: Self::Arithmetic, bits: u32) -> Self;

    /// The number that a correction of some steps beside this one makes, 2^`DIGITS` of them to the next
    /// number: see [`Plus8`]. Only `bf16` and `f16` are corrected.
    #[inline(always)]
    fn corrected<const DIGITS: u32>(self, correction: i32) -> Self::Arithmetic {
        let _ = correction;
        self.widen()
    }

    /// A number of this format, and the steps from it to a value that is rounded with `bits` to a step;
    /// 2^31 rounds it to the nearest one.
    #[inline(always)]
    fn correct<const DIGITS: u32>(value: Self::Arithmetic, bits: u32) -> (Self, i32) {
        let _ = bits;
        (Self::round(value), 0)
    }
}

/// Formats whose numbers the arithmetic `A` can hold, so that gradients may come in them.
#[diagnostic::on_unimplemented(
    message = "gradients in `{Self}` do not fit into arithmetic in `{A}`",
    label = "this gradient format is wider than the arithmetic of the parameters",
    note = "`f64` parameters compute in `f64`, all others in `f32`",
    note = "use gradients in `f32`, `bf16` or `f16`, or parameters in `f64`"
)]
pub trait WidensTo<A>: StorageDtype {
    /// The same number in the arithmetic `A`.
    fn widen_to(self) -> A;
}

impl<T: StorageDtype<Arithmetic = f32>> WidensTo<f32> for T {
    #[inline(always)]
    fn widen_to(self) -> f32 {
        self.widen()
    }
}

impl<T: StorageDtype> WidensTo<f64> for T {
    #[inline(always)]
    fn widen_to(self) -> f64 {
        self.widen().to_f64()
    }
}

macro_rules! arithmetic_format {
    ($($float:ident as $format:ident),*) => {$(
        impl StorageDtype for $float {
            type Arithmetic = $float;
            const FORMAT: Format = Format::$format;
            const EXACT: bool = true;

            #[inline(always)]
            fn widen(self) -> $float {
                self
            }

            #[inline(always)]
            fn round(value: $float) -> $float {
                value
            }

            #[inline(always)]
            fn round_stochastically(value: $float, _bits: u32) -> $float {
                value
            }
        }
    )*};
}

arithmetic_format!(f32 as F32, f64 as F64);

const MAGNITUDE: u32 = 0x7FFF_FFFF;
const SIGN: u32 = 0x8000_0000;
const QUIET_NAN: u32 = 0x7FC0_0000;

impl StorageDtype for bf16 {
    type Arithmetic = f32;
    const FORMAT: Format = Format::Bf16;
    const EXACT: bool = false;

    #[inline(always)]
    fn widen(self) -> f32 {
        f32::from_bits(u32::from(self.to_bits()) << 16)
    }

    #[inline(always)]
    fn round(value: f32) -> Self {
        let bits = value.to_bits();
        let ties_to_even = 0x7FFF + (bits >> 16 & 1);
        let rounded = bits.wrapping_add(ties_to_even);
        // A carry out of the largest finite number lands on infinity; NaN must not be carried at all.
        let result = if value.is_nan() { QUIET_NAN } else { rounded };
        Self::from_bits((result >> 16) as u16)
    }

    #[inline(always)]
    fn round_stochastically(value: f32, random: u32) -> Self {
        /// From here on, 16 random bits below the mantissa could carry into infinity.
        const LARGEST: f32 = f32::from_bits(0x7F7F_0000);
        let bits = value.to_bits();
        let noise = if value.abs() < LARGEST { random >> 16 } else { 0 };
        let result = if value.is_nan() { QUIET_NAN } else { bits.wrapping_add(noise) };
        Self::from_bits((result >> 16) as u16)
    }

    #[inline(always)]
    fn corrected<const DIGITS: u32>(self, correction: i32) -> f32 {
        corrected::join::<Self, DIGITS>(self, correction)
    }

    #[inline(always)]
    fn correct<const DIGITS: u32>(value: f32, bits: u32) -> (Self, i32) {
        corrected::split::<Self, DIGITS>(value, bits)
    }
}

impl StorageDtype for f16 {
    type Arithmetic = f32;
    const FORMAT: Format = Format::F16;
    const EXACT: bool = false;

    #[inline(always)]
    fn widen(self) -> f32 {
        /// Moves the exponent of a number with f16's bias to f32's; exact for subnormals too.
        const REBIAS: f32 = f32::from_bits((254 - 15) << 23);
        let bits = u32::from(self.to_bits());
        let sign = (bits & 0x8000) << 16;
        let magnitude = f32::from_bits((bits & 0x7FFF) << 13) * REBIAS;
        // At 2^16 lies f16's reserved exponent: infinities and NaN keep their mantissa.
        let exponent = if magnitude >= 65536.0 { 0x7F80_0000 } else { 0 };
        f32::from_bits(sign | magnitude.to_bits() | exponent)
    }

    #[inline(always)]
    fn round(value: f32) -> Self {
        let bits = value.to_bits();
        let magnitude = bits & MAGNITUDE;
        // Normal numbers: drop 13 bits, ties to even, and move the exponent's bias.
        let normal = magnitude.wrapping_add(0xFFF + (magnitude >> 13 & 1)).wrapping_sub(112 << 23) >> 13;
        // Below 2^-14 the unit is 2^-24, the last bit of 0.5: let the addition round to it.
        let subnormal = (f32::from_bits(magnitude) + 0.5).to_bits().wrapping_sub(0.5f32.to_bits());
        let finite = if f32::from_bits(magnitude) < SMALLEST_NORMAL { subnormal } else { normal };
        // 65520 is halfway between the largest number and what would follow it.
        let bounded = if value.abs() < 65520.0 { finite } else { 0x7C00 };
        let result = if value.is_nan() { 0x7E00 } else { bounded };
        Self::from_bits((result | (bits & SIGN) >> 16) as u16)
    }

    #[inline(always)]
    fn round_stochastically(value: f32, random: u32) -> Self {
        const LARGEST: u32 = 0x7BFF;
        let bits = value.to_bits();
        let magnitude = bits & MAGNITUDE;
        let normal = magnitude.wrapping_add(random >> 19).wrapping_sub(112 << 23) >> 13;
        let truncated = if f32::from_bits(magnitude) < SMALLEST_NORMAL {
            subnormal_stochastically(magnitude, random)
        } else {
            normal
        };
        let bounded = if value.abs() < 65504.0 { truncated } else { LARGEST };
        let infinite = if value.abs() == f32::INFINITY { 0x7C00 } else { bounded };
        let result = if value.is_nan() { 0x7E00 } else { infinite };
        Self::from_bits((result | (bits & SIGN) >> 16) as u16)
    }

    #[inline(always)]
    fn corrected<const DIGITS: u32>(self, correction: i32) -> f32 {
        corrected::join::<Self, DIGITS>(self, correction)
    }

    #[inline(always)]
    fn correct<const DIGITS: u32>(value: f32, bits: u32) -> (Self, i32) {
        corrected::split::<Self, DIGITS>(value, bits)
    }
}

/// The smallest normal number of f16, 2^-14.
const SMALLEST_NORMAL: f32 = f32::from_bits((127 - 14) << 23);

/// `magnitude` in units of 2^-24, rounded up with the probability of what is cut off.
#[inline(always)]
fn subnormal_stochastically(magnitude: u32, random: u32) -> u32 {
    let units = f32::from_bits(magnitude) * f32::from_bits((127 + 24) << 23); // exact: below 2^10
    let whole = units as u32;
    let rest = units - whole as f32; // exact, in [0, 1)
    // A 24-bit fraction is compared without rounding; so is a smaller one, whose bits lie lower.
    let threshold = (random >> 8) as f32 * f32::from_bits((127 - 24) << 23);
    whole + u32::from(threshold < rest)
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
    impl Sealed for half::bf16 {}
    impl Sealed for half::f16 {}
}

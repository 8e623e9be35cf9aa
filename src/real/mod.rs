//! The numbers that rules are written in.
//!
//! A rule is generic over [`Real`], so that one text serves `f32`, `f64` and everything that can
//! stand for a number, such as a recorder that writes down what was computed. That is why there is
//! no comparison that returns a `bool` and no conversion back to a float: a recorder could not
//! follow them. Every operation is exact or rounded as IEEE 754 prescribes, hence gives the same
//! bits on every device.
//!
//! [`exp`], [`ln`], [`ln_1p`] and [`tanh`] are written in these operations and nothing else: not a
//! platform's functions, whose last bits differ from one to the next.

mod exponential;
mod float;
mod logarithm;
mod tile;
#[cfg(feature = "cuda")]
mod traced;

pub use exponential::{exp, tanh};
pub use logarithm::{ln, ln_1p};
pub use tile::{TILE, Tile};
#[cfg(feature = "cuda")]
pub use traced::{Kind, Trace, Traced, Writer, trace};

use core::ops::{Add, Div, Mul, Neg, Sub};

/// Arithmetic that rules are written in.
///
/// ```
/// use gradus::real::Real;
///
/// fn huber<F: Real>(error: F) -> F {
///     let half = F::constant(0.5);
///     let size = error.abs();
///     F::select(F::constant(1.0) - size, half * error * error, size - half)
/// }
/// assert_eq!(huber(0.5f32), 0.125);
/// assert_eq!(huber(-3.0f64), 2.5);
/// ```
pub trait Real:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + Send
    + Sync
    + 'static
{
    /// The binary digits of a number's significand: 24 in `f32`, 53 in `f64`. What is approximated
    /// is so to this many.
    const PRECISION: u32;

    /// The nearest number to `value`.
    fn constant(value: f64) -> Self;

    /// The square root; NaN below zero.
    #[must_use]
    fn sqrt(self) -> Self;

    /// The magnitude.
    #[must_use]
    fn abs(self) -> Self;

    /// The larger number, by comparison; NaN if either is NaN.
    #[must_use]
    fn max(self, other: Self) -> Self;

    /// The number, or `lowest` where it is smaller; NaN stays NaN. `lowest` must not be NaN.
    #[must_use]
    fn at_least(self, lowest: Self) -> Self;

    /// The number, or `highest` where it is larger; NaN stays NaN. `highest` must not be NaN.
    #[must_use]
    fn at_most(self, highest: Self) -> Self;

    /// *e* of a normal number ±*s*·2*ᵉ* with 1 ≤ *s* < 2. One less than the smallest *e* for zero
    /// and subnormal numbers, one more than the largest for infinities and NaN: a field of the bits.
    ///
    /// ```
    /// # use gradus::real::Real;
    /// assert_eq!(Real::exponent(-12.0f32), 3.0);
    /// assert_eq!(Real::exponent(0.0f64), -1023.0);
    /// ```
    #[must_use]
    fn exponent(self) -> Self;

    /// *s* of a normal number ±*s*·2*ᵉ* with 1 ≤ *s* < 2, and some such *s* for every other: a field
    /// of the bits.
    ///
    /// ```
    /// # use gradus::real::Real;
    /// assert_eq!(Real::significand(-12.0f32), 1.5);
    /// ```
    #[must_use]
    fn significand(self) -> Self;

    /// 2*ᵉ* for a whole number *e* for which that is a normal number; for others nothing in particular.
    ///
    /// ```
    /// # use gradus::real::Real;
    /// assert_eq!(f32::power_of_two(-126.0), f32::MIN_POSITIVE);
    /// assert_eq!(f64::power_of_two(3.0), 8.0);
    /// ```
    #[must_use]
    fn power_of_two(exponent: Self) -> Self;

    /// `then` where the condition is greater than zero, `otherwise` where it is not or is NaN.
    #[must_use]
    fn select(condition_is_positive: Self, then: Self, otherwise: Self) -> Self;

    /// `then()` if the constant is greater than zero, else `otherwise`, for a constant that is the
    /// same for all elements of a tensor: what a step does not do costs nothing.
    #[inline(always)]
    #[must_use]
    fn when(constant_is_positive: Self, then: impl FnOnce() -> Self, otherwise: Self) -> Self {
        Self::select(constant_is_positive, then(), otherwise)
    }

    /// −1, 0 or 1; a zero keeps its sign, NaN stays NaN.
    #[inline(always)]
    #[must_use]
    fn sign(self) -> Self {
        let one = Self::constant(1.0);
        Self::select(self, one, Self::select(-self, -one, self))
    }
}

/// `from + weight · (to − from)`: exactly `from` at weight 0, exactly `to` at weight 1.
///
/// ```
/// use gradus::real::interpolate;
///
/// assert_eq!(interpolate(2.0f32, 6.0, 0.25), 3.0);
/// assert_eq!(interpolate(1e10f32, 1.0, 1.0), 1.0);
/// ```
#[inline(always)]
pub fn interpolate<F: Real>(from: F, to: F, weight: F) -> F {
    // At weight 1, `to − from` would have rounded away a `to` that is much smaller than `from`.
    F::select(F::constant(1.0) - weight, from + weight * (to - from), to)
}

/// What an odd function gives at `x`, if it gives `value` at the magnitude of `x`: `value` with the
/// sign of `x`, and `x` itself where that is zero or NaN.
///
/// ```
/// use gradus::real::odd;
///
/// assert_eq!(odd(-3.0f32, 0.5), -0.5);
/// assert!(odd(-0.0f32, 0.5).is_sign_negative());
/// ```
#[inline(always)]
pub fn odd<F: Real>(x: F, value: F) -> F {
    F::select(x, value, F::select(-x, -value, x))
}

/// a·sign(x)·ln(1 + |x|) + b·tanh(x): for a + b = 1 a line that bends beyond ±1.
///
/// ```
/// use gradus::real::bent;
///
/// assert_eq!(bent(0.0f32, 0.1, 0.9), 0.0);
/// assert!((bent(-1e3f64, 0.1, 0.9) + 0.1 * 1001f64.ln() + 0.9).abs() < 1e-12);
/// ```
#[inline(always)]
pub fn bent<F: Real>(x: F, logarithm: F, tangent: F) -> F {
    logarithm * odd(x, ln_1p(x.abs())) + tangent * tanh(x)
}

/// Σ cᵢ·xⁱ, from the highest power down.
#[inline(always)]
fn polynomial<F: Real, const N: usize>(x: F, coefficients: [f64; N]) -> F {
    let mut value = F::constant(coefficients[N - 1]);
    for power in (0..N - 1).rev() {
        value = value * x + F::constant(coefficients[power]);
    }
    value
}

/// ln 2 in two parts: the first is so short that its product with an exponent is exact.
#[inline(always)]
fn ln_2<F: Real>() -> (F, F) {
    let (long, rest) = if F::PRECISION <= 24 {
        (f64::from_bits(0x3FE6_2E40_0000_0000), 1.428_606_820_309_417_3e-6) // 16 digits
    } else {
        (f64::from_bits(0x3FE6_2E42_FEE0_0000), 1.908_214_929_270_587_7e-10) // 32 digits
    };
    (F::constant(long), F::constant(rest))
}

//! The numbers that rules are written in.
//!
//! A rule is generic over [`Real`], so that one text serves `f32`, `f64` and everything that can
//! stand for a number, such as a recorder that writes down what was computed. That is why there is
//! no comparison that returns a `bool` and no conversion back to a float: a recorder could not
//! follow them. Every operation is exact or rounded as IEEE 754 prescribes, hence gives the same
//! bits on every device.

mod float;

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
{
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

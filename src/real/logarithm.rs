//! The natural logarithm of *x* and of 1 + *x*.

use super::{Real, ln_2, polynomial};
use core::f64::consts::SQRT_2;

/// ln *x*: off by less than 1 unit in the last place in `f32` and in `f64`, subnormal arguments
/// included. −∞ at zero, NaN below.
///
/// ```
/// use gradus::real::ln;
///
/// assert_eq!(ln(1.0f32), 0.0);
/// assert_eq!((ln(0.0f32), ln(f32::INFINITY)), (f32::NEG_INFINITY, f32::INFINITY));
/// assert!(ln(-1.0f32).is_nan());
/// ```
#[inline(always)]
pub fn ln<F: Real>(x: F) -> F {
    // Subnormal numbers are made normal.
    let digits = f64::from(F::PRECISION);
    let missing = F::constant(smallest_normal::<F>()) - x;
    let normal = F::select(missing, x * F::power_of_two(F::constant(digits)), x);
    let shift = F::select(missing, F::constant(digits), F::constant(0.0));
    let (exponent, significand) = split(normal);
    let value = ln_of_parts(exponent - shift, significand - F::constant(1.0), F::constant(0.0));
    at_edges(x, F::select(x - F::constant(largest::<F>()), x, value))
}

/// ln(1 + *x*), with all digits where *x* is small: off by less than 1 unit in the last place in
/// `f32` and in `f64`. −∞ at −1, NaN below.
///
/// ```
/// use gradus::real::ln_1p;
///
/// assert_eq!(ln_1p(1e-30f32), 1e-30);
/// assert_eq!(ln_1p(-1.0f32), f32::NEG_INFINITY);
/// ```
#[inline(always)]
pub fn ln_1p<F: Real>(x: F) -> F {
    let one = F::constant(1.0);
    let sum = one + x;
    // What the sum has rounded away, exactly (Knuth's two-sum).
    let added = sum - one;
    let lost = (one - (sum - added)) + (x - added);
    let (exponent, significand) = split(sum);
    // Beyond 2⁶⁴ nothing that was lost counts, and this far the power is a number.
    let lost = lost * F::power_of_two(-exponent.at_most(F::constant(64.0)).at_least(F::constant(-64.0)));
    let value = ln_of_parts(exponent, significand - one, lost);
    let value = F::select(x.abs(), value, x); // keeps the sign of zero
    at_edges(sum, F::select(x - F::constant(largest::<F>()), x, value))
}

/// `exponent` and `significand` of a positive normal number, with the latter between √½ and √2.
#[inline(always)]
fn split<F: Real>(x: F) -> (F, F) {
    let (exponent, significand) = (x.exponent(), x.significand());
    let large = significand - F::constant(SQRT_2);
    (
        F::select(large, exponent + F::constant(1.0), exponent),
        F::select(large, significand * F::constant(0.5), significand),
    )
}

/// *k*·ln 2 + ln(1 + *f* + *δ*) for √½ ≤ 1 + *f* ≤ √2, and a *δ* below the last place of 1 + *f*.
///
/// ```text
/// s = f/(2 + f),  ln(1 + f) = 2 artanh(s) = 2s + 2s³/3 + 2s⁵/5 + ...  = f − f²/2 + s·(f²/2 + R)
///                                                   R = 2s²/3 + 2s⁴/5 + ...
/// ```
///
/// In the last form the small terms come first, and only the last addition rounds visibly. To them
/// *δ* adds *δ*/(1 + *f*) = *δ*·(1 − s)/(1 + s) ≈ *δ*·(1 − 2s + 2s²), exactly *δ* where *f* is 0.
#[inline(always)]
fn ln_of_parts<F: Real>(k: F, f: F, delta: F) -> F {
    let (ln_2, rest_of_ln_2) = ln_2();
    let s = f / (F::constant(2.0) + f);
    let square = s * s;
    let series = if F::PRECISION <= 24 {
        polynomial(square, doubled_odd_reciprocals::<4>())
    } else {
        polynomial(square, doubled_odd_reciprocals::<10>())
    };
    let half = F::constant(0.5) * f * f;
    let rest = k * rest_of_ln_2 + (delta - delta * (F::constant(2.0) * (s - square)));
    k * ln_2 - ((half - (s * (half + square * series) + rest)) - f)
}

/// 2/3, 2/5, 2/7, ...
const fn doubled_odd_reciprocals<const N: usize>() -> [f64; N] {
    let mut numbers = [0.0; N];
    let mut place = 0;
    while place < N {
        numbers[place] = 2.0 / (2 * place + 3) as f64;
        place += 1;
    }
    numbers
}

/// `value` where the logarithm's argument is positive, else what it is there.
#[inline(always)]
fn at_edges<F: Real>(argument: F, value: F) -> F {
    let at_zero_or_nan = argument - F::constant(f64::INFINITY);
    let not_positive = F::select(-argument, F::constant(f64::NAN), at_zero_or_nan);
    F::select(argument, value, not_positive)
}

fn smallest_normal<F: Real>() -> f64 {
    if F::PRECISION <= 24 { f32::MIN_POSITIVE.into() } else { f64::MIN_POSITIVE }
}

fn largest<F: Real>() -> f64 {
    if F::PRECISION <= 24 { f32::MAX.into() } else { f64::MAX }
}

//! eˣ, and the hyperbolic tangent.

use super::{Real, ln_2, odd, polynomial};

/// eˣ: off by less than 1.1 units in the last place in `f32` and in `f64`, subnormal results included.
///
/// With *x* = *k*·ln 2 + *r*, |*r*| ≤ ½ ln 2, it is 2*ᵏ* times the Taylor series of eʳ.
///
/// ```
/// use gradus::real::exp;
///
/// assert_eq!(exp(0.0f32), 1.0);
/// assert_eq!((exp(f32::NEG_INFINITY), exp(f32::INFINITY)), (0.0, f32::INFINITY));
/// ```
#[inline(always)]
pub fn exp<F: Real>(x: F) -> F {
    // Beyond these it is zero or infinite in any case; `k` stays in the range of two exponents.
    let (lowest, highest) = if F::PRECISION <= 24 { (-105.0, 90.0) } else { (-746.0, 711.0) };
    let x = x.at_least(F::constant(lowest)).at_most(F::constant(highest));
    let (k, value) = reduced_exp(x);
    let half = nearest_whole(k * F::constant(0.5));
    value * F::power_of_two(half) * F::power_of_two(k - half)
}

/// The hyperbolic tangent: off by less than 1.5 units in the last place in `f32` and in `f64`.
///
/// Near zero, a polynomial; further out, 1 − 2/(e²ˣ + 1).
///
/// ```
/// use gradus::real::tanh;
///
/// assert_eq!(tanh(1e-30f32), 1e-30);
/// assert_eq!(tanh(f32::NEG_INFINITY), -1.0);
/// ```
#[inline(always)]
pub fn tanh<F: Real>(x: F) -> F {
    // From here on the nearest number is 1.
    let farthest = if F::PRECISION <= 24 { 10.0 } else { 22.0 };
    let size = x.abs().at_most(F::constant(farthest));
    let square = size * size;
    let near = size + size * square * tanh_series(square);
    let (one, two) = (F::constant(1.0), F::constant(2.0));
    let (k, value) = reduced_exp(two * size);
    let far = one - two / (value * F::power_of_two(k) + one);
    odd(x, F::select(size - F::constant(0.625), far, near))
}

/// `k` and eʳ of *x* = *k*·ln 2 + *r* for an *x* that is not too large.
#[inline(always)]
fn reduced_exp<F: Real>(x: F) -> (F, F) {
    let (ln_2, rest_of_ln_2) = ln_2();
    let k = nearest_whole(x * F::constant(core::f64::consts::LOG2_E));
    let r = x - k * ln_2 - k * rest_of_ln_2;
    let series = if F::PRECISION <= 24 {
        polynomial(r, reciprocal_factorials::<6>())
    } else {
        polynomial(r, reciprocal_factorials::<12>())
    };
    (k, F::constant(1.0) + (r + r * r * series))
}

/// 1/2!, 1/3!, 1/4!, ...
const fn reciprocal_factorials<const N: usize>() -> [f64; N] {
    let mut numbers = [0.0; N];
    let (mut factorial, mut place) = (1.0, 0);
    while place < N {
        factorial *= (place + 2) as f64;
        numbers[place] = 1.0 / factorial;
        place += 1;
    }
    numbers
}

/// The nearest whole number to one that is far below 2^[`PRECISION`](Real::PRECISION).
#[inline(always)]
fn nearest_whole<F: Real>(x: F) -> F {
    // The last place of this number is 1, for some way up and down.
    let place = F::constant(1.5 / if F::PRECISION <= 24 { f32::EPSILON.into() } else { f64::EPSILON });
    (x + place) - place
}

/// (tanh(x)/x − 1)/x², as a polynomial in x² for |x| ≤ 0.625.
///
/// Chebyshev fits: times x² they are off by less than 2⁻²⁷ and 2⁻⁵⁶.
#[inline(always)]
fn tanh_series<F: Real>(square: F) -> F {
    if F::PRECISION <= 24 {
        polynomial(
            square,
            [-0.333_333_343, 0.133_333_042, -0.053_959_258, 0.021_768_918, -0.008_343_945, 0.002_292_745],
        )
    } else {
        polynomial(
            square,
            [
                -0.333_333_333_333_333_3,
                0.133_333_333_333_330_42,
                -0.053_968_253_967_896_99,
                0.021_869_488_519_008_305,
                -0.008_863_235_103_240_878,
                0.003_592_121_751_154_962_2,
                -0.001_455_775_412_047_805_5,
                0.000_589_660_657_775_704_3,
                -0.000_237_590_649_605_556_2,
                9.257_116_129_556_769e-5,
                -3.120_110_142_579_74e-5,
                6.485_163_482_793_113e-6,
            ],
        )
    }
}

//! Our logarithm, exponential and hyperbolic tangent against `libm` in `f64`.
//!
//! `RUSTFLAGS='--cfg exhaustive' cargo test --release --test real` walks all 2³² patterns of `f32`.

use gradus::real::{Real, exp, ln, ln_1p, tanh};

/// A function in both formats, its reference, and how many units in the last place it may be off:
/// what the documentation says.
struct Function {
    name: &'static str,
    in_f32: fn(f32) -> f32,
    in_f64: fn(f64) -> f64,
    exact: fn(f64) -> f64,
    units: f64,
}

const FUNCTIONS: [Function; 4] = [
    Function { name: "exp", in_f32: exp, in_f64: exp, exact: libm::exp, units: 1.1 },
    Function { name: "ln", in_f32: ln, in_f64: ln, exact: libm::log, units: 1.0 },
    Function { name: "ln_1p", in_f32: ln_1p, in_f64: ln_1p, exact: libm::log1p, units: 1.0 },
    Function { name: "tanh", in_f32: tanh, in_f64: tanh, exact: libm::tanh, units: 1.5 },
];

/// The references in `f64` are themselves off by less than this many units.
const OF_LIBM: f64 = 1.5;

/// The distance between two numbers of a format near `exact`; that between the smallest, near zero.
fn unit<F: Real + Into<f64>>(exact: f64, smallest_normal: F) -> f64 {
    let exponent = exact.abs().max(smallest_normal.into()).min(f64::MAX).exponent();
    libm::ldexp(1.0, exponent as i32 - (F::PRECISION as i32 - 1))
}

/// How many units `ours` is off; infinite where only one of the two is finite, or a number, or where
/// a zero has the wrong sign.
fn distance<F: Real + Into<f64>>(ours: F, exact: f64, largest: F, smallest_normal: F) -> f64 {
    let ours: f64 = ours.into();
    let largest: f64 = largest.into();
    if exact.is_nan() || ours.is_nan() {
        return if exact.is_nan() && ours.is_nan() { 0.0 } else { f64::INFINITY };
    }
    if ours.is_infinite() && exact.abs() > largest && ours.signum() == exact.signum() {
        return 0.0; // exact may be finite, but lies at least half a unit beyond the largest number
    }
    if ours == 0.0 && exact == 0.0 {
        return if ours.is_sign_negative() == exact.is_sign_negative() { 0.0 } else { f64::INFINITY };
    }
    (ours - exact).abs() / unit(exact, smallest_normal)
}

fn in_f32(function: &Function, x: f32) -> f64 {
    distance((function.in_f32)(x), (function.exact)(x.into()), f32::MAX, f32::MIN_POSITIVE)
}

fn in_f64(function: &Function, x: f64) -> f64 {
    distance((function.in_f64)(x), (function.exact)(x), f64::MAX, f64::MIN_POSITIVE)
}

/// The largest distance over some arguments, and where it is.
fn worst<F: Copy>(arguments: impl Iterator<Item = F>, distance: impl Fn(F) -> f64, first: F) -> (f64, F) {
    arguments.fold((0.0, first), |worst, x| {
        let distance = distance(x);
        if distance > worst.0 { (distance, x) } else { worst }
    })
}

/// Steps through bit patterns that share no factor with powers of two: every sign and exponent, each
/// with digits from all over their range.
const STEP_F32: usize = if cfg!(exhaustive) { 1 } else { 4099 };
const STEP_F64: usize = if cfg!(exhaustive) { 1 << 33 } else { 1 << 44 };

#[test]
fn in_f32_all_are_as_close_as_they_say() {
    for function in &FUNCTIONS {
        let arguments = (0..=u32::MAX).step_by(STEP_F32).map(f32::from_bits);
        let (units, at) = worst(arguments, |x| in_f32(function, x), 0.0);
        println!("{} in f32: {units:.3} units at {at:e}", function.name);
        assert!(units < function.units, "{}({at:e}) is off by {units} units", function.name);
    }
}

#[test]
fn in_f64_all_are_as_close_as_they_say() {
    for function in &FUNCTIONS {
        let arguments = (0..=u64::MAX).step_by(STEP_F64 + 1).map(f64::from_bits);
        let (units, at) = worst(arguments, |x| in_f64(function, x), 0.0);
        println!("{} in f64: {units:.3} units at {at:e}", function.name);
        assert!(units < function.units + OF_LIBM, "{}({at:e}) is off by {units} units", function.name);
    }
}

#[test]
fn where_the_work_is_done_they_are_as_close_as_they_say() {
    for function in &FUNCTIONS {
        let arguments = || (0..=400_000).map(|step| f64::from(step - 200_000) / 10_000.0 + 1e-9);
        let (units, at) = worst(arguments().map(|x| x as f32), |x| in_f32(function, x), 0.0);
        assert!(units < function.units, "{}({at:e}) is off by {units} units", function.name);
        let (units, at) = worst(arguments(), |x| in_f64(function, x), 0.0);
        println!("{} in f64: {units:.3} units at {at:e}", function.name);
        assert!(units < function.units + OF_LIBM, "{}({at:e}) is off by {units} units", function.name);
    }
}

#[test]
fn at_the_edges_they_are_what_they_are_in_libm() {
    let edges = [0.0, 1.0, 1e-45, f32::MIN_POSITIVE, f32::MAX, f32::INFINITY, 88.8, 87.4, 103.9, 104.1];
    for function in &FUNCTIONS {
        for x in edges.into_iter().flat_map(|x| [x, -x]).chain([f32::NAN]) {
            assert!(in_f32(function, x) < function.units, "{}({x:e})", function.name);
            assert!(in_f64(function, x.into()) < function.units + OF_LIBM, "{}({x:e})", function.name);
        }
        for x in [5e-324, f64::MIN_POSITIVE, f64::MAX, 709.9, 708.4, 745.2, 744.0] {
            for x in [x, -x] {
                assert!(in_f64(function, x) < function.units + OF_LIBM, "{}({x:e})", function.name);
            }
        }
    }
}

#[test]
fn parts_of_a_number_make_it_up_again() {
    for bits in (0..=u32::MAX).step_by(4099) {
        let x = f32::from_bits(bits);
        if x.is_normal() {
            let (exponent, significand) = (Real::exponent(x), Real::significand(x));
            assert_eq!(significand * f32::power_of_two(exponent), x.abs());
            assert!((1.0..2.0).contains(&significand));
        }
    }
    assert_eq!(Real::exponent(1e-45f32), -127.0);
    assert_eq!(Real::exponent(f32::NAN), 128.0);
    assert_eq!(Real::exponent(f64::NEG_INFINITY), 1024.0);
    assert_eq!(f64::power_of_two(-1022.0), f64::MIN_POSITIVE);
    assert_eq!(f64::power_of_two(1023.0), 2f64.powi(1023));
}

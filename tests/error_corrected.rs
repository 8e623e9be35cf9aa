//! Error-corrected formats against an independent definition in `f64`: order, nearness, and rounding
//! without bias, for every mantissa and both signs, at exponents of every kind.

use gradus::dtype::{Narrow, Plus8, Plus16, StorageDtype};
use half::{bf16, f16};

/// What a test needs to know of a 16-bit format.
trait Form: Narrow {
    /// Digits behind the first, and the exponent of the smallest normal number.
    const MANTISSA: u32;
    const SMALLEST: i32;
    const ENDLESS: u16;

    fn of(bits: u16) -> Self;
    fn pattern(self) -> u16;
}

macro_rules! form {
    ($($format:ident: $mantissa:literal, $smallest:literal, $infinity:literal;)+) => {$(
        impl Form for $format {
            const MANTISSA: u32 = $mantissa;
            const SMALLEST: i32 = $smallest;
            const ENDLESS: u16 = $infinity;

            fn of(bits: u16) -> Self {
                Self::from_bits(bits)
            }
            fn pattern(self) -> u16 {
                self.to_bits()
            }
        }
    )+};
}

form! {
    bf16: 7, -126, 0x7F80;
    f16: 10, -14, 0x7C00;
}

/// Rounds to nearest.
const NEAREST: u32 = 1 << 31;

fn join<T: Form, const DIGITS: u32>(narrow: T, correction: i32) -> f32 {
    narrow.corrected::<DIGITS>(correction)
}

/// The size of a step at a magnitude.
fn step_at<T: Form>(magnitude: f64, digits: u32) -> f64 {
    let exponent = (magnitude.to_bits() >> 52) as i32 - 1023; // below that of any f32 number for zero
    2f64.powi(exponent.max(T::SMALLEST) - T::MANTISSA as i32 - digits as i32)
}

/// Narrow numbers without sign: every mantissa with subnormal, small, middle and large exponents.
fn magnitudes<T: Form>() -> impl Iterator<Item = u16> {
    let exponents = T::ENDLESS >> T::MANTISSA;
    let some = [0, 1, 2, exponents / 2 - 1, exponents / 2, exponents - 2, exponents - 1];
    some.into_iter()
        .flat_map(|exponent| (0..1 << T::MANTISSA).map(move |mantissa| exponent << T::MANTISSA | mantissa))
}

/// All corrections, or for 16 digits every 997th, the outermost and those around zero. With more digits
/// than `f32` has, those that it can hold.
fn corrections<T: Form>(digits: u32, magnitude: u16) -> Vec<i32> {
    let half = 1 << (digits - 1);
    let scarce = if digits == 8 { 1 } else { 997 };
    let significant =
        if magnitude >> T::MANTISSA == 0 { 16 - magnitude.leading_zeros() } else { T::MANTISSA + 1 };
    let unheld = 1 << (significant + digits).saturating_sub(24);
    let chosen =
        |number: &i32| number.abs() < 3 * unheld || half - number.abs() < 3 * unheld || number % scarce == 0;
    let least = if magnitude == 0 { 0 } else { -half };
    (least..half).filter(|number| number % unheld == 0 && chosen(number)).collect()
}

/// Neighbouring numbers in their order: as pairs they grow as their values do, each pair comes back, and
/// its narrow number is the nearest to its value.
fn pairs_are_in_order<T: Form, const DIGITS: u32>() {
    let mut previous: Option<(u16, f32)> = None;
    for magnitude in magnitudes::<T>() {
        let follows = previous.is_some_and(|(number, _)| number + 1 == magnitude);
        let mut last = if follows { previous.expect("it is there").1 } else { f32::NEG_INFINITY };
        let narrow = T::of(magnitude);
        let gap = |to: u16| (f64::from(T::of(to).widen()) - f64::from(narrow.widen())).abs();
        for correction in corrections::<T>(DIGITS, magnitude) {
            let value = join::<T, DIGITS>(narrow, correction);
            assert!(
                value > last,
                "{}+{DIGITS}: {magnitude:#06x} {correction:+}: {value:e} after {last:e}",
                T::NAME
            );
            last = value;
            let distance = f64::from(value) - f64::from(narrow.widen());
            let beside = if distance < 0.0 { magnitude - 1 } else { magnitude + 1 };
            if beside < T::ENDLESS {
                assert!(
                    2.0 * distance.abs() <= gap(beside),
                    "{}+{DIGITS}: {magnitude:#06x} {correction:+}",
                    T::NAME
                );
            }
            let random = [&[0, u32::MAX][..], &[NEAREST]];
            for ((narrow, value), random) in
                [(magnitude, value), (magnitude | 0x8000, -value)].into_iter().zip(random)
            {
                assert_eq!(join::<T, DIGITS>(T::of(narrow), correction).to_bits(), value.to_bits());
                // What is a step already is not moved by any random bits.
                for &bits in random {
                    let (stored, steps) = T::correct::<DIGITS>(value, bits);
                    assert_eq!((stored.pattern(), steps), (narrow, correction), "{value:e} {bits:#x}");
                }
            }
        }
        previous = Some((magnitude, last));
    }
}

#[test]
fn pairs_with_8_digits_are_in_the_order_of_their_values() {
    pairs_are_in_order::<bf16, 8>();
    pairs_are_in_order::<f16, 8>();
}

#[test]
fn pairs_with_16_digits_are_in_the_order_of_their_values() {
    pairs_are_in_order::<bf16, 16>();
    pairs_are_in_order::<f16, 16>();
}

/// `f32` patterns: scattered ones, and neighbours of numbers and midpoints of all formats.
fn values() -> Vec<f32> {
    let scattered = (0..100_000u32).map(|number| {
        let mixed = number.wrapping_mul(0x9E37_79B9);
        (mixed ^ mixed >> 15).wrapping_mul(0x85EB_CA6B)
    });
    let borders = (0..=0x7F8u32).flat_map(|exponent| (0..8).map(move |part| exponent << 20 | part << 17));
    let beside = borders.flat_map(|bits| {
        [0, 1, 0x0F, 0x10, 0x7F, 0x80, 0x81, 0xFF, 0x100, 0x7F7F, 0x7F80, 0x7FFF, 0x8000, 0xFFFF]
            .map(|low| bits | low)
    });
    scattered.chain(beside).flat_map(|bits| [bits, bits ^ 1 << 31]).map(f32::from_bits).collect()
}

/// The nearest value that a pair can have, worked out in `f64`, where nothing below is rounded.
fn nearest<T: Form>(value: f32, digits: u32) -> f32 {
    let magnitude = f64::from(value).abs();
    let last = f64::from(T::of(T::ENDLESS - 1).widen());
    let step = step_at::<T>(last, digits);
    let largest = last + step * f64::from((1u32 << (digits - 1)) - 1);
    let step = step_at::<T>(magnitude, digits);
    let rounded = ((magnitude / step).round() * step).min(largest); // `round`: ties away from zero
    let held = rounded as f32; // beyond 24 digits `f32` has fewer than the pair
    let held = if f64::from(held) > largest { held.next_down() } else { held };
    if magnitude.is_infinite() { value } else { held.copysign(value) }
}

fn rounds_to_nearest<T: Form, P: StorageDtype<Arithmetic = f32>>(digits: u32) {
    let mut values = values();
    values.retain(|value| !value.is_nan());
    values.sort_by(f32::total_cmp);
    let mut previous = f32::NEG_INFINITY;
    for value in values {
        let widened = P::round(value).widen();
        let expected = nearest::<T>(value, digits);
        assert_eq!(widened.to_bits(), expected.to_bits(), "{} {value:e}: {widened:e} {expected:e}", P::NAME);
        assert!(widened >= previous, "{}: rounding keeps the order at {value:e}", P::NAME);
        previous = widened;
        // Either neighbour, whatever the bits.
        for bits in [0, 1 << 24, 0x5555_5555, u32::MAX] {
            let random = f64::from(P::round_stochastically(value, bits).widen());
            let step = step_at::<T>(f64::from(value).abs(), digits);
            let is_near =
                (random - f64::from(widened)).abs() <= step && (random - f64::from(value)).abs() < step;
            assert!(
                is_near || f64::from(value).abs() >= random.abs(),
                "{} {value:e} {bits:#x}: {random:e}",
                P::NAME
            );
        }
    }
}

#[test]
fn rounding_is_to_the_nearest_step_and_keeps_the_order() {
    rounds_to_nearest::<bf16, Plus8<bf16>>(8);
    rounds_to_nearest::<bf16, Plus16<bf16>>(16);
    rounds_to_nearest::<f16, Plus8<f16>>(8);
    rounds_to_nearest::<f16, Plus16<f16>>(16);
}

/// The mean over all random bits that matter is the value itself.
#[test]
fn rounding_has_no_bias() {
    fn mean<P: StorageDtype<Arithmetic = f32>>(value: f32, bits: u32) -> f64 {
        let all = (0..1u32 << bits)
            .map(|random| f64::from(P::round_stochastically(value, random << (32 - bits)).widen()));
        all.sum::<f64>() / f64::from(1u32 << bits)
    }
    // Around a narrow number, a power of two, and the midpoint where the narrow number changes.
    for start in
        [0x3F80_0000u32, 0x3F7F_FF00, 0x3F80_7F00, 0x3F80_8000, 0x0000_0000, 0x0080_7F00, 0x7F7F_0000]
    {
        for low in 0..=0x200 {
            let value = f32::from_bits(start + low);
            assert_eq!(mean::<Plus8<bf16>>(value, 8), f64::from(value), "{value:e}");
            assert_eq!(mean::<Plus8<bf16>>(-value, 8), f64::from(-value), "{value:e}");
        }
    }
    for start in [0x3F80_0000u32, 0x3F7F_FF00, 0x3F80_0F00, 0x3F80_1000, 0x3880_0000, 0x477F_E000] {
        for low in 0..=0x200 {
            let value = f32::from_bits(start + low);
            assert_eq!(mean::<Plus8<f16>>(value, 5), f64::from(value), "{value:e}");
        }
    }
    // Subnormal numbers of f16, in 2^-11 of a step.
    for eleventh in [1, 0x7FF, 0x800, 0x3_FC00, 0x3_FFFF, 0x1F_FFFF] {
        let value = eleventh as f32 * 2f32.powi(-24 - 8 - 11);
        assert_eq!(mean::<Plus8<f16>>(value, 11), f64::from(value), "{value:e}");
        let value = eleventh as f32 * 2f32.powi(-24 - 16 - 11);
        assert_eq!(mean::<Plus16<f16>>(value, 11), f64::from(value), "{value:e}");
    }
}

#[test]
fn sixteen_digits_beside_bf16_are_f32() {
    let limit = f32::from_bits(0x7F7F_8000);
    for value in values().into_iter().filter(|value| value.abs() < limit) {
        assert_eq!(Plus16::<bf16>::round(value).widen().to_bits(), value.to_bits(), "{value:e}");
        assert_eq!(Plus16::<bf16>::round_stochastically(value, u32::MAX).widen().to_bits(), value.to_bits());
    }
}

fn infinities_and_nan_are_kept<T: Form, const DIGITS: u32>() {
    for bits in [0, NEAREST, u32::MAX] {
        for infinite in [f32::INFINITY, f32::NEG_INFINITY] {
            let (narrow, correction) = T::correct::<DIGITS>(infinite, bits);
            assert_eq!((narrow.widen(), correction), (infinite, 0));
            // What has been left beside an infinite parameter is ignored.
            assert_eq!(join::<T, DIGITS>(narrow, 5), infinite);
            assert_eq!(join::<T, DIGITS>(narrow, -5), infinite);
        }
        let (narrow, correction) = T::correct::<DIGITS>(f32::NAN, bits);
        assert!(narrow.widen().is_nan() && correction == 0 && join::<T, DIGITS>(narrow, -1).is_nan());
        for largest in [f32::MAX, -f32::MAX] {
            let (narrow, correction) = T::correct::<DIGITS>(largest, bits);
            assert_eq!(narrow.pattern() & 0x7FFF, T::ENDLESS - 1, "never from finite to infinite");
            assert_eq!(correction, (1 << (DIGITS - 1)) - 1);
        }
        for zero in [0.0f32, -0.0] {
            let (narrow, correction) = T::correct::<DIGITS>(zero, bits);
            assert_eq!((narrow.widen().to_bits(), correction), (zero.to_bits(), 0));
        }
    }
    // Nor does what has been left beside a zero lead beyond it.
    assert_eq!(join::<T, DIGITS>(T::of(0), -5).to_bits(), 0);
    assert_eq!(join::<T, DIGITS>(T::of(0x8000), -5).to_bits(), 1 << 31);
}

#[test]
fn infinities_nan_zeros_and_the_largest_numbers_are_kept() {
    infinities_and_nan_are_kept::<bf16, 8>();
    infinities_and_nan_are_kept::<bf16, 16>();
    infinities_and_nan_are_kept::<f16, 8>();
    infinities_and_nan_are_kept::<f16, 16>();
}

#[test]
fn packed_numbers_are_the_pairs() {
    for value in values() {
        for bits in [0, 0x1234_5678, u32::MAX] {
            let packed = Plus8::<f16>::round_stochastically(value, bits);
            assert_eq!((packed.narrow().to_bits(), packed.correction().into()), {
                let (narrow, correction) = f16::correct::<8>(value, bits);
                (narrow.to_bits(), correction)
            });
            let packed = Plus16::<bf16>::round_stochastically(value, bits);
            assert_eq!((packed.narrow().to_bits(), packed.correction().into()), {
                let (narrow, correction) = bf16::correct::<16>(value, bits);
                (narrow.to_bits(), correction)
            });
        }
    }
    assert_eq!((size_of::<Plus8<bf16>>(), size_of::<Plus16<bf16>>()), (3, 4));
    assert_eq!(format!("{:?}", Plus8::<bf16>::round(0.999)), "1.0-66");
}

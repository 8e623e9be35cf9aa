//! Storage formats: every 16-bit pattern, and rounding against an independent definition.
//!
//! `RUSTFLAGS='--cfg exhaustive' cargo test --release --test formats` also walks all 2³² patterns of
//! `f32`.

use gradus::dtype::StorageDtype;
use half::{bf16, f16};

/// A 16-bit format, and what `half`, which shares no code with the library, makes of it.
trait Narrow: StorageDtype<Arithmetic = f32> {
    const LARGEST: f32;

    fn of_bits(bits: u16) -> Self;
    fn bits(self) -> u16;
    fn widened_by_half(self) -> f32;
    fn rounded_by_half(value: f32) -> Self;
}

macro_rules! narrow {
    ($($format:ident: largest $largest:expr;)+) => {$(
        impl Narrow for $format {
            const LARGEST: f32 = $largest;

            fn of_bits(bits: u16) -> Self {
                Self::from_bits(bits)
            }
            fn bits(self) -> u16 {
                self.to_bits()
            }
            fn widened_by_half(self) -> f32 {
                self.to_f32()
            }
            fn rounded_by_half(value: f32) -> Self {
                Self::from_f32(value)
            }
        }
    )+};
}

narrow! {
    bf16: largest f32::from_bits(0x7F7F_0000);
    f16: largest 65504.0;
}

fn all<T: Narrow>() -> impl Iterator<Item = T> {
    (0..=u16::MAX).map(T::of_bits)
}

/// The finite numbers without a sign, in order.
fn finite<T: Narrow>() -> impl Iterator<Item = T> {
    all::<T>().take_while(|stored| stored.widen() < f32::INFINITY)
}

/// `f32` patterns in no particular order: a Weyl sequence, scrambled.
fn patterns(count: u32) -> impl Iterator<Item = f32> {
    (0..count).map(|number| {
        let mixed = number.wrapping_mul(0x9E37_79B9);
        f32::from_bits((mixed ^ mixed >> 15).wrapping_mul(0x85EB_CA6B))
    })
}

/// The number and its two `f32` neighbours.
fn around(value: f32) -> [f32; 3] {
    [value.next_down(), value, value.next_up()]
}

fn widening_agrees_and_rounding_inverts_it<T: Narrow>() {
    for stored in all::<T>() {
        let (ours, expected) = (stored.widen(), stored.widened_by_half());
        if expected.is_nan() {
            assert!(ours.is_nan() && T::round(ours).widen().is_nan(), "{:#06x}", stored.bits());
        } else {
            assert_eq!(ours.to_bits(), expected.to_bits(), "{:#06x}", stored.bits());
            assert_eq!(T::round(ours).bits(), stored.bits());
        }
    }
}

#[test]
fn widening_is_exact_and_rounding_inverts_it() {
    widening_agrees_and_rounding_inverts_it::<bf16>();
    widening_agrees_and_rounding_inverts_it::<f16>();
}

fn assert_rounds_as_half<T: Narrow>(value: f32) {
    let (ours, expected) = (T::round(value), T::rounded_by_half(value));
    if value.is_nan() {
        assert!(ours.widen().is_nan(), "{:#010x}", value.to_bits());
    } else {
        assert_eq!(ours.bits(), expected.bits(), "{} {value:e} {:#010x}", T::NAME, value.to_bits());
    }
}

fn rounds_as_half_at_every_number_and_midpoint<T: Narrow>() {
    let last = f64::from(T::LARGEST);
    let mut previous = 0.0;
    for stored in finite::<T>() {
        let value = stored.widen();
        // A midpoint needs one bit more than the format has, which `f32` holds.
        let midpoint = ((f64::from(previous) + f64::from(value)) / 2.0) as f32;
        for near in around(value).into_iter().chain(around(midpoint)) {
            assert_rounds_as_half::<T>(near);
            assert_rounds_as_half::<T>(-near);
        }
        previous = value;
    }
    // Where the number after the largest would be, and halfway to it.
    let after = 2.0 * last - f64::from(T::of_bits(T::rounded_by_half(T::LARGEST).bits() - 1).widen());
    for near in around(((last + after) / 2.0) as f32).into_iter().chain([after as f32, f32::MAX]) {
        assert_rounds_as_half::<T>(near);
        assert_rounds_as_half::<T>(-near);
    }
}

#[test]
fn rounding_is_to_nearest_and_ties_to_even_at_every_midpoint() {
    rounds_as_half_at_every_number_and_midpoint::<bf16>();
    rounds_as_half_at_every_number_and_midpoint::<f16>();
}

#[test]
fn rounding_is_to_nearest_and_ties_to_even_at_millions_of_patterns() {
    for value in patterns(3_000_000) {
        assert_rounds_as_half::<bf16>(value);
        assert_rounds_as_half::<f16>(value);
    }
}

#[cfg(exhaustive)]
#[test]
fn rounding_is_to_nearest_and_ties_to_even_at_every_pattern() {
    for bits in 0..=u32::MAX {
        assert_rounds_as_half::<bf16>(f32::from_bits(bits));
        assert_rounds_as_half::<f16>(f32::from_bits(bits));
    }
}

/// The two numbers of the format that enclose a finite value: the one nearer to zero first.
fn neighbours<T: Narrow>(value: f32) -> (T, T) {
    let nearest = T::rounded_by_half(value);
    let sign = nearest.bits() & 0x8000;
    let magnitude = nearest.bits() & 0x7FFF;
    let below = |bits: u16| T::of_bits(bits).widen() <= value.abs();
    let inner = if below(magnitude) { magnitude } else { magnitude - 1 };
    let exact = T::of_bits(inner).widen() == value.abs();
    let outer = if exact || !below(inner) { inner } else { inner + 1 };
    let largest = T::rounded_by_half(T::LARGEST).bits();
    (T::of_bits(sign | inner.min(largest)), T::of_bits(sign | outer.min(largest)))
}

/// Random words that reach every carry: the extremes, and some between.
const WORDS: [u32; 8] = [0, 1, 0xFFFF, 0x1_0000, 0x7FFF_FFFF, 0x8000_0000, 0xDEAD_BEEF, u32::MAX];

fn assert_one_of_the_neighbours<T: Narrow>(value: f32) {
    for word in WORDS {
        let stored = T::round_stochastically(value, word);
        if value.is_nan() {
            assert!(stored.widen().is_nan());
        } else if value.is_infinite() {
            assert_eq!(stored.widen(), value);
        } else {
            let (inner, outer) = neighbours::<T>(value);
            let bits = stored.bits();
            assert!(bits == inner.bits() || bits == outer.bits(), "{} {value:e} {stored:?}", T::NAME);
            assert!(stored.widen().is_finite());
        }
    }
}

#[test]
fn stochastic_rounding_gives_one_of_the_two_neighbours() {
    for value in patterns(200_000) {
        assert_one_of_the_neighbours::<bf16>(value);
        assert_one_of_the_neighbours::<f16>(value);
    }
    for stored in finite::<f16>() {
        for near in around(stored.widen()) {
            assert_one_of_the_neighbours::<f16>(near);
            assert_one_of_the_neighbours::<f16>(-near);
        }
    }
    for stored in finite::<bf16>() {
        for near in around(stored.widen()) {
            assert_one_of_the_neighbours::<bf16>(near);
            assert_one_of_the_neighbours::<bf16>(-near);
        }
    }
}

fn representable_numbers_never_change<T: Narrow>() {
    for stored in all::<T>().filter(|stored| !stored.widen().is_nan()) {
        for word in WORDS {
            assert_eq!(T::round_stochastically(stored.widen(), word).bits(), stored.bits());
        }
    }
}

#[test]
fn stochastic_rounding_keeps_zeros_infinities_and_every_representable_number() {
    representable_numbers_never_change::<bf16>();
    representable_numbers_never_change::<f16>();
}

fn beyond_the_largest_it_is_the_largest<T: Narrow>() {
    let after = if T::LARGEST < 1e5 { vec![65519.0, 65520.0, 1e30] } else { vec![] };
    for value in after.into_iter().chain([T::LARGEST, T::LARGEST.next_up(), f32::MAX]) {
        for word in WORDS {
            assert_eq!(T::round_stochastically(value, word).widen(), T::LARGEST);
            assert_eq!(T::round_stochastically(-value, word).widen(), -T::LARGEST);
        }
    }
}

#[test]
fn stochastic_rounding_never_turns_a_finite_number_into_an_infinite_one() {
    beyond_the_largest_it_is_the_largest::<bf16>();
    beyond_the_largest_it_is_the_largest::<f16>();
}

/// The mean over all values of the upper `bits` of the random word, exactly: a sum of at most 2¹⁶
/// numbers with 11 bits each that lie within one unit of each other.
fn mean<T: Narrow>(value: f32, bits: u32, lower: u32) -> f64 {
    let (inner, outer) = neighbours::<T>(value);
    let (inner, outer) = (f64::from(inner.widen()), f64::from(outer.widen()));
    let words = (0..1u32 << bits).map(|upper| upper << (32 - bits) | lower);
    let away = words.filter(|word| f64::from(T::round_stochastically(value, *word).widen()) != inner).count();
    inner + (outer - inner) * away as f64 / f64::from(1u32 << bits)
}

#[test]
fn the_mean_of_stochastic_rounding_to_bf16_is_exact() {
    // The lower 16 bits of the word play no part.
    let values =
        [1.0 / 3.0, -1.0 / 3.0, 1.0 + f32::EPSILON, 2.0 - f32::EPSILON, -1e-30, 1e-39, 3.3e38, 7.7e-41];
    for value in values {
        assert_eq!(mean::<bf16>(value, 16, 0), f64::from(value));
        assert_eq!(mean::<bf16>(value, 16, 0xFFFF), f64::from(value));
    }
}

#[test]
fn the_mean_of_stochastic_rounding_to_normal_f16_is_exact() {
    for value in [1.0 / 3.0, -1.0 / 3.0, 1.0 + f32::EPSILON, 6.2e-5, -6.10352e-5, 65503.9, 1e-3] {
        assert_eq!(mean::<f16>(value, 13, 0), f64::from(value));
        assert_eq!(mean::<f16>(value, 13, (1 << 19) - 1), f64::from(value));
    }
}

#[test]
fn the_mean_of_stochastic_rounding_to_subnormal_f16_is_exact_to_the_bits_that_are_used() {
    let below_normal = 2f32.powi(-14).next_down();
    let unit = 2f64.powi(-24);
    for value in [6.0e-5, -3.3e-6, 1e-7, 1.1e-8, -7.5e-10, below_normal] {
        let (value_exact, sixteen_bits) = (f64::from(value), unit * 2f64.powi(-16));
        assert!((mean::<f16>(value, 16, 0) - value_exact).abs() <= sixteen_bits, "{value:e}");
        assert!((mean::<f16>(value, 16, 0xFFFF) - value_exact).abs() <= sixteen_bits, "{value:e}");
    }
    // With all of its 24 bits the threshold decides exactly about a fraction of 24 bits.
    let value = 2f32.powi(-24) * (5.0 / 7.0);
    assert_eq!(mean::<f16>(value, 24, 0), f64::from(value));
}

#[test]
fn exact_formats_store_what_they_are_given() {
    for value in patterns(1000).filter(|value| !value.is_nan()) {
        assert_eq!(<f32 as StorageDtype>::round(value).to_bits(), value.to_bits());
        assert_eq!(f32::round_stochastically(value, u32::MAX).to_bits(), value.to_bits());
        let wide = f64::from(value) / 3.0;
        assert_eq!(<f64 as StorageDtype>::round(wide).to_bits(), wide.to_bits());
        assert_eq!(f64::round_stochastically(wide, u32::MAX).to_bits(), wide.to_bits());
    }
}

//! Conversions of f16, in integer operations as in [`crate::dtype`].

use super::{Register, Registers, Wide};
use crate::dtype::Arithmetic;
use bytemuck::must_cast;

/// The smallest normal number of f16, 2^-14, in f32.
const SMALLEST_NORMAL: f32 = 1.0 / 16384.0;
/// The largest number of f16.
const LARGEST: f32 = 65504.0;
/// What rounds to infinity, half a place above it.
const TOO_LARGE: f32 = 65520.0;

impl<X: Register, F: Arithmetic, const ALL_BF16: bool> Registers<X, F, ALL_BF16> {
    /// [`f16::widen`](StorageDtype::widen).
    #[inline(always)]
    pub(super) fn f16_to_f32(self, bits: X::Words) -> Wide<X> {
        let sign = X::shift_left::<16>(X::and(bits, X::all_words(0x8000)));
        let magnitude = X::shift_left::<13>(X::and(bits, X::all_words(0x7FFF)));
        let rebias: X = must_cast(X::all_words((254 - 15) << 23));
        let magnitude = X::times(must_cast(magnitude), rebias);
        let reserved = X::less(X::all(LARGEST), magnitude);
        let exponent = X::keep(reserved, X::all_words(0x7F80_0000));
        Wide::of(X::or(X::or(sign, must_cast(magnitude)), exponent))
    }

    /// The parts of a number that all conversions to f16 need.
    #[inline(always)]
    fn sign_and_magnitude(self, value: Wide<X>) -> (X::Words, X::Words) {
        let sign = X::and(X::shift_right::<16>(value.words()), X::all_words(0x8000));
        (sign, X::and(value.words(), X::all_words(0x7FFF_FFFF)))
    }

    #[inline(always)]
    fn less(self, magnitude: X::Words, limit: f32) -> X::Mask {
        X::less(must_cast(magnitude), X::all(limit))
    }

    /// Drops thirteen bits of a magnitude with something added below them, and moves the bias.
    #[inline(always)]
    fn normal_f16(self, magnitude: X::Words, below: X::Words) -> X::Words {
        let sum = X::add(magnitude, below);
        X::shift_right::<13>(X::subtract(sum, X::all_words(112 << 23)))
    }

    /// [`f16::round`](StorageDtype::round), in the lower half of each word.
    #[inline(always)]
    pub(super) fn f32_to_f16(self, value: Wide<X>) -> X::Words {
        let (sign, magnitude) = self.sign_and_magnitude(value);
        let even = X::and(X::shift_right::<13>(magnitude), X::all_words(1));
        let normal = self.normal_f16(magnitude, X::add(even, X::all_words(0xFFF)));
        let half = X::all(0.5);
        let subnormal = X::plus(must_cast(magnitude), half);
        let subnormal = X::subtract(must_cast(subnormal), must_cast(half));
        let finite = X::choose(self.less(magnitude, SMALLEST_NORMAL), subnormal, normal);
        let bounded = X::choose(self.less(magnitude, TOO_LARGE), finite, X::all_words(0x7C00));
        X::or(X::choose(X::is_nan(value.0), X::all_words(0x7E00), bounded), sign)
    }

    /// [`f16::round_stochastically`](StorageDtype::round_stochastically), in the lower half of each
    /// word; sixteen random bits are there, too, and what belongs below them comes apart.
    #[inline(always)]
    pub(super) fn f32_to_f16_stochastically(
        self,
        value: Wide<X>,
        random: X::Words,
        below: X::Words,
    ) -> X::Words {
        let (sign, magnitude) = self.sign_and_magnitude(value);
        let normal = self.normal_f16(magnitude, X::shift_right::<3>(random));
        let word = X::or(X::shift_left::<16>(random), below);
        let units = X::times(must_cast(magnitude), must_cast(X::all_words((127 + 24) << 23)));
        let whole = X::integers(units);
        let rest = X::minus(units, X::of_integers(whole));
        let threshold = X::of_integers(X::shift_right::<8>(word));
        let threshold = X::times(threshold, must_cast(X::all_words((127 - 24) << 23)));
        let subnormal = X::count(X::less(threshold, rest), whole);
        let finite = X::choose(self.less(magnitude, SMALLEST_NORMAL), subnormal, normal);
        let bounded = X::choose(self.less(magnitude, LARGEST), finite, X::all_words(0x7BFF));
        let infinite = X::choose(self.less(magnitude, f32::INFINITY), bounded, X::all_words(0x7C00));
        X::or(X::choose(X::is_nan(value.0), X::all_words(0x7E00), infinite), sign)
    }
}

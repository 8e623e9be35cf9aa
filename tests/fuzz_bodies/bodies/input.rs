//! What arbitrary bytes stand for: numbers with a taste for edges, hyperparameters in their ranges.

use super::approx::Stored;
use arbitrary::{Arbitrary, Result, Unstructured};

/// Any number: a parameter or a gradient.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number(pub(super) f64);

impl<'a> Arbitrary<'a> for Number {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        const EDGES: [f64; 16] = [
            0.0,
            -0.0,
            1.0,
            -1.0,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f32::MAX as f64,
            f32::MIN_POSITIVE as f64,
            -1e-45, // the smallest f32
            6e-8,   // the smallest f16
            65504.0,
            -65520.0, // rounds to infinity in f16
            f64::MAX,
            5e-324,
            3.4e38, // above the largest bf16
        ];
        Ok(Self(match bytes.int_in_range(0..=31u8)? {
            edge @ 0..=15 => EDGES[usize::from(edge)],
            16 => f64::from_bits(bytes.arbitrary()?),
            17 | 18 => f32::from_bits(bytes.arbitrary()?).into(),
            scale => f64::from(bytes.arbitrary::<i16>()?) * 2f64.powi(i32::from(scale) - 40),
        }))
    }
}

/// A number between −4 and 4.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tame(pub(super) f64);

impl<'a> Arbitrary<'a> for Tame {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self(f64::from(bytes.arbitrary::<i8>()?) / 32.0))
    }
}

/// A few tame numbers, repeated as often as needed.
#[derive(Clone, Debug)]
pub(super) struct Values(Vec<Tame>);

impl<'a> Arbitrary<'a> for Values {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self(list(bytes, 4)?))
    }
}

impl Values {
    pub(super) fn of_length<T: Stored>(&self, length: usize) -> Vec<T> {
        let values: Vec<T> =
            self.0.iter().map(|value| T::of(value.0)).chain(self.0.is_empty().then(T::default)).collect();
        values.into_iter().cycle().take(length).collect()
    }
}

/// At least 0 and finite.
#[derive(Clone, Copy, Debug)]
pub(super) struct Positive(pub(super) f64);

impl<'a> Arbitrary<'a> for Positive {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        const USUAL: [f64; 12] =
            [0.0, 1e-3, 0.1, 1.0, 1e-8, 1e-5, 0.01, 1e-30, 5e-324, 1e-46, 3.5e38, f64::MAX];
        Ok(Self(match bytes.int_in_range(0..=47u8)? {
            usual @ 0..=11 => USUAL[usize::from(usual)],
            12 => {
                Some(f64::from_bits(bytes.arbitrary()?)).filter(|any| any.is_finite()).map_or(0.5, f64::abs)
            }
            scale => f64::from(bytes.arbitrary::<u16>()?) * 2f64.powi(-i32::from(scale) / 2),
        }))
    }
}

/// At least 0 and below 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share(pub(super) f64);

impl<'a> Arbitrary<'a> for Share {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        /// The largest numbers below 1 in `f64` and `f32`, and one between that `f32` rounds to 1.
        const NEARLY_1: [f64; 3] = [1.0 - f64::EPSILON / 2.0, 0.99999994, 0.99999999];
        const USUAL: [f64; 6] = [0.0, 0.9, 0.99, 0.999, 0.5, 1e-300];
        Ok(Self(match bytes.int_in_range(0..=15u8)? {
            usual @ 0..=5 => USUAL[usize::from(usual)],
            nearly @ 6..=8 => NEARLY_1[usize::from(nearly) - 6],
            _ => f64::from(bytes.arbitrary::<u16>()?) / 65536.0,
        }))
    }
}

/// A rule as plain numbers.
#[derive(Clone, Copy, Debug, Arbitrary)]
pub(super) enum Method {
    Sgd,
    Momentum { momentum: Share, dampening: Share, from_zero: bool, nesterov: bool },
    Adam { first: Share, second: Share, epsilon: Positive, is_floor: bool },
    Lion { direction: Share, momentum: Share },
}

/// Weight decay as plain numbers.
#[derive(Clone, Copy, Debug, Arbitrary)]
pub(super) enum Decay {
    None,
    L2(Positive),
    Decoupled(Positive),
    FullyDecoupled(Positive, Positive),
}

/// All hyperparameters.
#[derive(Clone, Copy, Debug, Arbitrary)]
pub(super) struct Hyperparameters {
    pub(super) method: Method,
    pub(super) learning_rate: Positive,
    pub(super) decay: Decay,
}

/// As many items as the bytes say, at most `most`.
pub(super) fn list<'a, T: Arbitrary<'a>>(bytes: &mut Unstructured<'a>, most: usize) -> Result<Vec<T>> {
    let count = bytes.int_in_range(0..=most)?;
    (0..count).map(|_| bytes.arbitrary()).collect()
}

//! What a device decides by itself about all gradients of a step, so that the host need not wait for it.

use super::Device;
use crate::clip::Deciding;

/// A decision about all gradients of a step: what they are multiplied with, by their joint norm, and whether the step is
/// left out.
///
/// The device leaves [numbers](Decided) behind. Where a step is left out, it changes nothing else.
#[allow(missing_debug_implementations)] // borrowed memory of any device
pub struct Decision<'a, D: Device> {
    /// What the factor follows from.
    pub by: Deciding<f64>,
    /// Where the device writes its numbers: [`Decided::NUMBERS`] of them.
    pub into: D::ViewMut<'a, f64>,
    /// Room for the leaves of a sum: one per [`LEAF`](super::LEAF) elements of each tensor.
    pub leaves: D::ViewMut<'a, f64>,
    /// Where the host will ask for the numbers, if it must know them before the next step.
    pub answer: Option<&'a mut D::Answer>,
}

/// What a device has decided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decided {
    /// The norm without the scale of the loss.
    pub norm: f64,
    /// Whether the step was taken.
    pub is_taken: bool,
}

impl Decided {
    /// How many numbers the device leaves behind: the factor, the norm without the scale of the loss, the norm as it is,
    /// and 1 if the step was taken, else 0.
    pub const NUMBERS: usize = 4;

    /// What the numbers say.
    pub fn of(numbers: &[f64]) -> Self {
        Self { norm: numbers[1], is_taken: numbers[3] != 0.0 }
    }
}

/// What gradients in `f64` are multiplied with before they are squared, one after the other: only their squares may be
/// numbers that `f64` cannot hold. The first is for all; the second is tried if the norm is infinite, the third if it
/// is below [`TINY`].
pub const UNITS: [f64; 3] = [1.0, power(-600), power(600)];

/// The norm below which squares have lost digits.
pub const TINY: f64 = power(-400);

/// 2 to the power of an exponent of a normal number.
const fn power(exponent: i64) -> f64 {
    f64::from_bits(((1023 + exponent) as u64) << 52)
}

//! What a device decides by itself about all gradients of a step, so that the host need not wait for it.

use super::Device;
use crate::clip::Deciding;

/// A decision about all gradients of a step: what they are multiplied with, by their joint norm.
///
/// The device leaves three numbers behind: the factor, the norm without the scale of the loss, and the norm as it is.
#[allow(missing_debug_implementations)] // borrowed memory of any device
pub struct Decision<'a, D: Device> {
    /// What the factor follows from.
    pub by: Deciding<f64>,
    /// Where the device writes its [numbers](Self::NUMBERS).
    pub into: D::ViewMut<'a, f64>,
    /// Room for the leaves of a sum: one per [`LEAF`](super::LEAF) elements of each tensor.
    pub leaves: D::ViewMut<'a, f64>,
}

impl<D: Device> Decision<'_, D> {
    /// How many numbers the device leaves behind.
    pub const NUMBERS: usize = 3;
    /// Which of them is the norm without the scale of the loss.
    pub const NORM: usize = 1;
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

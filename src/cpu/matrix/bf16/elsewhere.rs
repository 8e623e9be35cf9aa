//! Machines without an instruction for products of bf16 numbers have no panels.

use super::operand::Operand;

/// Never made.
pub(super) enum Panels {}

impl Panels {
    pub(super) const BYTES: usize = 0;

    pub(super) fn are_of_use() -> bool {
        false
    }

    pub(super) fn new() -> Option<Self> {
        None
    }

    pub(super) fn multiply(
        &mut self,
        _into: &mut [f32],
        _is_transposed: bool,
        _scales: [f64; 2],
        _left: Operand<'_, f32>,
        _right: Operand<'_, f32>,
    ) {
        match *self {}
    }

    pub(super) fn multiply_symmetric(
        &mut self,
        _into: &mut [f32],
        _scales: [f64; 2],
        _left: Operand<'_, f32>,
        _right: Operand<'_, f32>,
    ) {
        match *self {}
    }
}

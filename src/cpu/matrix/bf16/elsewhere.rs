//! Machines without an instruction for products of bf16 numbers have no panels.

use super::operand::Operand;
use crate::transform::Matrix;

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

    pub(super) fn hold(_rows: usize, _columns: usize) -> bool {
        false
    }

    pub(super) fn apply_quintics(
        &mut self,
        _numbers: &mut [f32],
        _matrix: Matrix,
        _quintics: &mut dyn Iterator<Item = [f64; 3]>,
        _room: [&mut [f32]; 3],
    ) {
        match *self {}
    }
}

//! How flat hyperparameters become each rule: a file per family.

mod basic;
pub(super) mod chain;
mod sai;
mod sm3;

pub(super) use sai::NormalizedSgdSai;
#[cfg(feature = "testing")]
pub(crate) use sm3::sm3_by_rows;
mod heavyball;
mod muon;
mod optimi;
mod psgd;
mod schedule_free;
mod soap;
mod torch;

use super::reader::Reader;
use crate::error::Result;
use crate::transform::MatrixPrecision;

/// What the matrices of a rule are multiplied in.
fn precision(from: &mut Reader<'_>) -> Result<MatrixPrecision> {
    from.choice("matrix_precision", &[("full", MatrixPrecision::Full), ("bf16", MatrixPrecision::Bf16)])
}

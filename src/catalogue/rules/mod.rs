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

//! How flat hyperparameters become each rule: a file per family.

mod basic;
pub(super) mod chain;
mod sai;
mod sm3;

pub(super) use sai::NormalizedSgdSai;
mod heavyball;
mod muon;
mod optimi;
mod schedule_free;
mod soap;
mod torch;

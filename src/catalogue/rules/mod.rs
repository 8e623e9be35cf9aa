//! How flat hyperparameters become each rule: a file per family.

mod basic;
mod sai;

pub(super) use sai::NormalizedSgdSai;
mod heavyball;
mod optimi;
mod schedule_free;
mod torch;

//! How flat hyperparameters become each rule: a file per family.

mod basic;
mod sai;
mod sm3;

pub(super) use sai::NormalizedSgdSai;
mod heavyball;
mod torch;

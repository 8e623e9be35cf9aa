//! How flat hyperparameters become each rule: a file per family.

mod basic;
mod heavyball;
mod schedule_free;
mod torch;

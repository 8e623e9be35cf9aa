//! The checks that constructors share.

use crate::error::{Error, Result};

/// Refuses a value that does not satisfy what is allowed.
pub(super) fn require(holds: bool, name: &'static str, value: f64, allowed: &'static str) -> Result<()> {
    if holds { Ok(()) } else { Err(Error::Hyperparameter { name, value, allowed }) }
}

/// Refuses a length of 0.
pub(super) fn positive(name: &'static str, value: u64) -> Result<()> {
    require(value >= 1, name, value as f64, "1 <= value")
}

/// Refuses what cannot be a value of a schedule.
pub(super) fn finite(name: &'static str, value: f64) -> Result<()> {
    require((0.0..f64::INFINITY).contains(&value), name, value, "0 <= value < ∞")
}

/// Refuses a factor that would raise, or end everything at once.
pub(super) fn lowering(name: &'static str, value: f64) -> Result<()> {
    require(value > 0.0 && value <= 1.0, name, value, "0 < value <= 1")
}

//! Stages that can run in bases.

use crate::rule::{ScaleByAdEMAMix, ScaleByAdam, ScaleByLaProp, ScaleByNAdam, ScaleByRms};
use crate::transform::Stage;

/// A stage that can run in bases which change now and then.
pub trait TurnsWithBases: Stage {
    /// The fields of its state by element that add up like gradients, and so must be carried to a new
    /// basis: a binary digit for each, the lowest for the first. Squares stay with their columns.
    const CARRIED: u64;
}

impl TurnsWithBases for ScaleByAdam {
    const CARRIED: u64 = 0b01; // first, second
}

impl TurnsWithBases for ScaleByLaProp {
    const CARRIED: u64 = 0b01; // first, second
}

impl TurnsWithBases for ScaleByNAdam {
    const CARRIED: u64 = 0b01; // first, second
}

impl TurnsWithBases for ScaleByAdEMAMix {
    const CARRIED: u64 = 0b011; // fast, slow, second
}

impl TurnsWithBases for ScaleByRms {
    const CARRIED: u64 = 0; // squares only
}

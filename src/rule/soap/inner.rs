//! Stages that can run in bases.

use crate::hyperparameter::{Epsilon, SecondDecay};
use crate::rule::{Averages, ScaleByAdEMAMix, ScaleByAdam, ScaleByLaProp, ScaleByNAdam, ScaleByRms};
use crate::transform::Stage;

/// A stage that can run in bases which change now and then.
pub trait TurnsWithBases: Stage {
    /// The fields of its state by element that add up like gradients, and so must be carried to a new
    /// basis: a binary digit for each, the lowest for the first. Squares stay with their columns.
    const CARRIED: u64;

    /// The stage with HeavyBall's setting.
    fn usual() -> Self;
}

/// ε of all of them, a floor.
const EPSILON: Epsilon = Epsilon { added: 0.0, floor: 1e-8 };
/// β₂ of those that have no other.
const SECOND: SecondDecay = SecondDecay::checked(0.95);

impl TurnsWithBases for ScaleByAdam {
    const CARRIED: u64 = 0b01; // first, second

    fn usual() -> Self {
        Self { second: SECOND, epsilon: EPSILON, ..Self::default() }
    }
}

impl TurnsWithBases for ScaleByLaProp {
    const CARRIED: u64 = 0b01; // first, second

    fn usual() -> Self {
        Self { second: SECOND, epsilon: EPSILON, ..Self::default() }
    }
}

impl TurnsWithBases for ScaleByNAdam {
    const CARRIED: u64 = 0b01; // first, second

    fn usual() -> Self {
        Self { epsilon: EPSILON, ..Self::default() }
    }
}

impl TurnsWithBases for ScaleByAdEMAMix {
    const CARRIED: u64 = 0b011; // fast, slow, second

    fn usual() -> Self {
        Self { second: SECOND, epsilon: EPSILON, ..Self::default() }
    }
}

impl TurnsWithBases for ScaleByRms {
    const CARRIED: u64 = 0; // squares only

    fn usual() -> Self {
        Self { decay: SECOND, averages: Averages::Debiased, epsilon: EPSILON }
    }
}

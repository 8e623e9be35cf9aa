//! The package schedulefree 1.4, whose defaults are ours.

use super::default;
use crate::catalogue::Hyperparameters;

pub(super) fn translate(
    _optimizer: &str,
    _theirs: &Hyperparameters,
    _ours: &mut Hyperparameters,
) -> Result<(), String> {
    Ok(())
}

pub(super) fn fill_in(optimizer: &str, ours: &mut Hyperparameters) {
    // A switch that is off is not recorded.
    if optimizer == "sf_radam" {
        default(ours, "silent_sgd_phase", false);
    }
}

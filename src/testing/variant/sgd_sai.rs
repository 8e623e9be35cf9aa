//! SGD-SaI, whose defaults are ours.

use super::default;
use crate::catalogue::Hyperparameters;

/// The package divides by the deviation whatever it is.
pub(super) fn fill_in(ours: &mut Hyperparameters) {
    default(ours, "constant", "formula");
}

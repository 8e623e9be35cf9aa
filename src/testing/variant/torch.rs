//! torch.optim, whose defaults are ours but for one.

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
    if optimizer == "radam" {
        default(ours, "root", "plain");
    }
}

//! torch.optim, whose defaults are ours.

use crate::catalogue::Hyperparameters;

pub(super) fn translate(
    _optimizer: &str,
    _theirs: &Hyperparameters,
    _ours: &mut Hyperparameters,
) -> Result<(), String> {
    Ok(())
}

pub(super) fn fill_in(_optimizer: &str, _ours: &mut Hyperparameters) {}

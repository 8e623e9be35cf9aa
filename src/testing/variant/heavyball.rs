//! HeavyBall 1.0.0 and 3.2.1.

use super::default;
use crate::catalogue::Hyperparameters;

pub(super) fn translate_1(
    optimizer: &str,
    theirs: &Hyperparameters,
    ours: &mut Hyperparameters,
) -> Result<(), String> {
    // Its AdamW ignores `eps` as well.
    if optimizer == "adamw" && theirs.get("eps").is_some() {
        ours.set("eps", 1e-8);
    }
    translate_3(optimizer, theirs, ours)
}

pub(super) fn translate_3(
    optimizer: &str,
    theirs: &Hyperparameters,
    ours: &mut Hyperparameters,
) -> Result<(), String> {
    let ignores_epsilon = ["laprop"];
    if ignores_epsilon.contains(&optimizer) && theirs.get("eps").is_some() {
        ours.set("eps", 1e-8);
    }
    Ok(())
}

pub(super) fn fill_in(optimizer: &str, ours: &mut Hyperparameters) {
    if ["adamw", "adamc", "adopt", "laprop"].contains(&optimizer) {
        default(ours, "lr", 0.0025);
        default(ours, "beta1", 0.9);
        default(ours, "beta2", 0.99);
        default(ours, "eps", 1e-8);
        default(ours, "epsilon_form", "floor");
    }
}

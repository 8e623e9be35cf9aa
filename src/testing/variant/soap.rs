//! SOAP in HeavyBall 0.24.4 and 3.2.1.

use super::{default, number};
use crate::catalogue::{Hyperparameters, Value};
use crate::transform::{Merging, merged};

/// Whether an optimizer is one of this family.
pub(super) fn is_one(optimizer: &str) -> bool {
    optimizer.contains("soap") || optimizer == "solp"
}

/// What both say in the same words.
fn translate(theirs: &Hyperparameters, ours: &mut Hyperparameters, merging: &str) {
    let is_merged = theirs.get("merge_dims") == Some(&Value::Flag(true));
    ours.remove("merge_dims");
    ours.set("merging", if is_merged { merging } else { "never" });
    // When it was refreshed is recorded, however that was decided.
    for name in ["precondition_frequency", "refresh_scale", "refresh_power"] {
        ours.remove(name);
    }
    ours.set("refresh", "at");
    ours.set("epsilon_form", "floor");
}

pub(super) fn translate_0(optimizer: &str, theirs: &Hyperparameters, ours: &mut Hyperparameters) {
    translate(theirs, ours, "open_last");
    ours.remove("shampoo_beta");
    ours.remove("gradient_clip_val");
    ours.set("eps", 1e-8);
    ours.set("factor_decay", "as_squares");
    ours.set("first_gradient", "nowhere");
    if ours.get("zeroth_power_mode") == Some(&"eigh".into()) {
        ours.set("zeroth_power_mode", "eigh_rising");
    }
    if optimizer.contains("sf_") {
        default(ours, "averaged_rate", "current");
    }
}

/// Whether HeavyBall 0.24.4 evaluates a schedule-free tensor where it is trained, as it does when it has
/// merged axes of it. We do not, so that there is nothing else to compare with.
pub(super) fn is_left_unevaluated(shape: &[usize], ours: &Hyperparameters) -> bool {
    let limit = number(ours, "max_precond_dim") as usize;
    ours.get("merging") == Some(&"open_last".into()) && merged(shape, limit, Merging::OpenLast) != shape
}

pub(super) fn translate_3(optimizer: &str, theirs: &Hyperparameters, ours: &mut Hyperparameters) {
    translate(theirs, ours, "up_to_limit");
    if optimizer == "solp" {
        ours.set("eps", 1e-8);
    }
    if ours.get("zeroth_power_mode") == Some(&"qr".into()) {
        ours.remove("zeroth_power_mode"); // what it calls so is lifted
    }
}

pub(super) fn fill_in(optimizer: &str, ours: &mut Hyperparameters) {
    default(ours, "lr", 3e-3);
    default(ours, "beta1", 0.9);
    if !optimizer.contains("sf_") {
        default(ours, "beta2", if optimizer == "soap_nadam" { 0.999 } else { 0.95 });
    }
    if optimizer == "soap_ademamix" {
        default(ours, "alpha", 2.0);
    }
}

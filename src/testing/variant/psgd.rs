//! PSGD in HeavyBall 1.0.0 and 3.2.1, and in kron_torch.

use super::default;
use crate::catalogue::{Hyperparameters, Value as Ours};
use serde_json::{Map, Value};

/// Whether an optimizer is one of this family.
pub(in crate::testing) fn is_one(optimizer: &str) -> bool {
    optimizer.contains("psgd") || optimizer == "kron"
}

/// Reads switches that mean something when they are off.
pub(in crate::testing) fn read_switches(hyper: &Map<String, Value>, flat: &mut Hyperparameters) {
    for name in ["exp_avg_input", "momentum_into_precond_update", "store_triu_as_line"] {
        if hyper.get(name) == Some(&Value::Bool(false)) {
            flat.set(name, false);
        }
    }
}

/// Reads the clip that HeavyBall has where a recording does not speak of one.
pub(in crate::testing) fn read_clip(optimizer: &str, hyper: &Map<String, Value>, flat: &mut Hyperparameters) {
    let variant = hyper.get("variant").and_then(Value::as_str).unwrap_or_default();
    let is_clipped = variant.contains("heavyball") && optimizer != "psgd_pro";
    if is_clipped && !hyper.contains_key("update_clipping") {
        flat.set("update_clipping", "trust_region");
    }
}

/// What all say in the same words. Steps are recorded, however they were decided on.
fn translate(theirs: &Hyperparameters, ours: &mut Hyperparameters, merging: &str) {
    let is_merged = theirs.get("merge_dims") == Some(&Ours::Flag(true));
    ours.remove("merge_dims");
    ours.set("merging", if is_merged { merging } else { "never" });
    for name in [
        "preconditioner_update_probability",
        // There are no squares to average, nor roots to keep from zero.
        "beta2",
        "beta2_scale",
        "eps",
        "palm",
        // Factors and average are in f32, which comes closer to the run in f32 that such a recording is compared
        // with. Its tolerance is what one random rounding of theirs was off by: with narrow factors ours would
        // pass or not as the seed will have it.
        "q_dtype",
        "precond_dtype",
        "mu_dtype",
        "storage_dtype",
    ] {
        ours.remove(name);
    }
    if let Some(Ours::Number(beta)) = ours.remove("beta") {
        ours.set("beta1", beta);
    }
    ours.set("clip", "none"); // that of the options stands in its place
    ours.set("fit", "at");
    ours.set("balance", "at");
}

pub(super) fn translate_1(theirs: &Hyperparameters, ours: &mut Hyperparameters) {
    translate(theirs, ours, "open_last");
    ours.remove("dampening");
    ours.remove("momentum_into_precond_update"); // it does not read it
    for (name, value) in [
        ("balance_place", "behind_fit"),
        ("damping", "none"),
        ("first_gradient", "only_begins"),
        ("spectral_bound", "one_column"),
    ] {
        ours.set(name, value);
    }
    ours.set("lower_bound_beta", 0.0);
}

pub(super) fn translate_3(theirs: &Hyperparameters, ours: &mut Hyperparameters) {
    translate(theirs, ours, "up_to_limit");
    ours.set("balance", "always");
}

pub(super) fn translate_kron(theirs: &Hyperparameters, ours: &mut Hyperparameters) {
    translate(theirs, ours, "last_apart");
    ours.set("clip", "rms");
    ours.set("damping_noise", "in_update");
}

pub(super) fn fill_in(optimizer: &str, ours: &mut Hyperparameters) {
    default(ours, "lr", if optimizer == "kron" { 3e-4 } else { 1e-3 });
    default(ours, "beta1", 0.9);
    if ours.get("first_gradient").is_some() {
        default(ours, "precond_init_scale", 1.0); // HeavyBall 1; HeavyBall 3 asks the first gradient
    }
}

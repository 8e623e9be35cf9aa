//! PSGD in HeavyBall 1.0.0 and 3.2.1, and in kron_torch.

use super::default;
use crate::catalogue::{Hyperparameters, Value as Ours};
use serde_json::{Map, Value};

/// Whether an optimizer is one of this family.
pub(in crate::testing) fn is_one(optimizer: &str) -> bool {
    optimizer.contains("psgd") || optimizer == "kron"
}

/// What a recording says by a switch that is off, or by leaving something out.
pub(in crate::testing) fn said_by_absence(
    optimizer: &str,
    hyper: &Map<String, Value>,
    flat: &mut Hyperparameters,
) {
    for name in ["exp_avg_input", "momentum_into_precond_update", "store_triu_as_line"] {
        if hyper.get(name) == Some(&Value::Bool(false)) {
            flat.set(name, false);
        }
    }
    // Both packages of this name clip unless they are told not to.
    let is_heavyball =
        hyper.get("variant").and_then(Value::as_str).is_some_and(|name| name.contains("heavyball"));
    if is_heavyball && optimizer != "psgd_pro" && !hyper.contains_key("update_clipping") {
        flat.set("update_clipping", "trust_region");
    }
}

/// What all say in the same words. Steps are recorded, however they were decided on.
fn translate(ours: &mut Hyperparameters, merging: &str) {
    let is_merged = ours.remove("merge_dims") == Some(Ours::Flag(true));
    ours.set("merging", if is_merged { merging } else { "never" });
    for name in [
        "preconditioner_update_probability",
        // There are no squares to average, nor roots to keep from zero.
        "beta2",
        "beta2_scale",
        "eps",
        "palm",
        // Factors are in f32, which comes closer to the run in f32 that such a recording is compared with; so
        // does the average.
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
    default(ours, "fit", "at");
    default(ours, "balance", "at");
}

pub(super) fn translate_1(ours: &mut Hyperparameters) {
    translate(ours, "open_last");
    ours.remove("dampening");
    ours.remove("momentum_into_precond_update"); // it does not read it
    default(ours, "precond_init_scale", 1.0);
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

pub(super) fn translate_3(ours: &mut Hyperparameters) {
    translate(ours, "up_to_limit");
    ours.set("balance", "always");
}

pub(super) fn translate_kron(ours: &mut Hyperparameters) {
    translate(ours, "last_apart");
    ours.set("clip", "rms");
    ours.set("damping_noise", "in_update");
}

pub(super) fn fill_in(optimizer: &str, ours: &mut Hyperparameters) {
    default(ours, "lr", if optimizer == "kron" { 3e-4 } else { 1e-3 });
    default(ours, "beta1", 0.9);
}

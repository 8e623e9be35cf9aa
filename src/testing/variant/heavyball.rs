//! HeavyBall 1.0.0 and 3.2.1.

use super::default;
use crate::catalogue::{Hyperparameters, Value};

/// Those that have ε = 1e-8, whatever is asked for.
const IGNORE_EPSILON: [&str; 7] =
    ["laprop", "laprop_ortho", "muon_laprop", "ortho_laprop", "sign_laprop", "suds_adamw", "unscaled_adamw"];
/// Those that have no momentum, whatever β₁ is.
const IGNORE_MOMENTUM: [&str; 2] = ["hyperball_adamw", "rmsprop"];

pub(super) fn translate_1(
    optimizer: &str,
    theirs: &Hyperparameters,
    ours: &mut Hyperparameters,
) -> Result<(), String> {
    if optimizer == "adamw" && ours.get("eps").is_some() {
        ours.set("eps", 1e-8);
    }
    translate_3(optimizer, theirs, ours)?;
    // It fills the average of squares with the first gradient, and moves nothing then.
    if let Some(Value::Text(chain)) = ours.get("chain")
        && chain.contains("scale_by_exp_avg_sq")
    {
        let chain = format!("{chain},spend_first");
        ours.set("chain", chain.as_str());
    }
    ours.remove("caution_agreement");
    Ok(())
}

pub(super) fn translate_3(
    optimizer: &str,
    theirs: &Hyperparameters,
    ours: &mut Hyperparameters,
) -> Result<(), String> {
    if IGNORE_EPSILON.contains(&optimizer)
        && let Some(epsilon) = ours.remove("eps")
    {
        ours.set("eps", 1e-8);
        if optimizer.contains("ortho") {
            ours.set("projection_eps", epsilon);
        }
    }
    if IGNORE_MOMENTUM.contains(&optimizer) {
        ours.remove("beta1");
    }
    if optimizer == "rmsprop"
        && let Some(decay) = ours.remove("beta2")
    {
        ours.set("rho", decay);
    }
    if ["muon", "muon_adamw", "muon_laprop", "scion"].contains(&optimizer) {
        muon(optimizer, theirs, ours);
    }
    if optimizer == "nadam" {
        let decoupled = theirs.get("decoupled_weight_decay") == Some(&Value::Flag(true));
        ours.remove("decoupled_weight_decay");
        ours.set("decay", if decoupled { "decoupled" } else { "l2" });
    }
    // It corrects the gradient before it clips it, and masks the update after it has clipped it.
    if theirs.get("mars").is_some() {
        ours.set("mars_form", "heavyball");
        default(ours, "mars_gamma", 0.0025);
    }
    if theirs.get("caution").is_some() {
        ours.set("caution_agreement", "zero_is_positive");
        ours.set("caution_place", "behind_clip");
    }
    Ok(())
}

/// Switches become the form of the momentum; what there is no second moment for goes.
fn muon(optimizer: &str, theirs: &Hyperparameters, ours: &mut Hyperparameters) {
    if ["muon", "scion"].contains(&optimizer) {
        ours.remove("beta2");
        ours.remove("eps");
    }
    let is_on = |name: &str| theirs.get(name) == Some(&Value::Flag(true));
    ours.remove("nesterov");
    ours.remove("heavyball_momentum");
    if optimizer.starts_with("muon") && optimizer != "muon_laprop" {
        let form = match (is_on("nesterov"), is_on("heavyball_momentum")) {
            (true, false) => "gradient_and_average",
            (false, false) => "average",
            (true, true) => "heavy_ball_ahead",
            (false, true) => "heavy_ball",
        };
        ours.set("momentum_form", form);
        default(ours, "scaling", "taller_is_larger");
    }
    if ours.get("zeroth_power_mode").is_none_or(|mode| *mode == "newtonschulz".into()) {
        ours.set("zeroth_power_mode", "tight_newtonschulz");
    }
}

pub(super) fn fill_in(optimizer: &str, ours: &mut Hyperparameters) {
    let two_points = ["msam_laprop", "palm_sf_adamw", "sf_adamw"].contains(&optimizer);
    if two_points && optimizer != "msam_laprop" {
        default(ours, "averaged_rate", "current");
    }
    let (rate, second) = match optimizer {
        _ if two_points => (0.0025, 0.99),
        "muon" | "scion" => {
            default(ours, "lr", 0.0025);
            default(ours, "beta1", 0.9);
            return;
        }
        "nadam" => (0.002, 0.999),
        "ademamix" => (0.001, 0.999),
        "chain" => (0.001, 0.99),
        "adamc" | "adamw" | "adopt" | "hyperball_adamw" | "muon_adamw" | "rmsprop" => (0.0025, 0.99),
        _ if IGNORE_EPSILON.contains(&optimizer) => (0.0025, 0.99),
        _ => return,
    };
    default(ours, "lr", rate);
    if !IGNORE_MOMENTUM.contains(&optimizer) {
        default(ours, "beta1", 0.9);
    }
    default(ours, if optimizer == "rmsprop" { "rho" } else { "beta2" }, second);
    default(ours, "eps", if two_points || optimizer == "rmsprop" { 1e-6 } else { 1e-8 });
    default(ours, "epsilon_form", "floor");
    match optimizer {
        "ademamix" => default(ours, "alpha", 2.0),
        "laprop_ortho" | "ortho_laprop" => {
            default(ours, "projection_eps", 1e-8);
            default(ours, "projection_floor", 1e-6);
        }
        "rmsprop" => {
            default(ours, "averages", "debiased");
            default(ours, "decay", "decoupled");
        }
        _ => {}
    }
}

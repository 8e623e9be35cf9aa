//! optimi.

use super::{default, number};
use crate::catalogue::Hyperparameters;

pub(super) fn translate(
    optimizer: &str,
    theirs: &Hyperparameters,
    ours: &mut Hyperparameters,
) -> Result<(), String> {
    // Its dampening is a switch, and means that the gradient has the weight that the momentum leaves.
    if optimizer == "sgd" && number(theirs, "dampening") != 0.0 {
        ours.set("dampening", number(theirs, "momentum"));
    }
    // Its decay of Adan is a division unless it says that it is Adam's.
    if optimizer == "adan" && theirs.get("decay") == Some(&"adam".into()) {
        ours.set("decay", "decoupled");
        ours.set("decay_form", "factor");
    }
    Ok(())
}

pub(super) fn fill_in(optimizer: &str, ours: &mut Hyperparameters) {
    match optimizer {
        "adam" | "adamw" | "radam" | "ranger" => {
            default(ours, "beta2", 0.99);
            default(ours, "eps", 1e-6);
            if optimizer == "ranger" {
                default(ours, "lookahead_counts", "gradients");
            }
        }
        "adan" => default(ours, "eps", 1e-6),
        "sgd" => default(ours, "first_momentum", "from_zero"),
        _ => {}
    }
}

//! The first-order optimizers that HeavyBall has beside the basic ones.

use crate::catalogue::entries::Named;
use crate::catalogue::reader::{CORRECTED_FIRST, DECOUPLED_FIRST, Reader};
use crate::error::Result;
use crate::hyperparameter::{Amount, Floor};
use crate::rule::{
    AdEMAMix, AdamC, Adopt, HyperBallAdamW, LaProp, LaPropOrtho, OrthoLaProp, Orthogonalize, SignLaProp,
    SudsAdamW, UnscaledAdamW,
};

/// Rules whose hyperparameters are γ, β₁, β₂, ε and λ.
macro_rules! named {
    ($($rule:ident = $name:literal, $summary:literal, $kinds:ident $(, $more:ident: $read:ident)*;)+) => {$(
        impl Named for $rule {
            const NAME: &'static str = $name;
            const SUMMARY: &'static str = $summary;

            fn read(from: &mut Reader<'_>) -> Result<Self> {
                let default = Self::default();
                let learning_rate = from.learning_rate(default.learning_rate)?;
                Ok(Self {
                    learning_rate,
                    first: from.decay("beta1", default.first)?,
                    second: from.second_decay("beta2", default.second)?,
                    epsilon: from.epsilon(default.epsilon)?,
                    $($more: $read(from, default.$more)?,)*
                    weight_decay: from.weight_decay(
                        default.weight_decay.coefficient().get(),
                        &$kinds,
                        learning_rate,
                    )?,
                })
            }
        }
    )+};
}

named! {
    AdamC = "adamc", "AdamW with decay that is corrected for the schedule", CORRECTED_FIRST;
    Adopt = "adopt", "Adam with a scale that is one gradient behind", DECOUPLED_FIRST;
    LaProp = "laprop", "an average of scaled gradients", DECOUPLED_FIRST;
    LaPropOrtho = "laprop_ortho", "LaProp with updates orthogonal to the parameter", DECOUPLED_FIRST,
        projection: projection;
    OrthoLaProp = "ortho_laprop", "LaProp of gradients orthogonal to the parameter", DECOUPLED_FIRST,
        projection: projection;
    SignLaProp = "sign_laprop", "the sign of LaProp's update, with its norm", DECOUPLED_FIRST;
    SudsAdamW = "suds_adamw", "Adam in a basis that follows the gradients", DECOUPLED_FIRST,
        axis_rate: axis_rate;
    UnscaledAdamW = "unscaled_adamw", "an average of scaled gradients, scaled back", DECOUPLED_FIRST;
}

fn projection(from: &mut Reader<'_>, default: Orthogonalize) -> Result<Orthogonalize> {
    Ok(Orthogonalize {
        epsilon: from.amount("projection_eps", default.epsilon)?,
        floor: Floor::new(from.number("projection_floor", default.floor.get())?)?,
    })
}

fn axis_rate(from: &mut Reader<'_>, default: Amount) -> Result<Amount> {
    from.amount("precond_lr", default)
}

impl Named for AdEMAMix {
    const NAME: &'static str = "ademamix";
    const SUMMARY: &'static str = "Adam with a slow average beside the fast one";

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let default = Self::default();
        let learning_rate = from.learning_rate(default.learning_rate)?;
        Ok(Self {
            learning_rate,
            fast: from.decay("beta1", default.fast)?,
            second: from.second_decay("beta2", default.second)?,
            slow: from.decay("beta3", default.slow)?,
            slow_warm_up: from.whole("beta3_warmup", default.slow_warm_up)?,
            epsilon: from.epsilon(default.epsilon)?,
            alpha: from.amount("alpha", default.alpha)?,
            alpha_warm_up: from.whole("alpha_warmup", default.alpha_warm_up)?,
            weight_decay: from.weight_decay(0.0, &DECOUPLED_FIRST, learning_rate)?,
        })
    }
}

impl Named for HyperBallAdamW {
    const NAME: &'static str = "hyperball_adamw";
    const SUMMARY: &'static str = "scaled gradients; matrices keep their first norm";

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let default = Self::default();
        let learning_rate = from.learning_rate(default.learning_rate)?;
        Ok(Self {
            learning_rate,
            second: from.second_decay("beta2", default.second)?,
            epsilon: from.epsilon(default.epsilon)?,
            weight_decay: from.weight_decay(0.0, &DECOUPLED_FIRST, learning_rate)?,
        })
    }
}

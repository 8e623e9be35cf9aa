//! The first-order optimizers that HeavyBall has beside the basic ones.

use crate::catalogue::entries::Named;
use crate::catalogue::reader::{CORRECTED_FIRST, DECOUPLED_FIRST, Reader};
use crate::error::Result;
use crate::rule::{AdamC, Adopt, LaProp};

/// Rules whose hyperparameters are γ, β₁, β₂, ε and λ.
macro_rules! named {
    ($($rule:ident = $name:literal, $summary:literal, $kinds:ident;)+) => {$(
        impl Named for $rule {
            const NAME: &'static str = $name;
            const SUMMARY: &'static str = $summary;

            fn read(from: &mut Reader<'_>) -> Result<Self> {
                let default = Self::default();
                let learning_rate = from.learning_rate(default.learning_rate)?;
                Ok(Self {
                    learning_rate,
                    first: from.decay("beta1", default.first)?,
                    second: from.second_decay(default.second)?,
                    epsilon: from.epsilon(default.epsilon)?,
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
}

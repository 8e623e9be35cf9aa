//! SM3.

use crate::catalogue::entries::Named;
use crate::catalogue::hyperparameters::{Hyperparameters, Value};
use crate::catalogue::reader::{DECOUPLED_FIRST, Reader};
use crate::error::Result;
use crate::hyperparameter::Decay;
use crate::rule::{Sm3, Sm3Momentum};

impl Named for Sm3 {
    const NAME: &'static str = "sm3";
    const SUMMARY: &'static str = "Adagrad with a sum of squares per row and column";

    fn is_meant(by: &Hyperparameters) -> bool {
        matches!(by.get("momentum"), None | Some(Value::Number(0.0)))
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let Sm3Momentum { learning_rate, beta, epsilon, weight_decay, .. } = Sm3Momentum::read(from)?;
        Ok(Self { learning_rate, beta, epsilon, weight_decay })
    }
}

impl Named for Sm3Momentum {
    const NAME: &'static str = Sm3::NAME;
    const SUMMARY: &'static str = Sm3::SUMMARY;

    fn is_meant(by: &Hyperparameters) -> bool {
        !Sm3::is_meant(by)
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let default = Self::default();
        let learning_rate = from.learning_rate(default.learning_rate)?;
        Ok(Self {
            learning_rate,
            momentum: Decay::new(from.number("momentum", 0.0)?)?,
            beta: from.decay("beta", default.beta)?,
            epsilon: from.epsilon(default.epsilon)?,
            weight_decay: from.weight_decay(0.0, &DECOUPLED_FIRST, learning_rate)?,
        })
    }
}

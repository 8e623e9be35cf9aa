//! SGD, Adam, Lion.

use crate::catalogue::entries::Named;
use crate::catalogue::hyperparameters::{Hyperparameters, Value};
use crate::catalogue::reader::{DECOUPLED_FIRST, L2_FIRST, Reader};
use crate::error::Result;
use crate::hyperparameter::{Dampening, Decay};
use crate::rule::{Adam, AdamW, FirstMomentum, Lion, MomentumForm, Sgd, SgdMomentum};

impl Named for Sgd {
    const NAME: &'static str = "sgd";
    const SUMMARY: &'static str = "gradient descent, with momentum if it is not 0";

    fn is_meant(by: &Hyperparameters) -> bool {
        matches!(by.get("momentum"), None | Some(Value::Number(0.0)))
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let SgdMomentum { learning_rate, weight_decay, .. } = SgdMomentum::read(from)?;
        Ok(Self { learning_rate, weight_decay })
    }
}

impl Named for SgdMomentum {
    const NAME: &'static str = Sgd::NAME;
    const SUMMARY: &'static str = Sgd::SUMMARY;

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let learning_rate = from.learning_rate(Sgd::default().learning_rate)?;
        let momentum = Decay::new(from.number("momentum", 0.0)?)?;
        let dampening = Dampening::new(from.number("dampening", 0.0)?)?;
        let form = if from.flag("nesterov")? { MomentumForm::Nesterov } else { MomentumForm::Classical };
        let first = from.choice(
            "first_momentum",
            &[("gradient", FirstMomentum::Gradient), ("from_zero", FirstMomentum::FromZero)],
        )?;
        let weight_decay = from.weight_decay(0.0, &L2_FIRST, learning_rate)?;
        Ok(Self { learning_rate, momentum, dampening, first, form, weight_decay })
    }
}

impl Named for Adam {
    const NAME: &'static str = "adam";
    const SUMMARY: &'static str = "averages of the gradient and of its square";

    fn is_meant(by: &Hyperparameters) -> bool {
        by.get("amsgrad") != Some(&true.into())
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        from.flag("amsgrad")?;
        let default = Self::default();
        let learning_rate = from.learning_rate(default.learning_rate)?;
        Ok(Self {
            learning_rate,
            first: from.decay("beta1", default.first)?,
            second: from.second_decay("beta2", default.second)?,
            epsilon: from.epsilon(default.epsilon)?,
            weight_decay: from.weight_decay(0.0, &L2_FIRST, learning_rate)?,
        })
    }
}

impl Named for AdamW {
    const NAME: &'static str = "adamw";
    const SUMMARY: &'static str = "Adam with decoupled weight decay";

    fn is_meant(by: &Hyperparameters) -> bool {
        by.get("amsgrad") != Some(&true.into())
    }

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        from.flag("amsgrad")?;
        let default = Self::default();
        let learning_rate = from.learning_rate(default.learning_rate)?;
        let decay = default.weight_decay.per_learning_rate();
        Ok(Self {
            learning_rate,
            first: from.decay("beta1", default.first)?,
            second: from.second_decay("beta2", default.second)?,
            epsilon: from.epsilon(default.epsilon)?,
            weight_decay: from.weight_decay(decay, &DECOUPLED_FIRST, learning_rate)?,
        })
    }
}

impl Named for Lion {
    const NAME: &'static str = "lion";
    const SUMMARY: &'static str = "the sign of an interpolated momentum";

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let default = Self::default();
        let learning_rate = from.learning_rate(default.learning_rate)?;
        Ok(Self {
            learning_rate,
            direction: from.decay("beta1", default.direction)?,
            momentum: from.decay("beta2", default.momentum)?,
            weight_decay: from.weight_decay(0.0, &DECOUPLED_FIRST, learning_rate)?,
        })
    }
}

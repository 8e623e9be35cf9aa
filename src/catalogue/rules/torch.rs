//! What torch.optim has beside SGD and Adam.

use crate::catalogue::entries::Named;
use crate::catalogue::hyperparameters::{Hyperparameters, Value};
use crate::catalogue::reader::{L2_FIRST, Reader};
use crate::error::Result;
use crate::hyperparameter::Floor;
use crate::rule::{
    Adadelta, Adagrad, Adam, AdamW, Adamax, AmsGrad, AmsGradW, Averages, CenteredRmsProp,
    CenteredRmsPropMomentum, NAdam, RmsProp, RmsPropMomentum,
};

impl Named for NAdam {
    const NAME: &'static str = "nadam";
    const SUMMARY: &'static str = "Adam whose momentum looks one step ahead";

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let default = Self::default();
        let learning_rate = from.learning_rate(default.learning_rate)?;
        Ok(Self {
            learning_rate,
            first: from.decay("beta1", default.first)?,
            second: from.second_decay("beta2", default.second)?,
            epsilon: from.epsilon(default.epsilon)?,
            momentum_decay: from.amount("momentum_decay", default.momentum_decay)?,
            weight_decay: from.weight_decay(0.0, &L2_FIRST, learning_rate)?,
        })
    }
}

impl Named for Adagrad {
    const NAME: &'static str = "adagrad";
    const SUMMARY: &'static str = "the gradient by the root of the sum of its squares";

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let default = Self::default();
        let learning_rate = from.learning_rate(default.learning_rate)?;
        Ok(Self {
            learning_rate,
            initial: from.amount("initial_accumulator_value", default.initial)?,
            rate_decay: from.amount("lr_decay", default.rate_decay)?,
            epsilon: from.epsilon(default.epsilon)?,
            weight_decay: from.weight_decay(0.0, &L2_FIRST, learning_rate)?,
        })
    }
}

impl Named for Adadelta {
    const NAME: &'static str = "adadelta";
    const SUMMARY: &'static str = "steps as large as recent steps were";

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let default = Self::default();
        let learning_rate = from.learning_rate(default.learning_rate)?;
        Ok(Self {
            learning_rate,
            decay: from.decay("rho", default.decay)?,
            epsilon: Floor::new(from.number("eps", default.epsilon.get())?)?,
            weight_decay: from.weight_decay(0.0, &L2_FIRST, learning_rate)?,
        })
    }
}

impl Named for Adamax {
    const NAME: &'static str = "adamax";
    const SUMMARY: &'static str = "Adam with a fading maximum for the mean square";

    fn read(from: &mut Reader<'_>) -> Result<Self> {
        let default = Self::default();
        let learning_rate = from.learning_rate(default.learning_rate)?;
        Ok(Self {
            learning_rate,
            first: from.decay("beta1", default.first)?,
            maximum: from.decay("beta2", default.maximum)?,
            epsilon: Floor::new(from.number("eps", default.epsilon.get())?)?,
            weight_decay: from.weight_decay(0.0, &L2_FIRST, learning_rate)?,
        })
    }
}

macro_rules! amsgrad {
    ($($name:ident of $plain:ident;)+) => {$(
        impl Named for $name {
            const NAME: &'static str = <$plain as Named>::NAME;
            const SUMMARY: &'static str = <$plain as Named>::SUMMARY;

            fn is_meant(by: &Hyperparameters) -> bool {
                !$plain::is_meant(by)
            }

            fn read(from: &mut Reader<'_>) -> Result<Self> {
                Ok($plain::read(from)?.into())
            }
        }
    )+};
}

amsgrad! {
    AmsGrad of Adam;
    AmsGradW of AdamW;
}

/// Whether the hyperparameters ask for a momentum, and for centring.
fn rmsprop(by: &Hyperparameters) -> (bool, bool) {
    let momentum = !matches!(by.get("momentum"), None | Some(Value::Number(0.0)));
    (momentum, by.get("centered") == Some(&true.into()))
}

macro_rules! rmsprop {
    ($($name:ident($is_meant:pat $(, $momentum:ident)?);)+) => {$(
        impl Named for $name {
            const NAME: &'static str = "rmsprop";
            const SUMMARY: &'static str = "the gradient by the root of its mean square";

            fn is_meant(by: &Hyperparameters) -> bool {
                matches!(rmsprop(by), $is_meant)
            }

            fn read(from: &mut Reader<'_>) -> Result<Self> {
                let default = Self::default();
                let learning_rate = from.learning_rate(default.learning_rate)?;
                let averages = [("plain", Averages::Plain), ("debiased", Averages::Debiased)];
                from.flag("centered")?;
                from.number("momentum", 0.0)?;
                Ok(Self {
                    learning_rate,
                    decay: from.second_decay("rho", default.decay)?,
                    averages: from.choice("averages", &averages)?,
                    epsilon: from.epsilon(default.epsilon)?,
                    $($momentum: from.decay("momentum", default.momentum)?,)?
                    weight_decay: from.weight_decay(0.0, &L2_FIRST, learning_rate)?,
                })
            }
        }
    )+};
}

rmsprop! {
    RmsProp((false, false));
    RmsPropMomentum((true, false), momentum);
    CenteredRmsProp((false, true));
    CenteredRmsPropMomentum((true, true), momentum);
}

//! What torch.optim has beside SGD and Adam.

use crate::catalogue::entries::Named;
use crate::catalogue::hyperparameters::{Hyperparameters, Value};
use crate::catalogue::reader::{L2_FIRST, Reader};
use crate::error::Result;
use crate::rule::{Averages, CenteredRmsProp, CenteredRmsPropMomentum, NAdam, RmsProp, RmsPropMomentum};

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

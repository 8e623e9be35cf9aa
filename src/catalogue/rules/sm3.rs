//! SM3.

#[cfg(feature = "testing")]
use crate::catalogue::Configuration;
#[cfg(feature = "testing")]
use crate::catalogue::entries;
use crate::catalogue::entries::Named;
use crate::catalogue::hyperparameters::{Hyperparameters, Value};
use crate::catalogue::reader::{DECOUPLED_FIRST, Reader};
#[cfg(feature = "testing")]
use crate::error::Error;
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

/// The rule that a configuration of SM3 means for a parameter whose gradients are rows. It has no
/// momentum, whatever that of the others is: rows that are absent would move by it.
///
/// # Errors
/// [`Error::Combination`] for another optimizer; those of the hyperparameters.
#[cfg(feature = "testing")]
pub(crate) fn sm3_by_rows(configuration: &Configuration, parameter: &str) -> Result<Sm3> {
    if configuration.optimizer != <Sm3 as Named>::NAME {
        return Err(Error::Combination {
            option: "gradients by rows".to_owned(),
            with: format!("`{}`", configuration.optimizer),
            because: "recordings have them for `sm3` alone",
        });
    }
    let mut groups = configuration.groups.iter();
    let group = groups.find(|group| group.parameters.iter().any(|name| name == parameter));
    let mut hyperparameters = match group {
        Some(group) => configuration.hyperparameters.with(&group.hyperparameters),
        None => configuration.hyperparameters.clone(),
    };
    hyperparameters.remove("momentum");
    entries::rule(&hyperparameters)
}

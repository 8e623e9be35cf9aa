//! Everything that can be checked before there are parameters.

use crate::catalogue::formats::check_formats;
use crate::catalogue::plan::{Plan, Planned};
use crate::catalogue::{Configuration, Hyperparameters, entries};
use crate::error::{Error, Result};
use crate::hyperparameter::Limit;
use crate::schedule::Schedule;
use crate::transform::{ErasedRule, tunable_names};
use std::collections::BTreeMap;

impl Configuration {
    /// Refuses what cannot be built, whatever the parameters are called.
    ///
    /// [`from_toml`](Self::from_toml) and [`from_json`](Self::from_json) do this.
    ///
    /// # Errors
    /// [`Error::Configuration`], with the path of the field.
    pub fn check(&self) -> Result<()> {
        entries::named(&self.optimizer).map_err(|error| at("optimizer", &error))?;
        let none = Hyperparameters::default();
        Self::check_hyperparameters("hyperparameters", &self.optimizer, &none, &self.hyperparameters)?;
        for (number, group) in self.groups.iter().enumerate() {
            let path = format!("groups[{number}]");
            let (optimizer, base) = match &group.optimizer {
                None => (&self.optimizer, &self.hyperparameters),
                Some(own) => {
                    entries::named(own).map_err(|error| at(&format!("{path}.optimizer"), &error))?;
                    (own, &none)
                }
            };
            let of_group = format!("{path}.hyperparameters");
            Self::check_hyperparameters(&of_group, optimizer, base, &group.hyperparameters)?;
            if group.parameters.is_empty() {
                let reason = "a group has at least one name or pattern".to_owned();
                return Err(Error::Configuration { path: format!("{path}.parameters"), reason });
            }
        }
        if let Some(limit) = self.clip_global_norm {
            Limit::new(limit).map_err(|error| at("clip_global_norm", &error))?;
        }
        if let Some(scaling) = self.loss_scaling {
            scaling.check().map_err(|error| at("loss_scaling", &error))?;
        }
        // What is left concerns several fields at once.
        let resolved = self.resolved();
        let plan = Plan::new(&resolved).map_err(|error| at(super::WHOLE, &error))?;
        let planned = Planned::erased(&plan).map_err(|error| at(super::WHOLE, &error))?;
        check_schedules("schedules", &self.schedules, planned.rule.as_ref())?;
        for (number, group) in self.groups.iter().enumerate() {
            let rule = match &group.optimizer {
                None => planned.rule.copied(),
                Some(own) => rule_of(own, &group.hyperparameters)
                    .map_err(|error| at(&format!("groups[{number}].optimizer"), &error))?,
            };
            check_schedules(&format!("groups[{number}].schedules"), &group.schedules, rule.as_ref())?;
        }
        check_formats(&resolved).map_err(|error| at(super::WHOLE, &error))
    }

    /// Checks `own` on top of `base`, and blames the one without which there would be another error, or
    /// none.
    fn check_hyperparameters(
        path: &str,
        optimizer: &str,
        base: &Hyperparameters,
        own: &Hyperparameters,
    ) -> Result<()> {
        let check = |own: &Hyperparameters| entries::check(optimizer, &base.with(own));
        let Err(error) = check(own) else { return Ok(()) };
        if let Error::UnknownHyperparameter { hyperparameter, .. } = &error {
            return Err(at(&format!("{path}.{hyperparameter}"), &error));
        }
        let without = |name: &str| {
            let mut rest = own.clone();
            rest.remove(name);
            rest
        };
        let culprit =
            own.iter().map(|(name, _)| name).find(|name| check(&without(name)).as_ref() != Err(&error));
        Err(at(&culprit.map_or(path.to_owned(), |name| format!("{path}.{name}")), &error))
    }
}

/// The rule of an optimizer's name.
fn rule_of(optimizer: &str, hyperparameters: &Hyperparameters) -> Result<Box<dyn ErasedRule>> {
    let configuration =
        Configuration { hyperparameters: hyperparameters.clone(), ..Configuration::of(optimizer) };
    Ok(Planned::erased(&Plan::new(&configuration.resolved())?)?.rule)
}

/// Refuses schedules of what the rule does not have.
fn check_schedules(path: &str, schedules: &BTreeMap<String, Schedule>, rule: &dyn ErasedRule) -> Result<()> {
    let known = tunable_names(|visit| rule.copied().tune(visit));
    match schedules.keys().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(at(&format!("{path}.{name}"), &Error::not_tunable(name, &known))),
    }
}

fn at(path: &str, error: &Error) -> Error {
    Error::Configuration { path: path.to_owned(), reason: error.to_string() }
}

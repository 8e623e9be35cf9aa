//! Everything that can be checked before there are parameters.

use crate::catalogue::formats::check_formats;
use crate::catalogue::plan::{Plan, Planned};
use crate::catalogue::{Configuration, Hyperparameters, aliases, entries};
use crate::error::{Error, Result};
use crate::hyperparameter::Limit;
use crate::schedule::Schedule;
use std::collections::BTreeMap;

impl Configuration {
    /// Refuses what cannot be built, whatever the parameters are called.
    ///
    /// [`from_toml`](Self::from_toml) and [`from_json`](Self::from_json) do this.
    ///
    /// # Errors
    /// [`Error::Configuration`], with the path of the field.
    pub fn check(&self) -> Result<()> {
        let name = aliases::resolved(&self.optimizer, &self.hyperparameters).0;
        entries::named(&name).map_err(|error| at("optimizer", &error))?;
        self.check_hyperparameters("hyperparameters", &Hyperparameters::default(), &self.hyperparameters)?;
        for (number, group) in self.groups.iter().enumerate() {
            let path = format!("groups[{number}].hyperparameters");
            self.check_hyperparameters(&path, &self.hyperparameters, &group.hyperparameters)?;
            if group.parameters.is_empty() {
                let reason = "a group has at least one name or pattern".to_owned();
                return Err(Error::Configuration { path: format!("groups[{number}].parameters"), reason });
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
        let planned = Planned::erased(&resolved, &plan).map_err(|error| at(super::WHOLE, &error))?;
        let mut known = Vec::new();
        planned.rule.copied().tune(&mut |name, _| known.push(name));
        check_schedules("schedules", &self.schedules, &known)?;
        for (number, group) in self.groups.iter().enumerate() {
            check_schedules(&format!("groups[{number}].schedules"), &group.schedules, &known)?;
        }
        check_formats(&resolved).map_err(|error| at(super::WHOLE, &error))
    }

    /// Checks `own` on top of `base`, and blames the one without which there would be another error, or
    /// none.
    fn check_hyperparameters(&self, path: &str, base: &Hyperparameters, own: &Hyperparameters) -> Result<()> {
        let check = |own: &Hyperparameters| entries::check(&self.optimizer, &base.with(own));
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

/// Refuses schedules of what the rule does not have.
fn check_schedules(path: &str, schedules: &BTreeMap<String, Schedule>, known: &[&str]) -> Result<()> {
    match schedules.keys().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let known = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let error = Error::NotTunable { name: name.clone(), known };
            Err(at(&format!("{path}.{name}"), &error))
        }
    }
}

fn at(path: &str, error: &Error) -> Error {
    Error::Configuration { path: path.to_owned(), reason: error.to_string() }
}

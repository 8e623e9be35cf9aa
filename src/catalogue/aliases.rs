//! Names that mean another optimizer with switches on.

use super::entries::Entry;
use super::{Configuration, Hyperparameters};

/// A name, what it means, and the switches.
struct Alias {
    entry: Entry,
    optimizer: &'static str,
    is_palm: bool,
    is_scheduled: bool,
}

const fn alias(
    name: &'static str,
    summary: &'static str,
    optimizer: &'static str,
    [is_palm, is_scheduled]: [bool; 2],
) -> Alias {
    Alias { entry: Entry { name, summary }, optimizer, is_palm, is_scheduled }
}

const ALIASES: [Alias; 6] = [
    alias("palm_sf_adamw", "schedule-free AdamW with PaLM's β₂", "sf_adamw", [true, false]),
    alias("palm_soap", "SOAP with PaLM's β₂", "soap", [true, false]),
    alias("precond_schedule_soap", "SOAP whose bases are refreshed ever less often", "soap", [false, true]),
    alias("precond_schedule_palm_soap", "the same with PaLM's β₂", "soap", [true, true]),
    alias("precond_schedule_sf_palm_soap", "the same, schedule-free", "sf_soap", [true, true]),
    alias("sf_palm_soap", "schedule-free SOAP with PaLM's β₂", "sf_soap", [true, false]),
];

/// All of them.
pub(super) fn entries() -> impl Iterator<Item = Entry> {
    ALIASES.iter().map(|alias| alias.entry)
}

/// The name that is meant, and its hyperparameters.
pub(super) fn resolved(optimizer: &str, hyperparameters: &Hyperparameters) -> (String, Hyperparameters) {
    let mut hyperparameters = hyperparameters.clone();
    let Some(alias) = ALIASES.iter().find(|alias| alias.entry.name == optimizer) else {
        return (optimizer.to_owned(), hyperparameters);
    };
    if alias.is_palm {
        hyperparameters.set("palm", true);
    }
    if alias.is_scheduled && hyperparameters.get("refresh").is_none() {
        hyperparameters.set("refresh", "scheduled");
    }
    (alias.optimizer.to_owned(), hyperparameters)
}

impl Configuration {
    /// The same optimizer under the name that is meant.
    pub(super) fn resolved(&self) -> Self {
        let (optimizer, hyperparameters) = resolved(&self.optimizer, &self.hyperparameters);
        Self { optimizer, hyperparameters, ..self.clone() }
    }
}

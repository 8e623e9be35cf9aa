//! Names that mean another optimizer with a switch on.

use super::entries::Entry;
use super::{Configuration, Hyperparameters};

/// A name, what it means, and the switch.
struct Alias {
    entry: Entry,
    optimizer: &'static str,
    switch: &'static str,
}

const ALIASES: [Alias; 1] = [Alias {
    entry: Entry { name: "palm_sf_adamw", summary: "schedule-free AdamW with PaLM's β₂" },
    optimizer: "sf_adamw",
    switch: "palm",
}];

/// All of them.
pub(super) fn entries() -> impl Iterator<Item = Entry> {
    ALIASES.iter().map(|alias| alias.entry)
}

/// The name that is meant, and its hyperparameters.
pub(super) fn resolved(optimizer: &str, hyperparameters: &Hyperparameters) -> (String, Hyperparameters) {
    let mut hyperparameters = hyperparameters.clone();
    match ALIASES.iter().find(|alias| alias.entry.name == optimizer) {
        None => (optimizer.to_owned(), hyperparameters),
        Some(alias) => {
            hyperparameters.set(alias.switch, true);
            (alias.optimizer.to_owned(), hyperparameters)
        }
    }
}

impl Configuration {
    /// The same optimizer under the name that is meant.
    pub(super) fn resolved(&self) -> Self {
        let (optimizer, hyperparameters) = resolved(&self.optimizer, &self.hyperparameters);
        Self { optimizer, hyperparameters, ..self.clone() }
    }
}

//! Names that mean another optimizer with switches on, or two.

use super::entries::Entry;
use super::plan::Chosen;
use super::{Configuration, Hyperparameters, Value};
use crate::error::{Error, Result};

/// A name, what it means, and the switches.
struct Alias {
    entry: Entry,
    optimizer: &'static str,
    is_palm: bool,
    is_scheduled: bool,
    /// Another optimizer for what is no matrix.
    vectors: Option<&'static str>,
}

/// Hyperparameters of a rule for matrices that one for vectors does not have.
const OF_MATRICES: [&str; 3] = ["momentum_form", "scaling", "zeroth_power_mode"];
/// The other way round.
const OF_VECTORS: [&str; 6] = ["beta2", "palm", "beta2_scale", "eps", "epsilon_form", "amsgrad"];

const fn alias(
    name: &'static str,
    summary: &'static str,
    optimizer: &'static str,
    [is_palm, is_scheduled]: [bool; 2],
) -> Alias {
    Alias { entry: Entry { name, summary }, optimizer, is_palm, is_scheduled, vectors: None }
}

const ALIASES: [Alias; 7] = [
    Alias {
        vectors: Some("adamw"),
        ..alias(
            "muon_adamw",
            "Muon for matrices, with updates of AdamW's size, and AdamW for all others",
            "muon",
            [false, false],
        )
    },
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

impl Configuration {
    /// The same under the names that are meant. Names that mean two optimizers stay: see [`parted`].
    pub(super) fn resolved(&self) -> Self {
        let mut resolved = self.clone();
        resolve(&mut resolved.optimizer, &mut resolved.hyperparameters);
        for group in &mut resolved.groups {
            if let Some(optimizer) = &mut group.optimizer {
                resolve(optimizer, &mut group.hyperparameters);
            }
        }
        resolved
    }
}

fn resolve(optimizer: &mut String, hyperparameters: &mut Hyperparameters) {
    if let Some(alias) = find(optimizer)
        && alias.vectors.is_none()
    {
        alias.switch(hyperparameters);
        alias.optimizer.clone_into(optimizer);
    }
}

/// Two optimizers, each with what belongs to it: for matrices, and for vectors.
pub(super) fn parted(chosen: &Chosen) -> Option<[Chosen; 2]> {
    let alias = find(&chosen.optimizer)?;
    let mut chosen = chosen.clone();
    // One rate for both, which takes updates of one size.
    for (name, value) in [("lr", Value::from(1e-3)), ("beta1", 0.9.into()), ("scaling", "as_adamw".into())] {
        if chosen.hyperparameters.get(name).is_none() {
            chosen.hyperparameters.set(name, value);
        }
    }
    let part = |optimizer: &str, others: &[&str]| {
        let mut part = Chosen { optimizer: optimizer.to_owned(), ..chosen.clone() };
        others.iter().for_each(|name| _ = part.hyperparameters.remove(name));
        part
    };
    Some([part(alias.optimizer, &OF_VECTORS), part(alias.vectors?, &OF_MATRICES)])
}

/// Refuses names that mean two optimizers, where there is room for one.
pub(super) fn check_one(name: &str) -> Result<()> {
    match find(name) {
        Some(Alias { vectors: Some(_), .. }) => Err(Error::Combination {
            option: format!("`{name}`"),
            with: "a group".to_owned(),
            because: "it is two optimizers; give a group to each",
        }),
        _ => Ok(()),
    }
}

fn find(name: &str) -> Option<&'static Alias> {
    ALIASES.iter().find(|alias| alias.entry.name == name)
}

impl Alias {
    /// Turns on what the name says.
    fn switch(&self, hyperparameters: &mut Hyperparameters) {
        if self.is_palm {
            hyperparameters.set("palm", true);
        }
        if self.is_scheduled && hyperparameters.get("refresh").is_none() {
            hyperparameters.set("refresh", "scheduled");
        }
    }
}

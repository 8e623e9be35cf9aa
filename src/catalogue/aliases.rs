//! Names that mean another optimizer with switches on.

use super::entries::Entry;
use super::{Configuration, Hyperparameters, Value};

/// A name, what it means, and the switches.
struct Alias {
    entry: Entry,
    optimizer: &'static str,
    is_palm: bool,
    is_scheduled: bool,
    /// What holds unless the user says otherwise.
    settings: &'static [(&'static str, Setting)],
}

/// A value that a constant can hold.
#[derive(Clone, Copy)]
enum Setting {
    Number(f64),
    Text(&'static str),
    Flag(bool),
}

impl From<Setting> for Value {
    fn from(setting: Setting) -> Self {
        match setting {
            Setting::Number(number) => number.into(),
            Setting::Text(text) => text.into(),
            Setting::Flag(flag) => flag.into(),
        }
    }
}

const fn alias(
    name: &'static str,
    summary: &'static str,
    optimizer: &'static str,
    [is_palm, is_scheduled]: [bool; 2],
) -> Alias {
    Alias { entry: Entry { name, summary }, optimizer, is_palm, is_scheduled, settings: &[] }
}

const fn of_psgd(
    name: &'static str,
    summary: &'static str,
    settings: &'static [(&'static str, Setting)],
) -> Alias {
    let entry = Entry { name, summary };
    Alias { entry, optimizer: "psgd_kron", is_palm: false, is_scheduled: false, settings }
}

const ALIASES: [Alias; 10] = [
    of_psgd(
        "delayed_psgd",
        "PSGD whose update meets the factors from before its own fit",
        &[("delayed", Setting::Flag(true))],
    ),
    of_psgd(
        "kron",
        "PSGD with Kronecker factors as in kron_torch",
        &[
            ("balance", Setting::Text("drawn")),
            ("clip", Setting::Text("rms")),
            ("damping", Setting::Text("of_mean")),
            ("decayed", Setting::Text("matrices")),
            ("lower_bound_beta", Setting::Number(0.0)),
            ("lr", Setting::Number(3e-4)),
            ("max_size_triangular", Setting::Number(8192.0)),
            ("merging", Setting::Text("squarer")),
            ("precond_init_scale", Setting::Number(1.0)),
            ("spectral_bound", Setting::Text("one_column")),
        ],
    ),
    of_psgd(
        "psgd_pro",
        "PSGD with nearly symmetric factors",
        &[("clip", Setting::Text("none")), ("geometry", Setting::Text("symmetric"))],
    ),
    of_psgd("pure_psgd", "PSGD without momentum", &[("exp_avg_input", Setting::Flag(false))]),
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
    for (name, setting) in alias.settings {
        if hyperparameters.get(name).is_none() {
            hyperparameters.set(name, *setting);
        }
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

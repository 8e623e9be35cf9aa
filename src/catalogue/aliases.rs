//! Names that mean another optimizer with other settings, or two.

use super::entries::Entry;
use super::plan::Chosen;
use super::{Configuration, Hyperparameters, Value};
use crate::error::{Error, Result};
use Setting::{Flag, Number, Text};

/// A name, and what it means.
struct Alias {
    entry: Entry,
    optimizer: &'static str,
    /// What holds unless the user says otherwise.
    settings: &'static [(&'static str, Setting)],
    /// Another optimizer for what is no matrix.
    vectors: Option<&'static str>,
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
            Number(number) => number.into(),
            Text(text) => text.into(),
            Flag(flag) => flag.into(),
        }
    }
}

/// Hyperparameters of a rule for matrices that one for vectors does not have.
const OF_MATRICES: [&str; 4] = ["matrix_precision", "momentum_form", "scaling", "zeroth_power_mode"];
/// The other way round.
const OF_VECTORS: [&str; 6] = ["beta2", "palm", "beta2_scale", "eps", "epsilon_form", "amsgrad"];

const fn alias(
    name: &'static str,
    summary: &'static str,
    optimizer: &'static str,
    settings: &'static [(&'static str, Setting)],
) -> Alias {
    Alias { entry: Entry { name, summary }, optimizer, settings, vectors: None }
}

const PALM: (&str, Setting) = ("palm", Flag(true));
const SCHEDULED: (&str, Setting) = ("refresh", Text("scheduled"));

const ALIASES: [Alias; 12] = [
    alias(
        "delayed_psgd",
        "PSGD whose update meets the factors from before its own fit",
        "psgd_kron",
        &[("delayed", Flag(true))],
    ),
    alias(
        "kron",
        "PSGD with Kronecker factors as in kron_torch",
        "psgd_kron",
        &[
            ("balance", Text("drawn")),
            ("clip", Text("rms")),
            ("damping", Text("of_mean")),
            ("decayed", Text("matrices")),
            ("lower_bound_beta", Number(0.0)),
            ("lr", Number(3e-4)),
            ("max_size_triangular", Number(8192.0)),
            ("merging", Text("squarer")),
            ("precond_init_scale", Number(1.0)),
            ("spectral_bound", Text("one_column")),
        ],
    ),
    Alias {
        vectors: Some("adamw"),
        ..alias(
            "muon_adamw",
            "Muon for matrices, with updates of AdamW's size, and AdamW for all others",
            "muon",
            // One rate for both, which takes updates of one size.
            &[("lr", Number(1e-3)), ("beta1", Number(0.9)), ("scaling", Text("as_adamw"))],
        )
    },
    alias("palm_sf_adamw", "schedule-free AdamW with PaLM's β₂", "sf_adamw", &[PALM]),
    alias("palm_soap", "SOAP with PaLM's β₂", "soap", &[PALM]),
    alias("precond_schedule_palm_soap", "the same with PaLM's β₂", "soap", &[PALM, SCHEDULED]),
    alias("precond_schedule_sf_palm_soap", "the same, schedule-free", "sf_soap", &[PALM, SCHEDULED]),
    alias("precond_schedule_soap", "SOAP whose bases are refreshed ever less often", "soap", &[SCHEDULED]),
    alias(
        "psgd_pro",
        "PSGD with nearly symmetric factors",
        "psgd_kron",
        &[("clip", Text("none")), ("geometry", Text("symmetric"))],
    ),
    alias("pure_psgd", "PSGD without momentum", "psgd_kron", &[("exp_avg_input", Flag(false))]),
    alias(
        "qsgd",
        "PSGD with nearly symmetric factors, of which an update meets the root",
        "psgd_kron",
        &[("clip", Text("none")), ("geometry", Text("symmetric_root"))],
    ),
    alias("sf_palm_soap", "schedule-free SOAP with PaLM's β₂", "sf_soap", &[PALM]),
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
    if let Some(alias) = find(optimizer) {
        for (name, setting) in alias.settings {
            if hyperparameters.get(name).is_none() {
                hyperparameters.set(name, *setting);
            }
        }
        if alias.vectors.is_none() {
            alias.optimizer.clone_into(optimizer);
        }
    }
}

/// Two optimizers, each with what belongs to it: for matrices, and for vectors.
pub(super) fn parted(chosen: &Chosen) -> Option<[Chosen; 2]> {
    let alias = find(&chosen.optimizer)?;
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

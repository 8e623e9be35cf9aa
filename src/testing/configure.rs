//! How the case of a recording becomes a configuration of the catalogue.
//!
//! Each family of packages has its own defaults and conventions; where they are not ours, they are
//! spelled out as explicit options.

use super::trajectory::{Recorded, Trajectory};
use super::variant::{Variant, psgd};
use crate::catalogue::{Configuration, Format, GroupConfiguration, Hyperparameters, StoreKind, entries};
use serde_json::{Map, Value};

/// What a replay needs to know beside the tensors.
pub(super) struct Plan {
    pub(super) configuration: Configuration,
    pub(super) format: Format,
    /// γ before each step, if it is scheduled.
    pub(super) learning_rates: Option<Vec<f64>>,
    pub(super) variant: Variant,
    /// Which steps only accumulate.
    pub(super) accumulate: Option<Vec<bool>>,
    /// Whether probes are recorded, which then take the place of drawn ones.
    pub(super) has_probes: bool,
}

/// Plans a replay, or says what of the case is not supported.
pub(super) fn plan(trajectory: &Trajectory) -> Result<Plan, String> {
    let case = &trajectory.case;
    let text = |key: &str| case.get(key).and_then(Value::as_str).unwrap_or_default();
    let optimizer = text("optimizer");
    if !entries().any(|entry| entry.name == optimizer) {
        return Err(format!("optimizer `{optimizer}`"));
    }
    let empty = Map::new();
    let hyper = case.get("hyper").and_then(Value::as_object).unwrap_or(&empty);
    let variant = Variant::of(hyper)?;
    if let Some(tensor) = trajectory.other.first() {
        return Err(format!("tensor `{tensor}`"));
    }
    let is_psgd = psgd::is_one(optimizer);
    if case.contains_key("balance") && !is_psgd {
        return Err("`balance`".to_owned());
    }
    if trajectory.parameters.iter().any(Recorded::has_probes) && !is_psgd {
        return Err("`noise`".to_owned());
    }

    let mut base = flat(hyper)?;
    if is_psgd {
        psgd::read_switches(hyper, &mut base);
        psgd::read_clip(optimizer, hyper, &mut base);
    }
    let state_format = match base.remove("storage_dtype") {
        None => None,
        Some(name) => Some(dtype(&name.to_string())?),
    };
    let mut groups = groups(case, optimizer)?;
    for group in &mut groups {
        let theirs = base.with(&group.hyperparameters);
        variant.translate(optimizer, &theirs, &mut group.hyperparameters)?;
    }
    let theirs = base.clone();
    variant.translate(optimizer, &theirs, &mut base)?;
    variant.fill_in(optimizer, &mut base);
    for (key, name) in [("update_preconditioner", "refreshed_at"), ("balance", "balanced_at")] {
        if let Some(flags) = list(case, key, Value::as_bool, trajectory.steps)? {
            let steps = (1..).zip(flags).filter(|(_, is)| *is).map(|(step, _): (u64, _)| step.to_string());
            base.set(name, steps.collect::<Vec<_>>().join(",").as_str());
        } else if is_psgd && key == "update_preconditioner" {
            base.set("fit", "always"); // wherever there is a probe
        }
    }
    let format = dtype(text("dtype"))?;
    let store = match (text("store").parse(), format) {
        // Such a recording speaks of its state or its factors, not of its parameters.
        (Ok(StoreKind::Stochastic), Format::F32) if state_format.is_some() || is_psgd => StoreKind::Nearest,
        (store, _) => store.map_err(|error: crate::error::Error| error.to_string())?,
    };
    let learning_rates = list(case, "lr", Value::as_f64, trajectory.steps)?;
    let accumulate = list(case, "accumulate", Value::as_bool, trajectory.steps)?;
    Ok(Plan {
        configuration: Configuration {
            hyperparameters: base,
            groups,
            state_format,
            store,
            ..Configuration::of(optimizer)
        },
        format,
        variant,
        learning_rates,
        accumulate,
        has_probes: is_psgd,
    })
}

/// The hyperparameters that say something; `variant` and what merely repeats other fields do not,
/// nor does a switch that is off.
fn flat(hyper: &Map<String, Value>) -> Result<Hyperparameters, String> {
    let mut hyperparameters = Hyperparameters::default();
    for (name, value) in hyper {
        match value {
            _ if ["variant", "kahan_sum", "lr_effective"].contains(&name.as_str()) => {}
            Value::Null | Value::Bool(false) => {}
            Value::Bool(true) => hyperparameters.set(name, true),
            Value::String(text) => hyperparameters.set(name, text.as_str()),
            Value::Number(number) => match number.as_f64() {
                Some(0.0) if ["warmup_steps", "gradient_clip_val"].contains(&name.as_str()) => {}
                Some(number) => hyperparameters.set(name, number),
                None => return Err(format!("hyperparameter `{name}`")),
            },
            Value::Array(stages) if name == "chain" => {
                let names = stages.iter().map(|stage| stage.get("transform").and_then(Value::as_str));
                let names = names.collect::<Option<Vec<_>>>().ok_or("`chain` without names")?;
                hyperparameters.set(name, names.join(",").as_str());
            }
            Value::Array(pair) if name == "precond_scheduler" && pair.len() == 2 => {
                for (name, number) in ["refresh_scale", "refresh_power"].iter().zip(pair) {
                    hyperparameters.set(name, number.as_f64().ok_or("`precond_scheduler` without numbers")?);
                }
            }
            Value::Array(_) | Value::Object(_) => return Err(format!("hyperparameter `{name}`")),
        }
    }
    Ok(hyperparameters)
}

fn groups(case: &Map<String, Value>, optimizer: &str) -> Result<Vec<GroupConfiguration>, String> {
    let groups = case.get("groups").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let group = |group: &Value| {
        let names = group.get("params").and_then(Value::as_array).ok_or("`groups` without `params`")?;
        let names = names.iter().map(|name| name.as_str().map(str::to_owned));
        let hyper = group.get("hyper").and_then(Value::as_object).ok_or("`groups` without `hyper`")?;
        let mut hyperparameters = flat(hyper)?;
        if psgd::is_one(optimizer) {
            psgd::read_switches(hyper, &mut hyperparameters);
        }
        Ok(GroupConfiguration {
            parameters: names.collect::<Option<_>>().ok_or("`groups` with a name that is no text")?,
            hyperparameters,
            ..GroupConfiguration::default()
        })
    };
    groups.iter().map(group).collect()
}

fn dtype(name: &str) -> Result<Format, String> {
    match name {
        "bfloat16" => Ok(Format::Bf16),
        "float16" => Ok(Format::F16),
        "float32" => Ok(Format::F32),
        other => other.parse().map_err(|error: crate::error::Error| error.to_string()),
    }
}

/// A list with an item for each step.
fn list<T>(
    case: &Map<String, Value>,
    key: &str,
    item: fn(&Value) -> Option<T>,
    steps: usize,
) -> Result<Option<Vec<T>>, String> {
    let Some(value) = case.get(key).filter(|value| !value.is_null()) else { return Ok(None) };
    let items = value.as_array().and_then(|list| list.iter().map(item).collect::<Option<Vec<_>>>());
    match items {
        Some(items) if items.len() == steps => Ok(Some(items)),
        _ => Err(format!("`{key}` that is not a list of {steps} values")),
    }
}

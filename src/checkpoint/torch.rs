//! The state of torch's `Adam` and `AdamW`, in and out.
//!
//! torch keeps moments as they are summed up, and divides them at each step by what is missing of their
//! weights. This library [keeps them divided](crate::rule::ScaleByAdam):
//!
//! ```text
//! first  = exp_avg/(1 − β₁ᵗ)
//! second = exp_avg_sq/(1 − β₂ᵗ)
//! ```
//!
//! The way there and back rounds once each, so a training that changes hands goes on to within rounding,
//! not to the bit. The [guide](crate::guide::checkpoints#from-torch-and-back) has the lines of Python.
//!
//! ```
//! use gradus::checkpoint::torch::{self, AdamState};
//! use gradus::cpu::Cpu;
//! use gradus::hyperparameter::Decay;
//! use gradus::optimizer::Build;
//! use gradus::rule::AdamW;
//!
//! let betas = (Decay::new(0.9)?, Decay::new(0.999)?);
//! let state = AdamState {
//!     parameter: "weight".to_owned(),
//!     shape: vec![2],
//!     step: 1,
//!     exp_avg: vec![0.1, -0.2],        // (1 − β₁)·g
//!     exp_avg_sq: vec![0.001, 0.004], // (1 − β₂)·g²
//! };
//! let mut optimizer = AdamW::default().build(Cpu::default(), &[("weight", vec![0.0f32; 2])])?;
//! let mut snapshot = optimizer.snapshot()?;
//! torch::import(&[state], betas, &mut snapshot)?;
//! optimizer.restore(&snapshot)?;
//! let first = &snapshot.tensors[0].state[0];
//! assert_eq!(first.0, "first");
//! assert!((first.1[0] - 1.0).abs() < 1e-6 && (first.1[1] + 2.0).abs() < 1e-6);
//! # Ok::<(), gradus::error::Error>(())
//! ```

use super::document::malformed;
use super::{Checked, of, quoted, replace};
use crate::device::Formats;
use crate::dtype::{Arithmetic, StorageDtype};
use crate::error::{CheckpointFlaw, Result};
use crate::hyperparameter::Decay;
use crate::optimizer::{Snapshot, TensorSnapshot};
use crate::real::Real;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use std::io::Write;
use std::path::Path;

/// What torch's Adam remembers of a parameter: an entry of `optimizer.state_dict()["state"]`.
#[derive(Clone, Debug, PartialEq)]
pub struct AdamState {
    /// The name of the parameter; torch itself only numbers them.
    pub parameter: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// How many gradients it has received.
    pub step: u64,
    /// β₁·exp_avg + (1 − β₁)·g, row-major.
    pub exp_avg: Vec<f32>,
    /// β₂·exp_avg_sq + (1 − β₂)·g², row-major.
    pub exp_avg_sq: Vec<f32>,
}

/// The stage whose state is torch's.
const STAGE: &str = "ScaleByAdam";

/// torch counts steps in `f32`, which is exact up to here.
const LARGEST_STEP: u64 = 1 << 24;

/// The state of every parameter that is not frozen, as torch would hold it. The β are those of the
/// training.
///
/// # Errors
/// [`Error::Checkpoint`](crate::error::Error::Checkpoint) if the rule is none that torch knows, or the
/// memory of a parameter is not row-major.
pub fn export<K: Formats>(snapshot: &Snapshot<K>, betas: (Decay, Decay)) -> Result<Vec<AdamState>> {
    let export = || -> Checked<Vec<AdamState>> {
        check_rule(snapshot)?;
        let tensors = snapshot.tensors.iter().filter(|tensor| is_trained(tensor));
        tensors.map(|tensor| export_one(tensor, betas)).collect()
    };
    export().map_err(|flaw| of("the state for torch".to_owned(), flaw))
}

/// Puts torch's state into the snapshot of an optimizer that was built for the same parameters, for
/// [`restore`](crate::optimizer::Optimizer::restore). Every parameter that is not frozen must have one.
///
/// # Errors
/// [`Error::Checkpoint`](crate::error::Error::Checkpoint), and the snapshot is as it was: if the rule is none
/// that torch knows; for parameters without state and state without parameters; for other shapes.
pub fn import<K: Formats>(states: &[AdamState], betas: (Decay, Decay), into: &mut Snapshot<K>) -> Result<()> {
    let check = || -> Checked<()> {
        check_rule(into)?;
        let names: Vec<_> = states.iter().map(|state| &state.parameter).collect();
        let here: Vec<_> = into.tensors.iter().filter(|tensor| is_trained(tensor)).collect();
        let missing = here.iter().filter(|tensor| !names.contains(&&tensor.name));
        let missing: Vec<_> = missing.map(|tensor| tensor.name.clone()).collect();
        let extra = names.iter().filter(|name| !here.iter().any(|tensor| tensor.name == ***name));
        let extra: Vec<_> = extra.map(|name| (*name).clone()).collect();
        if !missing.is_empty() || !extra.is_empty() {
            return Err(CheckpointFlaw::Parameters { missing, extra });
        }
        here.iter().try_for_each(|tensor| check_one(tensor, states))
    };
    check().map_err(|flaw| of("torch's state".to_owned(), flaw))?;
    for state in states {
        if let Some(tensor) = into.tensors.iter_mut().find(|tensor| tensor.name == state.parameter) {
            tensor.received = state.step;
            let weights = (1.0 - power(betas.0, state.step), 1.0 - power(betas.1, state.step));
            fill::<K>(tensor, 0, &state.exp_avg, weights.0);
            fill::<K>(tensor, 1, &state.exp_avg_sq, weights.1);
        }
    }
    into.steps = states.iter().map(|state| state.step).max().unwrap_or(0);
    Ok(())
}

/// Reads tensors `NAME/exp_avg`, `NAME/exp_avg_sq` and `NAME/step` from a safetensors file.
///
/// # Errors
/// [`Error::Checkpoint`](crate::error::Error::Checkpoint).
pub fn read(path: impl AsRef<Path>) -> Result<Vec<AdamState>> {
    let path = path.as_ref();
    let bytes = std::fs::read(path)
        .map_err(|error| of(quoted(path), CheckpointFlaw::Unreadable { reason: error.to_string() }))?;
    from_bytes(&bytes).map_err(|flaw| of(quoted(path), flaw))
}

/// Writes such a file, in the place of the old one if there is one.
///
/// # Errors
/// [`Error::Checkpoint`](crate::error::Error::Checkpoint).
pub fn write(path: impl AsRef<Path>, states: &[AdamState]) -> Result<()> {
    let path = path.as_ref();
    let bytes = to_bytes(states).map_err(|flaw| of(quoted(path), flaw))?;
    replace::with(path, |mut file| file.write_all(&bytes))
        .map_err(|error| of(quoted(path), CheckpointFlaw::Unwritable { reason: error.to_string() }))
}

fn is_trained<K: Formats>(tensor: &TensorSnapshot<K>) -> bool {
    tensor.state.first().is_some_and(|(_, values)| values.len() == tensor.layout.len())
}

fn check_rule<K: Formats>(snapshot: &Snapshot<K>) -> Checked<()> {
    for group in &snapshot.groups {
        let is_adam = group.stages.iter().any(|stage| stage == STAGE);
        let fields = snapshot.tensors.iter().all(|tensor| {
            tensor.state.iter().map(|(name, _)| name.as_str()).eq(["first", "second"])
                && tensor.axes.is_empty()
        });
        if !is_adam || !fields {
            return Err(CheckpointFlaw::Rule {
                group: group.label.clone(),
                expected: crate::optimizer::GroupSnapshot::described(&group.rule, &group.stages),
                found: "torch's Adam or AdamW".to_owned(),
            });
        }
    }
    Ok(())
}

/// βᵗ.
fn power(beta: Decay, step: u64) -> f64 {
    libm::pow(beta.get(), step as f64)
}

fn check_one<K: Formats>(tensor: &TensorSnapshot<K>, states: &[AdamState]) -> Checked<()> {
    let mut of_it = states.iter().filter(|state| state.parameter == tensor.name);
    let (Some(state), None) = (of_it.next(), of_it.next()) else {
        return Err(malformed(&tensor.name, "there are two states of it"));
    };
    check_order(tensor)?;
    let differs = |what: &str, expected: String, found: String| CheckpointFlaw::Differs {
        aspect: format!("the {what} of `{}`", tensor.name),
        expected,
        found,
    };
    if tensor.layout.shape() != state.shape {
        return Err(differs("shape", tensor.layout.to_string(), format!("{:?}", state.shape)));
    }
    for values in [&state.exp_avg, &state.exp_avg_sq] {
        if values.len() != tensor.layout.len() {
            return Err(differs("length", tensor.layout.len().to_string(), values.len().to_string()));
        }
    }
    Ok(())
}

fn check_order<K: Formats>(tensor: &TensorSnapshot<K>) -> Checked<()> {
    if tensor.layout == crate::shape::Layout::row_major(tensor.layout.shape()) {
        return Ok(());
    }
    Err(malformed(&tensor.name, "its memory is not row-major"))
}

fn export_one<K: Formats>(tensor: &TensorSnapshot<K>, betas: (Decay, Decay)) -> Checked<AdamState> {
    check_order(tensor)?;
    let moment = |field: usize, weight: f64| -> Vec<f32> {
        let values = tensor.state[field].1.iter();
        values.map(|value| (value.widen().to_f64() * weight) as f32).collect()
    };
    let step = tensor.received;
    Ok(AdamState {
        parameter: tensor.name.clone(),
        shape: tensor.layout.shape().to_vec(),
        step,
        exp_avg: moment(0, 1.0 - power(betas.0, step)),
        exp_avg_sq: moment(1, 1.0 - power(betas.1, step)),
    })
}

/// Divides a moment by the sum of its weights; before the first gradient both are 0.
fn fill<K: Formats>(tensor: &mut TensorSnapshot<K>, field: usize, values: &[f32], weight: f64) {
    let debiased = |value: &f32| if weight > 0.0 { f64::from(*value) / weight } else { 0.0 };
    let round = |value: f64| K::State::round(<K::State as StorageDtype>::Arithmetic::constant(value));
    tensor.state[field].1 = values.iter().map(|value| round(debiased(value))).collect();
}

fn from_bytes(bytes: &[u8]) -> Checked<Vec<AdamState>> {
    let file = SafeTensors::deserialize(bytes)
        .map_err(|error| CheckpointFlaw::NotACheckpoint { reason: error.to_string() })?;
    let mut names: Vec<_> =
        file.names().into_iter().filter_map(|name| name.strip_suffix("/exp_avg")).collect();
    names.sort_unstable();
    let is_known = |name: &str| {
        let parts = name.rsplit_once('/');
        parts.is_some_and(|(parameter, field)| {
            ["exp_avg", "exp_avg_sq", "step"].contains(&field) && names.binary_search(&parameter).is_ok()
        })
    };
    if let Some(other) = file.names().into_iter().find(|name| !is_known(name)) {
        return Err(malformed(
            other,
            "it is no state of torch's Adam: `exp_avg`, `exp_avg_sq` and `step` are",
        ));
    }
    names.into_iter().map(|name| state_of(&file, name)).collect()
}

fn state_of(file: &SafeTensors<'_>, parameter: &str) -> Checked<AdamState> {
    let tensor = |field: &str| {
        let name = format!("{parameter}/{field}");
        let tensor = file.tensor(&name).map_err(|_| malformed(&name, "it is not in the file"))?;
        let four = |bytes: &[u8]| [bytes[0], bytes[1], bytes[2], bytes[3]];
        if tensor.dtype() != Dtype::F32 {
            return Err(malformed(&name, "its numbers are not in `f32`"));
        }
        let values: Vec<f32> =
            tensor.data().chunks_exact(4).map(|bytes| f32::from_le_bytes(four(bytes))).collect();
        Ok((tensor.shape().to_vec(), values))
    };
    let (shape, exp_avg) = tensor("exp_avg")?;
    let (_, exp_avg_sq) = tensor("exp_avg_sq")?;
    let (_, step) = tensor("step")?;
    let whole = |step: &f32| *step >= 0.0 && *step <= LARGEST_STEP as f32 && step.fract() == 0.0;
    match step[..] {
        [step] if whole(&step) => {
            Ok(AdamState { parameter: parameter.to_owned(), shape, step: step as u64, exp_avg, exp_avg_sq })
        }
        _ => Err(malformed(format!("{parameter}/step"), "it is no whole number up to 2^24")),
    }
}

fn to_bytes(states: &[AdamState]) -> Checked<Vec<u8>> {
    let mut tensors = Vec::new();
    for AdamState { parameter, shape, step, exp_avg, exp_avg_sq } in states {
        if *step > LARGEST_STEP {
            return Err(malformed(format!("{parameter}/step"), "it is no whole number up to 2^24"));
        }
        let bytes = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        tensors.push((format!("{parameter}/exp_avg"), shape.clone(), bytes(exp_avg)));
        tensors.push((format!("{parameter}/exp_avg_sq"), shape.clone(), bytes(exp_avg_sq)));
        tensors.push((format!("{parameter}/step"), Vec::new(), bytes(&[*step as f32])));
    }
    let mut views = Vec::with_capacity(tensors.len());
    for (name, shape, bytes) in &tensors {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes);
        views.push((name, view.map_err(|error| malformed(name, &error.to_string()))?));
    }
    safetensors::serialize(views, None).map_err(|error| malformed("the header", &error.to_string()))
}

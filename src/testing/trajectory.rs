//! Recorded trajectories: initial parameters, gradients, and the parameters that followed.
//!
//! A recording is a safetensors file whose metadata has a JSON object `case`. Its tensors are
//! `param/<name>`, `grad/<step>/<name>`, `expect/<step>/<name>`, for narrow formats
//! `expect_f32/<step>/<name>`, which is the same run in f32, and `eval/<step>/<name>` where the model is
//! evaluated at another point than it is trained at. A gradient of a few rows is
//! `grad_indices/<step>/<name>`, the rows, and `grad_values/<step>/<name>`. `noise/<step>/<name>` is the
//! probe that a preconditioner was fitted with.

use safetensors::SafeTensors;
use serde_json::{Map, Value};
use std::fmt;
use std::path::Path;

/// A recording that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {reason}")]
pub struct Unreadable {
    /// The file.
    pub file: String,
    /// What is wrong with it.
    pub reason: String,
}

/// A recorded run.
#[derive(Debug)]
pub struct Trajectory {
    /// Its name.
    pub name: String,
    /// The metadata as recorded.
    pub case: Map<String, Value>,
    /// How many steps were taken.
    pub steps: usize,
    /// The steps after which parameters were recorded.
    pub checked: Vec<usize>,
    /// How far a replay may be from the recording.
    pub tolerance: Tolerance,
    /// The parameters.
    pub parameters: Vec<Recorded>,
    /// Names of tensors that a replay through the catalogue cannot use.
    pub other: Vec<String>,
}

/// How far a replay may be from a recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// Each value: |x − y| ≤ absolute + relative·|y|.
    Each {
        /// The absolute part.
        absolute: f64,
        /// The share of the recorded value.
        relative: f64,
    },
    /// All values together, against the run in f32.
    Together {
        /// The largest distance.
        largest: f64,
        /// The root mean square of the distances.
        rms: f64,
    },
}

/// A parameter of a recorded run. Values are widened exactly.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Its name.
    pub name: String,
    /// Its shape, row-major.
    pub shape: Vec<usize>,
    /// Its values before the first step.
    pub start: Vec<f32>,
    /// Its gradient at each step; [`None`] where it had none.
    pub gradients: Vec<Option<Vec<f32>>>,
    /// The rows of its gradient at each step that it has a gradient of a few rows at. What stands in
    /// `gradients` there are the values of these rows.
    pub rows: Vec<Option<Vec<usize>>>,
    /// The probe of its preconditioner at each step; [`None`] where there was none.
    pub probes: Vec<Option<Vec<f32>>>,
    /// Steps and the values that should follow them.
    pub expected: Vec<(usize, Vec<f32>)>,
    /// Steps and the values that should be evaluated after them, where those are others.
    pub evaluated: Vec<(usize, Vec<f32>)>,
}

impl Trajectory {
    /// Reads a recording.
    ///
    /// # Errors
    /// [`Unreadable`], with the reason.
    pub fn read(path: &Path) -> Result<Self, Unreadable> {
        let file = path.display().to_string();
        let bytes = std::fs::read(path)
            .map_err(|error| Unreadable { file: file.clone(), reason: error.to_string() })?;
        Self::from_bytes(&bytes).map_err(|reason| Unreadable { file, reason })
    }

    /// Reads a recording from memory.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let describe = |error: &dyn fmt::Display| format!("not a recording: {error}");
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| describe(&error))?;
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| describe(&error))?;
        let case = metadata.metadata().as_ref().and_then(|metadata| metadata.get("case"));
        let case = case.ok_or_else(|| describe(&"the metadata has no `case`"))?;
        let case: Map<String, Value> = serde_json::from_str(case).map_err(|error| describe(&error))?;

        let name = text(&case, "name")?;
        let steps = whole(case.get("steps"), "steps")?;
        let checked = case.get("checked_steps").and_then(Value::as_array);
        let checked = checked.ok_or("`checked_steps` is not a list")?;
        let checked = checked.iter().map(|step| whole(Some(step), "checked_steps"));
        let checked = checked.collect::<Result<Vec<_>, _>>()?;
        let tolerance = tolerance(&case)?;
        let against = match tolerance {
            Tolerance::Each { .. } => "expect",
            Tolerance::Together { .. } => "expect_f32",
        };

        let mut names: Vec<_> =
            tensors.names().into_iter().filter_map(|name| name.strip_prefix("param/")).collect();
        names.sort_unstable();
        let read = |name: &str| recorded(&tensors, name, steps, &checked, against);
        let parameters = names.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        if parameters.is_empty() {
            return Err("there is no `param/...` tensor".to_owned());
        }
        let used =
            ["param/", "grad/", "grad_indices/", "grad_values/", "expect/", "expect_f32/", "eval/", "noise/"];
        let mut other: Vec<_> = tensors.names().into_iter().map(str::to_owned).collect();
        other.retain(|name| !used.iter().any(|prefix| name.starts_with(prefix)));
        other.sort_unstable();
        Ok(Self { name, case, steps, checked, tolerance, parameters, other })
    }
}

impl Recorded {
    /// Whether its gradients are rows.
    pub(super) fn is_by_rows(&self) -> bool {
        self.rows.iter().any(Option::is_some)
    }

    /// Whether probes were recorded.
    pub(super) fn has_probes(&self) -> bool {
        self.probes.iter().any(Option::is_some)
    }

    /// Whether the values to be evaluated after `step` were recorded.
    pub(super) fn is_evaluated_after(&self, step: usize) -> bool {
        self.evaluated.iter().any(|(recorded, _)| *recorded == step)
    }
}

fn recorded(
    tensors: &SafeTensors<'_>,
    name: &str,
    steps: usize,
    checked: &[usize],
    against: &str,
) -> Result<Recorded, String> {
    let (shape, start) = values(tensors, &format!("param/{name}"))?.ok_or("a parameter disappeared")?;
    let of_this_shape = |tensor: String| match values(tensors, &tensor)? {
        Some((found, _)) if found != shape => {
            Err(format!("`{tensor}` has shape {found:?}, but the parameter has {shape:?}"))
        }
        Some((_, values)) => Ok(Some(values)),
        None => Ok(None),
    };
    let gradients = (1..=steps).map(|step| of_this_shape(format!("grad/{step}/{name}")));
    let mut gradients = gradients.collect::<Result<Vec<_>, _>>()?;
    let probes = (1..=steps).map(|step| of_this_shape(format!("noise/{step}/{name}")));
    let probes = probes.collect::<Result<Vec<_>, _>>()?;
    let mut rows = vec![None; steps];
    for (step, (gradient, rows)) in (1..=steps).zip(gradients.iter_mut().zip(&mut rows)) {
        if let Some((of_rows, values)) = gradient_of_rows(tensors, name, step, &shape)? {
            (*gradient, *rows) = (Some(values), Some(of_rows));
        }
    }
    let expected = checked.iter().map(|&step| {
        let tensor = format!("{against}/{step}/{name}");
        let values = of_this_shape(tensor.clone())?;
        values.map(|values| (step, values)).ok_or_else(|| format!("there is no tensor `{tensor}`"))
    });
    let expected = expected.collect::<Result<Vec<_>, _>>()?;
    let evaluated = checked.iter().map(|&step| {
        Ok::<_, String>(of_this_shape(format!("eval/{step}/{name}"))?.map(|values| (step, values)))
    });
    let evaluated = evaluated.filter_map(Result::transpose).collect::<Result<Vec<_>, _>>()?;
    Ok(Recorded { name: name.to_owned(), shape, start, gradients, rows, probes, expected, evaluated })
}

/// The rows of a gradient and their values, if it is one of a few rows.
fn gradient_of_rows(
    tensors: &SafeTensors<'_>,
    name: &str,
    step: usize,
    shape: &[usize],
) -> Result<Option<(Vec<usize>, Vec<f32>)>, String> {
    let (indices, gradient) = (format!("grad_indices/{step}/{name}"), format!("grad_values/{step}/{name}"));
    let Ok(tensor) = tensors.tensor(&indices) else { return Ok(None) };
    if tensor.dtype() != safetensors::Dtype::I64 || tensor.shape().len() != 1 {
        return Err(format!("`{indices}` is not a list of whole numbers"));
    }
    let rows = tensor.data().chunks_exact(8).map(|bytes| {
        let bytes: [u8; 8] = bytes.try_into().expect("eight bytes");
        usize::try_from(i64::from_le_bytes(bytes)).map_err(|_| format!("`{indices}` has a row below 0"))
    });
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let (found, values) =
        values(tensors, &gradient)?.ok_or_else(|| format!("there is no tensor `{gradient}`"))?;
    let mut expected = shape.to_vec();
    match expected.first_mut() {
        Some(first) => *first = rows.len(),
        None => return Err(format!("`{indices}` is of a parameter without rows")),
    }
    if found != expected {
        return Err(format!("`{gradient}` has shape {found:?}, but its rows need {expected:?}"));
    }
    Ok(Some((rows, values)))
}

/// The shape and the widened values of a tensor, if there is one of that name.
fn values(tensors: &SafeTensors<'_>, name: &str) -> Result<Option<(Vec<usize>, Vec<f32>)>, String> {
    let Ok(tensor) = tensors.tensor(name) else { return Ok(None) };
    let data = tensor.data();
    let half = |widen: fn(u16) -> f32| {
        data.chunks_exact(2).map(|bytes| widen(u16::from_le_bytes([bytes[0], bytes[1]]))).collect()
    };
    let values: Vec<f32> = match tensor.dtype() {
        safetensors::Dtype::F32 => {
            let words = data.chunks_exact(4);
            words.map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])).collect()
        }
        safetensors::Dtype::BF16 => half(|bits| half::bf16::from_bits(bits).to_f32()),
        safetensors::Dtype::F16 => half(|bits| half::f16::from_bits(bits).to_f32()),
        other => return Err(format!("tensor `{name}` is in {other:?}; recordings hold F32, BF16 or F16")),
    };
    Ok(Some((tensor.shape().to_vec(), values)))
}

fn tolerance(case: &Map<String, Value>) -> Result<Tolerance, String> {
    let tolerance = case.get("tolerance").and_then(Value::as_object);
    let tolerance = tolerance.ok_or("`tolerance` is not an object")?;
    let number = |key: &str| {
        tolerance.get(key).and_then(Value::as_f64).ok_or_else(|| format!("`tolerance.{key}` is not a number"))
    };
    if tolerance.contains_key("against") {
        return Ok(Tolerance::Together { largest: number("atol")?, rms: number("rms")? });
    }
    Ok(Tolerance::Each { absolute: number("atol")?, relative: number("rtol")? })
}

fn text(case: &Map<String, Value>, key: &str) -> Result<String, String> {
    case.get(key).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| format!("`{key}` is not a text"))
}

fn whole(value: Option<&Value>, key: &str) -> Result<usize, String> {
    let number = value.and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| format!("`{key}` is not a whole number"))
}

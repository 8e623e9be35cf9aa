//! What stands in the metadata: text for people, and for the way back.
//!
//! Each entry is a text, as safetensors wants it; those that are lists are JSON within. Numbers of rules are
//! written as text too, in the shortest form that reads as the same bits.

use super::{Checked, VERSION};
use crate::error::CheckpointFlaw;
use serde::{Deserialize, Serialize};

/// The value of the entry `format`.
pub(super) const FORMAT: &str = "gradus checkpoint";

/// What every digest begins with.
pub(super) const DIGEST: &str = "blake3:";

/// How many letters follow.
pub(super) const DIGEST_LENGTH: usize = 64;

/// The metadata of a checkpoint, in the order in which it is written. The digest comes first, so that its
/// place in the file is known.
#[derive(Serialize)]
pub(super) struct Entries {
    pub(super) digest: String,
    pub(super) format: &'static str,
    pub(super) version: String,
    pub(super) written_by: &'static str,
    pub(super) steps: String,
    pub(super) seed: String,
    pub(super) skipped: String,
    pub(super) phase: &'static str,
    pub(super) formats: String,
    pub(super) loss_scale: String,
    pub(super) groups: String,
    pub(super) parameters: String,
}

/// The formats of numbers and the store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FormatNames {
    pub(super) parameter: String,
    pub(super) state: String,
    pub(super) store: String,
}

/// A group.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupEntry {
    pub(super) label: String,
    pub(super) rule: String,
    /// Absent in files that were written before there was such an entry.
    #[serde(default)]
    pub(super) settings: Option<String>,
    pub(super) stages: Vec<String>,
    pub(super) learning_rate: String,
    pub(super) hyperparameters: Vec<(String, String)>,
    /// The names of its numbers, each of which is a tensor.
    pub(super) memory: Vec<String>,
}

/// A parameter.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ParameterEntry {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) strides: Vec<isize>,
    pub(super) group: String,
    pub(super) received: u64,
}

/// What the metadata says.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) steps: u64,
    pub(super) seed: u64,
    pub(super) skipped: u64,
    pub(super) evaluates: bool,
    pub(super) formats: FormatNames,
    pub(super) loss_scale: Option<(f64, u64)>,
    pub(super) groups: Vec<GroupEntry>,
    pub(super) parameters: Vec<ParameterEntry>,
}

/// Counters beyond this would overflow, and no training gets there.
const LARGEST_COUNT: u64 = 1 << 62;

impl Document {
    /// Reads the metadata, of which `get` knows the entries.
    pub(super) fn read<'a>(get: &dyn Fn(&str) -> Option<&'a str>) -> Checked<Self> {
        let phase = text(get, "phase")?;
        let loss_scale = match text(get, "loss_scale")? {
            "none" => None,
            scale => {
                let (value, good) = scale.split_once(' ').unwrap_or((scale, ""));
                Some((number("loss_scale", value)?, count("loss_scale", good)?))
            }
        };
        let parameters: Vec<ParameterEntry> = list(get, "parameters")?;
        for parameter in &parameters {
            let item = || format!("parameter `{}`", parameter.name);
            if parameter.received > LARGEST_COUNT {
                return Err(malformed(item(), "it has received more gradients than can be counted"));
            }
            if parameter.shape.len() != parameter.strides.len() {
                return Err(malformed(item(), "it has not as many strides as axes"));
            }
        }
        let seed = text(get, "seed")?;
        Ok(Self {
            steps: count("steps", text(get, "steps")?)?,
            seed: seed.parse().map_err(|_| malformed("seed", "it is no whole number below 2^64"))?,
            skipped: count("skipped", text(get, "skipped")?)?,
            evaluates: match phase {
                "training" => false,
                "evaluation" => true,
                _ => return Err(malformed("phase", "it is neither `training` nor `evaluation`")),
            },
            formats: list(get, "formats")?,
            loss_scale,
            groups: list(get, "groups")?,
            parameters,
        })
    }
}

/// The version, which is looked at before anything else.
pub(super) fn version<'a>(get: &dyn Fn(&str) -> Option<&'a str>) -> Checked<u64> {
    if get("format") != Some(FORMAT) {
        return Err(CheckpointFlaw::NotACheckpoint {
            reason: format!("the entry `format` of its metadata is not `{FORMAT}`"),
        });
    }
    match text(get, "version")?.parse() {
        Ok(0) | Err(_) => Err(malformed("version", "it is no whole number above 0")),
        Ok(version) => Ok(version),
    }
}

/// Refuses what a later version of the library has written.
pub(super) fn check_version(version: u64) -> Checked<()> {
    if version > VERSION { Err(CheckpointFlaw::Newer { version, known: VERSION }) } else { Ok(()) }
}

/// A number as the shortest text that reads as the same bits.
pub(super) fn as_text(number: f64) -> String {
    format!("{number:?}")
}

pub(super) fn number(item: &str, text: &str) -> Checked<f64> {
    text.parse().map_err(|_| malformed(item, &format!("`{text}` is no number")))
}

pub(super) fn malformed(item: impl Into<String>, reason: &str) -> CheckpointFlaw {
    CheckpointFlaw::Malformed { item: item.into(), reason: reason.to_owned() }
}

fn text<'a>(get: &dyn Fn(&str) -> Option<&'a str>, entry: &str) -> Checked<&'a str> {
    get(entry).ok_or_else(|| malformed(entry, "it is not in the metadata"))
}

fn count(item: &str, text: &str) -> Checked<u64> {
    let count = text.parse().ok().filter(|count| *count <= LARGEST_COUNT);
    count.ok_or_else(|| malformed(item, &format!("`{text}` is no whole number up to 2^62")))
}

fn list<'a, T: Deserialize<'a>>(get: &dyn Fn(&str) -> Option<&'a str>, entry: &str) -> Checked<T> {
    serde_json::from_str(text(get, entry)?).map_err(|error| malformed(entry, &error.to_string()))
}

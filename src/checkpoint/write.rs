//! From a snapshot to bytes.
//!
//! ```text
//! 8 bytes: the length of the header │ header, JSON │ tensors, those of wide numbers first
//! ```
//!
//! The same state gives the same bytes. The digest is that of the whole file with zeros in its own place,
//! which is filled in at the end.

use super::VERSION;
use super::document::{
    DIGEST, DIGEST_LENGTH, Entries, FORMAT, FormatNames, GroupEntry, ParameterEntry, as_text,
};
use crate::device::{Formats, Number};
use crate::dtype::{Format, NarrowNumbers, StorageDtype};
use crate::optimizer::{GroupSnapshot, Snapshot, TensorSnapshot};
use crate::shape::Layout;
use crate::store::Store;
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::collections::HashSet;
use std::io::{self, Error, ErrorKind, Seek, SeekFrom, Write};

/// What stands before the digest, behind the length.
pub(super) const BEFORE_DIGEST: &str = r#"{"__metadata__":{"digest":"blake3:"#;

/// A tensor to be written. Its bytes are in the order of memory.
struct Entry<'a> {
    name: String,
    format: Format,
    shape: Vec<usize>,
    bytes: &'a [u8],
}

/// Writes a checkpoint where the writer stands.
pub(super) fn write<K: Formats>(snapshot: &Snapshot<K>, into: &mut (impl Write + Seek)) -> io::Result<()> {
    let entries = entries_of(snapshot);
    write_entries(&metadata(snapshot)?, entries, into)
}

/// The label under which frozen parameters stand, of which nothing is remembered.
pub(super) const FROZEN: &str = "frozen";

/// The name of the tensor of a field of state.
pub(super) fn element_name(parameter: &str, field: &str) -> String {
    format!("{parameter}/{field}")
}

/// The name of the tensor of something else that is kept of a parameter.
pub(super) fn other_name(parameter: &str, kind: &str, field: &str) -> String {
    format!("{parameter}/{kind}/{field}")
}

/// The name of the tensor of a group's number.
pub(super) fn group_name(label: &str, field: &str) -> String {
    format!("/group/{label}/{field}")
}

/// The name of the tensor of a parameter at the point for training.
pub(super) fn at_training_name(parameter: &str) -> String {
    format!("{parameter}/at_training/parameter")
}

fn entries_of<K: Formats>(snapshot: &Snapshot<K>) -> Vec<Entry<'_>> {
    let mut list = Vec::new();
    for group in &snapshot.groups {
        let numbers = group.memory.iter();
        list.extend(numbers.map(|(field, number)| single(group_name(&group.label, field), number)));
    }
    for tensor in snapshot.tensors.iter().filter(|tensor| tensor.group != FROZEN) {
        entries_of_tensor(tensor, &mut list);
    }
    // Wide numbers first, so that each tensor lies at a multiple of its numbers' length.
    list.sort_by_key(|entry| core::cmp::Reverse(entry.format.bytes()));
    list
}

fn entries_of_tensor<'a, K: Formats>(tensor: &'a TensorSnapshot<K>, list: &mut Vec<Entry<'a>>) {
    let TensorSnapshot {
        name,
        layout,
        state,
        axes,
        carry,
        tensor: numbers,
        matrices,
        narrow,
        own,
        at_training,
        ..
    } = tensor;
    for (field, values) in state {
        list.push(of_elements(element_name(name, field), layout, values));
    }
    for (field, values) in axes {
        list.push(in_a_line(other_name(name, "axes", field), values));
    }
    for (field, values) in carry {
        list.push(of_elements(other_name(name, "carry", field), layout, values));
    }
    for (field, values) in numbers {
        list.push(in_a_line::<Number<K>>(other_name(name, "tensor", field), values));
    }
    for (field, values) in matrices {
        list.push(in_a_line::<Number<K>>(other_name(name, "matrix", field), values));
    }
    for (field, values) in narrow {
        let name = other_name(name, "matrix", field);
        list.push(match values {
            NarrowNumbers::Bf16(values) => in_a_line(name, values),
            NarrowNumbers::F16(values) => in_a_line(name, values),
        });
    }
    list.extend(own.iter().map(|(field, number)| single(other_name(name, "own", field), number)));
    if let Some(values) = at_training {
        list.push(of_elements(at_training_name(name), layout, values));
    }
}

/// A number per element: in the shape of the parameter, if its memory is in the order of safetensors.
fn of_elements<'a, T: StorageDtype>(name: String, layout: &Layout, values: &'a [T]) -> Entry<'a> {
    let is_whole = values.len() == layout.len() && *layout == Layout::row_major(layout.shape());
    let shape = if is_whole { layout.shape().to_vec() } else { vec![values.len()] };
    Entry { name, format: T::FORMAT, shape, bytes: bytemuck::cast_slice(values) }
}

fn in_a_line<T: StorageDtype>(name: String, values: &[T]) -> Entry<'_> {
    Entry { name, format: T::FORMAT, shape: vec![values.len()], bytes: bytemuck::cast_slice(values) }
}

fn single(name: String, number: &f64) -> Entry<'_> {
    Entry { name, format: Format::F64, shape: Vec::new(), bytes: bytemuck::bytes_of(number) }
}

fn metadata<K: Formats>(snapshot: &Snapshot<K>) -> io::Result<Entries> {
    let groups: Vec<_> = snapshot.groups.iter().map(group_entry).collect();
    let parameters: Vec<_> = snapshot.tensors.iter().map(parameter_entry).collect();
    let formats = FormatNames {
        parameter: K::Parameter::NAME.to_owned(),
        state: K::State::NAME.to_owned(),
        store: K::Store::NAME.to_owned(),
    };
    let evaluates = snapshot.tensors.iter().any(|tensor| tensor.at_training.is_some());
    let scale = |(value, good)| format!("{} {good}", as_text(value));
    Ok(Entries {
        digest: format!("{DIGEST}{}", "0".repeat(DIGEST_LENGTH)),
        format: FORMAT,
        version: VERSION.to_string(),
        written_by: concat!("gradus ", env!("CARGO_PKG_VERSION")),
        steps: snapshot.steps.to_string(),
        seed: snapshot.seed.to_string(),
        skipped: snapshot.skipped.to_string(),
        phase: if evaluates { "evaluation" } else { "training" },
        formats: serde_json::to_string(&formats)?,
        loss_scale: snapshot.loss_scale.map_or("none".to_owned(), scale),
        groups: serde_json::to_string(&groups)?,
        parameters: serde_json::to_string(&parameters)?,
    })
}

fn group_entry(group: &GroupSnapshot) -> GroupEntry {
    let hyperparameters = group.hyperparameters.iter();
    GroupEntry {
        label: group.label.clone(),
        rule: group.rule.clone(),
        settings: group.settings.clone(),
        stages: group.stages.clone(),
        learning_rate: as_text(group.learning_rate.get()),
        hyperparameters: hyperparameters.map(|(name, number)| (name.clone(), as_text(*number))).collect(),
        memory: group.memory.iter().map(|(name, _)| name.clone()).collect(),
    }
}

fn parameter_entry<K: Formats>(tensor: &TensorSnapshot<K>) -> ParameterEntry {
    ParameterEntry {
        name: tensor.name.clone(),
        shape: tensor.layout.shape().to_vec(),
        strides: tensor.layout.strides().to_vec(),
        group: tensor.group.clone(),
        received: tensor.received,
    }
}

/// The header as safetensors wants it.
struct Header<'a> {
    metadata: &'a Entries,
    tensors: &'a [Entry<'a>],
}

/// What the header says of a tensor.
#[derive(serde::Serialize)]
struct Place {
    dtype: &'static str,
    shape: Vec<usize>,
    data_offsets: [usize; 2],
}

impl Serialize for Header<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.tensors.len() + 1))?;
        map.serialize_entry("__metadata__", self.metadata)?;
        let mut begin = 0;
        for Entry { name, format, shape, bytes } in self.tensors {
            let end = begin + bytes.len();
            let dtype = dtype(*format);
            let shape = stored_shape(*format, shape);
            map.serialize_entry(name, &Place { dtype, shape, data_offsets: [begin, end] })?;
            begin = end;
        }
        map.end()
    }
}

/// The name of a format in safetensors.
fn dtype(format: Format) -> &'static str {
    match format {
        Format::F64 => "F64",
        Format::F32 => "F32",
        Format::Bf16 => "BF16",
        Format::F16 => "F16",
        Format::Bf16Plus8 | Format::Bf16Plus16 | Format::F16Plus8 | Format::F16Plus16 => "U8",
        Format::I8 => "I8",
        Format::I16 => "I16",
    }
}

/// The shape in safetensors, which knows error-corrected numbers as their bytes.
fn stored_shape(format: Format, shape: &[usize]) -> Vec<usize> {
    let bytes = (dtype(format) == "U8").then(|| format.bytes());
    shape.iter().copied().chain(bytes).collect()
}

fn write_entries(
    metadata: &Entries,
    tensors: Vec<Entry<'_>>,
    into: &mut (impl Write + Seek),
) -> io::Result<()> {
    let mut names = HashSet::new();
    if let Some(twice) = tensors.iter().find(|entry| !names.insert(entry.name.as_str())) {
        let reason = format!("two fields would be named `{}`; rename a parameter", twice.name);
        return Err(Error::new(ErrorKind::InvalidInput, reason));
    }
    let mut header = serde_json::to_vec(&Header { metadata, tensors: &tensors })?;
    header.resize(header.len().next_multiple_of(8), b' ');
    let length = (header.len() as u64).to_le_bytes();

    let start = into.stream_position()?;
    let mut digest = blake3::Hasher::new();
    for bytes in [&length[..], &header].into_iter().chain(tensors.iter().map(|entry| entry.bytes)) {
        digest.update(bytes);
        into.write_all(bytes)?;
    }
    let end = into.stream_position()?;
    into.seek(SeekFrom::Start(start + (length.len() + BEFORE_DIGEST.len()) as u64))?;
    into.write_all(digest.finalize().to_hex().as_bytes())?;
    into.seek(SeekFrom::Start(end))?;
    Ok(())
}

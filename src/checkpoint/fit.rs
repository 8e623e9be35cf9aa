//! From what a file says to a snapshot of this optimizer, if it fits.
//!
//! Parameters are found by their names; in which order they stand does not matter.

use super::document::{Document, GroupEntry, ParameterEntry, malformed, number};
use super::source::Source;
use super::values::{self, Wanted};
use super::write::{FROZEN, at_training_name, element_name, group_name, other_name};
use super::{Checked, Loaded, Loading};
use crate::device::{Formats, Number};
use crate::dtype::{NarrowFormat, NarrowNumbers, StorageDtype};
use crate::error::CheckpointFlaw;
use crate::hyperparameter::LearningRate;
use crate::optimizer::{GroupSnapshot, Snapshot, TensorSnapshot};
use crate::shape::Layout;
use crate::store::Store;
use std::collections::{HashMap, HashSet};

/// A file that is being fitted to an optimizer.
struct Fitting<'f, 's> {
    source: &'f mut Source<'s>,
    loading: &'f Loading,
    loaded: Loaded,
    /// The tensors that have been used.
    used: HashSet<String>,
}

/// Fills the outline of an optimizer, whose tensors have so many lines, from a file.
pub(super) fn fit<K: Formats>(
    source: &mut Source<'_>,
    (mut outline, lines): (Snapshot<K>, &[usize]),
    loading: &Loading,
) -> Checked<(Snapshot<K>, Loaded)> {
    check_formats::<K>(&source.document, loading)?;
    check_phase(&source.document, outline.tensors.iter().any(|tensor| tensor.at_training.is_some()))?;
    let mut fitting = Fitting { source, loading, loaded: Loaded::default(), used: HashSet::new() };
    fitting.groups(&mut outline.groups)?;
    let entries = fitting.parameters(&outline)?;
    for ((tensor, lines), entry) in outline.tensors.iter_mut().zip(lines).zip(entries) {
        fitting.tensor(tensor, *lines, entry.as_ref())?;
    }
    fitting.check_all_used()?;
    let Document { steps, seed, skipped, loss_scale, .. } = fitting.source.document;
    (outline.steps, outline.seed, outline.skipped) = (steps, seed, skipped);
    outline.loss_scale = loss_scale;
    Ok((outline, fitting.loaded))
}

fn check_formats<K: Formats>(document: &Document, loading: &Loading) -> Checked<()> {
    let there = &document.formats;
    let formats = [
        ("its parameters", K::Parameter::NAME, &there.parameter),
        ("its state", K::State::NAME, &there.state),
        ("its parameters for the store", K::Store::NAME, &there.store),
    ];
    for (what, here, there) in formats {
        if here != there && !loading.formats {
            let [what, expected, found] = [what, here, there].map(str::to_owned);
            return Err(CheckpointFlaw::Format { what, expected, found });
        }
    }
    Ok(())
}

fn check_phase(document: &Document, evaluates: bool) -> Checked<()> {
    let phase = |evaluates: bool| if evaluates { "evaluation" } else { "training" }.to_owned();
    if document.evaluates == evaluates {
        return Ok(());
    }
    let (expected, found) = (phase(evaluates), phase(document.evaluates));
    Err(CheckpointFlaw::Differs { aspect: "the phase".to_owned(), expected, found })
}

impl Fitting<'_, '_> {
    fn groups(&mut self, groups: &mut [GroupSnapshot]) -> Checked<()> {
        let there: Vec<_> = self.source.document.groups.iter().map(|group| group.label.clone()).collect();
        let here: Vec<_> = groups.iter().map(|group| group.label.clone()).collect();
        let missing = here.iter().any(|label| !there.contains(label)) && !self.loading.missing;
        let extra = there.iter().any(|label| !here.contains(label)) && !self.loading.extra;
        let unique: HashSet<_> = there.iter().collect();
        if missing || extra || unique.len() < there.len() {
            return Err(CheckpointFlaw::Groups { expected: here, found: there });
        }
        for label in there.iter().filter(|label| !here.contains(label)) {
            let names = self.source.document.groups.iter().find(|group| group.label == **label);
            let names = names.map(|group| group.memory.clone()).unwrap_or_default();
            self.used.extend(names.iter().map(|name| group_name(label, name)));
        }
        for group in groups {
            match there.iter().position(|label| *label == group.label) {
                Some(place) => self.group(group, place)?,
                None => {
                    group.memory.iter_mut().for_each(|(_, number)| *number = 0.0);
                    self.loaded.missing.push(format!("\"{}\"", group.label));
                }
            }
        }
        Ok(())
    }

    fn group(&mut self, group: &mut GroupSnapshot, place: usize) -> Checked<()> {
        let GroupEntry { rule, settings, stages, learning_rate, hyperparameters, .. } =
            &self.source.document.groups[place];
        if (rule, stages) != (&group.rule, &group.stages) && !self.loading.any_rule {
            return Err(CheckpointFlaw::Rule {
                group: group.label.clone(),
                expected: GroupSnapshot::described(&group.rule, &group.stages),
                found: GroupSnapshot::described(rule, stages),
            });
        }
        let keeps_own = self.loading.hyperparameters || self.loading.any_rule;
        group.settings = if keeps_own { None } else { settings.clone() }; // `restore` compares them
        if !self.loading.hyperparameters {
            let item = || format!("the hyperparameters of group `{}`", group.label);
            let rate = number(&item(), learning_rate)?;
            group.learning_rate =
                LearningRate::new(rate).map_err(|error| malformed(item(), &error.to_string()))?;
            let mut taken = Vec::with_capacity(hyperparameters.len());
            for (name, text) in hyperparameters {
                taken.push((name.clone(), number(&item(), text)?));
            }
            if self.loading.any_rule {
                for (name, own) in &mut group.hyperparameters {
                    let there = taken.iter().find(|(other, _)| other == name);
                    *own = there.map_or(*own, |(_, number)| *number);
                }
            } else {
                group.hyperparameters = taken; // `restore` compares the names
            }
        }
        for (name, number) in &mut group.memory {
            *number = self.single(&group_name(&group.label, name))?;
        }
        Ok(())
    }

    /// What the file says of each parameter here; [`None`] for those that start afresh.
    fn parameters<K: Formats>(&mut self, outline: &Snapshot<K>) -> Checked<Vec<Option<ParameterEntry>>> {
        let mut there: HashMap<String, ParameterEntry> = HashMap::new();
        for (place, (from, to)) in self.loading.renames.iter().enumerate() {
            if self.loading.renames[..place].iter().any(|(other, _)| other == from) {
                return Err(rename_flaw(from, to, "it has another new name already"));
            }
            let known = self.source.document.parameters.iter().any(|parameter| parameter.name == *from);
            if !known {
                return Err(rename_flaw(from, to, "the file has no such parameter"));
            }
        }
        let mut order = Vec::new();
        for parameter in &self.source.document.parameters {
            let name = self.loading.renamed(&parameter.name).to_owned();
            if there.insert(name.clone(), parameter.clone()).is_some() {
                return Err(rename_flaw(&parameter.name, &name, "the file has another one of that name"));
            }
            order.push(name);
        }
        let here: HashMap<_, _> =
            outline.tensors.iter().map(|tensor| (tensor.name.as_str(), tensor)).collect();
        let has_state = |name: &String| {
            here.get(name.as_str())
                .is_some_and(|tensor| tensor.group != FROZEN || there[name].group == FROZEN)
        };
        let extra: Vec<_> = order.iter().filter(|name| !has_state(name)).cloned().collect();
        let mut missing = Vec::new();
        let mut entries = Vec::with_capacity(outline.tensors.len());
        for tensor in &outline.tensors {
            let entry =
                there.get(&tensor.name).filter(|entry| (entry.group == FROZEN) == (tensor.group == FROZEN));
            if entry.is_none() && tensor.group != FROZEN {
                missing.push(tensor.name.clone());
            }
            entries.push(entry.cloned());
        }
        let refused = |names: &[String], allowed: bool| if allowed { Vec::new() } else { names.to_vec() };
        let (no_state, no_place) =
            (refused(&missing, self.loading.missing), refused(&extra, self.loading.extra));
        if !no_state.is_empty() || !no_place.is_empty() {
            return Err(CheckpointFlaw::Parameters { missing: no_state, extra: no_place });
        }
        let names = self.source.names();
        for parameter in extra.iter().map(|name| &there[name].name) {
            let of_it = names.iter().filter(|name| belongs_to(name, parameter)).cloned();
            self.used.extend(of_it);
        }
        self.loaded.missing.extend(missing);
        self.loaded.extra = extra;
        Ok(entries)
    }

    fn tensor<K: Formats>(
        &mut self,
        tensor: &mut TensorSnapshot<K>,
        lines: usize,
        entry: Option<&ParameterEntry>,
    ) -> Checked<()> {
        let frozen = tensor.group == FROZEN;
        let length = if frozen { 0 } else { tensor.layout.len() };
        let Some(entry) = entry else {
            tensor.received = 0;
            zeros(&mut tensor.state, length);
            zeros(&mut tensor.axes, lines);
            zeros(&mut tensor.carry, length);
            zeros(&mut tensor.tensor, usize::from(!frozen));
            tensor.own.iter_mut().for_each(|(_, number)| *number = 0.0);
            tensor.matrices.iter_mut().for_each(|(_, numbers)| numbers.fill(Number::<K>::default()));
            for (_, numbers) in &mut tensor.narrow {
                *numbers = NarrowNumbers::zeros(numbers.format(), numbers.len());
            }
            if let (Some(_), false) = (&tensor.at_training, frozen) {
                return Err(malformed(&tensor.name, "it is missing, and the phase is evaluation"));
            }
            return Ok(());
        };
        check_entry(entry, &tensor.name, &tensor.layout, &tensor.group)?;
        tensor.received = entry.received;
        if frozen {
            return Ok(());
        }
        let there = &entry.name;
        for (field, values) in &mut tensor.state {
            *values = self.values(&element_name(there, field), length)?;
        }
        for (field, values) in &mut tensor.axes {
            *values = self.values(&other_name(there, "axes", field), lines)?;
        }
        self.carry::<K>(tensor, there, length)?;
        for (field, values) in &mut tensor.tensor {
            *values = self.values::<Number<K>>(&other_name(there, "tensor", field), 1)?;
        }
        for (field, values) in &mut tensor.matrices {
            *values = self.values::<Number<K>>(&other_name(there, "matrix", field), values.len())?;
        }
        for (field, numbers) in &mut tensor.narrow {
            let name = other_name(there, "matrix", field);
            *numbers = match numbers.format() {
                NarrowFormat::Bf16 => NarrowNumbers::Bf16(self.values(&name, numbers.len())?),
                NarrowFormat::F16 => NarrowNumbers::F16(self.values(&name, numbers.len())?),
            };
        }
        for (field, number) in &mut tensor.own {
            *number = self.single(&other_name(there, "own", field))?;
        }
        if let Some(values) = &mut tensor.at_training {
            let format = self.source.document.formats.parameter.clone();
            *values = self.values_in(&at_training_name(there), length, &format)?;
        }
        Ok(())
    }

    /// What the store carries, if it is the same store.
    fn carry<K: Formats>(
        &mut self,
        tensor: &mut TensorSnapshot<K>,
        there: &str,
        length: usize,
    ) -> Checked<()> {
        let same = self.source.document.formats.store == K::Store::NAME
            && self.source.document.formats.parameter == K::Parameter::NAME;
        for (field, values) in &mut tensor.carry {
            if same {
                *values = self.values(&other_name(there, "carry", field), length)?;
            } else {
                *values = vec![Default::default(); length];
            }
        }
        if !same {
            let begin = other_name(there, "carry", "");
            let left_out = self.source.names().into_iter().filter(|name| name.starts_with(&begin));
            let left_out: Vec<_> = left_out.collect();
            self.loaded.converted.extend(left_out.iter().cloned());
            self.used.extend(left_out);
        }
        Ok(())
    }

    fn values<T: StorageDtype>(&mut self, name: &str, length: usize) -> Checked<Vec<T>> {
        let format = self.source.document.formats.state.clone();
        self.values_in(name, length, &format)
    }

    /// The numbers of a tensor of which the document says that it is in `format`.
    fn values_in<T: StorageDtype>(&mut self, name: &str, length: usize, format: &str) -> Checked<Vec<T>> {
        self.used.insert(name.to_owned());
        let wanted = Wanted { name, length, converts: self.loading.formats, format };
        let (values, converted) = values::read(self.source, &wanted)?;
        if converted {
            self.loaded.converted.push(name.to_owned());
        }
        Ok(values)
    }

    fn single(&mut self, name: &str) -> Checked<f64> {
        let number = self.values::<f64>(name, 1)?;
        Ok(number[0])
    }

    /// Refuses tensors that nothing here remembers.
    fn check_all_used(&self) -> Checked<()> {
        match self.source.names().into_iter().find(|name| !self.used.contains(name)) {
            Some(name) => Err(malformed(format!("`{name}`"), "nothing here remembers that")),
            None => Ok(()),
        }
    }
}

fn rename_flaw(from: &str, to: &str, reason: &'static str) -> CheckpointFlaw {
    CheckpointFlaw::Rename { from: from.to_owned(), to: to.to_owned(), reason }
}

fn belongs_to(tensor: &str, parameter: &str) -> bool {
    tensor.strip_prefix(parameter).is_some_and(|rest| rest.starts_with('/'))
}

fn zeros<T: StorageDtype>(fields: &mut [(String, Vec<T>)], length: usize) {
    fields.iter_mut().for_each(|(_, values)| *values = vec![T::default(); length]);
}

/// Refuses another shape, another order of memory, another group.
fn check_entry(entry: &ParameterEntry, name: &str, layout: &Layout, group: &str) -> Checked<()> {
    let found = Layout::new(&entry.shape, &entry.strides);
    let aspects = [
        ("shape", layout.to_string(), found.to_string()),
        ("memory order", format!("{layout:?}"), format!("{found:?}")),
        ("group", group.to_owned(), entry.group.clone()),
    ];
    for (what, expected, found) in aspects {
        if expected != found {
            let aspect = format!("the {what} of `{name}`");
            return Err(CheckpointFlaw::Differs { aspect, expected, found });
        }
    }
    Ok(())
}

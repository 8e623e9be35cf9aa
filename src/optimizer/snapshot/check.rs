//! Whether a snapshot fits an optimizer: everything is compared before anything is changed.

use super::{GroupSnapshot, Snapshot, TensorSnapshot, fields};
use crate::device::{Device, Formats};
use crate::error::{Error, Result};
use crate::optimizer::{Arrival, Optimizer, Phase, TensorState};
use crate::store::Store;
use crate::transform::{Description, Rule, Stage, field_names};

impl<R: Rule, K: Formats, A: Arrival, D: Device, F: Phase> Optimizer<R, K, A, D, F> {
    /// Whether a snapshot fits.
    pub(in crate::optimizer) fn check(&self, snapshot: &Snapshot<K>) -> Result<()> {
        let labels = |groups: Vec<&str>| format!("{groups:?}");
        same("the seed", &self.seed, &snapshot.seed)?;
        let scaled = |scaled: bool| if scaled { "scaled" } else { "as it is" }.to_owned();
        same("the loss", &scaled(self.survey.scale.is_some()), &scaled(snapshot.loss_scale.is_some()))?;
        if let (Some(scale), Some((value, _))) = (&self.survey.scale, snapshot.loss_scale) {
            scale.accepts(value)?;
        }
        same(
            "the list of groups",
            &labels(self.groups.iter().map(|group| group.label.as_str()).collect()),
            &labels(snapshot.groups.iter().map(|group| group.label.as_str()).collect()),
        )?;
        for (group, from) in self.groups.iter().zip(&snapshot.groups) {
            let aspect = format!("the list of numbers of group `{}`", from.label);
            same_names(&aspect, &group.description().group, &from.memory)?;
        }
        same("the number of parameters", &self.tensors.len(), &snapshot.tensors.len())?;
        let phase = |evaluates: bool| if evaluates { "evaluation" } else { "training" }.to_owned();
        let kept_there = snapshot.tensors.iter().any(|tensor| tensor.at_training.is_some());
        same("the phase", &phase(!self.kept.is_empty()), &phase(kept_there))?;
        for (place, (tensor, from)) in self.tensors.iter().zip(&snapshot.tensors).enumerate() {
            same(&format!("the parameter in place {place}"), &tensor.name, &from.name)?;
            let group = self.label_of(tensor).to_owned();
            same(&format!("the group of `{}`", tensor.name), &group, &from.group)?;
            tensor.check_snapshot(&self.groups[tensor.group].description(), from)?;
            let length = if tensor.frozen { 0 } else { tensor.layout.len() };
            let kept = self.kept.first().map(|_| length);
            if let (Some(expected), found) = (kept, from.at_training.as_ref().map_or(0, Vec::len)) {
                same(
                    &format!("the length of `{}` at the point for training", tensor.name),
                    &expected,
                    &found,
                )?;
            }
        }
        for (group, from) in self.groups.iter().zip(&snapshot.groups) {
            let own = GroupSnapshot::described(&group.base.name(), &group.description().stages);
            let theirs = GroupSnapshot::described(&from.rule, &from.stages);
            same(&format!("the rule of group `{}`", from.label), &own, &theirs)?;
            let aspect = format!("the list of hyperparameters of group `{}`", from.label);
            let own = names_of(&fields::hyperparameters(&group.base));
            same_names(&aspect, &own, &from.hyperparameters)?;
            let mut there = group.base.clone();
            there.set_learning_rate(from.learning_rate);
            fields::set_hyperparameters(&mut there, &from.hyperparameters)?;
            if let Some(settings) = &from.settings {
                same(&format!("the settings of group `{}`", from.label), &there.settings(), settings)?;
            }
        }
        Ok(())
    }
}

impl<C: Stage, K: Formats, D: Device> TensorState<C, K, D> {
    fn check_snapshot(&self, names: &Description, from: &TensorSnapshot<K>) -> Result<()> {
        let of = |what: &str| format!("the {what} of `{}`", self.name);
        same(&of("shape"), &self.layout.to_string(), &from.layout.to_string())?;
        same(&of("memory order"), &format!("{:?}", self.layout), &format!("{:?}", from.layout))?;
        same_names(&of("list of state fields"), &names.elements, &from.state)?;
        same_names(&of("list of fields by axis"), &names.axes, &from.axes)?;
        same_names(&of("list of carried fields"), &carried::<K>(), &from.carry)?;
        same_names(&of("list of tensor numbers"), &names.tensor, &from.tensor)?;
        same_names(&of("list of counted numbers"), &names.own, &from.own)?;
        let kept = self.matrix.as_ref().map_or(&[][..], |matrix| &matrix.plan.state);
        let found: Vec<_> = from.matrices.iter().map(|(name, numbers)| (name, numbers.len())).collect();
        let kept: Vec<_> = kept.iter().map(|(name, length)| (name, *length)).collect();
        same(&of("list of matrices"), &format!("{kept:?}"), &format!("{found:?}"))?;
        let kept = self.matrix.as_ref().map_or(&[][..], |matrix| &matrix.plan.narrow);
        let kept: Vec<_> = kept.iter().map(|(name, length, format)| (name, *length, *format)).collect();
        let found = from.narrow.iter();
        let found: Vec<_> = found.map(|(name, numbers)| (name, numbers.len(), numbers.format())).collect();
        same(&of("list of 16-bit matrices"), &format!("{kept:?}"), &format!("{found:?}"))?;
        let length = if self.frozen { 0 } else { self.layout.len() };
        same_lengths(&of("length"), length, &from.state)?;
        let lines = if self.frozen { 0 } else { self.lines.count() };
        same_lengths(&of("number of lines"), lines, &from.axes)?;
        same_lengths(&of("length"), length, &from.carry)?;
        same_lengths(&of("length"), usize::from(!self.frozen), &from.tensor)
    }
}

/// The names of what the store carries.
pub(super) fn carried<K: Formats>() -> Vec<String> {
    field_names::<<K::Store as Store>::Carry>()
}

fn same<X: PartialEq + ToString>(aspect: &str, expected: &X, found: &X) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    let (expected, found) = (expected.to_string(), found.to_string());
    Err(Error::Snapshot { aspect: aspect.to_owned(), expected, found })
}

fn names_of<X>(list: &[(String, X)]) -> Vec<String> {
    list.iter().map(|(name, _)| name.clone()).collect()
}

fn same_names<X>(aspect: &str, expected: &[String], found: &[(String, X)]) -> Result<()> {
    same(aspect, &format!("{expected:?}"), &format!("{:?}", names_of(found)))
}

fn same_lengths<T>(aspect: &str, expected: usize, fields: &[(String, Vec<T>)]) -> Result<()> {
    fields
        .iter()
        .try_for_each(|(name, values)| same(&format!("{aspect} in field {name}"), &expected, &values.len()))
}

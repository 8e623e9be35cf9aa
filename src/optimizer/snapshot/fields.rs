//! Fields into lists with their names, and back.

use crate::device::Device;
use crate::dtype::StorageDtype;
use crate::error::Result;
use crate::transform::{FieldSet, Of, Rule};

/// The numbers with their names.
pub(super) fn numbers<S: FieldSet>(memory: &Of<S, f64>, names: &[String]) -> Vec<(String, f64)> {
    let mut names = names.iter();
    let mut list = Vec::new();
    S::map(S::each_ref(memory), |number| {
        list.extend(names.next().map(|name| (name.clone(), *number)));
    });
    list
}

/// Replaces numbers by those of a list whose names have been checked.
pub(super) fn take_numbers<S: FieldSet>(memory: &mut Of<S, f64>, list: &[(String, f64)]) {
    let mut numbers = list.iter();
    S::map(S::each_mut(memory), |place| {
        if let Some((_, number)) = numbers.next() {
            *place = *number;
        }
    });
}

/// The contents of buffers with their names.
pub(super) fn read<D: Device, S: FieldSet, T: StorageDtype>(
    device: &D,
    buffers: &Of<S, D::Buffer<T>>,
    names: &[String],
) -> Result<Vec<(String, Vec<T>)>> {
    let mut names = names.iter();
    let mut list = Vec::new();
    let mut result = Ok(());
    S::map(S::each_ref(buffers), |buffer| {
        if let (Some(name), Ok(())) = (names.next(), &result) {
            match device.read(buffer) {
                Ok(values) => list.push((name.clone(), values)),
                Err(error) => result = Err(error),
            }
        }
    });
    result.map(|()| list)
}

/// Fills buffers from a list whose names and lengths have been checked.
pub(super) fn write<D: Device, S: FieldSet, T: StorageDtype>(
    device: &D,
    buffers: &mut Of<S, D::Buffer<T>>,
    list: &[(String, Vec<T>)],
) -> Result<()> {
    let mut values = list.iter();
    let mut result = Ok(());
    S::map(S::each_mut(buffers), |buffer| {
        if let (Some((_, values)), Ok(())) = (values.next(), &result) {
            result = device.write(buffer, values);
        }
    });
    result
}

/// All numbers of a rule that can be changed, except for γ, which comes first.
pub(super) fn hyperparameters<R: Rule>(rule: &R) -> Vec<(String, f64)> {
    let mut list = Vec::new();
    rule.clone().tune(&mut |name, number| list.push((name.to_owned(), number.number())));
    list.drain(..list.len().min(1));
    list
}

/// Gives a rule numbers whose names have been checked.
///
/// # Errors
/// [`Error::Hyperparameter`](crate::error::Error::Hyperparameter) for one outside its range.
pub(super) fn set_hyperparameters<R: Rule>(rule: &mut R, list: &[(String, f64)]) -> Result<()> {
    let mut result = Ok(());
    let mut is_rate = true;
    let mut values = list.iter();
    rule.tune(&mut |_, number| {
        if core::mem::take(&mut is_rate) || result.is_err() {
            return;
        }
        if let Some((_, value)) = values.next() {
            result = number.set(*value);
        }
    });
    result
}

//! Numbers that look random, and bits to compare.

use gradus::device::Formats;
use gradus::dtype::{Arithmetic, StorageDtype};
use gradus::optimizer::Snapshot;
use gradus::real::Real;
use ndarray::ArrayD;

/// The nearest number of a format.
pub fn stored<T: StorageDtype>(value: f64) -> T {
    T::round(T::Arithmetic::constant(value))
}

pub fn all_stored<T: StorageDtype>(values: &[f64]) -> Vec<T> {
    values.iter().map(|value| stored(*value)).collect()
}

/// A tensor of the nearest numbers: a matrix with ten columns where that comes out even, for the rules
/// that tell matrices from vectors.
pub fn tensor<T: StorageDtype>(values: &[f64]) -> ArrayD<T> {
    let length = values.len();
    if length.is_multiple_of(10) { shaped(&[length / 10, 10], values) } else { shaped(&[length], values) }
}

/// A tensor of the nearest numbers.
pub fn shaped<T: StorageDtype>(shape: &[usize], values: &[f64]) -> ArrayD<T> {
    ArrayD::from_shape_vec(shape, all_stored(values)).expect("the length fits")
}

/// A number between −1 and 1 that follows from where it stands.
pub fn scattered(stream: u64, element: usize) -> f64 {
    let mut mixed = (stream << 32 | element as u64).wrapping_add(0x9E37_79B9_7F4A_7C15);
    for multiplier in [0xBF58_476D_1CE4_E5B9u64, 0x94D0_49BB_1331_11EB] {
        mixed = (mixed ^ mixed >> 30).wrapping_mul(multiplier);
    }
    ((mixed ^ mixed >> 31) >> 11) as f64 / 2f64.powi(52) - 1.0
}

/// `length` scattered numbers.
pub fn scatter(stream: u64, length: usize) -> Vec<f64> {
    (0..length).map(|element| scattered(stream, element)).collect()
}

/// Bits that tell all numbers apart, zeros with their signs included; all NaNs are one.
pub fn bits<'a, T: StorageDtype>(values: impl IntoIterator<Item = &'a T>) -> Vec<u64> {
    values
        .into_iter()
        .map(|value| value.widen().to_f64())
        .map(|value| if value.is_nan() { u64::MAX } else { value.to_bits() })
        .collect()
}

/// Everything that a snapshot holds, as text and bits, by what it is.
pub type Contents = Vec<(String, Vec<u64>)>;

/// The contents of a snapshot.
pub fn contents<K: Formats>(snapshot: &Snapshot<K>) -> Contents {
    let mut list = vec![("steps".to_owned(), vec![snapshot.steps, snapshot.seed])];
    for group in &snapshot.groups {
        list.push((group.label.clone(), bits(&[group.learning_rate.get()])));
        list.extend(group.memory.iter().map(|(name, number)| (name.clone(), bits(&[*number]))));
    }
    for tensor in &snapshot.tensors {
        let named = |name: &str| format!("{} {:?} {}/{name}", tensor.name, tensor.layout, tensor.group);
        list.push((named("received"), vec![tensor.received]));
        list.extend(tensor.state.iter().map(|(name, values)| (named(name), bits(values))));
        list.extend(tensor.axes.iter().map(|(name, values)| (named(name), bits(values))));
        list.extend(tensor.carry.iter().map(|(name, values)| (named(name), bits(values))));
        list.extend(tensor.matrices.iter().map(|(name, values)| (named(name), bits(values))));
        list.extend(tensor.tensor.iter().map(|(name, values)| (named(name), bits(values))));
        list.extend(tensor.own.iter().map(|(name, number)| (named(name), bits(&[*number]))));
    }
    list
}

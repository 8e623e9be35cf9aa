//! The device `Cuda`, on a driver that needs no GPU: the same bits as the CPU's, and what is asked of the driver.

mod calls;
mod errors;
mod graphs;
mod joint;
mod kernels;
mod norms;
mod options;
mod parity;
mod rows;
mod verdicts;

use crate::cases::{Case, Gradient, Parameter};
use crate::device::Array;
use crate::parity::{gradients, parameters};
use crate::rules;
use crate::values::{Contents, bits, contents};
use gradus::cuda::Cuda;
use gradus::device::{Formats, MakesTensors};
use gradus::dtype::StorageDtype;
use gradus::hyperparameter::{LearningRate, WeightDecay};
use gradus::optimizer::Snapshot;
use gradus::rule::AdamW;

/// Tensors of a device by their names.
type Named<D, T> = Vec<(&'static str, <D as MakesTensors>::Tensor<T>)>;

/// The same, of which some are not there.
type Present<D, T> = Vec<(&'static str, Option<<D as MakesTensors>::Tensor<T>>)>;

/// The first device of the fake driver.
fn cuda() -> Cuda {
    Cuda::new(0).expect("the fake driver has one")
}

fn adamw() -> AdamW {
    AdamW {
        learning_rate: LearningRate::new(0.02).expect("in range"),
        weight_decay: WeightDecay::decoupled(0.1).expect("in range"),
        ..AdamW::default()
    }
}

/// An array as a tensor of a device.
fn sent<D: MakesTensors, T: StorageDtype>(device: &D, array: &Array<T>) -> D::Tensor<T> {
    device.tensor(&array.shape, &array.elements).expect("there is memory")
}

fn all_parameters<D: MakesTensors, T: StorageDtype>(device: &D) -> Named<D, T> {
    parameters::<T>().into_iter().map(|(name, array)| (name, sent(device, &array))).collect()
}

fn all_gradients<D: MakesTensors, T: StorageDtype>(device: &D, step: u64, has_odd: bool) -> Present<D, T> {
    let tensor = |array: Array<T>| sent(device, &array);
    gradients::<T>(step, has_odd).into_iter().map(|(name, array)| (name, array.map(tensor))).collect()
}

fn all_bits<D: MakesTensors, T: StorageDtype>(device: &D, tensors: &Named<D, T>) -> Contents {
    let values = |tensor| bits(&device.fetch::<T>(tensor).expect("what was enqueued has run"));
    tensors.iter().map(|(name, tensor)| ((*name).to_owned(), values(tensor))).collect()
}

/// What a run has left: state and parameters.
fn state_and_bits<D: MakesTensors, K: Formats, T: StorageDtype>(
    device: &D,
    snapshot: &Snapshot<K>,
    parameters: &Named<D, T>,
) -> Contents {
    let mut list = contents(snapshot);
    list.extend(all_bits(device, parameters));
    list
}

/// Parameters, state and the point for evaluation after some steps of a rule of the table.
pub fn run<C: Case, D: MakesTensors>(rule: &rules::Case, device: &D, steps: u64) -> Contents {
    let chain = gradus::transform::Rule::chain(&(rule.rule)());
    let kernel = gradus::cuda::Kernel::of::<_, C::Formats>("known", &chain).expect("a kernel");
    let has_odd = kernel.statistics().is_empty();
    let mut parameters = all_parameters::<D, Parameter<C>>(device);
    let mut optimizer = C::optimizer((rule.rule)(), device.clone(), &parameters);
    for step in 1..=steps {
        let gradients = all_gradients::<D, Gradient<C>>(device, step, has_odd);
        optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
    }
    let snapshot = optimizer.snapshot().expect("whole steps");
    let mut list = state_and_bits(device, &snapshot, &parameters);
    if kernel.evaluates() {
        let mut evaluated = all_parameters::<D, Parameter<C>>(device);
        optimizer.evaluation_into(&parameters, &mut evaluated).expect("the same tensors");
        list.extend(all_bits(device, &evaluated));
    }
    list
}

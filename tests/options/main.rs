//! What options around a rule do, exactly: against hand values and definitions in `f64`.
//!
//! That they go with every rule and store is in `conformance`; what they refuse is in `bad_input` and
//! `compile_fail`.

#![allow(unreachable_pub)] // modules of a test crate

mod groups;
mod loss_scale;
mod norm;
mod policy;
mod routing;
mod schedules;
mod update;

use gradus::device::Formats;
use gradus::dtype::StorageDtype;
use gradus::hyperparameter::{LearningRate, WeightDecay};
use gradus::optimizer::{Arrival, Optimizer, Snapshot};
use gradus::rule::{AdamW, Sgd};
use gradus::transform::Rule;

/// The rule that subtracts what options make of a gradient.
fn plain() -> Sgd {
    Sgd { learning_rate: rate(1.0), weight_decay: WeightDecay::NONE }
}

/// A rule whose state shows what it has seen.
fn adamw() -> AdamW {
    AdamW { learning_rate: rate(0.01), ..AdamW::default() }
}

fn rate(value: f64) -> LearningRate {
    LearningRate::new(value).expect("in the range")
}

/// Parameters by name.
type Tensors<T> = Vec<(&'static str, Vec<T>)>;

fn tensors<T: StorageDtype, const COUNT: usize>(list: [(&'static str, &[f64]); COUNT]) -> Tensors<T> {
    use gradus::real::Real;
    let stored = |value: &f64| T::round(T::Arithmetic::constant(*value));
    list.map(|(name, values)| (name, values.iter().map(stored).collect())).into()
}

fn snapshot<R: Rule, K: Formats, A: Arrival>(
    optimizer: &Optimizer<R, K, A, gradus::cpu::Cpu>,
) -> Snapshot<K> {
    optimizer.snapshot().expect("no step is under way")
}

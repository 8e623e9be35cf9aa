//! Every error: its text, how to get it, and that nothing has been changed by then.
//!
//! The errors of the catalogue are made by hand, the others by the calls that a user makes.

#![allow(unreachable_pub)] // modules of a test crate

mod build;
mod numbers;
mod release;
mod snapshot;
mod step;
mod texts;

use gradus::cpu::Cpu;
use gradus::device::In;
use gradus::optimizer::{Arrival, Build, Optimizer, Released, Together};
use gradus::rule::AdamW;
use gradus::store::Nearest;
use ndarray::{ArrayD, IxDyn, array};

type Formats = In<f32, f32, f32, Nearest>;
type Model<A> = Optimizer<AdamW, Formats, A, Cpu>;
type Parameters = Vec<(String, ArrayD<f32>)>;

fn named(name: &str, array: impl Into<ArrayD<f32>>) -> (String, ArrayD<f32>) {
    (name.to_owned(), array.into())
}

fn ones(name: &str, shape: &[usize]) -> (String, ArrayD<f32>) {
    named(name, ArrayD::ones(IxDyn(shape)))
}

fn parameters() -> Parameters {
    vec![
        named("weight", array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]].into_dyn()),
        named("bias", array![7.0, 8.0].into_dyn()),
    ]
}

fn gradients() -> Parameters {
    vec![ones("weight", &[2, 3]), ones("bias", &[2])]
}

/// A model that has taken a step, so that there is state to keep.
fn together() -> (Model<Together>, Parameters) {
    let mut parameters = parameters();
    let mut optimizer = AdamW::default().build(Cpu::default(), &parameters).expect("the model is valid");
    optimizer.step(&mut parameters, &gradients()).expect("the gradients fit");
    (optimizer, parameters)
}

/// The same under gradient release.
fn released() -> (Model<Released>, Parameters) {
    let (optimizer, parameters) = together();
    (optimizer.into_released(), parameters)
}

/// All that a failed call must leave as it is.
fn state_of<A: Arrival>(optimizer: &Model<A>) -> String {
    format!("{:?} {}", optimizer.snapshot().expect("no step is under way"), optimizer.steps())
}

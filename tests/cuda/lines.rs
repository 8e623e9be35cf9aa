//! State by axis over dense tensors of every rank, in more shapes than other rules need.

use crate::cases::{Bf16Kahan, Case, F32, F64, Gradient, Parameter};
use crate::device::{Array, OnHost};
use crate::host::{self, Host};
use crate::parity::{difference, kernel};
use crate::rules;
use crate::values::{Contents, bits, contents, scattered, stored};
use gradus::cpu::Cpu;
use gradus::device::{Device, MaybeTensor, TensorMut};
use std::sync::Arc;

/// Ranks from 0 to 4, axes of length 1 in every place, more lines than a block has threads, and several parts.
const SHAPES: [&[usize]; 14] = [
    &[],
    &[1],
    &[300],
    &[3, 5],
    &[5, 1],
    &[1, 5],
    &[1, 1],
    &[300, 7],
    &[7, 300],
    &[100, 700],
    &[4, 3, 5],
    &[3, 1, 270],
    &[2, 3, 4, 5],
    &[70, 50, 20],
];

fn array<T: gradus::dtype::StorageDtype>(shape: &[usize], stream: u64) -> Array<T> {
    let elements = shape.iter().product();
    let value = |element: usize| stored(scattered(stream, element) * 10f64.powi((element % 5) as i32 - 2));
    Array { shape: shape.to_vec(), elements: (0..elements).map(value).collect() }
}

fn run<C: Case, D: Device>(rule: &rules::Case, device: D) -> Contents
where
    Array<Parameter<C>>: TensorMut<D, Parameter<C>>,
    Array<Gradient<C>>: MaybeTensor<D, Gradient<C>>,
{
    let named = |place: usize| format!("tensor {:?}", SHAPES[place]);
    let mut parameters: Vec<_> = (0..SHAPES.len())
        .map(|place| (named(place), array::<Parameter<C>>(SHAPES[place], place as u64)))
        .collect();
    let mut optimizer = C::optimizer((rule.rule)(), device, &parameters);
    for step in 1..=2 {
        let gradients: Vec<_> = (0..SHAPES.len())
            .map(|place| (named(place), array::<Gradient<C>>(SHAPES[place], 100 * step + place as u64)))
            .collect();
        optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
    }
    let mut list = contents(&optimizer.snapshot().expect("whole steps"));
    list.extend(parameters.iter().map(|(name, array)| (name.clone(), bits(&array.elements))));
    list
}

fn compare<C: Case>(rule: &rules::Case) {
    let kernels = [kernel::<C>(rule)];
    let name = format!("lines_{}", kernels[0].name());
    let host = Arc::new(Host::start(&name, &kernels, &host::source(&kernels, |text| text)));
    let [kernel] = kernels;
    let on_host = run::<C, _>(rule, OnHost { host, kernel });
    assert_eq!(difference(&on_host, &run::<C, _>(rule, Cpu::default())), None, "{name}");
}

#[test]
fn maxima_over_lines_are_those_of_the_cpu() {
    if let Err(reason) = host::compiler() {
        println!("skipped: {reason}");
        return;
    }
    let rules = rules::all();
    let named = |name: &str| rules.iter().find(|rule| rule.name == name).expect("a rule of the table");
    compare::<F64>(named("sm3"));
    for rule in ["sm3", "sm3_momentum"].map(named) {
        compare::<F32>(rule);
        compare::<Bf16Kahan>(rule);
    }
}

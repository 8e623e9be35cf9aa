//! The kernels under gradient release: one tensor in each launch, and gradients that only enter the averages.

use crate::device::{Array, OnHost};
use crate::host::{self, Host};
use crate::parity::{SHAPES, difference, gradients, parameters};
use crate::values::{Contents, bits, contents};
use gradus::cpu::Cpu;
use gradus::cuda::Kernel;
use gradus::device::{Device, In, OwnedTensor, TensorMut};
use gradus::optimizer::{Averaging, Build, Releasable};
use gradus::rule::{AdamW, StableAdamW};
use gradus::store::Kahan;
use gradus::transform::Rule;
use half::bf16;
use std::sync::Arc;

type Formats = In<bf16, bf16, bf16, Kahan>;

fn run<R: Rule + Releasable + Averaging, D: Device>(rule: R, device: D) -> Contents
where
    Array<bf16>: TensorMut<D, bf16> + OwnedTensor<D, bf16>,
{
    let mut parameters = parameters::<bf16>();
    let builder = rule.gradient_release().parameters_in::<bf16>().state_in::<bf16>(21).kahan();
    let mut optimizer = builder.build(device, &parameters).expect("the model is valid");
    let present = |number: u64| {
        let set = gradients::<bf16>(number, false).into_iter();
        set.filter_map(|(name, gradient)| gradient.map(|gradient| (name, gradient)))
    };
    for number in 1..=4 {
        let mut step = optimizer.begin_step().expect("the last one is finished");
        for (name, gradient) in present(100 * number) {
            step.accumulate(name, gradient).expect("it fits");
        }
        for (name, gradient) in present(100 * number + 1) {
            let place = SHAPES.iter().position(|(other, _)| *other == name).expect("one of the tensors");
            step.release(name, &mut parameters[place].1, gradient).expect("it fits");
        }
        step.finish();
    }
    let mut list = contents(&optimizer.snapshot().expect("whole steps"));
    list.extend(parameters.iter().map(|(name, array)| ((*name).to_owned(), bits(&array.elements))));
    list
}

fn assert_same_bits<R: Rule + Releasable + Averaging + Default>(name: &str) {
    if let Err(reason) = host::compiler() {
        println!("skipped: {reason}");
        return;
    }
    let name = format!("{name}_released");
    let kernel = Kernel::of::<_, Formats>(&name, &R::default().chain()).expect("a kernel");
    let kernels = [kernel];
    let host = Arc::new(Host::start(&name, &kernels, &host::source(&kernels, |text| text)));
    let [kernel] = kernels;
    let on_host = run(R::default(), OnHost { host, kernel });
    assert_eq!(difference(&on_host, &run(R::default(), Cpu::default())), None, "{name}");
}

#[test]
fn accumulated_and_released_gradients_leave_the_bits_of_the_cpu() {
    assert_same_bits::<AdamW>("adamw");
    assert_same_bits::<StableAdamW>("stable_adamw");
}

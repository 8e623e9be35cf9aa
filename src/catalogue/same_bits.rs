//! That the loops of a chain in types have the bits of its program, stage by stage.

use crate::cpu::Cpu;
use crate::cpu::fused::kernel;
use crate::device::In;
use crate::optimizer::Build;
use crate::rule::{AdamW, Lion, ScheduleFreeAdamW, Sm3Momentum, StableAdamW};
use crate::store::Nearest;
use crate::transform::{AroundAtRunTime, ChainOf, DynamicRule, Rule};

type InF32 = In<f32, f32, f32, Nearest>;

fn tensors(stream: usize) -> [(&'static str, ndarray::Array2<f32>); 2] {
    let value = |place: usize| {
        move |(i, j): (usize, usize)| ((i * 31 + j * 7 + place * 3 + stream) % 17) as f32 - 7.5
    };
    [
        ("a", ndarray::Array2::from_shape_fn((70, 131), value(1))),
        ("b", ndarray::Array2::from_shape_fn((1, 5), value(2))),
    ]
}

fn assert_same<R: Rule + Default>() {
    let data = <DynamicRule>::new(R::default(), AroundAtRunTime::default()).expect("a short chain");
    let fused = data.clone().with_kernel(kernel::<ChainOf<R>, InF32>());
    let (mut left, mut right) = (tensors(0), tensors(0));
    let mut data = data.build(Cpu::default(), &left).expect("two tensors");
    let mut fused = fused.build(Cpu::default(), &right).expect("two tensors");
    for step in 1..=3 {
        data.step(&mut left, &tensors(step)).expect("the gradients fit");
        fused.step(&mut right, &tensors(step)).expect("the gradients fit");
    }
    assert_ne!(left, tensors(0));
    assert_eq!(left, right);
    assert_eq!(data.snapshot().expect("whole steps"), fused.snapshot().expect("whole steps"));
}

/// Otherwise the other test would compare the stages with themselves.
#[test]
fn the_loops_that_are_given_are_those_that_run() {
    let data = <DynamicRule>::new(AdamW::default(), AroundAtRunTime::default()).expect("a short chain");
    let wrong = data.clone().with_kernel(kernel::<ChainOf<Lion>, InF32>());
    let (mut own, mut other) = (tensors(0), tensors(0));
    let mut data = data.build(Cpu::default(), &own).expect("two tensors");
    let mut wrong = wrong.build(Cpu::default(), &other).expect("two tensors");
    data.step(&mut own, &tensors(1)).expect("the gradients fit");
    wrong.step(&mut other, &tensors(1)).expect("the gradients fit");
    assert_ne!(own, other);
}

#[test]
fn the_loops_of_a_chain_have_the_bits_of_its_program() {
    assert_same::<AdamW>();
    assert_same::<StableAdamW>();
    assert_same::<Sm3Momentum>();
    assert_same::<ScheduleFreeAdamW>();
}

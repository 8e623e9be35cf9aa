//! That the loops of a chain in types, and its arithmetic on tiles, have the bits of its program, stage by stage.

use crate::cpu::{Cpu, fused, on_tiles};
use crate::device::In;
use crate::dtype::{Plus8, StorageDtype};
use crate::optimizer::{Build, Builder};
use crate::rule::{AdamW, Adopt, Lion, Ranger, ScheduleFreeAdamW, Sgd, Sm3Momentum, StableAdamW, SudsAdamW};
#[cfg(feature = "matrix")]
use crate::rule::{Muon, Psgd, ScheduleFreeSoap, Soap, Solp};
use crate::store::Nearest;
use crate::transform::{AroundAtRunTime, ChainOf, DynamicRule, Kernel, Rule};
use half::{bf16, f16};
use ndarray::Array2;

type InF32 = In<f32, f32, f32, Nearest>;
type Tensors<T> = [(&'static str, Array2<T>); 2];

fn tensors<T: StorageDtype<Arithmetic = f32>>(stream: usize) -> Tensors<T> {
    let value = |place: usize| {
        move |(i, j): (usize, usize)| {
            T::round(((i * 31 + j * 7 + place * 3 + stream) % 17) as f32 - 7.5 + place as f32 / 700.0)
        }
    };
    [("a", Array2::from_shape_fn((70, 131), value(1))), ("b", Array2::from_shape_fn((1, 5), value(2)))]
}

/// A chain from data, by its stages and by what is known of it, in formats and a store that `built` names.
macro_rules! assert_same {
    ($rule:ty, $known:expr, $parameters:ty, |$builder:ident| $built:expr) => {{
        let data = <DynamicRule>::new(<$rule>::default(), AroundAtRunTime::default()).expect("a short chain");
        let known: Kernel = $known;
        let fused = data.clone().with_kernel(Some(known));
        let (mut left, mut right) = (tensors::<$parameters>(0), tensors::<$parameters>(0));
        let build = |$builder: Builder<DynamicRule, $parameters>, tensors: &Tensors<$parameters>| {
            $built.build(Cpu::default(), tensors).expect("two tensors")
        };
        let mut data = build(data.parameters_in::<$parameters>(), &left);
        let mut fused = build(fused.parameters_in::<$parameters>(), &right);
        for step in 1..=3 {
            data.step(&mut left, &tensors(step)).expect("the gradients fit");
            fused.step(&mut right, &tensors(step)).expect("the gradients fit");
        }
        assert_ne!(left, tensors(0));
        assert_eq!(left, right);
        assert_eq!(data.snapshot().expect("whole steps"), fused.snapshot().expect("whole steps"));
    }};
}

/// A chain from data that is given what is known of another does what the other does.
macro_rules! assert_runs_what_it_is_given {
    ($rule:ty, $other:expr) => {{
        let data = <DynamicRule>::new(<$rule>::default(), AroundAtRunTime::default()).expect("a short chain");
        let wrong = data.clone().with_kernel(Some($other));
        let (mut own, mut other) = (tensors::<f32>(0), tensors::<f32>(0));
        let mut data = data.build(Cpu::default(), &own).expect("two tensors");
        let mut wrong = wrong.build(Cpu::default(), &other).expect("two tensors");
        for step in 1..=3 {
            data.step(&mut own, &tensors(step)).expect("the gradients fit");
            wrong.step(&mut other, &tensors(step)).expect("the gradients fit");
        }
        assert_ne!(own, other);
    }};
}

/// Otherwise the other tests would compare the stages with themselves.
#[test]
fn what_is_given_is_what_runs() {
    assert_runs_what_it_is_given!(AdamW, fused::kernel::<ChainOf<Lion>, InF32>());
    assert_runs_what_it_is_given!(AdamW, arithmetic::<Lion>());
    #[cfg(feature = "matrix")]
    assert_runs_what_it_is_given!(Soap, fused::kernel::<ChainOf<Solp>, InF32>());
}

#[test]
fn the_loops_of_a_chain_have_the_bits_of_its_program() {
    assert_same!(AdamW, fused::kernel::<ChainOf<AdamW>, InF32>(), f32, |plain| plain);
    assert_same!(StableAdamW, fused::kernel::<ChainOf<StableAdamW>, InF32>(), f32, |plain| plain);
    assert_same!(Sm3Momentum, fused::kernel::<ChainOf<Sm3Momentum>, InF32>(), f32, |plain| plain);
    assert_same!(ScheduleFreeAdamW, fused::kernel::<ChainOf<ScheduleFreeAdamW>, InF32>(), f32, |plain| plain);
}

/// Work on matrices interrupts these.
#[test]
#[cfg(feature = "matrix")]
fn the_loops_between_matrices_have_the_bits_of_their_program() {
    assert_same!(Muon, fused::kernel::<ChainOf<Muon>, InF32>(), f32, |plain| plain);
    assert_same!(Soap, fused::kernel::<ChainOf<Soap>, InF32>(), f32, |plain| plain);
    assert_same!(ScheduleFreeSoap, fused::kernel::<ChainOf<ScheduleFreeSoap>, InF32>(), f32, |plain| plain);
    assert_same!(Psgd, fused::kernel::<ChainOf<Psgd>, InF32>(), f32, |plain| plain);
}

/// The arithmetic of the chain of a rule.
fn arithmetic<R: Rule>() -> Kernel {
    on_tiles::arithmetic::<ChainOf<R>, f32>().expect("a chain without matrices")
}

#[test]
fn the_arithmetic_of_a_chain_has_the_bits_of_its_program() {
    assert_same!(AdamW, arithmetic::<AdamW>(), f32, |plain| plain);
    assert_same!(Adopt, arithmetic::<Adopt>(), f32, |plain| plain.state_in::<bf16>(1));
    assert_same!(Sgd, arithmetic::<Sgd>(), bf16, |plain| plain.stochastic_rounding(1));
    assert_same!(SudsAdamW, arithmetic::<SudsAdamW>(), bf16, |plain| plain.state_in::<bf16>(1).kahan());
    assert_same!(Ranger, arithmetic::<Ranger>(), bf16, |plain| plain.kahan());
    assert_same!(Ranger, arithmetic::<Ranger>(), bf16, |plain| plain
        .state_in::<bf16>(1)
        .stochastic_rounding(1));
    assert_same!(StableAdamW, arithmetic::<StableAdamW>(), f16, |plain| plain.state_in::<f16>(1).kahan());
    assert_same!(Sm3Momentum, arithmetic::<Sm3Momentum>(), bf16, |plain| plain.state_in::<bf16>(1));
    assert_same!(AdamW, arithmetic::<AdamW>(), bf16, |plain| plain
        .state_in::<Plus8<bf16>>(1)
        .error_corrected8(1));
    assert_same!(ScheduleFreeAdamW, arithmetic::<ScheduleFreeAdamW>(), f16, |plain| plain
        .stochastic_rounding(1));
}

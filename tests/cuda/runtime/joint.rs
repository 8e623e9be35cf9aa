//! A number over all tensors, where several kernels work on them.

use super::norms::{Kind, special};
use super::{all_parameters, cuda, state_and_bits};
use crate::fake::with_any;
use crate::parity::difference;
use crate::rules::data;
use crate::values::{Contents, bits, scattered, stored};
use gradus::clip::{ClipJointly, JointSize};
use gradus::cpu::Cpu;
use gradus::device::MakesTensors;
use gradus::error::Error;
use gradus::hyperparameter::Limit;
use gradus::optimizer::Build;
use gradus::rule::{AdamW, Caution, Lion, Sgd, SgdSai, StableAdamW};
use gradus::transform::{Around, DynamicRule, Identity};
use half::bf16;

/// Tensors of the three kernels take turns.
fn is_second(name: &str) -> bool {
    name == "leaf" || name == "tail"
}

fn is_third(name: &str) -> bool {
    name == "whole"
}

fn normalized(has_caution: bool) -> DynamicRule {
    let rule = SgdSai::default().normalized();
    if has_caution {
        data(Around { rule, before: Identity, behind: Caution::default(), after: Identity })
    } else {
        data(rule)
    }
}

/// Some steps, in the first of which one tensor has no gradient, so that its number comes later than the others'.
macro_rules! steps {
    ($($name:ident in $parameter:ty, $gradient:ty => $builder:expr;)+) => {$(
        fn $name<D: MakesTensors>(device: &D) -> Contents {
            let mut parameters = all_parameters::<D, $parameter>(device);
            let mut optimizer = $builder.build(device.clone(), &parameters).expect("a model");
            for (step, kind) in (3..).zip([Kind::Usual, Kind::Nan, Kind::Usual, Kind::Usual]) {
                let kind = if optimizer.loss_scale() == 1.0 { Kind::Usual } else { kind };
                optimizer.step(&mut parameters, &special::<D, $gradient>(device, step, kind)).expect("they fit");
            }
            state_and_bits(device, &optimizer.snapshot().expect("whole steps"), &parameters)
        }
    )+};
}

steps! {
    largest in f32, f32 => normalized(false)
        .group("second", |name, _| is_second(name), normalized(true));
    behind_a_decision in bf16, bf16 => normalized(false)
        .group("second", |name, _| is_second(name), normalized(true))
        .parameters_in::<bf16>()
        .kahan()
        .clip_global_norm(0.5)
        .loss_scaling(super::verdicts::scaling());
    of_updates in f32, f32 => data(AdamW::default())
        .group("second", |name, _| is_second(name), data(Lion::default()))
        .group("third", |name, _| is_third(name), data(Sgd::default()))
        .on_update(ClipJointly { size: JointSize::Rms, limit: Limit::new(0.01).expect("in range") });
}

macro_rules! assert_same_on_both {
    ($($run:ident)+) => {$(
        assert_eq!(difference(&$run(&cuda()), &$run(&Cpu::default())), None, stringify!($run));
    )+};
}

#[test]
fn groups_of_different_rules_share_a_number_over_all_tensors() {
    with_any("runtime::joint::groups_of_different_rules_share_a_number_over_all_tensors", || {
        assert_same_on_both!(largest behind_a_decision of_updates);
    });
}

/// More tensors than a block of the joining kernel has threads, which take turns between two kernels.
fn many<D: MakesTensors>(device: &D) -> Contents {
    let names: Vec<_> = (0..600).map(|place| format!("tensor {place}")).collect();
    let tensor = |(place, name): (usize, &String)| {
        let values = (0..1 + place % 5).map(|element| stored(scattered(place as u64, element)));
        let values: Vec<f32> = values.collect();
        (name.clone(), device.tensor(&[values.len()], &values).expect("memory"))
    };
    let tensors = || names.iter().enumerate().map(tensor).collect::<Vec<_>>();
    let (mut parameters, gradients) = (tensors(), tensors());
    let builder = data(AdamW::default()).group(
        "odd",
        |name, _| name.ends_with(['1', '3', '5', '7', '9']),
        data(Lion::default()),
    );
    let builder =
        builder.on_update(ClipJointly { size: JointSize::Norm, limit: Limit::new(0.01).expect("in range") });
    let mut optimizer = builder.build(device.clone(), &parameters).expect("a model");
    for _ in 0..2 {
        optimizer.step(&mut parameters, &gradients).expect("they fit");
    }
    let values = |tensor| bits(&device.fetch(tensor).expect("it has run"));
    parameters.iter().map(|(name, tensor)| (name.clone(), values(tensor))).collect()
}

#[test]
fn many_tensors_of_two_kernels() {
    with_any("runtime::joint::many_tensors_of_two_kernels", || {
        assert_same_on_both!(many);
    });
}

#[test]
fn rules_that_take_it_at_different_places_are_refused_on_every_device() {
    with_any("runtime::joint::rules_that_take_it_at_different_places_are_refused_on_every_device", || {
        let device = cuda();
        let parameters = all_parameters::<_, f32>(&device);
        let builder =
            normalized(false).group("second", |name, _| is_second(name), data(StableAdamW::default()));
        let refused = builder.build(device, &parameters).expect_err("the other one takes none");
        assert!(matches!(refused, Error::Combination { .. }), "{refused}");
    });
}

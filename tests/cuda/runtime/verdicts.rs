//! Steps that the device leaves out by itself: what counts them is what it is on the CPU, whenever somebody asks.

use super::norms::{Kind, norm_bits, special};
use super::{adamw, all_bits, all_parameters, cuda, state_and_bits};
use crate::fake::{Calls, Finds, with, with_any};
use crate::parity::difference;
use crate::values::{Contents, bits, contents};
use gradus::clip::JointClip;
use gradus::cpu::Cpu;
use gradus::device::{Formats, MakesTensors};
use gradus::hyperparameter::LearningRate;
use gradus::optimizer::{Build, LossScaling, Optimizer, Stepped, Together};
use gradus::rule::{AdamW, ScheduleFreeAdamW, Sm3, StableAdamW};
use gradus::transform::Rule;
use half::{bf16, f16};

const KINDS: [Kind; 11] = [
    Kind::Usual,
    Kind::Nan,
    Kind::Usual,
    Kind::Usual,
    Kind::Infinite,
    Kind::Nan,
    Kind::Usual,
    Kind::Empty,
    Kind::Usual,
    Kind::Usual,
    Kind::Infinite,
];

pub(super) fn scaling() -> LossScaling {
    LossScaling { start: 64.0, interval: 2, ..LossScaling::default() }
}

fn counts<R: Rule, K: Formats, D: MakesTensors>(
    optimizer: &Optimizer<R, K, Together, D>,
) -> [(String, Vec<u64>); 2] {
    let received = ["tail", "leaves", "empty"].map(|name| optimizer.received(name).expect("there is one"));
    let counts = [optimizer.steps(), optimizer.skipped(), optimizer.loss_scale().to_bits()];
    [("counts".to_owned(), [counts, received].concat()), norm_bits(optimizer.gradient_norm())]
}

/// Steps of which some are left out. Asked for their counts after each step, or only in the end.
macro_rules! judged {
    ($($name:ident in $parameter:ty, $gradient:ty => $builder:expr;)+) => {$(
        fn $name<D: MakesTensors>(device: &D, is_asked: bool) -> Contents {
            let mut parameters = all_parameters::<D, $parameter>(device);
            let mut optimizer = $builder.build(device.clone(), &parameters).expect("a model");
            let mut list = Contents::new();
            for (step, kind) in (1..).zip(KINDS) {
                let gradients = special::<D, $gradient>(device, step, kind);
                optimizer.step(&mut parameters, &gradients).expect("they fit");
                if step == 5 {
                    optimizer.set_learning_rate(LearningRate::new(0.05).expect("in range"));
                }
                if is_asked {
                    list.extend(counts(&optimizer));
                    list.extend(contents(&optimizer.snapshot().expect("whole steps")));
                }
            }
            list.extend(counts(&optimizer));
            let snapshot = optimizer.snapshot().expect("whole steps");
            list.extend(state_and_bits(device, &snapshot, &parameters));
            list
        }
    )+};
}

judged! {
    groups in f32, f32 => adamw()
        .group("vectors", |_, layout| layout.shape().len() == 1, AdamW::default())
        .freeze(|name, _| name == "whole")
        .clip_global_norm(0.3)
        .skip_nonfinite();
    statistics in bf16, bf16 => StableAdamW::default().parameters_in::<bf16>().kahan().skip_nonfinite();
    lines in f32, f16 => Sm3::default().gradients_in::<f16>().loss_scaling(scaling());
    rounded in bf16, bf16 => adamw()
        .parameters_in::<bf16>()
        .stochastic_rounding(3)
        .clip_together(JointClip::NormalizeRms, 0.1)
        .loss_scaling(scaling());
    wide in f64, f64 => adamw().parameters_in::<f64>().skip_nonfinite();
}

fn assert_same(name: &str, found: &Contents, expected: &Contents) {
    assert_eq!(difference(found, expected), None, "{name}");
}

macro_rules! assert_same_on_both {
    ($($run:ident)+) => {$(
        for is_asked in [false, true] {
            assert_same(stringify!($run), &$run(&cuda(), is_asked), &$run(&Cpu::default(), is_asked));
        }
    )+};
}

#[test]
fn steps_that_are_left_out_count_as_on_the_cpu() {
    with_any("runtime::verdicts::steps_that_are_left_out_count_as_on_the_cpu", || {
        assert_same_on_both!(groups statistics lines rounded wide);
    });
}

/// The point for evaluation behind each step, of which nobody has asked whether it was taken.
fn evaluated<D: MakesTensors>(device: &D) -> Contents {
    let mut parameters = all_parameters::<D, f32>(device);
    let builder = ScheduleFreeAdamW::default().skip_nonfinite();
    let mut optimizer = builder.build(device.clone(), &parameters).expect("a model");
    let mut list = Contents::new();
    for (step, kind) in (1..).zip(KINDS) {
        optimizer.step(&mut parameters, &special::<D, f32>(device, step, kind)).expect("they fit");
        let mut point = all_parameters::<D, f32>(device);
        optimizer.evaluation_into(&parameters, &mut point).expect("the same tensors");
        list.extend(all_bits(device, &point));
    }
    list
}

#[test]
fn the_point_for_evaluation_does_not_wait_for_the_next_step() {
    with_any("runtime::verdicts::the_point_for_evaluation_does_not_wait_for_the_next_step", || {
        assert_same("schedule-free", &evaluated(&cuda()), &evaluated(&Cpu::default()));
    });
}

/// A snapshot replaces a step that nobody has counted, whatever came of it.
fn restored<D: MakesTensors>(device: &D, last: Kind) -> Contents {
    let mut parameters = all_parameters::<D, f32>(device);
    let builder = || adamw().skip_nonfinite();
    let mut first = builder().build(device.clone(), &parameters).expect("a model");
    let mut other = builder().build(device.clone(), &parameters).expect("a model");
    for step in 1..=2 {
        first.step(&mut parameters, &special::<D, f32>(device, step, Kind::Usual)).expect("they fit");
    }
    other.step(&mut parameters, &special::<D, f32>(device, 3, last)).expect("they fit");
    other.restore(&first.snapshot().expect("whole steps")).expect("the same optimizer");
    assert_eq!((other.steps(), other.skipped(), other.received("leaf")), (2, 0, Ok(2)));
    other.step(&mut parameters, &special::<D, f32>(device, 4, Kind::Usual)).expect("they fit");
    state_and_bits(device, &other.snapshot().expect("whole steps"), &parameters)
}

#[test]
fn a_snapshot_replaces_a_step_that_nobody_has_counted() {
    with_any("runtime::verdicts::a_snapshot_replaces_a_step_that_nobody_has_counted", || {
        for last in [Kind::Usual, Kind::Nan] {
            assert_same("restored", &restored(&cuda(), last), &restored(&Cpu::default(), last));
        }
    });
}

/// A step by a norm that the host knows, and one without gradients, behind one that is not decided.
fn mixed<D: MakesTensors>(device: &D) -> Contents {
    let mut parameters = all_parameters::<D, f32>(device);
    let mut optimizer = adamw().loss_scaling(scaling()).build(device.clone(), &parameters).expect("a model");
    let mut list = Contents::new();
    for (step, kind) in (1..).zip(KINDS) {
        let gradients = special::<D, f32>(device, step, kind);
        let none: Vec<_> = gradients.iter().map(|(name, _)| (*name, None::<D::Tensor<f32>>)).collect();
        optimizer.step(&mut parameters, &gradients).expect("they fit");
        assert_eq!(optimizer.step(&mut parameters, &none), Ok(Stepped::WithoutGradients));
        let norm = optimizer.measure(&gradients).expect("they fit");
        let came = optimizer.step_with_norm(&mut parameters, &gradients, norm).expect("they fit");
        assert_eq!(came == Stepped::Taken, norm.norm.is_finite());
        list.extend(counts(&optimizer));
    }
    let snapshot = optimizer.snapshot().expect("whole steps");
    list.extend(state_and_bits(device, &snapshot, &parameters));
    list
}

#[test]
fn other_steps_may_follow() {
    with_any("runtime::verdicts::other_steps_may_follow", || {
        assert_same("mixed", &mixed(&cuda()), &mixed(&Cpu::default()));
    });
}

#[test]
fn a_step_asks_what_came_of_the_last_one_and_waits_for_nothing_else() {
    let name = "runtime::verdicts::a_step_asks_what_came_of_the_last_one_and_waits_for_nothing_else";
    with(Finds::Both, name, &[], || {
        let device = cuda();
        let mut parameters = all_parameters::<_, f32>(&device);
        let gradients = special::<_, f32>(&device, 1, Kind::Usual);
        let builder = adamw().clip_global_norm(0.5).skip_nonfinite();
        let mut optimizer = builder.build(device.clone(), &parameters).expect("a model");
        let mut step = || assert_eq!(optimizer.step(&mut parameters, &gradients), Ok(Stepped::Undecided));
        step();
        // Whatever came of it is there by then.
        for _ in 0..2 {
            device.wait().expect("it has run");
            let calls = Calls::of(&mut step);
            assert_eq!(calls, Calls { launches: 4, sends: 1, fetches: 1, ..Calls::default() });
        }
        // It is not: the fake runs nothing before it must.
        assert_eq!(Calls::of(&mut step).waits, 1);
    });
}

#[test]
fn what_has_been_decided_is_not_waited_for_again() {
    let name = "runtime::verdicts::what_has_been_decided_is_not_waited_for_again";
    with(Finds::Both, name, &[], || {
        let device = cuda();
        let mut parameters = [("w", device.tensor(&[2], &[1.0f32; 2]).expect("memory"))];
        let gradients = [("w", device.tensor(&[2], &[3.0f32, 4.0]).expect("memory"))];
        let mut optimizer = adamw().loss_scaling(scaling()).build(device, &parameters).expect("a model");
        optimizer.step(&mut parameters, &gradients).expect("they fit");
        let calls = Calls::of(|| {
            assert_eq!((optimizer.steps(), optimizer.skipped(), optimizer.loss_scale()), (1, 0, 64.0));
            let norm = optimizer.gradient_norm().expect("it was found").norm;
            assert_eq!(bits(&[norm]), bits(&[5.0f64 / 64.0]));
        });
        assert_eq!(calls, Calls { waits: 1, ..Calls::default() });
    });
}

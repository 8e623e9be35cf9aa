//! Schedules of hyperparameters through the optimizer.

use crate::{Tensors, plain, rate, snapshot, tensors};
use gradus::cpu::Cpu;
use gradus::error::Error;
use gradus::hyperparameter::{Tunable, WeightDecay};
use gradus::optimizer::{Build, select};
use gradus::rule::{AdamW, Lion, Sgd, SgdMomentum};
use gradus::schedule::{Count, Form, Rise, Schedule};

/// 1, 3/4, 1/2, 1/4, 0, 0, ...
fn falling() -> Schedule {
    Schedule::decay(Form::Linear, 1.0, 0.0, 5).expect("it falls")
}

/// 1/4, 1/2, 3/4, 1, 1, ...
fn rising() -> Schedule {
    Schedule::warm_up(4, Rise::Linear, Count::StepOverN)
}

fn parameters() -> Tensors<f32> {
    tensors([("a", &[0.0]), ("b", &[0.0]), ("c", &[0.0])])
}

fn ones() -> Tensors<f32> {
    tensors([("a", &[1.0]), ("b", &[1.0]), ("c", &[1.0])])
}

/// What each step took from each of three zeros, with gradients of one.
macro_rules! moves {
    ($builder:expr, $steps:expr) => {{
        let mut parameters = parameters();
        let mut optimizer = $builder.build(Cpu::default(), &parameters).expect("the model is valid");
        let mut moves = [const { Vec::new() }; 3];
        for _ in 0..$steps {
            let before = parameters.clone();
            optimizer.step(&mut parameters, &ones()).expect("the gradients fit");
            for place in 0..3 {
                moves[place].push(before[place].1[0] - parameters[place].1[0]);
            }
        }
        moves
    }};
}

#[test]
fn the_rate_is_multiplied_by_the_schedule_of_the_step() {
    let rule = Sgd { learning_rate: rate(8.0), ..plain() };
    let [a, ..] = moves!(rule.schedule("learning_rate", falling()), 6);
    assert_eq!(a, [8.0, 6.0, 4.0, 2.0, 0.0, 0.0]);
    let [a, ..] = moves!(rule.schedule("learning_rate", rising()), 6);
    assert_eq!(a, [2.0, 4.0, 6.0, 8.0, 8.0, 8.0]);
}

#[test]
fn groups_share_a_schedule_at_their_own_rates_or_have_their_own() {
    let with = |value| Sgd { learning_rate: rate(value), ..plain() };
    let builder = with(4.0)
        .group("b", select::named("b"), with(8.0))
        .group("c", select::named("c"), with(16.0))
        .schedule("learning_rate", falling())
        .schedule_group("c", "learning_rate", rising());
    let [a, b, c] = moves!(builder, 4);
    assert_eq!(a, [4.0, 3.0, 2.0, 1.0]);
    assert_eq!(b, [8.0, 6.0, 4.0, 2.0]);
    assert_eq!(c, [4.0, 8.0, 12.0, 16.0]);
    // The order of the calls is no matter, and the default group has a label, too.
    let builder = with(4.0)
        .schedule_group("default", "learning_rate", rising())
        .schedule("learning_rate", falling())
        .group("b", select::named("b"), with(8.0));
    let [a, b, c] = moves!(builder, 2);
    assert_eq!((a, b, c), (vec![1.0, 2.0], vec![8.0, 6.0], vec![1.0, 2.0]));
}

#[test]
fn several_hyperparameters_follow_schedules_of_their_own() {
    let rule = Sgd { weight_decay: WeightDecay::decoupled(0.5).expect("in the range"), ..plain() };
    let mut parameters: Tensors<f32> = tensors([("a", &[16.0])]);
    let mut optimizer = rule
        .schedule("learning_rate", rising())
        .schedule("weight_decay", falling())
        .build(Cpu::default(), &parameters)
        .expect("the model is valid");
    let mut exact = 16.0;
    for (learning_rate, decay) in [(0.25, 0.5), (0.5, 0.375), (0.75, 0.25), (1.0, 0.125)] {
        optimizer.step(&mut parameters, &tensors::<f32, 1>([("a", &[1.0])])).expect("the gradients fit");
        exact -= learning_rate * (1.0 + decay * exact);
        let scheduled = optimizer.groups().next().expect("there is one").scheduled;
        assert_eq!((scheduled.learning_rate.get(), scheduled.weight_decay.number()), (learning_rate, decay));
        assert!((f64::from(parameters[0].1[0]) - exact).abs() < 4.0 * 16.0 * f64::from(f32::EPSILON));
    }
    let base = optimizer.groups().next().expect("there is one").rule;
    assert_eq!((base.learning_rate.get(), base.weight_decay.number()), (1.0, 0.5));
}

#[test]
fn what_is_not_decayed_has_no_decay_to_schedule() {
    let rule = Sgd { weight_decay: WeightDecay::decoupled(0.5).expect("in the range"), ..plain() };
    let optimizer = rule
        .without_decay(select::named("b"))
        .schedule("weight_decay", falling())
        .schedule("learning_rate", rising())
        .build(Cpu::default(), &parameters());
    let mut optimizer = optimizer.expect("the model is valid");
    optimizer.step(&mut parameters(), &ones()).expect("the gradients fit");
    let scheduled: Vec<_> = optimizer
        .groups()
        .map(|group| {
            (group.label, group.scheduled.learning_rate.get(), group.scheduled.weight_decay.number())
        })
        .collect();
    assert_eq!(scheduled, [("default", 0.25, 0.5), ("undecayed", 0.25, 0.0)]);
}

#[test]
fn a_rate_that_is_set_is_what_the_schedule_multiplies() {
    let mut parameters = parameters();
    let mut optimizer =
        plain().schedule("learning_rate", falling()).build(Cpu::default(), &parameters).expect("it is valid");
    optimizer.step(&mut parameters, &ones()).expect("the gradients fit");
    optimizer.set_learning_rate(rate(4.0));
    optimizer.step(&mut parameters, &ones()).expect("the gradients fit");
    assert_eq!(parameters[0].1, [-1.0 - 3.0]);
}

#[test]
fn steps_count_for_schedules_only_if_they_are_taken() {
    let mut parameters = parameters();
    let mut optimizer = plain()
        .schedule("learning_rate", falling())
        .skip_nonfinite()
        .build(Cpu::default(), &parameters)
        .expect("the model is valid");
    let mut spoiled = ones();
    spoiled[2].1[0] = f32::NAN;
    let none: Vec<_> = ones().into_iter().map(|(name, _)| (name, None::<Vec<f32>>)).collect();
    for _ in 0..2 {
        optimizer.step(&mut parameters, &spoiled).expect("it is skipped");
        optimizer.step(&mut parameters, &none).expect("it is no step");
        optimizer.step(&mut parameters, &ones()).expect("the gradients fit");
    }
    assert_eq!((parameters[0].1[0], optimizer.steps()), (-1.75, 2));
}

#[test]
fn schedules_go_on_after_a_restart_and_under_release() {
    let build = || {
        let builder = plain().schedule("learning_rate", falling());
        builder.build(Cpu::default(), &parameters()).expect("the model is valid")
    };
    let (mut optimizer, mut model) = (build(), parameters());
    optimizer.step(&mut model, &ones()).expect("the gradients fit");
    let mut resumed = build();
    resumed.restore(&snapshot(&optimizer)).expect("the snapshot fits");
    let mut resumed = resumed.into_released();
    let mut step = resumed.begin_step().expect("every step is finished");
    for (name, parameter) in &mut model {
        step.release(*name, parameter, vec![1.0]).expect("the gradient fits");
    }
    step.finish();
    assert_eq!(model[0].1, [-1.0 - 0.75]);
}

#[test]
fn a_schedule_of_a_decay_rate_is_one_of_its_value() {
    let builder = SgdMomentum { learning_rate: rate(0.5), ..SgdMomentum::default() }
        .schedule("momentum", Schedule::constant(0.5).expect("in the range"));
    let mut optimizer = builder.build(Cpu::default(), &parameters()).expect("the model is valid");
    optimizer.step(&mut parameters(), &ones()).expect("the gradients fit");
    assert_eq!(optimizer.groups().next().expect("there is one").scheduled.momentum.get(), 0.45);
}

#[test]
fn a_schedule_that_leads_out_of_a_range_is_an_error_at_its_step() {
    let mut model = parameters();
    let constant = |value| Schedule::constant(value).expect("it is valid");
    let doubling = Schedule::sequence([(1, constant(1.0))], constant(2.0)).expect("it is valid");
    let mut optimizer = Lion::default()
        .group("b", select::named("b"), Lion::default())
        .schedule_group("b", "momentum", doubling)
        .build(Cpu::default(), &model)
        .expect("the model is valid");
    optimizer.step(&mut model, &ones()).expect("0.99 is in the range");
    let (before, state) = (model.clone(), snapshot(&optimizer));
    for _ in 0..2 {
        let error = optimizer.step(&mut model, &ones()).expect_err("twice 0.99 is not");
        let says = "at step 2 the schedule of `momentum` in the group `b` leads out of its range: \
                    decay rate is 1.98, but must satisfy 0 <= value < 1";
        assert_eq!(error.to_string(), says);
        assert!(matches!(error, Error::Scheduled { step: 2, .. }));
        assert_eq!((&model, &snapshot(&optimizer)), (&before, &state));
    }
    let mut optimizer = optimizer.into_released();
    assert!(matches!(optimizer.begin_step(), Err(Error::Scheduled { step: 2, .. })));
    // No step is under way after it.
    optimizer.rule_mut("b").expect("it is there").momentum = 0.25.try_into().expect("in the range");
    optimizer.begin_step().expect("0.5 is in the range").finish();
}

#[test]
fn a_schedule_is_of_something_that_the_rule_has() {
    let refused = |builder: gradus::optimizer::Builder<AdamW>, expected: &str| {
        let error = builder.build(Cpu::default(), &parameters()).expect_err(expected);
        assert_eq!(error.to_string(), expected);
    };
    refused(
        AdamW::default().schedule("momentum", falling()),
        "the rule has no hyperparameter `momentum` that can change; there are `learning_rate`, `first`, \
         `second`, `epsilon`, `weight_decay`",
    );
    refused(
        AdamW::default().schedule_group("biases", "learning_rate", falling()),
        "there is no group `biases`; the groups are `default`",
    );
}

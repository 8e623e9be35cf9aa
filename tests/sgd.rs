//! Gradient descent with and without momentum, against its papers and at its edges. What all rules
//! share is in `conformance`.

mod reference;
mod support;

use gradus::hyperparameter::{Dampening, Decay, LearningRate, WeightDecay};
use gradus::rule::{FirstMomentum, MomentumForm, Sgd, SgdMomentum};
use proptest::prelude::*;
use reference::Reference;
use reference::sgd::{First, Form, Settings};
use support::{Event, Single, any_decay, distance, events, number, weight_decay};

const STEPS: usize = 30;

/// The largest learning rate and momentum of the strategy below.
const RATE: f64 = 0.05;
const MOMENTUM: f64 = 0.9;

/// The error of `STEPS` steps in units of the arithmetic's `EPSILON`.
///
/// Gradients, decay included, are at most 5, so a velocity is at most 5/(1 − μ) and an update, with
/// Nesterov's form, one gradient larger. Each step rounds the velocity five times (constants
/// included), and the errors of earlier steps fade like the velocity; the update is rounded three
/// times more. γ times the update's error adds up over the steps. The parameter, below
/// 1 + n·γ·55 = 84, is rounded once per step, with decay three times. L2 feeds the parameter's error
/// back with γλ/(1 − μ) ≤ 0.05 per step: a factor below e^(30·0.05) = 4.5.
const ROUNDINGS: f64 = {
    let velocity = 5.0 / (1.0 - MOMENTUM);
    let update = 5.0 * velocity / (1.0 - MOMENTUM) + 3.0 * (velocity + 5.0);
    4.5 * STEPS as f64 * (RATE * update + 3.0 * 84.0)
};

fn settings(form: impl Strategy<Value = Form>) -> impl Strategy<Value = Settings> {
    let first = prop_oneof![Just(First::Gradient), Just(First::FromZero)];
    (0.0..RATE, 0.0..MOMENTUM, 0.0..=1.0, first, form, any_decay()).prop_map(
        |(learning_rate, momentum, dampening, first, form, decay)| Settings {
            learning_rate,
            momentum,
            dampening,
            first,
            form,
            decay,
        },
    )
}

fn plain(settings: Settings) -> Sgd {
    Sgd {
        learning_rate: LearningRate::new(settings.learning_rate).expect("in the range"),
        weight_decay: weight_decay(settings.decay),
    }
}

fn with_momentum(settings: Settings) -> SgdMomentum {
    let valid = "the strategy stays in the range";
    SgdMomentum {
        learning_rate: LearningRate::new(settings.learning_rate).expect(valid),
        momentum: Decay::new(settings.momentum).expect(valid),
        dampening: Dampening::new(settings.dampening).expect(valid),
        first: match settings.first {
            First::Gradient => FirstMomentum::Gradient,
            First::FromZero => FirstMomentum::FromZero,
        },
        form: match settings.form {
            Form::Plain | Form::Classical => MomentumForm::Classical,
            Form::Nesterov => MomentumForm::Nesterov,
        },
        weight_decay: weight_decay(settings.decay),
    }
}

proptest! {
    #[test]
    fn momentum_follows_the_paper(
        settings in settings(prop_oneof![Just(Form::Classical), Just(Form::Nesterov)]),
        start in number(-1.0..1.0),
        events in events(STEPS),
    ) {
        let paper = reference::sgd::Sgd::new(settings, start);
        let in_f64 = distance::<_, f64>(with_momentum(settings), paper, &events);
        prop_assert!(in_f64 <= ROUNDINGS * f64::EPSILON, "{in_f64}");
        let in_f32 = distance::<_, f32>(with_momentum(settings), paper, &events);
        prop_assert!(in_f32 <= ROUNDINGS * f64::from(f32::EPSILON), "{in_f32}");
    }

    #[test]
    fn plain_descent_follows_the_paper(
        settings in settings(Just(Form::Plain)),
        start in number(-1.0..1.0),
        events in events(STEPS),
    ) {
        let mut paper = reference::sgd::Sgd::new(settings, start);
        let mut in_f64 = Single::<_, f64>::new(plain(settings), start);
        let mut in_f32 = Single::<_, f32>::new(plain(settings), start);
        for event in events {
            let (Event::Step(gradient) | Event::Accumulate(gradient)) = event;
            paper.step(gradient);
            in_f64.step(gradient);
            in_f32.step(gradient);
        }
        prop_assert!((in_f64.parameter() - paper.parameter()).abs() <= ROUNDINGS * f64::EPSILON);
        prop_assert!((in_f32.parameter() - paper.parameter()).abs() <= ROUNDINGS * f64::from(f32::EPSILON));
    }
}

const fn momentum_settings(first: First, form: Form) -> Settings {
    let decay = reference::Decay::L2(0.5);
    Settings { learning_rate: 0.25, momentum: 0.5, dampening: 0.75, first, form, decay }
}

#[test]
fn every_form_of_momentum_worked_by_hand() {
    // γ = 1/4, μ = 1/2, d = 3/4, λ = 1/2 as L2, θ = 4, gradients 6 and 0.
    let two_steps = |first, form| {
        let mut single = Single::<_, f32>::new(with_momentum(momentum_settings(first, form)), 4.0);
        single.step(6.0);
        let after_one = single.parameter();
        single.step(0.0);
        (after_one, single.parameter())
    };
    // g = 6 + 2 = 8, m = 8, θ = 2; g = 1, m = 4 + 0.25, θ = 2 − 1.0625.
    assert_eq!(two_steps(First::Gradient, Form::Classical), (2.0, 0.9375));
    // m = 2, θ = 3.5; g = 1.75, m = 1 + 0.4375, θ = 3.5 − 0.359375.
    assert_eq!(two_steps(First::FromZero, Form::Classical), (3.5, 3.140625));
    // m = 8, u = 8 + 4, θ = 1; g = 0.5, m = 4 + 0.125, u = 0.5 + 2.0625, θ = 1 − 0.640625.
    assert_eq!(two_steps(First::Gradient, Form::Nesterov), (1.0, 0.359375));
    // m = 2, u = 8 + 1, θ = 1.75; g = 0.875, m = 1 + 0.21875, u = 0.875 + 0.609375, θ − 0.37109375.
    assert_eq!(two_steps(First::FromZero, Form::Nesterov), (1.75, 1.37890625));
}

#[test]
fn without_momentum_both_kinds_of_decay_are_the_same() {
    let after = |weight_decay| {
        let rule = Sgd { weight_decay, ..Sgd::default() };
        let mut single = Single::<_, f32>::new(rule, 1.7);
        single.step(0.3);
        single.parameter()
    };
    let (l2, decoupled) = (WeightDecay::l2(0.3), WeightDecay::decoupled(0.3));
    assert_eq!(after(l2.expect("in the range")), after(decoupled.expect("in the range")));
}

#[test]
fn with_no_gradient_and_no_velocity_only_weight_decay_acts() {
    let mut undecayed = Single::<_, f32>::new(SgdMomentum::default(), 2.0);
    undecayed.step(0.0);
    assert_eq!(undecayed.parameter(), 2.0);

    let weight_decay = WeightDecay::decoupled(0.5).expect("in the range");
    let mut decayed = Single::<_, f64>::new(Sgd { weight_decay, ..Sgd::default() }, 2.0);
    decayed.step(0.0);
    assert_eq!(decayed.parameter(), 2.0 - 0.1 * (0.5 * 2.0));
}

#[test]
fn without_decay_an_infinite_parameter_stays_infinite() {
    let mut single = Single::<_, f32>::new(Sgd::default(), f64::INFINITY);
    single.step(1.0);
    assert_eq!(single.parameter(), f64::INFINITY);
}

#[test]
fn a_gradient_that_is_not_a_number_reaches_the_parameter() {
    let mut plain = Single::<_, f32>::new(Sgd::default(), 2.0);
    plain.step(f64::NAN);
    assert!(plain.parameter().is_nan());
    let mut momentum = Single::<_, f32>::new(SgdMomentum::default(), 2.0);
    momentum.step(f64::NAN);
    assert!(momentum.parameter().is_nan());
}

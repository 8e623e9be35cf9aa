//! Lion against its paper and at its edges. What all rules share is in `conformance`.

mod reference;
mod support;

use gradus::hyperparameter::{Decay, LearningRate, WeightDecay};
use gradus::rule::Lion;
use proptest::prelude::*;
use reference::Reference;
use reference::lion::Settings;
use support::{Event, Single, any_decay, events, number, weight_decay};

const STEPS: usize = 50;

/// A parameter below 4 is rounded at most three times per step: with decay, the rate, and the sum.
const ROUNDINGS: f64 = STEPS as f64 * 3.0 * 4.0;

/// Momentum and gradient, decay included, are at most 4.4; each step rounds them five times. Closer
/// to zero than this, the sign of the direction is not determined in a format with this `EPSILON`.
const UNDETERMINED: f64 = STEPS as f64 * 5.0 * 4.4;

fn settings() -> impl Strategy<Value = Settings> {
    (0.0..0.05, 0.0..0.999, 0.0..0.999, any_decay()).prop_map(
        |(learning_rate, direction, momentum, decay)| Settings { learning_rate, direction, momentum, decay },
    )
}

fn lion(settings: Settings) -> Lion {
    let valid = "the strategy stays in the range";
    Lion {
        learning_rate: LearningRate::new(settings.learning_rate).expect(valid),
        direction: Decay::new(settings.direction).expect(valid),
        momentum: Decay::new(settings.momentum).expect(valid),
        weight_decay: weight_decay(settings.decay),
    }
}

proptest! {
    #[test]
    fn follows_the_paper(settings in settings(), start in number(-1.0..1.0), events in events(STEPS)) {
        let mut paper = reference::lion::Lion::new(settings, start);
        let mut in_f64 = Single::<_, f64>::new(lion(settings), start);
        let mut in_f32 = Single::<_, f32>::new(lion(settings), start);
        for event in events {
            match event {
                Event::Step(gradient) => {
                    paper.step(gradient);
                    in_f64.step(gradient);
                    in_f32.step(gradient);
                    prop_assume!(paper.direction.abs() > UNDETERMINED * f64::from(f32::EPSILON));
                }
                Event::Accumulate(gradient) => {
                    paper.accumulate(gradient);
                    in_f64.accumulate(gradient);
                    in_f32.accumulate(gradient);
                }
            }
            let exact = paper.parameter();
            prop_assert!((in_f64.parameter() - exact).abs() <= ROUNDINGS * f64::EPSILON);
            prop_assert!((in_f32.parameter() - exact).abs() <= ROUNDINGS * f64::from(f32::EPSILON));
        }
    }
}

#[test]
fn three_steps_worked_by_hand() {
    // β₁ = 1/2, β₂ = 3/4, γ = 1/4, λ = 1/2 decoupled, θ = 2:
    // g = 4:  c = 2, m = 1:         θ = 2 − (1 + 1)/4                   = 1.5
    // g = −1: c = 0, m = 0.5:       θ = 1.5 − (0 + 0.75)/4              = 1.3125
    // g = −1: c = −0.25, m = 0.125: θ = 1.3125 − (−1 + 0.65625)/4       = 1.3984375
    let rule = Lion {
        learning_rate: LearningRate::new(0.25).expect("in the range"),
        direction: Decay::new(0.5).expect("in the range"),
        momentum: Decay::new(0.75).expect("in the range"),
        weight_decay: WeightDecay::decoupled(0.5).expect("in the range"),
    };
    let mut single = Single::<_, f32>::new(rule, 2.0);
    let parameters = [4.0, -1.0, -1.0].map(|gradient| {
        single.step(gradient);
        single.parameter()
    });
    assert_eq!(parameters, [1.5, 1.3125, 1.3984375]);
}

#[test]
fn the_sign_of_zero_is_zero() {
    let mut single = Single::<_, f32>::new(Lion::default(), 2.0);
    single.step(0.0);
    assert_eq!(single.parameter(), 2.0);
    single.step(-0.0);
    assert_eq!(single.parameter(), 2.0);
}

#[test]
fn the_smallest_gradient_moves_as_far_as_the_largest() {
    let move_by = |gradient| {
        let mut single = Single::<_, f32>::new(Lion::default(), 0.0);
        single.step(gradient);
        single.parameter()
    };
    assert_eq!(move_by(f64::from(f32::MIN_POSITIVE)), move_by(f64::from(f32::MAX)));
    assert_eq!(move_by(f64::INFINITY), -move_by(f64::NEG_INFINITY));
}

#[test]
fn a_gradient_that_is_not_a_number_reaches_the_parameter() {
    let mut single = Single::<_, f32>::new(Lion::default(), 2.0);
    single.step(f64::NAN);
    assert!(single.parameter().is_nan());
}

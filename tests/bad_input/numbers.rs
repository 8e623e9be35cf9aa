//! Hyperparameters and threads outside their ranges.

use gradus::cpu::Cpu;
use gradus::error::Error;
use gradus::hyperparameter::{Coefficient, Dampening, Decay, Epsilon, LearningRate, WeightDecay};

const BEYOND: [f64; 4] = [-1e-300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];

fn text<X: core::fmt::Debug>(result: Result<X, Error>) -> String {
    result.expect_err("the value is outside the range").to_string()
}

#[test]
fn a_learning_rate_is_finite_and_not_negative() {
    for value in BEYOND {
        let allowed = "but must satisfy 0 <= value < ∞";
        assert_eq!(text(LearningRate::new(value)), format!("learning rate is {value}, {allowed}"));
    }
    assert_eq!(
        text(LearningRate::try_from(f64::NAN)),
        "learning rate is NaN, but must satisfy 0 <= value < ∞"
    );
    assert_eq!(LearningRate::new(0.0).map(LearningRate::get), Ok(0.0));
}

#[test]
fn a_decay_rate_is_below_one() {
    for value in BEYOND.into_iter().chain([1.0]) {
        let allowed = "but must satisfy 0 <= value < 1";
        assert_eq!(text(Decay::new(value)), format!("decay rate is {value}, {allowed}"));
    }
    assert_eq!(Decay::new(0.0).map(Decay::get), Ok(0.0));
    assert!(Decay::new(1.0f64.next_down()).is_ok());
}

#[test]
fn dampening_is_at_most_one() {
    for value in BEYOND.into_iter().chain([1.0 + f64::EPSILON]) {
        let allowed = "but must satisfy 0 <= value <= 1";
        assert_eq!(text(Dampening::new(value)), format!("dampening is {value}, {allowed}"));
    }
    assert!(Dampening::new(1.0).is_ok());
}

#[test]
fn weight_decay_is_finite_and_not_negative() {
    let largest = LearningRate::new(1.0).expect("in the range");
    for value in BEYOND {
        let expected = format!("weight decay is {value}, but must satisfy 0 <= value < ∞");
        assert_eq!(text(Coefficient::new(value)), expected);
        assert_eq!(text(WeightDecay::l2(value)), expected);
        assert_eq!(text(WeightDecay::decoupled(value)), expected);
        assert_eq!(text(WeightDecay::fully_decoupled(value, largest)), expected);
    }
}

#[test]
fn fully_decoupled_decay_needs_a_largest_learning_rate() {
    let zero = LearningRate::new(0.0).expect("in the range");
    let expected = "maximal learning rate is 0, but must satisfy 0 < value < ∞";
    assert_eq!(text(WeightDecay::fully_decoupled(1e-5, zero)), expected);
}

#[test]
fn epsilon_is_finite_and_not_negative() {
    for value in BEYOND {
        let expected = format!("epsilon is {value}, but must satisfy 0 <= value < ∞");
        assert_eq!(text(Epsilon::added(value)), expected);
        assert_eq!(text(Epsilon::floor(value)), expected);
    }
}

#[test]
fn a_step_needs_a_thread() {
    let error = Cpu::with_threads(0).expect_err("none is too few");
    assert_eq!(error.to_string(), "could not start 0 threads: a step needs at least one");
}

//! SGD-SaI against its paper and at its edges. What all rules share is in `conformance`.

mod reference;
mod support;

use gradus::catalogue::{self, Configuration};
use gradus::cpu::Cpu;
use gradus::hyperparameter::{Decay, Epsilon, LearningRate, WeightDecay};
use gradus::optimizer::Build;
use gradus::rule::{Constant, SgdSai};
use proptest::prelude::*;
use reference::sgd_sai::Settings;
use support::{Exact, number, weight_decay};

const VALID: &str = "in the range";
const STEPS: usize = 20;
const MOST: usize = 200;

/// No decay, or one that stands beside the gradient.
fn decay() -> impl Strategy<Value = reference::Decay> {
    support::any_decay().prop_map(|decay| match decay {
        reference::Decay::L2(coefficient) => reference::Decay::Decoupled(coefficient),
        other => other,
    })
}

fn settings() -> impl Strategy<Value = Settings> {
    (0.0..0.01, 0.0..0.999, 0.0..0.5, decay()).prop_map(|(learning_rate, momentum, epsilon, decay)| {
        Settings { learning_rate, momentum, epsilon, decay }
    })
}

fn rule(settings: Settings) -> SgdSai {
    SgdSai {
        learning_rate: LearningRate::new(settings.learning_rate).expect(VALID),
        momentum: Decay::new(settings.momentum).expect(VALID),
        epsilon: Epsilon::added(settings.epsilon).expect(VALID),
        constant: Constant::Formula,
        weight_decay: weight_decay(settings.decay),
        ..SgdSai::default()
    }
}

/// Gradients between −4 and 4 for a tensor of 2 to `MOST` elements.
fn gradients() -> impl Strategy<Value = Vec<Vec<f64>>> {
    (2..=MOST).prop_flat_map(|length| {
        prop::collection::vec(prop::collection::vec(number(-4.0..4.0), length), 1..=STEPS)
    })
}

/// The largest distance between the rule in `T` and the paper, in units of its `EPSILON`, over what is
/// allowed.
///
/// The first gradient's mean is rounded once, each difference to it once: of numbers below 4 and 8,
/// so σ is off by 12·√2 units at most. Norm, sum with ε, quotient and scaling round the ratio 5 times.
/// Momentum, below 4, is rounded 3 times in each step. Their product with γ is rounded twice, and with
/// decay the parameter is rounded 3 times.
fn excess<T: Exact>(settings: Settings, gradients: &[Vec<f64>]) -> f64 {
    let mut paper = reference::sgd_sai::SgdSai::new(settings, vec![0.5; gradients[0].len()]);
    let mut parameters = [("x", vec![T::constant(0.5); gradients[0].len()])];
    let builder = rule(settings).parameters_in::<T>();
    let mut optimizer = builder.build(Cpu::default(), &parameters).expect("one parameter is a model");
    let (mut allowed, mut worst) = (0.0, 0.0f64);
    for (before, gradient) in gradients.iter().enumerate() {
        paper.step(gradient);
        let gradient: Vec<T> = gradient.iter().map(|number| T::constant(*number)).collect();
        optimizer.step(&mut parameters, &[("x", gradient)]).expect("the gradient fits");
        let of_ratio = 12.0 * 2f64.sqrt() / paper.deviation + 5.0;
        let of_momentum = 4.0 * 3.0 * (before + 1) as f64;
        let largest = paper.parameter.iter().fold(1.0f64, |largest, number| largest.max(number.abs()));
        allowed +=
            settings.learning_rate * paper.ratio * (4.0 * (of_ratio + 2.0) + of_momentum) + 3.0 * largest;
        for (found, exact) in parameters[0].1.iter().zip(&paper.parameter) {
            worst = worst.max((found.to_f64() - exact).abs() / allowed);
        }
    }
    worst
}

proptest! {
    #[test]
    fn follows_the_paper(settings in settings(), gradients in gradients()) {
        let in_f64 = excess::<f64>(settings, &gradients);
        prop_assert!(in_f64 <= f64::EPSILON, "{in_f64:e}");
        let in_f32 = excess::<f32>(settings, &gradients);
        prop_assert!(in_f32 <= f64::from(f32::EPSILON), "{in_f32:e}");
    }
}

/// The factor that a first gradient leaves, in `T`.
fn ratio<T: Exact>(rule: SgdSai, gradient: &[f64]) -> f64 {
    let mut parameters = [("x", vec![T::constant(0.0); gradient.len()])];
    let builder = rule.parameters_in::<T>();
    let mut optimizer = builder.build(Cpu::default(), &parameters).expect("one parameter is a model");
    let gradient: Vec<T> = gradient.iter().map(|number| T::constant(*number)).collect();
    optimizer.step(&mut parameters, &[("x", gradient)]).expect("the gradient fits");
    let snapshot = optimizer.snapshot().expect("no step is under way");
    let (name, numbers) = &snapshot.tensors[0].tensor[2];
    assert_eq!(name, "ratio");
    numbers[0].to_f64()
}

fn without_epsilon() -> SgdSai {
    SgdSai { epsilon: Epsilon::added(0.0).expect(VALID), ..SgdSai::default() }
}

#[test]
fn two_steps_worked_by_hand() {
    // g = (7, 1): mean 4, σ = √(18/1), ‖g‖ = √50, s = 5/3. γ = 3/8, μ = 3/4, λ = 2/3 decoupled, θ = (1, 0):
    // θ = (1 − 3/8·(5/3·7 + 2/3), −3/8·5/3·1)                     = (−3.625, −0.625)
    // g = (−1, 3): m = (5, 1.5):
    // θ = (−3.625·3/4 − 3/8·5/3·5, −0.625·3/4 − 3/8·5/3·1.5)      = (−5.84375, −1.40625)
    let rule = SgdSai {
        learning_rate: LearningRate::new(0.375).expect(VALID),
        momentum: Decay::new(0.75).expect(VALID),
        weight_decay: WeightDecay::decoupled(2.0 / 3.0).expect(VALID),
        ..without_epsilon()
    };
    let mut parameters = [("x", vec![1.0f64, 0.0])];
    let mut optimizer = rule.parameters_in::<f64>().build(Cpu::default(), &parameters).expect("a model");
    for (gradient, expected) in [([7.0, 1.0], [-3.625, -0.625]), ([-1.0, 3.0], [-5.84375, -1.40625])] {
        optimizer.step(&mut parameters, &[("x", gradient.to_vec())]).expect("the gradient fits");
        for (found, expected) in parameters[0].1.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-14, "{found} {expected}");
        }
    }
}

#[test]
fn l2_decay_moves_the_parameter_but_is_no_signal() {
    let rule = SgdSai { weight_decay: WeightDecay::l2(0.5).expect(VALID), ..without_epsilon() };
    let rule = SgdSai { learning_rate: LearningRate::new(0.375).expect(VALID), ..rule };
    let mut parameters = [("x", vec![4.0f64, 2.0])];
    let mut optimizer = rule.parameters_in::<f64>().build(Cpu::default(), &parameters).expect("a model");
    optimizer.step(&mut parameters, &[("x", vec![7.0, 1.0])]).expect("the gradient fits");
    // s = 5/3 of (7, 1), and m = (7, 1) + (2, 1).
    assert!((parameters[0].1[0] - (4.0 - 0.625 * 9.0)).abs() < 1e-14);
    assert!((parameters[0].1[1] - (2.0 - 0.625 * 2.0)).abs() < 1e-14);
}

#[test]
fn the_size_of_a_gradient_does_not_matter_however_large_or_small() {
    let gradient: Vec<f64> = (0..5000).map(|i| f64::from((i * 37) % 101) / 8.0 - 5.0).collect();
    let expected = ratio::<f32>(without_epsilon(), &gradient);
    for exponent in [-110, -40, 40, 115] {
        let scaled: Vec<f64> = gradient.iter().map(|g| g * 2f64.powi(exponent)).collect();
        assert_eq!(ratio::<f32>(without_epsilon(), &scaled), expected, "2^{exponent}");
    }
}

#[test]
fn a_small_deviation_beside_a_large_mean_is_found() {
    // A mean of 1000 and a deviation near 1: squares of the gradient, subtracted, would have lost it.
    let gradient: Vec<f64> = (0..4096).map(|i| 1000.0 + f64::from(i % 2) * 2.0 - 1.0).collect();
    let exact = (4096.0f64 * 1_000_001.0).sqrt() / (4096.0f64 / 4095.0).sqrt();
    assert!((ratio::<f32>(without_epsilon(), &gradient) / exact - 1.0).abs() < 4.0 * f64::from(f32::EPSILON));
}

#[test]
fn a_gradient_without_deviation_is_not_scaled_unless_the_formula_is_asked_for() {
    let formula = SgdSai { constant: Constant::Formula, ..SgdSai::default() };
    for gradient in [vec![2.0], vec![0.1; 1000], vec![-1e30; 77]] {
        assert_eq!(ratio::<f32>(SgdSai::default(), &gradient), 1.0);
        assert_eq!(ratio::<f64>(SgdSai::default(), &gradient), 1.0);
    }
    assert!((ratio::<f64>(formula, &[2.0]) / 2e8 - 1.0).abs() < 1e-15);
    assert!((ratio::<f32>(formula, &[2.0; 3]) / (12f64.sqrt() * 1e8) - 1.0).abs() < 1e-6);
    assert_eq!(ratio::<f32>(formula, &[0.0; 3]), 0.0);
}

#[test]
fn a_floor_takes_the_place_of_a_smaller_deviation_only() {
    let with = |floor| SgdSai { epsilon: Epsilon::floor(floor).expect(VALID), ..SgdSai::default() };
    assert!((ratio::<f64>(with(10.0), &[7.0, 1.0]) - 50f64.sqrt() / 10.0).abs() < 1e-15);
    assert!((ratio::<f64>(with(1.0), &[7.0, 1.0]) - 5.0 / 3.0).abs() < 1e-15);
}

#[test]
fn without_momentum_each_gradient_is_used_as_it_is() {
    let rule = SgdSai {
        learning_rate: LearningRate::new(1.0).expect(VALID),
        momentum: Decay::new(0.0).expect(VALID),
        weight_decay: WeightDecay::NONE,
        ..without_epsilon()
    };
    let mut parameters = [("x", vec![0.0f64, 0.0])];
    let mut optimizer = rule.parameters_in::<f64>().build(Cpu::default(), &parameters).expect("a model");
    for gradient in [[1.0, -1.0], [0.5, 0.25]] {
        optimizer.step(&mut parameters, &[("x", gradient.to_vec())]).expect("the gradient fits");
    }
    assert_eq!(parameters[0].1, [-1.5, 0.75]); // s = √2/√2
}

#[test]
fn normalized_factors_follow_the_largest_also_of_those_that_come_late() {
    let rule = SgdSai {
        learning_rate: LearningRate::new(1.0).expect(VALID),
        momentum: Decay::new(0.0).expect(VALID),
        weight_decay: WeightDecay::NONE,
        ..without_epsilon()
    };
    let start = || [("a", vec![0.0f64, 0.0]), ("b", vec![0.0, 0.0]), ("c", vec![0.0]), ("d", vec![0.0, 0.0])];
    let mut optimizer =
        rule.normalized().parameters_in::<f64>().build(Cpu::default(), &start()).expect("a model");
    // s of a, b and c is 5/3, 1 and 1.
    let first = [Some(vec![7.0, 1.0]), Some(vec![1.0, -1.0]), Some(vec![3.0]), None];
    let mut step = |gradients: [Option<Vec<f64>>; 4]| {
        let mut parameters = start();
        let gradients: Vec<_> = ["a", "b", "c", "d"].into_iter().zip(gradients).collect();
        optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
        parameters.map(|(_, values)| -values[0])
    };
    let close = |found: [f64; 4], expected: [f64; 4]| {
        let fits = found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-14);
        assert!(fits, "{found:?} {expected:?}");
    };
    close(step(first.clone()), [7.0, 0.6, 1.8, 0.0]);
    close(step(first.clone()), [7.0, 0.6, 1.8, 0.0]);
    // g = (5, 3): mean 4, σ = √2, s = √17: from now on the largest, for all that have a gradient.
    let largest = 17f64.sqrt();
    let late = [None, Some(vec![1.0, -1.0]), Some(vec![3.0]), Some(vec![5.0, 3.0])];
    close(step(late), [0.0, 1.0 / largest, 3.0 / largest, 5.0]);
    // A smaller one that comes late finds the largest of those before.
    close(step(first), [7.0, 1.0 / largest, 3.0 / largest, 0.0]);
}

#[test]
fn normalized_factors_need_every_gradient_at_once_also_by_name() {
    let configuration = Configuration {
        hyperparameters: [("normalization", "largest".into())].into(),
        ..Configuration::of("sgd_sai")
    };
    let parameters = vec![("x".to_owned(), vec![0.0f32; 3])];
    let mut optimizer =
        catalogue::build::<f32>(&configuration, Cpu::default(), &parameters).expect("a model");
    let error = optimizer.step_singly(&mut |_| Ok(())).expect_err("it is refused").to_string();
    assert!(error.contains("needs every gradient at once"), "{error}");
}

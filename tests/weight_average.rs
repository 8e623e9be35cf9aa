//! Averages of weights. What they share with all rules that have two points is in `conformance`.

mod reference;
mod support;

use gradus::cpu::Cpu;
use gradus::error::Error;
use gradus::hyperparameter::LearningRate;
use gradus::optimizer::{Build, select};
use gradus::rule::{AdamW, Sgd, SgdMomentum, WeightAverage};
use half::bf16;
use proptest::prelude::*;
use support::number;

/// γ = 1, so that a gradient is a way.
fn walk() -> Sgd {
    Sgd { learning_rate: LearningRate::new(1.0).expect("in the range"), ..Sgd::default() }
}

/// Σ wᵢ·θᵢ / Σ wᵢ, as the papers have it.
fn mean(points: &[f64], weight: impl Fn(usize) -> f64) -> f64 {
    let weights: f64 = (0..points.len()).map(&weight).sum();
    points.iter().enumerate().map(|(number, point)| weight(number) * point).sum::<f64>() / weights
}

proptest! {
    #[test]
    fn the_average_is_the_weighted_mean_of_all_points(
        ways in prop::collection::vec(number(-1.0..1.0), 1..60),
        decay in 0.0..0.9999,
    ) {
        let of = |average: WeightAverage| {
            let mut parameters = [("x", vec![0.0f64])];
            let mut optimizer =
                walk().average(average).parameters_in::<f64>().build(Cpu::default(), &parameters).expect("a model");
            let mut points = Vec::new();
            for way in &ways {
                optimizer.step(&mut parameters, &[("x", vec![*way])]).expect("it fits");
                points.push(parameters[0].1[0]);
            }
            optimizer.into_evaluation(&mut parameters).expect("it fits");
            (points, parameters[0].1[0])
        };
        // Each of n values rounds four times numbers below 2n; the weights are off by 1e-16/(1 − β).
        let tolerance = (ways.len() * ways.len()) as f64 * (8.0 + 8.0 / (1.0 - decay)) * f64::EPSILON;
        let (points, average) = of(WeightAverage::uniform());
        prop_assert!((average - mean(&points, |_| 1.0)).abs() <= tolerance);
        let (points, average) = of(WeightAverage::exponential(decay).expect("in the range"));
        let last = points.len() - 1;
        let expected = mean(&points, |number| decay.powi((last - number) as i32));
        prop_assert!((average - expected).abs() <= tolerance, "{average} {expected}");
    }

    #[test]
    fn a_parameter_that_stands_still_is_its_own_average(start in number(0.1..9.0), decay in 0.9..0.99999) {
        let mut parameters = [("x", vec![start as f32])];
        let average = WeightAverage::exponential(decay).expect("in the range");
        let mut optimizer = walk().average(average).build(Cpu::default(), &parameters).expect("a model");
        for _ in 0..300 {
            optimizer.step(&mut parameters, &[("x", vec![0.0f32])]).expect("it fits");
        }
        optimizer.into_evaluation(&mut parameters).expect("it fits");
        prop_assert_eq!(parameters[0].1[0], start as f32);
    }
}

#[test]
fn micro_batches_do_not_count() {
    let rule =
        SgdMomentum { learning_rate: LearningRate::new(1.0).expect("in the range"), ..Default::default() };
    let mut parameter = vec![0.0f64];
    let mut optimizer = rule
        .average(WeightAverage::uniform())
        .parameters_in::<f64>()
        .gradient_release()
        .build(Cpu::default(), &[("x", parameter.clone())])
        .expect("a model");
    let mut points = Vec::new();
    for number in 0..4 {
        let mut step = optimizer.begin_step().expect("every step is finished");
        for _ in 0..number {
            step.accumulate("x", vec![0.25]).expect("it fits");
        }
        step.release("x", &mut parameter, vec![-1.0]).expect("it fits");
        step.finish();
        points.push(parameter[0]);
    }
    let mut averaged = [("x", vec![0.0])];
    optimizer.evaluation_into(&[("x", parameter)], &mut averaged).expect("it fits");
    assert!((averaged[0].1[0] - mean(&points, |_| 1.0)).abs() < 1e-14);
}

#[test]
fn what_kahan_carries_is_averaged_too() {
    let rule = Sgd { learning_rate: LearningRate::new(1e-4).expect("in the range"), ..Sgd::default() };
    let mut parameters = [("x", vec![bf16::ONE])];
    let builder = rule.average(WeightAverage::uniform()).parameters_in::<bf16>().kahan();
    let mut optimizer = builder.build(Cpu::default(), &parameters).expect("a model");
    for _ in 0..19 {
        optimizer.step(&mut parameters, &[("x", vec![bf16::ONE])]).expect("it fits");
    }
    // No step has moved the stored number, since 0.9981 is nearer to 1 than to 0.996.
    assert_eq!(parameters[0].1, [bf16::ONE]);
    let snapshot = optimizer.snapshot().expect("no step is under way");
    let (name, average) = &snapshot.tensors[0].state[0];
    // The mean of 1 − t·1e-4 for t up to 19; the carry, below 2^-8, is rounded to 9 bits.
    assert_eq!(name, "average");
    assert!((f64::from(average[0]) - (1.0 - 10.0 * 1e-4)).abs() < 19.0 * 2f64.powi(-18));
}

#[test]
fn in_a_narrow_format_the_average_moves_on_average() {
    const COUNT: usize = 4096;
    let mut parameters = [("x", vec![bf16::ONE; COUNT])];
    let average = WeightAverage::exponential(0.999).expect("in the range");
    let mut optimizer = walk()
        .average(average)
        .parameters_in::<bf16>()
        .state_in::<bf16>(3)
        .build(Cpu::default(), &parameters)
        .expect("a model");
    optimizer.step(&mut parameters, &[("x", vec![bf16::ZERO; COUNT])]).expect("it fits");
    optimizer.step(&mut parameters, &[("x", vec![bf16::NEG_ONE; COUNT])]).expect("it fits");
    for _ in 0..998 {
        optimizer.step(&mut parameters, &[("x", vec![bf16::ZERO; COUNT])]).expect("it fits");
    }
    // One point at 1 and 999 at 2, each weighing 0.999 of the next.
    let weight = |age: i32| 0.999f64.powi(age);
    let all: f64 = (0..1000).map(weight).sum();
    let expected = 2.0 - weight(999) / all;
    let snapshot = optimizer.snapshot().expect("no step is under way");
    let values = &snapshot.tensors[0].state[0].1;
    let found = values.iter().map(|value| value.to_f64()).sum::<f64>() / COUNT as f64;
    // To nearest, it would not have left 1.5, where half a unit is 2^-8 and a step at most 0.001. Each of
    // 1000 roundings has a standard deviation of at most 2^-8 (half a unit), over 4096 elements.
    let deviation = 2f64.powi(-8) * (1000f64 / COUNT as f64).sqrt();
    assert!((found - expected).abs() < 5.0 * deviation, "{found} {expected}");
}

#[test]
fn frozen_parameters_are_copied_and_late_ones_stay() {
    let mut parameters = [("frozen", vec![1.0f32]), ("late", vec![2.0]), ("moving", vec![0.0])];
    let builder = walk().average(WeightAverage::uniform()).freeze(select::named("frozen"));
    let mut optimizer = builder.build(Cpu::default(), &parameters).expect("a model");
    for _ in 0..2 {
        let gradients = [("frozen", None), ("late", None), ("moving", Some(vec![-1.0f32]))];
        optimizer.step(&mut parameters, &gradients).expect("it fits");
    }
    let mut elsewhere = [("frozen", vec![9.0f32]), ("late", vec![9.0]), ("moving", vec![9.0])];
    optimizer.evaluation_into(&parameters, &mut elsewhere).expect("it fits");
    assert_eq!(elsewhere, [("frozen", vec![1.0]), ("late", vec![2.0]), ("moving", vec![1.5])]);
    let bytes = optimizer.state_bytes();
    let optimizer = optimizer.into_evaluation(&mut parameters).expect("it fits");
    assert_eq!(parameters, elsewhere);
    assert_eq!(optimizer.state_bytes(), bytes + 2 * 4); // two parameters are kept
    let optimizer = optimizer.into_training(&mut parameters).expect("it fits");
    assert_eq!(parameters, [("frozen", vec![1.0]), ("late", vec![2.0]), ("moving", vec![2.0])]);
    assert_eq!(optimizer.state_bytes(), bytes);
}

#[test]
fn a_mistake_gives_the_optimizer_back() {
    let mut parameters = [("x", vec![1.0f32]), ("y", vec![2.0])];
    let builder = AdamW::default().average(WeightAverage::uniform());
    let optimizer = builder.build(Cpu::default(), &parameters).expect("a model");

    let mut swapped = [("y", vec![2.0f32]), ("x", vec![1.0])];
    let refused = optimizer.into_evaluation(&mut swapped).expect_err("another order");
    let order = Error::ParameterOrder { place: 0, expected: "x".to_owned(), found: "y".to_owned() };
    assert_eq!(refused.error, order);
    let optimizer = refused.returned.into_evaluation(&mut parameters).expect("it fits");
    let refused = optimizer.into_training(&mut parameters[..1]).expect_err("one is missing");
    assert_eq!(refused.error, Error::ParameterCount { expected: 2, found: 1 });
    let optimizer = refused.returned.into_training(&mut parameters).expect("it fits");

    let mut elsewhere = parameters.clone();
    let absent = [("x", Some(vec![1.0f32])), ("y", None)];
    let error = optimizer.evaluation_into(&absent, &mut elsewhere).expect_err("one is absent");
    assert_eq!(
        error.to_string(),
        "parameter `y` is absent; pass every parameter that the optimizer was built with"
    );
    let error = optimizer.evaluation_into(&parameters, &mut elsewhere[..1]).expect_err("no room");
    assert_eq!(error, Error::ParameterCount { expected: 2, found: 1 });
    let error = optimizer.evaluation_into(&parameters[..1], &mut elsewhere).expect_err("one is missing");
    assert_eq!(error, Error::ParameterCount { expected: 2, found: 1 });
    let long = [("x", vec![1.0f32; 2]), ("y", vec![2.0])];
    let error = optimizer.evaluation_into(&long, &mut elsewhere).expect_err("another shape");
    assert!(matches!(error, Error::ParameterShape { .. }));

    let mut released = optimizer.into_released();
    let _ = released.begin_step().expect("every step is finished");
    let refused = released.into_evaluation(&mut parameters).expect_err("a step is under way");
    assert!(matches!(refused.error, Error::UnfinishedStep { .. }));
    assert_eq!(refused.returned.steps(), 0);
}

#[test]
fn a_decay_of_one_is_refused() {
    assert!(WeightAverage::exponential(1.0).is_err());
}

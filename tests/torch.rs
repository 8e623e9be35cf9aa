//! The rules that torch.optim has beside SGD and Adam, against their papers and at their edges. What
//! all rules share is in `conformance`.

mod reference;
mod support;

use gradus::hyperparameter::{Amount, Decay, Epsilon, Floor, LearningRate, WeightDecay};
use gradus::rule::{
    Adadelta, Adagrad, Adamax, AmsGrad, Averages, CenteredRmsProp, CenteredRmsPropMomentum, NAdam, RmsProp,
    RmsPropMomentum,
};
use proptest::prelude::*;
use reference::adaptive::{self, Follower, Form};
use support::{
    Single, any_decay, distance, distance_of_steps, epsilon, events, gradients, library_epsilon, number,
    weight_decay,
};

const STEPS: usize = 30;
const VALID: &str = "the strategies stay in the range";

/// The largest learning rate of the strategies below.
const RATE: f64 = 1e-3;

/// The error of `STEPS` steps in units of the arithmetic's `EPSILON`, if a direction is at most
/// `largest`, and its relative error grows by `units` per step.
///
/// As in `tests/adam.rs`: γ times the error of a direction is added up over the steps. A parameter is
/// below 1 + n·γ·largest, at most 4 here, and is rounded three times per step. Gradients, L2 of at
/// most 0.1·4 included, are below 4.4 and above 0.1. Where an average of signed numbers stands in
/// the direction, `largest` is that of the sum of magnitudes, to which its error is relative.
const fn roundings(largest: f64, units: f64) -> f64 {
    (STEPS * STEPS) as f64 * units * largest * RATE + STEPS as f64 * 3.0 * 4.0
}

/// 1 − βᵗ in `f64` is off by one unit of 1, relative to at least 1 − 0.999, in four places.
const fn debiasing(largest: f64) -> f64 {
    STEPS as f64 * 4.0 / 0.001 * largest * RATE
}

/// A parameter that follows a memory, with its learning rate and decay.
fn follower<M: adaptive::Memory>(memory: M, around: Around) -> Follower<M> {
    let Around { parameter, learning_rate, decay } = around;
    Follower { memory, parameter, learning_rate, decay, form: Form::Factor }
}

#[derive(Clone, Copy, Debug)]
struct Around {
    parameter: f64,
    learning_rate: f64,
    decay: reference::Decay,
}

impl Around {
    fn rate(self) -> LearningRate {
        LearningRate::new(self.learning_rate).expect(VALID)
    }
}

fn around() -> impl Strategy<Value = Around> {
    (number(-1.0..1.0), 0.0..RATE, any_decay()).prop_map(|(parameter, learning_rate, decay)| Around {
        parameter,
        learning_rate,
        decay,
    })
}

fn decay(value: f64) -> Decay {
    Decay::new(value).expect(VALID)
}

fn amount(value: f64) -> Amount {
    Amount::new(value).expect(VALID)
}

fn epsilon_of(added: f64) -> Epsilon {
    Epsilon::added(added).expect(VALID)
}

fn rate(value: f64) -> LearningRate {
    LearningRate::new(value).expect(VALID)
}

/// Within `bound` units of either arithmetic, and `more` units of `f64`.
macro_rules! assert_close {
    ($distance:ident, $rule:expr, $paper:expr, $events:expr, $bound:expr, $more:expr) => {
        let in_f64 = $distance::<_, f64>($rule, $paper, $events);
        prop_assert!(in_f64 <= ($bound + $more) * f64::EPSILON, "{in_f64}");
        let in_f32 = $distance::<_, f32>($rule, $paper, $events);
        prop_assert!(in_f32 <= $bound * f64::from(f32::EPSILON), "{in_f32}");
    };
}

proptest! {
    /// Π ≤ μ(1) ≤ 0.5 for these ψ, so the two weights are at most 1 and 2: with gradients below 4.4
    /// over a root of at least 0.1 + ε ≥ 0.3, a direction is below 45.
    #[test]
    fn nadam_follows_the_paper(
        (first, second, psi) in (0.5..0.95, 0.5..0.999, 0.0..0.1),
        epsilon in epsilon(0.2),
        around in around(),
        events in events(STEPS),
    ) {
        let memory = adaptive::NAdam { first, second, epsilon, momentum_decay: psi, state: (0.0, 0.0, 1.0, 0) };
        let rule = NAdam {
            learning_rate: around.rate(),
            first: decay(first),
            second: decay(second).into(),
            epsilon: library_epsilon(epsilon),
            momentum_decay: amount(psi),
            weight_decay: weight_decay(around.decay),
        };
        assert_close!(distance, rule, follower(memory, around), &events, roundings(45.0, 26.0), debiasing(45.0));
    }

    /// v ≥ (1 − ρ)·g², so a direction is at most 1/√(1 − ρ) ≤ 10, and 1/(1 − μ) ≤ 10 times that with
    /// momentum.
    #[test]
    fn rmsprop_follows_the_lecture(
        (rho, momentum, debiased) in (0.5..0.99, 0.0..0.9, any::<bool>()),
        epsilon in epsilon(0.0),
        around in around(),
        events in events(STEPS),
        gradients in gradients(STEPS),
    ) {
        let memory = adaptive::RmsProp {
            decay: rho, debiased, centered: false, epsilon, momentum, state: (0.0, 0.0, 0.0, 0),
        };
        let rule = RmsPropMomentum {
            learning_rate: around.rate(),
            decay: decay(rho).into(),
            averages: if debiased { Averages::Debiased } else { Averages::Plain },
            epsilon: library_epsilon(epsilon),
            momentum: decay(momentum),
            weight_decay: weight_decay(around.decay),
        };
        let paper = follower(memory, around);
        assert_close!(distance, rule, paper, &events, roundings(100.0, 26.0), debiasing(100.0));

        let RmsPropMomentum { learning_rate, decay, averages, epsilon, weight_decay, .. } = rule;
        let rule = RmsProp { learning_rate, decay, averages, epsilon, weight_decay };
        let paper = follower(adaptive::RmsProp { momentum: 0.0, ..memory }, around);
        let bound = roundings(10.0, 26.0);
        assert_close!(distance_of_steps, rule, paper, &gradients, bound, debiasing(10.0));
    }

    /// A direction is at most 4.4/0.2, ten times that with momentum. The paper's v − n² of numbers
    /// below 20 is off by a few of their units, its root by at most the root of that; relative to
    /// ε ≥ 0.2 that is far more than the library's own error.
    #[test]
    fn centered_rmsprop_follows_the_paper(
        (rho, momentum) in (0.5..0.99, 0.0..0.9),
        epsilon in epsilon(0.2),
        around in around(),
        events in events(STEPS),
        gradients in gradients(STEPS),
    ) {
        let cancellation = |largest: f64| {
            let root = (STEPS as f64 * 4.0 * 20.0 * f64::EPSILON).sqrt();
            STEPS as f64 * RATE * largest * root / 0.2 / f64::EPSILON
        };
        let memory = adaptive::RmsProp {
            decay: rho, debiased: false, centered: true, epsilon, momentum, state: (0.0, 0.0, 0.0, 0),
        };
        let rule = CenteredRmsPropMomentum {
            learning_rate: around.rate(),
            decay: decay(rho).into(),
            averages: Averages::Plain,
            epsilon: library_epsilon(epsilon),
            momentum: decay(momentum),
            weight_decay: weight_decay(around.decay),
        };
        let paper = follower(memory, around);
        assert_close!(distance, rule, paper, &events, roundings(220.0, 30.0), cancellation(220.0));

        let CenteredRmsPropMomentum { learning_rate, decay, averages, epsilon, weight_decay, .. } = rule;
        let rule = CenteredRmsProp { learning_rate, decay, averages, epsilon, weight_decay };
        let paper = follower(adaptive::RmsProp { momentum: 0.0, ..memory }, around);
        assert_close!(distance_of_steps, rule, paper, &gradients, roundings(22.0, 30.0), cancellation(22.0));
    }

    /// s ≥ g², so a direction is at most 1.
    #[test]
    fn adagrad_follows_the_paper(
        (initial, rate_decay) in (0.0..2.0, 0.0..0.5),
        epsilon in epsilon(0.0),
        around in around(),
        gradients in gradients(STEPS),
    ) {
        let memory = adaptive::Adagrad { rate_decay, epsilon, state: (initial, 0) };
        let rule = Adagrad {
            learning_rate: around.rate(),
            initial: amount(initial),
            rate_decay: amount(rate_decay),
            epsilon: library_epsilon(epsilon),
            weight_decay: weight_decay(around.decay),
        };
        let paper = follower(memory, around);
        assert_close!(distance_of_steps, rule, paper, &gradients, roundings(1.0, 10.0), 0.0);
    }

    /// A step multiplies d + ε by at most 1 + ρ·(1 − v₋/v) ≤ (v/v₋)^ρ, from the second on: d stays
    /// below 2·ε·20/((1 − ρ)·0.01) ≤ 4e5·ε where gradients fall to 0.1; these are above 0.4, and
    /// ε below 1e-3: d < 25. A direction is at most √d·1/√(1 − ρ) < 16. The relative error of d
    /// takes in that of v, which grows by 5 units, at each step: by 2.5·n + 9 on average.
    #[test]
    fn adadelta_follows_the_paper(
        rho in 0.5..0.9,
        epsilon in 1e-6..1e-3,
        around in around(),
        gradients in gradients(STEPS),
    ) {
        let memory = adaptive::Adadelta { decay: rho, epsilon, state: (0.0, 0.0) };
        let rule = Adadelta {
            learning_rate: around.rate(),
            decay: decay(rho),
            epsilon: Floor::new(epsilon).expect(VALID),
            weight_decay: weight_decay(around.decay),
        };
        let paper = follower(memory, around);
        assert_close!(distance_of_steps, rule, paper, &gradients, roundings(16.0, 84.0), 0.0);
    }

    /// An average of magnitudes below 4.4 over at least 0.4.
    #[test]
    fn adamax_follows_the_paper(
        (first, maximum, epsilon) in (0.5..0.999, 0.5..0.999, 1e-8..1.0),
        around in around(),
        events in events(STEPS),
    ) {
        let memory = adaptive::Adamax { first, maximum, epsilon, state: (0.0, 0.0, 0) };
        let rule = Adamax {
            learning_rate: around.rate(),
            first: decay(first),
            maximum: decay(maximum),
            epsilon: Floor::new(epsilon).expect(VALID),
            weight_decay: weight_decay(around.decay),
        };
        let paper = follower(memory, around);
        assert_close!(distance, rule, paper, &events, roundings(11.0, 20.0), debiasing(11.0));
    }

    /// As Adam, with two more roundings of the largest average per step.
    #[test]
    fn amsgrad_follows_the_paper(
        (first, second) in (0.5..0.999, 0.5..0.999),
        epsilon in epsilon(0.0),
        around in around(),
        events in events(STEPS),
    ) {
        let memory = adaptive::AmsGrad { first, second, epsilon, state: (0.0, 0.0, 0.0, 0) };
        let rule = AmsGrad {
            learning_rate: around.rate(),
            first: decay(first),
            second: decay(second).into(),
            epsilon: library_epsilon(epsilon),
            weight_decay: weight_decay(around.decay),
        };
        let paper = follower(memory, around);
        assert_close!(distance, rule, paper, &events, roundings(11.0, 26.0), debiasing(11.0));
    }
}

#[test]
fn nadam_worked_by_hand() {
    // β₁ = 1/2, ψ = 0: μ = 1/4 for ever. β₂ = 0, ε = 1, γ = 1, θ = 0, gradients 3 and −1:
    // m = 1.5,   v = 9: u = (3·(3/4)/(3/4) + 1.5·(1/4)/(15/16))/4       = (3 + 0.4)/4         = 0.85
    // m = 0.25,  v = 1: u = (−1·(3/4)/(15/16) + 0.25·(1/4)/(63/64))/2   = (−0.8 + 4/63)/2
    let rule = NAdam {
        learning_rate: rate(1.0),
        first: decay(0.5),
        second: decay(0.0).into(),
        epsilon: epsilon_of(1.0),
        momentum_decay: amount(0.0),
        ..NAdam::default()
    };
    let mut single = Single::<_, f64>::new(rule, 0.0);
    single.step(3.0);
    assert!((single.parameter() + 0.85).abs() < 1e-15);
    single.step(-1.0);
    assert!((single.parameter() + 0.85 + (4.0 / 63.0 - 0.8) / 2.0).abs() < 1e-15);
}

#[test]
fn rmsprop_worked_by_hand() {
    // ρ = 3/4, ε = 1, μ = 1/2, γ = 1/4, λ = 1/2 decoupled, θ = 4, gradients 2 and 4, plain averages:
    // v = 1:     m = 2/2 = 1:                        θ = 4 − (1 + 2)/4             = 3.25
    // v = 4.75:  m = 0.5 + 4/(√4.75 + 1)
    let rule = RmsPropMomentum {
        learning_rate: rate(0.25),
        decay: decay(0.75).into(),
        epsilon: epsilon_of(1.0),
        momentum: decay(0.5),
        weight_decay: WeightDecay::decoupled(0.5).expect(VALID),
        ..RmsPropMomentum::default()
    };
    let mut single = Single::<_, f64>::new(rule, 4.0);
    single.step(2.0);
    assert_eq!(single.parameter(), 3.25);
    single.step(4.0);
    let velocity = 0.5 + 4.0 / (4.75f64.sqrt() + 1.0);
    assert!((single.parameter() - (3.25 - (velocity + 0.5 * 3.25) / 4.0)).abs() < 1e-15);
}

#[test]
fn centered_rmsprop_worked_by_hand() {
    // ρ = 1/2, ε = 1, γ = 1, θ = 0, gradients 2 and 2: n = 1, v = 2, s = 1; n = 1.5, v = 3, s = 0.75.
    let rule = CenteredRmsProp {
        learning_rate: rate(1.0),
        decay: decay(0.5).into(),
        epsilon: epsilon_of(1.0),
        ..CenteredRmsProp::default()
    };
    let mut single = Single::<_, f64>::new(rule, 0.0);
    single.step(2.0);
    assert_eq!(single.parameter(), -1.0);
    single.step(2.0);
    assert!((single.parameter() + 1.0 + 2.0 / (0.75f64.sqrt() + 1.0)).abs() < 1e-15);
}

#[test]
fn a_constant_gradient_never_has_a_negative_variance() {
    // v − n² of the paper becomes negative by rounding, and its root NaN.
    let rule = CenteredRmsProp { decay: decay(0.5).into(), ..CenteredRmsProp::default() };
    let mut single = Single::<_, f32>::new(rule, 0.0);
    for _ in 0..300 {
        single.step(0.3);
    }
    assert!(!single.parameter().is_nan());
}

#[test]
fn adagrad_worked_by_hand() {
    // s₀ = 9, η = 1, ε = 1, γ = 1/2, θ = 0, gradients 4 and 12: s = 25, u = 4/6; s = 169, u = 12/14/2.
    let rule = Adagrad {
        learning_rate: rate(0.5),
        initial: amount(9.0),
        rate_decay: amount(1.0),
        epsilon: epsilon_of(1.0),
        ..Adagrad::default()
    };
    let mut single = Single::<_, f64>::new(rule, 0.0);
    single.step(4.0);
    assert!((single.parameter() + 2.0 / 6.0).abs() < 1e-15);
    single.step(12.0);
    assert!((single.parameter() + 2.0 / 6.0 + 6.0 / 28.0).abs() < 1e-15);
}

#[test]
fn adadelta_worked_by_hand() {
    // ρ = 3/4, ε = 1, γ = 1, θ = 0, gradients 2√3 and 0: v = 3, u = 1/2·2√3 = √3, d = 3/4; u = 0.
    let rule = Adadelta { decay: decay(0.75), epsilon: Floor::new(1.0).expect(VALID), ..Adadelta::default() };
    let mut single = Single::<_, f64>::new(rule, 0.0);
    single.step(12f64.sqrt());
    assert!((single.parameter() + 3f64.sqrt()).abs() < 1e-15);
    single.step(0.0);
    assert!((single.parameter() + 3f64.sqrt()).abs() < 1e-15);
}

#[test]
fn adamax_worked_by_hand() {
    // β₁ = 1/2, β₂ = 3/4, ε = 1, γ = 1, θ = 0, gradients 3 and 0: m = 3, s = 4; m = (0.5·1.5)/0.75 = 1, s = 3.
    let rule = Adamax {
        learning_rate: rate(1.0),
        first: decay(0.5),
        maximum: decay(0.75),
        epsilon: Floor::new(1.0).expect(VALID),
        ..Adamax::default()
    };
    let mut single = Single::<_, f64>::new(rule, 0.0);
    single.step(3.0);
    assert_eq!(single.parameter(), -0.75);
    single.step(0.0);
    assert!((single.parameter() + 0.75 + 1.0 / 3.0).abs() < 1e-15);
}

#[test]
fn not_a_number_reaches_the_parameter() {
    fn assert_reaches(rule: impl gradus::optimizer::Releasable) {
        let mut single = Single::<_, f32>::new(rule, 1.0);
        single.step(1.0);
        single.step(f64::NAN);
        assert!(single.parameter().is_nan());
    }
    assert_reaches(NAdam::default());
    assert_reaches(RmsProp::default());
    assert_reaches(CenteredRmsProp::default());
    assert_reaches(Adagrad::default());
    assert_reaches(Adadelta::default());
    assert_reaches(Adamax::default());
    assert_reaches(AmsGrad::default());
}

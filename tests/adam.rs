//! Adam and AdamW against their papers and at their edges, and where AMSGrad differs from them. What all
//! rules share is in `conformance`.

mod reference;
mod support;

use gradus::cpu::Cpu;
use gradus::hyperparameter::{Decay, Epsilon, LearningRate, WeightDecay};
use gradus::optimizer::Build;
use gradus::rule::{Adam, AdamW, AmsGradW};
use half::bf16;
use proptest::prelude::*;
use reference::adam::{Epsilon as PaperEpsilon, Settings};
use support::{Single, any_decay, distance, events, number, weight_decay};

const STEPS: usize = 30;

/// The largest learning rate of the strategy below.
const RATE: f64 = 0.05;

/// The error of `STEPS` steps in units of the arithmetic's `EPSILON`.
///
/// An average moves by `from + weight · (to − from)`: three roundings of values at most 4 (five with
/// the constants), relative to a result of at least a third of the larger one where β ≥ 0.5, so each
/// step adds at most 15 units to the relative error of either moment, and the root halves one of
/// them: 23 units per step, 23·n after n. Gradients, decay included, are between 0.4 and 4.1 in
/// magnitude, so an update is at most 4.1/0.4 ≈ 10, and γ times its error is added up over the
/// steps. The parameter, below 1 + n·γ·10 = 16, is rounded once per step, with decay three times.
///
/// L2 feeds the parameter's error back through a gradient of at least 0.4: a factor of at most
/// 1 + γ·λ·2·10/0.4 = 1.25 per step would double the bound every three steps, but errors add up
/// against the sign of the feedback (decay shrinks the parameter), so the bound is left as it is.
const ROUNDINGS: f64 = (STEPS * STEPS) as f64 * 23.0 * 10.0 * RATE + STEPS as f64 * 3.0 * 16.0;

/// 1 − βᵗ in `f64` is off by one unit of 1, relative to at least 1 − 0.999; the reference divides by
/// two of them at each of the steps, the library weighs by two.
const DEBIASING: f64 = STEPS as f64 * 4.0 / 0.001 * 10.0 * RATE;

fn settings() -> impl Strategy<Value = Settings> {
    let epsilon = prop_oneof![
        (0.0..1.0).prop_map(PaperEpsilon::Added),
        (0.0..1.0).prop_map(PaperEpsilon::Floor),
        Just(PaperEpsilon::Added(1e-8)),
    ];
    (0.0..RATE, 0.5..0.999, 0.5..0.999, epsilon, any_decay()).prop_map(
        |(learning_rate, first, second, epsilon, decay)| Settings {
            learning_rate,
            first,
            second,
            epsilon,
            decay,
        },
    )
}

fn adam(settings: Settings) -> Adam {
    let valid = "the strategy stays in the range";
    Adam {
        learning_rate: LearningRate::new(settings.learning_rate).expect(valid),
        first: Decay::new(settings.first).expect(valid),
        second: Decay::new(settings.second).expect(valid).into(),
        epsilon: match settings.epsilon {
            PaperEpsilon::Added(epsilon) => Epsilon::added(epsilon).expect(valid),
            PaperEpsilon::Floor(epsilon) => Epsilon::floor(epsilon).expect(valid),
        },
        weight_decay: weight_decay(settings.decay),
    }
}

fn adamw(settings: Settings) -> AdamW {
    let Adam { learning_rate, first, second, epsilon, weight_decay } = adam(settings);
    AdamW { learning_rate, first, second, epsilon, weight_decay }
}

proptest! {
    #[test]
    fn adam_follows_the_paper(settings in settings(), start in number(-1.0..1.0), events in events(STEPS)) {
        let paper = reference::adam::Adam::new(settings, start);
        let in_f64 = distance::<_, f64>(adam(settings), paper, &events);
        prop_assert!(in_f64 <= (ROUNDINGS + DEBIASING) * f64::EPSILON, "{in_f64}");
        let in_f32 = distance::<_, f32>(adam(settings), paper, &events);
        prop_assert!(in_f32 <= ROUNDINGS * f64::from(f32::EPSILON), "{in_f32}");
    }

    #[test]
    fn adamw_differs_from_adam_in_its_defaults_only(
        settings in settings(),
        start in number(-1.0..1.0),
        events in events(STEPS),
    ) {
        let (mut one, mut other) =
            (Single::<_, f64>::new(adam(settings), start), Single::<_, f64>::new(adamw(settings), start));
        for event in events {
            let (support::Event::Step(gradient) | support::Event::Accumulate(gradient)) = event;
            one.step(gradient);
            other.step(gradient);
            prop_assert_eq!(one.parameter(), other.parameter());
        }
    }

    #[test]
    fn with_no_memory_of_the_past_it_follows_the_sign_of_the_gradient(
        exponents in prop::collection::vec(-12i32..12, 1..20),
    ) {
        let rule = Adam {
            first: Decay::new(0.0).expect("in the range"),
            second: Decay::new(0.0).expect("in the range").into(),
            epsilon: Epsilon::added(0.0).expect("in the range"),
            learning_rate: LearningRate::new(1.0).expect("in the range"),
            ..Adam::default()
        };
        let mut single = Single::<_, f32>::new(rule, 0.0);
        for (step, exponent) in exponents.into_iter().enumerate() {
            single.step(10f64.powi(exponent));
            prop_assert_eq!(single.parameter(), -(step as f64 + 1.0));
        }
    }
}

#[test]
fn two_steps_worked_by_hand() {
    // β₁ = 1/2, β₂ = 3/4, ε = 1/2, γ = 1/8, λ = 1/4 decoupled, θ = 1, gradients 2 and −1:
    // m₁ = 2, v₁ = 4:                      θ = 1 − (2/2.5 + 0.25)/8              = 0.86875
    // m₂ = (0.25·2 + 0.5·(−1))/0.75 = 0,
    // v₂ = (0.75·0.25·4 + 0.25)/0.4375:    θ = 0.86875·(1 − 1/32)                = 0.8416015625
    let rule = AdamW {
        learning_rate: LearningRate::new(0.125).expect("in the range"),
        first: Decay::new(0.5).expect("in the range"),
        second: Decay::new(0.75).expect("in the range").into(),
        epsilon: Epsilon::added(0.5).expect("in the range"),
        weight_decay: WeightDecay::decoupled(0.25).expect("in the range"),
    };
    let mut single = Single::<_, f64>::new(rule, 1.0);
    single.step(2.0);
    assert!((single.parameter() - 0.86875).abs() < 1e-15);
    single.step(-1.0);
    assert!((single.parameter() - 0.8416015625).abs() < 1e-15);
}

#[test]
fn an_added_epsilon_and_a_floor_act_differently() {
    let step = |epsilon| {
        let rule =
            Adam { learning_rate: LearningRate::new(1.0).expect("in the range"), epsilon, ..Adam::default() };
        let mut single = Single::<_, f64>::new(rule, 0.0);
        single.step(2.0);
        -single.parameter()
    };
    assert_eq!(step(Epsilon::added(2.0).expect("in the range")), 0.5); // 2/(2 + 2)
    assert_eq!(step(Epsilon::floor(2.0).expect("in the range")), 1.0); // 2/max(2, 2)
    assert_eq!(step(Epsilon::floor(8.0).expect("in the range")), 0.25); // 2/max(2, 8)
}

#[test]
fn amsgrad_keeps_its_denominator() {
    // β₁ = 0, β₂ = 1/2, ε = 0, γ = 1, gradients 4 and 1: v = 8, then 4.5, not debiased; the largest, 8,
    // is debiased with 1 − 1/4.
    let rule = AmsGradW {
        learning_rate: LearningRate::new(1.0).expect("in the range"),
        first: Decay::new(0.0).expect("in the range"),
        second: Decay::new(0.5).expect("in the range").into(),
        epsilon: Epsilon::added(0.0).expect("in the range"),
        weight_decay: WeightDecay::NONE,
    };
    let mut single = Single::<_, f64>::new(rule, 0.0);
    single.step(4.0);
    assert_eq!(single.parameter(), -1.0);
    single.step(1.0);
    assert!((single.parameter() + 1.0 + 1.0 / (8.0f64 / 0.75).sqrt()).abs() < 1e-15);
}

#[test]
fn with_no_gradient_and_no_moments_only_weight_decay_acts() {
    let mut undecayed = Single::<_, f32>::new(Adam::default(), 2.0);
    undecayed.step(0.0);
    assert_eq!(undecayed.parameter(), 2.0);

    let mut decayed = Single::<_, f64>::new(AdamW::default(), 2.0);
    decayed.step(0.0);
    assert_eq!(decayed.parameter(), 2.0 - 1e-3 * (0.01 * 2.0));
}

#[test]
fn a_gradient_that_is_not_a_number_reaches_the_parameter() {
    let mut single = Single::<_, f32>::new(AdamW::default(), 2.0);
    single.step(f64::NAN);
    assert!(single.parameter().is_nan());
}

#[test]
fn decay_is_not_lost_in_bf16() {
    // 1 − γλ = 0.99999 rounds to 1 in bf16: applied as a factor it would never act.
    let rule = AdamW { learning_rate: LearningRate::new(1e-3).expect("in the range"), ..AdamW::default() };
    let mut parameters = [("x", vec![bf16::ONE])];
    let mut optimizer =
        rule.parameters_in::<bf16>().kahan().build(Cpu::default(), &parameters).expect("one parameter");
    for _ in 0..1000 {
        optimizer.step(&mut parameters, &[("x", vec![bf16::ZERO])]).expect("the shapes agree");
    }
    // Stored and carried values are together good for 16 bits, each step rounds the latter once:
    // 1000 roundings of a carry below 2^-8 to 9 bits. The parameter itself is within 2^-9 of them.
    let snapshot = optimizer.snapshot().expect("no step is under way");
    let carried = snapshot.tensors[0].carry[0].1[0].to_f64();
    let exact = (1.0f64 - 1e-5).powi(1000);
    assert!((parameters[0].1[0].to_f64() + carried - exact).abs() <= 1000.0 * 2f64.powi(-18));
    assert!((parameters[0].1[0].to_f64() - exact).abs() <= 2f64.powi(-8));
    assert_ne!(parameters[0].1[0], bf16::ONE);
}

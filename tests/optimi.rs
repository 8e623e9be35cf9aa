//! The rules that optimi has beside SGD, Adam and Lion, against their papers and at their edges. What
//! all rules share is in `conformance`.

mod reference;
mod support;

use gradus::cpu::Cpu;
use gradus::hyperparameter::{Amount, Decay, Epsilon, LearningRate, Share, WeightDecay};
use gradus::optimizer::{Build, Optimizer};
use gradus::rule::{
    Adan, Counting, DecayForm, Lookahead, RAdam, Ranger, Root, Sgd, SgdMomentum, StableAdamW, Unrectified,
};
use half::bf16;
use proptest::prelude::*;
use reference::adaptive::{self, Follower, Form};
use std::num::NonZeroU64;
use support::{Single, any_decay, distance, epsilon, events, library_epsilon, number, weight_decay};

const STEPS: usize = 30;
const VALID: &str = "the strategies stay in the range";

/// The largest learning rate of the strategies below.
const RATE: f64 = 1e-3;

/// As in `tests/torch.rs`: the error of `STEPS` steps in units of the arithmetic's `EPSILON`, if a
/// direction is at most `largest` and its relative error grows by `units` per step.
const fn roundings(largest: f64, units: f64) -> f64 {
    (STEPS * STEPS) as f64 * units * largest * RATE + STEPS as f64 * 5.0 * 4.0
}

/// 1 − βᵗ in `f64` is off by one unit of 1, relative to at least 1 − 0.999, in four places.
const fn debiasing(largest: f64) -> f64 {
    STEPS as f64 * 4.0 / 0.001 * largest * RATE
}

fn decay(value: f64) -> Decay {
    Decay::new(value).expect(VALID)
}

fn rate(value: f64) -> LearningRate {
    LearningRate::new(value).expect(VALID)
}

fn every(steps: u64) -> NonZeroU64 {
    NonZeroU64::new(steps).expect("not zero")
}

fn follower<M>(memory: M, parameter: f64, learning_rate: f64, decay: reference::Decay) -> Follower<M> {
    Follower { memory, parameter, learning_rate, decay, form: Form::Factor }
}

/// ρ∞ ≤ 2000 is the difference of numbers that are off by a unit of 1/(1 − β₂), relatively; from
/// ρ > 4 on, r follows their distance to 4, of at least about 1.
const RECTIFICATION: f64 = STEPS as f64 * 2000.0 / 0.001 * 11.0 * RATE;

fn radam() -> impl Strategy<Value = (adaptive::RAdam, RAdam)> {
    let choices = (any::<bool>(), any::<bool>(), prop_oneof![Just(5.0), Just(4.5), Just(8.0)]);
    (0.5..0.999, prop_oneof![0.9..0.999, Just(0.5)], epsilon(0.0), choices).prop_map(
        |(first, second, epsilon, (beside_plain_root, follows_before, rectified_above))| {
            let state = (0.0, 0.0, 0);
            let paper = adaptive::RAdam {
                first,
                second,
                epsilon,
                beside_plain_root,
                rectified_above,
                follows_before,
                state,
            };
            let rule = RAdam {
                first: decay(first),
                second: decay(second),
                epsilon: library_epsilon(epsilon),
                root: if beside_plain_root { Root::Plain } else { Root::Debiased },
                rectified_above: Amount::new(rectified_above).expect(VALID),
                unrectified: if follows_before { Unrectified::Momentum } else { Unrectified::Still },
                ..RAdam::default()
            };
            (paper, rule)
        },
    )
}

proptest! {
    /// The direction of Adam, times r ≤ 1.
    #[test]
    fn radam_follows_the_paper(
        (memory, rule) in radam(),
        (learning_rate, decay) in (0.0..RATE, any_decay()),
        start in number(-1.0..1.0),
        events in events(STEPS),
    ) {
        let rule = RAdam { learning_rate: rate(learning_rate), weight_decay: weight_decay(decay), ..rule };
        let paper = follower(memory, start, learning_rate, decay);
        let in_f64 = distance::<_, f64>(rule, paper, &events);
        let bound = roundings(11.0, 26.0);
        prop_assert!(in_f64 <= (bound + debiasing(11.0) + RECTIFICATION) * f64::EPSILON, "{in_f64}");
        let in_f32 = distance::<_, f32>(rule, paper, &events);
        prop_assert!(in_f32 <= bound * f64::from(f32::EPSILON), "{in_f32}");
    }

    /// A return adds a part of an earlier error, and is rounded four times, as counted above.
    #[test]
    fn ranger_follows_the_papers(
        (memory, radam) in radam(),
        (learning_rate, decay) in (0.0..RATE, any_decay()),
        (k, share, counts_gradients) in (1u64..9, 0.0..=1.0, any::<bool>()),
        start in number(-1.0..1.0),
        events in events(STEPS),
    ) {
        let rule = Ranger {
            radam: RAdam { learning_rate: rate(learning_rate), weight_decay: weight_decay(decay), ..radam },
            lookahead: Lookahead {
                every: every(k),
                share: Share::new(share).expect(VALID),
                counting: if counts_gradients { Counting::Gradients } else { Counting::Steps },
            },
        };
        let fast = follower(memory, start, learning_rate, decay);
        // A count that a micro-batch completes brings no return in either form.
        let paper = adaptive::Lookahead { fast, slow: start, every: k, share, counts_gradients, count: 0 };
        let in_f64 = distance::<_, f64>(rule, paper, &events);
        let bound = roundings(11.0, 26.0);
        prop_assert!(in_f64 <= (bound + debiasing(11.0) + RECTIFICATION) * f64::EPSILON, "{in_f64}");
        let in_f32 = distance::<_, f32>(rule, paper, &events);
        prop_assert!(in_f32 <= bound * f64::from(f32::EPSILON), "{in_f32}");
    }

    /// Gradients below 4.4 and differences below 8.8 over ε ≥ 0.2: below 66. The square of
    /// g + β₂·δ, which may cancel, is off by 13 units of its largest value, its root by no more.
    #[test]
    fn adan_follows_the_paper(
        (first, difference, second) in (0.5..0.999, 0.5..0.999, 0.5..0.999),
        epsilon in epsilon(0.2),
        (learning_rate, kind, divides) in (0.0..RATE, any_decay(), any::<bool>()),
        start in number(-1.0..1.0),
        events in events(STEPS),
    ) {
        let memory = adaptive::Adan {
            first, difference, second, epsilon, averages: (0.0, 0.0, 0.0), previous: None, count: 0,
        };
        let rule = Adan {
            learning_rate: rate(learning_rate),
            first: decay(first),
            difference: decay(difference),
            second: decay(second),
            epsilon: library_epsilon(epsilon),
            weight_decay: weight_decay(kind),
            decay_form: if divides { DecayForm::Proximal } else { DecayForm::Factor },
        };
        let form = if divides { Form::Division } else { Form::Factor };
        let paper = Follower { form, ..follower(memory, start, learning_rate, kind) };
        let in_f64 = distance::<_, f64>(rule, paper, &events);
        let bound = roundings(66.0, 5.0 * 40.0);
        prop_assert!(in_f64 <= (bound + 66.0 / 0.2 * debiasing(1.0)) * f64::EPSILON, "{in_f64}");
        let in_f32 = distance::<_, f32>(rule, paper, &events);
        prop_assert!(in_f32 <= bound * f64::from(f32::EPSILON), "{in_f32}");
    }

    /// As Adam, with a factor of at most 1 that is made in five roundings.
    #[test]
    fn stable_adamw_follows_the_paper(
        (first, second) in (0.5..0.999, 0.5..0.999),
        epsilon in epsilon(1e-6),
        (learning_rate, kind) in (0.0..RATE, any_decay()),
        start in number(-1.0..1.0),
        events in events(STEPS),
    ) {
        let memory = adaptive::StableAdam { first, second, epsilon, state: (0.0, 0.0, 0, 0.0) };
        let rule = StableAdamW {
            learning_rate: rate(learning_rate),
            first: decay(first),
            second: decay(second).into(),
            epsilon: library_epsilon(epsilon),
            weight_decay: weight_decay(kind),
        };
        let paper = follower(memory, start, learning_rate, kind);
        let in_f64 = distance::<_, f64>(rule, paper, &events);
        let bound = roundings(11.0, 40.0);
        prop_assert!(in_f64 <= (bound + debiasing(22.0)) * f64::EPSILON, "{in_f64}");
        let in_f32 = distance::<_, f32>(rule, paper, &events);
        prop_assert!(in_f32 <= bound * f64::from(f32::EPSILON), "{in_f32}");
    }
}

#[test]
fn radam_follows_its_average_for_five_steps() {
    for second in [0.9, 0.99, 0.999] {
        let rule = RAdam {
            learning_rate: rate(1.0),
            first: decay(0.0),
            second: decay(second),
            epsilon: Epsilon::added(0.0).expect(VALID),
            ..RAdam::default()
        };
        let mut single = Single::<_, f64>::new(rule, 0.0);
        for step in 1..=5 {
            single.step(2.0);
            assert_eq!(single.parameter(), -2.0 * f64::from(step));
        }
        single.step(2.0);
        let length = |step: i32| {
            let last = 2.0 / (1.0 - second) - 1.0;
            (last, last - f64::from(2 * step) * second.powi(step) / (1.0 - second.powi(step)))
        };
        let (last, now) = length(6);
        let rectification = ((now - 4.0) * (now - 2.0) * last / ((last - 4.0) * (last - 2.0) * now)).sqrt();
        assert!((single.parameter() + 10.0 + rectification).abs() < 1e-9, "{second}");
    }
}

#[test]
fn adan_worked_by_hand() {
    // β₁ = β₂ = 1/2, β₃ = 0, ε = 1, γ = 1, λ = 1, θ = 6, gradients 3 and 1:
    // δ = 0:  m = 3, d = 0, n = 9:                    u = 3/4                     θ = (6 − 0.75)/2 = 2.625
    // δ = −2: m = 3 + 2/3·(1 − 3) = 5/3, d = −4/3, n = (1 − 1)² = 0:  u = 5/3 − 2/3 = 1: (2.625 − 1)/2
    let rule = Adan {
        learning_rate: rate(1.0),
        first: decay(0.5),
        difference: decay(0.5),
        second: decay(0.0),
        epsilon: Epsilon::added(1.0).expect(VALID),
        weight_decay: WeightDecay::decoupled(1.0).expect(VALID),
        decay_form: DecayForm::Proximal,
    };
    let mut single = Single::<_, f64>::new(rule, 6.0);
    single.step(3.0);
    assert!((single.parameter() - 2.625).abs() < 1e-15);
    single.step(1.0);
    assert!((single.parameter() - 0.8125).abs() < 1e-15);

    let mut single = Single::<_, f64>::new(Adan { decay_form: DecayForm::Factor, ..rule }, 6.0);
    single.step(3.0);
    assert!((single.parameter() + 0.75).abs() < 1e-15); // 6·(1 − 1) − 0.75
}

/// β₁ = 0, β₂ = 1/2, ε tiny, γ = 1, λ = 1/4.
fn stable() -> StableAdamW {
    StableAdamW {
        learning_rate: rate(1.0),
        first: decay(0.0),
        second: decay(0.5).into(),
        epsilon: Epsilon::added(1e-30).expect(VALID),
        weight_decay: WeightDecay::decoupled(0.25).expect(VALID),
    }
}

#[test]
fn the_clip_of_stable_adamw_is_one_number_per_tensor_and_slows_decay_too() {
    // Gradients (1, 1) then (7, 1): v₂ = (1 + 2·49)/3 = 33 and 1, (g²/v) = 49/33 and 1.
    let mut parameters = [("x", vec![0.0f64, 8.0])];
    let mut optimizer = stable().parameters_in::<f64>().build(Cpu::default(), &parameters).expect("a model");
    optimizer.step(&mut parameters, &[("x", vec![1.0f64, 1.0])]).expect("the shapes agree");
    assert_eq!(parameters[0].1, [-1.0, 8.0 - 1.0 - 2.0]);
    optimizer.step(&mut parameters, &[("x", vec![7.0f64, 1.0])]).expect("the shapes agree");
    let rate = 1.0 / ((49.0f64 / 33.0 + 1.0) / 2.0).sqrt();
    let expected = [-1.0 - rate * (7.0 / 33f64.sqrt() - 0.25), 5.0 - rate * (1.0 + 0.25 * 5.0)];
    for (parameter, expected) in parameters[0].1.iter().zip(expected) {
        assert!((parameter - expected).abs() < 1e-14);
    }
}

#[test]
fn the_clip_of_stable_adamw_passes_nan_on_and_survives_zeros_and_huge_gradients() {
    let run = |gradient: [f32; 2]| {
        let mut parameters = [("x", vec![1.0f32, 1.0])];
        let mut optimizer = stable().build(Cpu::default(), &parameters).expect("a model");
        optimizer.step(&mut parameters, &[("x", gradient.to_vec())]).expect("the shapes agree");
        parameters[0].1.clone()
    };
    assert!(run([f32::NAN, 1.0]).iter().all(|parameter| parameter.is_nan()));
    // ε² = 1e-60 is 0 in f32: the ratio 0/0 of the first element would spoil the tensor.
    assert_eq!(run([0.0, 1.0])[1], -0.25);
    // The square of 1e30 is infinite in f32.
    assert_eq!(run([1e30, 1.0])[1], -0.25);
}

fn lookahead(steps: u64) -> Lookahead {
    Lookahead { every: every(steps), ..Lookahead::default() }
}

#[test]
fn lookahead_under_kahan_returns_to_the_slow_weights_and_stays() {
    let rule = Sgd { learning_rate: rate(1.0), ..Sgd::default() };
    let mut parameters = [("x", vec![bf16::ZERO])];
    let builder = rule.parameters_in::<bf16>().kahan().afterwards(lookahead(1));
    let mut optimizer = builder.build(Cpu::default(), &parameters).expect("a model");
    optimizer.step(&mut parameters, &[("x", vec![bf16::from_f32(-1.0)])]).expect("the shapes agree");
    assert_eq!(parameters[0].1, [bf16::from_f32(0.5)]);
    optimizer.step(&mut parameters, &[("x", vec![bf16::ZERO])]).expect("the shapes agree");
    assert_eq!(parameters[0].1, [bf16::from_f32(0.5)]); // nothing of the way is walked twice
}

#[test]
fn lookahead_knows_what_kahan_carries() {
    // Steps of 2⁻¹², each below half a unit in the last place of 1: the fast point exists in the carry
    // only, and half of the way there is carried on.
    let rule = Sgd { learning_rate: rate(1.0), ..Sgd::default() };
    let mut parameters = [("x", vec![bf16::ONE])];
    let builder = rule.parameters_in::<bf16>().kahan().afterwards(lookahead(4));
    let mut optimizer = builder.build(Cpu::default(), &parameters).expect("a model");
    let step = bf16::from_f32(-(2f32.powi(-12)));
    for _ in 0..8 {
        optimizer.step(&mut parameters, &[("x", vec![step])]).expect("the shapes agree");
    }
    let snapshot = optimizer.snapshot().expect("no step is under way");
    let carried = snapshot.tensors[0].carry[0].1[0].to_f32();
    assert_eq!(parameters[0].1[0].to_f32() + carried, 1.0 + 4.0 * 2f32.powi(-12));
}

#[test]
fn lookahead_counts_steps_or_gradients() {
    let run = |counting| {
        let rule = SgdMomentum { learning_rate: rate(1.0), momentum: decay(0.0), ..SgdMomentum::default() };
        let mut parameter = vec![0.0f32];
        let mut optimizer = rule
            .gradient_release()
            .afterwards(Lookahead { counting, ..lookahead(3) })
            .build(Cpu::default(), &[("x", parameter.clone())])
            .expect("a model");
        let mut points = Vec::new();
        for micro_batches in [1, 0, 1, 0, 0, 0] {
            let mut step = optimizer.begin_step().expect("every step is finished");
            for _ in 0..micro_batches {
                step.accumulate("x", vec![7.0f32]).expect("the shapes agree");
            }
            step.release("x", &mut parameter, vec![-1.0f32]).expect("the shapes agree");
            step.finish();
            points.push(parameter[0]);
        }
        points
    };
    assert_eq!(run(Counting::Steps), [1.0, 2.0, 1.5, 2.5, 3.5, 3.0]);
    // Gradients 2, 3, 5, 6, 7 and 8: the third and the sixth are due.
    assert_eq!(run(Counting::Gradients), [1.0, 1.0, 2.0, 2.0, 3.0, 4.0]);
}

#[test]
fn lookahead_stands_behind_any_rule_with_any_option() {
    let rule = Adan::default().clip_global_norm(1.0).afterwards(lookahead(2));
    let parameters = [("x", vec![1.0f32])];
    let optimizer = rule.build(Cpu::default(), &parameters).expect("a model");
    assert_eq!(Optimizer::state_bytes(&optimizer), 4 * (4 + 1));
}

#[test]
fn an_interval_is_a_whole_number_above_zero() {
    for interval in [0.0, 2.5, -3.0, f64::NAN, f64::INFINITY] {
        let error =
            gradus::catalogue::check("ranger", &[("k", interval.into())].into()).expect_err("it is not one");
        assert!(error.to_string().ends_with("it is a whole number above 0"), "{error}");
    }
    gradus::catalogue::check("ranger", &[("k", 7.0.into())].into()).expect("it is one");
}

//! LaProp, ADOPT, UnscaledAdamW and AdEMAMix against their papers and at their edges. What all rules
//! share is in `conformance`.

mod reference;
mod support;

use gradus::hyperparameter::{Amount, Decay, Epsilon, LearningRate, SecondDecay, WeightDecay};
use gradus::rule::{AdEMAMix, AdamC, AdamW, Adopt, LaProp, UnscaledAdamW};
use proptest::prelude::*;
use reference::adam::Epsilon as PaperEpsilon;
use reference::scaled::{Form, Scaled, Settings};
use support::{Event, Single, any_decay, distance, events, number, weight_decay};

const STEPS: usize = 30;
const RATE: f64 = 0.05;

/// Gradients, decay included, are between 0.4 and 4.1 in magnitude, so g/√v is at most 10, an average
/// of it times the denominator 41, and AdEMAMix's sum with α ≤ 2 at most 30.
const LARGEST: f64 = 41.0;

/// As in the tests of Adam: each step adds at most 23 units to the error of an average and of its
/// denominator, relative to the largest update. The parameter, at most 1 + n·γ·41 = 63, is rounded up to
/// three times per step.
const ROUNDINGS: f64 = (STEPS * STEPS) as f64 * 23.0 * LARGEST * RATE + STEPS as f64 * 3.0 * 63.0;

/// As in the tests of Adam: 1 − βᵗ in `f64`.
const DEBIASING: f64 = STEPS as f64 * 4.0 / 0.001 * LARGEST * RATE;

fn settings(form: impl Strategy<Value = Form>) -> impl Strategy<Value = Settings> {
    let epsilon = prop_oneof![
        (0.0..1.0).prop_map(PaperEpsilon::Added),
        (0.0..1.0).prop_map(PaperEpsilon::Floor),
        Just(PaperEpsilon::Added(1e-8)),
    ];
    (form, 0.0..RATE, 0.5..0.999, 0.5..0.999, epsilon, any_decay()).prop_map(
        |(form, learning_rate, first, second, epsilon, decay)| Settings {
            form,
            learning_rate,
            first,
            second,
            epsilon,
            decay,
        },
    )
}

fn ademamix() -> impl Strategy<Value = Form> {
    (0.5..0.9999, 1..40u32, 0.0..2.0, 1..40u32).prop_map(|(slow, slow_warm_up, alpha, alpha_warm_up)| {
        Form::AdEMAMix { slow, slow_warm_up, alpha, alpha_warm_up }
    })
}

const VALID: &str = "the strategy stays in the range";

fn decay(value: f64) -> Decay {
    Decay::new(value).expect(VALID)
}

/// All hyperparameters of a rule with two averages.
macro_rules! rule {
    ($name:ident, $settings:expr) => {{
        let settings: Settings = $settings;
        $name {
            learning_rate: LearningRate::new(settings.learning_rate).expect(VALID),
            first: decay(settings.first),
            second: decay(settings.second).into(),
            epsilon: epsilon(settings.epsilon),
            weight_decay: weight_decay(settings.decay),
        }
    }};
}

fn epsilon(paper: PaperEpsilon) -> Epsilon {
    match paper {
        PaperEpsilon::Added(epsilon) => Epsilon::added(epsilon).expect(VALID),
        PaperEpsilon::Floor(epsilon) => Epsilon::floor(epsilon).expect(VALID),
    }
}

macro_rules! follows {
    ($($test:ident: $form:expr => |$settings:ident| $rule:expr;)+) => {
        proptest! {$(
            #[test]
            fn $test($settings in settings($form), start in number(-1.0..1.0), events in events(STEPS)) {
                let paper = Scaled::new($settings, start);
                let in_f64 = distance::<_, f64>($rule, paper, &events);
                prop_assert!(in_f64 <= (ROUNDINGS + DEBIASING) * f64::EPSILON, "{in_f64}");
                let in_f32 = distance::<_, f32>($rule, paper, &events);
                prop_assert!(in_f32 <= ROUNDINGS * f64::from(f32::EPSILON), "{in_f32}");
            }
        )+}
    };
}

follows! {
    laprop_follows_the_paper: Just(Form::LaProp) => |settings| rule!(LaProp, settings);
    adopt_follows_the_paper: Just(Form::Adopt) => |settings| rule!(Adopt, settings);
    unscaled_adamw_follows_heavyball: Just(Form::Unscaled) => |settings| rule!(UnscaledAdamW, settings);
    ademamix_follows_the_paper: ademamix() => |settings| {
        let Form::AdEMAMix { slow, slow_warm_up, alpha, alpha_warm_up } = settings.form else { unreachable!() };
        AdEMAMix {
            learning_rate: LearningRate::new(settings.learning_rate).expect(VALID),
            fast: decay(settings.first),
            slow: decay(slow),
            slow_warm_up: slow_warm_up.into(),
            second: decay(settings.second).into(),
            epsilon: epsilon(settings.epsilon),
            alpha: Amount::new(alpha).expect(VALID),
            alpha_warm_up: alpha_warm_up.into(),
            weight_decay: weight_decay(settings.decay),
        }
    };
}

/// What HeavyBall 3.2 prints for p = 1, gradients t·0.1, γ = 0.01, β = (0.9, 0.99), and AdEMAMix's own β.
#[test]
fn published_runs_are_reproduced() {
    fn run<R: gradus::optimizer::Releasable>(rule: R) -> Vec<f64> {
        let mut single = Single::<_, f64>::new(rule, 1.0);
        let step = |step: i32| {
            single.step(0.1 * f64::from(step));
            single.parameter()
        };
        (1..=4).map(step).collect()
    }
    let assert_runs = |run: Vec<f64>, expected: [f64; 4]| {
        for (value, expected) in run.iter().zip(expected) {
            // Six digits of a run in f32, which rounds numbers near 1 at each step.
            assert!((value - expected).abs() <= 0.5e-6 + 4.0 * f64::from(f32::EPSILON), "{run:?}");
        }
    };
    macro_rules! with {
        ($name:ident, $second:expr) => {
            run($name {
                learning_rate: LearningRate::new(0.01).expect(VALID),
                second: $second,
                epsilon: Epsilon::floor(1e-8).expect(VALID),
                weight_decay: WeightDecay::NONE,
                ..$name::default()
            })
        };
    }
    let second = SecondDecay::from(decay(0.99));
    assert_runs(with!(LaProp, second), [0.99, 0.978616, 0.966323, 0.953375]);
    assert_runs(with!(Adopt, second), [1.0, 0.98, 0.960555, 0.941473]);
    assert_runs(with!(UnscaledAdamW, second), [0.999, 0.997197, 0.994534, 0.990973]);
    assert_runs(with!(AdamW, SecondDecay::PALM), [0.99, 0.981337, 0.972999, 0.964772]);
    let mix = AdEMAMix {
        learning_rate: LearningRate::new(0.01).expect(VALID),
        alpha: Amount::new(2.0).expect(VALID),
        epsilon: Epsilon::floor(1e-8).expect(VALID),
        ..AdEMAMix::default()
    };
    assert_runs(run(mix), [0.989998, 0.980342, 0.970757, 0.961145]);
}

#[test]
fn adopt_spends_its_first_gradient_also_on_a_micro_batch() {
    let rule = Adopt { learning_rate: LearningRate::new(1.0).expect(VALID), ..Adopt::default() };
    let mut single = Single::<_, f64>::new(rule, 1.0);
    single.accumulate(2.0);
    single.step(3.0);
    assert_eq!(single.parameter(), 1.0 - 3.0 / 2.0);
}

#[test]
fn corrected_decay_falls_with_the_square_of_the_rate() {
    let peak = LearningRate::new(0.5).expect(VALID);
    let weight_decay = WeightDecay::corrected(0.25, peak).expect(VALID);
    let rule =
        AdamC { learning_rate: LearningRate::new(0.125).expect(VALID), weight_decay, ..AdamC::default() };
    let mut single = Single::<_, f64>::new(rule, 2.0);
    single.step(0.0);
    assert_eq!(single.parameter(), 2.0 - 2.0 * 0.125 * (0.125 / 0.5) * 0.25);
}

#[test]
fn cautious_decay_acts_where_the_update_moves_towards_zero() {
    let weight_decay = WeightDecay::decoupled(0.5).expect(VALID).cautious();
    let rule =
        AdamW { learning_rate: LearningRate::new(0.25).expect(VALID), weight_decay, ..AdamW::default() };
    let after = |start: f64, gradient: f64| {
        let mut single = Single::<_, f64>::new(rule, start);
        single.step(gradient);
        single.parameter()
    };
    let close = |value: f64, expected: f64| assert!((value - expected).abs() < 1e-8, "{value}");
    close(after(2.0, 1.0), 2.0 - 0.25 - 0.25 * 0.5 * 2.0);
    close(after(2.0, -1.0), 2.0 + 0.25);
    close(after(-2.0, -1.0), -2.0 + 0.25 + 0.25 * 0.5 * 2.0);
    close(after(-2.0, 1.0), -2.0 - 0.25);
    // An update of zero counts as positive.
    close(after(2.0, 0.0), 2.0 - 0.25 * 0.5 * 2.0);
    close(after(-2.0, 0.0), -2.0);
}

#[test]
fn a_palm_average_of_two_is_as_written() {
    // β₂(2) = 1 − 2^(−0.8), and 1 − β̂₂ = (1 − β₂)/(1 − β₂²) = 1/(1 + β₂).
    let beta = 1.0 - 2f64.powf(-0.8);
    assert!((SecondDecay::PALM.debiased_weight(2) - 1.0 / (1.0 + beta)).abs() < 1e-15);
    assert_eq!(SecondDecay::PALM.debiased_weight(1), 1.0);
    // At the end of a long run the weight is still a weight.
    let steep = SecondDecay::palm(10.0).expect(VALID);
    let weight = steep.debiased_weight(1_000_000);
    assert!((weight * 1e6 - 1.0).abs() < 1e-6, "{weight}");
}

#[test]
fn events_may_be_mixed_with_micro_batches() {
    let paper = Settings {
        form: Form::LaProp,
        learning_rate: 0.01,
        first: 0.9,
        second: 0.99,
        epsilon: PaperEpsilon::Floor(1e-8),
        decay: reference::Decay::Decoupled(0.1),
    };
    let events = [Event::Accumulate(1.0), Event::Accumulate(-2.0), Event::Step(0.5), Event::Step(3.0)];
    let far = distance::<_, f64>(rule!(LaProp, paper), Scaled::new(paper, 0.5), &events);
    assert!(far <= 200.0 * f64::EPSILON, "{far}");
}

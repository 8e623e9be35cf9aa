//! Rules with two points against their papers. What all such rules share is in `conformance`.

mod reference;
mod support;

use gradus::cpu::Cpu;
use gradus::hyperparameter::{Amount, Decay, Epsilon, Interpolation, LearningRate, Power, WeightDecay};
use gradus::optimizer::{Build, Releasable, TwoFaced};
use gradus::rule::{
    AveragedRate, AveragingWeight, FirstPhase, MsamLaProp, ScheduleFreeAdamW, ScheduleFreeRAdam,
    ScheduleFreeSgd,
};
use proptest::prelude::*;
use reference::adam::Epsilon as PaperEpsilon;
use reference::schedule_free::{Core, Settings};
use support::{Exact, Single, any_decay, number, weight_decay};

const STEPS: usize = 30;

/// The largest learning rate of the strategy below.
const RATE: f64 = 0.05;

/// The error of `STEPS` steps in units of the arithmetic's `EPSILON`.
///
/// As in `adam`: the average of squares and its root are off by 8 units per step, a direction of at
/// most 4.1/0.4 ≈ 10 by 10·(8n + 4), and γ times that is added up twice, in z and in y. Points are below
/// 1 + n·γ·10 = 16; a step rounds about eight numbers of that size in each of y and z, and a share of
/// them, c, is itself rounded. The mean lies 1/β ≤ 2 times as far from z as y does, so its error is up
/// to 2·(that of y) + (that of z).
const ROUNDINGS: f64 =
    3.0 * ((STEPS * STEPS) as f64 * 8.0 * 10.0 * RATE + STEPS as f64 * (4.0 * 10.0 * RATE + 10.0 * 16.0));

/// 1 − βᵗ in `f64` is off by one unit of 1, relative to at least 1 − 0.999.
const DEBIASING: f64 = 3.0 * STEPS as f64 * 4.0 / 0.001 * 10.0 * RATE;

fn epsilon() -> impl Strategy<Value = PaperEpsilon> {
    prop_oneof![
        (0.0..1.0).prop_map(PaperEpsilon::Added),
        (0.0..1.0).prop_map(PaperEpsilon::Floor),
        Just(PaperEpsilon::Added(1e-8)),
    ]
}

fn settings(core: impl Strategy<Value = Core>) -> impl Strategy<Value = Settings> {
    (core, 0.5..1.0, 0.0..3.0, 0.0..3.0, any::<bool>(), any_decay()).prop_map(
        |(core, beta, rate_power, step_power, largest_rate, decay)| Settings {
            core,
            beta,
            rate_power,
            step_power,
            largest_rate,
            decay,
        },
    )
}

/// A learning rate and a gradient of magnitude 0.5 to 4 for each step.
fn steps() -> impl Strategy<Value = Vec<(f64, f64)>> {
    let signed = (number(0.5..4.0), any::<bool>()).prop_map(|(size, minus)| if minus { -size } else { size });
    prop::collection::vec((0.0..RATE, signed), 1..=STEPS)
}

const VALID: &str = "the strategy stays in the range";

fn ours(epsilon: PaperEpsilon) -> Epsilon {
    match epsilon {
        PaperEpsilon::Added(epsilon) => Epsilon::added(epsilon).expect(VALID),
        PaperEpsilon::Floor(epsilon) => Epsilon::floor(epsilon).expect(VALID),
    }
}

fn averaging(settings: Settings) -> AveragingWeight {
    AveragingWeight {
        rate: if settings.largest_rate { AveragedRate::Largest } else { AveragedRate::Current },
        rate_power: Power::new(settings.rate_power).expect(VALID),
        step_power: Power::new(settings.step_power).expect(VALID),
    }
}

fn interpolation(settings: Settings) -> Interpolation {
    Interpolation::new(settings.beta).expect(VALID)
}

/// The largest distance of either point from the reference.
fn distance<R: TwoFaced + Releasable, T: Exact>(
    rule: R,
    settings: Settings,
    start: f64,
    steps: &[(f64, f64)],
) -> f64 {
    let mut paper = reference::schedule_free::ScheduleFree::new(settings, start);
    let mut single = Single::<R, T>::new(rule, start);
    let mut worst = 0.0f64;
    for &(rate, gradient) in steps {
        single.set_learning_rate(rate);
        single.step(gradient);
        paper.step(rate, gradient);
        worst = worst.max((single.parameter() - paper.y()).abs());
        worst = worst.max((single.evaluation() - paper.x).abs());
    }
    worst
}

fn check<R: TwoFaced + Releasable>(
    rule: R,
    settings: Settings,
    start: f64,
    steps: &[(f64, f64)],
) -> Result<(), TestCaseError> {
    let in_f64 = distance::<_, f64>(rule.clone(), settings, start, steps);
    prop_assert!(in_f64 <= (ROUNDINGS + DEBIASING) * f64::EPSILON, "f64: {in_f64}");
    let in_f32 = distance::<_, f32>(rule, settings, start, steps);
    prop_assert!(in_f32 <= ROUNDINGS * f64::from(f32::EPSILON), "f32: {in_f32}");
    Ok(())
}

proptest! {
    #[test]
    fn sgd_follows_the_paper(
        settings in settings(Just(Core::Sgd)),
        start in number(-1.0..1.0),
        steps in steps(),
    ) {
        let rule = ScheduleFreeSgd {
            interpolation: interpolation(settings),
            averaging: averaging(settings),
            weight_decay: weight_decay(settings.decay),
            ..ScheduleFreeSgd::default()
        };
        check(rule, settings, start, &steps)?;
    }

    #[test]
    fn adamw_follows_the_paper(
        (settings, second, epsilon) in (0.5..0.999, epsilon()).prop_flat_map(|(second, epsilon)| {
            (settings(Just(Core::Adam { second, epsilon })), Just(second), Just(epsilon))
        }),
        start in number(-1.0..1.0),
        steps in steps(),
    ) {
        let rule = ScheduleFreeAdamW {
            interpolation: interpolation(settings),
            second: Decay::new(second).expect(VALID).into(),
            epsilon: ours(epsilon),
            averaging: averaging(settings),
            weight_decay: weight_decay(settings.decay),
            ..ScheduleFreeAdamW::default()
        };
        check(rule, settings, start, &steps)?;
    }

    // These β₂ reach a length of 4 between two steps, well away from both.
    #[test]
    fn radam_follows_the_package(
        (settings, second, epsilon, silent) in
            (prop::sample::select(vec![0.5, 0.9, 0.95, 0.99, 0.999]), epsilon(), any::<bool>()).prop_flat_map(
                |(second, epsilon, silent)| (
                    settings(Just(Core::RAdam { second, epsilon, silent })),
                    Just(second),
                    Just(epsilon),
                    Just(silent),
                ),
            ),
        start in number(-1.0..1.0),
        steps in steps(),
    ) {
        let rule = ScheduleFreeRAdam {
            interpolation: interpolation(settings),
            second: Decay::new(second).expect(VALID),
            epsilon: ours(epsilon),
            first_phase: if silent { FirstPhase::Silent } else { FirstPhase::Sgd },
            averaging: averaging(settings),
            weight_decay: weight_decay(settings.decay),
            ..ScheduleFreeRAdam::default()
        };
        check(rule, settings, start, &steps)?;
    }

    #[test]
    fn momentum_sam_follows_the_paper(
        learning_rate in 0.0..RATE,
        (first, second) in (0.5..0.999, 0.5..0.999),
        (floor, length, decay) in (0.0..1.0, 0.0..0.5, 0.0..0.1),
        events in prop::collection::vec((prop::array::uniform3(number(0.5..4.0)), 0..4u8), 1..=STEPS),
    ) {
        let rule = MsamLaProp {
            learning_rate: LearningRate::new(learning_rate).expect(VALID),
            first: Decay::new(first).expect(VALID),
            second: Decay::new(second).expect(VALID).into(),
            epsilon: Epsilon::floor(floor).expect(VALID),
            sam_length: Amount::new(length).expect(VALID),
            weight_decay: WeightDecay::decoupled(decay).expect(VALID),
        };
        let start = vec![1.0, -2.0, 0.5];
        let mut paper = reference::schedule_free::MomentumSam {
            learning_rate, first, second, floor, length, decay,
            z: start.clone(),
            momentum: vec![0.0; 3],
            squares: vec![0.0; 3],
            count: 0,
        };
        let mut parameter = start;
        let mut optimizer = rule
            .parameters_in::<f64>()
            .gradient_release()
            .build(Cpu::default(), &[("x", parameter.clone())])
            .expect("one parameter is a model");
        for (number, (sizes, kind)) in events.into_iter().enumerate() {
            let sign = if number % 3 == 1 { -1.0 } else { 1.0 };
            let gradient = [sizes[0], -sizes[1], sign * sizes[2]].to_vec();
            let mut step = optimizer.begin_step().expect("every step is finished");
            if kind == 0 {
                step.accumulate("x", gradient.clone()).expect("the shapes agree");
                step.finish();
                paper.accumulate(&gradient);
                continue;
            }
            step.release("x", &mut parameter, gradient.clone()).expect("the shapes agree");
            step.finish();
            let expected = paper.step(&gradient);
            let mut unperturbed = [("x", vec![0.0; 3])];
            optimizer.evaluation_into(&[("x", parameter.clone())], &mut unperturbed).expect("it fits");
            for place in 0..3 {
                // Directions below 10 with errors as above; a norm of at least one of them.
                let tolerance = 3.0 * (ROUNDINGS + DEBIASING) * f64::EPSILON;
                prop_assert!((parameter[place] - expected[place]).abs() <= tolerance);
                prop_assert!((unperturbed[0].1[place] - paper.z[place]).abs() <= tolerance);
            }
        }
    }
}

/// What HeavyBall 3.2 prints for p = (1, −2, 0.5), g = t·(0.1, −0.2, 0.3), γ = 0.01, β = (0.9, 0.99).
const PUBLISHED: [f64; 3] = [0.1, -0.2, 0.3];

#[test]
fn a_published_run_of_schedule_free_adamw() {
    let rule = ScheduleFreeAdamW {
        learning_rate: LearningRate::new(0.01).expect(VALID),
        second: Decay::new(0.99).expect(VALID).into(),
        epsilon: Epsilon::floor(1e-8).expect(VALID),
        ..ScheduleFreeAdamW::default()
    };
    let mut parameters = [("w", vec![1.0f64, -2.0, 0.5])];
    let mut optimizer =
        rule.parameters_in::<f64>().build(Cpu::default(), &parameters).expect("one parameter");
    for (t, expected) in [(1.0, 0.99), (2.0, 0.983053), (3.0, 0.97562), (4.0, 0.967868)] {
        optimizer.step(&mut parameters, &[("w", PUBLISHED.map(|g| t * g).to_vec())]).expect("it fits");
        assert!((parameters[0].1[0] - expected).abs() < 1e-6);
    }
    optimizer.into_evaluation(&mut parameters).expect("it fits");
    assert!((parameters[0].1[0] - 0.969967).abs() < 1e-6);
}

#[test]
fn a_published_run_of_momentum_sam() {
    let rule = MsamLaProp {
        learning_rate: LearningRate::new(0.01).expect(VALID),
        epsilon: Epsilon::floor(1e-8).expect(VALID),
        ..MsamLaProp::default()
    };
    let mut parameters = [("w", vec![1.0f64, -2.0, 0.5])];
    let mut optimizer =
        rule.parameters_in::<f64>().build(Cpu::default(), &parameters).expect("one parameter");
    for (t, expected) in [(1.0, 0.932265), (2.0, 0.920881), (3.0, 0.908588), (4.0, 0.895639)] {
        optimizer.step(&mut parameters, &[("w", PUBLISHED.map(|g| t * g).to_vec())]).expect("it fits");
        assert!((parameters[0].1[0] - expected).abs() < 1e-6, "{}", parameters[0].1[0]);
    }
}

#[test]
fn the_sum_of_weights_belongs_to_the_group_and_counts_steps_without_a_gradient() {
    let rule = ScheduleFreeSgd { learning_rate: LearningRate::new(1.0).expect(VALID), ..Default::default() };
    let mut parameters = [("early", vec![0.0f64]), ("late", vec![8.0])];
    let mut optimizer =
        rule.parameters_in::<f64>().build(Cpu::default(), &parameters).expect("two parameters");
    let gradients = |late: Option<f64>| [("early", Some(vec![0.0f64])), ("late", late.map(|g| vec![g]))];
    optimizer.step(&mut parameters, &gradients(None)).expect("it fits");
    optimizer.step(&mut parameters, &gradients(Some(1.0))).expect("it fits");
    // z = 7 enters the mean of the group with the weight of one of two steps.
    let mut averaged = parameters.clone();
    optimizer.evaluation_into(&parameters, &mut averaged).expect("it fits");
    assert!((averaged[1].1[0] - 7.5).abs() < 1e-14, "{averaged:?}");
    assert_eq!(optimizer.snapshot().expect("no step is under way").groups[0].memory[1].1, 2.0);
}

#[test]
fn without_a_learning_rate_nothing_moves_and_nothing_is_averaged() {
    let mut single = Single::<_, f64>::new(ScheduleFreeAdamW::default(), 2.0);
    single.set_learning_rate(0.0);
    single.step(1.0);
    assert_eq!((single.parameter(), single.evaluation()), (2.0, 2.0));
    single.set_learning_rate(0.5);
    single.step(1.0);
    assert!((single.evaluation() - 1.5).abs() < 1e-7); // the first point that counts
}

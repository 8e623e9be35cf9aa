//! Rules and stages that look at a whole tensor: caution, MARS, OrthoGrad, signs, HyperBall and SUDS,
//! against plain `f64` code and recorded runs.

mod reference;

use gradus::catalogue::Dynamic;
use gradus::cpu::Cpu;
use gradus::hyperparameter::{Amount, Decay, Epsilon, Floor, LearningRate, Reduction, WeightDecay};
use gradus::optimizer::Build;
use gradus::rule::{
    AdamW, Adopt, Agreement, Caution, FirstComparison, HyperBallAdamW, LaProp, LaPropOrtho, Mars, MarsClip,
    MarsCoefficient, OrthoLaProp, Orthogonalize, SignLaProp, SudsAdamW,
};
use gradus::transform::Rule;
use ndarray::{ArrayD, IxDyn};
use proptest::prelude::*;
use reference::tensor::{Averages, caution, norm, orthogonal, plus, scaled, sign, suds};

const STEPS: usize = 6;

/// Some hundred roundings per step of numbers below 100, behind divisions by norms and roots of at least
/// 0.1: 6·400·100·10 units.
const TOLERANCE: f64 = 6.0 * 400.0 * 100.0 * 10.0 * f64::EPSILON;

const RATE: f64 = 0.03;
const FIRST: f64 = 0.8;
const SECOND: f64 = 0.95;
const EPSILON: f64 = 1e-3;
const DECAY: f64 = 0.07;
const VALID: &str = "in the range";

fn rate() -> LearningRate {
    LearningRate::new(RATE).expect(VALID)
}

fn beta(value: f64) -> Decay {
    Decay::new(value).expect(VALID)
}

fn epsilon() -> Epsilon {
    Epsilon::floor(EPSILON).expect(VALID)
}

fn weight_decay() -> WeightDecay {
    WeightDecay::decoupled(DECAY).expect(VALID)
}

/// A start and gradients for a tensor, none of whose elements is small.
fn run_of(length: usize) -> impl Strategy<Value = (Vec<f64>, Vec<Vec<f64>>)> {
    let element =
        (0.2f64..2.0, any::<bool>()).prop_map(|(size, negative)| if negative { -size } else { size });
    let tensor = prop::collection::vec(element, length);
    (tensor.clone(), prop::collection::vec(tensor, STEPS))
}

/// The parameter after each step.
fn trained(
    optimizer: &mut dyn Dynamic<f64>,
    shape: &[usize],
    start: &[f64],
    gradients: &[Vec<f64>],
) -> Vec<Vec<f64>> {
    let array =
        |values: &[f64]| ArrayD::from_shape_vec(IxDyn(shape), values.to_vec()).expect("the shape fits");
    let mut parameters = vec![("x".to_owned(), array(start))];
    let step = |gradient: &Vec<f64>| {
        let gradients = vec![("x".to_owned(), Some(array(gradient)))];
        optimizer.step(&mut parameters, &gradients).expect("the shapes agree");
        parameters[0].1.iter().copied().collect()
    };
    gradients.iter().map(step).collect()
}

/// Runs a builder on a tensor of a shape.
macro_rules! run {
    ($builder:expr, $shape:expr, $run:expr) => {{
        let (start, gradients) = $run;
        let zeros = [("x".to_owned(), ArrayD::<f64>::zeros(IxDyn(&$shape)))];
        let mut optimizer =
            $builder.parameters_in::<f64>().build(Cpu::default(), &zeros).expect("one parameter is a model");
        trained(&mut optimizer, &$shape, start, gradients)
    }};
}

/// The largest distance between a run and what `expected` makes of the parameter before and the gradient.
fn distance(run: &[Vec<f64>], start: &[f64], mut expected: impl FnMut(&[f64], usize) -> Vec<f64>) -> f64 {
    let mut parameter = start.to_vec();
    let mut worst = 0.0f64;
    for (step, after) in run.iter().enumerate() {
        parameter = expected(&parameter, step);
        for (got, want) in after.iter().zip(&parameter) {
            worst = if (got - want).is_nan() { f64::INFINITY } else { worst.max((got - want).abs()) };
        }
    }
    worst
}

/// p·(1 − γλ) − γ·u.
fn decayed(parameter: &[f64], update: &[f64]) -> Vec<f64> {
    plus(&scaled(parameter, 1.0 - RATE * DECAY), -RATE, update)
}

/// The five hyperparameters that most rules have, none at its default.
macro_rules! rule {
    ($name:ident { $($more:tt)* }) => {
        $name {
            learning_rate: rate(),
            first: beta(FIRST),
            second: beta(SECOND).into(),
            epsilon: epsilon(),
            weight_decay: weight_decay(),
            $($more)*
        }
    };
}

const PROJECTION: f64 = 1e-2;

fn projection() -> Orthogonalize {
    let (epsilon, floor) = (Amount::new(PROJECTION), Floor::new(1e-6));
    Orthogonalize { epsilon: epsilon.expect(VALID), floor: floor.expect(VALID) }
}

proptest! {
    #[test]
    fn caution_is_as_written((start, gradients) in run_of(13), zero_is_positive: bool) {
        let agreement = if zero_is_positive { Agreement::ZeroIsPositive } else { Agreement::Strict };
        let builder = rule!(LaProp {}).on_update(Caution { agreement });
        let run = run!(builder, [13], (&start, &gradients));
        let mut averages = Averages::new(13, FIRST, SECOND, EPSILON);
        let far = distance(&run, &start, |parameter, step| {
            let update = averages.laprop(&gradients[step]);
            decayed(parameter, &caution(&update, &gradients[step], zero_is_positive))
        });
        prop_assert!(far <= TOLERANCE, "{far}");
    }

    #[test]
    fn mars_is_as_written((start, gradients) in run_of(13), exchanged: bool, from_zero: bool, clips: bool) {
        const STRENGTH: f64 = 0.3;
        let mars = Mars {
            strength: Reduction::new(STRENGTH).expect(VALID),
            momentum: beta(FIRST),
            coefficient: if exchanged { MarsCoefficient::Exchanged } else { MarsCoefficient::Published },
            first: if from_zero { FirstComparison::Zero } else { FirstComparison::Itself },
            clip: if clips { MarsClip::UnitNorm } else { MarsClip::None },
        };
        let run = run!(rule!(AdamW {}).on_gradient(mars).on_update(Caution::default()), [13], (&start, &gradients));
        let change = if exchanged { FIRST * STRENGTH / (1.0 - STRENGTH) } else { STRENGTH * FIRST / (1.0 - FIRST) };
        let mut averages = Averages::new(13, FIRST, SECOND, EPSILON);
        let far = distance(&run, &start, |parameter, step| {
            let gradient = &gradients[step];
            let before = match step {
                0 if from_zero => vec![0.0; 13],
                0 => gradient.clone(),
                _ => gradients[step - 1].clone(),
            };
            let mut corrected = plus(gradient, change, &plus(gradient, -1.0, &before));
            if clips {
                corrected = scaled(&corrected, 1.0 / norm(&corrected).max(1.0));
            }
            decayed(parameter, &caution(&averages.adam(&corrected), &corrected, false))
        });
        prop_assert!(far <= TOLERANCE, "{far}");
    }

    #[test]
    fn signs_keep_the_norm((start, gradients) in run_of(13)) {
        let run = run!(rule!(SignLaProp {}), [13], (&start, &gradients));
        let mut averages = Averages::new(13, FIRST, SECOND, EPSILON);
        let far = distance(&run, &start, |parameter, step| {
            decayed(parameter, &sign(&averages.laprop(&gradients[step])))
        });
        prop_assert!(far <= TOLERANCE, "{far}");
    }

    #[test]
    fn orthograd_is_as_written((start, gradients) in run_of(13)) {
        let before = run!(rule!(OrthoLaProp { projection: projection() }), [13], (&start, &gradients));
        let mut averages = Averages::new(13, FIRST, SECOND, EPSILON);
        let far = distance(&before, &start, |parameter, step| {
            let rest = orthogonal(&gradients[step], parameter, PROJECTION, 1e-6);
            decayed(parameter, &averages.laprop(&rest))
        });
        prop_assert!(far <= 10.0 * TOLERANCE, "{far}"); // the scaled rest may have small elements
        let behind = run!(rule!(LaPropOrtho { projection: projection() }), [13], (&start, &gradients));
        let mut averages = Averages::new(13, FIRST, SECOND, EPSILON);
        let far = distance(&behind, &start, |parameter, step| {
            let update = averages.laprop(&gradients[step]);
            decayed(parameter, &orthogonal(&update, parameter, PROJECTION, 1e-6))
        });
        prop_assert!(far <= TOLERANCE, "{far}");
    }

    #[test]
    fn hyperball_is_as_written((start, gradients) in run_of(12), is_matrix: bool) {
        let rule = HyperBallAdamW {
            learning_rate: rate(),
            second: beta(SECOND).into(),
            epsilon: epsilon(),
            weight_decay: weight_decay(),
        };
        let run = if is_matrix { run!(rule, [3, 4], (&start, &gradients)) } else { run!(rule, [12], (&start, &gradients)) };
        let mut averages = Averages::new(12, 0.0, SECOND, EPSILON);
        let radius = norm(&start);
        let far = distance(&run, &start, |parameter, step| {
            let update = averages.rms(&gradients[step]);
            if !is_matrix {
                return decayed(parameter, &update);
            }
            let update = plus(&update, DECAY, parameter);
            let moved = plus(parameter, -RATE * radius / norm(&update), &update);
            scaled(&moved, radius / norm(&moved))
        });
        prop_assert!(far <= TOLERANCE, "{far}");
    }

    #[test]
    fn suds_is_as_written((start, gradients) in run_of(13)) {
        let run = run!(rule!(SudsAdamW { axis_rate: Amount::new(0.04).expect(VALID) }), [13], (&start, &gradients));
        let mut averages = Averages::new(13, FIRST, SECOND, EPSILON);
        let mut axis = Vec::new();
        let far = distance(&run, &start, |parameter, step| {
            match suds(&mut averages, &mut axis, &gradients[step], 0.04) {
                None => parameter.to_vec(),
                Some(update) => decayed(parameter, &update),
            }
        });
        prop_assert!(far <= 10.0 * TOLERANCE, "{far}"); // a reflected gradient may have small elements
    }
}

#[test]
fn suds_knows_the_first_element_of_a_large_tensor() {
    const LENGTH: usize = 40_000;
    let value = |element: usize, stream: usize| 0.25 + ((element * 7919 + stream * 31) % 257) as f64 / 257.0;
    let tensor = |stream| (0..LENGTH).map(|element| value(element, stream)).collect::<Vec<_>>();
    let (start, gradients) = (tensor(0), [tensor(1), tensor(2), tensor(3)].to_vec());
    let rule = rule!(SudsAdamW { axis_rate: Amount::new(1e-5).expect(VALID) });
    let run = run!(rule, [LENGTH], (&start, &gradients));
    let mut averages = Averages::new(LENGTH, FIRST, SECOND, EPSILON);
    let mut axis = Vec::new();
    let far = distance(&run, &start, |parameter, step| {
        match suds(&mut averages, &mut axis, &gradients[step], 1e-5) {
            None => parameter.to_vec(),
            Some(update) => decayed(parameter, &update),
        }
    });
    assert!(far <= LENGTH as f64 * TOLERANCE, "{far}");
}

#[test]
fn what_is_not_a_number_is_not_hidden_by_caution() {
    for (start, gradient) in [(1.0, f64::NAN), (f64::NAN, 1.0)] {
        let run =
            run!(rule!(AdamW {}).on_update(Caution::default()), [2], (&[start, 1.0], &[vec![gradient, 1.0]]));
        assert!(run[0][0].is_nan());
        assert!(!run[0][1].is_nan());
    }
}

#[test]
fn nothing_agrees_with_a_gradient_of_zeros() {
    let rule = AdamW { weight_decay: WeightDecay::NONE, ..rule!(AdamW {}) };
    let gradients = [vec![1.0, -1.0], vec![0.0, 0.0]];
    let run = run!(rule.on_update(Caution::default()), [2], (&[0.5, 0.5], &gradients));
    assert_eq!(run[0], run[1]);
}

#[test]
fn a_matrix_keeps_its_norm() {
    let start = [1.0, 2.0, 3.0, 4.0];
    let gradients: Vec<Vec<f64>> =
        (1..20).map(|step| scaled(&[1.0, -2.0, 0.5, 3.0], f64::from(step))).collect();
    let run = run!(HyperBallAdamW::default(), [2, 2], (&start, &gradients));
    assert!(run.iter().all(|parameter| (norm(parameter) - norm(&start)).abs() < 1e-14 * norm(&start)));
    assert_ne!(run[0], run[1]);
}

#[test]
fn without_a_direction_there_is_no_nan() {
    let zeros = [0.0; 4];
    let gradients = [zeros.to_vec(), vec![1.0, 0.0, 0.0, 0.0], zeros.to_vec()];
    let suds = run!(SudsAdamW::default(), [4], (&zeros, &gradients));
    let ball = run!(HyperBallAdamW::default(), [2, 2], (&zeros, &gradients));
    let ortho = run!(OrthoLaProp::default(), [4], (&zeros, &gradients));
    for run in [suds, ball, ortho] {
        assert!(run.concat().iter().all(|value| value.is_finite()), "{run:?}");
    }
}

/// Recorded runs with caution and MARS, by the builder's options; `golden` replays them by name.
#[test]
fn recorded_runs_with_stages_around_a_rule_are_reproduced() {
    use gradus::testing::trajectory::{Tolerance, Trajectory};

    fn check<R: Rule>(name: &str, rule: R, mars: Option<f64>, agreement: Option<Agreement>) {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        let trajectory =
            Trajectory::read(&folder.join(name).with_extension("safetensors")).expect("a recording");
        let Tolerance::Each { absolute, relative } = trajectory.tolerance else { panic!("an f32 run") };
        let array = |shape: &[usize], values: &[f32]| {
            ArrayD::from_shape_vec(shape, values.to_vec()).expect("the shape fits")
        };
        let start = |recorded: &gradus::testing::trajectory::Recorded| {
            (recorded.name.clone(), array(&recorded.shape, &recorded.start))
        };
        let mut parameters: Vec<_> = trajectory.parameters.iter().map(start).collect();
        let heavyball = |strength: f64| Mars {
            strength: Reduction::new(strength).expect(VALID),
            momentum: beta(0.9),
            coefficient: MarsCoefficient::Exchanged,
            first: FirstComparison::Zero,
            clip: MarsClip::None,
        };
        let device = Cpu::default();
        let mut optimizer: Box<dyn Dynamic<f32>> = match (mars, agreement) {
            (Some(strength), Some(agreement)) => {
                let builder = rule.on_gradient(heavyball(strength)).on_update(Caution { agreement });
                Box::new(builder.build(device, &parameters).expect("a model"))
            }
            (Some(strength), None) => {
                Box::new(rule.on_gradient(heavyball(strength)).build(device, &parameters).expect("a model"))
            }
            (None, agreement) => {
                let caution = Caution { agreement: agreement.expect("one of the two") };
                Box::new(rule.on_update(caution).build(device, &parameters).expect("a model"))
            }
        };
        for step in 1..=trajectory.steps {
            let gradient = |recorded: &gradus::testing::trajectory::Recorded| {
                let gradient = recorded.gradients[step - 1].as_ref();
                (recorded.name.clone(), gradient.map(|values| array(&recorded.shape, values)))
            };
            let gradients: Vec<_> = trajectory.parameters.iter().map(gradient).collect();
            optimizer.step(&mut parameters, &gradients).expect("the shapes agree");
            for (recorded, (_, parameter)) in trajectory.parameters.iter().zip(&parameters) {
                let Some((_, expected)) = recorded.expected.iter().find(|(at, _)| *at == step) else {
                    continue;
                };
                for (got, want) in parameter.iter().zip(expected) {
                    let (got, want) = (f64::from(*got), f64::from(*want));
                    assert!((got - want).abs() <= absolute + relative * want.abs(), "{name}, step {step}");
                }
            }
        }
    }

    macro_rules! rule {
        ($name:ident, $decay:expr) => {
            $name {
                learning_rate: LearningRate::new(0.02).expect(VALID),
                first: beta(0.9),
                second: beta(0.99).into(),
                epsilon: Epsilon::floor(1e-8).expect(VALID),
                weight_decay: WeightDecay::decoupled($decay).expect(VALID),
            }
        };
    }
    let (strict, zero) = (Some(Agreement::Strict), Some(Agreement::ZeroIsPositive));
    check("hb1_adamw_caution", rule!(AdamW, 0.0), None, strict);
    check("hb1_adamw_mars", rule!(AdamW, 0.0), Some(0.0025), None);
    check("hb3_adamw_caution", rule!(AdamW, 0.1), None, zero);
    check("hb3_adamw_mars", rule!(AdamW, 0.1), Some(0.0025), None);
    check("hb3_adamw_mars_caution", rule!(AdamW, 0.1), Some(0.01), zero);
    check("hb3_adopt_caution", rule!(Adopt, 0.1), None, zero);
    check("hb3_laprop_mars_caution", rule!(LaProp, 0.1), Some(0.0025), zero);
}

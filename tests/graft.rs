//! Branches and what merges them, against plain `f64` code.

mod reference;

use gradus::clip::ClipNorm;
use gradus::cpu::Cpu;
use gradus::device::In;
use gradus::hyperparameter::{Amount, Dampening, Decay, Epsilon, Floor, LearningRate, Limit, WeightDecay};
use gradus::optimizer::{Build, Optimizer, Together};
use gradus::rule::{
    AddDecay, Chained, FirstMomentum, Graft, Momentum, MomentumForm, ScaleByAdam, ScaleByLearningRate,
    ScaleByStableAdam, WeightedSum,
};
use gradus::store::Nearest;
use gradus::transform::{AroundAtRunTime, DynamicRule, Merge, Stage, StageExt, Step};
use proptest::prelude::*;
use reference::tensor::{Averages, norm, plus, scaled};

const STEPS: usize = 6;
const RATE: f64 = 0.03;
const MOMENTUM: f64 = 0.7;
const FIRST: f64 = 0.8;
const SECOND: f64 = 0.95;
const EPSILON: f64 = 1e-3;
const DECAY: f64 = 0.07;
const VALID: &str = "in the range";

/// Some hundred roundings per step of numbers below 100, behind divisions by norms and roots of at least
/// 0.1: 6·400·100·10 units.
const TOLERANCE: f64 = 6.0 * 400.0 * 100.0 * 10.0 * f64::EPSILON;

fn momentum() -> Momentum {
    Momentum {
        momentum: Decay::new(MOMENTUM).expect(VALID),
        dampening: Dampening::new(0.0).expect(VALID),
        first: FirstMomentum::FromZero,
        form: MomentumForm::Classical,
    }
}

fn adam() -> ScaleByAdam {
    ScaleByAdam {
        first: Decay::new(FIRST).expect(VALID),
        second: Decay::new(SECOND).expect(VALID).into(),
        epsilon: Epsilon::floor(EPSILON).expect(VALID),
    }
}

fn decay() -> AddDecay {
    AddDecay::to_update(WeightDecay::decoupled(DECAY).expect(VALID))
}

type Data = Optimizer<DynamicRule, In<f64, f64, f64, Nearest>, Together, Cpu>;

/// An optimizer of one tensor for a chain as data.
fn optimizer(chain: impl Stage, length: usize) -> Data {
    let rule = Chained { chain, learning_rate: LearningRate::new(RATE).expect(VALID) };
    let rule = <DynamicRule>::new(rule, AroundAtRunTime::default()).expect("it has not too many fields");
    rule.parameters_in::<f64>().build(Cpu::default(), &[("x", vec![0.0; length])]).expect("a model")
}

/// A start and gradients for a tensor, none of whose elements is small.
fn run_of(length: usize) -> impl Strategy<Value = (Vec<f64>, Vec<Vec<f64>>)> {
    let element =
        (0.2f64..2.0, any::<bool>()).prop_map(|(size, negative)| if negative { -size } else { size });
    let tensor = prop::collection::vec(element, length);
    (tensor.clone(), prop::collection::vec(tensor, STEPS))
}

/// The largest distance between a run and one of updates that `update` makes of parameter and gradient.
fn distance(
    chain: impl Stage,
    run: &(Vec<f64>, Vec<Vec<f64>>),
    mut update: impl FnMut(&[f64], &[f64]) -> Vec<f64>,
) -> f64 {
    let (start, gradients) = run;
    let mut optimizer = optimizer(chain, start.len());
    let (mut expected, mut parameters) = (start.clone(), [("x", start.clone())]);
    let mut worst = 0.0f64;
    for gradient in gradients {
        optimizer.step(&mut parameters, &[("x", gradient.clone())]).expect("the gradient fits");
        expected = plus(&expected, -RATE, &update(&expected, gradient));
        for (got, want) in parameters[0].1.iter().zip(&expected) {
            worst = if (got - want).is_nan() { f64::INFINITY } else { worst.max((got - want).abs()) };
        }
    }
    worst
}

/// v ← μ·v + g.
fn velocity(old: &mut Vec<f64>, gradient: &[f64]) -> Vec<f64> {
    *old = plus(gradient, MOMENTUM, old);
    old.clone()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn grafting_takes_the_length_of_one_and_the_direction_of_the_other(run in run_of(37), floor in 0.5f64..20.0) {
        let mut averages = Averages::new(37, FIRST, SECOND, EPSILON);
        let mut old = vec![0.0; 37];
        let graft = Graft { floor: Floor::new(floor).expect(VALID) };
        let worst = distance(momentum().beside(adam()).merge(graft), &run, |_, gradient| {
            let length = norm(&velocity(&mut old, gradient));
            let direction = averages.adam(gradient);
            scaled(&direction, length / norm(&direction).max(floor))
        });
        prop_assert!(worst <= TOLERANCE, "{worst:e}");
    }

    #[test]
    fn a_sum_weighs_both(run in run_of(37), first in 0.0f64..2.0, second in 0.0f64..2.0) {
        let mut averages = Averages::new(37, FIRST, SECOND, EPSILON);
        let mut old = vec![0.0; 37];
        let weight = |weight| Amount::new(weight).expect(VALID);
        let sum = WeightedSum { first: weight(first), second: weight(second) };
        let worst = distance(momentum().beside(adam()).merge(sum), &run, |_, gradient| {
            plus(&scaled(&velocity(&mut old, gradient), first), second, &averages.adam(gradient))
        });
        prop_assert!(worst <= TOLERANCE, "{worst:e}");
    }

    /// Chains as branches, with a statistic and with decay of their own, and a stage behind the merge.
    #[test]
    fn branches_are_chains_of_any_kind(run in run_of(37), limit in 0.5f64..5.0) {
        let mut averages = Averages::new(37, FIRST, SECOND, EPSILON);
        let mut old = vec![0.0; 37];
        let clip = ClipNorm { limit: Limit::new(limit).expect(VALID) };
        let chain = clip.then(momentum()).beside(adam().then(decay())).merge(Graft::default()).then(clip);
        let clipped = |values: &[f64]| scaled(values, (limit / norm(values)).min(1.0));
        let worst = distance(chain, &run, |parameter, gradient| {
            let length = norm(&velocity(&mut old, &clipped(gradient)));
            let direction = plus(&averages.adam(gradient), DECAY, parameter);
            clipped(&scaled(&direction, length / norm(&direction).max(1e-6)))
        });
        prop_assert!(worst <= TOLERANCE, "{worst:e}");
    }

    /// Branches within branches: the first of three gradients' worth of updates is grafted onto a mean.
    #[test]
    fn branches_have_branches(run in run_of(37)) {
        let mut averages = Averages::new(37, FIRST, SECOND, EPSILON);
        let mut old = vec![0.0; 37];
        let mean = momentum().beside(adam()).merge(WeightedSum::default());
        let chain = gradus::transform::Identity.beside(mean).merge(Graft::default());
        let worst = distance(chain, &run, |_, gradient| {
            let direction = plus(&velocity(&mut old, gradient), 1.0, &averages.adam(gradient));
            scaled(&direction, norm(gradient) / norm(&direction))
        });
        prop_assert!(worst <= TOLERANCE, "{worst:e}");
    }
}

fn stable() -> ScaleByStableAdam {
    ScaleByStableAdam { adam: adam() }
}

/// The slowed updates of a chain that ends so, and a run in which the rate is lowered.
fn slowed() -> (impl FnMut(&[f64]) -> Vec<f64>, (Vec<f64>, Vec<Vec<f64>>)) {
    let mut optimizer = optimizer(stable(), 4);
    let alone = move |gradient: &[f64]| {
        let mut parameters = [("x", vec![0.0; gradient.len()])];
        optimizer.step(&mut parameters, &[("x", gradient.to_vec())]).expect("the gradient fits");
        parameters[0].1.iter().map(|moved| -moved / RATE).collect()
    };
    let gradients = [[0.1, -0.2, 0.3, 0.4], [5.0, -6.0, 7.0, 0.5], [0.3, 9.0, -1.0, 2.0]];
    (alone, (vec![1.0, -2.0, 0.5, 3.0], gradients.map(Vec::from).to_vec()))
}

/// The rate that a branch slows down slows its own update, and not the other's or the decay behind.
#[test]
fn a_rate_stays_within_its_branch() {
    let (mut alone, run) = slowed();
    let chain = stable().beside(gradus::transform::Identity).merge(WeightedSum::default()).then(decay());
    let worst = distance(chain, &run, |parameter, gradient| {
        let both = scaled(&plus(&alone(gradient), 1.0, gradient), 0.5);
        plus(&both, DECAY, parameter)
    });
    assert!(worst <= TOLERANCE, "{worst:e}");
}

/// γ is multiplied with wherever a chain says so, and the rate with the first of them.
#[test]
fn a_rate_is_applied_once() {
    let (mut alone, run) = slowed();
    let branch = stable().then(ScaleByLearningRate);
    let chain = branch.beside(gradus::transform::Identity).merge(WeightedSum::default());
    let worst = distance(chain, &run, |_, gradient| scaled(&plus(gradient, RATE, &alone(gradient)), 0.5));
    assert!(worst <= TOLERANCE, "{worst:e}");

    let (mut alone, run) = slowed();
    let worst = distance(branch, &run, |_, gradient| scaled(&alone(gradient), RATE));
    assert!(worst <= TOLERANCE, "{worst:e}");
}

#[test]
fn a_direction_of_nothing_stays_nothing() {
    let chain = momentum().beside(gradus::rule::Sign).merge(Graft::default());
    let mut optimizer = optimizer(chain, 3);
    let mut parameters = [("x", vec![1.0, 2.0, 3.0])];
    optimizer.step(&mut parameters, &[("x", vec![0.0; 3])]).expect("the gradient fits");
    assert_eq!(parameters[0].1, [1.0, 2.0, 3.0]);
    // A velocity without a direction has a length, and still nowhere to go.
    optimizer.step(&mut parameters, &[("x", vec![3.0, 4.0, 0.0])]).expect("the gradient fits");
    let before = parameters.clone();
    optimizer.step(&mut parameters, &[("x", vec![0.0; 3])]).expect("the gradient fits");
    assert_eq!(parameters, before);
}

#[test]
fn a_micro_batch_measures_nothing_and_state_has_the_names_of_a_chain() {
    let chain = momentum().beside(momentum().then(adam())).merge(Graft::default());
    assert_eq!(chain.names_of_state(), ["velocity", "velocity_2", "first", "second"]);
    let mut at = Step::first(0.1);
    assert_eq!(chain.measured_passes(&at), 0b11);
    at.arrives = gradus::transform::Arrives::ToAccumulate;
    assert_eq!(chain.measured_passes(&at), 0);
    assert_eq!(<Graft as Merge>::PASSES, 2);
}

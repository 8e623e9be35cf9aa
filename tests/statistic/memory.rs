//! Numbers that the host advances: per tensor with each gradient, per group with each whole step.

use crate::snapshot;
use gradus::cpu::Cpu;
use gradus::fields;
use gradus::hyperparameter::LearningRate;
use gradus::optimizer::{Build, Snapshot};
use gradus::real::Real;
use gradus::rule::Chained;
use gradus::transform::{Input, Nothing, Stage, Step};
use gradus::typenum::B1;

/// A sum of weights per group (here: the numbers of the steps), and a running product per tensor.
/// The update is made of both, so that the parameter shows which numbers a step has used.
#[derive(Clone, Copy, Debug)]
struct Remembers {
    factor: f64,
}

fields! {
    struct Product { product }
}

fields! {
    struct Sum { sum }
}

fields! {
    struct Used { product, sum }
}

impl Stage for Remembers {
    type Constants = Used;
    type State = Nothing;
    type Tensor = Nothing;
    type Own = Product;
    type Group = Sum;
    type Keeps = B1;
    type Joint = gradus::typenum::B0;
    const PASSES: usize = 0;

    fn advance(&self, at: &Step, group: &mut Sum<f64>) {
        group.sum += at.optimizer as f64;
    }

    fn constants(&self, at: &Step, own: &mut Product<f64>, group: &Sum<f64>) -> Used<f64> {
        own.product = if at.own == 1 { self.factor } else { self.factor * own.product };
        Used { product: own.product, sum: group.sum }
    }

    fn measures(&self, _: &Step) -> bool {
        false
    }

    #[inline(always)]
    fn measure<F: Real>(_: usize, _: &Used<F>, input: Input<F>, _: &Nothing, _: &mut Nothing) -> F {
        input.update
    }

    #[inline(always)]
    fn finish<F: Real>(_: usize, _: &Used<F>, _: F, _: F, _: &mut Nothing) {}

    #[inline(always)]
    fn update<F: Real>(at: &Used<F>, input: Input<F>, _: &Nothing, _: &mut Nothing) -> Input<F> {
        input.with_update(input.update * at.product + at.sum)
    }
}

fn rule(factor: f64) -> Chained<Remembers> {
    let learning_rate = LearningRate::new(1.0).expect("in the range");
    Chained { chain: Remembers { factor }, learning_rate }
}

fn numbers<K: gradus::device::Formats>(snapshot: &Snapshot<K>) -> (Vec<f64>, Vec<f64>) {
    let sums = snapshot.groups.iter().map(|group| {
        assert_eq!(group.memory[0].0, "sum");
        group.memory[0].1
    });
    let products = snapshot.tensors.iter().map(|tensor| {
        assert_eq!(tensor.own[0].0, "product");
        tensor.own[0].1
    });
    (sums.collect(), products.collect())
}

fn parameters() -> [(&'static str, Vec<f64>); 2] {
    [("steady", vec![0.0]), ("rare", vec![0.0])]
}

const ONE: [f64; 1] = [1.0];

#[test]
fn a_joint_step_advances_the_group_and_the_tensors_that_have_a_gradient() {
    let mut parameters = parameters();
    let mut optimizer =
        rule(0.5).parameters_in::<f64>().build(Cpu::default(), &parameters).expect("the model is valid");
    for rare in [false, true, false, true] {
        let gradients = [("steady", Some(ONE.to_vec())), ("rare", rare.then(|| ONE.to_vec()))];
        optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
    }
    assert_eq!(numbers(&snapshot(&optimizer)), (vec![1.0 + 2.0 + 3.0 + 4.0], vec![0.0625, 0.25]));
    // Products 1/2, 1/4, 1/8, 1/16 and sums 1, 3, 6, 10; the rare one steps at 2 and 4.
    assert_eq!(parameters[0].1, [-(0.5 + 0.25 + 0.125 + 0.0625 + 20.0)]);
    assert_eq!(parameters[1].1, [-(0.5 + 3.0 + 0.25 + 10.0)]);
}

#[test]
fn release_advances_a_tensor_with_each_gradient_and_the_group_when_the_step_is_finished() {
    let mut parameters = parameters();
    let mut optimizer = rule(0.5)
        .parameters_in::<f64>()
        .gradient_release()
        .build(Cpu::default(), &parameters)
        .expect("the model is valid");
    let mut step = optimizer.begin_step().expect("every step is finished");
    step.accumulate("steady", ONE.to_vec()).expect("the gradient fits");
    step.accumulate("steady", ONE.to_vec()).expect("the gradient fits");
    step.release("steady", &mut parameters[0].1, ONE.to_vec()).expect("the gradient fits");
    assert_eq!(step.finish().missing, ["rare"]);
    assert_eq!(numbers(&snapshot(&optimizer)), (vec![1.0], vec![0.125, 0.0]));
    assert_eq!(parameters[0].1, [-(0.125 + 1.0)]);

    // Micro-batches alone are no whole step: the next one is number 2 as well.
    let mut step = optimizer.begin_step().expect("every step is finished");
    step.accumulate("rare", ONE.to_vec()).expect("the gradient fits");
    step.finish();
    assert_eq!(numbers(&snapshot(&optimizer)), (vec![1.0], vec![0.125, 0.5]));

    let mut step = optimizer.begin_step().expect("every step is finished");
    step.release("rare", &mut parameters[1].1, ONE.to_vec()).expect("the gradient fits");
    step.finish();
    assert_eq!(numbers(&snapshot(&optimizer)), (vec![3.0], vec![0.125, 0.25]));
    assert_eq!(parameters[1].1, [-(0.25 + 3.0)]);
}

#[test]
fn a_step_that_is_abandoned_after_a_release_counts() {
    let mut parameters = parameters();
    let mut optimizer = rule(0.5)
        .parameters_in::<f64>()
        .gradient_release()
        .build(Cpu::default(), &parameters)
        .expect("the model is valid");
    let mut step = optimizer.begin_step().expect("every step is finished");
    step.release("rare", &mut parameters[1].1, ONE.to_vec()).expect("the gradient fits");
    drop(step);
    optimizer.abandon_unfinished_step();
    drop(optimizer.begin_step().expect("the step before has been abandoned"));
    optimizer.abandon_unfinished_step();
    assert_eq!(numbers(&snapshot(&optimizer)), (vec![1.0], vec![0.0, 0.5]));
}

#[test]
fn a_refused_step_advances_nothing() {
    let mut parameters = parameters();
    let mut optimizer =
        rule(0.5).parameters_in::<f64>().build(Cpu::default(), &parameters).expect("the model is valid");
    optimizer.step(&mut parameters, &[("steady", ONE.to_vec())]).expect_err("a gradient is missing");
    assert_eq!(numbers(&snapshot(&optimizer)), (vec![0.0], vec![0.0, 0.0]));
}

#[test]
fn groups_and_snapshots_keep_their_numbers_apart() {
    let build = || {
        rule(0.5)
            .parameters_in::<f64>()
            .group("rare", |name, _| name == "rare", rule(0.25))
            .build(Cpu::default(), &parameters())
            .expect("the model is valid")
    };
    let (mut optimizer, mut parameters) = (build(), parameters());
    let gradients = [("steady", ONE.to_vec()), ("rare", ONE.to_vec())];
    let mut snapshots = Vec::new();
    for _ in 0..4 {
        optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
        snapshots.push((snapshot(&optimizer), parameters.clone()));
    }
    assert_eq!(numbers(&snapshots[1].0), (vec![3.0, 3.0], vec![0.25, 0.0625]));

    let (mut resumed, mut parameters) = (build(), snapshots[1].1.clone());
    resumed.restore(&snapshots[1].0).expect("the snapshot fits");
    for _ in 0..2 {
        resumed.step(&mut parameters, &gradients).expect("the gradients fit");
    }
    assert_eq!(numbers(&snapshot(&resumed)), numbers(&snapshots[3].0));
    assert_eq!(parameters, snapshots[3].1);
}

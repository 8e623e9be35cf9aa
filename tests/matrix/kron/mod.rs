//! PSGD with Kronecker factors.

use super::*;

mod edges;
mod invariants;
mod narrow;
mod paper;
mod parts;
mod state;

use gradus::device::In;
use gradus::hyperparameter::LearningRate;
use gradus::optimizer::{Build, Optimizer, Together};
use gradus::rule::{FitSchedule, KronFactors, Psgd, UpdateClip};
use gradus::store::Nearest;

pub(super) type InDouble = In<f64, f64, f64, Nearest>;
pub(super) type Named = [(&'static str, ArrayD<f64>); 1];

/// One tensor in double precision and its optimizer.
pub(super) struct One {
    pub(super) optimizer: Optimizer<Psgd, InDouble, Together, Cpu>,
    pub(super) parameter: Named,
}

impl One {
    /// From zero.
    pub(super) fn new(rule: Psgd, shape: &[usize]) -> Self {
        let parameter = [("x", ArrayD::zeros(shape))];
        let optimizer =
            rule.parameters_in::<f64>().build(Cpu::default(), &parameter).expect("a tensor is a model");
        Self { optimizer, parameter }
    }

    pub(super) fn step(&mut self, gradient: &ArrayD<f64>) {
        let gradient = [("x", gradient.clone())];
        self.optimizer.step(&mut self.parameter, &gradient).expect("a step");
    }

    /// Numbers that the rule keeps, by name.
    pub(super) fn kept(&self, name: &str) -> Vec<f64> {
        let snapshot = self.optimizer.snapshot().expect("whole steps");
        let found = snapshot.tensors[0].matrices.iter().find(|(kept, _)| kept == name);
        found.unwrap_or_else(|| panic!("nothing is called {name}")).1.clone()
    }
}

/// Asserts that an optimizer that was restored after `before` steps goes on as the one that was not, up to
/// step `end`.
pub(super) fn assert_goes_on_when_restored(rule: &Psgd, shape: &[usize], before: u32, end: u32) {
    let mut one = One::new(rule.clone(), shape);
    (0..before).for_each(|step| one.step(&tensor(shape, step)));
    let mut other = One::new(rule.clone(), shape);
    other.optimizer.restore(&one.optimizer.snapshot().expect("whole steps")).expect("it fits");
    other.parameter.clone_from(&one.parameter);
    for step in before..end {
        one.step(&tensor(shape, step));
        other.step(&tensor(shape, step));
    }
    assert_eq!(one.parameter, other.parameter);
    assert!(one.parameter[0].1.iter().all(|x| x.is_finite() && *x != 0.0));
    let [one, other] = [one, other].map(|one| one.optimizer.snapshot().expect("whole steps"));
    assert_eq!(one, other);
}

/// One that moves by the preconditioned gradient itself, fitted with each.
pub(super) fn plain(factors: KronFactors) -> Psgd {
    Psgd {
        learning_rate: LearningRate::new(1.0).expect("it is in the range"),
        factors: KronFactors { schedule: FitSchedule::always(), ..factors },
        clip: UpdateClip::None,
        ..Psgd::default()
    }
}

/// Numbers spread evenly over ±1 in a shape.
pub(super) fn tensor(shape: &[usize], seed: u32) -> ArrayD<f64> {
    let flat = noise(1, shape.iter().product(), seed);
    flat.into_shape_with_order(shape).expect("as many").into_dyn()
}

pub(super) fn farthest(left: &[f64], right: &[f64]) -> f64 {
    assert_eq!(left.len(), right.len());
    left.iter().zip(right).map(|(left, right)| (left - right).abs()).fold(0.0, f64::max)
}

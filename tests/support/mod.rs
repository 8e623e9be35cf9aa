//! What the tests of single rules share: one parameter, run through a real optimizer.

#![allow(dead_code, unreachable_pub)] // each test binary uses a part of this module

use crate::reference::{self, Reference};
use gradus::cpu::Cpu;
use gradus::device::In;
use gradus::dtype::{Arithmetic, WidensTo};
use gradus::hyperparameter::{Epsilon, LearningRate, WeightDecay};
use gradus::optimizer::{Averaging, Build, Optimizer, Releasable, Released, TwoFaced};
use gradus::store::Nearest;
use gradus::transform::Rule;
use proptest::prelude::*;

/// A gradient, and what it is for.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    Step(f64),
    Accumulate(f64),
}

/// `f32` and `f64`: formats in which nothing is rounded at the end of a step.
pub trait Exact: Arithmetic + WidensTo<Self> {}
impl<T: Arithmetic + WidensTo<T>> Exact for T {}

/// A one-element tensor and its optimizer, in the arithmetic format `T`.
pub struct Single<R: Rule, T: Exact> {
    optimizer: Optimizer<R, In<T, T, T, Nearest>, Released, Cpu>,
    parameter: Vec<T>,
}

impl<R: Releasable, T: Exact> Single<R, T> {
    pub fn new(rule: R, parameter: f64) -> Self {
        let parameter = vec![T::constant(parameter)];
        let optimizer = rule
            .parameters_in::<T>()
            .gradient_release()
            .build(Cpu::default(), &[("x", parameter.clone())])
            .expect("one parameter is a model");
        Self { optimizer, parameter }
    }

    pub fn step(&mut self, gradient: f64) {
        let mut step = self.optimizer.begin_step().expect("every step is finished");
        step.release("x", &mut self.parameter, vec![T::constant(gradient)]).expect("the shapes agree");
        step.finish();
    }

    pub fn accumulate(&mut self, gradient: f64)
    where
        R: Averaging,
    {
        let mut step = self.optimizer.begin_step().expect("every step is finished");
        step.accumulate("x", vec![T::constant(gradient)]).expect("the shapes agree");
        step.finish();
    }

    pub fn parameter(&self) -> f64 {
        self.parameter[0].to_f64()
    }

    /// The point for evaluation.
    pub fn evaluation(&self) -> f64
    where
        R: TwoFaced,
    {
        let mut elsewhere = [("x", vec![T::default()])];
        let parameters = [("x", self.parameter.clone())];
        self.optimizer.evaluation_into(&parameters, &mut elsewhere).expect("the shapes agree");
        elsewhere[0].1[0].to_f64()
    }

    pub fn set_learning_rate(&mut self, learning_rate: f64) {
        self.optimizer.set_learning_rate(LearningRate::new(learning_rate).expect("in the range"));
    }
}

/// The largest distance between a rule in `T` and its reference over the events.
pub fn distance<R, T>(rule: R, mut reference: impl Reference, events: &[Event]) -> f64
where
    R: Averaging + Releasable,
    T: Exact,
{
    let mut single = Single::<R, T>::new(rule, reference.parameter());
    let mut worst = 0.0f64;
    for event in events {
        match *event {
            Event::Step(gradient) => {
                single.step(gradient);
                reference.step(gradient);
            }
            Event::Accumulate(gradient) => {
                single.accumulate(gradient);
                reference.accumulate(gradient);
            }
        }
        let distance = (single.parameter() - reference.parameter()).abs();
        worst = if distance.is_nan() { f64::INFINITY } else { worst.max(distance) };
    }
    worst
}

/// [`distance`] over steps alone, for a rule that cannot accumulate.
pub fn distance_of_steps<R, T>(rule: R, mut reference: impl Reference, gradients: &[f64]) -> f64
where
    R: Releasable,
    T: Exact,
{
    let mut single = Single::<R, T>::new(rule, reference.parameter());
    let mut worst = 0.0f64;
    for &gradient in gradients {
        single.step(gradient);
        reference.step(gradient);
        let distance = (single.parameter() - reference.parameter()).abs();
        worst = if distance.is_nan() { f64::INFINITY } else { worst.max(distance) };
    }
    worst
}

/// The library's decay for one of a paper.
pub fn weight_decay(decay: reference::Decay) -> WeightDecay {
    use reference::Decay;
    let valid = "the strategies stay in the range";
    match decay {
        Decay::None => WeightDecay::NONE,
        Decay::L2(coefficient) => WeightDecay::l2(coefficient).expect(valid),
        Decay::Decoupled(coefficient) => WeightDecay::decoupled(coefficient).expect(valid),
        Decay::FullyDecoupled { coefficient, max_learning_rate } => {
            let largest = LearningRate::new(max_learning_rate).expect(valid);
            WeightDecay::fully_decoupled(coefficient, largest).expect(valid)
        }
    }
}

/// A number that `f32` holds exactly, so that the reference and an `f32` rule start equal.
pub fn number(range: core::ops::Range<f32>) -> impl Strategy<Value = f64> {
    range.prop_map(f64::from)
}

/// Every kind of decay, with coefficients up to 0.1.
pub fn any_decay() -> impl Strategy<Value = reference::Decay> {
    use reference::Decay;
    prop_oneof![
        Just(Decay::None),
        (0.0..0.1).prop_map(Decay::L2),
        (0.0..0.1).prop_map(Decay::Decoupled),
        (0.0..0.1, 0.01..0.1).prop_map(|(coefficient, max_learning_rate)| {
            Decay::FullyDecoupled { coefficient, max_learning_rate }
        }),
    ]
}

/// Up to `most` gradients of magnitude 0.5 to 4.
pub fn gradients(most: usize) -> impl Strategy<Value = Vec<f64>> {
    let gradient =
        (number(0.5..4.0), any::<bool>()).prop_map(|(size, negative)| if negative { -size } else { size });
    prop::collection::vec(gradient, 1..=most)
}

/// ε in both forms, at least `least`.
pub fn epsilon(least: f64) -> impl Strategy<Value = reference::adam::Epsilon> {
    use reference::adam::Epsilon;
    prop_oneof![(least..1.0).prop_map(Epsilon::Added), (least..1.0).prop_map(Epsilon::Floor)]
}

/// The library's ε for one of a paper.
pub fn library_epsilon(epsilon: reference::adam::Epsilon) -> Epsilon {
    let valid = "the strategies stay in the range";
    match epsilon {
        reference::adam::Epsilon::Added(epsilon) => Epsilon::added(epsilon).expect(valid),
        reference::adam::Epsilon::Floor(epsilon) => Epsilon::floor(epsilon).expect(valid),
    }
}

/// Up to `most` gradients of magnitude 0.5 to 4, a quarter of them micro-batches.
pub fn events(most: usize) -> impl Strategy<Value = Vec<Event>> {
    let gradient =
        (number(0.5..4.0), any::<bool>()).prop_map(|(size, negative)| if negative { -size } else { size });
    let event = (gradient, 0..4u8).prop_map(|(gradient, kind)| {
        if kind == 0 { Event::Accumulate(gradient) } else { Event::Step(gradient) }
    });
    prop::collection::vec(event, 1..=most)
}

//! How gradients get from the network to the optimizer: all together, or one by one.

use crate::data::Batch;
use crate::network::{Format, Network};
use gradus::catalogue::Boxed;
use gradus::cpu::Cpu;
use gradus::device::{In, ParameterSet};
use gradus::error::Result;
use gradus::hyperparameter::LearningRate;
use gradus::optimizer::{Arrival, Averaging, Optimizer, Releasable, Released, Together};
use gradus::store::Store;
use gradus::transform::Rule;
use ndarray::ArrayD;
use std::time::{Duration, Instant};

/// A network and its optimizer: the rule, the formats of parameters and state, the store, and when
/// gradients arrive.
pub struct Session<R: Rule, T: Format, S: Format, W: Store, A: Arrival> {
    network: Network<T>,
    optimizer: Optimizer<R, In<T, T, S, W>, A, Cpu>,
    micro_batches: usize,
    gradient_bytes: usize,
}

/// Learns from a batch, and says how long the optimizer took.
pub trait Learn {
    fn learn(&mut self, batch: &Batch) -> Result<Duration>;
}

/// All gradients are computed, then the optimizer takes one step.
impl<R: Rule, T: Format, S: Format, W: Store> Learn for Session<R, T, S, W, Together> {
    fn learn(&mut self, batch: &Batch) -> Result<Duration> {
        let activations = self.network.forward(&batch.pictures);
        let mut gradients = Vec::new();
        self.network.backward(activations, &batch.labels, &mut |name, _parameter, gradient| {
            gradients.push((name, gradient));
            Ok(())
        })?;
        gradients.reverse(); // from the first layer to the last, as the parameters
        self.gradient_bytes = gradients.iter().map(|(_, gradient)| bytes(gradient)).sum();

        let start = Instant::now();
        self.optimizer.step(&mut self.network, &gradients)?;
        Ok(start.elapsed())
    }
}

/// Each gradient is used up during backpropagation, before the next one is computed.
///
/// With several micro-batches, all but the last one only enter the averages of the optimizer, so
/// that nothing else has to remember them. Rules that keep no average are refused by the compiler.
impl<R, T: Format, S: Format, W: Store> Learn for Session<R, T, S, W, Released>
where
    R: Averaging + Releasable,
{
    fn learn(&mut self, batch: &Batch) -> Result<Duration> {
        let mut time = Duration::ZERO;
        let mut step = self.optimizer.begin_step()?;
        for (number, part) in (1..).zip(batch.split(self.micro_batches)) {
            let is_last = number == self.micro_batches;
            let activations = self.network.forward(&part.pictures);
            self.network.backward(activations, &part.labels, &mut |name, mut parameter, gradient| {
                self.gradient_bytes = self.gradient_bytes.max(bytes(&gradient));
                let start = Instant::now();
                if is_last {
                    step.release(name, &mut parameter, gradient)?;
                } else {
                    step.accumulate(name, gradient)?;
                }
                time += start.elapsed();
                Ok(())
            })?;
        }
        let finished = step.finish();
        assert!(finished.missing.is_empty(), "backpropagation reaches every parameter");
        Ok(time)
    }
}

impl<R: Rule, T: Format, S: Format, W: Store, A: Arrival> Session<R, T, S, W, A> {
    /// Brings a network together with an optimizer that was built for it.
    pub fn new(network: Network<T>, optimizer: Optimizer<R, In<T, T, S, W>, A, Cpu>) -> Self {
        Self { network, optimizer, micro_batches: 1, gradient_bytes: 0 }
    }
}

impl<R: Rule, T: Format, S: Format, W: Store> Session<R, T, S, W, Released> {
    /// Splits each batch, so that fewer pictures are in memory at the same time.
    pub fn in_micro_batches(self, micro_batches: usize) -> Self {
        Self { micro_batches, ..self }
    }
}

/// A [`Session`] of any type.
pub trait Trainee: Learn {
    fn set_learning_rate(&mut self, learning_rate: LearningRate);
    /// The mean loss on a batch, and the share of it that is classified correctly.
    fn evaluate(&self, batch: &Batch) -> (f64, f64);
    /// The formats of parameters and state, and the store.
    fn formats(&self) -> [&'static str; 3];
    fn state_bytes(&self) -> usize;
    /// The most bytes of gradients that were kept for the optimizer at the same time.
    fn gradient_bytes(&self) -> usize;
}

impl<R: Rule, T: Format, S: Format, W: Store, A: Arrival> Trainee for Session<R, T, S, W, A>
where
    Self: Learn,
{
    fn set_learning_rate(&mut self, learning_rate: LearningRate) {
        self.optimizer.set_learning_rate(learning_rate);
    }

    fn evaluate(&self, batch: &Batch) -> (f64, f64) {
        let activations = self.network.forward(&batch.pictures);
        (activations.loss(&batch.labels), activations.accuracy(&batch.labels))
    }

    fn formats(&self) -> [&'static str; 3] {
        [T::NAME, S::NAME, W::NAME]
    }

    fn state_bytes(&self) -> usize {
        self.optimizer.state_bytes()
    }

    fn gradient_bytes(&self) -> usize {
        self.gradient_bytes
    }
}

/// A network and an optimizer that a file describes.
pub struct Configured<T: Format> {
    pub network: Network<T>,
    pub optimizer: Boxed<T>,
    pub formats: [&'static str; 3],
    pub released: bool,
    pub gradient_bytes: usize,
}

impl<T: Format> Learn for Configured<T> {
    fn learn(&mut self, batch: &Batch) -> Result<Duration> {
        let Self { network, optimizer, gradient_bytes, .. } = self;
        let activations = network.forward(&batch.pictures);
        if self.released {
            let mut names = Vec::new();
            network.describe(&mut |name, _| names.push(name.to_owned()));
            let place = |name: &str| names.iter().position(|own| own == name).expect("it is its own");
            let mut activations = Some(activations);
            let mut time = Duration::ZERO;
            optimizer.step_singly(&mut |step| {
                let activations = activations.take().expect("this is called once");
                network.backward(activations, &batch.labels, &mut |name, mut parameter, gradient| {
                    *gradient_bytes = bytes(&gradient).max(*gradient_bytes);
                    let start = Instant::now();
                    step.release(place(name), &mut parameter, gradient)?;
                    time += start.elapsed();
                    Ok(())
                })
            })?;
            return Ok(time);
        }
        let mut gradients = Vec::new();
        network.backward(activations, &batch.labels, &mut |name, _parameter, gradient| {
            gradients.push((name, gradient));
            Ok(())
        })?;
        gradients.reverse();
        *gradient_bytes = gradients.iter().map(|(_, gradient)| bytes(gradient)).sum();
        let start = Instant::now();
        optimizer.step(network, &gradients)?;
        Ok(start.elapsed())
    }
}

impl<T: Format> Trainee for Configured<T> {
    fn set_learning_rate(&mut self, learning_rate: LearningRate) {
        self.optimizer.set_learning_rate(learning_rate);
    }

    fn evaluate(&self, batch: &Batch) -> (f64, f64) {
        let activations = self.network.forward(&batch.pictures);
        (activations.loss(&batch.labels), activations.accuracy(&batch.labels))
    }

    fn formats(&self) -> [&'static str; 3] {
        self.formats
    }

    fn state_bytes(&self) -> usize {
        self.optimizer.state_bytes()
    }

    fn gradient_bytes(&self) -> usize {
        self.gradient_bytes
    }
}

fn bytes<T>(gradient: &ArrayD<T>) -> usize {
    gradient.len() * size_of::<T>()
}

//! How gradients get from the network to the optimizer: [`Together`] or [`OneByOne`].

use crate::data::Batch;
use crate::network::{Format, Network};
use gradus::cpu::Cpu;
use gradus::device::In;
use gradus::error::Result;
use gradus::hyperparameter::LearningRate;
use gradus::optimizer::{self, KeepsGradients, Optimizer};
use gradus::store::Store;
use gradus::transform::{Rule, Stage};
use ndarray::ArrayD;
use std::time::{Duration, Instant};

/// A network and its optimizer, whatever their formats.
pub trait Trainee {
    /// Learns from a batch. Returns how long the optimizer took.
    fn learn(&mut self, batch: &Batch) -> Result<Duration>;
    /// Replaces the learning rate.
    fn set_learning_rate(&mut self, learning_rate: LearningRate);
    /// The mean loss on a batch, and the share of it that is classified correctly.
    fn evaluate(&self, batch: &Batch) -> (f64, f64);
    /// The formats of parameters and state, and the store.
    fn formats(&self) -> [&'static str; 3];
    /// Bytes of the optimizer's state.
    fn state_bytes(&self) -> usize;
    /// The most bytes of gradients that were kept for the optimizer at the same time.
    fn gradient_bytes(&self) -> usize;
}

/// All gradients are computed, then the optimizer takes one step.
pub struct Together<R: Rule, T: Format, S: Format, W: Store> {
    pub network: Network<T>,
    pub optimizer: Optimizer<R, In<T, T, S, W>, optimizer::Together, Cpu>,
    pub gradient_bytes: usize,
}

impl<R: Rule, T: Format, S: Format, W: Store> Trainee for Together<R, T, S, W> {
    fn learn(&mut self, batch: &Batch) -> Result<Duration> {
        let activations = self.network.forward(&batch.pictures);
        let mut gradients = Vec::new();
        self.network.backward(activations, &batch.labels, &mut |name, _parameter, gradient| {
            gradients.push((name, gradient));
            Ok(())
        })?;
        gradients.reverse(); // into the order of the parameters
        self.gradient_bytes = gradients.iter().map(|(_, gradient)| bytes(gradient)).sum();

        let start = Instant::now();
        self.optimizer.step(&mut self.network, &gradients)?;
        Ok(start.elapsed())
    }

    fn set_learning_rate(&mut self, learning_rate: LearningRate) {
        self.optimizer.set_learning_rate(learning_rate);
    }

    fn evaluate(&self, batch: &Batch) -> (f64, f64) {
        self.network.evaluate(batch)
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

/// Each gradient is used up during backpropagation, before the next one is computed.
///
/// With several micro-batches, all but the last one only enter the averages of the optimizer, so
/// that nothing else has to remember them.
pub struct OneByOne<R: Rule, T: Format, S: Format, W: Store> {
    pub network: Network<T>,
    pub optimizer: Optimizer<R, In<T, T, S, W>, optimizer::Released, Cpu>,
    pub micro_batches: usize,
    pub gradient_bytes: usize,
}

impl<R, T, S, W> Trainee for OneByOne<R, T, S, W>
where
    R: Rule<Chain: Stage<Keeps: KeepsGradients>>,
    T: Format,
    S: Format,
    W: Store,
{
    fn learn(&mut self, batch: &Batch) -> Result<Duration> {
        let mut time = Duration::ZERO;
        let mut step = self.optimizer.begin_step()?;
        for (number, part) in batch.split(self.micro_batches).enumerate() {
            let last = number + 1 == self.micro_batches;
            let activations = self.network.forward(&part.pictures);
            self.network.backward(activations, &part.labels, &mut |name, mut parameter, gradient| {
                self.gradient_bytes = self.gradient_bytes.max(bytes(&gradient));
                let start = Instant::now();
                if last {
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

    fn set_learning_rate(&mut self, learning_rate: LearningRate) {
        self.optimizer.set_learning_rate(learning_rate);
    }

    fn evaluate(&self, batch: &Batch) -> (f64, f64) {
        self.network.evaluate(batch)
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

fn bytes<T>(gradient: &ArrayD<T>) -> usize {
    gradient.len() * size_of::<T>()
}

//! Trains with each optimizer in turn.

use crate::data::Digits;
use crate::optimizers::Contestant;
use crate::random::Random;
use gradus::error::Result;
use gradus::hyperparameter::LearningRate;
use indicatif::{ProgressBar, ProgressStyle};
use std::f64::consts::PI;
use std::time::Duration;

const BATCH: usize = 32;

/// What came of an optimizer.
pub struct Run {
    pub name: String,
    /// The formats of parameters and state, and the store.
    pub formats: [&'static str; 3],
    /// The loss on the training set before each epoch and after the last one.
    pub losses: Vec<f64>,
    /// The share of the test set that is classified correctly in the end.
    pub accuracy: f64,
    pub state_bytes: usize,
    pub gradient_bytes: usize,
    /// The median time that the optimizer took for a step.
    pub step: Duration,
}

impl Run {
    /// The loss on the training set in the end.
    pub fn loss(&self) -> f64 {
        self.losses[self.losses.len() - 1]
    }
}

/// Runs all of them from the same start, with the same batches in the same order.
pub fn all(choices: &[Contestant], digits: &Digits, epochs: usize) -> Result<Vec<Run>> {
    let style = ProgressStyle::with_template("{msg:<24} {bar:40} epoch {pos} of {len}  {elapsed}")
        .expect("the template is valid");
    let bar = ProgressBar::new((choices.len() * epochs) as u64).with_style(style);
    let runs = choices.iter().map(|choice| one(choice, digits, epochs, &bar)).collect();
    bar.finish_and_clear();
    runs
}

fn one(choice: &Contestant, digits: &Digits, epochs: usize, bar: &ProgressBar) -> Result<Run> {
    bar.set_message(choice.name.clone());
    let mut trainee = (choice.start)()?;
    let mut random = Random::new(2);
    let mut losses = vec![trainee.evaluate(&digits.training).0];
    let mut times = Vec::new();
    for epoch in 0..epochs {
        if let Some(rate) = choice.learning_rate {
            trainee.set_learning_rate(cosine(rate, epoch, epochs)?);
        }
        for numbers in random.permutation(digits.training.len()).chunks(BATCH) {
            let batch = digits.training.select(numbers).with_noise(&mut random);
            times.push(trainee.learn(&batch)?);
        }
        losses.push(trainee.evaluate(&digits.training).0);
        bar.inc(1);
    }
    times.sort_unstable();
    Ok(Run {
        name: choice.name.clone(),
        formats: trainee.formats(),
        losses,
        accuracy: trainee.evaluate(&digits.test).1,
        state_bytes: trainee.state_bytes(),
        gradient_bytes: trainee.gradient_bytes(),
        step: times[times.len() / 2],
    })
}

/// Half a cosine from the largest rate down to nearly 0.
fn cosine(largest: f64, epoch: usize, epochs: usize) -> Result<LearningRate> {
    let progress = epoch as f64 / epochs as f64;
    LearningRate::new(largest * 0.5 * (1.0 + (PI * progress).cos()))
}

//! Micro-batches for a rule that would forget all of them but the last.

use gradus::cpu::Cpu;
use gradus::error::Result;
use gradus::hyperparameter::LearningRate;
use gradus::optimizer::Build;
use gradus::rule::{Chained, Sgd};
use gradus::transform::Identity;

fn plain_sgd(parameters: &mut [(&str, Vec<f32>)]) -> Result<()> {
    let mut optimizer = Sgd::default().gradient_release().build(Cpu::default(), parameters)?;
    let mut step = optimizer.begin_step()?;
    step.accumulate("weight", vec![1.0])?;
    //~^ ERROR: this optimizer keeps no average of its gradients, so accumulated gradients would be lost
    //~| LABEL: this call folds a gradient into an average that must exist
    //~| NOTE: plain SGD uses a gradient once and forgets it
    //~| NOTE: use `SgdMomentum`, or add up the gradients yourself and call `release(..)` once
    step.finish();
    Ok(())
}

fn a_chain_of_ones_own(parameters: &mut [(&str, Vec<f32>)]) -> Result<()> {
    let rule = Chained { chain: Identity, learning_rate: LearningRate::new(0.1)? };
    let mut optimizer = rule.gradient_release().build(Cpu::default(), parameters)?;
    let mut step = optimizer.begin_step()?;
    step.accumulate("weight", vec![1.0])?;
    //~^ ERROR: this optimizer keeps no average of its gradients, so accumulated gradients would be lost
    //~| LABEL: this call folds a gradient into an average that must exist
    //~| NOTE: plain SGD uses a gradient once and forgets it
    //~| NOTE: use `SgdMomentum`, or add up the gradients yourself and call `release(..)` once
    step.finish();
    Ok(())
}

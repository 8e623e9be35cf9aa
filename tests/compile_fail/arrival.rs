//! Calls that need all gradients at once, where they come one by one, and the other way round.

use gradus::cpu::Cpu;
use gradus::error::Result;
use gradus::optimizer::{Build, Stepped};
use gradus::rule::AdamW;

fn joint_step_when_built_for_release(parameters: &mut [(&str, Vec<f32>)]) -> Result<Stepped> {
    let mut optimizer = AdamW::default().gradient_release().build(Cpu::default(), parameters)?;
    optimizer.step(parameters, &[("weight", vec![1.0])])
    //~^ ERROR: under gradient release there is no moment at which all gradients exist
    //~| LABEL: this call needs every gradient at once
    //~| NOTE: gradient release frees each gradient before the next one exists
    //~| NOTE: use `begin_step()` and `release(..)`, or go back with `.into_together()`
}

fn joint_step_after_switching_to_release(parameters: &mut [(&str, Vec<f32>)]) -> Result<Stepped> {
    let mut optimizer = AdamW::default().build(Cpu::default(), parameters)?.into_released();
    optimizer.step(parameters, &[("weight", vec![1.0])])
    //~^ ERROR: under gradient release there is no moment at which all gradients exist
    //~| LABEL: this call needs every gradient at once
    //~| NOTE: gradient release frees each gradient before the next one exists
    //~| NOTE: use `begin_step()` and `release(..)`, or go back with `.into_together()`
}

fn release_when_built_for_joint_steps(parameters: &mut [(&str, Vec<f32>)]) -> Result<()> {
    let mut optimizer = AdamW::default().build(Cpu::default(), parameters)?;
    let mut step = optimizer.begin_step()?;
    //~^ ERROR: without gradient release no gradient is handed over by itself
    //~| LABEL: this call takes gradients one by one, to release or to accumulate them
    //~| NOTE: a joint step reads all gradients at once, so there is nothing to accumulate into but the state
    //~| NOTE: build with `.gradient_release()`, switch with `.into_released()`, or call `step(..)`
    step.accumulate("weight", vec![1.0])?;
    step.release("weight", &mut parameters[0].1, vec![1.0])?;
    step.finish();
    Ok(())
}

fn back_to_joint_steps_from_joint_steps(parameters: &mut [(&str, Vec<f32>)]) -> Result<()> {
    let optimizer = AdamW::default().build(Cpu::default(), parameters)?;
    let _ = optimizer.into_together();
    //~^ ERROR: without gradient release no gradient is handed over by itself
    //~| LABEL: this call takes gradients one by one, to release or to accumulate them
    //~| NOTE: a joint step reads all gradients at once, so there is nothing to accumulate into but the state
    //~| NOTE: build with `.gradient_release()`, switch with `.into_released()`, or call `step(..)`
    Ok(())
}

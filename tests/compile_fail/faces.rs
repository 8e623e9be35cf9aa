//! Steps where the parameters are at another point, and other points where there are none.

use gradus::cpu::Cpu;
use gradus::error::Result;
use gradus::optimizer::Build;
use gradus::rule::{AdamW, ScheduleFreeAdamW};

fn step_at_the_point_for_evaluation(parameters: &mut [(&str, Vec<f32>)]) -> Result<()> {
    let optimizer = ScheduleFreeAdamW::default().build(Cpu::default(), parameters)?;
    let mut optimizer = optimizer.into_evaluation(parameters).map_err(|refused| refused.error)?;
    optimizer.step(parameters, &[("weight", vec![1.0])])?;
    //~^ ERROR: the parameters are at the point for evaluation, and training goes on from another one
    //~| LABEL: this call needs the parameters at the point for training
    //~| NOTE: gradients are taken and state is kept for the point for training
    //~| NOTE: go back with `.into_training(..)` first, or write the point for evaluation elsewhere with `.evaluation_into(..)`
    Ok(())
}

fn release_at_the_point_for_evaluation(parameters: &mut [(&str, Vec<f32>)]) -> Result<()> {
    let optimizer = ScheduleFreeAdamW::default().gradient_release().build(Cpu::default(), parameters)?;
    let mut optimizer = optimizer.into_evaluation(parameters).map_err(|refused| refused.error)?;
    optimizer.begin_step()?.finish();
    //~^ ERROR: the parameters are at the point for evaluation, and training goes on from another one
    //~| LABEL: this call needs the parameters at the point for training
    //~| NOTE: gradients are taken and state is kept for the point for training
    //~| NOTE: go back with `.into_training(..)` first, or write the point for evaluation elsewhere with `.evaluation_into(..)`
    Ok(())
}

fn to_the_point_for_evaluation_twice(parameters: &mut [(&str, Vec<f32>)]) -> Result<()> {
    let optimizer = ScheduleFreeAdamW::default().build(Cpu::default(), parameters)?;
    let optimizer = optimizer.into_evaluation(parameters).map_err(|refused| refused.error)?;
    let _ = optimizer.into_evaluation(parameters);
    //~^ ERROR: the parameters are at the point for evaluation, and training goes on from another one
    //~| LABEL: this call needs the parameters at the point for training
    //~| NOTE: gradients are taken and state is kept for the point for training
    //~| NOTE: go back with `.into_training(..)` first, or write the point for evaluation elsewhere with `.evaluation_into(..)`
    Ok(())
}

fn back_to_training_from_training(parameters: &mut [(&str, Vec<f32>)]) -> Result<()> {
    let optimizer = ScheduleFreeAdamW::default().build(Cpu::default(), parameters)?;
    let _ = optimizer.into_training(parameters);
    //~^ ERROR: the parameters are at the point for training already
    //~| LABEL: this call needs the parameters at the point for evaluation
    //~| NOTE: an optimizer is built for the point for training, and stays there until it is told otherwise
    //~| NOTE: leave out this call, or go to the point for evaluation with `.into_evaluation(..)` first
    Ok(())
}

fn evaluation_of_a_rule_with_one_point(parameters: &mut [(&str, Vec<f32>)]) -> Result<()> {
    let optimizer = AdamW::default().build(Cpu::default(), parameters)?;
    let _ = optimizer.into_evaluation(parameters);
    //~^ ERROR: this optimizer trains and evaluates the parameters at the same point
    //~| LABEL: this call needs an optimizer with another point for evaluation
    //~| NOTE: the parameters after a step are the ones to evaluate, as they are
    //~| NOTE: leave out this call, or build with `.average(WeightAverage::uniform())` or a schedule-free rule
    Ok(())
}

fn evaluation_elsewhere_of_a_rule_with_one_point(parameters: &mut [(&str, Vec<f32>)]) -> Result<()> {
    let optimizer = AdamW::default().gradient_release().build(Cpu::default(), parameters)?;
    let mut elsewhere = parameters.to_vec();
    optimizer.evaluation_into(&*parameters, &mut elsewhere)
    //~^ ERROR: this optimizer trains and evaluates the parameters at the same point
    //~| LABEL: this call needs an optimizer with another point for evaluation
    //~| NOTE: the parameters after a step are the ones to evaluate, as they are
    //~| NOTE: leave out this call, or build with `.average(WeightAverage::uniform())` or a schedule-free rule
}

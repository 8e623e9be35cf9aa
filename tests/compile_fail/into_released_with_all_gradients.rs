//! A built optimizer that looks at all gradients at once, switched to gradient release.

use gradus::clip::{ClipJointly, JointClip, JointSize};
use gradus::cpu::Cpu;
use gradus::error::Result;
use gradus::hyperparameter::Limit;
use gradus::optimizer::{Build, LossScaling};
use gradus::rule::AdamW;

pub fn jointly() -> ClipJointly {
    ClipJointly { size: JointSize::Norm, limit: Limit::new(1.0).expect("in the range") }
}

fn switched_with_clip_global_norm(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default().clip_global_norm(1.0).build(Cpu::default(), parameters)?.into_released();
    //~^ ERROR: a part of this optimizer needs every gradient at once, and under gradient release they never exist together
    //~| LABEL: this call brings the two together
    //~| NOTE: norms over all tensors, policies about infinite and NaN gradients, and loss scaling look at all gradients before any parameter moves; gradient release frees each one before the next exists
    //~| NOTE: leave out one of the two, or use what looks at one tensor by itself: `.on_gradient(ClipNorm::default())`
    Ok(())
}

fn switched_with_clip_global_rms(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default().clip_global_rms(1.0).build(Cpu::default(), parameters)?.into_released();
    //~^ ERROR: a part of this optimizer needs every gradient at once, and under gradient release they never exist together
    //~| LABEL: this call brings the two together
    //~| NOTE: norms over all tensors, policies about infinite and NaN gradients, and loss scaling look at all gradients before any parameter moves; gradient release frees each one before the next exists
    //~| NOTE: leave out one of the two, or use what looks at one tensor by itself: `.on_gradient(ClipNorm::default())`
    Ok(())
}

fn switched_with_clip_together(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .clip_together(JointClip::NormalizeNorm, 1.0)
        .build(Cpu::default(), parameters)?
        .into_released();
    //~^ ERROR: a part of this optimizer needs every gradient at once, and under gradient release they never exist together
    //~| LABEL: this call brings the two together
    //~| NOTE: norms over all tensors, policies about infinite and NaN gradients, and loss scaling look at all gradients before any parameter moves; gradient release frees each one before the next exists
    //~| NOTE: leave out one of the two, or use what looks at one tensor by itself: `.on_gradient(ClipNorm::default())`
    Ok(())
}

fn switched_with_skip_nonfinite(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default().skip_nonfinite().build(Cpu::default(), parameters)?.into_released();
    //~^ ERROR: a part of this optimizer needs every gradient at once, and under gradient release they never exist together
    //~| LABEL: this call brings the two together
    //~| NOTE: norms over all tensors, policies about infinite and NaN gradients, and loss scaling look at all gradients before any parameter moves; gradient release frees each one before the next exists
    //~| NOTE: leave out one of the two, or use what looks at one tensor by itself: `.on_gradient(ClipNorm::default())`
    Ok(())
}

fn switched_with_refuse_nonfinite(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default().refuse_nonfinite().build(Cpu::default(), parameters)?.into_released();
    //~^ ERROR: a part of this optimizer needs every gradient at once, and under gradient release they never exist together
    //~| LABEL: this call brings the two together
    //~| NOTE: norms over all tensors, policies about infinite and NaN gradients, and loss scaling look at all gradients before any parameter moves; gradient release frees each one before the next exists
    //~| NOTE: leave out one of the two, or use what looks at one tensor by itself: `.on_gradient(ClipNorm::default())`
    Ok(())
}

fn switched_with_loss_scaling(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default().loss_scaling(LossScaling::default()).build(Cpu::default(), parameters)?.into_released();
    //~^ ERROR: a part of this optimizer needs every gradient at once, and under gradient release they never exist together
    //~| LABEL: this call brings the two together
    //~| NOTE: norms over all tensors, policies about infinite and NaN gradients, and loss scaling look at all gradients before any parameter moves; gradient release frees each one before the next exists
    //~| NOTE: leave out one of the two, or use what looks at one tensor by itself: `.on_gradient(ClipNorm::default())`
    Ok(())
}

fn switched_with_joint_clip_of_the_gradient(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default().on_gradient(jointly()).build(Cpu::default(), parameters)?.into_released();
    //~^ ERROR: a part of this optimizer needs every gradient at once, and under gradient release they never exist together
    //~| LABEL: this call brings the two together
    //~| NOTE: norms over all tensors, policies about infinite and NaN gradients, and loss scaling look at all gradients before any parameter moves; gradient release frees each one before the next exists
    //~| NOTE: leave out one of the two, or use what looks at one tensor by itself: `.on_gradient(ClipNorm::default())`
    Ok(())
}

fn switched_with_joint_clip_of_the_update(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default().on_update(jointly()).build(Cpu::default(), parameters)?.into_released();
    //~^ ERROR: a part of this optimizer needs every gradient at once, and under gradient release they never exist together
    //~| LABEL: this call brings the two together
    //~| NOTE: norms over all tensors, policies about infinite and NaN gradients, and loss scaling look at all gradients before any parameter moves; gradient release frees each one before the next exists
    //~| NOTE: leave out one of the two, or use what looks at one tensor by itself: `.on_gradient(ClipNorm::default())`
    Ok(())
}

fn switched_with_joint_clip_afterwards(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default().afterwards(jointly()).build(Cpu::default(), parameters)?.into_released();
    //~^ ERROR: a part of this optimizer needs every gradient at once, and under gradient release they never exist together
    //~| LABEL: this call brings the two together
    //~| NOTE: norms over all tensors, policies about infinite and NaN gradients, and loss scaling look at all gradients before any parameter moves; gradient release frees each one before the next exists
    //~| NOTE: leave out one of the two, or use what looks at one tensor by itself: `.on_gradient(ClipNorm::default())`
    Ok(())
}

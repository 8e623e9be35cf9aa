//! An option that looks at all gradients at once, then gradient release.

use gradus::clip::{ClipJointly, JointClip, JointSize};
use gradus::cpu::Cpu;
use gradus::error::Result;
use gradus::hyperparameter::{LearningRate, Limit};
use gradus::optimizer::{Build, LossScaling};
use gradus::rule::{AdamW, Chained};

pub fn jointly() -> ClipJointly {
    ClipJointly { size: JointSize::Norm, limit: Limit::new(1.0).expect("in the range") }
}

fn clip_global_norm_then_release(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .clip_global_norm(1.0)
        .gradient_release()
        //~^ ERROR: a part of this optimizer needs every gradient at once, and under gradient release they never exist together
        //~| LABEL: this call brings the two together
        //~| NOTE: norms over all tensors, policies about infinite and NaN gradients, and loss scaling look at all gradients before any parameter moves; gradient release frees each one before the next exists
        //~| NOTE: leave out one of the two, or use what looks at one tensor by itself: `.on_gradient(ClipNorm::default())`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn clip_global_rms_then_release(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .clip_global_rms(1.0)
        .gradient_release()
        //~^ ERROR: a part of this optimizer needs every gradient at once, and under gradient release they never exist together
        //~| LABEL: this call brings the two together
        //~| NOTE: norms over all tensors, policies about infinite and NaN gradients, and loss scaling look at all gradients before any parameter moves; gradient release frees each one before the next exists
        //~| NOTE: leave out one of the two, or use what looks at one tensor by itself: `.on_gradient(ClipNorm::default())`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn clip_together_then_release(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .clip_together(JointClip::NormalizeNorm, 1.0)
        .gradient_release()
        //~^ ERROR: a part of this optimizer needs every gradient at once, and under gradient release they never exist together
        //~| LABEL: this call brings the two together
        //~| NOTE: norms over all tensors, policies about infinite and NaN gradients, and loss scaling look at all gradients before any parameter moves; gradient release frees each one before the next exists
        //~| NOTE: leave out one of the two, or use what looks at one tensor by itself: `.on_gradient(ClipNorm::default())`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn skip_nonfinite_then_release(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .skip_nonfinite()
        .gradient_release()
        //~^ ERROR: a part of this optimizer needs every gradient at once, and under gradient release they never exist together
        //~| LABEL: this call brings the two together
        //~| NOTE: norms over all tensors, policies about infinite and NaN gradients, and loss scaling look at all gradients before any parameter moves; gradient release frees each one before the next exists
        //~| NOTE: leave out one of the two, or use what looks at one tensor by itself: `.on_gradient(ClipNorm::default())`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn refuse_nonfinite_then_release(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .refuse_nonfinite()
        .gradient_release()
        //~^ ERROR: a part of this optimizer needs every gradient at once, and under gradient release they never exist together
        //~| LABEL: this call brings the two together
        //~| NOTE: norms over all tensors, policies about infinite and NaN gradients, and loss scaling look at all gradients before any parameter moves; gradient release frees each one before the next exists
        //~| NOTE: leave out one of the two, or use what looks at one tensor by itself: `.on_gradient(ClipNorm::default())`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn loss_scaling_then_release(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .loss_scaling(LossScaling::default())
        .gradient_release()
        //~^ ERROR: a part of this optimizer needs every gradient at once, and under gradient release they never exist together
        //~| LABEL: this call brings the two together
        //~| NOTE: norms over all tensors, policies about infinite and NaN gradients, and loss scaling look at all gradients before any parameter moves; gradient release frees each one before the next exists
        //~| NOTE: leave out one of the two, or use what looks at one tensor by itself: `.on_gradient(ClipNorm::default())`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn joint_clip_of_the_gradient_then_release(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .on_gradient(jointly())
        .gradient_release()
        //~^ ERROR: a part of this optimizer needs every gradient at once, and under gradient release they never exist together
        //~| LABEL: this call brings the two together
        //~| NOTE: norms over all tensors, policies about infinite and NaN gradients, and loss scaling look at all gradients before any parameter moves; gradient release frees each one before the next exists
        //~| NOTE: leave out one of the two, or use what looks at one tensor by itself: `.on_gradient(ClipNorm::default())`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn joint_clip_of_the_update_then_release(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .on_update(jointly())
        .gradient_release()
        //~^ ERROR: a part of this optimizer needs every gradient at once, and under gradient release they never exist together
        //~| LABEL: this call brings the two together
        //~| NOTE: norms over all tensors, policies about infinite and NaN gradients, and loss scaling look at all gradients before any parameter moves; gradient release frees each one before the next exists
        //~| NOTE: leave out one of the two, or use what looks at one tensor by itself: `.on_gradient(ClipNorm::default())`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn joint_clip_afterwards_then_release(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .afterwards(jointly())
        .gradient_release()
        //~^ ERROR: a part of this optimizer needs every gradient at once, and under gradient release they never exist together
        //~| LABEL: this call brings the two together
        //~| NOTE: norms over all tensors, policies about infinite and NaN gradients, and loss scaling look at all gradients before any parameter moves; gradient release frees each one before the next exists
        //~| NOTE: leave out one of the two, or use what looks at one tensor by itself: `.on_gradient(ClipNorm::default())`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn release_of_a_rule_that_needs_all_gradients(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    Chained { chain: jointly(), learning_rate: LearningRate::new(0.1)? }
        .gradient_release()
        //~^ ERROR: a part of this optimizer needs every gradient at once, and under gradient release they never exist together
        //~| LABEL: this call brings the two together
        //~| NOTE: norms over all tensors, policies about infinite and NaN gradients, and loss scaling look at all gradients before any parameter moves; gradient release frees each one before the next exists
        //~| NOTE: leave out one of the two, or use what looks at one tensor by itself: `.on_gradient(ClipNorm::default())`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

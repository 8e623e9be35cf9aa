//! Gradient release, then an option that looks at all gradients at once.

use gradus::clip::{ClipJointly, JointClip, JointSize};
use gradus::cpu::Cpu;
use gradus::error::Result;
use gradus::hyperparameter::Limit;
use gradus::optimizer::{Build, LossScaling};
use gradus::rule::AdamW;

pub fn jointly() -> ClipJointly {
    ClipJointly { size: JointSize::Norm, limit: Limit::new(1.0).expect("in the range") }
}

fn release_then_clip_global_norm(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .gradient_release()
        .clip_global_norm(1.0)
        //~^ ERROR: under gradient release there is no moment at which all gradients exist
        //~| LABEL: this option looks at every gradient before any parameter moves
        //~| NOTE: gradient release frees each gradient before the next one exists
        //~| NOTE: leave out `.gradient_release()`, or clip each tensor by itself: `.on_gradient(ClipNorm::default())`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn release_then_clip_global_rms(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .gradient_release()
        .clip_global_rms(1.0)
        //~^ ERROR: under gradient release there is no moment at which all gradients exist
        //~| LABEL: this option looks at every gradient before any parameter moves
        //~| NOTE: gradient release frees each gradient before the next one exists
        //~| NOTE: leave out `.gradient_release()`, or clip each tensor by itself: `.on_gradient(ClipNorm::default())`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn release_then_clip_together(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .gradient_release()
        .clip_together(JointClip::NormalizeNorm, 1.0)
        //~^ ERROR: under gradient release there is no moment at which all gradients exist
        //~| LABEL: this option looks at every gradient before any parameter moves
        //~| NOTE: gradient release frees each gradient before the next one exists
        //~| NOTE: leave out `.gradient_release()`, or clip each tensor by itself: `.on_gradient(ClipNorm::default())`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn release_then_skip_nonfinite(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .gradient_release()
        .skip_nonfinite()
        //~^ ERROR: under gradient release there is no moment at which all gradients exist
        //~| LABEL: this option looks at every gradient before any parameter moves
        //~| NOTE: gradient release frees each gradient before the next one exists
        //~| NOTE: leave out `.gradient_release()`, or clip each tensor by itself: `.on_gradient(ClipNorm::default())`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn release_then_refuse_nonfinite(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .gradient_release()
        .refuse_nonfinite()
        //~^ ERROR: under gradient release there is no moment at which all gradients exist
        //~| LABEL: this option looks at every gradient before any parameter moves
        //~| NOTE: gradient release frees each gradient before the next one exists
        //~| NOTE: leave out `.gradient_release()`, or clip each tensor by itself: `.on_gradient(ClipNorm::default())`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn release_then_loss_scaling(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .gradient_release()
        .loss_scaling(LossScaling::default())
        //~^ ERROR: under gradient release there is no moment at which all gradients exist
        //~| LABEL: this option looks at every gradient before any parameter moves
        //~| NOTE: gradient release frees each gradient before the next one exists
        //~| NOTE: leave out `.gradient_release()`, or clip each tensor by itself: `.on_gradient(ClipNorm::default())`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn release_then_joint_clip_of_the_gradient(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .gradient_release()
        .on_gradient(jointly())
        //~^ ERROR: a part of this optimizer needs every gradient at once, and under gradient release they never exist together
        //~| LABEL: this call brings the two together
        //~| NOTE: norms over all tensors, policies about infinite and NaN gradients, and loss scaling look at all gradients before any parameter moves; gradient release frees each one before the next exists
        //~| NOTE: leave out one of the two, or use what looks at one tensor by itself: `.on_gradient(ClipNorm::default())`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn release_then_joint_clip_of_the_update(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .gradient_release()
        .on_update(jointly())
        //~^ ERROR: a part of this optimizer needs every gradient at once, and under gradient release they never exist together
        //~| LABEL: this call brings the two together
        //~| NOTE: norms over all tensors, policies about infinite and NaN gradients, and loss scaling look at all gradients before any parameter moves; gradient release frees each one before the next exists
        //~| NOTE: leave out one of the two, or use what looks at one tensor by itself: `.on_gradient(ClipNorm::default())`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn release_then_joint_clip_afterwards(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .gradient_release()
        .afterwards(jointly())
        //~^ ERROR: a part of this optimizer needs every gradient at once, and under gradient release they never exist together
        //~| LABEL: this call brings the two together
        //~| NOTE: norms over all tensors, policies about infinite and NaN gradients, and loss scaling look at all gradients before any parameter moves; gradient release frees each one before the next exists
        //~| NOTE: leave out one of the two, or use what looks at one tensor by itself: `.on_gradient(ClipNorm::default())`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

//! All gradients clipped together in two ways.

use gradus::clip::JointClip;
use gradus::cpu::Cpu;
use gradus::error::Result;
use gradus::optimizer::Build;
use gradus::rule::AdamW;

fn clip_global_norm_twice(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .clip_global_norm(1.0)
        .clip_global_norm(1.0)
        //~^ ERROR: all gradients are clipped together already
        //~| LABEL: this call needs a builder on which they are not
        //~| NOTE: all gradients are multiplied by one factor, which follows from one size and one limit
        //~| NOTE: keep one of `.clip_global_norm(..)`, `.clip_global_rms(..)` and `.clip_together(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn clip_global_norm_then_clip_global_rms(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .clip_global_norm(1.0)
        .clip_global_rms(1.0)
        //~^ ERROR: all gradients are clipped together already
        //~| LABEL: this call needs a builder on which they are not
        //~| NOTE: all gradients are multiplied by one factor, which follows from one size and one limit
        //~| NOTE: keep one of `.clip_global_norm(..)`, `.clip_global_rms(..)` and `.clip_together(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn clip_global_norm_then_clip_together(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .clip_global_norm(1.0)
        .clip_together(JointClip::NormalizeNorm, 1.0)
        //~^ ERROR: all gradients are clipped together already
        //~| LABEL: this call needs a builder on which they are not
        //~| NOTE: all gradients are multiplied by one factor, which follows from one size and one limit
        //~| NOTE: keep one of `.clip_global_norm(..)`, `.clip_global_rms(..)` and `.clip_together(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn clip_global_rms_then_clip_global_norm(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .clip_global_rms(1.0)
        .clip_global_norm(1.0)
        //~^ ERROR: all gradients are clipped together already
        //~| LABEL: this call needs a builder on which they are not
        //~| NOTE: all gradients are multiplied by one factor, which follows from one size and one limit
        //~| NOTE: keep one of `.clip_global_norm(..)`, `.clip_global_rms(..)` and `.clip_together(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn clip_global_rms_twice(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .clip_global_rms(1.0)
        .clip_global_rms(1.0)
        //~^ ERROR: all gradients are clipped together already
        //~| LABEL: this call needs a builder on which they are not
        //~| NOTE: all gradients are multiplied by one factor, which follows from one size and one limit
        //~| NOTE: keep one of `.clip_global_norm(..)`, `.clip_global_rms(..)` and `.clip_together(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn clip_global_rms_then_clip_together(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .clip_global_rms(1.0)
        .clip_together(JointClip::NormalizeNorm, 1.0)
        //~^ ERROR: all gradients are clipped together already
        //~| LABEL: this call needs a builder on which they are not
        //~| NOTE: all gradients are multiplied by one factor, which follows from one size and one limit
        //~| NOTE: keep one of `.clip_global_norm(..)`, `.clip_global_rms(..)` and `.clip_together(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn clip_together_then_clip_global_norm(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .clip_together(JointClip::NormalizeNorm, 1.0)
        .clip_global_norm(1.0)
        //~^ ERROR: all gradients are clipped together already
        //~| LABEL: this call needs a builder on which they are not
        //~| NOTE: all gradients are multiplied by one factor, which follows from one size and one limit
        //~| NOTE: keep one of `.clip_global_norm(..)`, `.clip_global_rms(..)` and `.clip_together(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn clip_together_then_clip_global_rms(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .clip_together(JointClip::NormalizeNorm, 1.0)
        .clip_global_rms(1.0)
        //~^ ERROR: all gradients are clipped together already
        //~| LABEL: this call needs a builder on which they are not
        //~| NOTE: all gradients are multiplied by one factor, which follows from one size and one limit
        //~| NOTE: keep one of `.clip_global_norm(..)`, `.clip_global_rms(..)` and `.clip_together(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn clip_together_twice(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .clip_together(JointClip::NormalizeNorm, 1.0)
        .clip_together(JointClip::NormalizeNorm, 1.0)
        //~^ ERROR: all gradients are clipped together already
        //~| LABEL: this call needs a builder on which they are not
        //~| NOTE: all gradients are multiplied by one factor, which follows from one size and one limit
        //~| NOTE: keep one of `.clip_global_norm(..)`, `.clip_global_rms(..)` and `.clip_together(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

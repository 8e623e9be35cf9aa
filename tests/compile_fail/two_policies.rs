//! Two policies about infinite and NaN gradients.

use gradus::cpu::Cpu;
use gradus::error::Result;
use gradus::optimizer::{Build, LossScaling};
use gradus::rule::AdamW;

fn skip_nonfinite_twice(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .skip_nonfinite()
        .skip_nonfinite()
        //~^ ERROR: what an infinite or NaN gradient does has been decided already
        //~| LABEL: this call needs a builder on which it has not been decided
        //~| NOTE: such a gradient has one effect; loss scaling, which has to find them, leaves the step out
        //~| NOTE: keep one of `.skip_nonfinite()`, `.refuse_nonfinite()` and `.loss_scaling(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn skip_nonfinite_then_refuse_nonfinite(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .skip_nonfinite()
        .refuse_nonfinite()
        //~^ ERROR: what an infinite or NaN gradient does has been decided already
        //~| LABEL: this call needs a builder on which it has not been decided
        //~| NOTE: such a gradient has one effect; loss scaling, which has to find them, leaves the step out
        //~| NOTE: keep one of `.skip_nonfinite()`, `.refuse_nonfinite()` and `.loss_scaling(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn skip_nonfinite_then_loss_scaling(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .skip_nonfinite()
        .loss_scaling(LossScaling::default())
        //~^ ERROR: what an infinite or NaN gradient does has been decided already
        //~| LABEL: this call needs a builder on which it has not been decided
        //~| NOTE: such a gradient has one effect; loss scaling, which has to find them, leaves the step out
        //~| NOTE: keep one of `.skip_nonfinite()`, `.refuse_nonfinite()` and `.loss_scaling(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn refuse_nonfinite_then_skip_nonfinite(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .refuse_nonfinite()
        .skip_nonfinite()
        //~^ ERROR: what an infinite or NaN gradient does has been decided already
        //~| LABEL: this call needs a builder on which it has not been decided
        //~| NOTE: such a gradient has one effect; loss scaling, which has to find them, leaves the step out
        //~| NOTE: keep one of `.skip_nonfinite()`, `.refuse_nonfinite()` and `.loss_scaling(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn refuse_nonfinite_twice(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .refuse_nonfinite()
        .refuse_nonfinite()
        //~^ ERROR: what an infinite or NaN gradient does has been decided already
        //~| LABEL: this call needs a builder on which it has not been decided
        //~| NOTE: such a gradient has one effect; loss scaling, which has to find them, leaves the step out
        //~| NOTE: keep one of `.skip_nonfinite()`, `.refuse_nonfinite()` and `.loss_scaling(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn refuse_nonfinite_then_loss_scaling(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .refuse_nonfinite()
        .loss_scaling(LossScaling::default())
        //~^ ERROR: what an infinite or NaN gradient does has been decided already
        //~| LABEL: this call needs a builder on which it has not been decided
        //~| NOTE: such a gradient has one effect; loss scaling, which has to find them, leaves the step out
        //~| NOTE: keep one of `.skip_nonfinite()`, `.refuse_nonfinite()` and `.loss_scaling(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn loss_scaling_then_skip_nonfinite(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .loss_scaling(LossScaling::default())
        .skip_nonfinite()
        //~^ ERROR: what an infinite or NaN gradient does has been decided already
        //~| LABEL: this call needs a builder on which it has not been decided
        //~| NOTE: such a gradient has one effect; loss scaling, which has to find them, leaves the step out
        //~| NOTE: keep one of `.skip_nonfinite()`, `.refuse_nonfinite()` and `.loss_scaling(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn loss_scaling_then_refuse_nonfinite(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .loss_scaling(LossScaling::default())
        .refuse_nonfinite()
        //~^ ERROR: what an infinite or NaN gradient does has been decided already
        //~| LABEL: this call needs a builder on which it has not been decided
        //~| NOTE: such a gradient has one effect; loss scaling, which has to find them, leaves the step out
        //~| NOTE: keep one of `.skip_nonfinite()`, `.refuse_nonfinite()` and `.loss_scaling(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn loss_scaling_twice(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .loss_scaling(LossScaling::default())
        .loss_scaling(LossScaling::default())
        //~^ ERROR: what an infinite or NaN gradient does has been decided already
        //~| LABEL: this call needs a builder on which it has not been decided
        //~| NOTE: such a gradient has one effect; loss scaling, which has to find them, leaves the step out
        //~| NOTE: keep one of `.skip_nonfinite()`, `.refuse_nonfinite()` and `.loss_scaling(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

//! Decisions about all gradients for one of several routes.

use gradus::cpu::Cpu;
use gradus::error::Result;
use gradus::optimizer::{Build, select};
use gradus::rule::{AdamW, Lion};

fn clip_then_route(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .clip_global_norm(1.0)
        .route("matrices", select::matrices(), Lion::default())
        //~^ ERROR: what all gradients decide together is decided for all routes at once
        //~| LABEL: this call needs builders on which nothing of the kind has been chosen
        //~| NOTE: a norm over the parameters of one route is not the global norm, and a step is left out for all of them
        //~| NOTE: call `.clip_global_norm(..)`, `.skip_nonfinite()` and their kind after the last `.route(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn skip_then_route(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .skip_nonfinite()
        .route("matrices", select::matrices(), Lion::default())
        //~^ ERROR: what all gradients decide together is decided for all routes at once
        //~| LABEL: this call needs builders on which nothing of the kind has been chosen
        //~| NOTE: a norm over the parameters of one route is not the global norm, and a step is left out for all of them
        //~| NOTE: call `.clip_global_norm(..)`, `.skip_nonfinite()` and their kind after the last `.route(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn route_to_a_clipped_one(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .route("matrices", select::matrices(), Lion::default().clip_global_norm(1.0))
        //~^ ERROR: what all gradients decide together is decided for all routes at once
        //~| LABEL: this call needs builders on which nothing of the kind has been chosen
        //~| NOTE: a norm over the parameters of one route is not the global norm, and a step is left out for all of them
        //~| NOTE: call `.clip_global_norm(..)`, `.skip_nonfinite()` and their kind after the last `.route(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn routes_clipped_twice(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .route("matrices", select::matrices(), Lion::default())
        .clip_global_norm(1.0)
        .clip_global_rms(1.0)
        //~^ ERROR: all gradients are clipped together already
        //~| LABEL: this call needs a builder on which they are not
        //~| NOTE: all gradients are multiplied by one factor, which follows from one size and one limit
        //~| NOTE: keep one of `.clip_global_norm(..)`, `.clip_global_rms(..)` and `.clip_together(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn clip_between_routes(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .route("matrices", select::matrices(), Lion::default())
        .clip_global_norm(1.0)
        .route("biases", select::named("*.bias"), Lion::default())
        //~^ ERROR: what all gradients decide together is decided for all routes at once
        //~| LABEL: this call needs builders on which nothing of the kind has been chosen
        //~| NOTE: a norm over the parameters of one route is not the global norm, and a step is left out for all of them
        //~| NOTE: call `.clip_global_norm(..)`, `.skip_nonfinite()` and their kind after the last `.route(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

//! Gradients that the arithmetic of the parameters cannot hold.

use gradus::cpu::Cpu;
use gradus::error::Result;
use gradus::optimizer::Build;
use gradus::rule::AdamW;
use half::bf16;

fn f32_then_f64_gradients(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .parameters_in::<f32>()
        .gradients_in::<f64>()
        //~^ ERROR: gradients in `f64` fit into the arithmetic of `f64` parameters only
        //~| LABEL: here the gradients must be in `f32`, `bf16` or `f16`
        //~| NOTE: `f64` parameters compute in `f64`, all others in `f32`, and a gradient is never rounded; parameters are in `f32` unless something else is said
        //~| NOTE: use `.gradients_in::<f32>()`, or `.parameters_in::<f64>()`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn f64_gradients_then_f32(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .gradients_in::<f64>()
        .parameters_in::<f32>()
        //~^ ERROR: gradients in `f64` fit into the arithmetic of `f64` parameters only
        //~| LABEL: here the gradients must be in `f32`, `bf16` or `f16`
        //~| NOTE: `f64` parameters compute in `f64`, all others in `f32`, and a gradient is never rounded; parameters are in `f32` unless something else is said
        //~| NOTE: use `.gradients_in::<f32>()`, or `.parameters_in::<f64>()`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn bf16_then_f64_gradients(parameters: &[(&str, Vec<bf16>)]) -> Result<()> {
    AdamW::default()
        .parameters_in::<bf16>()
        .gradients_in::<f64>()
        //~^ ERROR: gradients in `f64` fit into the arithmetic of `f64` parameters only
        //~| LABEL: here the gradients must be in `f32`, `bf16` or `f16`
        //~| NOTE: `f64` parameters compute in `f64`, all others in `f32`, and a gradient is never rounded; parameters are in `f32` unless something else is said
        //~| NOTE: use `.gradients_in::<f32>()`, or `.parameters_in::<f64>()`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn f64_gradients_then_bf16(parameters: &[(&str, Vec<bf16>)]) -> Result<()> {
    AdamW::default()
        .gradients_in::<f64>()
        .parameters_in::<bf16>()
        //~^ ERROR: gradients in `f64` fit into the arithmetic of `f64` parameters only
        //~| LABEL: here the gradients must be in `f32`, `bf16` or `f16`
        //~| NOTE: `f64` parameters compute in `f64`, all others in `f32`, and a gradient is never rounded; parameters are in `f32` unless something else is said
        //~| NOTE: use `.gradients_in::<f32>()`, or `.parameters_in::<f64>()`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn f64_gradients_and_no_format(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .gradients_in::<f64>()
        .build(Cpu::default(), parameters)?;
        //~^ ERROR: gradients in `f64` fit into the arithmetic of `f64` parameters only
        //~| LABEL: here the gradients must be in `f32`, `bf16` or `f16`
        //~| NOTE: `f64` parameters compute in `f64`, all others in `f32`, and a gradient is never rounded; parameters are in `f32` unless something else is said
        //~| NOTE: use `.gradients_in::<f32>()`, or `.parameters_in::<f64>()`
    Ok(())
}

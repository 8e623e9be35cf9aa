//! Kahan summation, error correction and stochastic rounding for parameters that hold the arithmetic's result.

use gradus::cpu::Cpu;
use gradus::error::Result;
use gradus::optimizer::Build;
use gradus::rule::AdamW;

fn f32_then_kahan(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .parameters_in::<f32>()
        .kahan()
        //~^ ERROR: `f32` parameters already hold the result of the arithmetic, so there is no rounding error to handle
        //~| LABEL: here the parameters must be in `bf16` or `f16`
        //~| NOTE: Kahan summation, error correction and stochastic rounding repair what is lost when `f32` arithmetic is rounded to 16 bits; parameters are in `f32` unless something else is said
        //~| NOTE: use `.parameters_in::<bf16>()` or `f16`, or leave out `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn kahan_then_f32(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .kahan()
        .parameters_in::<f32>()
        //~^ ERROR: `f32` parameters already hold the result of the arithmetic, so there is no rounding error to handle
        //~| LABEL: here the parameters must be in `bf16` or `f16`
        //~| NOTE: Kahan summation, error correction and stochastic rounding repair what is lost when `f32` arithmetic is rounded to 16 bits; parameters are in `f32` unless something else is said
        //~| NOTE: use `.parameters_in::<bf16>()` or `f16`, or leave out `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn f32_then_stochastic_rounding(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .parameters_in::<f32>()
        .stochastic_rounding(7)
        //~^ ERROR: `f32` parameters already hold the result of the arithmetic, so there is no rounding error to handle
        //~| LABEL: here the parameters must be in `bf16` or `f16`
        //~| NOTE: Kahan summation, error correction and stochastic rounding repair what is lost when `f32` arithmetic is rounded to 16 bits; parameters are in `f32` unless something else is said
        //~| NOTE: use `.parameters_in::<bf16>()` or `f16`, or leave out `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn stochastic_rounding_then_f32(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .stochastic_rounding(7)
        .parameters_in::<f32>()
        //~^ ERROR: `f32` parameters already hold the result of the arithmetic, so there is no rounding error to handle
        //~| LABEL: here the parameters must be in `bf16` or `f16`
        //~| NOTE: Kahan summation, error correction and stochastic rounding repair what is lost when `f32` arithmetic is rounded to 16 bits; parameters are in `f32` unless something else is said
        //~| NOTE: use `.parameters_in::<bf16>()` or `f16`, or leave out `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn f64_then_kahan(parameters: &[(&str, Vec<f64>)]) -> Result<()> {
    AdamW::default()
        .parameters_in::<f64>()
        .kahan()
        //~^ ERROR: `f64` parameters already hold the result of the arithmetic, so there is no rounding error to handle
        //~| LABEL: here the parameters must be in `bf16` or `f16`
        //~| NOTE: Kahan summation, error correction and stochastic rounding repair what is lost when `f32` arithmetic is rounded to 16 bits; parameters are in `f32` unless something else is said
        //~| NOTE: use `.parameters_in::<bf16>()` or `f16`, or leave out `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn kahan_then_f64(parameters: &[(&str, Vec<f64>)]) -> Result<()> {
    AdamW::default()
        .kahan()
        .parameters_in::<f64>()
        //~^ ERROR: `f64` parameters already hold the result of the arithmetic, so there is no rounding error to handle
        //~| LABEL: here the parameters must be in `bf16` or `f16`
        //~| NOTE: Kahan summation, error correction and stochastic rounding repair what is lost when `f32` arithmetic is rounded to 16 bits; parameters are in `f32` unless something else is said
        //~| NOTE: use `.parameters_in::<bf16>()` or `f16`, or leave out `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn f64_then_stochastic_rounding(parameters: &[(&str, Vec<f64>)]) -> Result<()> {
    AdamW::default()
        .parameters_in::<f64>()
        .stochastic_rounding(7)
        //~^ ERROR: `f64` parameters already hold the result of the arithmetic, so there is no rounding error to handle
        //~| LABEL: here the parameters must be in `bf16` or `f16`
        //~| NOTE: Kahan summation, error correction and stochastic rounding repair what is lost when `f32` arithmetic is rounded to 16 bits; parameters are in `f32` unless something else is said
        //~| NOTE: use `.parameters_in::<bf16>()` or `f16`, or leave out `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn stochastic_rounding_then_f64(parameters: &[(&str, Vec<f64>)]) -> Result<()> {
    AdamW::default()
        .stochastic_rounding(7)
        .parameters_in::<f64>()
        //~^ ERROR: `f64` parameters already hold the result of the arithmetic, so there is no rounding error to handle
        //~| LABEL: here the parameters must be in `bf16` or `f16`
        //~| NOTE: Kahan summation, error correction and stochastic rounding repair what is lost when `f32` arithmetic is rounded to 16 bits; parameters are in `f32` unless something else is said
        //~| NOTE: use `.parameters_in::<bf16>()` or `f16`, or leave out `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn kahan_and_no_format(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .kahan()
        .build(Cpu::default(), parameters)?;
        //~^ ERROR: `f32` parameters already hold the result of the arithmetic, so there is no rounding error to handle
        //~| LABEL: here the parameters must be in `bf16` or `f16`
        //~| NOTE: Kahan summation, error correction and stochastic rounding repair what is lost when `f32` arithmetic is rounded to 16 bits; parameters are in `f32` unless something else is said
        //~| NOTE: use `.parameters_in::<bf16>()` or `f16`, or leave out `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
    Ok(())
}

fn stochastic_rounding_and_no_format(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .stochastic_rounding(7)
        .build(Cpu::default(), parameters)?;
        //~^ ERROR: `f32` parameters already hold the result of the arithmetic, so there is no rounding error to handle
        //~| LABEL: here the parameters must be in `bf16` or `f16`
        //~| NOTE: Kahan summation, error correction and stochastic rounding repair what is lost when `f32` arithmetic is rounded to 16 bits; parameters are in `f32` unless something else is said
        //~| NOTE: use `.parameters_in::<bf16>()` or `f16`, or leave out `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
    Ok(())
}

fn f32_then_error_correction_8(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .parameters_in::<f32>()
        .error_corrected8(7)
        //~^ ERROR: `f32` parameters already hold the result of the arithmetic, so there is no rounding error to handle
        //~| LABEL: here the parameters must be in `bf16` or `f16`
        //~| NOTE: Kahan summation, error correction and stochastic rounding repair what is lost when `f32` arithmetic is rounded to 16 bits; parameters are in `f32` unless something else is said
        //~| NOTE: use `.parameters_in::<bf16>()` or `f16`, or leave out `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn error_correction_8_then_f32(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .error_corrected8(7)
        .parameters_in::<f32>()
        //~^ ERROR: `f32` parameters already hold the result of the arithmetic, so there is no rounding error to handle
        //~| LABEL: here the parameters must be in `bf16` or `f16`
        //~| NOTE: Kahan summation, error correction and stochastic rounding repair what is lost when `f32` arithmetic is rounded to 16 bits; parameters are in `f32` unless something else is said
        //~| NOTE: use `.parameters_in::<bf16>()` or `f16`, or leave out `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn f64_then_error_correction_8(parameters: &[(&str, Vec<f64>)]) -> Result<()> {
    AdamW::default()
        .parameters_in::<f64>()
        .error_corrected8(7)
        //~^ ERROR: `f64` parameters already hold the result of the arithmetic, so there is no rounding error to handle
        //~| LABEL: here the parameters must be in `bf16` or `f16`
        //~| NOTE: Kahan summation, error correction and stochastic rounding repair what is lost when `f32` arithmetic is rounded to 16 bits; parameters are in `f32` unless something else is said
        //~| NOTE: use `.parameters_in::<bf16>()` or `f16`, or leave out `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn error_correction_8_then_f64(parameters: &[(&str, Vec<f64>)]) -> Result<()> {
    AdamW::default()
        .error_corrected8(7)
        .parameters_in::<f64>()
        //~^ ERROR: `f64` parameters already hold the result of the arithmetic, so there is no rounding error to handle
        //~| LABEL: here the parameters must be in `bf16` or `f16`
        //~| NOTE: Kahan summation, error correction and stochastic rounding repair what is lost when `f32` arithmetic is rounded to 16 bits; parameters are in `f32` unless something else is said
        //~| NOTE: use `.parameters_in::<bf16>()` or `f16`, or leave out `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn error_correction_8_and_no_format(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .error_corrected8(7)
        .build(Cpu::default(), parameters)?;
        //~^ ERROR: `f32` parameters already hold the result of the arithmetic, so there is no rounding error to handle
        //~| LABEL: here the parameters must be in `bf16` or `f16`
        //~| NOTE: Kahan summation, error correction and stochastic rounding repair what is lost when `f32` arithmetic is rounded to 16 bits; parameters are in `f32` unless something else is said
        //~| NOTE: use `.parameters_in::<bf16>()` or `f16`, or leave out `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
    Ok(())
}

fn f32_then_error_correction_16(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .parameters_in::<f32>()
        .error_corrected16()
        //~^ ERROR: `f32` parameters already hold the result of the arithmetic, so there is no rounding error to handle
        //~| LABEL: here the parameters must be in `bf16` or `f16`
        //~| NOTE: Kahan summation, error correction and stochastic rounding repair what is lost when `f32` arithmetic is rounded to 16 bits; parameters are in `f32` unless something else is said
        //~| NOTE: use `.parameters_in::<bf16>()` or `f16`, or leave out `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn error_correction_16_then_f32(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .error_corrected16()
        .parameters_in::<f32>()
        //~^ ERROR: `f32` parameters already hold the result of the arithmetic, so there is no rounding error to handle
        //~| LABEL: here the parameters must be in `bf16` or `f16`
        //~| NOTE: Kahan summation, error correction and stochastic rounding repair what is lost when `f32` arithmetic is rounded to 16 bits; parameters are in `f32` unless something else is said
        //~| NOTE: use `.parameters_in::<bf16>()` or `f16`, or leave out `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn f64_then_error_correction_16(parameters: &[(&str, Vec<f64>)]) -> Result<()> {
    AdamW::default()
        .parameters_in::<f64>()
        .error_corrected16()
        //~^ ERROR: `f64` parameters already hold the result of the arithmetic, so there is no rounding error to handle
        //~| LABEL: here the parameters must be in `bf16` or `f16`
        //~| NOTE: Kahan summation, error correction and stochastic rounding repair what is lost when `f32` arithmetic is rounded to 16 bits; parameters are in `f32` unless something else is said
        //~| NOTE: use `.parameters_in::<bf16>()` or `f16`, or leave out `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn error_correction_16_then_f64(parameters: &[(&str, Vec<f64>)]) -> Result<()> {
    AdamW::default()
        .error_corrected16()
        .parameters_in::<f64>()
        //~^ ERROR: `f64` parameters already hold the result of the arithmetic, so there is no rounding error to handle
        //~| LABEL: here the parameters must be in `bf16` or `f16`
        //~| NOTE: Kahan summation, error correction and stochastic rounding repair what is lost when `f32` arithmetic is rounded to 16 bits; parameters are in `f32` unless something else is said
        //~| NOTE: use `.parameters_in::<bf16>()` or `f16`, or leave out `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn error_correction_16_and_no_format(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .error_corrected16()
        .build(Cpu::default(), parameters)?;
        //~^ ERROR: `f32` parameters already hold the result of the arithmetic, so there is no rounding error to handle
        //~| LABEL: here the parameters must be in `bf16` or `f16`
        //~| NOTE: Kahan summation, error correction and stochastic rounding repair what is lost when `f32` arithmetic is rounded to 16 bits; parameters are in `f32` unless something else is said
        //~| NOTE: use `.parameters_in::<bf16>()` or `f16`, or leave out `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
    Ok(())
}

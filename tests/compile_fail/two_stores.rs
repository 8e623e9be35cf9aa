//! Any two of Kahan summation, error correction and stochastic rounding.

use gradus::cpu::Cpu;
use gradus::error::Result;
use gradus::optimizer::Build;
use gradus::rule::AdamW;
use half::bf16;

fn kahan_then_stochastic_rounding_of_bf16(parameters: &[(&str, Vec<bf16>)]) -> Result<()> {
    AdamW::default()
        .parameters_in::<bf16>()
        .kahan()
        .stochastic_rounding(7)
        //~^ ERROR: Kahan summation, error correction and stochastic rounding replace each other
        //~| LABEL: this call needs a builder for which none of them has been chosen
        //~| NOTE: each of them decides how a parameter is rounded, and a parameter is rounded once
        //~| NOTE: keep one of `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn stochastic_rounding_then_kahan_of_bf16(parameters: &[(&str, Vec<bf16>)]) -> Result<()> {
    AdamW::default()
        .parameters_in::<bf16>()
        .stochastic_rounding(7)
        .kahan()
        //~^ ERROR: Kahan summation, error correction and stochastic rounding replace each other
        //~| LABEL: this call needs a builder for which none of them has been chosen
        //~| NOTE: each of them decides how a parameter is rounded, and a parameter is rounded once
        //~| NOTE: keep one of `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn kahan_then_stochastic_rounding_of_unchosen(parameters: &[(&str, Vec<bf16>)]) -> Result<()> {
    AdamW::default()
        .kahan()
        .stochastic_rounding(7)
        //~^ ERROR: Kahan summation, error correction and stochastic rounding replace each other
        //~| LABEL: this call needs a builder for which none of them has been chosen
        //~| NOTE: each of them decides how a parameter is rounded, and a parameter is rounded once
        //~| NOTE: keep one of `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
        .parameters_in::<bf16>()
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn stochastic_rounding_then_kahan_of_unchosen(parameters: &[(&str, Vec<bf16>)]) -> Result<()> {
    AdamW::default()
        .stochastic_rounding(7)
        .kahan()
        //~^ ERROR: Kahan summation, error correction and stochastic rounding replace each other
        //~| LABEL: this call needs a builder for which none of them has been chosen
        //~| NOTE: each of them decides how a parameter is rounded, and a parameter is rounded once
        //~| NOTE: keep one of `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
        .parameters_in::<bf16>()
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn kahan_then_error_correction_8_of_bf16(parameters: &[(&str, Vec<bf16>)]) -> Result<()> {
    AdamW::default()
        .parameters_in::<bf16>()
        .kahan()
        .error_corrected8(7)
        //~^ ERROR: Kahan summation, error correction and stochastic rounding replace each other
        //~| LABEL: this call needs a builder for which none of them has been chosen
        //~| NOTE: each of them decides how a parameter is rounded, and a parameter is rounded once
        //~| NOTE: keep one of `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn kahan_then_error_correction_16_of_bf16(parameters: &[(&str, Vec<bf16>)]) -> Result<()> {
    AdamW::default()
        .parameters_in::<bf16>()
        .kahan()
        .error_corrected16()
        //~^ ERROR: Kahan summation, error correction and stochastic rounding replace each other
        //~| LABEL: this call needs a builder for which none of them has been chosen
        //~| NOTE: each of them decides how a parameter is rounded, and a parameter is rounded once
        //~| NOTE: keep one of `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn error_correction_8_then_kahan_of_bf16(parameters: &[(&str, Vec<bf16>)]) -> Result<()> {
    AdamW::default()
        .parameters_in::<bf16>()
        .error_corrected8(7)
        .kahan()
        //~^ ERROR: Kahan summation, error correction and stochastic rounding replace each other
        //~| LABEL: this call needs a builder for which none of them has been chosen
        //~| NOTE: each of them decides how a parameter is rounded, and a parameter is rounded once
        //~| NOTE: keep one of `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn error_correction_8_then_error_correction_16_of_bf16(parameters: &[(&str, Vec<bf16>)]) -> Result<()> {
    AdamW::default()
        .parameters_in::<bf16>()
        .error_corrected8(7)
        .error_corrected16()
        //~^ ERROR: Kahan summation, error correction and stochastic rounding replace each other
        //~| LABEL: this call needs a builder for which none of them has been chosen
        //~| NOTE: each of them decides how a parameter is rounded, and a parameter is rounded once
        //~| NOTE: keep one of `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn error_correction_8_then_stochastic_rounding_of_bf16(parameters: &[(&str, Vec<bf16>)]) -> Result<()> {
    AdamW::default()
        .parameters_in::<bf16>()
        .error_corrected8(7)
        .stochastic_rounding(7)
        //~^ ERROR: Kahan summation, error correction and stochastic rounding replace each other
        //~| LABEL: this call needs a builder for which none of them has been chosen
        //~| NOTE: each of them decides how a parameter is rounded, and a parameter is rounded once
        //~| NOTE: keep one of `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn error_correction_16_then_kahan_of_bf16(parameters: &[(&str, Vec<bf16>)]) -> Result<()> {
    AdamW::default()
        .parameters_in::<bf16>()
        .error_corrected16()
        .kahan()
        //~^ ERROR: Kahan summation, error correction and stochastic rounding replace each other
        //~| LABEL: this call needs a builder for which none of them has been chosen
        //~| NOTE: each of them decides how a parameter is rounded, and a parameter is rounded once
        //~| NOTE: keep one of `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn error_correction_16_then_error_correction_8_of_bf16(parameters: &[(&str, Vec<bf16>)]) -> Result<()> {
    AdamW::default()
        .parameters_in::<bf16>()
        .error_corrected16()
        .error_corrected8(7)
        //~^ ERROR: Kahan summation, error correction and stochastic rounding replace each other
        //~| LABEL: this call needs a builder for which none of them has been chosen
        //~| NOTE: each of them decides how a parameter is rounded, and a parameter is rounded once
        //~| NOTE: keep one of `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn error_correction_16_then_stochastic_rounding_of_bf16(parameters: &[(&str, Vec<bf16>)]) -> Result<()> {
    AdamW::default()
        .parameters_in::<bf16>()
        .error_corrected16()
        .stochastic_rounding(7)
        //~^ ERROR: Kahan summation, error correction and stochastic rounding replace each other
        //~| LABEL: this call needs a builder for which none of them has been chosen
        //~| NOTE: each of them decides how a parameter is rounded, and a parameter is rounded once
        //~| NOTE: keep one of `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn stochastic_rounding_then_error_correction_8_of_bf16(parameters: &[(&str, Vec<bf16>)]) -> Result<()> {
    AdamW::default()
        .parameters_in::<bf16>()
        .stochastic_rounding(7)
        .error_corrected8(7)
        //~^ ERROR: Kahan summation, error correction and stochastic rounding replace each other
        //~| LABEL: this call needs a builder for which none of them has been chosen
        //~| NOTE: each of them decides how a parameter is rounded, and a parameter is rounded once
        //~| NOTE: keep one of `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn stochastic_rounding_then_error_correction_16_of_bf16(parameters: &[(&str, Vec<bf16>)]) -> Result<()> {
    AdamW::default()
        .parameters_in::<bf16>()
        .stochastic_rounding(7)
        .error_corrected16()
        //~^ ERROR: Kahan summation, error correction and stochastic rounding replace each other
        //~| LABEL: this call needs a builder for which none of them has been chosen
        //~| NOTE: each of them decides how a parameter is rounded, and a parameter is rounded once
        //~| NOTE: keep one of `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`
        .build(Cpu::default(), parameters)?;
    Ok(())
}

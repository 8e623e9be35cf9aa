//! State in `f64` for parameters that are not, and the other way round.

use gradus::cpu::Cpu;
use gradus::dtype::Plus8;
use gradus::error::Result;
use gradus::optimizer::Build;
use gradus::rule::AdamW;
use half::bf16;

fn f64_then_f32_state(parameters: &[(&str, Vec<f64>)]) -> Result<()> {
    AdamW::default()
        .parameters_in::<f64>()
        .state_in::<f32>(7)
        //~^ ERROR: state is kept in `f64` for `f64` parameters, and for no others
        //~| LABEL: here both the state and the parameters must be in `f64`, or neither
        //~| NOTE: `f64` parameters compute in `f64`, all others in `f32`; parameters are in `f32` unless something else is said
        //~| NOTE: leave out `.state_in::<..>(..)`: state is in the format of the arithmetic by default
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn f32_state_then_f64(parameters: &[(&str, Vec<f64>)]) -> Result<()> {
    AdamW::default()
        .state_in::<f32>(7)
        .parameters_in::<f64>()
        //~^ ERROR: state is kept in `f64` for `f64` parameters, and for no others
        //~| LABEL: here both the state and the parameters must be in `f64`, or neither
        //~| NOTE: `f64` parameters compute in `f64`, all others in `f32`; parameters are in `f32` unless something else is said
        //~| NOTE: leave out `.state_in::<..>(..)`: state is in the format of the arithmetic by default
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn f64_then_bf16_state(parameters: &[(&str, Vec<f64>)]) -> Result<()> {
    AdamW::default()
        .parameters_in::<f64>()
        .state_in::<bf16>(7)
        //~^ ERROR: state is kept in `f64` for `f64` parameters, and for no others
        //~| LABEL: here both the state and the parameters must be in `f64`, or neither
        //~| NOTE: `f64` parameters compute in `f64`, all others in `f32`; parameters are in `f32` unless something else is said
        //~| NOTE: leave out `.state_in::<..>(..)`: state is in the format of the arithmetic by default
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn bf16_state_then_f64(parameters: &[(&str, Vec<f64>)]) -> Result<()> {
    AdamW::default()
        .state_in::<bf16>(7)
        .parameters_in::<f64>()
        //~^ ERROR: state is kept in `f64` for `f64` parameters, and for no others
        //~| LABEL: here both the state and the parameters must be in `f64`, or neither
        //~| NOTE: `f64` parameters compute in `f64`, all others in `f32`; parameters are in `f32` unless something else is said
        //~| NOTE: leave out `.state_in::<..>(..)`: state is in the format of the arithmetic by default
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn f32_then_f64_state(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .parameters_in::<f32>()
        .state_in::<f64>(7)
        //~^ ERROR: state is kept in `f64` for `f64` parameters, and for no others
        //~| LABEL: here both the state and the parameters must be in `f64`, or neither
        //~| NOTE: `f64` parameters compute in `f64`, all others in `f32`; parameters are in `f32` unless something else is said
        //~| NOTE: leave out `.state_in::<..>(..)`: state is in the format of the arithmetic by default
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn f64_state_then_f32(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .state_in::<f64>(7)
        .parameters_in::<f32>()
        //~^ ERROR: state is kept in `f64` for `f64` parameters, and for no others
        //~| LABEL: here both the state and the parameters must be in `f64`, or neither
        //~| NOTE: `f64` parameters compute in `f64`, all others in `f32`; parameters are in `f32` unless something else is said
        //~| NOTE: leave out `.state_in::<..>(..)`: state is in the format of the arithmetic by default
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn bf16_then_f64_state(parameters: &[(&str, Vec<bf16>)]) -> Result<()> {
    AdamW::default()
        .parameters_in::<bf16>()
        .state_in::<f64>(7)
        //~^ ERROR: state is kept in `f64` for `f64` parameters, and for no others
        //~| LABEL: here both the state and the parameters must be in `f64`, or neither
        //~| NOTE: `f64` parameters compute in `f64`, all others in `f32`; parameters are in `f32` unless something else is said
        //~| NOTE: leave out `.state_in::<..>(..)`: state is in the format of the arithmetic by default
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn f64_state_then_bf16(parameters: &[(&str, Vec<bf16>)]) -> Result<()> {
    AdamW::default()
        .state_in::<f64>(7)
        .parameters_in::<bf16>()
        //~^ ERROR: state is kept in `f64` for `f64` parameters, and for no others
        //~| LABEL: here both the state and the parameters must be in `f64`, or neither
        //~| NOTE: `f64` parameters compute in `f64`, all others in `f32`; parameters are in `f32` unless something else is said
        //~| NOTE: leave out `.state_in::<..>(..)`: state is in the format of the arithmetic by default
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn f64_state_and_no_format(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    AdamW::default()
        .state_in::<f64>(7)
        .build(Cpu::default(), parameters)?;
        //~^ ERROR: state is kept in `f64` for `f64` parameters, and for no others
        //~| LABEL: here both the state and the parameters must be in `f64`, or neither
        //~| NOTE: `f64` parameters compute in `f64`, all others in `f32`; parameters are in `f32` unless something else is said
        //~| NOTE: leave out `.state_in::<..>(..)`: state is in the format of the arithmetic by default
    Ok(())
}

fn f64_then_error_corrected_state(parameters: &[(&str, Vec<f64>)]) -> Result<()> {
    AdamW::default()
        .parameters_in::<f64>()
        .state_in::<Plus8<bf16>>(7)
        //~^ ERROR: state is kept in `f64` for `f64` parameters, and for no others
        //~| LABEL: here both the state and the parameters must be in `f64`, or neither
        //~| NOTE: `f64` parameters compute in `f64`, all others in `f32`; parameters are in `f32` unless something else is said
        //~| NOTE: leave out `.state_in::<..>(..)`: state is in the format of the arithmetic by default
        .build(Cpu::default(), parameters)?;
    Ok(())
}

fn error_corrected_state_then_f64(parameters: &[(&str, Vec<f64>)]) -> Result<()> {
    AdamW::default()
        .state_in::<Plus8<bf16>>(7)
        .parameters_in::<f64>()
        //~^ ERROR: state is kept in `f64` for `f64` parameters, and for no others
        //~| LABEL: here both the state and the parameters must be in `f64`, or neither
        //~| NOTE: `f64` parameters compute in `f64`, all others in `f32`; parameters are in `f32` unless something else is said
        //~| NOTE: leave out `.state_in::<..>(..)`: state is in the format of the arithmetic by default
        .build(Cpu::default(), parameters)?;
    Ok(())
}

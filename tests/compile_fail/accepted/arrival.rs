//! The calls of both arrivals, and the way from one to the other.

use gradus::cpu::Cpu;
use gradus::error::Result;
use gradus::optimizer::Build;
use gradus::rule::{AdamW, Lion, Sgd, SgdMomentum};

fn there_and_back(parameters: &mut [(&str, Vec<f32>)]) -> Result<()> {
    let mut released = AdamW::default().gradient_release().build(Cpu::default(), parameters)?;
    released.begin_step()?.finish();
    let mut together = released.into_together().map_err(|refused| refused.error)?;
    together.step(parameters, &[("weight", vec![1.0])])?;
    together.into_released().begin_step()?.finish();
    Ok(())
}

macro_rules! accumulates {
    ($($rule:ident)*) => {$({
        let parameters: &[(&str, Vec<f32>)] = &[];
        let mut optimizer = $rule::default().gradient_release().build(Cpu::default(), parameters)?;
        optimizer.begin_step()?.accumulate("weight", vec![1.0])?;
    })*};
}

fn accumulation() -> Result<()> {
    accumulates!(AdamW Lion SgdMomentum);
    Ok(())
}

fn release_without_average(parameters: &mut [(&str, Vec<f32>)]) -> Result<()> {
    let mut optimizer = Sgd::default().gradient_release().build(Cpu::default(), parameters)?;
    optimizer.begin_step()?.release("weight", &mut parameters[0].1, vec![1.0])?;
    Ok(())
}

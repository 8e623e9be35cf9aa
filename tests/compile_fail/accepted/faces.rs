//! Two points, whichever option brings the second and wherever it stands among the others.

use gradus::cpu::Cpu;
use gradus::device::Formats;
use gradus::error::Result;
use gradus::optimizer::{Arrival, Build, Evaluation, Optimizer, TwoFaced};
use gradus::rule::{AdamW, Caution, MsamLaProp, ScheduleFreeSgd, WeightAverage};
use half::bf16;

type Evaluated<R, K, A> = Optimizer<R, K, A, Cpu, Evaluation>;

fn there<R: TwoFaced, K: Formats<Parameter = bf16>, A: Arrival>(
    optimizer: Optimizer<R, K, A, Cpu>,
    parameters: &mut [(&str, Vec<bf16>)],
) -> Result<Evaluated<R, K, A>> {
    Ok(optimizer.into_evaluation(parameters).map_err(|refused| refused.error)?)
}

fn orders(parameters: &mut [(&str, Vec<bf16>)]) -> Result<()> {
    let average = WeightAverage::exponential(0.999)?;
    let first = AdamW::default().average(average).on_update(Caution::default()).parameters_in::<bf16>();
    let there_and_back = there(first.kahan().build(Cpu::default(), parameters)?, parameters)?;
    let mut back = there_and_back.into_training(parameters).map_err(|refused| refused.error)?;
    back.step(parameters, &[("weight", vec![bf16::ONE])])?;

    let last = AdamW::default().parameters_in::<bf16>().kahan().on_update(Caution::default());
    there(last.gradient_release().afterwards(average).build(Cpu::default(), parameters)?, parameters)?;

    let clipped = ScheduleFreeSgd::default().clip_global_norm(1.0).parameters_in::<bf16>();
    there(clipped.build(Cpu::default(), parameters)?, parameters)?;
    let cautious = MsamLaProp::default().on_update(Caution::default()).parameters_in::<bf16>();
    let optimizer = there(cautious.build(Cpu::default(), parameters)?, parameters)?;
    assert_eq!(optimizer.steps(), 0);
    Ok(())
}

//! Runs a recorded trajectory through the catalogue.

pub use super::compare::Worst;

use super::by_rows;
use super::compare::Comparison;
use super::configure::{Plan, plan};
use super::trajectory::{Recorded, Trajectory};
use crate::catalogue::{CatalogueDevice, Catalogued, Dynamic, Format, build_with};
use crate::cpu::Cpu;
use crate::dtype::{Arithmetic, StorageDtype};
use crate::error::Result;
use crate::hyperparameter::LearningRate;
use crate::rule::Pairs;
use core::any::Any;
use half::{bf16, f16};

/// What became of a replay.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Every value was within the tolerance.
    Pass(Worst),
    /// A value was not.
    Fail(Worst),
    /// The case asks for something that there is not, named here.
    Unsupported(String),
}

/// Runs a recording step by step and compares the parameters.
///
/// Narrow formats are compared with the recorded run in f32; state is kept in f32 unless the
/// recording says otherwise.
pub fn replay<D: CatalogueDevice>(trajectory: &Trajectory, device: &D) -> Outcome {
    let plan = match plan(trajectory) {
        Ok(plan) => plan,
        Err(what) => return Outcome::Unsupported(what),
    };
    let worst = match plan.format {
        format if trajectory.parameters.iter().any(Recorded::is_by_rows) => {
            if format != Format::F32 {
                return Outcome::Unsupported(format!("gradients by rows in {}", format.name()));
            }
            let Some(cpu) = (device as &dyn Any).downcast_ref::<Cpu>() else {
                return Outcome::Unsupported("gradients by rows on this device".to_owned());
            };
            by_rows::run(trajectory, &plan, cpu)
        }
        Format::F64 => run::<f64, _>(trajectory, &plan, device),
        Format::F32 => run::<f32, _>(trajectory, &plan, device),
        Format::Bf16 => run::<bf16, _>(trajectory, &plan, device),
        Format::F16 => run::<f16, _>(trajectory, &plan, device),
        other => return Outcome::Unsupported(format!("parameters in {}", other.name())),
    };
    match worst {
        Err(error) => Outcome::Unsupported(error.to_string()),
        Ok(None) => Outcome::Unsupported("a recording without values to check".to_owned()),
        Ok(Some(worst)) if worst.ratio <= 1.0 => Outcome::Pass(worst),
        Ok(Some(worst)) => Outcome::Fail(worst),
    }
}

fn run<T: Catalogued, D: CatalogueDevice>(
    trajectory: &Trajectory,
    plan: &Plan,
    device: &D,
) -> Result<Option<Worst>> {
    let tensor = |recorded: &Recorded, values: &[f32]| {
        let stored: Vec<_> = values.iter().map(|&value| stored::<T>(value)).collect();
        device.tensor(&recorded.shape, &stored)
    };
    let start = |recorded: &Recorded| Ok((recorded.name.clone(), tensor(recorded, &recorded.start)?));
    let mut parameters = trajectory.parameters.iter().map(start).collect::<Result<Vec<_>>>()?;
    let pairs = Pairs::default();
    let given = plan.has_probes.then(|| pairs.clone());
    let mut optimizer = build_with::<T, D>(&plan.configuration, given, device.clone(), &parameters)?;
    let mut comparison = Comparison::new(trajectory.tolerance);
    for step in 1..=trajectory.steps {
        if let Some(rates) = &plan.learning_rates {
            optimizer.set_learning_rate(LearningRate::new(rates[step - 1])?);
        }
        let gradient = |recorded: &Recorded| {
            let values = recorded.gradients[step - 1].as_ref();
            Ok((recorded.name.clone(), values.map(|values| tensor(recorded, values)).transpose()?))
        };
        let gradients = trajectory.parameters.iter().map(gradient).collect::<Result<Vec<_>>>()?;
        pairs.clear();
        for recorded in &trajectory.parameters {
            if let Some(probe) = &recorded.probes[step - 1] {
                pairs.give(&recorded.name, probe.iter().copied().map(f64::from).collect(), None);
            }
        }
        match &plan.accumulate {
            None => {
                optimizer.step(&mut parameters, &gradients)?;
            }
            Some(only) => step_singly(optimizer.as_mut(), &mut parameters, gradients, only[step - 1])?,
        }
        for (recorded, (_, parameter)) in trajectory.parameters.iter().zip(&parameters) {
            comparison.check(step, recorded, numbers(device.fetch(parameter)?));
        }
        if trajectory.parameters.iter().any(|recorded| recorded.is_evaluated_after(step)) {
            let mut evaluated = trajectory.parameters.iter().map(start).collect::<Result<Vec<_>>>()?;
            optimizer.evaluation_into(&parameters, &mut evaluated)?;
            for (place, recorded) in trajectory.parameters.iter().enumerate() {
                let ours = &plan.configuration.hyperparameters;
                let is_left = plan.variant.is_left_unevaluated(&recorded.shape, ours);
                let (_, parameter) = if is_left { &parameters[place] } else { &evaluated[place] };
                comparison.check_evaluation(step, recorded, numbers(device.fetch(parameter)?));
            }
        }
    }
    Ok(comparison.finish())
}

fn numbers<T: StorageDtype>(values: Vec<T>) -> impl Iterator<Item = f64> {
    values.into_iter().map(|value| value.widen().to_f64())
}

type Named<A> = Vec<(String, A)>;

fn step_singly<T: Catalogued, D: CatalogueDevice>(
    optimizer: &mut dyn Dynamic<T, D>,
    parameters: &mut Named<D::Tensor<T>>,
    gradients: Named<Option<D::Tensor<T>>>,
    only_accumulate: bool,
) -> Result<()> {
    let mut gradients: Vec<_> = gradients.into_iter().map(|(_, gradient)| gradient).collect();
    let finished = optimizer.step_singly(&mut |step| {
        for (place, gradient) in gradients.iter_mut().enumerate() {
            match gradient.take() {
                None => {}
                Some(gradient) if only_accumulate => step.accumulate(place, gradient)?,
                Some(gradient) => step.release(place, &mut parameters[place].1, gradient)?,
            }
        }
        Ok(())
    });
    finished.map(|_| ())
}

/// A recorded value in the format `T`; recorded values of narrow formats are exact in it.
fn stored<T: StorageDtype>(value: f32) -> T {
    use crate::real::Real;
    T::round(T::Arithmetic::constant(f64::from(value)))
}

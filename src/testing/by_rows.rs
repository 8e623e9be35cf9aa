//! Replays recordings in which some parameters have gradients of a few rows.

use super::compare::{Comparison, Worst};
use super::configure::Plan;
use super::trajectory::{Recorded, Trajectory};
use crate::catalogue::{Boxed, build, sm3_by_rows};
use crate::cpu::Cpu;
use crate::device::{In, SparseRows};
use crate::error::{Error, Result};
use crate::hyperparameter::LearningRate;
use crate::optimizer::{Build, RowOptimizer};
use crate::rule::Sm3;
use crate::store::Nearest;
use ndarray::{ArrayD, IxDyn};

type Named = [(String, ArrayD<f32>); 1];

/// A parameter whose gradients are rows, with an optimizer of its own.
struct Table<'t> {
    recorded: &'t Recorded,
    parameter: Named,
    optimizer: RowOptimizer<Sm3, In<f32, f32, f32, Nearest>, Cpu>,
}

fn array(shape: &[usize], values: &[f32]) -> ArrayD<f32> {
    ArrayD::from_shape_vec(IxDyn(shape), values.to_vec()).expect("the reader has checked the shapes")
}

fn started(recorded: &Recorded) -> (String, ArrayD<f32>) {
    (recorded.name.clone(), array(&recorded.shape, &recorded.start))
}

impl<'t> Table<'t> {
    fn new(recorded: &'t Recorded, plan: &Plan, device: &Cpu) -> Result<Self> {
        let parameter = [started(recorded)];
        let rule = sm3_by_rows(&plan.configuration, &recorded.name)?;
        let optimizer = rule.build(device.clone(), &parameter)?.by_rows()?;
        Ok(Self { recorded, parameter, optimizer })
    }

    fn step(&mut self, step: usize) -> Result<()> {
        let recorded = self.recorded;
        let gradient = match (&recorded.rows[step - 1], &recorded.gradients[step - 1]) {
            (Some(rows), Some(values)) => {
                let shape = [&[rows.len()], &recorded.shape[1..]].concat();
                Some(SparseRows { rows: rows.clone(), values: array(&shape, values) })
            }
            // A whole gradient has every row.
            (None, Some(values)) => {
                let rows = (0..recorded.shape[0]).collect();
                Some(SparseRows { rows, values: array(&recorded.shape, values) })
            }
            (_, None) => None,
        };
        self.optimizer.step(&mut self.parameter, &[(&recorded.name, gradient)]).map(|_| ())
    }
}

/// Runs a recording in `f32`: each parameter by rows by itself, all others together.
pub(super) fn run(trajectory: &Trajectory, plan: &Plan, device: &Cpu) -> Result<Option<Worst>> {
    if plan.accumulate.is_some() {
        return Err(Error::Combination {
            option: "accumulation".to_owned(),
            with: "gradients by rows".to_owned(),
            because: "rows are taken by whole steps",
        });
    }
    let (by_rows, whole): (Vec<_>, Vec<_>) =
        trajectory.parameters.iter().partition(|recorded| recorded.is_by_rows());
    let mut tables =
        by_rows.into_iter().map(|table| Table::new(table, plan, device)).collect::<Result<Vec<_>>>()?;
    let mut parameters: Vec<_> = whole.iter().map(|recorded| started(recorded)).collect();
    let mut optimizer: Option<Boxed<f32>> = None;
    if !parameters.is_empty() {
        optimizer = Some(build::<f32>(&plan.configuration, device.clone(), &parameters)?);
    }
    let mut comparison = Comparison::new(trajectory.tolerance);
    for step in 1..=trajectory.steps {
        let rate =
            plan.learning_rates.as_ref().map(|rates| LearningRate::new(rates[step - 1])).transpose()?;
        for table in &mut tables {
            rate.iter().for_each(|rate| table.optimizer.set_learning_rate(*rate));
            table.step(step)?;
            comparison.check(step, table.recorded, numbers(&table.parameter[0].1));
        }
        let Some(optimizer) = &mut optimizer else { continue };
        rate.iter().for_each(|rate| optimizer.set_learning_rate(*rate));
        let gradient = |recorded: &&Recorded| {
            let values = recorded.gradients[step - 1].as_ref();
            (recorded.name.clone(), values.map(|values| array(&recorded.shape, values)))
        };
        let gradients: Vec<_> = whole.iter().map(gradient).collect();
        optimizer.step(&mut parameters, &gradients)?;
        for (recorded, (_, parameter)) in whole.iter().zip(&parameters) {
            comparison.check(step, recorded, numbers(parameter));
        }
    }
    Ok(comparison.finish())
}

fn numbers(array: &ArrayD<f32>) -> impl Iterator<Item = f64> {
    array.iter().map(|value| f64::from(*value))
}

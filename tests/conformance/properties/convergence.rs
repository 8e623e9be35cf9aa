//! Training works at all.

use crate::cases::{Case, Parameter};
use crate::trainer::{MODES, Trainer};
use gradus::cpu::Cpu;
use gradus::dtype::{Arithmetic, StorageDtype};
use gradus::optimizer::Releasable;
use ndarray::ArrayD;

/// Where the quadratic has its minimum, and how steep it is, for element `element`.
fn bowl(element: usize) -> (f64, f64) {
    (0.25 + 0.05 * element as f64, 0.5 + 0.125 * element as f64)
}

const LENGTH: usize = 8;

fn values<C: Case>(parameter: &ArrayD<Parameter<C>>) -> Vec<f64> {
    parameter.iter().map(|value| value.widen().to_f64()).collect()
}

fn loss(values: &[f64]) -> f64 {
    let part = |(element, value): (usize, &f64)| {
        let (minimum, steepness) = bowl(element);
        steepness * (value - minimum).powi(2) / 2.0
    };
    values.iter().enumerate().map(part).sum()
}

/// From 2 towards minima between 0.25 and 0.6. Weight decay, of at most 0.023 beside a steepness of at
/// least 0.5, moves the minimum by less than 5 %, and a last learning rate near 0.01 leaves an
/// oscillation of that size: together below (0.04/1.5)² of the loss at the start.
pub fn converges_on_a_quadratic<R: Releasable, C: Case>(rule: R) {
    for mode in MODES {
        let start = rule.learning_rate().get();
        let parameters = vec![("x".to_owned(), crate::values::tensor(&[2.0; LENGTH]))];
        let mut trainer = Trainer::<R, C>::from(Cpu::default(), mode, rule.clone(), parameters);
        let before = loss(&values::<C>(&trainer.parameters[0].1));
        for step in 0..150 {
            if step == 110 {
                trainer.set_learning_rate(start / 5.0);
            }
            let slope = |(element, value): (usize, f64)| {
                let (minimum, steepness) = bowl(element);
                steepness * (value - minimum)
            };
            let gradient = values::<C>(&trainer.parameters[0].1).into_iter().enumerate().map(slope).collect();
            trainer.step(&vec![Some(gradient)]);
        }
        let after = loss(&values::<C>(&trainer.parameters[0].1));
        assert!(after < 1e-3 * before, "{} {mode:?}: from {before} to {after}", C::NAME);
    }
}

//! What a step of a rule for matrices is made of.

use crate::options::Options;
use crate::{Tensors, median};
use gradus::catalogue::{Catalogued, Hyperparameters, Value};
use gradus::cpu::Cpu;
use gradus::error::Result;
use std::time::Instant;

/// The parts of a step, in milliseconds.
pub(crate) struct Parts {
    /// A step that leaves bases or factors as they are.
    pub(crate) steady_ms: f64,
    /// What a step takes more that refreshes bases or fits factors.
    pub(crate) refresh_ms: f64,
}

/// Hyperparameters with which a rule never refreshes, or after the first gradient at most; and with which it
/// always does. [`None`] for rules that work element by element.
fn extremes(optimizer: &str) -> Option<[Vec<(&'static str, Value)>; 2]> {
    if optimizer.contains("soap") || optimizer == "solp" {
        let every =
            |frequency: f64| vec![("refresh", "every".into()), ("precondition_frequency", frequency.into())];
        Some([every(0.0), every(1.0)])
    } else if optimizer.contains("psgd") || ["kron", "qsgd"].contains(&optimizer) {
        Some([vec![("fit", "at".into()), ("refreshed_at", "1".into())], vec![("fit", "always".into())]])
    } else if optimizer.starts_with("muon") || optimizer == "scion" {
        Some([Vec::new(), Vec::new()])
    } else {
        None
    }
}

/// Times both kinds of steps, if there are two.
pub(crate) fn parts<T: Catalogued>(
    options: &Options,
    parameters: &Tensors<T, Cpu>,
    gradients: &Tensors<T, Cpu>,
) -> Result<Option<Parts>> {
    let Some([never, always]) = extremes(&options.optimizer) else { return Ok(None) };
    let time = |changes: &[(&'static str, Value)]| -> Result<f64> {
        let mut own = Hyperparameters::default();
        changes.iter().for_each(|(name, value)| own.set(name, value.clone()));
        let mut parameters = parameters.clone();
        let device = Cpu::with_threads(options.threads)?;
        let mut optimizer = options.build_with(&own, device, &parameters)?;
        let mut steps = Vec::new();
        for number in 0..7 {
            let start = Instant::now();
            optimizer.step(&mut parameters, gradients)?;
            // The first finds bases, or the first factors.
            if number > 1 {
                steps.push(start.elapsed().as_secs_f64());
            }
        }
        Ok(median(steps) * 1e3)
    };
    let steady_ms = time(&never)?;
    let refresh_ms = if always == never { 0.0 } else { (time(&always)? - steady_ms).max(0.0) };
    Ok(Some(Parts { steady_ms, refresh_ms }))
}

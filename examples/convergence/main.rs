//! Steps that optimizers need to the same loss, each at its best learning rate: rules for matrices against
//! AdamW, on three problems whose directions lie askew to the elements.
//!
//! ```text
//! cargo run --release --example convergence -- [--quick] [DIR]
//! ```
//!
//! Prints a table, and draws the losses in one SVG and one PNG file in `target/` unless a directory is given.
//! `--quick` tries three rates instead of twelve.

#![allow(unreachable_pub)] // in a program, `pub` means for the other files

#[allow(dead_code)] // the example `digits` needs more of it
#[path = "../digits/data.rs"]
mod data;
#[path = "../drawing/mod.rs"]
mod drawing;
#[allow(dead_code)] // as above
#[path = "../digits/network.rs"]
mod network;
#[path = "../drawing/panel.rs"]
mod panel;
mod picture;
mod problems;
#[allow(dead_code)] // as above
#[path = "../digits/random.rs"]
mod random;

use gradus::catalogue::Configuration;
use problems::{Problem, STEPS};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The optimizers, AdamW first.
const OPTIMIZERS: [&str; 5] = ["adamw", "muon_adamw", "soap", "psgd_kron", "kron"];

/// What an optimizer has beside its defaults, for problems whose gradients have no noise: averages forget sooner, and
/// Kronecker factors learn faster, of the gradients themselves.
fn configuration(optimizer: &str) -> Configuration {
    let mut configuration = Configuration::of(optimizer);
    let hyperparameters = &mut configuration.hyperparameters;
    hyperparameters.set("weight_decay", 0.0);
    hyperparameters.set("beta1", 0.8);
    if ["psgd_kron", "kron"].contains(&optimizer) {
        hyperparameters.set("precond_lr", 0.3);
        hyperparameters.set("momentum_into_precond_update", false);
    }
    configuration
}

/// Learning rates to choose from.
const RATES: [f64; 12] = [1e-4, 3e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.2, 0.5, 1.0];
const FEW_RATES: [f64; 3] = [1e-3, 1e-2, 0.1];

/// An optimizer at its best learning rate.
#[derive(Debug)]
pub struct Best {
    /// Its name.
    pub optimizer: &'static str,
    rate: f64,
    /// How many steps it took to the goal, if it came there.
    steps: Option<usize>,
    /// The loss before each step, as a share of the first.
    pub losses: Vec<f64>,
}

fn main() -> ExitCode {
    let mut arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let all = arguments.len();
    arguments.retain(|argument| argument != "--quick");
    let rates = if arguments.len() < all { &FEW_RATES[..] } else { &RATES };
    let directory = arguments.pop().map_or_else(|| PathBuf::from("target"), PathBuf::from);
    if !arguments.is_empty() || directory.to_string_lossy().starts_with('-') {
        eprintln!("usage: convergence [--quick] [DIR]");
        return ExitCode::from(2);
    }
    match compare(rates, &directory) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(rates: &[f64], directory: &Path) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(directory)
        .map_err(|error| format!("cannot make the directory {}: {error}", directory.display()))?;
    let mut panels = Vec::new();
    for problem in problems::all() {
        println!("{}: steps to {:.0e} of the first loss", problem.title(), problem.goal());
        let mut found = Vec::new();
        for optimizer in OPTIMIZERS {
            let best = best(problem.as_ref(), optimizer, rates)?;
            let steps = best.steps.map_or_else(|| format!("more than {STEPS}"), |steps| steps.to_string());
            println!("  {optimizer:<12} {steps:>14}   at rate {}", best.rate);
            found.push(best);
        }
        panels.push((problem.title(), found));
    }
    for path in drawing::write(&picture::Losses(panels), &directory.join("convergence"))? {
        println!("losses drawn in {}", path.display());
    }
    Ok(())
}

/// The run that reaches the goal first, or comes closest to it.
fn best(problem: &dyn Problem, optimizer: &'static str, rates: &[f64]) -> Result<Best, Box<dyn Error>> {
    let mut best: Option<Best> = None;
    for &rate in rates {
        let mut configuration = configuration(optimizer);
        configuration.hyperparameters.set("lr", rate);
        let losses = problem.run(&configuration)?;
        let steps = losses.iter().position(|loss| *loss <= problem.goal());
        let run = Best { optimizer, rate, steps, losses };
        if best.as_ref().is_none_or(|best| run.comes_before(best)) {
            best = Some(run);
        }
    }
    best.ok_or_else(|| "there is no learning rate to try".into())
}

impl Best {
    fn comes_before(&self, other: &Self) -> bool {
        match (self.steps, other.steps) {
            (Some(own), Some(others)) => own < others,
            (None, None) => self.least() < other.least(),
            (own, _) => own.is_some(),
        }
    }

    /// The least loss; what diverged has not come near.
    fn least(&self) -> f64 {
        self.losses.iter().copied().fold(f64::INFINITY, f64::min)
    }
}

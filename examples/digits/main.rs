//! Trains a small network on real handwritten digits with several optimizers, and compares them.
//!
//! ```text
//! cargo run --release --example digits -- [--quick] [--optimizer NAME]... [--config FILE]... [--output DIR]
//! ```
//!
//! | File | What it shows |
//! |---|---|
//! | `network.rs` | hand-written backpropagation; **a struct of your own as a `ParameterSet`** |
//! | `optimizers.rs` | how each optimizer is built |
//! | `training.rs` | all gradients at once, gradients one by one, micro-batches |
//! | `run.rs` | the loop over epochs with a learning-rate schedule |
//! | `data.rs`, `random.rs` | the digits, shuffled the same way in every run |
//! | `arguments.rs`, `table.rs`, `picture.rs`, `../drawing` | what surrounds it |

#![allow(unreachable_pub)] // in a program, `pub` means for the other files

mod arguments;
mod data;
#[path = "../drawing/mod.rs"]
mod drawing;
mod network;
mod optimizers;
mod picture;
mod random;
mod run;
mod table;
mod training;

use arguments::{Arguments, Request};
use std::error::Error;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = match arguments::parse() {
        Ok(Request::Run(arguments)) => arguments,
        Ok(Request::Help) => {
            print!("{}", arguments::help());
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    };
    match compare(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let output = &arguments.output;
    std::fs::create_dir_all(output)
        .map_err(|error| format!("cannot make the directory {}: {error}", output.display()))?;
    let digits = data::Digits::load();
    let runs = run::all(&arguments.optimizers, &digits, arguments.epochs())?;
    print!("{}", table::of(&runs));
    for path in picture::draw(&runs, output)? {
        println!("losses drawn in {}", path.display());
    }
    Ok(())
}

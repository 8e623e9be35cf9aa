//! The command line.

use crate::optimizers::{ALL, Choice};
use lexopt::prelude::*;
use std::path::PathBuf;

/// What the command line asks for.
pub enum Request {
    Run(Arguments),
    Help,
}

/// What to run.
pub struct Arguments {
    pub optimizers: Vec<&'static Choice>,
    pub output: PathBuf,
    quick: bool,
}

impl Arguments {
    /// How often each optimizer sees the whole training set.
    pub fn epochs(&self) -> usize {
        if self.quick { 15 } else { 60 }
    }
}

/// Reads the command line.
pub fn parse() -> Result<Request, lexopt::Error> {
    let mut arguments = Arguments { optimizers: Vec::new(), output: PathBuf::from("."), quick: false };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Request::Help),
            Long("quick") => arguments.quick = true,
            Long("output") => arguments.output = parser.value()?.into(),
            Long("optimizer") => arguments.optimizers.push(choice(&parser.value()?.string()?)?),
            other => return Err(other.unexpected()),
        }
    }
    if arguments.optimizers.is_empty() {
        arguments.optimizers.extend(&ALL);
    }
    Ok(Request::Run(arguments))
}

fn choice(name: &str) -> Result<&'static Choice, String> {
    ALL.iter().find(|choice| choice.name == name).ok_or_else(|| {
        let names: Vec<_> = ALL.iter().map(|choice| choice.name).collect();
        format!("there is no optimizer `{name}`; there are {}", names.join(", "))
    })
}

/// The text of `--help`.
pub fn help() -> String {
    let mut text = "\
Trains a small network on handwritten digits with several optimizers.

Usage: digits [--quick] [--optimizer NAME]... [--output DIR]

      --quick           15 epochs instead of 60
      --optimizer NAME  only this one; may be given several times
      --output DIR      where the pictures go [default: the current directory]
  -h, --help            this text

Optimizers:
"
    .to_owned();
    for choice in &ALL {
        text += &format!("  {:<22} {}\n", choice.name, choice.about);
    }
    text
}

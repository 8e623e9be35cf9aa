//! The command line.

use crate::optimizers::{ALL, Contestant};
use gradus::catalogue::{self, Configuration, Entry};
use lexopt::prelude::*;
use std::path::{Path, PathBuf};

/// What the command line asks for.
pub enum Request {
    Run(Arguments),
    Help,
}

/// What to run.
pub struct Arguments {
    pub optimizers: Vec<Contestant>,
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
            Long("config") => arguments.optimizers.push(configured(&PathBuf::from(parser.value()?))?),
            other => return Err(other.unexpected()),
        }
    }
    if arguments.optimizers.is_empty() {
        arguments.optimizers.extend(ALL.iter().map(Contestant::from));
    }
    Ok(Request::Run(arguments))
}

/// One of those that run without being asked for, or any of the catalogue with its defaults.
fn choice(name: &str) -> Result<Contestant, String> {
    if let Some(choice) = ALL.iter().find(|choice| choice.name == name) {
        return Ok(choice.into());
    }
    if more().any(|entry| entry.name == name) {
        let configuration = Configuration::of(name);
        return Contestant::configured(name.to_owned(), configuration).map_err(|error| error.to_string());
    }
    let names: Vec<_> = ALL.iter().map(|choice| choice.name).chain(more().map(|entry| entry.name)).collect();
    Err(format!("there is no optimizer `{name}`; there are {}", names.join(", ")))
}

/// Those of the catalogue that have no name of ours.
fn more() -> impl Iterator<Item = Entry> {
    catalogue::entries().filter(|entry| ALL.iter().all(|choice| choice.name != entry.name))
}

/// The optimizer that a file describes: in JSON if it is called so, in TOML otherwise.
fn configured(path: &Path) -> Result<Contestant, String> {
    let fail = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| fail(&error))?;
    let is_json = path.extension().is_some_and(|extension| extension == "json");
    let read = if is_json { Configuration::from_json(&text) } else { Configuration::from_toml(&text) };
    let name = path.file_stem().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    read.and_then(|read| Contestant::configured(name, read)).map_err(|error| fail(&error))
}

/// The text of `--help`.
pub fn help() -> String {
    let mut text = "\
Trains a small network on handwritten digits with several optimizers.

Usage: digits [--quick] [--optimizer NAME]... [--config FILE]... [--output DIR]

      --quick           15 epochs instead of 60
      --optimizer NAME  only this one; may be given several times
      --config FILE     the optimizer that a file describes, in TOML or JSON
      --output DIR      where the pictures go [default: the current directory]
  -h, --help            this text

Optimizers:
"
    .to_owned();
    for choice in &ALL {
        text += &format!("  {:<22} {}\n", choice.name, choice.about);
    }
    text += "\nand, with their defaults, those of the catalogue:\n";
    for entry in more() {
        text += &format!("  {:<22} {}\n", entry.name, entry.summary);
    }
    text
}

//! Hyperparameters as data: a flat map from names to values.

use crate::error::{Error, Result};
use core::fmt;
use std::collections::BTreeMap;

/// The value of a hyperparameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// A choice by name.
    Text(String),
    /// Yes or no.
    Flag(bool),
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
            Self::Flag(flag) => flag.fmt(f),
        }
    }
}

/// Hyperparameters by name.
///
/// ```
/// use gradus::catalogue::{Hyperparameters, Value};
///
/// let hyperparameters: Hyperparameters = [("lr", 1e-3.into()), ("nesterov", true.into())].into();
/// assert_eq!(hyperparameters.get("lr"), Some(&Value::Number(1e-3)));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hyperparameters(BTreeMap<String, Value>);

impl<const COUNT: usize> From<[(&str, Value); COUNT]> for Hyperparameters {
    fn from(pairs: [(&str, Value); COUNT]) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

impl Hyperparameters {
    /// The value of a hyperparameter, if it is given.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Gives a hyperparameter a value.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// Takes a hyperparameter out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// These, with those of `others` in their place where both have one.
    #[must_use]
    pub fn with(&self, others: &Self) -> Self {
        Self(self.0.iter().chain(&others.0).map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// Names and values, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

/// Reads the hyperparameters of one optimizer, and refuses what it does not have.
pub(super) struct Reader<'a> {
    pub(super) optimizer: &'static str,
    pub(super) hyperparameters: &'a Hyperparameters,
    pub(super) known: Vec<&'static str>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(optimizer: &'static str, hyperparameters: &'a Hyperparameters) -> Self {
        Self { optimizer, hyperparameters, known: Vec::new() }
    }

    /// The number `name`, or `default`.
    pub(super) fn number(&mut self, name: &'static str, default: f64) -> Result<f64> {
        self.known.push(name);
        match self.hyperparameters.get(name) {
            None => Ok(default),
            Some(Value::Number(number)) => Ok(*number),
            Some(other) => Err(self.refused(name, other, "it is a number")),
        }
    }

    /// Which of `choices` the text `name` is; the first if it is absent.
    pub(super) fn choice<T: Copy>(&mut self, name: &'static str, choices: &[(&str, T)]) -> Result<T> {
        self.known.push(name);
        let Some(value) = self.hyperparameters.get(name) else { return Ok(choices[0].1) };
        let chosen = choices.iter().find(|(text, _)| *value == Value::from(*text));
        let texts: Vec<_> = choices.iter().map(|(text, _)| *text).collect();
        let expected = format!("it is one of {}", texts.join(", "));
        chosen.map(|(_, choice)| *choice).ok_or_else(|| self.refused(name, value, &expected))
    }

    /// The flag `name`; no if it is absent.
    pub(super) fn flag(&mut self, name: &'static str) -> Result<bool> {
        self.known.push(name);
        match self.hyperparameters.get(name) {
            None => Ok(false),
            Some(Value::Flag(flag)) => Ok(*flag),
            Some(other) => Err(self.refused(name, other, "it is true or false")),
        }
    }

    /// Refuses hyperparameters that were not asked for.
    pub(super) fn finish(self) -> Result<()> {
        match self.hyperparameters.iter().find(|(name, _)| !self.known.contains(name)) {
            None => Ok(()),
            Some((name, value)) => {
                Err(self.refused(name, value, &format!("it takes {}", self.known.join(", "))))
            }
        }
    }

    fn refused(&self, name: &str, value: &Value, expected: &str) -> Error {
        Error::UnknownHyperparameter {
            optimizer: self.optimizer.to_owned(),
            hyperparameter: name.to_owned(),
            value: value.to_string(),
            expected: expected.to_owned(),
        }
    }
}

//! The same ratio from each step to the next, without an end.

use super::Schedule;
use super::check::{lowering, positive};
use super::kind::{Curve, Kind};
use crate::error::Result;

#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(super) struct Exponential {
    factor: f64,
    every: u64,
}

impl Schedule {
    /// `factor` raised to (t − 1)/`every` at step t: a [`staircase`](Self::staircase) without stairs.
    ///
    /// It comes close to 0 and has no end. For a given end at a given step use
    /// [`decay`](Self::decay) with [`Form::Geometric`](super::Form::Geometric).
    ///
    /// ```text
    /// exponential(0.5, 15)
    /// 1 │***
    ///   │   *****
    ///   │        *******
    ///   │               ************
    ///   │                           ***********************
    /// 0 │                                                  **********
    ///   └1─────────────────────────────────────────────────────────60
    /// ```
    ///
    /// # Errors
    /// [`Error::Hyperparameter`](crate::error::Error::Hyperparameter) unless `0 < factor <= 1` and
    /// `1 <= every`.
    ///
    /// ```
    /// use gradus::schedule::Schedule;
    ///
    /// let exponential = Schedule::exponential(0.25, 2)?;
    /// assert_eq!([1, 2, 3, 4, 5].map(|step| exponential.at(step)), [1.0, 0.5, 0.25, 0.125, 0.0625]);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    pub fn exponential(factor: f64, every: u64) -> Result<Self> {
        Kind::Exponential(Exponential { factor, every }).try_into()
    }
}

impl Curve for Exponential {
    fn check(&self) -> Result<()> {
        lowering("factor of an exponential", self.factor)?;
        positive("steps per factor of an exponential", self.every)
    }

    fn at(&self, step: u64) -> f64 {
        libm::pow(self.factor, (step - 1) as f64 / self.every as f64)
    }

    fn bounds(&self) -> (f64, f64) {
        (0.0, 1.0)
    }
}

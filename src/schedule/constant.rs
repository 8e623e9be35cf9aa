//! The same number at every step.

use super::Schedule;
use super::check::finite;
use super::kind::{Curve, Kind};
use crate::error::Result;

#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(super) struct Constant {
    pub(super) value: f64,
}

impl Schedule {
    /// The same number at every step.
    ///
    /// ```text
    /// constant(0.6)
    /// 1 │
    ///   │
    ///   │************************************************************
    ///   │
    ///   │
    /// 0 │
    ///   └1─────────────────────────────────────────────────────────60
    /// ```
    ///
    /// # Errors
    /// [`Error::Hyperparameter`](crate::error::Error::Hyperparameter) unless `0 <= value < ∞`.
    ///
    /// ```
    /// use gradus::schedule::Schedule;
    ///
    /// assert_eq!(Schedule::constant(0.5)?.at(7), 0.5);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    pub fn constant(value: f64) -> Result<Self> {
        Kind::Constant(Constant { value }).try_into()
    }
}

impl Default for Schedule {
    fn default() -> Self {
        Self(Kind::Constant(Constant { value: 1.0 }))
    }
}

impl Curve for Constant {
    fn check(&self) -> Result<()> {
        finite("value of a constant", self.value)
    }

    fn at(&self, _: u64) -> f64 {
        self.value
    }

    fn bounds(&self) -> (f64, f64) {
        (self.value, self.value)
    }
}

//! Falls by a factor at a time.

use super::Schedule;
use super::check::{lowering, positive, require};
use super::kind::{Curve, Kind};
use crate::error::Result;

#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(super) struct Staircase {
    factor: f64,
    every: u64,
}

#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(super) struct Milestones {
    factor: f64,
    after: Vec<u64>,
}

impl Schedule {
    /// 1 for `every` steps, then `factor` for as many, then `factor`², and so on without an end.
    ///
    /// ```text
    /// staircase(0.5, 15)
    /// 1 │***************
    ///   │
    ///   │
    ///   │               ***************
    ///   │                              ******************************
    /// 0 │
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
    /// let staircase = Schedule::staircase(0.5, 10)?;
    /// assert_eq!([1, 10, 11, 20, 21].map(|step| staircase.at(step)), [1.0, 1.0, 0.5, 0.5, 0.25]);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    pub fn staircase(factor: f64, every: u64) -> Result<Self> {
        Kind::Staircase(Staircase { factor, every }).try_into()
    }

    /// 1 at first, and multiplied by `factor` after each of the steps in `after`.
    ///
    /// He et al., *Deep Residual Learning*, 2015, <https://arxiv.org/abs/1512.03385>: a tenth after
    /// 32 000 and again after 48 000 steps. A milestone is the number of steps that are over by then, so
    /// it is the last step with the old value.
    ///
    /// ```text
    /// milestones(0.5, [30, 50])
    /// 1 │******************************
    ///   │
    ///   │
    ///   │                              ********************
    ///   │                                                  **********
    /// 0 │
    ///   └1─────────────────────────────────────────────────────────60
    /// ```
    ///
    /// # Errors
    /// [`Error::Hyperparameter`](crate::error::Error::Hyperparameter) unless `0 < factor <= 1`, and
    /// unless each milestone is at least 1 and larger than the one before it.
    ///
    /// ```
    /// use gradus::schedule::Schedule;
    ///
    /// let milestones = Schedule::milestones(0.1, [30, 60])?;
    /// assert_eq!([1, 30, 31, 60].map(|step| milestones.at(step)), [1.0, 1.0, 0.1, 0.1]);
    /// assert!((milestones.at(61) - 0.01).abs() < 1e-17);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    pub fn milestones(factor: f64, after: impl IntoIterator<Item = u64>) -> Result<Self> {
        Kind::Milestones(Milestones { factor, after: after.into_iter().collect() }).try_into()
    }
}

impl Curve for Staircase {
    fn check(&self) -> Result<()> {
        lowering("factor of a staircase", self.factor)?;
        positive("width of a stair", self.every)
    }

    fn at(&self, step: u64) -> f64 {
        libm::pow(self.factor, ((step - 1) / self.every) as f64)
    }

    fn bounds(&self) -> (f64, f64) {
        (0.0, 1.0)
    }
}

impl Curve for Milestones {
    fn check(&self) -> Result<()> {
        lowering("factor of milestones", self.factor)?;
        let mut before = 0;
        for &milestone in &self.after {
            let allowed = "1 <= value, and more than the milestone before it";
            require(milestone > before, "milestone", milestone as f64, allowed)?;
            before = milestone;
        }
        Ok(())
    }

    fn at(&self, step: u64) -> f64 {
        let passed = self.after.partition_point(|milestone| *milestone < step);
        (0..passed).map(|_| self.factor).product()
    }

    fn bounds(&self) -> (f64, f64) {
        (self.at(u64::MAX), 1.0)
    }
}

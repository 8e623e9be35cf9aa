//! Constant, and at the end down to zero.

use super::Schedule;
use super::check::{lowering, require};
use super::kind::{Curve, Kind};
use crate::error::Result;

/// Arguments of [`Schedule::cool_down`]. [`CoolDown::over`] gives the usual ones.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct CoolDown {
    /// n, the length of the training in steps: `2 <= steps`.
    pub steps: u64,
    /// The share of the steps during which the value falls: `0 < share <= 1`.
    pub share: f64,
}

impl CoolDown {
    /// Down to zero during the last tenth of the steps.
    ///
    /// ```
    /// use gradus::schedule::CoolDown;
    ///
    /// assert_eq!(CoolDown::over(1000), CoolDown { steps: 1000, share: 0.1 });
    /// ```
    pub fn over(steps: u64) -> Self {
        Self { steps, share: 0.1 }
    }
}

impl Schedule {
    /// min(1, (n − t)/(share·n)) at step t: 1, and in the last share of the steps straight down to 0 at
    /// step n and ever after.
    ///
    /// The advice for SM3: Anil et al., *Memory-Efficient Adaptive Optimization*, 2019,
    /// <https://arxiv.org/abs/1901.11150>. Step 1 is 1 for every share; a share of 1 is a linear
    /// [`decay`](Self::decay) from 1 to 0.
    ///
    /// ```text
    /// CoolDown { steps: 60, share: 0.3 }
    /// 1 │*******************************************
    ///   │                                           ****
    ///   │                                               ***
    ///   │                                                  ****
    ///   │                                                      ****
    /// 0 │                                                          **
    ///   └1─────────────────────────────────────────────────────────60
    /// ```
    ///
    /// # Errors
    /// [`Error::Hyperparameter`](crate::error::Error::Hyperparameter) outside the ranges that
    /// [`CoolDown`] gives.
    ///
    /// ```
    /// use gradus::schedule::{CoolDown, Schedule};
    ///
    /// let schedule = Schedule::cool_down(CoolDown::over(100))?;
    /// assert_eq!([1, 90, 95, 100, 101].map(|step| schedule.at(step)), [1.0, 1.0, 0.5, 0.0, 0.0]);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    pub fn cool_down(cool_down: CoolDown) -> Result<Self> {
        Kind::CoolDown(cool_down).try_into()
    }
}

impl Curve for CoolDown {
    fn check(&self) -> Result<()> {
        require(self.steps >= 2, "length before a cool-down ends", self.steps as f64, "2 <= value")?;
        lowering("share of a cool-down", self.share)
    }

    fn at(&self, step: u64) -> f64 {
        let left = self.steps.saturating_sub(step) as f64;
        // The fall cannot begin before step 1.
        let falling = (self.share * self.steps as f64).min((self.steps - 1) as f64);
        (left / falling).min(1.0)
    }

    fn bounds(&self) -> (f64, f64) {
        (0.0, 1.0)
    }
}

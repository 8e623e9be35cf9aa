//! From small to 1 at the beginning of a training.

use super::Schedule;
use super::form::share;
use super::kind::{Curve, Kind};
use crate::error::Result;

/// How a warm-up rises, given the share x of it that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Rise {
    /// x. Goyal et al., *Accurate, Large Minibatch SGD*, 2017, <https://arxiv.org/abs/1706.02677>.
    Linear,
    /// x². The advice of Anil et al., *Memory-Efficient Adaptive Optimization* (SM3), 2019,
    /// <https://arxiv.org/abs/1901.11150>.
    Quadratic,
}

/// Which share x of a warm-up over n steps is over at the 1-based step t: packages disagree by one.
///
/// | | n = 4, t = 1 | 2 | 3 | 4 | 5 |
/// |---|---|---|---|---|---|
/// | [`StepOverN`](Self::StepOverN) | 1/4 | 2/4 | 3/4 | 1 | 1 |
/// | [`StepOverNPlus1`](Self::StepOverNPlus1) | 1/5 | 2/5 | 3/5 | 4/5 | 1 |
/// | [`StepMinusOneOverN`](Self::StepMinusOneOverN) | 0 | 1/4 | 2/4 | 3/4 | 1 |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Count {
    /// t/n while t < n: step n is the first at full strength.
    StepOverN,
    /// t/max(t, n + 1): n steps stay below full strength.
    StepOverNPlus1,
    /// min((t − 1)/n, 1): as with steps counted from 0. The first step moves nothing.
    StepMinusOneOverN,
}

#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(super) struct WarmUp {
    steps: u64,
    rise: Rise,
    count: Count,
}

impl Schedule {
    /// A rise to 1 over `steps` steps, and 1 from then on. Over 0 steps it is 1 at once.
    ///
    /// [`Rise`] says along which line, [`Count`] at which step exactly it is over.
    ///
    /// ```text
    /// warm_up(50, Rise::Linear, Count::StepOverN)
    /// 1 │                                            ****************
    ///   │                                   *********
    ///   │                         **********
    ///   │               **********
    ///   │     **********
    /// 0 │*****
    ///   └1─────────────────────────────────────────────────────────60
    /// ```
    ///
    /// ```text
    /// warm_up(50, Rise::Quadratic, Count::StepOverN)
    /// 1 │                                               *************
    ///   │                                         ******
    ///   │                                   ******
    ///   │                           ********
    ///   │               ************
    /// 0 │***************
    ///   └1─────────────────────────────────────────────────────────60
    /// ```
    ///
    /// To have another schedule warmed up, take the [`product`](Self::product) of the two, or one after
    /// the other as a [`sequence`](Self::sequence).
    ///
    /// ```
    /// use gradus::schedule::{Count, Rise, Schedule};
    ///
    /// let linear = Schedule::warm_up(4, Rise::Linear, Count::StepOverN);
    /// assert_eq!([1, 2, 3, 4, 5].map(|step| linear.at(step)), [0.25, 0.5, 0.75, 1.0, 1.0]);
    /// let quadratic = Schedule::warm_up(4, Rise::Quadratic, Count::StepMinusOneOverN);
    /// assert_eq!([1, 2, 3, 4, 5].map(|step| quadratic.at(step)), [0.0, 0.0625, 0.25, 0.5625, 1.0]);
    /// ```
    pub fn warm_up(steps: u64, rise: Rise, count: Count) -> Self {
        Self(Kind::WarmUp(WarmUp { steps, rise, count }))
    }
}

impl Curve for WarmUp {
    fn check(&self) -> Result<()> {
        Ok(())
    }

    fn at(&self, step: u64) -> f64 {
        let over = match self.count {
            Count::StepOverN => share(step, self.steps),
            Count::StepOverNPlus1 => share(step, self.steps.saturating_add(1)),
            Count::StepMinusOneOverN => share(step - 1, self.steps),
        };
        match self.rise {
            Rise::Linear => over,
            Rise::Quadratic => over * over,
        }
    }

    fn bounds(&self) -> (f64, f64) {
        (self.at(1), 1.0)
    }
}

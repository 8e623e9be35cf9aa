//! From a start to an end over a number of steps.

use super::Schedule;
use super::check::require;
use super::form::{Form, share};
use super::kind::{Curve, Kind};
use crate::error::Result;

#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(super) struct Decay {
    form: Form,
    start: f64,
    end: f64,
    steps: u64,
}

impl Schedule {
    /// `start` at step 1, `end` at step `steps` and ever after, and between them the line of a [`Form`],
    /// of which the share (t − 1)/(`steps` − 1) is over at step t.
    ///
    /// ```text
    /// decay(Form::Cosine, 1.0, 0.2, 50)
    /// 1 │************
    ///   │            *********
    ///   │                     ********
    ///   │                             *********
    ///   │                                      **********************
    /// 0 │
    ///   └1─────────────────────────────────────────────────────────60
    /// ```
    ///
    /// ```text
    /// decay(Form::Linear, 1.0, 0.2, 50)
    /// 1 │*******
    ///   │       ************
    ///   │                   ************
    ///   │                               ************
    ///   │                                           *****************
    /// 0 │
    ///   └1─────────────────────────────────────────────────────────60
    /// ```
    ///
    /// ```text
    /// decay(Form::Polynomial { power: 3.0 }, 1.0, 0.2, 50)
    /// 1 │***
    ///   │   *****
    ///   │        ******
    ///   │              ***********
    ///   │                         ***********************************
    /// 0 │
    ///   └1─────────────────────────────────────────────────────────60
    /// ```
    ///
    /// # Errors
    /// [`Error::Hyperparameter`](crate::error::Error::Hyperparameter) unless `2 <= steps`, both ends
    /// satisfy `0 <= value < ∞`, or `0 < value` for [`Form::Geometric`], and the power of a
    /// [`Form::Polynomial`] satisfies `0 < power < ∞`.
    ///
    /// ```
    /// use gradus::schedule::{Form, Schedule};
    ///
    /// let cosine = Schedule::decay(Form::Cosine, 1.0, 0.5, 101)?;
    /// assert_eq!([1, 51, 101, 102, 201].map(|step| cosine.at(step)), [1.0, 0.75, 0.5, 0.5, 0.5]);
    /// let square = Schedule::decay(Form::Polynomial { power: 2.0 }, 1.0, 0.0, 5)?;
    /// assert_eq!([1, 2, 3, 4, 5].map(|step| square.at(step)), [1.0, 0.5625, 0.25, 0.0625, 0.0]);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    pub fn decay(form: Form, start: f64, end: f64, steps: u64) -> Result<Self> {
        Kind::Decay(Decay { form, start, end, steps }).try_into()
    }
}

impl Curve for Decay {
    fn check(&self) -> Result<()> {
        require(self.steps >= 2, "length of a decay", self.steps as f64, "2 <= value")?;
        self.form.check(("start of a decay", self.start), ("end of a decay", self.end))
    }

    fn at(&self, step: u64) -> f64 {
        self.form.between(self.start, self.end, share(step - 1, self.steps - 1))
    }

    fn bounds(&self) -> (f64, f64) {
        (self.start.min(self.end), self.start.max(self.end))
    }
}

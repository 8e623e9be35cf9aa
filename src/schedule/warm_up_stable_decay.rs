//! Up, along, and down.

use super::Schedule;
use super::check::{positive, require};
use super::form::{Form, share};
use super::kind::{Curve, Kind};
use crate::error::Result;

/// Arguments of [`Schedule::warm_up_stable_decay`]: the steps of each phase, and how the last one falls.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct WarmUpStableDecay {
    /// w, the steps of the linear rise; 0 for none.
    pub warm_up: u64,
    /// s, the steps at 1 after that. `1 <= warm_up + stable`.
    pub stable: u64,
    /// d, the steps from there to the end: `1 <= decay`.
    pub decay: u64,
    /// The line of the decay.
    pub form: Form,
    /// The end value: `0 <= end <= 1`, and more than 0 for [`Form::Geometric`].
    pub end: f64,
}

impl Schedule {
    /// t/w up to step w, 1 up to step w + s, then down to the end at step w + s + d and ever after.
    ///
    /// The stable phase can be prolonged while a training runs, as all its values are the same.
    /// Hu et al., *MiniCPM*, 2024, <https://arxiv.org/abs/2404.06395>, section 4. For another
    /// [`Count`](super::Count) of the warm-up, take the [`product`](Self::product) with one.
    ///
    /// ```text
    /// WarmUpStableDecay { warm_up: 10, stable: 20, decay: 20, form: Form::OneMinusRoot, end: 0.0 }
    /// 1 │        **********************
    ///   │       *                      *
    ///   │     **                        ***
    ///   │   **                             *****
    ///   │ **                                    *******
    /// 0 │*                                             **************
    ///   └1─────────────────────────────────────────────────────────60
    /// ```
    ///
    /// # Errors
    /// [`Error::Hyperparameter`](crate::error::Error::Hyperparameter) outside the ranges that
    /// [`WarmUpStableDecay`] gives.
    ///
    /// ```
    /// use gradus::schedule::{Form, Schedule, WarmUpStableDecay};
    ///
    /// let phases = WarmUpStableDecay { warm_up: 10, stable: 70, decay: 20, form: Form::OneMinusRoot, end: 0.0 };
    /// let schedule = Schedule::warm_up_stable_decay(phases)?;
    /// assert_eq!([1, 10, 80, 85, 100, 101].map(|step| schedule.at(step)), [0.1, 1.0, 1.0, 0.5, 0.0, 0.0]);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    pub fn warm_up_stable_decay(phases: WarmUpStableDecay) -> Result<Self> {
        Kind::WarmUpStableDecay(phases).try_into()
    }
}

impl Curve for WarmUpStableDecay {
    fn check(&self) -> Result<()> {
        positive("warm-up and stable steps before a decay", self.warm_up.saturating_add(self.stable))?;
        positive("decay after the stable steps", self.decay)?;
        let end = ("end after the stable steps", self.end);
        self.form.check(("stable value", 1.0), end)?;
        require(self.end <= 1.0, end.0, end.1, "0 <= value <= 1")
    }

    fn at(&self, step: u64) -> f64 {
        if step < self.warm_up {
            return share(step, self.warm_up);
        }
        let beyond = (step - self.warm_up).saturating_sub(self.stable);
        self.form.between(1.0, self.end, share(beyond, self.decay))
    }

    fn bounds(&self) -> (f64, f64) {
        (self.at(1).min(self.end), 1.0)
    }
}

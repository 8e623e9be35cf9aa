//! Up to a peak and down below where it began.

use super::Schedule;
use super::check::require;
use super::form::{Form, share};
use super::kind::{Curve, Kind};
use crate::error::Result;

/// Arguments of [`Schedule::one_cycle`]. [`OneCycle::over`] gives the usual ones.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct OneCycle {
    /// n, the length of the whole cycle in steps: `3 <= steps`.
    pub steps: u64,
    /// The step with the value 1: `2 <= peak < steps`.
    pub peak: u64,
    /// How many times smaller than the peak step 1 is: `1 <= initial_divisor < ∞`.
    pub initial_divisor: f64,
    /// How many times smaller than step 1 the last step is: `1 <= final_divisor < ∞`.
    pub final_divisor: f64,
    /// The line of the rise and of the fall. [`Form::Cosine`] and [`Form::Linear`] are usual.
    pub form: Form,
}

impl OneCycle {
    /// The peak after 30 % of the steps, divisors 25 and 10 000, cosines: torch's defaults.
    ///
    /// ```
    /// use gradus::schedule::OneCycle;
    ///
    /// assert_eq!(OneCycle::over(1000).peak, 300);
    /// ```
    pub fn over(steps: u64) -> Self {
        let peak = (steps / 10 * 3 + steps % 10 * 3 / 10).max(2);
        Self { steps, peak, initial_divisor: 25.0, final_divisor: 1e4, form: Form::Cosine }
    }
}

impl Schedule {
    /// From 1/`initial_divisor` at step 1 up to 1 at step `peak`, then down to
    /// 1/(`initial_divisor`·`final_divisor`) at step n and ever after.
    ///
    /// Smith, Topin, *Super-Convergence*, 2017, <https://arxiv.org/abs/1708.07120>. The paper lets the
    /// momentum fall and rise against it; that is a second schedule.
    ///
    /// ```text
    /// OneCycle::over(60)
    /// 1 │              ************
    ///   │           ***            *******
    ///   │         **                      ******
    ///   │      ***                              *****
    ///   │   ***                                      *******
    /// 0 │***                                                *********
    ///   └1─────────────────────────────────────────────────────────60
    /// ```
    ///
    /// # Errors
    /// [`Error::Hyperparameter`](crate::error::Error::Hyperparameter) outside the ranges that
    /// [`OneCycle`] gives.
    ///
    /// ```
    /// use gradus::schedule::{Form, OneCycle, Schedule};
    ///
    /// let schedule = Schedule::one_cycle(OneCycle { form: Form::Linear, ..OneCycle::over(100) })?;
    /// assert_eq!([1, 30, 100, 101].map(|step| schedule.at(step)), [0.04, 1.0, 4e-6, 4e-6]);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    pub fn one_cycle(cycle: OneCycle) -> Result<Self> {
        Kind::OneCycle(cycle).try_into()
    }
}

impl OneCycle {
    fn initial(&self) -> f64 {
        1.0 / self.initial_divisor
    }

    fn last(&self) -> f64 {
        1.0 / (self.initial_divisor * self.final_divisor)
    }
}

impl Curve for OneCycle {
    fn check(&self) -> Result<()> {
        require(self.steps >= 3, "length of a cycle", self.steps as f64, "3 <= value")?;
        let inside = (2..self.steps).contains(&self.peak);
        require(inside, "peak of a cycle", self.peak as f64, "2 <= value < length of the cycle")?;
        for (name, value) in
            [("initial divisor", self.initial_divisor), ("final divisor", self.final_divisor)]
        {
            require((1.0..f64::INFINITY).contains(&value), name, value, "1 <= value < ∞")?;
        }
        self.form.check(
            ("value of a cycle's first step", self.initial()),
            ("value of a cycle's last step", self.last()),
        )
    }

    fn at(&self, step: u64) -> f64 {
        if step <= self.peak {
            self.form.between(self.initial(), 1.0, share(step - 1, self.peak - 1))
        } else {
            self.form.between(1.0, self.last(), share(step - self.peak, self.steps - self.peak))
        }
    }

    fn bounds(&self) -> (f64, f64) {
        (self.last(), 1.0)
    }
}

//! Several schedules at the same step.

use super::Schedule;
use super::check::{finite, positive, require};
use super::kind::{Curve, Kind};
use crate::error::Result;

#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(super) struct Product {
    of: Vec<Schedule>,
}

#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(super) struct Minimum {
    of: Vec<Schedule>,
}

impl Schedule {
    /// The product of all values at the same step: a warm-up of anything, for example.
    ///
    /// ```text
    /// product([warm_up(20, ..), decay(Form::Cosine, 1.0, 0.0, 60)])
    /// 1 │
    ///   │                ******
    ///   │          ******      ********
    ///   │      ****                    ********
    ///   │  ****                                *********
    /// 0 │**                                             *************
    ///   └1─────────────────────────────────────────────────────────60
    /// ```
    ///
    /// # Errors
    /// [`Error::Hyperparameter`](crate::error::Error::Hyperparameter) for a product of nothing, and if
    /// the largest values of all could overflow together.
    ///
    /// ```
    /// use gradus::schedule::{Count, Form, Rise, Schedule};
    ///
    /// let warm_up = Schedule::warm_up(2, Rise::Linear, Count::StepOverN);
    /// let product = Schedule::product([warm_up, Schedule::decay(Form::Linear, 1.0, 0.0, 5)?])?;
    /// assert_eq!([1, 2, 3, 4, 5].map(|step| product.at(step)), [0.5, 0.75, 0.5, 0.25, 0.0]);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    pub fn product(of: impl IntoIterator<Item = Self>) -> Result<Self> {
        Kind::Product(Product { of: of.into_iter().collect() }).try_into()
    }

    /// The smallest of all values at the same step.
    ///
    /// ```text
    /// minimum([constant(0.6), inverse_square_root(10)])
    /// 1 │
    ///   │
    ///   │     **********************************
    ///   │   **                                  *********************
    ///   │ **
    /// 0 │*
    ///   └1─────────────────────────────────────────────────────────60
    /// ```
    ///
    /// # Errors
    /// [`Error::Hyperparameter`](crate::error::Error::Hyperparameter) for a minimum of nothing.
    ///
    /// ```
    /// use gradus::schedule::{Form, Schedule};
    ///
    /// let rise = Schedule::decay(Form::Linear, 0.0, 1.0, 5)?;
    /// let minimum = Schedule::minimum([rise, Schedule::constant(0.6)?])?;
    /// assert_eq!([1, 2, 3, 4, 5].map(|step| minimum.at(step)), [0.0, 0.25, 0.5, 0.6, 0.6]);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    pub fn minimum(of: impl IntoIterator<Item = Self>) -> Result<Self> {
        Kind::Minimum(Minimum { of: of.into_iter().collect() }).try_into()
    }

    /// Every value times a number: the product with a constant.
    ///
    /// # Errors
    /// [`Error::Hyperparameter`](crate::error::Error::Hyperparameter) unless `0 <= scale < ∞`, and if
    /// the largest value could overflow.
    ///
    /// ```
    /// use gradus::schedule::Schedule;
    ///
    /// assert_eq!(Schedule::staircase(0.5, 10)?.scaled(3.0)?.at(11), 1.5);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    pub fn scaled(self, scale: f64) -> Result<Self> {
        finite("scale of a schedule", scale)?;
        Self::product([Self::constant(scale)?, self])
    }
}

impl Curve for Product {
    fn check(&self) -> Result<()> {
        positive("number of schedules in a product", self.of.len() as u64)?;
        let mut largest = 1.0;
        for schedule in &self.of {
            // A later factor of 0 does not help: infinity times 0 is no number.
            largest *= schedule.bounds().end();
            require(largest < f64::INFINITY, "largest value of a product", largest, "value < ∞")?;
        }
        Ok(())
    }

    fn at(&self, step: u64) -> f64 {
        self.of.iter().map(|schedule| schedule.at(step)).product()
    }

    // Multiplied in the order of `at`: rounding is monotone, so no value can leave these bounds.
    fn bounds(&self) -> (f64, f64) {
        let all = self.of.iter().map(|schedule| schedule.0.curve().bounds());
        all.fold((1.0, 1.0), |product, bounds| (product.0 * bounds.0, product.1 * bounds.1))
    }
}

impl Curve for Minimum {
    fn check(&self) -> Result<()> {
        positive("number of schedules in a minimum", self.of.len() as u64)
    }

    fn at(&self, step: u64) -> f64 {
        self.of.iter().map(|schedule| schedule.at(step)).fold(f64::INFINITY, f64::min)
    }

    fn bounds(&self) -> (f64, f64) {
        let all = self.of.iter().map(|schedule| schedule.0.curve().bounds());
        all.fold((f64::INFINITY, f64::INFINITY), |low, bounds| (low.0.min(bounds.0), low.1.min(bounds.1)))
    }
}

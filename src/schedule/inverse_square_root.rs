//! The schedule of the first transformers.

use super::Schedule;
use super::check::positive;
use super::form::share;
use super::kind::{Curve, Kind};
use crate::error::Result;

#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(super) struct InverseSquareRoot {
    warm_up: u64,
}

impl Schedule {
    /// min(t/w, √(w/t)) at step t, where w is `warm_up`: a straight rise to 1 at step w, then ever slower
    /// down, without an end.
    ///
    /// Vaswani et al., *Attention Is All You Need*, 2017, <https://arxiv.org/abs/1706.03762>,
    /// equation 3, divided by its value at the peak, which is 1/√(d·w) for the model size d.
    ///
    /// ```text
    /// inverse_square_root(10)
    /// 1 │        ****
    ///   │       *    ********
    ///   │     **             *******************
    ///   │   **                                  *********************
    ///   │ **
    /// 0 │*
    ///   └1─────────────────────────────────────────────────────────60
    /// ```
    ///
    /// # Errors
    /// [`Error::Hyperparameter`](crate::error::Error::Hyperparameter) unless `1 <= warm_up`.
    ///
    /// ```
    /// use gradus::schedule::Schedule;
    ///
    /// let schedule = Schedule::inverse_square_root(100)?;
    /// assert_eq!([1, 50, 100, 400, 10_000].map(|step| schedule.at(step)), [0.01, 0.5, 1.0, 0.5, 0.1]);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    pub fn inverse_square_root(warm_up: u64) -> Result<Self> {
        Kind::InverseSquareRoot(InverseSquareRoot { warm_up }).try_into()
    }
}

impl Curve for InverseSquareRoot {
    fn check(&self) -> Result<()> {
        positive("warm-up of an inverse square root", self.warm_up)
    }

    fn at(&self, step: u64) -> f64 {
        share(step, self.warm_up) * libm::sqrt(share(self.warm_up, step))
    }

    fn bounds(&self) -> (f64, f64) {
        (0.0, 1.0)
    }
}

//! ε: what keeps a denominator from zero.

use super::Tunable;
use crate::error::{Error, Result};

/// How a denominator is kept away from zero.
///
/// ```
/// use gradus::hyperparameter::Epsilon;
///
/// let (added, floor) = (Epsilon::added(1e-8)?, Epsilon::floor(1e-8)?);
/// assert_ne!(added, floor);
/// assert!(Epsilon::added(-1.0).is_err());
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epsilon {
    pub(crate) added: f64,
    pub(crate) floor: f64,
}

impl Epsilon {
    /// √v + ε, with `0 <= ε < ∞`: torch and optimi.
    ///
    /// # Errors
    /// [`Error::Hyperparameter`] outside the range.
    pub fn added(epsilon: f64) -> Result<Self> {
        Ok(Self { added: Self::valid(epsilon)?, floor: 0.0 })
    }

    /// max(√v, ε), with `0 <= ε < ∞`: HeavyBall, and the paper of ADOPT.
    ///
    /// # Errors
    /// [`Error::Hyperparameter`] outside the range.
    pub fn floor(epsilon: f64) -> Result<Self> {
        Ok(Self { added: 0.0, floor: Self::valid(epsilon)? })
    }

    fn valid(value: f64) -> Result<f64> {
        if (0.0..f64::INFINITY).contains(&value) {
            Ok(value)
        } else {
            Err(Error::Hyperparameter { name: "epsilon", value, allowed: "0 <= value < ∞" })
        }
    }
}

/// ε; its form stays.
impl Tunable for Epsilon {
    fn number(&self) -> f64 {
        self.added.max(self.floor)
    }

    fn set(&mut self, number: f64) -> Result<()> {
        *self = if self.floor > 0.0 { Self::floor(number)? } else { Self::added(number)? };
        Ok(())
    }
}

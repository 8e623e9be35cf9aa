//! λ: how strong weight decay is, and which elements it acts on.

use super::Tunable;
use crate::error::{Error, Result};

/// λ, the strength of weight decay: `0 <= value < ∞`; and where it acts.
///
/// ```
/// use gradus::hyperparameter::Coefficient;
///
/// assert!(Coefficient::new(-0.1).is_err());
/// assert_eq!(Coefficient::new(0.1)?.cautious().get(), 0.1);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Coefficient {
    value: f64,
    elements: DecayedElements,
}

/// Which elements weight decay acts on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum DecayedElements {
    /// All of them.
    #[default]
    All,
    /// Those that the update, without decay, moves towards zero: where update and parameter are
    /// both negative, or neither is.
    ///
    /// Chen et al., *Cautious Weight Decay*, 2025, <https://arxiv.org/abs/2510.12402>.
    Agreeing,
}

impl Coefficient {
    /// Checks the range; acts on all elements.
    ///
    /// # Errors
    /// [`Error::Hyperparameter`] outside the range, and for NaN.
    pub fn new(value: f64) -> Result<Self> {
        if (0.0..f64::INFINITY).contains(&value) {
            Ok(Self { value, elements: DecayedElements::All })
        } else {
            Err(Error::Hyperparameter { name: "weight decay", value, allowed: "0 <= value < ∞" })
        }
    }

    /// The same strength, only where the update moves the parameter towards zero anyway.
    #[must_use]
    pub const fn cautious(self) -> Self {
        Self { elements: DecayedElements::Agreeing, ..self }
    }

    /// The number.
    pub const fn get(self) -> f64 {
        self.value
    }

    /// Which elements it acts on.
    pub const fn elements(self) -> DecayedElements {
        self.elements
    }

    /// A default that its author has checked against the range.
    pub(crate) const fn checked(value: f64) -> Self {
        assert!(value >= 0.0 && value < f64::INFINITY);
        Self { value, elements: DecayedElements::All }
    }
}

/// λ; where it acts stays.
impl Tunable for Coefficient {
    fn number(&self) -> f64 {
        self.value
    }

    fn set(&mut self, number: f64) -> Result<()> {
        self.value = Self::new(number)?.value;
        Ok(())
    }
}

impl TryFrom<f64> for Coefficient {
    type Error = Error;

    fn try_from(value: f64) -> Result<Self> {
        Self::new(value)
    }
}

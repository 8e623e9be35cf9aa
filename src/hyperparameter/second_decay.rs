//! β₂: a number, or a schedule over the gradients of a parameter.

use super::{Decay, Tunable};
use crate::error::{Error, Result};

/// β₂, the weight of the old average of squares in the new one.
///
/// A [`Decay`] becomes one by itself: `second: Decay::new(0.95)?.into()`.
///
/// ```
/// use gradus::hyperparameter::{Decay, SecondDecay};
///
/// let constant = SecondDecay::from(Decay::new(0.5)?);
/// assert_eq!(constant.debiased_weight(2), 0.5 / 0.75);
///
/// let palm = SecondDecay::palm(0.8)?;
/// assert_eq!(palm.at(1), 0.0);
/// assert!((palm.at(100) - 0.97488).abs() < 1e-5);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SecondDecay {
    /// The same for every gradient.
    Constant(Decay),
    /// 1 − t^(−s) for the t-th gradient: the average grows longer with training.
    ///
    /// Chowdhery et al., *PaLM: Scaling Language Modeling with Pathways*, 2022,
    /// <https://arxiv.org/abs/2204.02311>, section 5.
    Palm(PalmExponent),
}

hyperparameter! {
    /// s of PaLM's β₂ = 1 − t^(−s): `0 < value <= 10`.
    ///
    /// ```
    /// use gradus::hyperparameter::PalmExponent;
    ///
    /// let error = PalmExponent::new(0.0).unwrap_err();
    /// assert_eq!(error.to_string(), "exponent of β₂ is 0, but must satisfy 0 < value <= 10");
    /// ```
    PalmExponent, "exponent of β₂", "0 < value <= 10", |value| value > 0.0 && value <= 10.0
}

impl SecondDecay {
    /// PaLM's: s = 0.8.
    pub const PALM: Self = Self::Palm(PalmExponent::checked(0.8));

    /// 1 − t^(−s).
    ///
    /// # Errors
    /// [`Error::Hyperparameter`] unless `0 < s <= 10`.
    pub fn palm(exponent: f64) -> Result<Self> {
        Ok(Self::Palm(PalmExponent::new(exponent)?))
    }

    /// A default that its author has checked against the range.
    pub(crate) const fn checked(value: f64) -> Self {
        Self::Constant(Decay::checked(value))
    }

    /// β₂ of the 1-based gradient `step`.
    pub fn at(self, step: u64) -> f64 {
        match self {
            Self::Constant(decay) => decay.get(),
            Self::Palm(exponent) => 1.0 - share(exponent, step),
        }
    }

    /// 1 − β̂₂(t), the weight of the newest square in an average that is stored debiased.
    pub fn debiased_weight(self, step: u64) -> f64 {
        self.debiased_weight_of(step, step)
    }

    /// As [`debiased_weight`](Self::debiased_weight), in an average of which the gradient `step` is
    /// the `count`-th: some rules spend their first gradient on something else.
    pub fn debiased_weight_of(self, count: u64, step: u64) -> f64 {
        match self {
            Self::Constant(decay) => decay.debiased_weight(count),
            Self::Palm(_) if count <= 1 => 1.0,
            Self::Palm(exponent) => {
                // 1 − βⁿ without the cancellation that a β near 1 brings.
                let newest = share(exponent, step);
                newest / -libm::expm1(count as f64 * libm::log1p(-newest))
            }
        }
    }
}

/// 1 − β₂.
fn share(exponent: PalmExponent, step: u64) -> f64 {
    libm::pow(step.max(1) as f64, -exponent.get())
}

impl From<Decay> for SecondDecay {
    fn from(decay: Decay) -> Self {
        Self::Constant(decay)
    }
}

impl TryFrom<f64> for SecondDecay {
    type Error = Error;

    fn try_from(value: f64) -> Result<Self> {
        Decay::new(value).map(Self::Constant)
    }
}

/// β₂, or s; the kind stays.
impl Tunable for SecondDecay {
    fn number(&self) -> f64 {
        match self {
            Self::Constant(decay) => decay.number(),
            Self::Palm(exponent) => exponent.number(),
        }
    }

    fn set(&mut self, number: f64) -> Result<()> {
        match self {
            Self::Constant(decay) => decay.set(number),
            Self::Palm(exponent) => exponent.set(number),
        }
    }
}

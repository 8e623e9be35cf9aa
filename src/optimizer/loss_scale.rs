//! Dynamic loss scaling: gradients that would vanish in a narrow format are computed larger.
//!
//! Micikevicius et al., *Mixed Precision Training*, 2017, <https://arxiv.org/abs/1710.03740>, §3.2.
//!
//! ```text
//! loss' = scale·loss                        by the user, before gradients are computed
//! g     = gradient'/scale                   in the pass that moves the parameters
//! a gradient is infinite or NaN:            the step is left out, scale ← scale·back-off
//! `interval` steps without one:             scale ← scale·growth
//! ```

use crate::error::{Error, Result};

/// How the scale of the loss follows the gradients. [`Default`] is torch's `GradScaler`.
///
/// All numbers are powers of two, so that scaling changes no bit but the exponent.
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::optimizer::{Build, LossScaling, Stepped};
/// use gradus::rule::Sgd;
/// use half::f16;
///
/// let mut parameters = [("x", vec![1.0f32])];
/// let scaling = LossScaling { start: 1024.0, ..LossScaling::default() };
/// let mut optimizer =
///     Sgd::default().gradients_in::<f16>().loss_scaling(scaling).build(Cpu::default(), &parameters)?;
///
/// // A gradient of 1e-8 would be 0 in f16; of the scaled loss it is 1e-8·1024.
/// let gradient = f16::from_f64(1e-8 * optimizer.loss_scale());
/// assert_eq!(optimizer.step(&mut parameters, &[("x", vec![gradient])])?, Stepped::Taken);
/// assert_eq!(optimizer.step(&mut parameters, &[("x", vec![f16::INFINITY])])?, Stepped::Skipped);
/// assert_eq!((optimizer.loss_scale(), optimizer.skipped(), optimizer.steps()), (512.0, 1, 1));
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct LossScaling {
    /// The scale at first. Default 2¹⁶.
    pub start: f64,
    /// What the scale is multiplied with after `interval` good steps. Default 2.
    pub growth: f64,
    /// What the scale is multiplied with after a bad step. Default ½.
    pub back_off: f64,
    /// How many good steps in a row make the scale larger. Default 2000.
    pub interval: u64,
    /// The smallest scale. Default 2⁻²⁴.
    pub smallest: f64,
    /// The largest scale. Default 2²⁴.
    pub largest: f64,
}

impl Default for LossScaling {
    fn default() -> Self {
        let power = |exponent| libm::scalbn(1.0, exponent);
        Self {
            start: power(16),
            growth: 2.0,
            back_off: 0.5,
            interval: 2000,
            smallest: power(-24),
            largest: power(24),
        }
    }
}

impl LossScaling {
    /// Refuses numbers that are out of range, as [`build`](super::Builder::build) would.
    ///
    /// # Errors
    /// [`Error::Hyperparameter`].
    pub fn check(self) -> Result<()> {
        LossScale::new(self).map(|_| ())
    }
}

/// A scale that follows the gradients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct LossScale {
    scaling: LossScaling,
    pub(super) scale: f64,
    /// Good steps since the scale changed.
    pub(super) good: u64,
}

impl LossScale {
    pub(super) fn new(scaling: LossScaling) -> Result<Self> {
        let LossScaling { start, growth, back_off, interval, smallest, largest } = scaling;
        let check = |name, value: f64, allowed, valid: bool| {
            let power_of_two = value > 0.0 && value.is_finite() && libm::frexp(value).0 == 0.5;
            let valid = valid && power_of_two;
            if valid { Ok(()) } else { Err(Error::Hyperparameter { name, value, allowed }) }
        };
        check("smallest loss scale", smallest, "a power of two", true)?;
        check("largest loss scale", largest, "a power of two, smallest <= value", smallest <= largest)?;
        let within = (smallest..=largest).contains(&start);
        check("loss scale", start, "a power of two, smallest <= value <= largest", within)?;
        check("growth of the loss scale", growth, "a power of two, 1 <= value", growth >= 1.0)?;
        check("back-off of the loss scale", back_off, "a power of two, value < 1", back_off < 1.0)?;
        if interval == 0 {
            let name = "growth interval of the loss scale";
            return Err(Error::Hyperparameter { name, value: 0.0, allowed: "1 <= value" });
        }
        Ok(Self { scaling, scale: start, good: 0 })
    }

    /// Refuses a scale that this one could not have come to.
    pub(super) fn accepts(&self, scale: f64) -> Result<()> {
        Self::new(LossScaling { start: scale, ..self.scaling }).map(|_| ())
    }

    pub(super) fn get(&self) -> f64 {
        self.scale
    }

    /// After a step with a gradient that is not finite.
    pub(super) fn back_off(&mut self) {
        self.scale = (self.scale * self.scaling.back_off).max(self.scaling.smallest);
        self.good = 0;
    }

    /// After a step that was taken.
    pub(super) fn grow(&mut self) {
        self.good += 1;
        if self.good >= self.scaling.interval {
            self.scale = (self.scale * self.scaling.growth).min(self.scaling.largest);
            self.good = 0;
        }
    }
}

//! How a value gets from one end to the other.

use super::check::{finite, require};
use crate::error::Result;
use core::f64::consts::PI;

/// The line along which a value gets from a start to an end, given the share x of the way that is over.
///
/// ```text
/// Cosine                 end + (start − end)·(1 + cos(π·x))/2
/// Linear                 end + (start − end)·(1 − x)
/// Polynomial { power }   end + (start − end)·(1 − x)^power
/// OneMinusRoot           end + (start − end)·(1 − √x)
/// Geometric              start^(1 − x)·end^x
/// ```
///
/// All of them may rise as well as fall.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", deny_unknown_fields))]
#[non_exhaustive]
pub enum Form {
    /// Half a wave: flat at both ends. Loshchilov, Hutter, *SGDR*, 2016, <https://arxiv.org/abs/1608.03983>.
    Cosine,
    /// A straight line. Defazio et al., *Optimal Linear Decay Learning Rate Schedules and Further
    /// Refinements*, 2023, <https://arxiv.org/abs/2310.07831>.
    Linear,
    /// A power of what is left of the way. Chen et al., *DeepLab*, 2016, with power 0.9,
    /// <https://arxiv.org/abs/1606.00915>.
    Polynomial {
        /// `0 < power < ∞`; 1 is a straight line, 2 is steep first and flat at the end.
        power: f64,
    },
    /// Steep at first. Hägele et al., *Scaling Laws and Compute-Optimal Training Beyond Fixed Training
    /// Durations*, 2024, <https://arxiv.org/abs/2405.18392>, as the decay after a long constant phase.
    OneMinusRoot,
    /// The same ratio from each step to the next. Both ends must be more than 0.
    Geometric,
}

/// The share `part`/`whole`, at most 1; exactly 1 for all of it and beyond, and if there is nothing.
pub(super) fn share(part: u64, whole: u64) -> f64 {
    if part >= whole { 1.0 } else { part as f64 / whole as f64 }
}

impl Form {
    /// Refuses ends between which there is no such line. The names are those of the ends.
    pub(super) fn check(self, start: (&'static str, f64), end: (&'static str, f64)) -> Result<()> {
        for (name, value) in [start, end] {
            match self {
                Self::Geometric => {
                    require(
                        value > 0.0 && value < f64::INFINITY,
                        name,
                        value,
                        "0 < value < ∞, to be geometric",
                    )?;
                }
                _ => finite(name, value)?,
            }
        }
        match self {
            Self::Polynomial { power } => {
                let holds = power > 0.0 && power < f64::INFINITY;
                require(holds, "power of a polynomial", power, "0 < value < ∞")
            }
            _ => Ok(()),
        }
    }

    /// The value after the share `over` of the way; exactly the ends at 0 and 1, and never beyond them.
    pub(super) fn between(self, start: f64, end: f64, over: f64) -> f64 {
        if over <= 0.0 {
            return start;
        }
        if over >= 1.0 {
            return end;
        }
        // Written from the end, so that small values near an end of 0 are accurate.
        let straight = |left: f64| end + (start - end) * left;
        let value = match self {
            Self::Cosine => straight((1.0 + libm::cos(PI * over)) / 2.0),
            Self::Linear => straight(1.0 - over),
            Self::Polynomial { power } => straight(libm::pow(1.0 - over, power)),
            Self::OneMinusRoot => straight(1.0 - libm::sqrt(over)),
            Self::Geometric => libm::pow(start, 1.0 - over) * libm::pow(end, over),
        };
        value.clamp(start.min(end), start.max(end))
    }
}

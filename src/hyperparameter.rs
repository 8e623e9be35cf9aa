//! Hyperparameters that cannot hold a bad value.

use crate::error::{Error, Result};

/// A hyperparameter that may change between two steps.
///
/// ```
/// use gradus::hyperparameter::{Decay, Tunable};
///
/// let mut decay = Decay::new(0.9)?;
/// assert!(decay.set(1.5).is_err());
/// assert_eq!(decay.number(), 0.9);
/// # Ok::<(), gradus::error::Error>(())
/// ```
pub trait Tunable {
    /// Its number.
    fn number(&self) -> f64;

    /// Replaces the number, or leaves it as it is.
    ///
    /// # Errors
    /// [`Error::Hyperparameter`] outside the range.
    fn set(&mut self, number: f64) -> Result<()>;
}

macro_rules! hyperparameter {
    ($(#[$doc:meta])* $name:ident, $says:literal, $allowed:literal, |$value:ident| $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
        pub struct $name(f64);

        #[allow(clippy::manual_range_contains, reason = "the range is a condition, NaN fails it")]
        impl $name {
            /// Checks the range.
            ///
            /// # Errors
            /// [`Error::Hyperparameter`] outside the range, and for NaN.
            pub fn new($value: f64) -> Result<Self> {
                if $valid {
                    Ok(Self($value))
                } else {
                    Err(Error::Hyperparameter { name: $says, value: $value, allowed: $allowed })
                }
            }

            /// The number.
            pub const fn get(self) -> f64 {
                self.0
            }

            /// A default that its author has checked against the range.
            pub(crate) const fn checked($value: f64) -> Self {
                assert!($valid);
                Self($value)
            }
        }

        impl Tunable for $name {
            fn number(&self) -> f64 {
                self.0
            }

            fn set(&mut self, number: f64) -> Result<()> {
                *self = Self::new(number)?;
                Ok(())
            }
        }

        impl TryFrom<f64> for $name {
            type Error = Error;

            fn try_from(value: f64) -> Result<Self> {
                Self::new(value)
            }
        }
    };
}

mod averaging;
mod coefficient;
mod epsilon;
mod second_decay;

pub use averaging::{Interpolation, Power};
pub use coefficient::{Coefficient, DecayedElements};
pub use epsilon::Epsilon;
pub use second_decay::{PalmExponent, SecondDecay};

hyperparameter! {
    /// γ, the step size: `0 <= value < ∞`. At 0 nothing moves, but averages go on.
    ///
    /// ```
    /// use gradus::hyperparameter::LearningRate;
    ///
    /// let error = LearningRate::new(f64::NAN).unwrap_err();
    /// assert_eq!(error.to_string(), "learning rate is NaN, but must satisfy 0 <= value < ∞");
    /// ```
    LearningRate, "learning rate", "0 <= value < ∞", |value| value >= 0.0 && value < f64::INFINITY
}

hyperparameter! {
    /// β, the weight of the old average in the new one: `0 <= value < 1`.
    ///
    /// ```
    /// use gradus::hyperparameter::Decay;
    ///
    /// assert_eq!(Decay::new(0.9)?.get(), 0.9);
    /// let error = Decay::new(1.0).unwrap_err();
    /// assert_eq!(error.to_string(), "decay rate is 1, but must satisfy 0 <= value < 1");
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    Decay, "decay rate", "0 <= value < 1", |value| value >= 0.0 && value < 1.0
}

hyperparameter! {
    /// The share of the gradient that a momentum leaves out: `0 <= value <= 1`.
    ///
    /// ```
    /// assert!(gradus::hyperparameter::Dampening::new(1.5).is_err());
    /// ```
    Dampening, "dampening", "0 <= value <= 1", |value| value >= 0.0 && value <= 1.0
}

hyperparameter! {
    /// c, what a clip lets through: `0 < value < ∞`.
    ///
    /// ```
    /// use gradus::hyperparameter::Limit;
    ///
    /// let error = Limit::new(0.0).unwrap_err();
    /// assert_eq!(error.to_string(), "clip limit is 0, but must satisfy 0 < value < ∞");
    /// ```
    Limit, "clip limit", "0 < value < ∞", |value| value > 0.0 && value < f64::INFINITY
}

hyperparameter! {
    /// What a divisor is at least: `1e-37 <= value < ∞`, hence not zero in any arithmetic.
    ///
    /// ```
    /// assert!(gradus::hyperparameter::Floor::new(0.0).is_err());
    /// ```
    Floor, "floor", "1e-37 <= value < ∞", |value| value >= 1e-37 && value < f64::INFINITY
}

hyperparameter! {
    /// The size of number at which a curve begins to bend: `1e-30 <= value <= 1e30`.
    ///
    /// ```
    /// assert!(gradus::hyperparameter::Scale::new(-1.5).is_err());
    /// ```
    Scale, "scale", "1e-30 <= value <= 1e30", |value| value >= 1e-30 && value <= 1e30
}

hyperparameter! {
    /// The share of the second of two: `0 <= value <= 1`.
    ///
    /// ```
    /// assert!(gradus::hyperparameter::Share::new(1.1).is_err());
    /// ```
    Share, "share", "0 <= value <= 1", |value| value >= 0.0 && value <= 1.0
}

hyperparameter! {
    /// μ or A, how strongly large numbers are compressed: `1 <= value <= 1e6`.
    ///
    /// ```
    /// assert!(gradus::hyperparameter::Compression::new(0.5).is_err());
    /// ```
    Compression, "compression", "1 <= value <= 1e6", |value| value >= 1.0 && value <= 1e6
}

hyperparameter! {
    /// γ of MARS, the strength of variance reduction: `0 <= value < 1`.
    ///
    /// ```
    /// assert!(gradus::hyperparameter::Reduction::new(1.0).is_err());
    /// ```
    Reduction, "variance reduction", "0 <= value < 1", |value| value >= 0.0 && value < 1.0
}

hyperparameter! {
    /// A number that is not negative: `0 <= value < ∞`.
    ///
    /// ```
    /// assert!(gradus::hyperparameter::Amount::new(-1.0).is_err());
    /// ```
    Amount, "amount", "0 <= value < ∞", |value| value >= 0.0 && value < f64::INFINITY
}

hyperparameter! {
    /// μ of PSGD, how far a fit goes: `0 <= value < 1`, below which factors stay invertible.
    ///
    /// ```
    /// assert!(gradus::hyperparameter::FitRate::new(1.0).is_err());
    /// ```
    FitRate, "fit rate", "0 <= value < 1", |value| value >= 0.0 && value < 1.0
}

impl Decay {
    /// 1 − β̂(t), the weight of the newest value in an average that is stored debiased:
    /// (1 − β) / (1 − βᵗ) for the 1-based number `step` of the value; exactly 1 for the first.
    ///
    /// ```
    /// use gradus::hyperparameter::Decay;
    ///
    /// let beta = Decay::new(0.5)?;
    /// assert_eq!(beta.debiased_weight(1), 1.0);
    /// assert_eq!(beta.debiased_weight(2), 0.5 / 0.75);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    pub fn debiased_weight(self, step: u64) -> f64 {
        if step <= 1 {
            return 1.0;
        }
        (1.0 - self.0) / (1.0 - libm::pow(self.0, step as f64))
    }
}

/// λ and what it is multiplied with.
///
/// All kinds are folded into the update before its one rounding, so that decay is never lost in a
/// narrow format. A coefficient of 0 switches decay off, for infinite parameters too.
///
/// ```
/// use gradus::hyperparameter::{LearningRate, WeightDecay};
///
/// let peak = LearningRate::new(1e-3)?;
/// let decay = WeightDecay::fully_decoupled(1e-5, peak)?;
/// assert_eq!(decay.per_learning_rate(), 1e-5 / 1e-3);
/// assert!(WeightDecay::decoupled(f64::INFINITY).is_err());
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum WeightDecay {
    /// g + λθ: part of the gradient, so averages and normalisation see it.
    L2(Coefficient),
    /// θ·(1 − γλ): beside the gradient, in step with the learning rate γ.
    Decoupled(Coefficient),
    /// θ·(1 − (γ/γ_max)·λ): beside the gradient, and independent of how large γ was chosen.
    FullyDecoupled {
        /// λ, the share of the parameter that one step at γ_max removes.
        coefficient: Coefficient,
        /// γ_max, greater than 0: the largest rate of the schedule.
        max_learning_rate: LearningRate,
    },
    /// θ·(1 − γ·(γ/γ_max)·λ): beside the gradient, and weaker than decoupled decay as γ falls, so
    /// that the norm of a normalised layer's weights stays where it is.
    ///
    /// Defazio, *Why Gradients Rapidly Increase Near the End of Training*, 2025,
    /// <https://arxiv.org/abs/2506.02285>.
    Corrected {
        /// λ, as in decoupled decay at γ_max.
        coefficient: Coefficient,
        /// γ_max, greater than 0: the largest rate of the schedule.
        max_learning_rate: LearningRate,
    },
}

impl WeightDecay {
    /// No decay.
    pub const NONE: Self = Self::Decoupled(Coefficient::checked(0.0));

    /// g + λθ.
    ///
    /// # Errors
    /// [`Error::Hyperparameter`] unless `0 <= λ < ∞`.
    pub fn l2(coefficient: f64) -> Result<Self> {
        Ok(Self::L2(Coefficient::new(coefficient)?))
    }

    /// θ·(1 − γλ).
    ///
    /// # Errors
    /// [`Error::Hyperparameter`] unless `0 <= λ < ∞`.
    pub fn decoupled(coefficient: f64) -> Result<Self> {
        Ok(Self::Decoupled(Coefficient::new(coefficient)?))
    }

    /// θ·(1 − (γ/γ_max)·λ). Without γ_max the ratio is undefined, so both are needed here.
    ///
    /// The learning rate no longer shrinks λ: 1e-3 or more is almost always a mistake, a usual
    /// value is the product of learning rate and λ of decoupled decay (1e-5).
    ///
    /// # Errors
    /// [`Error::Hyperparameter`] unless `0 <= λ < ∞` and `0 < γ_max`.
    pub fn fully_decoupled(coefficient: f64, max_learning_rate: LearningRate) -> Result<Self> {
        let coefficient = Coefficient::new(coefficient)?;
        let max_learning_rate = maximal(max_learning_rate)?;
        Ok(Self::FullyDecoupled { coefficient, max_learning_rate })
    }

    /// θ·(1 − γ·(γ/γ_max)·λ): AdamC.
    ///
    /// # Errors
    /// [`Error::Hyperparameter`] unless `0 <= λ < ∞` and `0 < γ_max`.
    pub fn corrected(coefficient: f64, max_learning_rate: LearningRate) -> Result<Self> {
        let coefficient = Coefficient::new(coefficient)?;
        let max_learning_rate = maximal(max_learning_rate)?;
        Ok(Self::Corrected { coefficient, max_learning_rate })
    }

    /// The same decay, only where the update moves the parameter towards zero anyway; see
    /// [`DecayedElements::Agreeing`].
    #[must_use]
    pub fn cautious(mut self) -> Self {
        let coefficient = self.coefficient_mut();
        *coefficient = coefficient.cautious();
        self
    }

    /// λ, whatever it is multiplied with.
    pub fn coefficient(self) -> Coefficient {
        match self {
            Self::L2(coefficient)
            | Self::Decoupled(coefficient)
            | Self::FullyDecoupled { coefficient, .. }
            | Self::Corrected { coefficient, .. } => coefficient,
        }
    }

    fn coefficient_mut(&mut self) -> &mut Coefficient {
        match self {
            Self::L2(coefficient)
            | Self::Decoupled(coefficient)
            | Self::FullyDecoupled { coefficient, .. }
            | Self::Corrected { coefficient, .. } => coefficient,
        }
    }

    /// What is added to the gradient, per unit of the parameter.
    pub fn per_gradient(self) -> f64 {
        match self {
            Self::L2(coefficient) => coefficient.get(),
            Self::Decoupled(_) | Self::FullyDecoupled { .. } | Self::Corrected { .. } => 0.0,
        }
    }

    /// What is added to the update before it is scaled by the learning rate, per unit of the
    /// parameter; [corrected](Self::Corrected) decay is not in it.
    pub fn per_learning_rate(self) -> f64 {
        match self {
            Self::L2(_) | Self::Corrected { .. } => 0.0,
            Self::Decoupled(coefficient) => coefficient.get(),
            Self::FullyDecoupled { coefficient, max_learning_rate } => {
                coefficient.get() / max_learning_rate.get()
            }
        }
    }

    /// What is added to the update before it is scaled by the learning rate, per unit of the
    /// parameter and of the learning rate: [corrected](Self::Corrected) decay.
    pub fn per_squared_learning_rate(self) -> f64 {
        match self {
            Self::L2(_) | Self::Decoupled(_) | Self::FullyDecoupled { .. } => 0.0,
            Self::Corrected { coefficient, max_learning_rate } => coefficient.get() / max_learning_rate.get(),
        }
    }
}

/// A rate that one can divide by.
fn maximal(learning_rate: LearningRate) -> Result<LearningRate> {
    let value = learning_rate.get();
    if value > 0.0 {
        Ok(learning_rate)
    } else {
        Err(Error::Hyperparameter { name: "maximal learning rate", value, allowed: "0 < value < ∞" })
    }
}

/// λ; its kind stays.
impl Tunable for WeightDecay {
    fn number(&self) -> f64 {
        self.coefficient().get()
    }

    fn set(&mut self, number: f64) -> Result<()> {
        self.coefficient_mut().set(number)
    }
}

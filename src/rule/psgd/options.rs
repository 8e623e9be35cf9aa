//! What preconditioners of PSGD are, and how they are fitted.

use super::Damping;
use crate::hyperparameter::{Amount, Scale};

/// What factors are, and by which rule they are fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum FactorGeometry {
    /// Upper triangles. Default.
    #[default]
    Triangular,
    /// Nearly symmetric squares, whose fit needs no solutions of equations: PSGD-PRO.
    Symmetric,
}

/// How triangular factors lie in memory. Results have the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum FactorStorage {
    /// Without the zeros: half the memory. Default.
    #[default]
    Packed,
    /// As squares.
    Square,
}

/// Whether QᵀQ is kept beside each factor Q that is not diagonal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum FactorProducts {
    /// It is not. Default.
    #[default]
    None,
    /// It is: n² numbers more for an axis of length n, and fast steps between fits.
    Kept,
}

/// How large a preconditioner is at first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FirstScale {
    /// The product of the factors is this times 1.
    Given(Scale),
    /// It is (scale·mean(g⁴)^(−⅛))ᵖ times 1, for the first gradient that is not 0: HeavyBall 3.
    FromGradient {
        /// What it is multiplied with before the power. Default 1.
        scale: Scale,
        /// p. Default ½.
        power: Amount,
    },
}

impl Default for FirstScale {
    fn default() -> Self {
        Self::FromGradient { scale: Scale::checked(1.0), power: Amount::checked(0.5) }
    }
}

/// What factors are fitted to, unless there is a Hessian-vector product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum FitTo {
    /// What the stages before have made of the gradient: its average. Default.
    #[default]
    Update,
    /// The gradient.
    Gradient,
}

/// Which factors a gradient is preconditioned with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Preconditioning {
    /// Those that it has been fitted to. Default.
    #[default]
    Fresh,
    /// Those from before: they do not depend on it.
    Delayed,
}

/// Whether damping stays in what is preconditioned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum DampingNoise {
    /// Only the fit sees it. Default.
    #[default]
    InFit,
    /// A fit to the update leaves it there: what kron_torch happens to do.
    InUpdate,
}

/// What the first gradient of a parameter does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum FirstFit {
    /// What all others do. Default.
    #[default]
    Moves,
    /// It only begins factors and averages: HeavyBall 1.
    OnlyBegins,
}

/// Damping, and where it stays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FitDamping {
    /// How much there is. Default: 1e-9, by element.
    pub amount: Damping,
    /// Where it stays. Default: in the fit.
    pub noise: DampingNoise,
}

impl Default for FitDamping {
    fn default() -> Self {
        Self { amount: Damping::ByElement(Amount::checked(1e-9)), noise: DampingNoise::InFit }
    }
}

//! What preconditioners of PSGD are, and how they are fitted.

use super::Damping;
use crate::dtype::NarrowFormat;
use crate::hyperparameter::{Amount, Scale};

/// What factors are, and by which rule they are fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum FactorGeometry {
    /// Upper triangles. Default.
    #[default]
    Triangular,
    /// Nearly symmetric squares, whose fit needs no solutions of equations: PSGD-PRO.
    Symmetric,
    /// The same, fitted in the same way, but an update meets Q instead of QᵀQ: QSGD. The lengths of its
    /// directions become their square roots instead of all the same, so an update is as large as the root of
    /// the gradient.
    SymmetricRoot,
}

/// How triangular factors lie in memory. Results have the same bits, unless they are
/// [rounded at random](FactorFormat).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum FactorStorage {
    /// Without the zeros: half the memory. Default.
    #[default]
    Packed,
    /// As squares.
    Square,
}

/// What factors are kept in between steps. Whatever it is, they are fitted and multiplied in the arithmetic
/// of the parameters.
///
/// A narrow factor is widened for a fit and for preconditioning, and rounded only when it has been fitted:
/// stochastically, from random bits of its own, so that the mean of what is kept is what was fitted. Nothing
/// else changes its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum FactorFormat {
    /// That of the arithmetic: `f32`, or `f64` for `f64` parameters. Default.
    #[default]
    Arithmetic,
    /// `bf16`: half the memory, and the range of `f32`.
    Bf16 {
        /// What the random bits start from.
        seed: u64,
    },
    /// `f16`: half the memory, and roundings an eighth as large; its numbers go from 6e-8 to 65504, which are
    /// gradients from 1e-9 to 1e8 in size.
    F16 {
        /// What the random bits start from.
        seed: u64,
    },
}

impl FactorFormat {
    /// The 16-bit format and what its random bits start from, if it is one.
    pub fn narrow(self) -> Option<(NarrowFormat, u64)> {
        match self {
            Self::Arithmetic => None,
            Self::Bf16 { seed } => Some((NarrowFormat::Bf16, seed)),
            Self::F16 { seed } => Some((NarrowFormat::F16, seed)),
        }
    }
}

/// Whether QᵀQ is kept beside each factor Q that is not diagonal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum FactorProducts {
    /// It is not. Default.
    #[default]
    None,
    /// It is: n² numbers more for an axis of length n, in the format of the arithmetic, and fast steps
    /// between fits.
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

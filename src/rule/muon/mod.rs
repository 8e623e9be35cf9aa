//! Muon: momentum whose singular values are all made one.
//!
//! Jordan et al., *Muon: An optimizer for hidden layers in neural networks*, 2024,
//! <https://kellerjordan.github.io/posts/muon/>; Pethick et al., *Training Deep Learning Models with
//! Norm-Constrained LMOs* (Scion), 2025, <https://arxiv.org/abs/2502.07529>, Algorithm 2.
//!
//! For a matrix `θ` of m×n, gradient `g`, momentum `M`, learning rate `γ` and weight decay `λ`:
//!
//! ```text
//! M ← β·M + (1 − β)·g
//! N  = (1 − β)·g + β·M                        Nesterov; see [`MuonInput`] for other forms
//! O  = U·Vᵀ  where N = U·Σ·Vᵀ                 the nearest orthonormal matrix, by [`NewtonSchulz`]
//! θ ← θ − γ·(√max(1, m/n)·O + λ·θ)            see [`ShapeScaling`]
//! ```
//!
//! | | |
//! |---|---|
//! | State | `M`, a number per element |
//! | Shapes | matrices, and what is a matrix with its first axis as rows; vectors move by `N` alone |
//! | Gradient release, accumulation | yes, yes |
//! | Typical `γ` | 0.02; AdamW's with [`ShapeScaling::AsAdamW`] |
//!
//! Embeddings, the last layer, biases and scales are better stepped by AdamW.
//!
//! Differences from the paper: products are in bf16 only if asked for, by [`MatrixPrecision::Bf16`].

mod momentum;
mod newton_schulz;
mod polar;

pub use momentum::{MuonInput, MuonMomentum, MuonMomentumConstants};
pub use newton_schulz::{NewtonSchulz, Quintic};
pub use polar::{PolarFactor, ShapeScaling, Vectors, ZerothPower};

use super::{AddDecay, Decayed, ScaleByLaProp, decayed, regularized};
use crate::hyperparameter::{Amount, Coefficient, Decay, Epsilon, LearningRate, SecondDecay, WeightDecay};
use crate::transform::{Chain, MatrixPrecision, Rule, Through};
use crate::tunables;

/// Muon. [`Default`] is the published setting.
///
/// ```
/// # #[cfg(feature = "matrix")] {
/// use gradus::cpu::Cpu;
/// use gradus::optimizer::Build;
/// use gradus::rule::{Muon, NewtonSchulz, ZerothPower};
/// use ndarray::array;
///
/// let method = ZerothPower::NewtonSchulz(NewtonSchulz::POLAR_EXPRESS);
/// let mut parameters = [("weight", array![[0.0f32, 0.0], [0.0, 0.0]])];
/// let mut optimizer = Muon { method, ..Muon::default() }.build(Cpu::default(), &parameters)?;
/// // Long and short directions move by the same length: γ.
/// optimizer.step(&mut parameters, &[("weight", array![[30.0, 0.0], [0.0, -0.5]])])?;
/// let expected = array![[-0.02, 0.0], [0.0, 0.02]];
/// assert!((&parameters[0].1 - &expected).iter().all(|error| error.abs() < 1e-6));
/// # }
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Muon {
    /// γ. Default 0.02.
    pub learning_rate: LearningRate,
    /// β, the weight of the old momentum. Default 0.95.
    pub momentum: Decay,
    /// The form of the momentum. Default: Nesterov.
    pub input: MuonInput,
    /// How the nearest orthonormal matrix is found. Default: five iterations with the published
    /// coefficients.
    pub method: ZerothPower,
    /// What its matrices are multiplied in. Default: the arithmetic of the parameters.
    pub precision: MatrixPrecision,
    /// What it is multiplied with. Default: √max(1, m/n).
    pub scaling: ShapeScaling,
    /// λ and its kind. Default: 0.01, decoupled.
    pub weight_decay: WeightDecay,
}

impl Default for Muon {
    fn default() -> Self {
        let MuonMomentum { momentum, input } = MuonMomentum::default();
        Self {
            learning_rate: LearningRate::checked(0.02),
            momentum,
            input,
            method: ZerothPower::NewtonSchulz(NewtonSchulz::PUBLISHED),
            precision: MatrixPrecision::Full,
            scaling: ShapeScaling::default(),
            weight_decay: WeightDecay::Decoupled(Coefficient::checked(0.01)),
        }
    }
}

impl Rule for Muon {
    type Direction = Chain<AddDecay, Through<PolarFactor, MuonMomentum>>;
    type Finish = Decayed;
    tunables!(learning_rate, momentum, weight_decay);

    fn direction(&self) -> Self::Direction {
        let Self { momentum, input, method, precision, scaling, weight_decay, .. } = *self;
        let inner = MuonMomentum { momentum, input };
        let matrices =
            PolarFactor { method, scaling, scale: Amount::checked(1.0), vectors: Vectors::Kept, precision };
        regularized(Through { matrices, inner }, weight_decay)
    }

    fn finish(&self) -> Decayed {
        decayed(self.weight_decay)
    }
}

/// LaProp whose updates of matrices have their singular values made one. [`Default`] is HeavyBall's
/// setting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MuonLaProp {
    /// γ. Default 2.5e-3.
    pub learning_rate: LearningRate,
    /// β₁, the weight of the old average of scaled gradients. Default 0.9.
    pub first: Decay,
    /// β₂, the weight of the old average of squares. Default 0.99.
    pub second: SecondDecay,
    /// ε, keeps the denominator from zero. Default: 1e-8, a floor.
    pub epsilon: Epsilon,
    /// How the nearest orthonormal matrix is found. Default: five tight iterations.
    pub method: ZerothPower,
    /// What its matrices are multiplied in. Default: the arithmetic of the parameters.
    pub precision: MatrixPrecision,
    /// What it is multiplied with. Default: √max(1, m/n).
    pub scaling: ShapeScaling,
    /// λ and its kind. Default: none.
    pub weight_decay: WeightDecay,
}

impl Default for MuonLaProp {
    fn default() -> Self {
        Self {
            learning_rate: LearningRate::checked(2.5e-3),
            first: Decay::checked(0.9),
            second: SecondDecay::checked(0.99),
            epsilon: Epsilon { added: 0.0, floor: 1e-8 },
            method: ZerothPower::NewtonSchulz(NewtonSchulz::TIGHT),
            precision: MatrixPrecision::Full,
            scaling: ShapeScaling::default(),
            weight_decay: WeightDecay::NONE,
        }
    }
}

impl Rule for MuonLaProp {
    type Direction = Chain<AddDecay, Through<PolarFactor, ScaleByLaProp>>;
    type Finish = Decayed;
    tunables!(learning_rate, first, second, epsilon, weight_decay);

    fn direction(&self) -> Self::Direction {
        let Self { first, second, epsilon, method, precision, scaling, weight_decay, .. } = *self;
        let inner = ScaleByLaProp { first, second, epsilon };
        let matrices =
            PolarFactor { method, scaling, scale: Amount::checked(1.0), vectors: Vectors::Kept, precision };
        regularized(Through { matrices, inner }, weight_decay)
    }

    fn finish(&self) -> Decayed {
        decayed(self.weight_decay)
    }
}

/// Scion: every layer moves by a step of length γ·scale in a norm of its own, the spectral one for
/// matrices and convolutions, the root mean square for vectors. [`Default`] is HeavyBall's setting.
///
/// Unlike there, parameters keep the values that they are given.
///
/// ```
/// # #[cfg(feature = "matrix")] {
/// use gradus::cpu::Cpu;
/// use gradus::optimizer::Build;
/// use gradus::rule::Scion;
///
/// let mut parameters = [("bias", vec![0.0f32; 2])];
/// let mut optimizer = Scion::default().build(Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &[("bias", vec![7.0f32, -1.0])])?;
/// assert!((parameters[0].1[0] + 2.5e-3 * 1.4).abs() < 1e-8); // 7/√((49 + 1)/2)
/// # }
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scion {
    /// γ. Default 2.5e-3.
    pub learning_rate: LearningRate,
    /// β, the weight of the old average of gradients. Default 0.9.
    pub momentum: Decay,
    /// What all updates are multiplied with. Default 1.
    pub scale: Amount,
    /// How the nearest orthonormal matrix is found. Default: five tight iterations.
    pub method: ZerothPower,
    /// What its matrices are multiplied in. Default: the arithmetic of the parameters.
    pub precision: MatrixPrecision,
    /// λ and its kind. Default: none.
    pub weight_decay: WeightDecay,
}

impl Default for Scion {
    fn default() -> Self {
        Self {
            learning_rate: LearningRate::checked(2.5e-3),
            momentum: Decay::checked(0.9),
            scale: Amount::checked(1.0),
            method: ZerothPower::NewtonSchulz(NewtonSchulz::TIGHT),
            precision: MatrixPrecision::Full,
            weight_decay: WeightDecay::NONE,
        }
    }
}

impl Rule for Scion {
    type Direction = Chain<AddDecay, Through<PolarFactor, MuonMomentum>>;
    type Finish = Decayed;
    tunables!(learning_rate, momentum, weight_decay);

    fn direction(&self) -> Self::Direction {
        let Self { momentum, scale, method, precision, weight_decay, .. } = *self;
        let inner = MuonMomentum { momentum, input: MuonInput::Average };
        let matrices = PolarFactor {
            method,
            scaling: ShapeScaling::Spectral,
            scale,
            vectors: Vectors::RootMeanSquare,
            precision,
        };
        regularized(Through { matrices, inner }, weight_decay)
    }

    fn finish(&self) -> Decayed {
        decayed(self.weight_decay)
    }
}

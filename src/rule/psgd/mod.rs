//! PSGD with Kronecker factors: a preconditioner that whitens gradients, found by gradient descent on
//! Lie groups.
//!
//! Li, *Preconditioned Stochastic Gradient Descent*, 2015, <https://arxiv.org/abs/1512.04202>; Li,
//! *Preconditioner on Matrix Lie Group for SGD*, 2018, <https://arxiv.org/abs/1809.10232>; Pooladzandi, Li,
//! *Curvature-Informed SGD via General Purpose Lie-Group Preconditioners*, 2024,
//! <https://arxiv.org/abs/2402.04553>. The forms here are those of HeavyBall and of kron_torch.
//!
//! For a matrix `θ`, gradient `g`, its average `m`, triangular factors `Q₁` and `Q₂`, a random probe `v`,
//! learning rate `γ` and weight decay `λ`:
//!
//! ```text
//! m ← β̂·m + (1 − β̂)·g
//! now and then, with h = m + δ·v:
//!   A = Q₁·h·Q₂ᵀ,   B = Q₁⁻ᵀ·v·Q₂⁻¹
//!   Q₁ ← Q₁ − μ·triu(A·Aᵀ − B·Bᵀ)·Q₁/‖A·Aᵀ + B·Bᵀ‖₂,   Q₂ with AᵀA and BᵀB
//! u  = Q₁ᵀQ₁·m·Q₂ᵀQ₂
//! θ ← θ − γ·(clip(u) + λ·θ)
//! ```
//!
//! Fits make P·E\[hhᵗ\]·P = 1 for P = ⊗ QᵀQ: in the end an update has the same size in all directions,
//! without an average of squares and without an ε. A tensor with more axes has a factor for each, a long
//! axis or a vector a diagonal one.
//!
//! | | |
//! |---|---|
//! | State | `m`, and n·(n + 1)/2 numbers for each axis of length n with a triangular factor, n for any other; these in 16 bits if asked for |
//! | Shapes | any |
//! | Gradient release, accumulation | yes; [`PurePsgd`] has no average to accumulate into |
//! | Typical `γ` | a third of AdamW's, with `λ` three to ten times larger; 3e-4 or 1e-3 |
//!
//! Differences from the papers: the size of a fit is bounded by what HeavyBall and kron_torch use; a
//! gradient of zeros, or one that is infinite or NaN, fits nothing, where theirs grow or stop the
//! training; probes never get into gradient or momentum, unless [`DampingNoise`] says so; fits are spread
//! evenly where theirs are drawn.

mod axes;
mod begin;
mod bound;
mod clip;
mod factors;
mod fit;
mod lists;
mod options;
mod pairs;
mod part;
mod schedule;
mod shape;
mod symmetric;
mod triangular;

pub use bound::{FitBound, SpectralBound};
pub use clip::{UpdateClip, UpdateClipConstants, UpdateSize};
pub use factors::KronFactors;
pub use options::{
    DampingNoise, FactorFormat, FactorGeometry, FactorProducts, FactorStorage, FirstFit, FirstScale,
    FitDamping, FitTo, Preconditioning,
};
pub use pairs::{Damping, Pairs, Probes};
pub use part::Splitting;
pub use schedule::{BalancePlace, Balancing, FitProbability, FitSchedule, OfStep};
pub use shape::{FactorShapes, MemorySaving};

use super::decay::Shapes;
use super::{AddDecay, Average, ScaleByLearningRate};
use crate::hyperparameter::{Decay, LearningRate, Limit, Scale, Share, WeightDecay};
use crate::rule::Decayed;
use crate::transform::{Chain, Identity, Merging, Rule, Stage, Through};
use crate::tunables;
use core::fmt::Debug;

/// Which parameters weight decay acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum DecayedParameters {
    /// All. Default.
    #[default]
    All,
    /// Those with two dimensions or more: kron_torch.
    Matrices,
}

/// PSGD with Kronecker factors. [`Default`] is HeavyBall's PSGDKron.
///
/// ```
/// # #[cfg(feature = "matrix")] {
/// use gradus::cpu::Cpu;
/// use gradus::optimizer::Build;
/// use gradus::rule::Psgd;
/// use ndarray::array;
///
/// // Gradients that are large in one direction and small in the other.
/// let gradients = |t: i32| [("weight", array![[10.0f32, 0.0], [0.0, 0.1]] * (f32::from(t as i16) * 0.7).sin())];
/// let mut parameters = [("weight", array![[0.0f32, 0.0], [0.0, 0.0]])];
/// let mut optimizer = Psgd::default().build(Cpu::default(), &parameters)?;
/// for t in 0..300 {
///     optimizer.step(&mut parameters, &gradients(t))?;
/// }
/// let before = parameters[0].1.clone();
/// optimizer.step(&mut parameters, &gradients(300))?;
/// let step = &parameters[0].1 - &before;
/// assert!((step[[0, 0]] / step[[1, 1]] - 1.0).abs() < 0.5); // a hundred times at first
/// # }
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Psgd<M = Average> {
    /// γ. Default 1e-3.
    pub learning_rate: LearningRate,
    /// What is preconditioned. Default: the debiased average of gradients with β = 0.9.
    pub momentum: M,
    /// The preconditioner.
    pub factors: KronFactors,
    /// How far an update may go. Default: [`UpdateClip::TrustRegion`].
    pub clip: UpdateClip,
    /// λ and its kind. Default: none.
    pub weight_decay: WeightDecay,
    /// Which parameters it acts on. Default: all.
    pub decayed: DecayedParameters,
}

/// PSGD of gradients themselves, without momentum.
pub type PurePsgd = Psgd<Identity>;

impl<M> Psgd<M> {
    /// With a momentum, and everything else at its default.
    pub fn with(momentum: M) -> Self {
        Self {
            learning_rate: LearningRate::checked(1e-3),
            momentum,
            factors: KronFactors::default(),
            clip: UpdateClip::TrustRegion,
            weight_decay: WeightDecay::NONE,
            decayed: DecayedParameters::All,
        }
    }
}

impl Default for Psgd {
    fn default() -> Self {
        Self::with(Average { decay: Decay::checked(0.9) })
    }
}

impl PurePsgd {
    /// HeavyBall's PurePSGD: gradients themselves are whitened.
    pub fn pure() -> Self {
        Self::with(Identity)
    }
}

impl Psgd {
    /// HeavyBall's DelayedPSGD: an update meets the factors from before its own fit, so that none is
    /// whitened by itself alone.
    pub fn delayed() -> Self {
        let factors = KronFactors { preconditioning: Preconditioning::Delayed, ..KronFactors::default() };
        Self { factors, ..Self::default() }
    }

    /// HeavyBall's PSGDPRO: nearly symmetric factors, fitted by products alone; no clip.
    pub fn symmetric() -> Self {
        let factors = KronFactors { geometry: FactorGeometry::Symmetric, ..KronFactors::default() };
        Self { factors, clip: UpdateClip::None, ..Self::default() }
    }

    /// HeavyBall's QSGD: [`symmetric`](Self::symmetric), of which an update meets the root. Its size follows
    /// that of the gradient, and so does the rate to start from.
    ///
    /// ```
    /// use gradus::rule::{FactorGeometry, Psgd};
    ///
    /// assert_eq!(Psgd::symmetric_root().factors.geometry, FactorGeometry::SymmetricRoot);
    /// ```
    pub fn symmetric_root() -> Self {
        let symmetric = Self::symmetric();
        let factors = KronFactors { geometry: FactorGeometry::SymmetricRoot, ..symmetric.factors };
        Self { factors, ..symmetric }
    }

    /// kron_torch's Kron, with the merging of axes that it means and without its noise in the momentum.
    pub fn kron() -> Self {
        let factors = KronFactors {
            shapes: FactorShapes { limit: 8192, ..FactorShapes::default() },
            merging: Merging::Squarer,
            first_scale: FirstScale::Given(Scale::checked(1.0)),
            damping: FitDamping { amount: Damping::OfMean, noise: DampingNoise::InFit },
            bound: FitBound { method: SpectralBound::OneColumn, memory: Decay::checked(0.0) },
            balancing: Balancing::Drawn { probability: Share::checked(0.01), seed: 0 },
            ..KronFactors::default()
        };
        Self {
            learning_rate: LearningRate::checked(3e-4),
            factors,
            clip: UpdateClip::RootMeanSquare(Limit::checked(1.1)),
            decayed: DecayedParameters::Matrices,
            ..Self::default()
        }
    }
}

impl<M> Psgd<M> {
    fn decay(&self, decay: AddDecay) -> AddDecay {
        match self.decayed {
            DecayedParameters::All => decay,
            DecayedParameters::Matrices => decay.of(Shapes::Matrices),
        }
    }
}

impl<M: Stage + Clone + Debug> Rule for Psgd<M> {
    type Direction = Chain<Chain<AddDecay, M>, Through<KronFactors, UpdateClip>>;
    type Finish = Decayed;
    tunables!(learning_rate, weight_decay);

    fn direction(&self) -> Self::Direction {
        let first = self.decay(AddDecay::to_gradient(self.weight_decay));
        Chain {
            first: Chain { first, second: self.momentum.clone() },
            second: Through { matrices: self.factors.clone(), inner: self.clip },
        }
    }

    fn finish(&self) -> Decayed {
        Chain { first: self.decay(AddDecay::to_update(self.weight_decay)), second: ScaleByLearningRate }
    }
}

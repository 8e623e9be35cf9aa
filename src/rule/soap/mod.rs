//! SOAP: Adam in the eigenbases of Shampoo's factors.
//!
//! Vyas et al., *SOAP: Improving and Stabilizing Shampoo using Adam*, 2024,
//! <https://arxiv.org/abs/2409.11321>, Algorithm 3; for tensors with more axes as in HeavyBall.
//!
//! For a matrix `θ`, gradient `g` with number `t`, factors `L` and `R`, bases `P` and `Q`, moments `m`
//! and `v` in these bases, learning rate `γ` and weight decay `λ`:
//!
//! ```text
//! L ← β̂(t)·L + (1 − β̂(t))·g·gᵀ,   R ← β̂(t)·R + (1 − β̂(t))·gᵀ·g
//! t = 1:  P, Q = eigenvectors of L, R;  nothing moves
//! h  = Pᵀ·g·Q
//! m ← β̂₁·m + (1 − β̂₁)·h,   v ← β̂₂·v + (1 − β̂₂)·h²,   n = m/(√v + ε)     any inner stage, which counts from t = 2
//! θ ← θ − γ·(P·n·Qᵀ + λ·θ)
//! now and then:  P, Q ← orthonormal(L·P), orthonormal(R·Q);  m ← m in the new bases
//! ```
//!
//! Between two refreshes the bases stay, so that they come from gradients before the one that they
//! turn. A tensor with more axes has a factor and a basis for each.
//!
//! | | |
//! |---|---|
//! | State | that of the inner stage, and 2·n² numbers for each axis of length n that is not above the limit |
//! | Shapes | any; vectors, and what has no axis within the limit, move as by the inner stage |
//! | Gradient release, accumulation | yes, as the inner stage |
//! | Typical `γ` | 3e-3 |
//!
//! Differences from the paper: the first moment lies in the bases and is carried to new ones at each
//! refresh, which is the same as to keep it outside; columns keep their places, so that the second
//! moment stays with its column. A gradient that is 0, infinite or NaN leaves factors alone; a basis
//! whose refresh fails is kept, and counted.

mod axes;
mod bases;
mod inner;
mod refresh;
mod schedule_free;

pub use bases::{BasisMethod, EigenBases, FactorDecay, FirstGradient, VectorBases};
pub use inner::TurnsWithBases;
pub use refresh::{PreconditionerSchedule, Refresh, RefreshWhen};
pub use schedule_free::ScheduleFreeSoap;

use super::{
    AddDecay, Decayed, ScaleByAdEMAMix, ScaleByAdam, ScaleByLaProp, ScaleByNAdam, decayed, regularized,
};
use crate::hyperparameter::{Coefficient, LearningRate, WeightDecay};
use crate::transform::{Chain, Rule, Through};
use crate::tunables;

/// SOAP with any inner stage. [`Default`] has Adam inside, with HeavyBall's setting.
///
/// ```
/// # #[cfg(feature = "matrix")] {
/// use gradus::cpu::Cpu;
/// use gradus::optimizer::Build;
/// use gradus::rule::{EigenBases, PreconditionerSchedule, Refresh, Solp};
/// use ndarray::array;
///
/// let refresh = Refresh::Scheduled(PreconditionerSchedule::default());
/// let rule = Solp { bases: EigenBases { refresh, ..EigenBases::default() }, ..Solp::usual() };
/// let mut parameters = [("weight", array![[1.0f32, 0.0], [0.0, 1.0]])];
/// let mut optimizer = rule.build(Cpu::default(), &parameters)?;
/// let gradients = [("weight", array![[3.0f32, 1.0], [1.0, 3.0]])];
/// optimizer.step(&mut parameters, &gradients)?; // only finds the bases
/// assert_eq!(parameters[0].1[[0, 1]], 0.0);
/// optimizer.step(&mut parameters, &gradients)?; // both eigenvalues by the same length
/// assert!(parameters[0].1[[0, 1]].abs() < 1e-6);
/// # }
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Soap<I = ScaleByAdam> {
    /// γ. Default 3e-3.
    pub learning_rate: LearningRate,
    /// What runs in the bases. Default: Adam with β₁ = 0.9, β₂ = 0.95 and ε = 1e-8 as a floor.
    pub inner: I,
    /// The bases, and when they are refreshed.
    pub bases: EigenBases,
    /// λ and its kind. Default: 0.01, decoupled.
    pub weight_decay: WeightDecay,
}

impl<I: TurnsWithBases> Soap<I> {
    /// With HeavyBall's setting of the inner stage: what [`Default`] is for Adam.
    pub fn usual() -> Self {
        Self::with(I::usual())
    }

    /// With an inner stage, and everything else at its default.
    pub fn with(inner: I) -> Self {
        Self {
            learning_rate: LearningRate::checked(3e-3),
            inner,
            bases: EigenBases { carried: I::CARRIED, ..EigenBases::default() },
            weight_decay: WeightDecay::Decoupled(Coefficient::checked(0.01)),
        }
    }
}

/// LaProp in the eigenbases: SOLP.
pub type Solp = Soap<ScaleByLaProp>;
/// NAdam in the eigenbases.
pub type SoapNAdam = Soap<ScaleByNAdam>;
/// AdEMAMix in the eigenbases.
pub type SoapAdEMAMix = Soap<ScaleByAdEMAMix>;

impl Default for Soap {
    fn default() -> Self {
        Self::usual()
    }
}

impl<I: TurnsWithBases> Rule for Soap<I> {
    type Direction = Chain<AddDecay, Through<EigenBases, I>>;
    type Finish = Decayed;
    tunables!(learning_rate, weight_decay);

    fn direction(&self) -> Self::Direction {
        let matrices = EigenBases { carried: I::CARRIED, ..self.bases.clone() };
        regularized(Through { matrices, inner: self.inner.clone() }, self.weight_decay)
    }

    fn finish(&self) -> Decayed {
        decayed(self.weight_decay)
    }
}

//! HyperBall: matrices keep the norm that they began with.
//!
//! `HyperBallAdamW` of HeavyBall 3, <https://github.com/HomebrewML/HeavyBall>; the idea is that of
//! Wen, Dang, Lyu, Ma, Liang, *Fantastic Pretraining Optimizers and Where to Find Them II: Hyperball
//! Optimization*, 2026, <https://arxiv.org/abs/2606.16899>.
//!
//! For a parameter `θ` with two dimensions or more, `n₀` its first norm, debiased average `v`, learning
//! rate `γ` and weight decay `λ`:
//!
//! ```text
//! v ← β̂₂·v + (1 − β̂₂)·g²
//! u  = g/max(√v, ε) + λ·θ
//! q  = θ − γ·n₀·u/‖u‖
//! θ ← q·n₀/‖q‖
//! ```
//!
//! With fewer dimensions: θ ← θ − γ·(g/max(√v, ε) + λ·θ).
//!
//! | | |
//! |---|---|
//! | State | `v`, one number per element; `n₀`, one per tensor |
//! | Shapes | any; matrices of zeros have no sphere to move on, and stay |
//! | Gradient release | yes |
//! | Accumulation | no: nothing remembers gradients with their sign |
//! | Typical `γ` | 0.0025; for a matrix it is nearly the angle of a step |
//!
//! Differences from HeavyBall: none. Despite its name there, it has no momentum.

use super::decay::Shapes;
use super::{AddDecay, Averages, ScaleByRms, regularized};
use crate::hyperparameter::{Epsilon, LearningRate, SecondDecay, WeightDecay};
use crate::real::Real;
use crate::transform::{Arrives, Chain, Fold, Input, Nothing, Rule, Stage, StageExt, Step};
use crate::{fields, tunables};
use typenum::B0;

/// Moves matrices along the sphere on which they began, and all others by γ times their update.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OnSphere;

fields! {
    /// Constants of [`OnSphere`].
    pub struct SphereConstants {
        /// γ.
        rate,
        /// 1 for a matrix, else 0.
        is_matrix,
    }
}

fields! {
    /// What [`OnSphere`] knows of a tensor.
    pub struct Sphere {
        /// n₀.
        radius,
        /// γ·n₀/‖u‖.
        stride,
        /// n₀/‖q‖.
        return_by,
    }
}

/// Keeps a divisor from zero.
const SMALLEST: f64 = 1e-37;

impl Stage for OnSphere {
    type Constants = SphereConstants;
    type State = Nothing;
    type Tensor = Sphere;
    type Own = Nothing;
    type Group = Nothing;
    type Keeps = B0;
    type Joint = B0;
    const PASSES: usize = 3;

    fn begins_once(&self) -> bool {
        true
    }

    fn constants(&self, at: &Step, _: &mut Nothing, _: &Nothing) -> SphereConstants<f64> {
        let is_matrix = if Shapes::Matrices.contain(at) { 1.0 } else { 0.0 };
        SphereConstants { rate: at.learning_rate, is_matrix }
    }

    fn measures(&self, at: &Step) -> bool {
        at.arrives == Arrives::ToStep && Shapes::Matrices.contain(at)
    }

    #[inline(always)]
    fn fold(_pass: usize) -> Fold {
        Fold::Norm
    }

    #[inline(always)]
    fn measure<F: Real>(
        pass: usize,
        _: &SphereConstants<F>,
        input: Input<F>,
        sphere: &Sphere<F>,
        _: &mut Nothing,
    ) -> F {
        match pass {
            0 => input.parameter,
            1 => input.update,
            _ => input.parameter - sphere.stride * input.update,
        }
    }

    #[inline(always)]
    fn finish<F: Real>(pass: usize, at: &SphereConstants<F>, norm: F, _: F, sphere: &mut Sphere<F>) {
        let divisor = norm.at_least(F::constant(SMALLEST));
        match pass {
            // Measured again at each step, since a micro-batch may have come first, but kept.
            0 => sphere.radius = F::select(sphere.radius, sphere.radius, norm),
            1 => sphere.stride = at.rate * sphere.radius / divisor,
            _ => sphere.return_by = sphere.radius / divisor,
        }
    }

    #[inline(always)]
    fn update<F: Real>(
        at: &SphereConstants<F>,
        input: Input<F>,
        sphere: &Sphere<F>,
        _: &mut Nothing,
    ) -> Input<F> {
        let moved = input.parameter - sphere.stride * input.update;
        let along = input.parameter - moved * sphere.return_by;
        input.with_update(F::select(at.is_matrix, along, at.rate * input.update))
    }
}

/// HyperBall. [`Default`] is HeavyBall's setting.
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::hyperparameter::LearningRate;
/// use gradus::optimizer::Build;
/// use gradus::rule::HyperBallAdamW;
/// use ndarray::arr2;
///
/// let rule = HyperBallAdamW { learning_rate: LearningRate::new(0.75)?, ..HyperBallAdamW::default() };
/// let mut parameters = [("w", arr2(&[[0.0f64, 2.0]]))];
/// let mut optimizer = rule.parameters_in::<f64>().build(Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &[("w", arr2(&[[-7.0f64, 0.0]]))])?;
/// // (0, 2) − 0.75·2·(−1, 0) = (1.5, 2), whose norm is 2.5.
/// assert!((parameters[0].1[[0, 0]] - 1.2).abs() < 1e-12);
/// assert!((parameters[0].1[[0, 1]] - 1.6).abs() < 1e-12);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HyperBallAdamW {
    /// γ. Default 0.0025.
    pub learning_rate: LearningRate,
    /// β₂, the weight of the old average of squares. Default 0.99.
    pub second: SecondDecay,
    /// ε, keeps the denominator from zero. Default: 1e-8, a floor.
    pub epsilon: Epsilon,
    /// λ and its kind. Default: none.
    pub weight_decay: WeightDecay,
}

impl Default for HyperBallAdamW {
    fn default() -> Self {
        Self {
            learning_rate: LearningRate::checked(0.0025),
            second: SecondDecay::checked(0.99),
            epsilon: Epsilon { added: 0.0, floor: 1e-8 },
            weight_decay: WeightDecay::NONE,
        }
    }
}

impl Rule for HyperBallAdamW {
    type Direction = Chain<AddDecay, Chain<ScaleByRms, AddDecay>>;
    type Finish = Chain<AddDecay, OnSphere>;
    tunables!(learning_rate, second, epsilon, weight_decay);

    fn direction(&self) -> Self::Direction {
        let Self { second, epsilon, weight_decay, .. } = *self;
        let scale = ScaleByRms { decay: second, averages: Averages::Debiased, epsilon };
        regularized(scale.then(AddDecay::to_update(weight_decay).of(Shapes::Matrices)), weight_decay)
    }

    fn finish(&self) -> Self::Finish {
        AddDecay::to_update(self.weight_decay).of(Shapes::Vectors).then(OnSphere)
    }
}

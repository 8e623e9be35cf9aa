//! Schedule-free RAdam: no warm-up to choose. See [the module above](super) for the three points.
//!
//! Defazio et al., *The Road Less Scheduled*, 2024, <https://arxiv.org/abs/2405.15682>, in the form of the
//! authors' package; the rectification: Liu et al., *On the Variance of the Adaptive Learning Rate and
//! Beyond*, 2019, <https://arxiv.org/abs/1908.03265>, Algorithm 2.
//!
//! ```text
//! v ← β̂₂·v + (1 − β̂₂)·g²
//! ρ∞ = 2/(1 − β₂) − 1,   ρ = ρ∞ − 2·t·β₂ᵗ/(1 − β₂ᵗ)
//! ρ > 4:   d = g/(√v + ε) + λ·y    γ·√((ρ − 4)·(ρ − 2)·ρ∞/((ρ∞ − 4)·(ρ∞ − 2)·ρ)) in the place of γ
//! else:    d = g + λ·y             γ, or 0 if the first phase is silent
//! ```
//!
//! | | |
//! |---|---|
//! | State | `v` and `z`, two numbers per element |
//! | Shapes | any |
//! | Gradient release, accumulation | yes, no: no average of gradients is kept |
//! | Typical `γ` | that of schedule-free AdamW, without a warm-up |
//!
//! Differences from the paper: v is stored debiased. A tensor is rectified by the number of its own
//! gradients, the weights of the mean by that of whole steps.

use super::{AveragingWeight, RateFactor, ScheduleFree};
use crate::hyperparameter::{Decay, Epsilon, Interpolation, LearningRate, WeightDecay};
use crate::real::Real;
use crate::rule::{AddDecay, MeanSquare, SecondMomentConstants, regularized};
use crate::transform::{Chain, Input, Pair, Rule, Step, Transform};
use crate::{fields, tunables};
use typenum::B0;

/// What happens while the average of squares is too short for its root to be trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FirstPhase {
    /// Nothing moves.
    #[default]
    Silent,
    /// Gradients are used as they are.
    Sgd,
}

/// The length of the average of squares: ρ at the `number`-th gradient, and ρ∞.
fn lengths(second: Decay, number: u64) -> (f64, f64) {
    let (decay, number) = (second.get(), number as f64);
    let longest = 2.0 / (1.0 - decay) - 1.0;
    let power = libm::pow(decay, number);
    (longest - 2.0 * number * power / (1.0 - power), longest)
}

/// Whether an average of this length is long enough.
fn is_trusted(length: f64) -> bool {
    length > 4.0
}

/// What γ is multiplied with at the `number`-th gradient.
pub(super) fn rectification(second: Decay, phase: FirstPhase, number: u64) -> f64 {
    let (length, longest) = lengths(second, number);
    if is_trusted(length) {
        let ratio =
            (length - 4.0) / (longest - 4.0) * ((length - 2.0) / (longest - 2.0)) * (longest / length);
        return ratio.sqrt();
    }
    match phase {
        FirstPhase::Silent => 0.0,
        FirstPhase::Sgd => 1.0,
    }
}

/// The gradient over the root of its average square, once that can be trusted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleByRectified {
    /// β₂, the weight of the old average of squares. Default 0.999.
    pub second: Decay,
    /// ε, keeps the denominator from zero. Default: 1e-8, added.
    pub epsilon: Epsilon,
}

fields! {
    /// Whether the average of squares of [`ScaleByRectified`] is used.
    pub struct RectifiedConstants {
        /// 1 if it is, else 0.
        trusted,
    }
}

impl Transform for ScaleByRectified {
    type Constants = Pair<SecondMomentConstants, RectifiedConstants>;
    type State = MeanSquare;
    type Keeps = B0;

    fn constants(&self, at: &Step) -> (SecondMomentConstants<f64>, RectifiedConstants<f64>) {
        let trusted = if is_trusted(lengths(self.second, at.own).0) { 1.0 } else { 0.0 };
        let weight = self.second.debiased_weight(at.own);
        (SecondMomentConstants::new(weight, self.epsilon), RectifiedConstants { trusted })
    }

    #[inline(always)]
    fn update<F: Real>(
        (squares, at): &(SecondMomentConstants<F>, RectifiedConstants<F>),
        input: Input<F>,
        state: &mut MeanSquare<F>,
    ) -> F {
        state.mean_square = squares.average(state.mean_square, input.update);
        F::select(at.trusted, input.update / squares.denominator(state.mean_square), input.update)
    }
}

/// Schedule-free RAdam. [`Default`] is the authors' setting.
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::optimizer::Build;
/// use gradus::rule::ScheduleFreeRAdam;
///
/// let mut parameters = [("x", vec![1.0f32])];
/// let mut optimizer = ScheduleFreeRAdam::default().build(Cpu::default(), &parameters)?;
/// for _ in 0..4 {
///     optimizer.step(&mut parameters, &[("x", vec![-2.0f32])])?;
/// }
/// assert_eq!(parameters[0].1, [1.0]); // silent so far
/// optimizer.step(&mut parameters, &[("x", vec![-2.0f32])])?;
/// assert!(parameters[0].1[0] > 1.0);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScheduleFreeRAdam {
    /// γ. Default 2.5e-3.
    pub learning_rate: LearningRate,
    /// β₁, where gradients are taken between z (0) and x (1). Default 0.9.
    pub interpolation: Interpolation,
    /// β₂, the weight of the old average of squares. Default 0.999.
    pub second: Decay,
    /// ε, keeps the denominator from zero. Default: 1e-8, added.
    pub epsilon: Epsilon,
    /// What happens before the average of squares can be trusted. Default: nothing.
    pub first_phase: FirstPhase,
    /// How much each point counts in the mean. Default: the square of the largest γ.
    pub averaging: AveragingWeight,
    /// λ and its kind. Default: none.
    pub weight_decay: WeightDecay,
}

impl Default for ScheduleFreeRAdam {
    fn default() -> Self {
        Self {
            learning_rate: LearningRate::checked(2.5e-3),
            interpolation: Interpolation::checked(0.9),
            second: Decay::checked(0.999),
            epsilon: Epsilon { added: 1e-8, floor: 0.0 },
            first_phase: FirstPhase::Silent,
            averaging: AveragingWeight::default(),
            weight_decay: WeightDecay::NONE,
        }
    }
}

impl Rule for ScheduleFreeRAdam {
    type Direction = Chain<Chain<AddDecay, ScaleByRectified>, AddDecay>;
    type Finish = ScheduleFree;
    tunables!(learning_rate, interpolation, second, epsilon, weight_decay);

    fn direction(&self) -> Self::Direction {
        let Self { second, epsilon, weight_decay, .. } = *self;
        let scaled = regularized(ScaleByRectified { second, epsilon }, weight_decay);
        Chain { first: scaled, second: AddDecay::to_update(weight_decay) }
    }

    fn finish(&self) -> ScheduleFree {
        let factor = RateFactor::Rectified(self.second, self.first_phase);
        ScheduleFree { factor, ..ScheduleFree::new(self.interpolation, self.averaging) }
    }
}

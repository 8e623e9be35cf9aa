//! StableAdamW: AdamW that slows a tensor down whose squared gradients outrun their average.
//!
//! Wortsman et al., *Stable and low-precision training for large-scale vision-language models*,
//! 2023, <https://arxiv.org/abs/2304.13013>, Algorithm 2; the clip is that of Shazeer, Stern,
//! *Adafactor*, 2018, <https://arxiv.org/abs/1804.04235>, section 6.
//!
//! For parameter `θ`, gradient `g`, its 1-based number `t`, debiased moments `m` and `v`, learning
//! rate `γ` and weight decay `λ`:
//!
//! ```text
//! m ← β̂₁·m + (1 − β̂₁)·g            β̂(t) = 1 − (1 − β)/(1 − βᵗ), so that m₁ = g₁
//! v ← β̂₂·v + (1 − β̂₂)·g²
//! η  = γ/max(1, RMS(g/max(√v, ε)))   one number per tensor
//! θ ← θ − η·(m/(√v + ε) + λ·θ)
//! ```
//!
//! | | |
//! |---|---|
//! | State | `m` and `v`, two numbers per element; the clip, one per tensor |
//! | Passes | two: the root mean square is a statistic, which reads `g` and `v` |
//! | Shapes | any |
//! | Gradient release, accumulation | yes, yes; the clip then compares the last micro-batch with v |
//! | Typical `γ` | AdamW's, without clipping gradients |
//!
//! The clip is in the rate, so that decay is slowed with the update. It stands before options on the
//! update and is handed on with it, see [`Input::rate`]. A NaN makes the tensor NaN, where `max(1, NaN)`
//! of optimi is 1.
//!
//! Differences from the paper: the moments are stored debiased. ε may be a floor, see [`Epsilon`].

use super::{AdamConstants, AddDecay, Decayed, Moments, ScaleByAdam, decayed, regularized};
use crate::hyperparameter::{Coefficient, Decay, Epsilon, LearningRate, SecondDecay, WeightDecay};
use crate::real::Real;
use crate::transform::{Arrives, Chain, Fold, Input, Nothing, Of, Rule, Stage, Step, Transform};
use crate::{fields, tunables};
use typenum::{B0, B1};

/// The direction of Adam, with a rate that is clipped by the tensor's own second moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ScaleByStableAdam {
    /// Its averages and its ε.
    pub adam: ScaleByAdam,
}

fields! {
    /// What [`ScaleByStableAdam`] measures of a tensor.
    pub struct ClippedRate {
        /// 1/max(1, RMS).
        rate,
    }
}

impl Stage for ScaleByStableAdam {
    type Constants = AdamConstants;
    type State = Moments;
    type Tensor = ClippedRate;
    type Own = Nothing;
    type Group = Nothing;
    type Keeps = B1;
    type Joint = B0;
    const PASSES: usize = 1;

    fn sees_parameter(_: Option<usize>, _: &Of<Self::Constants, f64>) -> bool {
        false
    }

    fn constants(&self, at: &Step, _: &mut Nothing, _: &Nothing) -> AdamConstants<f64> {
        Transform::constants(&self.adam, at)
    }

    fn measures(&self, at: &Step) -> bool {
        at.arrives == Arrives::ToStep // a micro-batch moves nothing, so there is nothing to clip
    }

    fn fold(_pass: usize) -> Fold {
        Fold::Norm
    }

    #[inline(always)]
    fn measure<F: Real>(
        _pass: usize,
        at: &AdamConstants<F>,
        input: Input<F>,
        _: &ClippedRate<F>,
        moments: &mut Moments<F>,
    ) -> F {
        /// Not zero in any arithmetic: an element whose gradients are all zero has the ratio 0.
        const SMALLEST: f64 = 1e-37;
        <ScaleByAdam as Transform>::update(at, input, moments); // on a copy
        let floor = at.added.at_least(at.floor).at_least(F::constant(SMALLEST));
        input.update / moments.second.sqrt().at_least(floor)
    }

    #[inline(always)]
    fn finish<F: Real>(_pass: usize, _: &AdamConstants<F>, norm: F, count: F, tensor: &mut ClippedRate<F>) {
        let one = F::constant(1.0);
        tensor.rate = one / (norm / count.sqrt()).at_least(one);
    }

    #[inline(always)]
    fn update<F: Real>(
        at: &AdamConstants<F>,
        input: Input<F>,
        tensor: &ClippedRate<F>,
        moments: &mut Moments<F>,
    ) -> Input<F> {
        let direction = <ScaleByAdam as Transform>::update(at, input, moments);
        input.with_update(direction).with_rate(input.rate * tensor.rate)
    }
}

/// StableAdamW. [`Default`] is optimi's setting.
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::optimizer::Build;
/// use gradus::rule::StableAdamW;
///
/// let mut parameters = [("x", vec![0.0f64; 4])];
/// let mut optimizer = StableAdamW::default().parameters_in::<f64>().build(Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &[("x", vec![1e-3f64; 4])])?;
/// let before = parameters[0].1[0];
/// optimizer.step(&mut parameters, &[("x", vec![1.0f64; 4])])?;
/// // The outburst is 1.4 times the root of its average, so the rate is divided by that.
/// assert!((before - parameters[0].1[0]) < 1e-3 / 1.4);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StableAdamW {
    /// γ. Default 1e-3.
    pub learning_rate: LearningRate,
    /// β₁, the weight of the old average of gradients. Default 0.9.
    pub first: Decay,
    /// β₂, the weight of the old average of their squares. Default 0.99.
    pub second: SecondDecay,
    /// ε, keeps denominators from zero. Default: 1e-6, added.
    pub epsilon: Epsilon,
    /// λ and its kind. Default: 0.01, decoupled.
    pub weight_decay: WeightDecay,
}

impl Default for StableAdamW {
    fn default() -> Self {
        Self {
            learning_rate: LearningRate::checked(1e-3),
            first: Decay::checked(0.9),
            second: SecondDecay::checked(0.99),
            epsilon: Epsilon { added: 1e-6, floor: 0.0 },
            weight_decay: WeightDecay::Decoupled(Coefficient::checked(0.01)),
        }
    }
}

impl Rule for StableAdamW {
    type Direction = Chain<AddDecay, ScaleByStableAdam>;
    type Finish = Decayed;
    tunables!(learning_rate, first, second, epsilon, weight_decay);

    fn direction(&self) -> Self::Direction {
        let Self { first, second, epsilon, weight_decay, .. } = *self;
        regularized(ScaleByStableAdam { adam: ScaleByAdam { first, second, epsilon } }, weight_decay)
    }

    fn finish(&self) -> Decayed {
        decayed(self.weight_decay)
    }
}

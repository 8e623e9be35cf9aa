//! NAdam: Adam whose momentum looks one step ahead.
//!
//! Dozat, *Incorporating Nesterov Momentum into Adam*, 2016,
//! <https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ>, Algorithm 2.
//!
//! For parameter `θ`, gradient `g`, its 1-based number `t`, learning rate `γ`, weight decay `λ` and
//! momentum decay `ψ`:
//!
//! ```text
//! μ(t) = β₁·(1 − ½·0.96^(t·ψ))       the momentum grows towards β₁
//! Π   ← Π·μ(t)                        from 1
//! m   ← β₁·m + (1 − β₁)·g            from 0, not debiased here
//! v   ← β̂₂·v + (1 − β̂₂)·g²           β̂(t) = 1 − (1 − β)/(1 − βᵗ)
//! u    = (g·(1 − μ(t))/(1 − Π) + m·μ(t + 1)/(1 − Π·μ(t + 1))) / (√v + ε)
//! θ   ← θ − γ·(u + λ·θ)
//! ```
//!
//! | | |
//! |---|---|
//! | State | `m` and `v`, two numbers per element; `Π`, one per tensor, on the host |
//! | Shapes | any |
//! | Gradient release, accumulation | yes, yes |
//! | Typical `γ` | Adam's, or twice as much |
//!
//! Differences from the paper: `m` is an average with β₁ instead of μ(t), as in torch and HeavyBall;
//! `v` is stored debiased. ε may be a floor, see [`Epsilon`].

use super::{AddDecay, Decayed, Moments, decayed, regularized};
use crate::hyperparameter::{Amount, Decay, Epsilon, LearningRate, SecondDecay, WeightDecay};
use crate::real::Real;
use crate::transform::{Chain, Input, Nothing, Rule, Stage, Step};
use crate::{fields, tunables};
use typenum::{B0, B1};

/// The direction u of NAdam.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleByNAdam {
    /// β₁, the weight of the old average. Default 0.9.
    pub first: Decay,
    /// β₂, the weight of the old average of squares. Default 0.999.
    pub second: SecondDecay,
    /// ε, keeps the denominator from zero. Default: 1e-8, added.
    pub epsilon: Epsilon,
    /// ψ, how fast μ grows towards β₁. Default 0.004.
    pub momentum_decay: Amount,
}

impl Default for ScaleByNAdam {
    fn default() -> Self {
        Self {
            first: Decay::checked(0.9),
            second: SecondDecay::checked(0.999),
            epsilon: Epsilon { added: 1e-8, floor: 0.0 },
            momentum_decay: Amount::checked(0.004),
        }
    }
}

impl ScaleByNAdam {
    /// μ(t).
    fn momentum(&self, step: f64) -> f64 {
        self.first.get() * (1.0 - 0.5 * libm::pow(0.96, step * self.momentum_decay.get()))
    }
}

fields! {
    /// What [`ScaleByNAdam`] keeps per tensor.
    pub struct MomentumProduct {
        /// Π, the product of all μ so far.
        product,
    }
}

fields! {
    /// Constants of [`ScaleByNAdam`] at one step.
    pub struct NAdamConstants {
        /// β₁.
        first_decay,
        /// 1 − β₁.
        first_weight,
        /// β̂₂(t).
        second_decay,
        /// 1 − β̂₂(t).
        second_weight,
        /// (1 − μ(t))/(1 − Π).
        of_gradient,
        /// μ(t + 1)/(1 − Π·μ(t + 1)).
        of_average,
        /// ε if it is added, else 0.
        added,
        /// ε if it is a floor, else 0.
        floor,
    }
}

impl Stage for ScaleByNAdam {
    type Constants = NAdamConstants;
    type State = Moments;
    type Tensor = Nothing;
    type Own = MomentumProduct;
    type Group = Nothing;
    type Keeps = B1;
    type Joint = B0;

    fn constants(&self, at: &Step, own: &mut MomentumProduct<f64>, _: &Nothing) -> NAdamConstants<f64> {
        let step = at.own as f64;
        let (now, next) = (self.momentum(step), self.momentum(step + 1.0));
        own.product = if at.own == 1 { now } else { own.product * now };
        let second_weight = self.second.debiased_weight_of(at.own, at.own + at.built);
        NAdamConstants {
            first_decay: self.first.get(),
            first_weight: 1.0 - self.first.get(),
            second_decay: 1.0 - second_weight,
            second_weight,
            of_gradient: (1.0 - now) / (1.0 - own.product),
            of_average: next / (1.0 - own.product * next),
            added: self.epsilon.added,
            floor: self.epsilon.floor,
        }
    }

    #[inline(always)]
    fn update<F: Real>(
        at: &NAdamConstants<F>,
        input: Input<F>,
        _: &Nothing,
        moments: &mut Moments<F>,
    ) -> Input<F> {
        let gradient = input.update;
        moments.first = at.first_decay * moments.first + at.first_weight * gradient;
        moments.second = at.second_decay * moments.second + at.second_weight * (gradient * gradient);
        let ahead = at.of_gradient * gradient + at.of_average * moments.first;
        input.with_update(ahead / (moments.second.sqrt() + at.added).at_least(at.floor))
    }
}

/// NAdam. [`Default`] is torch's setting.
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::hyperparameter::{Decay, LearningRate};
/// use gradus::optimizer::Build;
/// use gradus::rule::NAdam;
///
/// let (learning_rate, second) = (LearningRate::new(0.01)?, Decay::new(0.99)?.into());
/// let rule = NAdam { learning_rate, second, ..NAdam::default() };
/// // What HeavyBall 3.2 prints for this run.
/// let mut parameters = [("x", vec![1.0f64, -2.0])];
/// let mut optimizer = rule.parameters_in::<f64>().build(Cpu::default(), &parameters)?;
/// for (step, expected) in [(1.0, 0.989435), (2.0, 0.979819), (3.0, 0.970226)] {
///     optimizer.step(&mut parameters, &[("x", vec![0.1 * step, -0.2 * step])])?;
///     assert!((parameters[0].1[0] - expected).abs() < 1e-6);
/// }
/// assert_eq!(optimizer.snapshot()?.tensors[0].own[0].0, "product");
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NAdam {
    /// γ. Default 2e-3.
    pub learning_rate: LearningRate,
    /// β₁, the weight of the old average of gradients. Default 0.9.
    pub first: Decay,
    /// β₂, the weight of the old average of their squares. Default 0.999.
    pub second: SecondDecay,
    /// ε, keeps the denominator from zero. Default: 1e-8, added.
    pub epsilon: Epsilon,
    /// ψ, how fast the momentum grows towards β₁. Default 0.004.
    pub momentum_decay: Amount,
    /// λ and its kind. Default: none.
    pub weight_decay: WeightDecay,
}

impl Default for NAdam {
    fn default() -> Self {
        let ScaleByNAdam { first, second, epsilon, momentum_decay } = ScaleByNAdam::default();
        let learning_rate = LearningRate::checked(2e-3);
        Self { learning_rate, first, second, epsilon, momentum_decay, weight_decay: WeightDecay::NONE }
    }
}

impl Rule for NAdam {
    type Direction = Chain<AddDecay, ScaleByNAdam>;
    type Finish = Decayed;
    tunables!(learning_rate, first, second, epsilon, momentum_decay, weight_decay);

    fn direction(&self) -> Self::Direction {
        let Self { first, second, epsilon, momentum_decay, weight_decay, .. } = *self;
        regularized(ScaleByNAdam { first, second, epsilon, momentum_decay }, weight_decay)
    }

    fn finish(&self) -> Decayed {
        decayed(self.weight_decay)
    }
}

//! AdEMAMix: Adam with a second, slow average beside the fast one.
//!
//! Pagliardini, Ablin, Grangier, *The AdEMAMix Optimizer: Better, Faster, Older*, 2024,
//! <https://arxiv.org/abs/2409.03137>, Algorithm 1.
//!
//! For parameter `θ`, gradient `g`, its 1-based number `t`, debiased averages `m` and `v`, slow average
//! `n`, learning rate `γ` and weight decay `λ`:
//!
//! ```text
//! m ← β̂₁·m + (1 − β̂₁)·g
//! n ← β₃·n + (1 − β₃)·g           from zero, not debiased
//! v ← β̂₂·v + (1 − β̂₂)·g²
//! θ ← θ − γ·((m + α·n)/(√v + ε) + λ·θ)
//! ```
//!
//! While t is below their warm-ups, α = α_end·t/T, and β₃ is such that its half-life
//! ln ½/ln(β₃ + 1e-8) goes in a straight line from that of β₁ to its last.
//!
//! | | |
//! |---|---|
//! | State | `m`, `n` and `v`, three numbers per element |
//! | Shapes | any |
//! | Gradient release, accumulation | yes, yes |
//! | Typical `γ` | AdamW's; both warm-ups as long as the training |
//!
//! Differences from the paper: m and v are stored debiased.

use super::{AddDecay, AverageConstants, Decayed, SecondMomentConstants, decayed, regularized};
use crate::hyperparameter::{Amount, Decay, Epsilon, LearningRate, SecondDecay, WeightDecay};
use crate::real::Real;
use crate::transform::{Chain, Input, Pair, Rule, Step, Transform};
use crate::{fields, tunables};
use typenum::B1;

/// The update (m + α·n)/(√v + ε) of AdEMAMix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleByAdEMAMix {
    /// β₁, the weight of the old fast average. Default 0.9.
    pub fast: Decay,
    /// β₃, the weight of the old slow average, once it is warm. Default 0.9999.
    pub slow: Decay,
    /// The number of gradients until β₃ is warm; 0: it is at once. Default 0.
    pub slow_warm_up: u64,
    /// β₂, the weight of the old average of squares. Default 0.999.
    pub second: SecondDecay,
    /// ε, keeps the denominator from zero. Default: 1e-8, added.
    pub epsilon: Epsilon,
    /// α, the weight of the slow average, once it is warm. Default 5.
    pub alpha: Amount,
    /// The number of gradients until α is warm; 0: it is at once. Default 0.
    pub alpha_warm_up: u64,
}

impl Default for ScaleByAdEMAMix {
    fn default() -> Self {
        Self {
            fast: Decay::checked(0.9),
            slow: Decay::checked(0.9999),
            slow_warm_up: 0,
            second: SecondDecay::checked(0.999),
            epsilon: Epsilon { added: 1e-8, floor: 0.0 },
            alpha: Amount::checked(5.0),
            alpha_warm_up: 0,
        }
    }
}

/// ln ½/ln β: after so many steps a number has half of its weight left.
fn half_life(decay: f64) -> f64 {
    // The authors' offset makes 0 possible; the bound keeps their sum below 1.
    core::f64::consts::LN_2 / -libm::log((decay + 1e-8).min(1.0 - f64::EPSILON))
}

impl ScaleByAdEMAMix {
    /// β₃ at the gradient `step`.
    fn slow_at(&self, step: u64) -> f64 {
        if step >= self.slow_warm_up {
            return self.slow.get();
        }
        let along = step as f64 / self.slow_warm_up as f64;
        let half_life = (1.0 - along) * half_life(self.fast.get()) + along * half_life(self.slow.get());
        libm::exp2(-1.0 / half_life).min(1.0 - 1e-8)
    }

    /// α at the gradient `step`.
    fn alpha_at(&self, step: u64) -> f64 {
        let part = if step < self.alpha_warm_up { step as f64 / self.alpha_warm_up as f64 } else { 1.0 };
        self.alpha.get() * part
    }
}

fields! {
    /// What AdEMAMix remembers.
    pub struct Mixture {
        /// m, the fast average.
        fast,
        /// n, the slow one.
        slow,
        /// v, the average of the square.
        second,
    }
}

fields! {
    /// Constants of AdEMAMix's averages at one step.
    pub struct MixtureConstants {
        /// β₃.
        slow_decay,
        /// 1 − β₃.
        slow_weight,
        /// α.
        alpha,
    }
}

impl Transform for ScaleByAdEMAMix {
    type Constants = Pair<Pair<AverageConstants, MixtureConstants>, SecondMomentConstants>;
    type State = Mixture;
    type Keeps = B1;

    fn constants(
        &self,
        at: &Step,
    ) -> ((AverageConstants<f64>, MixtureConstants<f64>), SecondMomentConstants<f64>) {
        let slow_decay = self.slow_at(at.own);
        let alpha = self.alpha_at(at.own);
        let slow = MixtureConstants { slow_decay, slow_weight: 1.0 - slow_decay, alpha };
        (
            (AverageConstants::new(self.fast.debiased_weight(at.own)), slow),
            SecondMomentConstants::new(
                self.second.debiased_weight_of(at.own, at.own + at.built),
                self.epsilon,
            ),
        )
    }

    #[inline(always)]
    fn update<F: Real>(
        ((of_fast, of_slow), of_squares): &(
            (AverageConstants<F>, MixtureConstants<F>),
            SecondMomentConstants<F>,
        ),
        input: Input<F>,
        state: &mut Mixture<F>,
    ) -> F {
        let gradient = input.update;
        state.fast = of_fast.average(state.fast, gradient);
        state.slow = of_slow.slow_decay * state.slow + of_slow.slow_weight * gradient;
        state.second = of_squares.average(state.second, gradient);
        (state.fast + of_slow.alpha * state.slow) / of_squares.denominator(state.second)
    }
}

/// AdEMAMix. [`Default`] is the paper's setting, without the warm-ups, which follow the length of a
/// training.
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::hyperparameter::LearningRate;
/// use gradus::optimizer::Build;
/// use gradus::rule::AdEMAMix;
///
/// let rule = AdEMAMix { slow_warm_up: 1000, alpha_warm_up: 1000, ..AdEMAMix::default() };
/// let mut parameters = [("x", vec![1.0f32])];
/// let mut optimizer = rule.build(Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &[("x", vec![-2.0f32])])?;
/// assert!((parameters[0].1[0] - 1.001).abs() < 2e-6);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdEMAMix {
    /// γ. Default 1e-3.
    pub learning_rate: LearningRate,
    /// β₁, the weight of the old fast average. Default 0.9.
    pub fast: Decay,
    /// β₃, the weight of the old slow average, once it is warm. Default 0.9999.
    pub slow: Decay,
    /// The number of gradients until β₃ is warm; 0: it is at once. Default 0.
    pub slow_warm_up: u64,
    /// β₂, the weight of the old average of squares. Default 0.999.
    pub second: SecondDecay,
    /// ε, keeps the denominator from zero. Default: 1e-8, added.
    pub epsilon: Epsilon,
    /// α, the weight of the slow average, once it is warm. Default 5.
    pub alpha: Amount,
    /// The number of gradients until α is warm; 0: it is at once. Default 0.
    pub alpha_warm_up: u64,
    /// λ and its kind. Default: none.
    pub weight_decay: WeightDecay,
}

impl Default for AdEMAMix {
    fn default() -> Self {
        let ScaleByAdEMAMix { fast, slow, slow_warm_up, second, epsilon, alpha, alpha_warm_up } =
            ScaleByAdEMAMix::default();
        Self {
            learning_rate: LearningRate::checked(1e-3),
            fast,
            slow,
            slow_warm_up,
            second,
            epsilon,
            alpha,
            alpha_warm_up,
            weight_decay: WeightDecay::NONE,
        }
    }
}

impl Rule for AdEMAMix {
    type Direction = Chain<AddDecay, ScaleByAdEMAMix>;
    type Finish = Decayed;
    tunables!(learning_rate, fast, slow, second, epsilon, alpha, weight_decay);

    fn direction(&self) -> Self::Direction {
        let Self { fast, slow, slow_warm_up, second, epsilon, alpha, alpha_warm_up, weight_decay, .. } =
            *self;
        let core = ScaleByAdEMAMix { fast, slow, slow_warm_up, second, epsilon, alpha, alpha_warm_up };
        regularized(core, weight_decay)
    }

    fn finish(&self) -> Decayed {
        decayed(self.weight_decay)
    }
}

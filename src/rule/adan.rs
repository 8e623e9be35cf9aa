//! Adan: Adam with a Nesterov momentum that is measured from differences of gradients.
//!
//! Xie et al., *Adan: Adaptive Nesterov Momentum Algorithm for Faster Optimizing Deep Models*, 2022,
//! <https://arxiv.org/abs/2208.06677>, Algorithm 1.
//!
//! For parameter `θ`, gradient `g`, its 1-based number `t`, debiased averages `m`, `d` and `n`,
//! learning rate `γ` and weight decay `λ`; the paper's β are 1 minus these:
//!
//! ```text
//! δ  = g − g₋                        the gradient before it; 0 at first
//! m ← β̂₁·m + (1 − β̂₁)·g            β̂(t) = 1 − (1 − β)/(1 − βᵗ)
//! d ← β̂₂·d + (1 − β̂₂)·δ
//! n ← β̂₃·n + (1 − β̂₃)·(g + β₂·δ)²
//! θ ← (θ − γ·(m + β₂·d)/(√n + ε))/(1 + γ·λ)
//! ```
//!
//! | | |
//! |---|---|
//! | State | `m`, `d`, `n` and the last gradient, four numbers per element |
//! | Shapes | any |
//! | Gradient release, accumulation | yes, yes; differences are then between micro-batches |
//! | Typical `γ` | 5 to 10 times AdamW's |
//!
//! The division is a proximal step on λθ²/2: unlike the factor 1 − γλ it shrinks for every λ and never
//! turns round. It is γ/(1 + γλ)·(u + λθ) as an update, rounded once with it.
//!
//! Differences from the paper: the averages are debiased, as in the authors' code. ε may be a floor,
//! see [`Epsilon`].

use super::{AddDecay, Decayed, decayed, regularized};
use crate::hyperparameter::{Decay, Epsilon, LearningRate, WeightDecay};
use crate::real::Real;
use crate::transform::{Chain, Input, Nothing, Rule, Step, Transform};
use crate::{fields, tunables};
use typenum::{B0, B1};

/// The direction of Adan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleByAdan {
    /// β₁, the weight of the old average of gradients. Default 0.98.
    pub first: Decay,
    /// β₂, that of the old average of differences, and the share of differences. Default 0.92.
    pub difference: Decay,
    /// β₃, that of the old average of squares. Default 0.99.
    pub second: Decay,
    /// ε, keeps the denominator from zero. Default: 1e-8, added.
    pub epsilon: Epsilon,
}

impl Default for ScaleByAdan {
    fn default() -> Self {
        Self {
            first: Decay::checked(0.98),
            difference: Decay::checked(0.92),
            second: Decay::checked(0.99),
            epsilon: Epsilon { added: 1e-8, floor: 0.0 },
        }
    }
}

fields! {
    /// Debiased averages of Adan, and the gradient for the next difference.
    pub struct AdanMoments {
        /// m, of the gradients.
        first,
        /// d, of their differences.
        difference,
        /// n, of the squares.
        second,
        /// g₋.
        previous,
    }
}

fields! {
    /// Constants of [`ScaleByAdan`] at one step.
    pub struct AdanConstants {
        /// 1 at the first gradient.
        starts,
        /// β̂₁(t).
        first_decay,
        /// 1 − β̂₁(t).
        first_weight,
        /// β̂₂(t).
        difference_decay,
        /// 1 − β̂₂(t).
        difference_weight,
        /// β₂.
        of_difference,
        /// β̂₃(t).
        second_decay,
        /// 1 − β̂₃(t).
        second_weight,
        /// ε if it is added, else 0.
        added,
        /// ε if it is a floor, else 0.
        floor,
    }
}

impl Transform for ScaleByAdan {
    type Constants = AdanConstants;
    type State = AdanMoments;
    type Keeps = B1;

    fn begins_once(&self) -> bool {
        true
    }

    fn constants(&self, at: &Step) -> AdanConstants<f64> {
        let weight = |decay: Decay| decay.debiased_weight(at.own);
        let (first_weight, difference_weight, second_weight) =
            (weight(self.first), weight(self.difference), weight(self.second));
        AdanConstants {
            starts: if at.own == 1 { 1.0 } else { 0.0 },
            first_decay: 1.0 - first_weight,
            first_weight,
            difference_decay: 1.0 - difference_weight,
            difference_weight,
            of_difference: self.difference.get(),
            second_decay: 1.0 - second_weight,
            second_weight,
            added: self.epsilon.added,
            floor: self.epsilon.floor,
        }
    }

    #[inline(always)]
    fn update<F: Real>(at: &AdanConstants<F>, input: Input<F>, state: &mut AdanMoments<F>) -> F {
        let gradient = input.update;
        let difference = gradient - F::select(at.starts, gradient, state.previous);
        let ahead = gradient + at.of_difference * difference;
        state.previous = gradient;
        state.first = at.first_decay * state.first + at.first_weight * gradient;
        state.difference = at.difference_decay * state.difference + at.difference_weight * difference;
        state.second = at.second_decay * state.second + at.second_weight * (ahead * ahead);
        let direction = state.first + at.of_difference * state.difference;
        direction / (state.second.sqrt() + at.added).at_least(at.floor)
    }
}

/// How decoupled weight decay shrinks the parameter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DecayForm {
    /// θ ← (θ − γu)/(1 + γλ): a division behind the update.
    #[default]
    Proximal,
    /// θ ← θ·(1 − γλ) − γu: a factor before it, as in AdamW.
    Factor,
}

/// Divides what a parameter loses by 1 + γλ, which makes the decay in it a proximal step.
///
/// ```
/// use gradus::hyperparameter::WeightDecay;
/// use gradus::rule::{DecayForm, Proximal};
/// use gradus::transform::{Input, Nothing, Step, Transform};
///
/// let decay = WeightDecay::decoupled(0.5)?;
/// let at = Proximal::of(decay, DecayForm::Proximal).constants(&Step::first(2.0));
/// let lost = 2.0 * 0.5 * 4.0; // γ·λ·θ for θ = 4
/// assert_eq!(4.0 - Proximal::update(&at, Input::of(lost, 4.0), &mut Nothing), 4.0 / (1.0 + 2.0 * 0.5));
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proximal {
    coefficient: f64,
}

impl Proximal {
    /// The division that belongs to a decay in a form; none for a factor, and for L2.
    pub fn of(decay: WeightDecay, form: DecayForm) -> Self {
        match form {
            DecayForm::Proximal => Self { coefficient: decay.per_learning_rate() },
            DecayForm::Factor => Self { coefficient: 0.0 },
        }
    }
}

fields! {
    /// Constants of [`Proximal`] at one step.
    pub struct ProximalConstants {
        /// 1/(1 + γλ).
        share,
    }
}

impl Transform for Proximal {
    type Constants = ProximalConstants;
    type State = Nothing;
    type Keeps = B0;

    fn constants(&self, at: &Step) -> ProximalConstants<f64> {
        ProximalConstants { share: 1.0 / (1.0 + at.learning_rate * self.coefficient) }
    }

    #[inline(always)]
    fn update<F: Real>(at: &ProximalConstants<F>, input: Input<F>, _: &mut Nothing) -> F {
        at.share * input.update
    }
}

/// Adan. [`Default`] is the setting of the authors' code, with their λ.
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::hyperparameter::{LearningRate, WeightDecay};
/// use gradus::optimizer::Build;
/// use gradus::rule::Adan;
///
/// let (learning_rate, weight_decay) = (LearningRate::new(0.5)?, WeightDecay::decoupled(2.0)?);
/// let rule = Adan { learning_rate, weight_decay, ..Adan::default() };
/// let mut parameters = [("x", vec![2.0f64])];
/// let mut optimizer = rule.parameters_in::<f64>().build(Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &[("x", vec![3.0f64])])?;
/// assert!((parameters[0].1[0] - (2.0 - 0.5) / (1.0 + 0.5 * 2.0)).abs() < 1e-8);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adan {
    /// γ. Default 1e-3.
    pub learning_rate: LearningRate,
    /// β₁, the weight of the old average of gradients. Default 0.98.
    pub first: Decay,
    /// β₂, that of the old average of differences, and the share of differences. Default 0.92.
    pub difference: Decay,
    /// β₃, that of the old average of squares. Default 0.99.
    pub second: Decay,
    /// ε, keeps the denominator from zero. Default: 1e-8, added.
    pub epsilon: Epsilon,
    /// λ and its kind. Default: 0.02, decoupled.
    pub weight_decay: WeightDecay,
    /// How decoupled decay shrinks. Default: by a proximal step.
    pub decay_form: DecayForm,
}

impl Default for Adan {
    fn default() -> Self {
        let ScaleByAdan { first, difference, second, epsilon } = ScaleByAdan::default();
        Self {
            learning_rate: LearningRate::checked(1e-3),
            first,
            difference,
            second,
            epsilon,
            weight_decay: WeightDecay::Decoupled(crate::hyperparameter::Coefficient::checked(0.02)),
            decay_form: DecayForm::default(),
        }
    }
}

impl Rule for Adan {
    type Direction = Chain<AddDecay, ScaleByAdan>;
    type Finish = Chain<Decayed, Proximal>;
    tunables!(learning_rate, first, difference, second, epsilon, weight_decay);

    fn direction(&self) -> Self::Direction {
        let Self { first, difference, second, epsilon, weight_decay, .. } = *self;
        regularized(ScaleByAdan { first, difference, second, epsilon }, weight_decay)
    }

    fn finish(&self) -> Self::Finish {
        let second = Proximal::of(self.weight_decay, self.decay_form);
        Chain { first: decayed(self.weight_decay), second }
    }
}

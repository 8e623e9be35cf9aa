//! RAdam: Adam that knows when its average of squares is too short to be trusted.
//!
//! Liu et al., *On the Variance of the Adaptive Learning Rate and Beyond*, 2019,
//! <https://arxiv.org/abs/1908.03265>, Algorithm 2.
//!
//! For parameter `θ`, gradient `g`, its 1-based number `t`, debiased moments `m` and `v`, learning
//! rate `γ` and weight decay `λ`:
//!
//! ```text
//! m ← β̂₁·m + (1 − β̂₁)·g            β̂(t) = 1 − (1 − β)/(1 − βᵗ), so that m₁ = g₁
//! v ← β̂₂·v + (1 − β̂₂)·g²
//! ρ∞  = 2/(1 − β₂) − 1               the length of the average of squares in the end
//! ρ   = ρ∞ − 2·t·β₂ᵗ/(1 − β₂ᵗ)       its length now
//! r   = √((ρ − 4)·(ρ − 2)·ρ∞ / ((ρ∞ − 4)·(ρ∞ − 2)·ρ))
//! u   = r·m/(√v + ε)   where ρ > 5
//! u   = m              where not
//! θ  ← θ − γ·(u + λ·θ)
//! ```
//!
//! | | |
//! |---|---|
//! | State | `m` and `v`, two numbers per element |
//! | Shapes | any |
//! | Gradient release, accumulation | yes, yes |
//! | Typical `γ` | Adam's, without a warm-up |
//!
//! Differences from the paper: it rectifies where ρ > 4, as `rectified_above` says; torch and optimi
//! wait for 5. With β₂ ≤ 2/3 that never comes. ε may be a floor, see [`Epsilon`].

use super::{AddDecay, Decayed, Moments, decayed, regularized};
use crate::hyperparameter::{Amount, Decay, Epsilon, LearningRate, WeightDecay};
use crate::real::Real;
use crate::transform::{Chain, Input, Rule, Step, Transform};
use crate::{fields, tunables};
use typenum::B1;

/// What [`RAdam`] does while its average of squares is too short.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unrectified {
    /// It follows the average of the gradients: the paper, torch, optimi.
    #[default]
    Momentum,
    /// It stays where it is.
    Still,
}

/// Which root ε stands beside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Root {
    /// That of the debiased average: optimi.
    #[default]
    Debiased,
    /// That of the average as it grows from zero, so that ε is larger in the first steps by the
    /// factor 1/√(1 − β₂ᵗ): torch.
    Plain,
}

/// r at the 1-based step `step`, if the length ρ of the average is above `above`.
///
/// Below 4 there is no r, so a smaller `above` counts as 4.
pub(super) fn rectification(second: Decay, step: u64, above: f64) -> Option<f64> {
    let (beta, step) = (second.get(), step as f64);
    let power = libm::pow(beta, step);
    let last = 2.0 / (1.0 - beta) - 1.0;
    let now = last - 2.0 * step * power / (1.0 - power);
    let ratio = (now - 4.0) * (now - 2.0) * last / ((last - 4.0) * (last - 2.0) * now);
    (now > above.max(4.0)).then(|| ratio.sqrt())
}

/// The direction of RAdam.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleByRAdam {
    /// β₁, the weight of the old average. Default 0.9.
    pub first: Decay,
    /// β₂, the weight of the old average of squares. Default 0.999.
    pub second: Decay,
    /// ε, keeps the denominator from zero. Default: 1e-8, added.
    pub epsilon: Epsilon,
    /// Which root ε stands beside. Default: the debiased one.
    pub root: Root,
    /// The length ρ above which the step is rectified; less than 4 counts as 4. Default 5.
    pub rectified_above: Amount,
    /// What happens before. Default: momentum.
    pub unrectified: Unrectified,
}

impl Default for ScaleByRAdam {
    fn default() -> Self {
        Self {
            first: Decay::checked(0.9),
            second: Decay::checked(0.999),
            epsilon: Epsilon { added: 1e-8, floor: 0.0 },
            root: Root::default(),
            rectified_above: Amount::checked(5.0),
            unrectified: Unrectified::default(),
        }
    }
}

fields! {
    /// Constants of [`ScaleByRAdam`] at one step.
    pub struct RAdamConstants {
        /// β̂₁(t).
        first_decay,
        /// 1 − β̂₁(t).
        first_weight,
        /// β̂₂(t).
        second_decay,
        /// 1 − β̂₂(t).
        second_weight,
        /// r, or 0 if the average is too short.
        rectification,
        /// What m is multiplied with if the average is too short.
        unrectified,
        /// ε if it is added, else 0.
        added,
        /// ε if it is a floor, else 0.
        floor,
    }
}

impl Transform for ScaleByRAdam {
    type Constants = RAdamConstants;
    type State = Moments;
    type Keeps = B1;

    fn constants(&self, at: &Step) -> RAdamConstants<f64> {
        let (first_weight, second_weight) =
            (self.first.debiased_weight(at.own), self.second.debiased_weight(at.own));
        let enlarged = match self.root {
            Root::Debiased => 1.0,
            Root::Plain => 1.0 / (1.0 - libm::pow(self.second.get(), at.own as f64)).sqrt(),
        };
        RAdamConstants {
            first_decay: 1.0 - first_weight,
            first_weight,
            second_decay: 1.0 - second_weight,
            second_weight,
            rectification: rectification(self.second, at.own, self.rectified_above.get()).unwrap_or(0.0),
            unrectified: match self.unrectified {
                Unrectified::Momentum => 1.0,
                Unrectified::Still => 0.0,
            },
            added: self.epsilon.added * enlarged,
            floor: self.epsilon.floor * enlarged,
        }
    }

    #[inline(always)]
    fn update<F: Real>(at: &RAdamConstants<F>, input: Input<F>, moments: &mut Moments<F>) -> F {
        let gradient = input.update;
        moments.first = at.first_decay * moments.first + at.first_weight * gradient;
        moments.second = at.second_decay * moments.second + at.second_weight * (gradient * gradient);
        let scaled = moments.first / (moments.second.sqrt() + at.added).at_least(at.floor);
        F::select(at.rectification, at.rectification * scaled, at.unrectified * moments.first)
    }
}

/// RAdam. [`Default`] is torch's setting.
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::hyperparameter::LearningRate;
/// use gradus::optimizer::Build;
/// use gradus::rule::RAdam;
///
/// let rule = RAdam { learning_rate: LearningRate::new(0.1)?, ..RAdam::default() };
/// let mut parameters = [("x", vec![1.0f64])];
/// let mut optimizer = rule.parameters_in::<f64>().build(Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &[("x", vec![0.5f64])])?;
/// assert_eq!(parameters[0].1, [0.95]); // the first five steps are those of an average
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RAdam {
    /// γ. Default 1e-3.
    pub learning_rate: LearningRate,
    /// β₁, the weight of the old average of gradients. Default 0.9.
    pub first: Decay,
    /// β₂, the weight of the old average of their squares. Default 0.999.
    pub second: Decay,
    /// ε, keeps the denominator from zero. Default: 1e-8, added.
    pub epsilon: Epsilon,
    /// Which root ε stands beside. Default: the debiased one.
    pub root: Root,
    /// The length ρ above which the step is rectified; less than 4 counts as 4. Default 5.
    pub rectified_above: Amount,
    /// What happens before. Default: momentum.
    pub unrectified: Unrectified,
    /// λ and its kind. Default: none.
    pub weight_decay: WeightDecay,
}

impl Default for RAdam {
    fn default() -> Self {
        let ScaleByRAdam { first, second, epsilon, root, rectified_above, unrectified } =
            ScaleByRAdam::default();
        let (learning_rate, weight_decay) = (LearningRate::checked(1e-3), WeightDecay::NONE);
        Self { learning_rate, first, second, epsilon, root, rectified_above, unrectified, weight_decay }
    }
}

impl Rule for RAdam {
    type Direction = Chain<AddDecay, ScaleByRAdam>;
    type Finish = Decayed;
    tunables!(learning_rate, first, second, epsilon, weight_decay);

    fn direction(&self) -> Self::Direction {
        let Self { first, second, epsilon, root, rectified_above, unrectified, weight_decay, .. } = *self;
        let core = ScaleByRAdam { first, second, epsilon, root, rectified_above, unrectified };
        regularized(core, weight_decay)
    }

    fn finish(&self) -> Decayed {
        decayed(self.weight_decay)
    }
}

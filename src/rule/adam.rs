//! Adam: averages of the gradient and of its square.
//!
//! Kingma, Ba, *Adam: A Method for Stochastic Optimization*, 2014,
//! <https://arxiv.org/abs/1412.6980>, Algorithm 1; AdamW: Loshchilov, Hutter, *Decoupled Weight
//! Decay Regularization*, 2017, <https://arxiv.org/abs/1711.05101>, Algorithm 2.
//!
//! For parameter `θ`, gradient `g`, its 1-based number `t`, debiased moments `m` and `v`, learning
//! rate `γ` and weight decay `λ`:
//!
//! ```text
//! m ← β̂₁·m + (1 − β̂₁)·g            β̂(t) = 1 − (1 − β)/(1 − βᵗ), so that m₁ = g₁
//! v ← β̂₂·v + (1 − β̂₂)·g²
//! θ ← θ − γ·(m/(√v + ε) + λ·θ)
//! ```
//!
//! | | |
//! |---|---|
//! | State | `m` and `v`, two numbers per element |
//! | Shapes | any |
//! | Gradient release, accumulation | yes, yes |
//! | Typical `γ` | 1e-3 for small networks, 1e-4 to 6e-4 for transformers |
//!
//! Differences from the paper: the moments are stored debiased, which saves two divisions per
//! element and gives the same values up to rounding. A gradient whose square overflows freezes its
//! element, as in the paper's form (v stays infinite); it does not make it NaN. ε may be a floor, see
//! [`Epsilon`]; β₂ may follow a schedule, see [`SecondDecay`].

use super::{AddDecay, Decayed, decayed, regularized};
use crate::hyperparameter::{Coefficient, Decay, Epsilon, LearningRate, SecondDecay, WeightDecay};
use crate::real::Real;
use crate::transform::{Chain, Input, Rule, Step, Transform};
use crate::{fields, tunables};
use typenum::B1;

/// The update m/(√v + ε) of Adam.
///
/// ```
/// use gradus::rule::{Moments, ScaleByAdam};
/// use gradus::transform::{FieldSet, Input, Step, Transform};
///
/// let at = ScaleByAdam::default().constants(&Step::first(1e-3));
/// let mut moments = Moments { first: 0.0f64, second: 0.0 };
/// let update = ScaleByAdam::update(&at, Input::of(-3.0, 1.0), &mut moments);
/// assert!((update + 1.0).abs() < 1e-8); // the first update is the sign of the gradient
/// assert_eq!(moments, Moments { first: -3.0, second: 9.0 });
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleByAdam {
    /// β₁, the weight of the old average. Default 0.9.
    pub first: Decay,
    /// β₂, the weight of the old average of squares. Default 0.999.
    pub second: SecondDecay,
    /// ε, keeps the denominator from zero. Default: 1e-8, added.
    pub epsilon: Epsilon,
}

impl Default for ScaleByAdam {
    fn default() -> Self {
        Self {
            first: Decay::checked(0.9),
            second: SecondDecay::checked(0.999),
            epsilon: Epsilon { added: 1e-8, floor: 0.0 },
        }
    }
}

fields! {
    /// Debiased moments of the gradient.
    pub struct Moments {
        /// m, the average.
        first,
        /// v, the average of the square.
        second,
    }
}

fields! {
    /// Constants of [`ScaleByAdam`] at one step.
    pub struct AdamConstants {
        /// β̂₁(t).
        first_decay,
        /// 1 − β̂₁(t).
        first_weight,
        /// β̂₂(t).
        second_decay,
        /// 1 − β̂₂(t).
        second_weight,
        /// ε if it is added, else 0.
        added,
        /// ε if it is a floor, else 0.
        floor,
    }
}

impl Transform for ScaleByAdam {
    type Constants = AdamConstants;
    type State = Moments;
    type Keeps = B1;

    fn constants(&self, at: &Step) -> AdamConstants<f64> {
        let (first_weight, second_weight) =
            (self.first.debiased_weight(at.own), self.second.debiased_weight_of(at.own, at.own + at.built));
        AdamConstants {
            first_decay: 1.0 - first_weight,
            first_weight,
            second_decay: 1.0 - second_weight,
            second_weight,
            added: self.epsilon.added,
            floor: self.epsilon.floor,
        }
    }

    #[inline(always)]
    fn update<F: Real>(at: &AdamConstants<F>, input: Input<F>, moments: &mut Moments<F>) -> F {
        let gradient = input.update;
        moments.first = at.first_decay * moments.first + at.first_weight * gradient;
        moments.second = at.second_decay * moments.second + at.second_weight * (gradient * gradient);
        moments.first / (moments.second.sqrt() + at.added).at_least(at.floor)
    }
}

macro_rules! adam {
    ($(#[$doc:meta])* $name:ident, $decay:expr, $decay_says:literal $(,)?) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $name {
            /// γ. Default 1e-3.
            pub learning_rate: LearningRate,
            /// β₁, the weight of the old average of gradients. Default 0.9.
            pub first: Decay,
            /// β₂, the weight of the old average of their squares. Default 0.999.
            pub second: SecondDecay,
            /// ε, keeps the denominator from zero. Default: 1e-8, added.
            pub epsilon: Epsilon,
            #[doc = concat!("λ and its kind. Default: ", $decay_says, ".")]
            pub weight_decay: WeightDecay,
        }

        impl Default for $name {
            fn default() -> Self {
                let ScaleByAdam { first, second, epsilon } = ScaleByAdam::default();
                Self { learning_rate: LearningRate::checked(1e-3), first, second, epsilon, weight_decay: $decay }
            }
        }

        impl Rule for $name {
            type Direction = Chain<AddDecay, ScaleByAdam>;
            type Finish = Decayed;
            tunables!(learning_rate, first, second, epsilon, weight_decay);

            fn direction(&self) -> Self::Direction {
                let Self { first, second, epsilon, weight_decay, .. } = *self;
                regularized(ScaleByAdam { first, second, epsilon }, weight_decay)
            }

            fn finish(&self) -> Decayed {
                decayed(self.weight_decay)
            }
        }
    };
}

adam! {
    /// Adam. [`Default`] is the paper's setting.
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::optimizer::Build;
    /// use gradus::rule::Adam;
    ///
    /// let mut parameters = [("x", vec![1.0f32])];
    /// let mut optimizer = Adam::default().build(Cpu::default(), &parameters)?;
    /// optimizer.step(&mut parameters, &[("x", vec![-2.0f32])])?;
    /// assert!((parameters[0].1[0] - 1.001).abs() < 1e-6);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    Adam, WeightDecay::NONE, "none"
}

adam! {
    /// Adam with decoupled weight decay. [`Default`] is torch's setting.
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::hyperparameter::{LearningRate, WeightDecay};
    /// use gradus::optimizer::Build;
    /// use gradus::rule::AdamW;
    ///
    /// let rule = AdamW {
    ///     learning_rate: LearningRate::new(0.1)?,
    ///     weight_decay: WeightDecay::decoupled(0.5)?,
    ///     ..AdamW::default()
    /// };
    /// let mut parameters = [("x", vec![2.0f64])];
    /// let mut optimizer = rule.parameters_in::<f64>().build(Cpu::default(), &parameters)?;
    /// optimizer.step(&mut parameters, &[("x", vec![1.0f64])])?;
    /// assert!((parameters[0].1[0] - (2.0 - 0.1 * (1.0 + 0.5 * 2.0))).abs() < 1e-8);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    AdamW, WeightDecay::Decoupled(Coefficient::checked(0.01)), "0.01, decoupled"
}

adam! {
    /// AdamC: Adam with decay that is corrected for the schedule, θ·(1 − γ·(γ/γ_max)·λ).
    ///
    /// Defazio, *Why Gradients Rapidly Increase Near the End of Training*, 2025,
    /// <https://arxiv.org/abs/2506.02285>, Algorithm 1, where the correction is meant for the weights
    /// of normalised layers; give others a group. [`Default`] is AdamW's setting, for a schedule
    /// whose largest rate is γ.
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::hyperparameter::{LearningRate, WeightDecay};
    /// use gradus::optimizer::Build;
    /// use gradus::rule::AdamC;
    ///
    /// let (now, peak) = (LearningRate::new(0.1)?, LearningRate::new(0.4)?);
    /// let decay = WeightDecay::corrected(0.5, peak)?;
    /// let rule = AdamC { learning_rate: now, weight_decay: decay, ..AdamC::default() };
    /// let mut parameters = [("x", vec![2.0f64])];
    /// let mut optimizer = rule.parameters_in::<f64>().build(Cpu::default(), &parameters)?;
    /// optimizer.step(&mut parameters, &[("x", vec![1.0f64])])?;
    /// assert!((parameters[0].1[0] - (2.0 - 0.1 * (1.0 + 0.25 * 0.5 * 2.0))).abs() < 1e-8);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    AdamC, WeightDecay::Corrected {
        coefficient: Coefficient::checked(0.01),
        max_learning_rate: LearningRate::checked(1e-3),
    }, "0.01, corrected for γ_max = 1e-3"
}

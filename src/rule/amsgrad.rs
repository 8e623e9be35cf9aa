//! AMSGrad: Adam whose denominator never falls.
//!
//! Reddi, Kale, Kumar, *On the Convergence of Adam and Beyond*, 2018,
//! <https://openreview.net/forum?id=ryQu7f-RZ>, Algorithm 2.
//!
//! For parameter `θ`, gradient `g`, its 1-based number `t`, debiased moments `m` and `v`, learning
//! rate `γ` and weight decay `λ`:
//!
//! ```text
//! m ← β̂₁·m + (1 − β̂₁)·g            β̂(t) = 1 − (1 − β)/(1 − βᵗ), so that m₁ = g₁
//! v ← β̂₂·v + (1 − β̂₂)·g²
//! w ← max(w·(1 − β₂ᵗ⁻¹)/(1 − β₂ᵗ), v)
//! θ ← θ − γ·(m/(√w + ε) + λ·θ)
//! ```
//!
//! The factor of `w` lets the maximum run over averages that are not debiased, as in the paper and in
//! torch, and debiases it afterwards, as in torch.
//!
//! | | |
//! |---|---|
//! | State | `m`, `v` and `w`, three numbers per element |
//! | Shapes | any |
//! | Gradient release, accumulation | yes, yes |
//! | Typical `γ` | Adam's |
//!
//! Differences from the paper: it does not debias at all. ε, which it does not have, may be a floor,
//! see [`Epsilon`].

use super::{Adam, AdamConstants, AdamW, AddDecay, Decayed, ScaleByAdam, decayed, regularized};
use crate::hyperparameter::{Decay, Epsilon, LearningRate, SecondDecay, WeightDecay};
use crate::real::Real;
use crate::transform::{Chain, Input, Pair, Rule, Step, Transform};
use crate::{fields, tunables};
use typenum::B1;

/// The direction m/(√w + ε) of AMSGrad.
///
/// ```
/// use gradus::hyperparameter::Decay;
/// use gradus::rule::{LargestMoments, ScaleByAdam, ScaleByAmsGrad};
/// use gradus::transform::{Input, Step, Transform};
///
/// let adam = ScaleByAdam { second: Decay::new(0.5)?.into(), ..ScaleByAdam::default() };
/// let (scale, first) = (ScaleByAmsGrad { adam }, Step::first(1e-3));
/// let mut state = LargestMoments { first: 0.0f64, second: 0.0, largest: 0.0 };
/// ScaleByAmsGrad::update(&scale.constants(&first), Input::of(4.0, 1.0), &mut state);
/// assert_eq!((state.second, state.largest), (16.0, 16.0));
/// ScaleByAmsGrad::update(&scale.constants(&first.next()), Input::of(0.0, 1.0), &mut state);
/// // Not debiased, v was 8 and is 4: the maximum is 8, debiased with 1 − ½².
/// assert!((state.second - 4.0 / 0.75).abs() < 1e-14 && (state.largest - 8.0 / 0.75).abs() < 1e-14);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ScaleByAmsGrad {
    /// Its averages and its ε.
    pub adam: ScaleByAdam,
}

fields! {
    /// Debiased moments of the gradient, and the largest second one.
    pub struct LargestMoments {
        /// m, the average.
        first,
        /// v, the average of the square.
        second,
        /// w, the largest v.
        largest,
    }
}

fields! {
    /// What [`ScaleByAmsGrad`] needs beside the constants of Adam.
    pub struct Fading {
        /// (1 − β₂ᵗ⁻¹)/(1 − β₂ᵗ).
        fading,
    }
}

impl Transform for ScaleByAmsGrad {
    type Constants = Pair<AdamConstants, Fading>;
    type State = LargestMoments;
    type Keeps = B1;

    fn constants(&self, at: &Step) -> (AdamConstants<f64>, Fading<f64>) {
        let missing = |step: u64| 1.0 - libm::pow(self.adam.second.at(step), step as f64);
        (self.adam.constants(at), Fading { fading: missing(at.own - 1) / missing(at.own) })
    }

    #[inline(always)]
    fn update<F: Real>(
        (at, Fading { fading }): &(AdamConstants<F>, Fading<F>),
        input: Input<F>,
        state: &mut LargestMoments<F>,
    ) -> F {
        let gradient = input.update;
        state.first = at.first_decay * state.first + at.first_weight * gradient;
        state.second = at.second_decay * state.second + at.second_weight * (gradient * gradient);
        state.largest = (*fading * state.largest).max(state.second);
        state.first / (state.largest.sqrt() + at.added).at_least(at.floor)
    }
}

macro_rules! amsgrad {
    ($(#[$doc:meta])* $name:ident, $plain:ident, $decay_says:literal) => {
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

        impl From<$plain> for $name {
            fn from(plain: $plain) -> Self {
                let $plain { learning_rate, first, second, epsilon, weight_decay } = plain;
                Self { learning_rate, first, second, epsilon, weight_decay }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                $plain::default().into()
            }
        }

        impl Rule for $name {
            type Direction = Chain<AddDecay, ScaleByAmsGrad>;
            type Finish = Decayed;
            tunables!(learning_rate, first, second, epsilon, weight_decay);

            fn direction(&self) -> Self::Direction {
                let Self { first, second, epsilon, weight_decay, .. } = *self;
                regularized(ScaleByAmsGrad { adam: ScaleByAdam { first, second, epsilon } }, weight_decay)
            }

            fn finish(&self) -> Decayed {
                decayed(self.weight_decay)
            }
        }
    };
}

amsgrad! {
    /// AMSGrad, made from the settings of [`Adam`]. [`Default`] is torch's setting.
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::optimizer::Build;
    /// use gradus::rule::{Adam, AmsGrad};
    ///
    /// let mut parameters = [("x", vec![1.0f32])];
    /// let mut optimizer = AmsGrad::from(Adam::default()).build(Cpu::default(), &parameters)?;
    /// optimizer.step(&mut parameters, &[("x", vec![-2.0f32])])?;
    /// assert!((parameters[0].1[0] - 1.001).abs() < 1e-6);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    AmsGrad, Adam, "none"
}

amsgrad! {
    /// AMSGrad with decoupled weight decay, made from the settings of [`AdamW`]. See [`AmsGrad`].
    AmsGradW, AdamW, "0.01, decoupled"
}

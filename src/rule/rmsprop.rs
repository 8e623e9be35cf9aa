//! RMSprop: the gradient by the root of its mean square.
//!
//! Tieleman, Hinton, *Lecture 6.5: RMSProp*, COURSERA: Neural Networks for Machine Learning, 2012;
//! centred: Graves, *Generating Sequences With Recurrent Neural Networks*, 2013,
//! <https://arxiv.org/abs/1308.0850>, equations 38 to 45.
//!
//! For parameter `θ`, gradient `g`, learning rate `γ`, weight decay `λ` and momentum `μ`:
//!
//! ```text
//! v ← ρ·v + (1 − ρ)·g²              v₀ = 0; or debiased, with ρ̂(t) = 1 − (1 − ρ)/(1 − ρᵗ)
//! u  = g/(√v + ε)
//! θ ← θ − γ·(u + λ·θ)               RmsProp
//! m ← μ·m + u,  θ ← θ − γ·(m + λ·θ)  with momentum
//! ```
//!
//! Centred, the variance `s` stands for the mean square. From v − n² with n ← ρ·n + (1 − ρ)·g follows
//! a form that no rounding makes negative:
//!
//! ```text
//! s ← ρ·s + ρ·(1 − ρ)·(g − n)²,  then n ← ρ·n + (1 − ρ)·g
//! ```
//!
//! | | |
//! |---|---|
//! | State | one number per element, `v`; one more for momentum, one more if centred |
//! | Shapes | any |
//! | Gradient release | yes |
//! | Accumulation | with momentum only: nothing else remembers gradients with their sign |
//! | Typical `γ` | 1e-3 to 1e-2 with debiased averages; plain ones make the first steps larger |
//!
//! Differences from the lecture: ε beside the root, or as a floor, see [`Epsilon`].

use super::{AddDecay, Decayed, FirstMomentum, Momentum, MomentumForm, decayed, regularized};
use crate::hyperparameter::{Dampening, Decay, Epsilon, LearningRate, SecondDecay, WeightDecay};
use crate::real::Real;
use crate::transform::{Chain, Input, Rule, Step, Transform};
use crate::{fields, tunables};
use typenum::B0;

/// How an average treats having started from zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Averages {
    /// It does not: the first ones are too small. torch.
    #[default]
    Plain,
    /// They are divided by 1 − ρᵗ. HeavyBall.
    Debiased,
}

impl Averages {
    /// The weight of the newest value in an average with ρ.
    fn weight_of_newest(self, decay: SecondDecay, step: u64) -> f64 {
        match self {
            Self::Plain => 1.0 - decay.at(step),
            Self::Debiased => decay.debiased_weight(step),
        }
    }
}

fields! {
    /// The mean square of the gradient.
    pub struct MeanSquare {
        /// v.
        mean_square,
    }
}

fields! {
    /// Mean and variance of the gradient.
    pub struct Variance {
        /// n.
        mean,
        /// s.
        variance,
    }
}

fields! {
    /// Constants of [`ScaleByRms`] and [`ScaleByDeviation`] at one step.
    pub struct RmsConstants {
        /// ρ, or ρ̂(t).
        decay,
        /// 1 − ρ, or 1 − ρ̂(t).
        weight,
        /// ε if it is added, else 0.
        added,
        /// ε if it is a floor, else 0.
        floor,
    }
}

macro_rules! scale {
    ($(#[$doc:meta])* $name:ident, $state:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $name {
            /// ρ, the weight of the old average. Default 0.99.
            pub decay: SecondDecay,
            /// Plain or debiased. Default: plain.
            pub averages: Averages,
            /// ε, keeps the denominator from zero. Default: 1e-8, added.
            pub epsilon: Epsilon,
        }

        impl Default for $name {
            fn default() -> Self {
                let epsilon = Epsilon { added: 1e-8, floor: 0.0 };
                Self { decay: SecondDecay::checked(0.99), averages: Averages::default(), epsilon }
            }
        }

        impl Transform for $name {
            type Constants = RmsConstants;
            type State = $state;
            type Keeps = B0;

            fn constants(&self, at: &Step) -> RmsConstants<f64> {
                let weight = self.averages.weight_of_newest(self.decay, at.own);
                let Epsilon { added, floor } = self.epsilon;
                RmsConstants { decay: 1.0 - weight, weight, added, floor }
            }

            #[inline(always)]
            fn update<F: Real>(at: &RmsConstants<F>, input: Input<F>, state: &mut $state<F>) -> F {
                let square = state.take_in(at, input.update);
                input.update / (square.sqrt() + at.added).at_least(at.floor)
            }
        }
    };
}

scale! {
    /// The direction g/(√v + ε) of RMSprop.
    ///
    /// ```
    /// use gradus::rule::{MeanSquare, ScaleByRms};
    /// use gradus::transform::{Input, Step, Transform};
    ///
    /// let at = ScaleByRms::default().constants(&Step::first(0.01));
    /// let mut state = MeanSquare { mean_square: 0.0f64 };
    /// let update = ScaleByRms::update(&at, Input::of(-3.0, 1.0), &mut state);
    /// assert!((update + 10.0).abs() < 1e-6); // 3/√(0.01·9): a plain average starts small
    /// ```
    ScaleByRms, MeanSquare
}

scale! {
    /// The direction g/(√s + ε) of centred RMSprop.
    ///
    /// Debiased, the first variance is zero, as that of a single number is, so the first direction is
    /// g/ε: leave the averages plain unless ε is large.
    ///
    /// ```
    /// use gradus::hyperparameter::Decay;
    /// use gradus::rule::{ScaleByDeviation, Variance};
    /// use gradus::transform::{Input, Step, Transform};
    ///
    /// let scale = ScaleByDeviation { decay: Decay::new(0.5)?.into(), ..ScaleByDeviation::default() };
    /// let at = scale.constants(&Step::first(0.01));
    /// let mut state = Variance { mean: 0.0f64, variance: 0.0 };
    /// ScaleByDeviation::update(&at, Input::of(2.0, 1.0), &mut state);
    /// assert_eq!((state.mean, state.variance), (1.0, 1.0)); // ½·2, and ½·4 − 1²
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    ScaleByDeviation, Variance
}

impl<F: Real> MeanSquare<F> {
    /// The mean square with `gradient`.
    #[inline(always)]
    fn take_in(&mut self, at: &RmsConstants<F>, gradient: F) -> F {
        self.mean_square = at.decay * self.mean_square + at.weight * (gradient * gradient);
        self.mean_square
    }
}

impl<F: Real> Variance<F> {
    /// The variance with `gradient`.
    #[inline(always)]
    fn take_in(&mut self, at: &RmsConstants<F>, gradient: F) -> F {
        let off = gradient - self.mean;
        self.variance = at.decay * (self.variance + at.weight * (off * off));
        self.mean = at.decay * self.mean + at.weight * gradient;
        self.variance
    }
}

/// The momentum of RMSprop: m ← μ·m + u.
fn heavy_ball(momentum: Decay) -> Momentum {
    let (first, form) = (FirstMomentum::FromZero, MomentumForm::Classical);
    Momentum { momentum, dampening: Dampening::checked(0.0), first, form }
}

macro_rules! rmsprop {
    ($(#[$doc:meta])* $name:ident, $scale:ident $(, $momentum:ident: $says:literal)?) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $name {
            /// γ. Default 0.01.
            pub learning_rate: LearningRate,
            /// ρ, the weight of the old average. Default 0.99.
            pub decay: SecondDecay,
            /// Whether averages are plain or debiased. Default: plain.
            pub averages: Averages,
            /// ε, keeps the denominator from zero. Default: 1e-8, added.
            pub epsilon: Epsilon,
            $(#[doc = $says]
            pub $momentum: Decay,)?
            /// λ and its kind. Default: none.
            pub weight_decay: WeightDecay,
        }

        impl Default for $name {
            fn default() -> Self {
                let $scale { decay, averages, epsilon } = $scale::default();
                Self {
                    learning_rate: LearningRate::checked(0.01),
                    decay,
                    averages,
                    epsilon,
                    $($momentum: Decay::checked(0.9),)?
                    weight_decay: WeightDecay::NONE,
                }
            }
        }

        impl Rule for $name {
            type Direction = rmsprop!(@direction $scale $($momentum)?);
            type Finish = Decayed;
            tunables!(learning_rate, decay, epsilon, $($momentum,)? weight_decay);

            fn direction(&self) -> Self::Direction {
                let Self { decay, averages, epsilon, weight_decay, .. } = *self;
                let scale = $scale { decay, averages, epsilon };
                $(let scale = Chain { first: scale, second: heavy_ball(self.$momentum) };)?
                regularized(scale, weight_decay)
            }

            fn finish(&self) -> Decayed {
                decayed(self.weight_decay)
            }
        }
    };
    (@direction $scale:ident) => { Chain<AddDecay, $scale> };
    (@direction $scale:ident $momentum:ident) => { Chain<AddDecay, Chain<$scale, Momentum>> };
}

rmsprop! {
    /// RMSprop. [`Default`] is torch's setting.
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::optimizer::Build;
    /// use gradus::rule::{Averages, RmsProp};
    ///
    /// let rule = RmsProp { averages: Averages::Debiased, ..RmsProp::default() };
    /// let mut parameters = [("x", vec![1.0f32])];
    /// let mut optimizer = rule.build(Cpu::default(), &parameters)?;
    /// optimizer.step(&mut parameters, &[("x", vec![-2.0f32])])?;
    /// assert!((parameters[0].1[0] - 1.01).abs() < 1e-6);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    RmsProp, ScaleByRms
}

rmsprop! {
    /// RMSprop with momentum. See [`RmsProp`].
    RmsPropMomentum, ScaleByRms, momentum: "μ, the share of the old velocity that stays. Default 0.9."
}

rmsprop! {
    /// RMSprop by the deviation of the gradient from its mean. See [`RmsProp`].
    CenteredRmsProp, ScaleByDeviation
}

rmsprop! {
    /// RMSprop by the deviation of the gradient from its mean, with momentum. See [`RmsProp`].
    CenteredRmsPropMomentum, ScaleByDeviation, momentum: "μ, the share of the old velocity that stays. Default 0.9."
}

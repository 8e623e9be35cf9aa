//! Momentum-SAM with scaled gradients: gradients are taken a step against the momentum away.
//!
//! Becker, Altrock, Risse, *Momentum-SAM: Sharpness Aware Minimization without Computational Overhead*,
//! 2024, <https://arxiv.org/abs/2401.12033>, Algorithm 1, behind the average of LaProp: Ziyin, Wang, Ueda,
//! 2020, <https://arxiv.org/abs/2002.04839>.
//!
//! The parameter is `p` in training; `z`, which is state, is where the model is evaluated:
//!
//! ```text
//! v ← β̂₂·v + (1 − β̂₂)·g²
//! m ← β̂₁·m + (1 − β̂₁)·g/max(√v, ε)
//! z ← z − γ·(m + λ·z)
//! p ← z − ρ·m/max(‖m‖, 1e-8)          ‖m‖ over the tensor
//! ```
//!
//! | | |
//! |---|---|
//! | State | `v`, `m` and `z`, three numbers per element; one number per tensor |
//! | Shapes | any |
//! | Gradient release, accumulation | yes, yes |
//! | Typical `γ` | that of AdamW, with `ρ` = 0.1 |
//!
//! Differences from the paper: the momentum is LaProp's average of scaled gradients, as in HeavyBall, where
//! the paper has that of SGD or Adam; `‖m‖` is that of each tensor. Behind `.on_update(..)`, both lines
//! above take what that made of `m`.

use super::{AddDecay, DecayConstants, Moves, ScaleByLaProp, regularized};
use crate::hyperparameter::{Amount, Decay, Epsilon, LearningRate, SecondDecay, WeightDecay};
use crate::real::Real;
use crate::transform::{Arrives, Chain, Fold, Input, Nothing, Of, Pair, Rule, Stage, Step, Transform};
use crate::{fields, tunables};
use typenum::B0;

/// What the norm of the momentum is at least.
const SMALLEST_NORM: f64 = 1e-8;

/// Moves z against the momentum, and the parameter a step of a given length further. Contains the
/// learning rate and weight decay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MomentumSam {
    /// ρ, the length of the step from z to the parameter.
    pub length: Amount,
    /// λ and its kind, at z.
    pub weight_decay: WeightDecay,
}

fields! {
    /// What [`MomentumSam`] remembers.
    pub struct Unperturbed: SecondPoint {
        /// z.
        z,
    }
}

fields! {
    /// What [`MomentumSam`] measures.
    pub struct MomentumNorm {
        /// ‖m‖.
        norm,
    }
}

fields! {
    /// Constants of [`MomentumSam`].
    pub struct MomentumSamConstants {
        /// 1 if the parameter moves, or between steps if it has moved; else 0.
        moves,
        /// 1 if it moves for the first time, else 0.
        starts,
        /// γ.
        rate,
        /// ρ.
        length,
    }
}

impl Stage for MomentumSam {
    type Constants = Pair<MomentumSamConstants, DecayConstants>;
    type State = Unperturbed;
    type Tensor = MomentumNorm;
    type Own = Moves;
    type Group = Nothing;
    type Keeps = B0;
    type Joint = B0;
    const PASSES: usize = 1;

    fn begins_once(&self) -> bool {
        true
    }

    fn constants(
        &self,
        at: &Step,
        own: &mut Moves<f64>,
        _group: &Nothing,
    ) -> (MomentumSamConstants<f64>, DecayConstants<f64>) {
        let decay = Transform::constants(&AddDecay::to_update(self.weight_decay), at);
        if at.arrives == Arrives::ToAccumulate {
            return (MomentumSamConstants::default(), decay);
        }
        own.moves += 1.0;
        let starts = if own.moves == 1.0 { 1.0 } else { 0.0 };
        let constants =
            MomentumSamConstants { moves: 1.0, starts, rate: at.learning_rate, length: self.length.get() };
        (constants, decay)
    }

    fn measures(&self, at: &Step) -> bool {
        at.arrives == Arrives::ToStep
    }

    fn fold(_pass: usize) -> Fold {
        Fold::Norm
    }

    #[inline(always)]
    fn finish<F: Real>(
        _pass: usize,
        _at: &Of<Self::Constants, F>,
        norm: F,
        _count: F,
        tensor: &mut MomentumNorm<F>,
    ) {
        tensor.norm = norm;
    }

    #[inline(always)]
    fn update<F: Real>(
        (at, decay): &Of<Self::Constants, F>,
        input: Input<F>,
        tensor: &MomentumNorm<F>,
        state: &mut Unperturbed<F>,
    ) -> Input<F> {
        let momentum = input.update;
        let z = F::select(at.starts, input.parameter, state.z);
        let decayed = <AddDecay as Transform>::update(decay, Input { parameter: z, ..input }, &mut Nothing);
        let moved = at.rate * decayed;
        state.z = F::select(at.moves, z - moved, state.z);
        let away = at.length * (momentum / tensor.norm.at_least(F::constant(SMALLEST_NORM)));
        // The way from the parameter to the new z, and on to the new parameter.
        input.with_update((input.parameter - z) + moved + away)
    }

    fn evaluation_constants(&self, own: &Of<Moves, f64>) -> (MomentumSamConstants<f64>, DecayConstants<f64>) {
        let at = MomentumSamConstants { moves: own.moves.min(1.0), ..MomentumSamConstants::default() };
        (at, DecayConstants::default())
    }

    #[inline(always)]
    fn evaluation<F: Real>((at, _): &Of<Self::Constants, F>, parameter: F, state: &Unperturbed<F>) -> F {
        F::select(at.moves, state.z, parameter)
    }
}

/// Momentum-SAM with LaProp's momentum. [`Default`] is HeavyBall's setting.
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::hyperparameter::LearningRate;
/// use gradus::optimizer::Build;
/// use gradus::rule::MsamLaProp;
///
/// let rule = MsamLaProp { learning_rate: LearningRate::new(0.25)?, ..MsamLaProp::default() };
/// let mut parameters = [("x", vec![1.0f64])];
/// let mut optimizer = rule.parameters_in::<f64>().build(Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &[("x", vec![-2.0f64])])?;
/// assert!((parameters[0].1[0] - (1.25 + 0.1)).abs() < 1e-15);
/// let mut unperturbed = parameters.clone();
/// optimizer.evaluation_into(&parameters, &mut unperturbed)?;
/// assert_eq!(unperturbed[0].1, [1.25]);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MsamLaProp {
    /// γ. Default 2.5e-3.
    pub learning_rate: LearningRate,
    /// β₁, the weight of the old average of scaled gradients. Default 0.9.
    pub first: Decay,
    /// β₂, the weight of the old average of squares. Default 0.99.
    pub second: SecondDecay,
    /// ε, keeps the denominator from zero. Default: 1e-6, as a floor.
    pub epsilon: Epsilon,
    /// ρ, the length of the step from z to where gradients are taken. Default 0.1.
    pub sam_length: Amount,
    /// λ and its kind. Default: none.
    pub weight_decay: WeightDecay,
}

impl Default for MsamLaProp {
    fn default() -> Self {
        Self {
            learning_rate: LearningRate::checked(2.5e-3),
            first: Decay::checked(0.9),
            second: SecondDecay::checked(0.99),
            epsilon: Epsilon { added: 0.0, floor: 1e-6 },
            sam_length: Amount::checked(0.1),
            weight_decay: WeightDecay::NONE,
        }
    }
}

impl Rule for MsamLaProp {
    type Direction = Chain<AddDecay, ScaleByLaProp>;
    type Finish = MomentumSam;
    tunables!(learning_rate, first, second, epsilon, sam_length, weight_decay);

    fn direction(&self) -> Self::Direction {
        let Self { first, second, epsilon, weight_decay, .. } = *self;
        regularized(ScaleByLaProp { first, second, epsilon }, weight_decay)
    }

    fn finish(&self) -> MomentumSam {
        MomentumSam { length: self.sam_length, weight_decay: self.weight_decay }
    }
}

//! SGD-SaI: momentum, scaled by how clear the first gradient of each tensor was.
//!
//! Xu et al., *No More Adam: Learning Rate Scaling at Initialization is All You Need*, 2024,
//! <https://arxiv.org/abs/2412.11768>, Algorithm 1.
//!
//! For parameter `θ`, gradient `g` of `n` elements, its first one `g₁` with unbiased deviation `σ`,
//! momentum `μ`, learning rate `γ` and weight decay `λ`:
//!
//! ```text
//! s  = ‖g₁‖/(σ(g₁) + ε)           measured once; or divided by the largest s of all tensors
//! m ← μ·m + (1 − μ)·g             m₁ = g₁
//! θ ← θ − γ·(s·m + λ·θ)
//! ```
//!
//! | | |
//! |---|---|
//! | State | `m`, one number per element; four numbers per tensor |
//! | Shapes | any; but `s` belongs to the tensor as a whole, so splitting one changes it |
//! | Gradient release, accumulation | yes, yes; [`normalized`](SgdSai::normalized) no, no |
//! | Typical `γ` | near AdamW's: `s` is about √n for a gradient without a mean |
//!
//! When training is distributed, hand in gradients that have been averaged over all workers, the first
//! one above all: the mean is less noisy than a part of it, so workers that measure their own parts
//! find other factors, and their parameters drift apart.
//!
//! Differences from the paper: it divides by the largest `s`, as [`normalized`](SgdSai::normalized)
//! does; the authors' package and the recordings do not. A gradient without deviation (one element,
//! or all the same) would be divided by ε alone, and its first step would be a jump: its `s` is 1,
//! unless [`Constant::Formula`] is asked for. A tensor whose first gradient comes late is measured
//! then.

use super::{AddDecay, Decayed, FirstMomentum, Momentum, MomentumForm, decayed, regularized};
use crate::hyperparameter::{Dampening, Decay, Epsilon, LearningRate, WeightDecay};
use crate::real::Real;
use crate::transform::{Chain, Flag, Fold, Input, Nothing, Rule, Stage, Step};
use crate::{fields, tunables};
use core::fmt::Debug;
use typenum::{B0, B1};

/// What s is for a tensor whose first gradient is the same in all elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Constant {
    /// 1: the tensor moves as by plain momentum.
    #[default]
    One,
    /// ‖g‖/ε, as the formula has it: the authors' package.
    Formula,
}

/// Whether the factors of all tensors are brought into proportion: [`AsMeasured`] or [`ByLargest`].
pub trait Normalization: Clone + Copy + Debug + Send + Sync + 'static {
    /// Whether all gradients must be there at once.
    type Joint: Flag;
    /// How many statistics this takes.
    const PASSES: usize;
}

/// Factors are used as they were measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AsMeasured;

/// Factors are divided by the largest one of all tensors that have been measured so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByLargest;

impl Normalization for AsMeasured {
    type Joint = B0;
    const PASSES: usize = 3;
}

impl Normalization for ByLargest {
    type Joint = B1;
    const PASSES: usize = 4;
}

/// Multiplies the update by the ratio of signal to noise that the tensor's first gradient had.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleBySignalToNoise<N> {
    /// ε, keeps the deviation from zero.
    pub epsilon: Epsilon,
    /// What a gradient without deviation does.
    pub constant: Constant,
    /// Whether the factors of all tensors are brought into proportion.
    pub normalization: N,
}

fields! {
    /// Constants of [`ScaleBySignalToNoise`].
    pub struct SignalToNoiseConstants {
        /// ε if it is added, else 0.
        added,
        /// ε if it is a floor, else 0.
        floor,
        /// 1 if the formula holds without deviation, else 0.
        formula,
    }
}

fields! {
    /// What is known of a tensor's first gradient.
    pub struct SignalToNoise {
        /// Its mean.
        mean,
        /// σ, its deviation.
        deviation,
        /// s.
        ratio,
        /// What s is divided by: 1, or the largest s.
        largest,
    }
}

impl<N: Normalization> Stage for ScaleBySignalToNoise<N> {
    type Constants = SignalToNoiseConstants;
    type State = Nothing;
    type Tensor = SignalToNoise;
    type Own = Nothing;
    type Group = Nothing;
    type Keeps = B0;
    type Joint = N::Joint;
    const PASSES: usize = N::PASSES;

    fn begins_once(&self) -> bool {
        true
    }

    fn joins(pass: usize) -> bool {
        pass == 3
    }

    fn constants(&self, _: &Step, _: &mut Nothing, _: &Nothing) -> SignalToNoiseConstants<f64> {
        SignalToNoiseConstants {
            added: self.epsilon.added,
            floor: self.epsilon.floor,
            formula: if self.constant == Constant::Formula { 1.0 } else { 0.0 },
        }
    }

    fn measures(&self, at: &Step) -> bool {
        at.own == 1
    }

    #[inline(always)]
    fn fold(pass: usize) -> Fold {
        [Fold::Mean, Fold::Norm, Fold::Norm, Fold::Max][pass]
    }

    #[inline(always)]
    fn measure<F: Real>(
        pass: usize,
        _: &SignalToNoiseConstants<F>,
        input: Input<F>,
        tensor: &SignalToNoise<F>,
        _: &mut Nothing,
    ) -> F {
        match pass {
            0 | 2 => input.gradient,
            1 => input.gradient - tensor.mean,
            _ => tensor.ratio.max(tensor.largest),
        }
    }

    #[inline(always)]
    fn finish<F: Real>(
        pass: usize,
        at: &SignalToNoiseConstants<F>,
        found: F,
        count: F,
        tensor: &mut SignalToNoise<F>,
    ) {
        let one = F::constant(1.0);
        match pass {
            0 => tensor.mean = found,
            1 => tensor.deviation = found / (count - one).at_least(one).sqrt(),
            2 => {
                // What the rounding of the mean leaves of a gradient without deviation.
                let rest = tensor.mean.abs() * F::constant(libm::scalbn(1.0, 2 - F::PRECISION as i32));
                let formula = found / (tensor.deviation + at.added).at_least(at.floor);
                let constant = F::select(at.formula, formula, one);
                tensor.ratio = F::select(tensor.deviation - rest, formula, constant);
                tensor.largest = if N::PASSES > 3 { tensor.largest } else { one };
            }
            _ => tensor.largest = found,
        }
    }

    #[inline(always)]
    fn update<F: Real>(
        _: &SignalToNoiseConstants<F>,
        input: Input<F>,
        tensor: &SignalToNoise<F>,
        _: &mut Nothing,
    ) -> Input<F> {
        // Where no gradient has any signal, the largest ratio is 0, too.
        let factor = tensor.ratio / tensor.largest.at_least(F::constant(1e-37));
        input.with_update(factor * input.update)
    }
}

/// SGD-SaI. [`Default`] is the setting of the authors' package, but for [`Constant`].
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::optimizer::Build;
/// use gradus::rule::SgdSai;
///
/// let mut parameters = [("weight", vec![0.0f64, 0.0]), ("scale", vec![0.0])];
/// let mut optimizer = SgdSai::default().parameters_in::<f64>().build(Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &[("weight", vec![3.0, 4.0]), ("scale", vec![2.0])])?;
/// let ratio = 5.0 / 0.5f64.sqrt(); // ‖(3, 4)‖ = 5, σ = √½
/// assert!((parameters[0].1[0] + 0.01 * ratio * 3.0).abs() < 1e-8);
/// assert_eq!(parameters[1].1, [-0.01 * 2.0]);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SgdSai<N = AsMeasured> {
    /// γ. Default 0.01.
    pub learning_rate: LearningRate,
    /// μ, the weight of the old average. Default 0.9.
    pub momentum: Decay,
    /// ε, keeps the deviation from zero. Default: 1e-8, added.
    pub epsilon: Epsilon,
    /// What s is for a gradient without deviation. Default: 1.
    pub constant: Constant,
    /// λ and its kind. Default: 0.01, decoupled.
    pub weight_decay: WeightDecay,
    /// Whether factors are divided by the largest one. Default: no.
    pub normalization: N,
}

impl Default for SgdSai {
    fn default() -> Self {
        Self {
            learning_rate: LearningRate::checked(0.01),
            momentum: Decay::checked(0.9),
            epsilon: Epsilon { added: 1e-8, floor: 0.0 },
            constant: Constant::One,
            weight_decay: WeightDecay::Decoupled(crate::hyperparameter::Coefficient::checked(0.01)),
            normalization: AsMeasured,
        }
    }
}

impl<N> SgdSai<N> {
    /// The same with factors that are divided by the largest one of all parameters, as in the paper:
    /// the clearest tensor moves as by plain momentum, all others less. Needs all gradients at once.
    pub fn normalized(self) -> SgdSai<ByLargest> {
        let Self { learning_rate, momentum, epsilon, constant, weight_decay, .. } = self;
        SgdSai { learning_rate, momentum, epsilon, constant, weight_decay, normalization: ByLargest }
    }
}

impl<N: Normalization> Rule for SgdSai<N> {
    type Direction = Chain<AddDecay, Chain<Momentum, ScaleBySignalToNoise<N>>>;
    type Finish = Decayed;
    tunables!(learning_rate, momentum, epsilon, weight_decay);

    fn direction(&self) -> Self::Direction {
        let Self { momentum, epsilon, constant, weight_decay, normalization, .. } = *self;
        let first = Momentum {
            momentum,
            dampening: Dampening::checked(momentum.get()),
            first: FirstMomentum::Gradient,
            form: MomentumForm::Classical,
        };
        let second = ScaleBySignalToNoise { epsilon, constant, normalization };
        regularized(Chain { first, second }, weight_decay)
    }

    fn finish(&self) -> Decayed {
        decayed(self.weight_decay)
    }
}

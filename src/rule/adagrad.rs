//! Adagrad: the gradient by the root of the sum of its squares.
//!
//! Duchi, Hazan, Singer, *Adaptive Subgradient Methods for Online Learning and Stochastic
//! Optimization*, 2011, <https://jmlr.org/papers/v12/duchi11a.html>, Figure 1, with diagonal matrices.
//!
//! For parameter `θ`, gradient `g`, its 1-based number `t`, learning rate `γ`, its decay `η` and
//! weight decay `λ`:
//!
//! ```text
//! s ← s + g²                                     from s₀
//! θ ← θ − γ·(g/((√s + ε)·(1 + (t − 1)·η)) + λ·θ)
//! ```
//!
//! | | |
//! |---|---|
//! | State | `s`, one number per element |
//! | Shapes | any |
//! | Gradient release, accumulation | yes, **no**: nothing remembers gradients with their sign |
//! | Typical `γ` | 0.01 to 0.1; sparse features, convex problems |
//!
//! Differences from the paper: η and s₀ are those of torch; ε stands beside the root, or is a floor,
//! see [`Epsilon`]. Decoupled weight decay, which torch does not have here, follows γ without η.

use super::{AddDecay, Decayed, decayed, regularized};
use crate::hyperparameter::{Amount, Epsilon, LearningRate, WeightDecay};
use crate::real::Real;
use crate::transform::{Chain, Input, Rule, Step, Transform};
use crate::{fields, tunables};
use typenum::B0;

/// The direction g/(√s + ε) of Adagrad, with the decay of its learning rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleByAdagrad {
    /// s₀, what the sum starts from. Default 0.
    pub initial: Amount,
    /// η, how fast steps become smaller beside the sum. Default 0.
    pub rate_decay: Amount,
    /// ε, keeps the denominator from zero. Default: 1e-10, added.
    pub epsilon: Epsilon,
}

impl Default for ScaleByAdagrad {
    fn default() -> Self {
        let zero = Amount::checked(0.0);
        Self { initial: zero, rate_decay: zero, epsilon: Epsilon { added: 1e-10, floor: 0.0 } }
    }
}

fields! {
    /// What Adagrad remembers.
    pub struct SumOfSquares {
        /// s.
        sum,
    }
}

fields! {
    /// Constants of [`ScaleByAdagrad`] at one step.
    pub struct AdagradConstants {
        /// s₀ at the first step, else 0.
        initial,
        /// 1/(1 + (t − 1)·η).
        rate,
        /// ε if it is added, else 0.
        added,
        /// ε if it is a floor, else 0.
        floor,
    }
}

impl Transform for ScaleByAdagrad {
    type Constants = AdagradConstants;
    type State = SumOfSquares;
    type Keeps = B0;

    fn begins_once(&self) -> bool {
        self.initial.get() != 0.0
    }

    fn constants(&self, at: &Step) -> AdagradConstants<f64> {
        AdagradConstants {
            initial: if at.own == 1 { self.initial.get() } else { 0.0 },
            rate: 1.0 / (1.0 + (at.own - 1) as f64 * self.rate_decay.get()),
            added: self.epsilon.added,
            floor: self.epsilon.floor,
        }
    }

    #[inline(always)]
    fn update<F: Real>(at: &AdagradConstants<F>, input: Input<F>, state: &mut SumOfSquares<F>) -> F {
        state.sum = (state.sum + at.initial) + input.update * input.update;
        at.rate * (input.update / (state.sum.sqrt() + at.added).at_least(at.floor))
    }
}

/// Adagrad. [`Default`] is torch's setting.
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::hyperparameter::{Amount, LearningRate};
/// use gradus::optimizer::Build;
/// use gradus::rule::Adagrad;
///
/// let (learning_rate, initial) = (LearningRate::new(0.5)?, Amount::new(16.0)?);
/// let rule = Adagrad { learning_rate, initial, ..Adagrad::default() };
/// let mut parameters = [("x", vec![1.0f32])];
/// let mut optimizer = rule.build(Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &[("x", vec![3.0f32])])?;
/// assert_eq!(parameters[0].1, [0.7]); // 3/√(16 + 9), halved
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adagrad {
    /// γ. Default 0.01.
    pub learning_rate: LearningRate,
    /// s₀, what the sum starts from. Default 0.
    pub initial: Amount,
    /// η, how fast steps become smaller beside the sum. Default 0.
    pub rate_decay: Amount,
    /// ε, keeps the denominator from zero. Default: 1e-10, added.
    pub epsilon: Epsilon,
    /// λ and its kind. Default: none.
    pub weight_decay: WeightDecay,
}

impl Default for Adagrad {
    fn default() -> Self {
        let ScaleByAdagrad { initial, rate_decay, epsilon } = ScaleByAdagrad::default();
        let (learning_rate, weight_decay) = (LearningRate::checked(0.01), WeightDecay::NONE);
        Self { learning_rate, initial, rate_decay, epsilon, weight_decay }
    }
}

impl Rule for Adagrad {
    type Direction = Chain<AddDecay, ScaleByAdagrad>;
    type Finish = Decayed;
    tunables!(learning_rate, rate_decay, epsilon, weight_decay);

    fn direction(&self) -> Self::Direction {
        let Self { initial, rate_decay, epsilon, weight_decay, .. } = *self;
        regularized(ScaleByAdagrad { initial, rate_decay, epsilon }, weight_decay)
    }

    fn finish(&self) -> Decayed {
        decayed(self.weight_decay)
    }
}

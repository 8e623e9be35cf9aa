//! Lookahead: every k steps, back a part of the way.
//!
//! Zhang et al., *Lookahead Optimizer: k steps forward, 1 step back*, 2019,
//! <https://arxiv.org/abs/1907.08610>, Algorithm 1.
//!
//! For the parameter `θ` behind a step of any rule, the slow weights `φ`, and the share `α`:
//!
//! ```text
//! φ = θ before the first step
//! every k steps:  φ ← φ + α·(θ − φ),  θ ← φ
//! ```
//!
//! | | |
//! |---|---|
//! | State | `φ`, one number per element; a count, one per tensor, on the host |
//! | Shapes | any |
//! | Gradient release, accumulation | yes, as its rule |
//! | Typical `k`, `α` | 5 to 10, 0.5 |
//!
//! The return is a part of the step's one update: it is rounded once together with it, and what
//! Kahan summation carries belongs to the point that it starts from.
//!
//! Differences from the paper: none. The averages of the rule go on as they are (the paper's
//! "maintain").

use crate::fields;
use crate::hyperparameter::Share;
use crate::real::{Real, interpolate};
use crate::transform::{Arrives, Input, Nothing, Stage, Step};
use core::num::NonZeroU64;
use typenum::B0;

/// What [`Lookahead`] counts to k.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Counting {
    /// Steps of the parameter: the paper.
    #[default]
    Steps,
    /// Its gradients, micro-batches included; it returns only in a step that is due by that count.
    /// optimi.
    Gradients,
}

/// Lookahead, behind any rule. [`Default`] is the paper's setting.
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::hyperparameter::LearningRate;
/// use gradus::optimizer::Build;
/// use gradus::rule::{Lookahead, Sgd};
/// use std::num::NonZeroU64;
///
/// let rule = Sgd { learning_rate: LearningRate::new(1.0)?, ..Sgd::default() };
/// let every = NonZeroU64::new(2).expect("not zero");
/// let mut parameters = [("x", vec![0.0f32])];
/// let mut optimizer = rule
///     .afterwards(Lookahead { every, ..Lookahead::default() })
///     .build(Cpu::default(), &parameters)?;
/// for (gradient, expected) in [(-1.0, 1.0), (-1.0, 1.0), (-1.0, 2.0), (-2.0, 2.5)] {
///     optimizer.step(&mut parameters, &[("x", vec![gradient])])?;
///     assert_eq!(parameters[0].1, [expected]); // 1 | 2 → halfway from 0: 1 | 2 | 4 → halfway from 1: 2.5
/// }
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lookahead {
    /// k, how many steps lie between two returns. Default 5.
    pub every: NonZeroU64,
    /// α, the share of the way that the slow weights go. Default 0.5.
    pub share: Share,
    /// What is counted. Default: steps.
    pub counting: Counting,
}

impl Lookahead {
    /// The settings of a constant, with an interval above 0.
    pub(super) const fn checked(every: u64) -> Self {
        let every = NonZeroU64::new(every).expect("an interval is at least 1");
        Self { every, share: Share::checked(0.5), counting: Counting::Steps }
    }
}

impl Default for Lookahead {
    fn default() -> Self {
        Self::checked(5)
    }
}

fields! {
    /// The second point of [`Lookahead`].
    pub struct SlowWeights {
        /// φ.
        slow,
    }
}

fields! {
    /// What [`Lookahead`] keeps per tensor.
    pub struct StepCount {
        /// How often the tensor has moved.
        moves,
    }
}

fields! {
    /// Constants of [`Lookahead`] at one step.
    pub struct LookaheadConstants {
        /// 1 at the first step.
        starts,
        /// 1 at a step that returns.
        returns,
        /// α.
        share,
    }
}

impl Stage for Lookahead {
    type Constants = LookaheadConstants;
    type State = SlowWeights;
    type Tensor = Nothing;
    type Own = StepCount;
    type Group = Nothing;
    type Keeps = B0;
    type Joint = B0;

    fn begins_once(&self) -> bool {
        true
    }

    fn constants(&self, at: &Step, own: &mut StepCount<f64>, _: &Nothing) -> LookaheadConstants<f64> {
        let share = self.share.get();
        if at.arrives == Arrives::ToAccumulate {
            return LookaheadConstants { starts: 0.0, returns: 0.0, share };
        }
        own.moves += 1.0;
        let count = match self.counting {
            Counting::Steps => own.moves as u64,
            Counting::Gradients => at.own,
        };
        let when = |condition| if condition { 1.0 } else { 0.0 };
        let returns = when(count.is_multiple_of(self.every.get()));
        LookaheadConstants { starts: when(own.moves == 1.0), returns, share }
    }

    #[inline(always)]
    fn update<F: Real>(
        at: &LookaheadConstants<F>,
        input: Input<F>,
        _: &Nothing,
        state: &mut SlowWeights<F>,
    ) -> Input<F> {
        let slow = F::select(at.starts, input.parameter, state.slow);
        let fast = input.parameter - input.update;
        state.slow = F::select(at.returns, interpolate(slow, fast, at.share), slow);
        input.with_update(F::select(at.returns, input.parameter - state.slow, input.update))
    }
}

//! [`Rule`]: hyperparameters that become a chain.

use super::Stage;
use crate::hyperparameter::LearningRate;
use core::fmt::Debug;

/// Hyperparameters of an optimizer with a name: what a user writes down.
///
/// A rule is plain data. The chain that does the arithmetic is made from it at each step, so
/// changing a hyperparameter between two steps is all that a schedule has to do.
pub trait Rule: Clone + Debug + Send + Sync + 'static {
    /// The stages that the rule consists of, learning rate included.
    type Chain: Stage;

    /// The stages with the current hyperparameters.
    fn chain(&self) -> Self::Chain;

    /// γ.
    fn learning_rate(&self) -> LearningRate;

    /// Replaces γ.
    fn set_learning_rate(&mut self, learning_rate: LearningRate);
}

/// A chain of stages as a rule: every option of the named optimizers works on it.
///
/// ```
/// use gradus::hyperparameter::{Decay, LearningRate};
/// use gradus::optimizer::Build;
/// use gradus::cpu::Cpu;
/// use gradus::rule::{ScaleByAdam, ScaleByLearningRate};
/// use gradus::transform::{Chained, StageExt};
///
/// let chain = ScaleByAdam { first: Decay::new(0.8)?, ..ScaleByAdam::default() }.then(ScaleByLearningRate);
/// let rule = Chained { chain, learning_rate: LearningRate::new(0.1)? };
/// let mut parameters = [("x", vec![1.0f32])];
/// let mut optimizer = rule.build(Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &[("x", vec![3.0f32])])?;
/// assert!((parameters[0].1[0] - 0.9).abs() < 1e-6);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chained<C> {
    /// The stages; the last is usually [`ScaleByLearningRate`](crate::rule::ScaleByLearningRate).
    pub chain: C,
    /// γ.
    pub learning_rate: LearningRate,
}

impl<C: Stage> Rule for Chained<C> {
    type Chain = C;

    fn chain(&self) -> C {
        self.chain.clone()
    }

    fn learning_rate(&self) -> LearningRate {
        self.learning_rate
    }

    fn set_learning_rate(&mut self, learning_rate: LearningRate) {
        self.learning_rate = learning_rate;
    }
}

//! A chain of stages as a rule.

use super::ScaleByLearningRate;
use crate::hyperparameter::LearningRate;
use crate::transform::{Rule, Stage};

/// A chain of stages as a rule: every option of the named optimizers works on it.
///
/// ```
/// use gradus::hyperparameter::{Decay, LearningRate};
/// use gradus::optimizer::Build;
/// use gradus::cpu::Cpu;
/// use gradus::rule::{Chained, ScaleByAdam};
///
/// let chain = ScaleByAdam { first: Decay::new(0.8)?, ..ScaleByAdam::default() };
/// let rule = Chained { chain, learning_rate: LearningRate::new(0.1)? };
/// let mut parameters = [("x", vec![1.0f32])];
/// let mut optimizer = rule.build(Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &[("x", vec![3.0f32])])?;
/// assert!((parameters[0].1[0] - 0.9).abs() < 1e-6);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chained<C> {
    /// The stages; the learning rate follows them.
    pub chain: C,
    /// γ.
    pub learning_rate: LearningRate,
}

impl<C: Stage> Rule for Chained<C> {
    type Direction = C;
    type Finish = ScaleByLearningRate;
    crate::tunables!(learning_rate);

    fn direction(&self) -> C {
        self.chain.clone()
    }

    fn finish(&self) -> ScaleByLearningRate {
        ScaleByLearningRate
    }
}

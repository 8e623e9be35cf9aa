//! A list of stages as a rule, for chains that come from data.

use super::{AddDecay, ScaleByLearningRate};
use crate::hyperparameter::{LearningRate, Tunable, WeightDecay};
use crate::transform::{ErasedRule, Program};

/// Stages in a list, then weight decay and the learning rate: what [`Chained`](super::Chained) is for
/// chains that the compiler does not know.
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::hyperparameter::{LearningRate, WeightDecay};
/// use gradus::optimizer::Build;
/// use gradus::rule::{ListedStages, Momentum, ScaleByAdam};
/// use gradus::transform::{AroundAtRunTime, DynamicRule, Program};
///
/// let mut program = Program::default();
/// for name in ["momentum", "adam"] {
///     match name {
///         "momentum" => program.push(Momentum::default()), // one field of state
///         _ => program.push(ScaleByAdam::default()),       // two
///     }
/// }
/// let learning_rate = LearningRate::new(0.5)?;
/// let stages = ListedStages { program, weight_decay: WeightDecay::NONE, learning_rate };
/// let rule = <DynamicRule>::of(Box::new(stages), AroundAtRunTime::default())?;
/// let mut parameters = [("x", vec![1.0f32])];
/// rule.build(Cpu::default(), &parameters)?.step(&mut parameters, &[("x", vec![4.0f32])])?;
/// assert!((parameters[0].1[0] - 0.5).abs() < 1e-6);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ListedStages {
    /// From the gradient to the direction.
    pub program: Program,
    /// λ and its kind.
    pub weight_decay: WeightDecay,
    /// γ.
    pub learning_rate: LearningRate,
}

impl ErasedRule for ListedStages {
    fn direction(&self) -> Program {
        let mut program = Program::default();
        program.push(AddDecay::to_gradient(self.weight_decay));
        program.append(&self.program);
        program
    }

    fn finish(&self) -> Program {
        let mut program = Program::default();
        program.push(AddDecay::to_update(self.weight_decay));
        program.push(ScaleByLearningRate);
        program
    }

    fn learning_rate(&self) -> LearningRate {
        self.learning_rate
    }

    fn set_learning_rate(&mut self, learning_rate: LearningRate) {
        self.learning_rate = learning_rate;
    }

    fn name(&self) -> String {
        "ListedStages".to_owned()
    }

    fn settings(&self) -> String {
        format!("{self:?}")
    }

    fn tune(&mut self, visit: &mut dyn FnMut(&'static str, &mut dyn Tunable)) {
        visit("learning_rate", &mut self.learning_rate);
        visit("weight_decay", &mut self.weight_decay);
    }

    fn copied(&self) -> Box<dyn ErasedRule> {
        Box::new(self.clone())
    }
}

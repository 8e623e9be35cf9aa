//! [`DynamicRule`]: a rule and what stands around it, as data.

use super::{DynamicChain, Kernel, Program};
use crate::error::Result;
use crate::hyperparameter::{LearningRate, Tunable};
use crate::transform::{Flag, Identity, Rule};
use core::fmt::Debug;
use core::marker::PhantomData;
use std::sync::Arc;
use typenum::B1;

/// A rule behind a pointer. Every [`Rule`] is one.
pub trait ErasedRule: Debug + Send + Sync + 'static {
    /// See [`Rule::direction`].
    fn direction(&self) -> Program;
    /// See [`Rule::finish`].
    fn finish(&self) -> Program;
    /// See [`Rule::learning_rate`].
    fn learning_rate(&self) -> LearningRate;
    /// See [`Rule::set_learning_rate`].
    fn set_learning_rate(&mut self, learning_rate: LearningRate);
    /// See [`Rule::name`].
    fn name(&self) -> String;
    /// See [`Rule::settings`].
    fn settings(&self) -> String;
    /// See [`Rule::tune`].
    fn tune(&mut self, visit: &mut dyn FnMut(&'static str, &mut dyn Tunable));
    /// A copy.
    fn copied(&self) -> Box<dyn ErasedRule>;
}

impl<R: Rule> ErasedRule for R {
    fn direction(&self) -> Program {
        Program::of(Rule::direction(self))
    }

    fn finish(&self) -> Program {
        Program::of(Rule::finish(self))
    }

    fn learning_rate(&self) -> LearningRate {
        Rule::learning_rate(self)
    }

    fn set_learning_rate(&mut self, learning_rate: LearningRate) {
        Rule::set_learning_rate(self, learning_rate);
    }

    fn name(&self) -> String {
        Rule::name(self)
    }

    fn settings(&self) -> String {
        Rule::settings(self)
    }

    fn tune(&mut self, visit: &mut dyn FnMut(&'static str, &mut dyn Tunable)) {
        Rule::tune(self, visit);
    }

    fn copied(&self) -> Box<dyn ErasedRule> {
        Box::new(self.clone())
    }
}

/// A rule and the stages around it, as data.
///
/// ```
/// use gradus::clip::ClipNorm;
/// use gradus::cpu::Cpu;
/// use gradus::optimizer::Build;
/// use gradus::rule::AdamW;
/// use gradus::transform::{AroundAtRunTime, DynamicRule};
///
/// // The same rule twice: in types, and as data.
/// let mut around = AroundAtRunTime::default();
/// around.before.push(ClipNorm::default());
/// let data = <DynamicRule>::new(AdamW::default(), around)?;
/// let types = AdamW::default().on_gradient(ClipNorm::default());
///
/// let (mut left, mut right) = ([("x", vec![1.0f32, 2.0])], [("x", vec![1.0f32, 2.0])]);
/// let gradients = [("x", vec![3.0f32, -4.0])];
/// data.build(Cpu::default(), &left)?.step(&mut left, &gradients)?;
/// types.build(Cpu::default(), &right)?.step(&mut right, &gradients)?;
/// assert_eq!(left, right);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Debug)]
pub struct DynamicRule<JOINT = B1> {
    rule: Arc<dyn ErasedRule>,
    around: AroundAtRunTime,
    /// All stages. Copies share them and the rule, so that a step, which copies it, allocates nothing.
    program: Program,
    joint: PhantomData<fn() -> JOINT>,
}

/// Stages around a rule, as data; see [`Around`](crate::transform::Around).
#[derive(Clone, Debug, Default)]
pub struct AroundAtRunTime {
    /// What is done to the gradient before the rule sees it.
    pub before: Program,
    /// What is done to the direction before decay and learning rate.
    pub behind: Program,
    /// What follows the learning rate, and what takes note of the parameter.
    pub after: Program,
}

impl<JOINT> Clone for DynamicRule<JOINT> {
    fn clone(&self) -> Self {
        let (rule, around, program) = (self.rule.clone(), self.around.clone(), self.program.clone());
        Self { rule, around, program, joint: PhantomData }
    }
}

/// All stages of a rule and of what stands around it.
pub fn program_of(rule: &dyn ErasedRule, around: &AroundAtRunTime) -> Program {
    let mut program = around.before.clone();
    program.append(&rule.direction());
    program.append(&around.behind);
    program.append(&rule.finish());
    program.append(&around.after);
    program
}

impl<JOINT: Flag> DynamicRule<JOINT> {
    /// Puts stages around a rule.
    ///
    /// # Errors
    /// Those of [`DynamicChain::new`].
    pub fn new(rule: impl Rule, around: AroundAtRunTime) -> Result<Self> {
        Self::of(Box::new(rule), around)
    }

    /// Puts stages around a rule behind a pointer.
    ///
    /// # Errors
    /// Those of [`DynamicChain::new`].
    pub fn of(rule: Box<dyn ErasedRule>, around: AroundAtRunTime) -> Result<Self> {
        let program = program_of(rule.as_ref(), &around);
        DynamicChain::<JOINT>::new(program.clone())?;
        Ok(Self { rule: rule.into(), around, program, joint: PhantomData })
    }

    /// The same with loops for just the stages that it has.
    #[cfg_attr(any(debug_assertions, not(feature = "catalogue")), allow(dead_code))] // release builds do
    pub(crate) fn with_kernel(mut self, kernel: Option<Kernel>) -> Self {
        self.program.kernel = kernel;
        self
    }

    /// Changes a rule that copies may share.
    fn change(&mut self, change: impl FnOnce(&mut dyn ErasedRule)) {
        let mut rule = self.rule.copied();
        change(rule.as_mut());
        let kernel = self.program.kernel.take(); // the stages are the same, with other numbers
        self.program = Program { kernel, ..program_of(rule.as_ref(), &self.around) };
        self.rule = rule.into();
    }
}

impl<JOINT: Flag + Debug> Rule for DynamicRule<JOINT> {
    type Direction = DynamicChain<JOINT>;
    type Finish = Identity;

    fn direction(&self) -> DynamicChain<JOINT> {
        DynamicChain::new(self.program.clone())
            .expect("a change of hyperparameters does not change the number of fields")
    }

    fn finish(&self) -> Identity {
        Identity
    }

    fn learning_rate(&self) -> LearningRate {
        self.rule.learning_rate()
    }

    fn set_learning_rate(&mut self, learning_rate: LearningRate) {
        self.change(|rule| rule.set_learning_rate(learning_rate));
    }

    fn name(&self) -> String {
        self.rule.name()
    }

    fn settings(&self) -> String {
        self.rule.settings()
    }

    fn tune(&mut self, visit: &mut dyn FnMut(&'static str, &mut dyn Tunable)) {
        self.change(|rule| rule.tune(visit));
    }
}

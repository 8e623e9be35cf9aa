//! [`Rule`]: hyperparameters that become a chain.

use super::{Chain, Stage};
use crate::hyperparameter::{LearningRate, Tunable};
use core::fmt::Debug;

/// Hyperparameters of an optimizer with a name: what a user writes down.
///
/// A rule is plain data. The chain that does the arithmetic is made from it at each step, so
/// changing a hyperparameter between two steps is all that a schedule has to do.
///
/// The chain has two parts, so that options can stand between them (a clip of the update, caution)
/// or around them.
pub trait Rule: Clone + Debug + Send + Sync + 'static {
    /// From the gradient to the direction in which the parameter will move.
    type Direction: Stage;
    /// From the direction to what is subtracted: weight decay and learning rate.
    type Finish: Stage;

    /// The first part with the current hyperparameters.
    fn direction(&self) -> Self::Direction;

    /// The second part with the current hyperparameters.
    fn finish(&self) -> Self::Finish;

    /// Both parts.
    fn chain(&self) -> ChainOf<Self> {
        Chain { first: self.direction(), second: self.finish() }
    }

    /// γ.
    fn learning_rate(&self) -> LearningRate;

    /// Replaces γ.
    fn set_learning_rate(&mut self, learning_rate: LearningRate);

    /// What it is called in a [checkpoint](crate::checkpoint): the name of its type, unless it is a rule
    /// within something else.
    fn name(&self) -> String {
        super::description::short_name::<Self>()
    }

    /// The rule with all it was told, as text, so that a snapshot is not taken over by one whose numbers mean
    /// something else: decay that is decoupled or not, say. What stands around a rule is no part of it: the limit
    /// of a clip may change from run to run.
    fn settings(&self) -> String {
        format!("{self:?}")
    }

    /// Shows every hyperparameter that a schedule may change, by the name of its field. The
    /// learning rate alone, unless a rule [says more](crate::tunables).
    fn tune(&mut self, visit: &mut dyn FnMut(&'static str, &mut dyn Tunable)) {
        let mut learning_rate = self.learning_rate();
        visit("learning_rate", &mut learning_rate);
        self.set_learning_rate(learning_rate);
    }
}

/// The names of a rule's tunable hyperparameters, from its [`tune`](Rule::tune), which may change it: that of a copy.
pub(crate) fn tunable_names(
    tune: impl FnOnce(&mut dyn FnMut(&'static str, &mut dyn Tunable)),
) -> Vec<&'static str> {
    let mut names = Vec::new();
    tune(&mut |name, _| names.push(name));
    names
}

/// The stages of the rule `R`.
pub type ChainOf<R> = Chain<<R as Rule>::Direction, <R as Rule>::Finish>;

/// Says which fields of a rule schedules may change; stands within `impl Rule`.
///
/// The first of them is the learning rate. Each is a type of
/// [`hyperparameter`](crate::hyperparameter), or another that is [`Tunable`].
///
/// ```
/// use gradus::hyperparameter::{Decay, LearningRate};
/// use gradus::rule::{Momentum, ScaleByLearningRate};
/// use gradus::transform::Rule;
///
/// #[derive(Clone, Debug)]
/// struct HeavyBall {
///     learning_rate: LearningRate,
///     momentum: Decay,
/// }
///
/// impl Rule for HeavyBall {
///     type Direction = Momentum;
///     type Finish = ScaleByLearningRate;
///     gradus::tunables!(learning_rate, momentum);
///
///     fn direction(&self) -> Momentum {
///         Momentum { momentum: self.momentum, ..Momentum::default() }
///     }
///
///     fn finish(&self) -> ScaleByLearningRate {
///         ScaleByLearningRate
///     }
/// }
/// ```
#[macro_export]
macro_rules! tunables {
    ($learning_rate:ident $(, $field:ident)* $(,)?) => {
        fn learning_rate(&self) -> $crate::hyperparameter::LearningRate {
            self.$learning_rate
        }

        fn set_learning_rate(&mut self, learning_rate: $crate::hyperparameter::LearningRate) {
            self.$learning_rate = learning_rate;
        }

        fn tune(&mut self, visit: &mut dyn FnMut(&'static str, &mut dyn $crate::hyperparameter::Tunable)) {
            visit(stringify!($learning_rate), &mut self.$learning_rate);
            $(visit(stringify!($field), &mut self.$field);)*
        }
    };
}

//! [`Around`]: a rule with stages of others before, behind and after it.
//!
//! ```text
//! gradient ─▶ before ─▶ direction ─▶ behind ─▶ finish ─▶ parameter ─▶ after
//!             clip, unscale, MARS   caution, clip  decay, γ            averages, lookahead
//! ```

use super::{Chain, Input, Nothing, Rule, Stage, Step, Transform};
use crate::hyperparameter::{LearningRate, Tunable};
use crate::real::Real;
use core::ops::{Deref, DerefMut};
use typenum::B0;

/// A stage that changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Identity;

impl Transform for Identity {
    type Constants = Nothing;
    type State = Nothing;
    type Keeps = B0;

    fn constants(&self, _at: &Step) -> Nothing {
        Nothing
    }

    #[inline(always)]
    fn update<F: Real>(_at: &Nothing, input: Input<F>, _state: &mut Nothing) -> F {
        input.update
    }
}

/// A rule with stages around it: a rule again.
///
/// It [dereferences](Deref) to the rule inside, so that its hyperparameters are at hand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Around<R, Before, Behind, After> {
    /// The rule.
    pub rule: R,
    /// What is done to the gradient before the rule sees it.
    pub before: Before,
    /// What is done to the direction before decay and learning rate.
    pub behind: Behind,
    /// What follows the learning rate, and what takes note of the parameter.
    pub after: After,
}

impl<R, Before, Behind, After> Deref for Around<R, Before, Behind, After> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.rule
    }
}

impl<R, Before, Behind, After> DerefMut for Around<R, Before, Behind, After> {
    fn deref_mut(&mut self) -> &mut R {
        &mut self.rule
    }
}

impl<R: Rule, Before: Stage, Behind: Stage, After: Stage> Rule for Around<R, Before, Behind, After> {
    type Direction = Chain<Chain<Before, R::Direction>, Behind>;
    type Finish = Chain<R::Finish, After>;

    fn direction(&self) -> Self::Direction {
        let first = Chain { first: self.before.clone(), second: self.rule.direction() };
        Chain { first, second: self.behind.clone() }
    }

    fn finish(&self) -> Self::Finish {
        Chain { first: self.rule.finish(), second: self.after.clone() }
    }

    fn learning_rate(&self) -> LearningRate {
        self.rule.learning_rate()
    }

    fn set_learning_rate(&mut self, learning_rate: LearningRate) {
        self.rule.set_learning_rate(learning_rate);
    }

    fn settings(&self) -> String {
        self.rule.settings()
    }

    fn name(&self) -> String {
        self.rule.name()
    }

    fn tune(&mut self, visit: &mut dyn FnMut(&'static str, &mut dyn Tunable)) {
        self.rule.tune(visit);
    }
}

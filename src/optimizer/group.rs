//! A group of parameters: its rule, and what schedules make of it.

use super::copied;
use super::memory::Kept;
use crate::error::{Error, Result};
use crate::schedule::Schedule;
use crate::transform::{Arrives, ChainOf, Description, Of, Rule, Stage, Step, tunable_names};

/// Parameters that share their hyperparameters.
pub(super) struct Group<R: Rule> {
    pub(super) label: String,
    /// The rule as the user set it.
    pub(super) base: R,
    /// The rule at the step under way: as its schedules make it.
    pub(super) rule: R,
    /// The chain of that rule.
    pub(super) chain: ChainOf<R>,
    pub(super) schedules: Vec<Scheduled>,
    pub(super) memory: Of<<ChainOf<R> as Stage>::Group, f64>,
    /// The numbers of the step under way, which count once it is finished.
    pub(super) next: Of<<ChainOf<R> as Stage>::Group, f64>,
}

/// A hyperparameter and what it is multiplied with.
pub(super) struct Scheduled {
    pub(super) name: String,
    pub(super) schedule: Schedule,
}

impl<R: Rule> Group<R> {
    pub(super) fn new(label: String, rule: R, schedules: Vec<Scheduled>) -> Result<Self> {
        let chain = rule.chain();
        let description = chain.description();
        let zeros = || description.generate::<<ChainOf<R> as Stage>::Group, _>(|counts| counts.group, || 0.0);
        let known = tunable_names(|visit| rule.clone().tune(visit));
        if let Some(unknown) = schedules.iter().find(|schedule| !known.contains(&schedule.name.as_str())) {
            return Err(Error::not_tunable(&unknown.name, &known));
        }
        Ok(Self { label, base: rule.clone(), rule, chain, schedules, memory: zeros(), next: zeros() })
    }

    /// Its label and what its chain keeps.
    pub(super) fn kept(&self) -> (&str, Kept) {
        (&self.label, Kept::of(self.description()))
    }

    /// Prepares rule and numbers of the group for whole step `optimizer`.
    pub(super) fn begin(&mut self, optimizer: u64) -> Result<()> {
        self.rule = self.scheduled(optimizer)?;
        self.next = copied::<<ChainOf<R> as Stage>::Group>(&self.memory);
        let at = Step { optimizer, own: optimizer, ..Step::first(self.rule.learning_rate().get()) };
        self.chain = self.rule.chain();
        self.chain.advance(&at, &mut self.next);
        Ok(())
    }

    /// The rule as schedules make it for whole step `optimizer`.
    fn scheduled(&self, optimizer: u64) -> Result<R> {
        let mut rule = self.base.clone();
        for Scheduled { name, schedule } in &self.schedules {
            let mut result = Ok(());
            rule.tune(&mut |tunable, number| {
                if tunable == name {
                    result = number.set(number.number() * schedule.at(optimizer));
                }
            });
            result.map_err(|reason| Error::Scheduled {
                step: optimizer,
                name: name.clone(),
                group: self.label.clone(),
                reason: reason.to_string(),
            })?;
        }
        Ok(rule)
    }

    /// Makes the rule what it was when step `optimizer` had been taken, as far as schedules say.
    pub(super) fn resume(&mut self, optimizer: u64) {
        let begun = if optimizer > 0 { self.scheduled(optimizer).ok() } else { None };
        self.rule = begun.unwrap_or_else(|| self.base.clone());
    }

    /// The names of what its rule is made of and remembers.
    pub(super) fn description(&self) -> Description {
        self.base.chain().description().numbered()
    }

    /// Keeps what [`begin`](Self::begin) prepared.
    pub(super) fn commit(&mut self) {
        self.memory = copied::<<ChainOf<R> as Stage>::Group>(&self.next);
    }

    /// The step of a tensor that has received `received` gradients before.
    pub(super) fn step_of(&self, received: u64, optimizer: u64, arrives: Arrives) -> Step {
        Step { own: received + 1, optimizer, arrives, ..Step::first(self.rule.learning_rate().get()) }
    }
}

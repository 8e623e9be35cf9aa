//! A configuration read: the rule, those of its groups, and what stands around them.

use super::entries::{self, Named, Visitor};
use super::options::Options;
use super::rules::chain;
use super::{Configuration, Hyperparameters};
use crate::error::{Error, Result};
use crate::schedule::Schedule;
use crate::transform::{AroundAtRunTime, DynamicRule, ErasedRule, program_of};
use typenum::B1;

/// A configuration, with the rule's hyperparameters apart from the options.
pub(super) struct Plan {
    pub(super) options: Options,
    pub(super) base: Hyperparameters,
    pub(super) groups: Vec<(Vec<String>, Hyperparameters)>,
}

impl Plan {
    pub(super) fn new(configuration: &Configuration) -> Result<Self> {
        let name = entries::named(&configuration.optimizer)?;
        let (of_options, base) = Options::part(&configuration.hyperparameters);
        let groups = configuration.groups.iter().map(|group| {
            let (options, own) = Options::part(&group.hyperparameters);
            if options.iter().all(|(name, value)| of_options.get(name) == Some(value)) {
                return Ok((group.parameters.clone(), base.with(&own)));
            }
            Err(Error::Combination {
                option: "a group with options of its own".to_owned(),
                with: "one optimizer".to_owned(),
                because: "what stands around a rule is the same for all groups",
            })
        });
        let groups = groups.collect::<Result<_>>()?;
        Ok(Self { options: Options::read(name, &of_options, &base)?, groups, base })
    }
}

/// A rule for all parameters but those that a group names.
pub(super) struct Planned<R> {
    pub(super) rule: R,
    pub(super) warm_up: Option<Schedule>,
    pub(super) groups: Vec<(Vec<String>, R, Option<Schedule>)>,
}

impl<R: Named> Planned<R> {
    /// The rules of a plan, if they are of one type.
    pub(super) fn new(plan: &Plan) -> Result<Self> {
        let groups = plan.groups.iter().map(|(parameters, hyperparameters)| {
            if !R::is_meant(hyperparameters) {
                return Err(Error::Combination {
                    option: "a group with a switch such as `momentum`".to_owned(),
                    with: "one without".to_owned(),
                    because: "they are rules with different state; give both the same switches",
                });
            }
            let warm_up = entries::warm_up::<R>(hyperparameters)?;
            Ok((parameters.clone(), entries::rule(hyperparameters)?, warm_up))
        });
        let (rule, warm_up) = (entries::rule(&plan.base)?, entries::warm_up::<R>(&plan.base)?);
        Ok(Self { rule, warm_up, groups: groups.collect::<Result<_>>()? })
    }
}

/// Puts the rules of a plan behind pointers.
struct Erase<'a>(&'a Plan);

impl Visitor for Erase<'_> {
    type Output = Planned<Box<dyn ErasedRule>>;

    fn visit<R: Named>(self) -> Result<Self::Output> {
        let Planned { rule, warm_up, groups } = Planned::<R>::new(self.0)?;
        let erased = |(names, rule, warm_up): (_, R, _)| -> (_, Box<dyn ErasedRule>, _) {
            (names, Box::new(rule), warm_up)
        };
        Ok(Planned { rule: Box::new(rule), warm_up, groups: groups.into_iter().map(erased).collect() })
    }
}

impl Planned<Box<dyn ErasedRule>> {
    /// The rules of a configuration, behind pointers.
    pub(super) fn erased(configuration: &Configuration, plan: &Plan) -> Result<Self> {
        if configuration.optimizer == chain::NAME {
            return Self::listed(plan);
        }
        entries::visit(&configuration.optimizer, &plan.base, Erase(plan))
    }

    /// The rules of a plan whose stages are listed.
    fn listed(plan: &Plan) -> Result<Self> {
        let rule = |from: &Hyperparameters| -> Result<(Box<dyn ErasedRule>, _)> {
            Ok((Box::new(chain::read(from)?), entries::warm_up_of(chain::NAME, from)?))
        };
        let groups = plan.groups.iter().map(|(names, hyperparameters)| {
            let (rule, warm_up) = rule(hyperparameters)?;
            Ok((names.clone(), rule, warm_up))
        });
        let groups = groups.collect::<Result<_>>()?;
        let (rule, warm_up) = rule(&plan.base)?;
        Ok(Self { rule, warm_up, groups })
    }

    /// How many fields of state the rule and what stands around it have, by element and by axis, and how
    /// often matrix work interrupts them.
    pub(super) fn counts(&self, around: &AroundAtRunTime) -> (usize, usize, usize) {
        let program = program_of(self.rule.as_ref(), around);
        let (state, axes) = program.counts();
        (state, axes, program.cuts())
    }

    pub(super) fn around<const STATE: usize, const AXES: usize, const CUTS: usize>(
        self,
        around: &AroundAtRunTime,
    ) -> Result<Planned<DynamicRule<STATE, AXES, B1, CUTS>>> {
        let groups = self.groups.into_iter().map(|(names, rule, warm_up)| {
            let rule = DynamicRule::of(rule, around.clone())?;
            Ok((names, rule, warm_up))
        });
        let groups = groups.collect::<Result<_>>()?;
        Ok(Planned { rule: DynamicRule::of(self.rule, around.clone())?, warm_up: self.warm_up, groups })
    }
}

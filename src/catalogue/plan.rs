//! A configuration read: the rule, those of its groups, and what stands around them.

use super::entries::{self, Named, Visitor};
use super::options::Options;
use super::rules::chain;
use super::{ArrivalKind, Configuration, Hyperparameters, NonfiniteKind};
use crate::clip::{AwaitAll, Rescale};
use crate::error::{Error, Result};
use crate::optimizer::Policies;
use crate::rule::Pairs;
use crate::schedule::Schedule;
#[cfg(not(debug_assertions))]
use crate::transform::Kernel;
use crate::transform::{AroundAtRunTime, DynamicRule, ErasedRule, Program, program_of};
use std::collections::BTreeMap;
use typenum::B1;

/// A configuration, with the rule's hyperparameters apart from the options.
pub(super) struct Plan {
    pub(super) options: Options,
    pub(super) base: Hyperparameters,
    pub(super) groups: Vec<GroupOf<Hyperparameters>>,
    pub(super) schedules: BTreeMap<String, Schedule>,
    pub(super) frozen: Vec<String>,
    pub(super) undecayed: Vec<String>,
    pub(super) policies: Policies,
    /// Probes that are given and not drawn.
    pub(super) pairs: Option<Pairs>,
}

/// A group of a plan: whose it is, and what it has of its own.
#[derive(Clone, Debug)]
pub(super) struct GroupOf<R> {
    /// Names and patterns.
    pub(super) parameters: Vec<String>,
    pub(super) rule: R,
    pub(super) schedules: BTreeMap<String, Schedule>,
}

impl<R> GroupOf<R> {
    pub(super) fn label(&self) -> String {
        self.parameters.join(", ")
    }

    fn map<R2>(self, change: impl FnOnce(R) -> Result<R2>) -> Result<GroupOf<R2>> {
        let Self { parameters, rule, schedules } = self;
        Ok(GroupOf { parameters, rule: change(rule)?, schedules })
    }
}

/// Whether a name is one of these, or fits one of these patterns.
pub(super) fn fits(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|pattern| pattern == name || wildmatch::WildMatch::new(pattern).matches(name))
}

impl Plan {
    pub(super) fn new(configuration: &Configuration) -> Result<Self> {
        let name = entries::named(&configuration.optimizer)?;
        let (of_options, base) = Options::part(&configuration.hyperparameters);
        let groups = configuration.groups.iter().map(|group| {
            let (options, own) = Options::part(&group.hyperparameters);
            if options.iter().all(|(name, value)| of_options.get(name) == Some(value)) {
                let (parameters, schedules) = (group.parameters.clone(), group.schedules.clone());
                return Ok(GroupOf { parameters, rule: base.with(&own), schedules });
            }
            Err(Error::Combination {
                option: "a group with options of its own".to_owned(),
                with: "one optimizer".to_owned(),
                because: "what stands around a rule is the same for all groups",
            })
        });
        let groups = groups.collect::<Result<_>>()?;
        let mut options = Options::read(name, &of_options, &base)?;
        let policies = policies(configuration)?;
        let front = match policies {
            Policies { clip_global_norm: None, loss_scaling: None, skips_nonfinite, refuses_nonfinite } => {
                if skips_nonfinite || refuses_nonfinite {
                    Program::of(AwaitAll)
                } else {
                    Program::default()
                }
            }
            _ => Program::of(Rescale),
        };
        options.around.before = front.then(&options.around.before);
        let (frozen, undecayed) = (configuration.frozen.clone(), configuration.undecayed.clone());
        let schedules = configuration.schedules.clone();
        let plan = Self { options, groups, base, schedules, frozen, undecayed, policies, pairs: None };
        if configuration.gradients == ArrivalKind::Released {
            plan.check_release(configuration)?;
        }
        Ok(plan)
    }

    /// Refuses gradient release for what needs all gradients, as the compiler would.
    fn check_release(&self, configuration: &Configuration) -> Result<()> {
        let planned = Planned::erased(configuration, self)?;
        let is_joint = |rule: &dyn ErasedRule| program_of(rule, &self.options.around).is_joint();
        if is_joint(planned.rule.as_ref())
            || planned.groups.iter().any(|group| is_joint(group.rule.0.as_ref()))
        {
            return Err(Error::Combination {
                option: "gradient release".to_owned(),
                with: format!("what this `{}` does", configuration.optimizer),
                because: "a part of this optimizer needs every gradient at once, and under gradient release they never exist together",
            });
        }
        Ok(())
    }
}

/// What is decided about all gradients, if it goes together.
fn policies(configuration: &Configuration) -> Result<Policies> {
    let Configuration { clip_global_norm, nonfinite, loss_scaling, .. } = *configuration;
    if loss_scaling.is_some() && nonfinite != NonfiniteKind::Propagate {
        return Err(Error::Combination {
            option: format!("the policy {}", nonfinite.name()),
            with: "loss scaling".to_owned(),
            because: "what an infinite or NaN gradient does has been decided already",
        });
    }
    Ok(Policies {
        clip_global_norm,
        skips_nonfinite: nonfinite == NonfiniteKind::Skip,
        refuses_nonfinite: nonfinite == NonfiniteKind::Refuse,
        loss_scaling,
    })
}

/// A rule for all parameters but those that a group names.
pub(super) struct Planned<R> {
    pub(super) rule: R,
    pub(super) warm_up: Option<Schedule>,
    pub(super) groups: Vec<GroupOf<(R, Option<Schedule>)>>,
}

impl<R: Named> Planned<R> {
    /// The rules of a plan, if they are of one type.
    pub(super) fn new(plan: &Plan) -> Result<Self> {
        let rule = |hyperparameters: &Hyperparameters| -> Result<R> {
            let mut rule: R = entries::rule(hyperparameters)?;
            plan.pairs.iter().for_each(|pairs| rule.take_pairs(pairs));
            Ok(rule)
        };
        let of_group = |hyperparameters: Hyperparameters| {
            if !R::is_meant(&hyperparameters) {
                return Err(Error::Combination {
                    option: "a group with a switch such as `momentum`".to_owned(),
                    with: "one without".to_owned(),
                    because: "they are rules with different state; give both the same switches",
                });
            }
            Ok((rule(&hyperparameters)?, entries::warm_up::<R>(&hyperparameters)?))
        };
        let groups = plan.groups.iter().map(|group| group.clone().map(of_group));
        let (rule, warm_up) = (rule(&plan.base)?, entries::warm_up::<R>(&plan.base)?);
        Ok(Self { rule, warm_up, groups: groups.collect::<Result<_>>()? })
    }
}

/// Puts the rules of a plan behind pointers.
struct Erase<'a>(&'a Plan);

impl Visitor for Erase<'_> {
    type Output = Planned<Box<dyn ErasedRule>>;

    fn visit<R: Named>(self) -> Result<Self::Output> {
        let Planned { rule, warm_up, groups } = Planned::<R>::new(self.0)?;
        let erased = |group: GroupOf<(R, Option<Schedule>)>| {
            group.map(|(rule, warm_up)| Ok((Box::new(rule) as Box<dyn ErasedRule>, warm_up)))
        };
        let groups = groups.into_iter().map(erased).collect::<Result<_>>()?;
        Ok(Planned { rule: Box::new(rule), warm_up, groups })
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
        let groups = plan.groups.iter().map(|group| group.clone().map(|from| rule(&from)));
        let groups = groups.collect::<Result<_>>()?;
        let (rule, warm_up) = rule(&plan.base)?;
        Ok(Self { rule, warm_up, groups })
    }

    /// How often work on matrices interrupts the stages.
    pub(super) fn cuts(&self, around: &AroundAtRunTime) -> usize {
        program_of(self.rule.as_ref(), around).cuts()
    }

    pub(super) fn around<const CUTS: usize>(
        self,
        around: &AroundAtRunTime,
    ) -> Result<Planned<DynamicRule<B1, CUTS>>> {
        let groups = self
            .groups
            .into_iter()
            .map(|group| group.map(|(rule, warm_up)| Ok((DynamicRule::of(rule, around.clone())?, warm_up))));
        let groups = groups.collect::<Result<_>>()?;
        Ok(Planned { rule: DynamicRule::of(self.rule, around.clone())?, warm_up: self.warm_up, groups })
    }
}

#[cfg(not(debug_assertions))]
impl Planned<DynamicRule> {
    /// The same with the loops that there are for it.
    pub(super) fn with_kernel(self, kernel: Option<Kernel>) -> Self {
        let with_kernel = |rule: DynamicRule| rule.with_kernel(kernel.clone());
        let of_group = |GroupOf { parameters, rule: (rule, warm_up), schedules }| GroupOf {
            parameters,
            rule: (with_kernel(rule), warm_up),
            schedules,
        };
        let groups = self.groups.into_iter().map(of_group).collect();
        Planned { rule: with_kernel(self.rule), warm_up: self.warm_up, groups }
    }
}

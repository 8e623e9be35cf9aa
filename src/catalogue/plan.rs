//! A configuration read: the rule, those of its groups, and what stands around them.

use super::aliases;
use super::entries::{self, Named, Visitor};
use super::options::Options;
use super::rules::chain;
use super::{ArrivalKind, Configuration, Hyperparameters, NonfiniteKind, ShapeKind};
use crate::clip::{AwaitAll, Rescale};
use crate::error::{Error, Result};
use crate::optimizer::Policies;
use crate::rule::Pairs;
use crate::schedule::Schedule;
use crate::shape::Layout;
#[cfg(not(debug_assertions))]
use crate::transform::Kernel;
use crate::transform::{
    AroundAtRunTime, DynamicRule, ErasedRule, Identity, Program, Through, Untouched, program_of,
};
use std::collections::BTreeMap;

/// A configuration, with the rule's hyperparameters apart from the options.
pub(super) struct Plan {
    pub(super) options: Options,
    pub(super) base: Chosen,
    pub(super) groups: Vec<GroupOf<Chosen>>,
    pub(super) schedules: BTreeMap<String, Schedule>,
    pub(super) frozen: Vec<String>,
    pub(super) undecayed: Vec<String>,
    pub(super) policies: Policies,
    /// Probes that are given and not drawn.
    pub(super) pairs: Option<Pairs>,
}

/// An optimizer by its name, and its hyperparameters without options.
#[derive(Clone, Debug)]
pub(super) struct Chosen {
    pub(super) optimizer: String,
    pub(super) hyperparameters: Hyperparameters,
}

/// A group of a plan: whose it is, and what it has of its own.
#[derive(Clone, Debug)]
pub(super) struct GroupOf<R> {
    pub(super) label: String,
    /// Names and patterns.
    pub(super) parameters: Vec<String>,
    pub(super) shapes: ShapeKind,
    pub(super) origin: Origin,
    pub(super) rule: R,
    pub(super) schedules: BTreeMap<String, Schedule>,
}

impl<R> GroupOf<R> {
    pub(super) fn map<R2>(self, change: impl FnOnce(R) -> Result<R2>) -> Result<GroupOf<R2>> {
        let Self { label, parameters, shapes, origin, rule, schedules } = self;
        Ok(GroupOf { label, parameters, shapes, origin, rule: change(rule)?, schedules })
    }

    /// Whether a parameter belongs to the group.
    pub(super) fn takes(&self, name: &str, layout: &Layout) -> bool {
        takes(&self.parameters, self.shapes, name, layout)
    }
}

/// What a group comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The configuration.
    Given,
    /// This group of the configuration, in two: one half may be empty.
    Half(usize),
    /// An optimizer that is two. It has what no group before it takes, if there is something.
    Implied,
}

/// Whether a parameter belongs to a group with these patterns and shapes.
pub(super) fn takes(patterns: &[String], shapes: ShapeKind, name: &str, layout: &Layout) -> bool {
    let is_matrix = layout.shape().len() >= 2;
    let is_shaped = match shapes {
        ShapeKind::All => true,
        ShapeKind::Matrices => is_matrix,
        ShapeKind::Vectors => !is_matrix,
    };
    is_shaped && fits(patterns, name)
}

/// Whether a name is one of these, or fits one of these patterns.
pub(super) fn fits(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|pattern| pattern == name || wildmatch::WildMatch::new(pattern).matches(name))
}

impl Plan {
    pub(super) fn new(configuration: &Configuration) -> Result<Self> {
        let name = entries::named(&configuration.optimizer)?;
        let (of_options, hyperparameters) = Options::part(&configuration.hyperparameters);
        let mut base = Chosen { optimizer: configuration.optimizer.clone(), hyperparameters };
        let groups = configuration.groups.iter().enumerate().map(|(number, group)| {
            let (options, own) = Options::part(&group.hyperparameters);
            if options.iter().any(|(name, value)| of_options.get(name) != Some(value)) {
                return Err(Error::Combination {
                    option: "a group with options of its own".to_owned(),
                    with: "one optimizer".to_owned(),
                    because: "what stands around a rule is the same for all groups",
                });
            }
            let rule = match &group.optimizer {
                Some(optimizer) => Chosen { optimizer: optimizer.clone(), hyperparameters: own },
                None => Chosen { hyperparameters: base.hyperparameters.with(&own), ..base.clone() },
            };
            let label = match group.shapes {
                ShapeKind::All => group.parameters.join(", "),
                shapes => format!("{} ({})", group.parameters.join(", "), shapes.name()),
            };
            let given = GroupOf {
                label,
                parameters: group.parameters.clone(),
                shapes: group.shapes,
                origin: Origin::Given,
                rule,
                schedules: group.schedules.clone(),
            };
            Ok(if group.optimizer.is_some() { vec![given] } else { halves(given, number) })
        });
        let mut groups = groups.collect::<Result<Vec<_>>>()?.concat();
        if let Some([matrices, vectors]) = aliases::parted(&base) {
            base = matrices;
            groups.extend(implied(&vectors, &configuration.undecayed));
        }
        let mut options = Options::read(name, &of_options, &base.hyperparameters)?;
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

    /// Gives their parameters to the groups that are not the configuration's own, and drops those that have
    /// none.
    ///
    /// # Errors
    /// [`Error::EmptyGroup`] for a group of the configuration of which both halves are empty.
    pub(super) fn place(&mut self, described: &[(String, Layout)]) -> Result<()> {
        let groups = core::mem::take(&mut self.groups);
        let mut dropped = Vec::new();
        for mut group in groups {
            if group.origin != Origin::Given {
                let is_free = |name: &str, layout: &Layout| {
                    !fits(&self.frozen, name)
                        && (group.origin != Origin::Implied
                            || !self.groups.iter().any(|earlier| earlier.takes(name, layout)))
                };
                let names = described
                    .iter()
                    .filter(|(name, layout)| group.takes(name, layout) && is_free(name, layout));
                group.parameters = names.map(|(name, _)| name.clone()).collect();
            }
            if group.parameters.is_empty() {
                dropped.push(group);
            } else {
                self.groups.push(group);
            }
        }
        let is_whole = |half: &GroupOf<_>| {
            half.origin == Origin::Implied || self.groups.iter().any(|group| group.origin == half.origin)
        };
        match dropped.iter().find(|group| !is_whole(group)) {
            Some(GroupOf { label, .. }) => Err(Error::EmptyGroup { group: label.clone() }),
            None => Ok(()),
        }
    }

    /// Refuses gradient release for what needs all gradients, as the compiler would.
    fn check_release(&self, configuration: &Configuration) -> Result<()> {
        let planned = Planned::erased(self)?;
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

/// A group of an optimizer that is two in halves, by shapes.
fn halves(group: GroupOf<Chosen>, number: usize) -> Vec<GroupOf<Chosen>> {
    let Some([matrices, vectors]) = aliases::parted(&group.rule) else { return vec![group] };
    let half = |kind: ShapeKind, rule: Chosen| GroupOf {
        label: format!("{} ({})", group.parameters.join(", "), kind.name()),
        shapes: kind,
        origin: Origin::Half(number),
        rule,
        ..group.clone()
    };
    let halves = [half(ShapeKind::Matrices, matrices), half(ShapeKind::Vectors, vectors)];
    halves.into_iter().filter(|half| [ShapeKind::All, half.shapes].contains(&group.shapes)).collect()
}

/// The vectors of an optimizer that is two: those without decay, and the others.
fn implied(vectors: &Chosen, undecayed: &[String]) -> Vec<GroupOf<Chosen>> {
    let group = |label: &str, parameters: &[String], rule: Chosen| GroupOf {
        label: label.to_owned(),
        parameters: parameters.to_vec(),
        shapes: ShapeKind::Vectors,
        origin: Origin::Implied,
        rule,
        schedules: BTreeMap::new(),
    };
    let mut without_decay = vectors.clone();
    without_decay.hyperparameters.set("weight_decay", 0.0);
    let without_decay = group("vectors without decay", undecayed, without_decay);
    vec![without_decay, group("vectors", &["*".to_owned()], vectors.clone())]
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

/// A rule for all parameters but those that a group takes.
pub(super) struct Planned<R> {
    pub(super) rule: R,
    pub(super) warm_up: Option<Schedule>,
    pub(super) groups: Vec<GroupOf<(R, Option<Schedule>)>>,
}

/// Puts a rule behind a pointer.
struct Erase<'a>(&'a Hyperparameters, Option<&'a Pairs>);

impl Visitor for Erase<'_> {
    type Output = Box<dyn ErasedRule>;

    fn visit<R: Named>(self) -> Result<Self::Output> {
        let mut rule: R = entries::rule(self.0)?;
        self.1.into_iter().for_each(|pairs| rule.take_pairs(pairs));
        Ok(Box::new(rule))
    }
}

impl Chosen {
    /// The rule behind a pointer, and its warm-up.
    fn erased(&self, pairs: Option<&Pairs>) -> Result<(Box<dyn ErasedRule>, Option<Schedule>)> {
        let name = entries::named(&self.optimizer)?;
        aliases::check_one(name)?;
        let rule = match name {
            chain::NAME => Box::new(chain::read(&self.hyperparameters)?),
            _ => entries::visit(name, &self.hyperparameters, Erase(&self.hyperparameters, pairs))?,
        };
        Ok((rule, entries::warm_up_of(name, &self.hyperparameters)?))
    }
}

impl Planned<Box<dyn ErasedRule>> {
    /// The rules of a plan, behind pointers.
    pub(super) fn erased(plan: &Plan) -> Result<Self> {
        let pairs = plan.pairs.as_ref();
        let groups = plan.groups.iter().map(|group| group.clone().map(|chosen| chosen.erased(pairs)));
        let groups = groups.collect::<Result<_>>()?;
        let (rule, warm_up) = plan.base.erased(pairs)?;
        Ok(Self { rule, warm_up, groups })
    }

    /// What stands around one of the rules. Statistics over all tensors are taken at one place: if one of the
    /// rules works on matrices before them, the others wait there.
    pub(super) fn around_of(&self, rule: &dyn ErasedRule, around: &AroundAtRunTime) -> AroundAtRunTime {
        let mut own = around.clone();
        let rules = core::iter::once(&self.rule).chain(self.groups.iter().map(|group| &group.rule.0));
        let most = rules.map(|rule| rule.direction().cuts()).max().unwrap_or(0);
        if around.behind.is_joint() && rule.direction().cuts() < most {
            own.before.push(Through { matrices: Untouched, inner: Identity });
        }
        own
    }

    /// Each with what stands around it.
    pub(super) fn around(self, around: &AroundAtRunTime) -> Result<Planned<DynamicRule>> {
        let own: Vec<_> =
            self.groups.iter().map(|group| self.around_of(group.rule.0.as_ref(), around)).collect();
        let rule = DynamicRule::of(self.rule.copied(), self.around_of(self.rule.as_ref(), around))?;
        let groups = self.groups.into_iter().zip(own).map(|(group, around)| {
            group.map(|(rule, warm_up)| Ok((DynamicRule::of(rule, around)?, warm_up)))
        });
        Ok(Planned { rule, warm_up: self.warm_up, groups: groups.collect::<Result<_>>()? })
    }
}

#[cfg(not(debug_assertions))]
impl Planned<DynamicRule> {
    /// The same with the loops that there are for each rule.
    pub(super) fn with_kernels(
        mut self,
        plan: &Plan,
        kernel: impl Fn(&Chosen) -> Result<Option<Kernel>>,
    ) -> Result<Self> {
        if plan.options.has_stages() {
            return Ok(self);
        }
        self.rule = self.rule.with_kernel(kernel(&plan.base)?);
        for (group, planned) in self.groups.iter_mut().zip(&plan.groups) {
            group.rule.0 = group.rule.0.clone().with_kernel(kernel(&planned.rule)?);
        }
        Ok(self)
    }
}

//! Which formats and stores the catalogue combines: where optimizers are instantiated.

use super::entries::{self, Named, Visitor};
use super::options::Options;
use super::rules::chain;
use super::{Configuration, Dynamic, Format, Hyperparameters, StoreKind};
use crate::cpu::Cpu;
use crate::device::ParameterSet;
use crate::dtype::StorageDtype;
use crate::error::{Error, Result};
use crate::optimizer::Build;
use crate::schedule::Schedule;
use crate::transform::{AroundAtRunTime, DynamicRule, ErasedRule, Rule, program_of};
use half::{bf16, f16};

/// An optimizer of the catalogue for parameters in the format `T`.
pub type Boxed<T> = Box<dyn Dynamic<T>>;

/// Builds the optimizer that a configuration describes.
///
/// # Errors
/// [`Error::UnknownOptimizer`], [`Error::UnknownHyperparameter`], [`Error::Hyperparameter`];
/// [`Error::Combination`] for what the types would refuse; those of
/// [`Builder::build`](crate::optimizer::Builder::build).
pub fn build<T: Catalogued>(
    configuration: &Configuration,
    device: Cpu,
    parameters: &dyn ParameterSet<Cpu, T>,
) -> Result<Boxed<T>> {
    T::instantiate(&configuration.resolved(), device, parameters)
}

/// A format that the catalogue keeps parameters in: `f64`, `f32`, `bf16` or `f16`.
pub trait Catalogued: StorageDtype {
    /// [`build`]. Not generic, so that optimizers are compiled with this library and not with
    /// every program that names them.
    #[doc(hidden)]
    fn instantiate(
        configuration: &Configuration,
        device: Cpu,
        parameters: &dyn ParameterSet<Cpu, Self>,
    ) -> Result<Boxed<Self>>;
}

/// A configuration, with the rule's hyperparameters apart from the options.
struct Plan {
    options: Options,
    base: Hyperparameters,
    groups: Vec<(Vec<String>, Hyperparameters)>,
}

impl Plan {
    fn new(configuration: &Configuration) -> Result<Self> {
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
struct Planned<R> {
    rule: R,
    warm_up: Option<Schedule>,
    groups: Vec<(Vec<String>, R, Option<Schedule>)>,
}

impl<R: Named> Planned<R> {
    /// The rules of a plan, if they are of one type.
    fn new(plan: &Plan) -> Result<Self> {
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

    /// How many fields of state the rule and what stands around it have: by element, and by axis.
    fn state_fields(&self, around: &AroundAtRunTime) -> (usize, usize) {
        program_of(self.rule.as_ref(), around).counts()
    }

    fn around<const STATE: usize, const AXES: usize>(
        self,
        around: &AroundAtRunTime,
    ) -> Result<Planned<DynamicRule<STATE, AXES>>> {
        let groups = self.groups.into_iter().map(|(names, rule, warm_up)| {
            let rule = DynamicRule::of(rule, around.clone())?;
            Ok((names, rule, warm_up))
        });
        let groups = groups.collect::<Result<_>>()?;
        Ok(Planned { rule: DynamicRule::of(self.rule, around.clone())?, warm_up: self.warm_up, groups })
    }
}

fn refused<T>(option: String, with: &str, because: &'static str) -> Result<T> {
    Err(Error::Combination { option, with: with.to_owned(), because })
}

/// Instantiates a rule for parameters in `$format` with the listed state formats and stores.
macro_rules! catalogued {
    ($format:ident, state: [$($state:ident as $state_name:ident),+], stores: $stores:tt) => {
        impl Catalogued for $format {
            fn instantiate(
                configuration: &Configuration,
                device: Cpu,
                parameters: &dyn ParameterSet<Cpu, Self>,
            ) -> Result<Boxed<Self>> {
                #[cfg(not(debug_assertions))]
                struct Build<'a> {
                    configuration: &'a Configuration,
                    plan: Plan,
                    device: Cpu,
                    parameters: &'a dyn ParameterSet<Cpu, $format>,
                }

                #[cfg(not(debug_assertions))]
                impl Visitor for Build<'_> {
                    type Output = Boxed<$format>;

                    fn visit<R: Named>(self) -> Result<Boxed<$format>> {
                        let planned = Planned::<R>::new(&self.plan)?;
                        with_formats(planned, self.configuration, self.device, self.parameters)
                    }
                }

                let plan = Plan::new(configuration)?;
                // A chain from data has the same bits, and a hundred optimizers less to compile.
                #[cfg(not(debug_assertions))]
                if !plan.options.has_stages() && configuration.optimizer != chain::NAME {
                    let build = Build { configuration, plan, device, parameters };
                    let base = build.plan.base.clone();
                    return entries::visit(&configuration.optimizer, &base, build);
                }
                let planned = if configuration.optimizer == chain::NAME {
                    Planned::listed(&plan)?
                } else {
                    entries::visit(&configuration.optimizer, &plan.base, Erase(&plan))?
                };
                let around = &plan.options.around;
                return match planned.state_fields(around) {
                    (0, 0) => with_formats(planned.around::<0, 0>(around)?, configuration, device, parameters),
                    (1, 0) => with_formats(planned.around::<1, 0>(around)?, configuration, device, parameters),
                    (2, 0) => with_formats(planned.around::<2, 0>(around)?, configuration, device, parameters),
                    (3, 0) => with_formats(planned.around::<3, 0>(around)?, configuration, device, parameters),
                    (4, 0) => with_formats(planned.around::<4, 0>(around)?, configuration, device, parameters),
                    (5, 0) => with_formats(planned.around::<5, 0>(around)?, configuration, device, parameters),
                    (6, 0) => with_formats(planned.around::<6, 0>(around)?, configuration, device, parameters),
                    (7, 0) => with_formats(planned.around::<7, 0>(around)?, configuration, device, parameters),
                    (8, 0) => with_formats(planned.around::<8, 0>(around)?, configuration, device, parameters),
                    (0, 1) => with_formats(planned.around::<0, 1>(around)?, configuration, device, parameters),
                    (1, 1) => with_formats(planned.around::<1, 1>(around)?, configuration, device, parameters),
                    (2, 1) => with_formats(planned.around::<2, 1>(around)?, configuration, device, parameters),
                    (more, by_axis) => refused(
                        format!("{more} fields of state and {by_axis} by axis"),
                        "a chain from data",
                        "it has room for eight, or for two and one by axis",
                    ),
                };

                fn with_formats<R: Rule>(
                    planned: Planned<R>,
                    configuration: &Configuration,
                    device: Cpu,
                    parameters: &dyn ParameterSet<Cpu, $format>,
                ) -> Result<Boxed<$format>> {
                let seed = configuration.seed;
                let mut builder = planned.rule.parameters_in::<$format>();
                if let Some(warm_up) = planned.warm_up {
                    builder = builder.schedule("learning_rate", warm_up);
                }
                for (names, rule, warm_up) in planned.groups {
                    let label = names.join(", ");
                    let warm_up = warm_up.unwrap_or_default();
                    builder = builder.schedule_group(label.clone(), "learning_rate", warm_up);
                    builder = builder.group(label, move |name, _| names.iter().any(|own| own == name), rule);
                }
                let default = <<$format as StorageDtype>::Arithmetic as StorageDtype>::FORMAT;
                match configuration.state_format.unwrap_or(default) {
                    $(Format::$state_name => {
                        let builder = builder.state_in::<$state>(seed);
                        catalogued!(@store $stores, configuration.store, builder, seed, device, parameters)
                    })+
                    other => refused(
                        format!("state in {}", other.name()),
                        <$format>::NAME,
                        "state is kept in the format of the arithmetic or in a 16-bit one of its own kind",
                    ),
                }
                }
            }
        }
    };
    (@store [nearest], $store:expr, $builder:ident, $seed:ident, $device:ident, $parameters:ident) => {
        match $store {
            StoreKind::Nearest => Ok(Box::new($builder.build($device, $parameters)?)),
            other => refused(
                format!("the store {}", other.name()),
                "`f32` and `f64` parameters",
                "`f32` and `f64` parameters already hold the result of the arithmetic, so there is no rounding error to handle",
            ),
        }
    };
    (@store [all], $store:expr, $builder:ident, $seed:ident, $device:ident, $parameters:ident) => {
        match $store {
            StoreKind::Nearest => Ok(Box::new($builder.build($device, $parameters)?)),
            StoreKind::Kahan => Ok(Box::new($builder.kahan().build($device, $parameters)?)),
            StoreKind::Stochastic => {
                // The configuration's one seed is that of the state already.
                Ok(Box::new($builder.stochastic_rounding(0).build($device, $parameters)?))
            }
        }
    };
}

catalogued!(f64, state: [f64 as F64], stores: [nearest]);
catalogued!(f32, state: [f32 as F32, bf16 as Bf16, f16 as F16], stores: [nearest]);
catalogued!(bf16, state: [f32 as F32, bf16 as Bf16], stores: [all]);
catalogued!(f16, state: [f32 as F32, f16 as F16], stores: [all]);

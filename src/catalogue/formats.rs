//! Which formats and stores the catalogue combines: where optimizers are instantiated.

#[cfg(not(debug_assertions))]
use super::entries::{self, Named, Visitor};
use super::plan::{GroupOf, Plan, Planned, fits};
#[cfg(not(debug_assertions))]
use super::rules::chain;
use super::{Configuration, Dynamic, Format, StoreKind};
use crate::cpu::Cpu;
use crate::device::ParameterSet;
use crate::dtype::StorageDtype;
use crate::error::{Error, Result};
use crate::optimizer::{
    AsArithmetic, AsParameters, Build as _, Builder, FitsArithmetic, KeepsArithmetic, Kept, MemoryFormats,
    MemoryReport, Rounds,
};
use crate::schedule::Schedule;
use crate::shape::Layout;
use crate::store::{Kahan, Nearest, Stochastic, Store};
use crate::transform::{Rule, field_names, program_of};
use half::{bf16, f16};
use std::collections::BTreeMap;

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
    check_format::<T>(configuration)?;
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

/// What memory the optimizer that a configuration describes would take, before any is taken.
///
/// In debug builds, where all chains are [from data](crate::transform::DynamicChain), it takes sixteen
/// numbers per tensor instead of those that are reported.
///
/// ```
/// use gradus::catalogue::{self, Configuration, Format, StoreKind};
/// use half::bf16;
///
/// let configuration = Configuration {
///     state_format: Some(Format::Bf16),
///     store: StoreKind::Kahan,
///     ..Configuration::of("adamw")
/// };
/// let report = catalogue::memory::<bf16, _, _>(&configuration, [("weight", [1000, 10])])?;
/// assert_eq!(report.state_bytes(), 10_000 * (2 + 2 + 2));
/// # Ok::<(), gradus::error::Error>(())
/// ```
///
/// # Errors
/// [`Error::UnknownOptimizer`], [`Error::UnknownHyperparameter`], [`Error::Hyperparameter`],
/// [`Error::Combination`].
pub fn memory<T: StorageDtype, N: Into<String>, L: AsRef<[usize]>>(
    configuration: &Configuration,
    shapes: impl IntoIterator<Item = (N, L)>,
) -> Result<MemoryReport> {
    let configuration = configuration.resolved();
    let plan = Plan::new(&configuration)?;
    let planned = Planned::erased(&configuration, &plan)?;
    let formats = MemoryFormats {
        parameter: T::FORMAT,
        gradient: T::FORMAT,
        number: <T::Arithmetic as StorageDtype>::FORMAT,
        state: state_format::<T>(&configuration)?,
        carried: carried::<T>(configuration.store)?,
    };
    let kept = Kept::of_program(&program_of(planned.rule.as_ref(), &plan.options.around));
    let labels: Vec<_> = planned.groups.iter().map(GroupOf::label).collect();
    let labels: Vec<_> = core::iter::once("default").chain(labels.iter().map(String::as_str)).collect();
    let group_of = |name: &String| match planned.groups.iter().position(|group| fits(&group.parameters, name))
    {
        _ if fits(&plan.frozen, name) => None,
        Some(group) => Some(group + 1),
        None => Some(0),
    };
    let members: Vec<_> = shapes
        .into_iter()
        .map(|(name, shape)| (Layout::row_major(shape.as_ref()), group_of(&name.into())))
        .collect();
    let members = members.iter().map(|(layout, group)| (layout, *group));
    Ok(MemoryReport::new(&kept, &formats, &labels, members))
}

/// The format of the state, if parameters in `T` go with it.
fn state_format<T: StorageDtype>(configuration: &Configuration) -> Result<Format> {
    let own = <T::Arithmetic as StorageDtype>::FORMAT;
    let fits = match T::FORMAT {
        Format::F64 => &[Format::F64][..],
        Format::F32 => &[Format::F32, Format::Bf16, Format::F16],
        Format::Bf16 => &[Format::F32, Format::Bf16],
        Format::F16 => &[Format::F32, Format::F16],
    };
    let asked = configuration.state_format.unwrap_or(own);
    if fits.contains(&asked) { Ok(asked) } else { refused_state(asked, T::NAME) }
}

/// What a store carries for parameters in `T`, if it goes with them.
fn carried<T: StorageDtype>(store: StoreKind) -> Result<Vec<String>> {
    match store {
        StoreKind::Nearest => Ok(Vec::new()),
        _ if matches!(T::FORMAT, Format::F64 | Format::F32) => refused_store(store),
        StoreKind::Kahan => Ok(field_names::<<Kahan as Store>::Carry>()),
        StoreKind::Stochastic => Ok(field_names::<<Stochastic as Store>::Carry>()),
    }
}

/// Refuses parameters in another format than the configuration says.
fn check_format<T: StorageDtype>(configuration: &Configuration) -> Result<()> {
    match configuration.parameter_format {
        Some(format) if format != T::FORMAT => refused(
            format!("a configuration for parameters in {}", format.name()),
            &format!("parameters in {}", T::NAME),
            "the caller, who owns the parameters, has decided on their format",
        ),
        _ => Ok(()),
    }
}

fn refused_state<X>(asked: Format, parameters: &str) -> Result<X> {
    let because = if asked == Format::F64 || parameters == Format::F64.name() {
        "state is kept in `f64` for `f64` parameters, and for no others"
    } else {
        "state is kept in the format of the arithmetic or in a 16-bit one of its own kind"
    };
    refused(format!("state in {}", asked.name()), &format!("parameters in {parameters}"), because)
}

fn refused_store<X>(asked: StoreKind) -> Result<X> {
    refused(
        format!("the store {}", asked.name()),
        "`f32` and `f64` parameters",
        "`f32` and `f64` parameters already hold the result of the arithmetic, so there is no rounding error to handle",
    )
}

/// A builder with the groups, the schedules and the policies of a plan.
fn started<R, T>(planned: Planned<R>, plan: &Plan) -> Result<Builder<R, T>>
where
    R: Rule,
    T: StorageDtype,
    AsParameters: FitsArithmetic<T>,
    AsArithmetic: KeepsArithmetic<T>,
    Nearest: Rounds<T>,
{
    let mut builder = planned.rule.parameters_in::<T>().with_policies(plan.policies);
    for (name, schedule) in with_warm_up(plan.schedules.clone(), planned.warm_up)? {
        builder = builder.schedule(name, schedule);
    }
    for group in planned.groups {
        let (label, GroupOf { parameters, rule: (rule, warm_up), schedules }) = (group.label(), group);
        let mut own = plan.schedules.clone();
        own.extend(schedules);
        own.entry(LEARNING_RATE.to_owned()).or_default();
        for (name, schedule) in with_warm_up(own, warm_up)? {
            builder = builder.schedule_group(label.clone(), name, schedule);
        }
        builder = builder.group(label, move |name, _| fits(&parameters, name), rule);
    }
    if !plan.frozen.is_empty() {
        let frozen = plan.frozen.clone();
        builder = builder.freeze(move |name, _| fits(&frozen, name));
    }
    if !plan.undecayed.is_empty() {
        let undecayed = plan.undecayed.clone();
        builder = builder.without_decay(move |name, _| fits(&undecayed, name));
    }
    Ok(builder)
}

/// The field of every rule that warm-ups are multiplied with.
const LEARNING_RATE: &str = "learning_rate";

/// Schedules with a warm-up on top of that of the learning rate.
fn with_warm_up(
    mut schedules: BTreeMap<String, Schedule>,
    warm_up: Option<Schedule>,
) -> Result<BTreeMap<String, Schedule>> {
    if let Some(warm_up) = warm_up {
        let both = match schedules.remove(LEARNING_RATE) {
            Some(schedule) if schedule != Schedule::default() => Schedule::product([schedule, warm_up])?,
            _ => warm_up,
        };
        schedules.insert(LEARNING_RATE.to_owned(), both);
    }
    Ok(schedules)
}

/// What a plan is built for.
#[cfg(not(debug_assertions))]
struct Build<'a, T: StorageDtype> {
    configuration: &'a Configuration,
    plan: &'a Plan,
    device: &'a Cpu,
    parameters: &'a dyn ParameterSet<Cpu, T>,
}

/// Every rule in types, if all numbers are in `f32`.
#[cfg(not(debug_assertions))]
fn all_in_f32(build: &Build<'_, f32>) -> Result<Option<Boxed<f32>>> {
    struct InF32<'a>(&'a Build<'a, f32>);

    impl Visitor for InF32<'_> {
        type Output = Boxed<f32>;

        fn visit<R: Named>(self) -> Result<Boxed<f32>> {
            let builder = started::<R, f32>(Planned::<R>::new(self.0.plan)?, self.0.plan)?;
            Ok(Box::new(builder.build(self.0.device.clone(), self.0.parameters)?))
        }
    }

    let Build { configuration, plan, .. } = build;
    let state = configuration.state_format.unwrap_or(Format::F32);
    if state != Format::F32 || configuration.store != StoreKind::Nearest {
        return Ok(None);
    }
    entries::visit(&configuration.optimizer, &plan.base, InF32(build)).map(Some)
}

/// No more rules in types.
#[cfg(not(debug_assertions))]
fn no_more<T: StorageDtype>(_build: &Build<'_, T>) -> Result<Option<Boxed<T>>> {
    Ok(None)
}

fn refused<T>(option: String, with: &str, because: &'static str) -> Result<T> {
    Err(Error::Combination { option, with: with.to_owned(), because })
}

/// Instantiates a rule for parameters in `$format` with the listed state formats and stores.
macro_rules! catalogued {
    ($format:ident, state: [$($state:ident as $state_name:ident),+], stores: $stores:tt, others: $others:ident) => {
        impl Catalogued for $format {
            fn instantiate(
                configuration: &Configuration,
                device: Cpu,
                parameters: &dyn ParameterSet<Cpu, Self>,
            ) -> Result<Boxed<Self>> {
                #[cfg(not(debug_assertions))]
                struct InTypes<'a>(&'a Build<'a, $format>);

                #[cfg(not(debug_assertions))]
                impl Visitor for InTypes<'_> {
                    type Output = Boxed<$format>;

                    fn visit<R: Named>(self) -> Result<Boxed<$format>> {
                        let Build { configuration, plan, device, parameters } = *self.0;
                        with_formats(Planned::<R>::new(plan)?, plan, configuration, device.clone(), parameters)
                    }
                }

                let plan = Plan::new(configuration)?;
                // A chain from data has the same bits, and hundreds of optimizers less to compile. So only
                // the first choices are instantiated in every format, the others where all is in `f32`.
                #[cfg(not(debug_assertions))]
                if !plan.options.has_stages() && configuration.optimizer != chain::NAME {
                    let build = Build { configuration, plan: &plan, device: &device, parameters };
                    let name = &configuration.optimizer;
                    if let Some(built) = entries::visit_first(name, &plan.base, InTypes(&build))? {
                        return Ok(built);
                    }
                    if let Some(built) = $others(&build)? {
                        return Ok(built);
                    }
                }
                let planned = Planned::erased(configuration, &plan)?;
                let around = &plan.options.around;
                return match planned.state_fields(around) {
                    (0, 0) => with_formats(planned.around::<0, 0>(around)?, &plan, configuration, device, parameters),
                    (1, 0) => with_formats(planned.around::<1, 0>(around)?, &plan, configuration, device, parameters),
                    (2, 0) => with_formats(planned.around::<2, 0>(around)?, &plan, configuration, device, parameters),
                    (3, 0) => with_formats(planned.around::<3, 0>(around)?, &plan, configuration, device, parameters),
                    (4, 0) => with_formats(planned.around::<4, 0>(around)?, &plan, configuration, device, parameters),
                    (5, 0) => with_formats(planned.around::<5, 0>(around)?, &plan, configuration, device, parameters),
                    (6, 0) => with_formats(planned.around::<6, 0>(around)?, &plan, configuration, device, parameters),
                    (0, 1) => with_formats(planned.around::<0, 1>(around)?, &plan, configuration, device, parameters),
                    (1, 1) => with_formats(planned.around::<1, 1>(around)?, &plan, configuration, device, parameters),
                    (2, 1) => with_formats(planned.around::<2, 1>(around)?, &plan, configuration, device, parameters),
                    (more, by_axis) => refused(
                        format!("{more} fields of state and {by_axis} by axis"),
                        "a chain from data",
                        "it has room for six, or for two and one by axis",
                    ),
                };

                fn with_formats<R: Rule>(
                    planned: Planned<R>,
                    plan: &Plan,
                    configuration: &Configuration,
                    device: Cpu,
                    parameters: &dyn ParameterSet<Cpu, $format>,
                ) -> Result<Boxed<$format>> {
                let seed = configuration.seed;
                let builder = started::<R, $format>(planned, plan)?;
                let default = <<$format as StorageDtype>::Arithmetic as StorageDtype>::FORMAT;
                match configuration.state_format.unwrap_or(default) {
                    $(Format::$state_name => {
                        let builder = builder.state_in::<$state>(seed);
                        catalogued!(@store $stores, configuration.store, builder, seed, device, parameters)
                    })+
                    other => refused_state(other, <$format>::NAME),
                }
                }
            }
        }
    };
    (@store [nearest], $store:expr, $builder:ident, $seed:ident, $device:ident, $parameters:ident) => {
        match $store {
            StoreKind::Nearest => Ok(Box::new($builder.build($device, $parameters)?)),
            other => refused_store(other),
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

catalogued!(f64, state: [f64 as F64], stores: [nearest], others: no_more);
catalogued!(f32, state: [f32 as F32, bf16 as Bf16, f16 as F16], stores: [nearest], others: all_in_f32);
catalogued!(bf16, state: [f32 as F32, bf16 as Bf16], stores: [all], others: no_more);
catalogued!(f16, state: [f32 as F32, f16 as F16], stores: [all], others: no_more);

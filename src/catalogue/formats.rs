//! Which formats and stores the catalogue combines: where optimizers are instantiated.

#[cfg(not(debug_assertions))]
use super::kernels;
use super::plan::{GroupOf, Plan, Planned, fits, takes};
use super::{Boxed, Catalogued, Configuration, Format, StoreKind};
use crate::cpu::Cpu;
#[cfg(feature = "cuda")]
use crate::cuda::Cuda;
use crate::device::{MakesTensors, ParameterSet};
use crate::dtype::{Plus8, Plus16, StorageDtype};
use crate::error::{Error, Result};
use crate::optimizer::{
    AsArithmetic, AsParameters, Build as _, Builder, FitsArithmetic, KeepsArithmetic, Kept, MemoryFormats,
    MemoryReport, Rounds,
};
use crate::rule::Pairs;
use crate::schedule::Schedule;
use crate::shape::Layout;
use crate::store::{Corrected8, Corrected16, Kahan, Nearest, Stochastic, Store};
use crate::transform::{ErasedRule, Rule, field_names, program_of};
use half::{bf16, f16};
use std::collections::BTreeMap;

/// What memory the optimizer that a configuration describes would take, before any is taken.
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
pub fn memory<T: Catalogued, N: Into<String>, L: AsRef<[usize]>>(
    configuration: &Configuration,
    shapes: impl IntoIterator<Item = (N, L)>,
) -> Result<MemoryReport> {
    let configuration = configuration.resolved();
    let described: Vec<_> =
        shapes.into_iter().map(|(name, shape)| (name.into(), Layout::row_major(shape.as_ref()))).collect();
    let mut plan = Plan::new(&configuration)?;
    plan.place(&described)?;
    let planned = Planned::erased(&plan)?;
    let state = state_format::<T>(&configuration)?;
    let (carried, beside) = carried::<T>(configuration.store);
    let formats = MemoryFormats {
        parameter: T::FORMAT,
        gradient: T::FORMAT,
        number: <T::Arithmetic as StorageDtype>::FORMAT,
        state,
        carried,
        beside,
    };
    let program = |rule: &dyn ErasedRule| program_of(rule, &planned.around_of(rule, &plan.options.around));
    let kept = |rule: &dyn ErasedRule| Kept::of(program(rule).description());
    let labels: Vec<_> = planned.groups.iter().map(|group| group.label.as_str()).collect();
    let of_groups = planned.groups.iter().map(|group| kept(group.rule.0.as_ref()));
    let of_groups = labels.into_iter().zip(of_groups);
    let kept: Vec<_> = core::iter::once(("default", kept(planned.rule.as_ref()))).chain(of_groups).collect();
    let group_of =
        |name: &str, layout: &Layout| match planned.groups.iter().position(|group| group.takes(name, layout))
        {
            _ if fits(&plan.frozen, name) => None,
            Some(group) => Some(group + 1),
            None => Some(0),
        };
    let members = described.iter().map(|(name, layout)| (layout, group_of(name, layout)));
    let rules: Vec<_> =
        core::iter::once(&planned.rule).chain(planned.groups.iter().map(|group| &group.rule.0)).collect();
    let matrices = |group: usize, layout: &Layout| program(rules[group].as_ref()).matrix_plan(layout);
    Ok(MemoryReport::new(&kept, &formats, members, &matrices))
}

/// The format of the state, if parameters in `T` and the store go with it.
fn state_format<T: Catalogued>(configuration: &Configuration) -> Result<Format> {
    let own = <T::Arithmetic as StorageDtype>::FORMAT;
    let asked = configuration.state_format.unwrap_or(own);
    let stores = T::COMBINED.iter().find(|(state, _)| *state == asked).map(|(_, stores)| stores);
    match stores {
        None => refused_state(asked, T::NAME),
        Some(stores) if stores.contains(&configuration.store) => Ok(asked),
        Some(_) => refused_store(configuration.store, T::FORMAT, asked),
    }
}

/// Refuses formats and a store that do not go together, if it is known which parameters they are for.
#[cfg(feature = "configuration")]
pub(super) fn check_formats(configuration: &Configuration) -> Result<()> {
    let state = match configuration.parameter_format {
        Some(Format::F64) => state_format::<f64>,
        Some(Format::F32) => state_format::<f32>,
        Some(Format::Bf16) => state_format::<bf16>,
        Some(Format::F16) => state_format::<f16>,
        Some(other) => {
            return refused(
                format!("parameters in {}", other.name()),
                "the catalogue",
                "parameters are in f64, f32, bf16 or f16",
            );
        }
        None => return Ok(()),
    };
    state(configuration).map(|_| ())
}

/// What a store carries beside parameters in `T`, and in which format.
fn carried<T: StorageDtype>(store: StoreKind) -> (Vec<String>, Format) {
    fn of<T: StorageDtype, W: Store>() -> (Vec<String>, Format) {
        (field_names::<W::Carry>(), <W::Beside<T> as StorageDtype>::FORMAT)
    }
    match store {
        StoreKind::Nearest => of::<T, Nearest>(),
        StoreKind::Kahan => of::<T, Kahan>(),
        StoreKind::Stochastic => of::<T, Stochastic>(),
        StoreKind::Corrected8 => of::<T, Corrected8>(),
        StoreKind::Corrected16 => of::<T, Corrected16>(),
    }
}

impl StoreKind {
    /// The bytes that it carries beside each parameter in `T`.
    ///
    /// ```
    /// use gradus::catalogue::StoreKind;
    /// use half::bf16;
    ///
    /// let bytes = |store: &str| Ok::<_, gradus::error::Error>(store.parse::<StoreKind>()?.carried_bytes::<bf16>());
    /// assert_eq!((bytes("nearest")?, bytes("kahan")?, bytes("corrected8")?), (0, 2, 1));
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    pub fn carried_bytes<T: StorageDtype>(self) -> usize {
        let (names, format) = carried::<T>(self);
        names.len() * format.bytes()
    }
}

/// Refuses parameters in another format than the configuration says.
pub(super) fn check_format<T: StorageDtype>(configuration: &Configuration) -> Result<()> {
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
        "state is kept in the format of the arithmetic, or in a 16-bit one of its own kind, error-corrected or not"
    };
    refused(format!("state in {}", asked.name()), &format!("parameters in {parameters}"), because)
}

fn refused_store<X>(asked: StoreKind, parameters: Format, state: Format) -> Result<X> {
    let store = format!("the store {}", asked.name());
    if matches!(parameters, Format::F64 | Format::F32) {
        return refused(
            store,
            "`f32` and `f64` parameters",
            "`f32` and `f64` parameters already hold the result of the arithmetic, so there is no rounding error to handle",
        );
    }
    refused(
        store,
        &format!("state in {}", state.name()),
        "the catalogue combines error-corrected parameters with state of as many digits; the builder combines all",
    )
}

/// The names and layouts of all parameters.
fn described<T: StorageDtype, D: MakesTensors>(parameters: &dyn ParameterSet<D, T>) -> Vec<(String, Layout)> {
    let mut described = Vec::new();
    parameters.describe(&mut |name, layout| described.push((name.to_owned(), layout)));
    described
}

/// A builder with the groups, the schedules and the policies of a plan.
pub(super) fn started<R, T>(planned: Planned<R>, plan: &Plan) -> Result<Builder<R, T>>
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
        let GroupOf { label, parameters, shapes, rule: (rule, warm_up), schedules, .. } = group;
        // It has those of all groups anyway; that of the learning rate is multiplied with its own warm-up.
        let mut own = schedules;
        let shared = || plan.schedules.get(LEARNING_RATE).cloned().unwrap_or_default();
        own.entry(LEARNING_RATE.to_owned()).or_insert_with(shared);
        for (name, schedule) in with_warm_up(own, warm_up)? {
            builder = builder.schedule_group(label.clone(), name, schedule);
        }
        builder = builder.group(label, move |name, layout| takes(&parameters, shapes, name, layout), rule);
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

fn refused<T>(option: String, with: &str, because: &'static str) -> Result<T> {
    Err(Error::Combination { option, with: with.to_owned(), because })
}

/// Instantiates a rule for parameters in `$format` with the listed state formats, each with its stores.
macro_rules! catalogued {
    ($format:ident in $build:ident, loops: $kernels:ident, $($state:ty as $state_name:ident: [$($store:ident)+],)+) => {
        impl Catalogued for $format {
            const COMBINED: &'static [(Format, &'static [StoreKind])] =
                &[$((Format::$state_name, &[$(StoreKind::$store),+])),+];

            fn instantiate(
                configuration: &Configuration,
                pairs: Option<Pairs>,
                device: Cpu,
                parameters: &dyn ParameterSet<Cpu, Self>,
            ) -> Result<Boxed<Self>> {
                $build(configuration, pairs, device, parameters)
            }

            #[cfg(feature = "cuda")]
            fn instantiate_on_cuda(
                configuration: &Configuration,
                pairs: Option<Pairs>,
                device: Cuda,
                parameters: &dyn ParameterSet<Cuda, Self>,
            ) -> Result<Boxed<Self, Cuda>> {
                $build(configuration, pairs, device, parameters)
            }
        }

        fn $build<D: MakesTensors>(
            configuration: &Configuration,
            pairs: Option<Pairs>,
            device: D,
            parameters: &dyn ParameterSet<D, $format>,
        ) -> Result<Boxed<$format, D>> {
            let mut plan = Plan { pairs, ..Plan::new(configuration)? };
            plan.place(&described(parameters))?;
            let planned = Planned::erased(&plan)?;
            let planned = planned.around(&plan.options.around)?;
            #[cfg(not(debug_assertions))]
            let planned = {
                let formats = (configuration.state_format, configuration.store);
                planned.with_kernels(&plan, |chosen| kernels::$kernels(formats, chosen))?
            };
            let builder = started::<_, $format>(planned, &plan)?;
            let (state, seed) = (state_format::<$format>(configuration)?, configuration.seed);
            match (state, configuration.store) {
                $($((Format::$state_name, StoreKind::$store) => {
                    let builder = catalogued!(@store $store builder.state_in::<$state>(seed));
                    Ok(Box::new(builder.build(device, parameters)?))
                })+)+
                (state, store) => refused_store(store, <$format>::FORMAT, state),
            }
        }
    };
    // The configuration's one seed is that of the state already.
    (@store Nearest $builder:expr) => {
        $builder
    };
    (@store Kahan $builder:expr) => {
        $builder.kahan()
    };
    (@store Stochastic $builder:expr) => {
        $builder.stochastic_rounding(0)
    };
    (@store Corrected8 $builder:expr) => {
        $builder.error_corrected8(0)
    };
    (@store Corrected16 $builder:expr) => {
        $builder.error_corrected16()
    };
}

catalogued!(f64 in build_f64, loops: none,
    f64 as F64: [Nearest],
);
catalogued!(f32 in build_f32, loops: all_in_f32,
    f32 as F32: [Nearest],
    bf16 as Bf16: [Nearest],
    f16 as F16: [Nearest],
    Plus8<bf16> as Bf16Plus8: [Nearest],
    Plus16<bf16> as Bf16Plus16: [Nearest],
);
catalogued!(bf16 in build_bf16, loops: the_first,
    f32 as F32: [Nearest Kahan Stochastic],
    bf16 as Bf16: [Nearest Kahan Stochastic],
    Plus8<bf16> as Bf16Plus8: [Nearest Corrected8],
    Plus16<bf16> as Bf16Plus16: [Corrected16],
);
catalogued!(f16 in build_f16, loops: arithmetic_in_f32,
    f32 as F32: [Nearest Kahan Stochastic],
    f16 as F16: [Nearest Kahan Stochastic],
    Plus8<f16> as F16Plus8: [Nearest Corrected8],
    Plus16<f16> as F16Plus16: [Corrected16],
);

//! Which formats and stores the catalogue combines: where optimizers are instantiated.

use super::entries::{self, Named, Visitor};
use super::{Configuration, Dynamic, Format, StoreKind};
use crate::cpu::Cpu;
use crate::device::ParameterSet;
use crate::dtype::StorageDtype;
use crate::error::{Error, Result};
use crate::optimizer::Build;
use crate::schedule::Schedule;
use crate::transform::Rule;
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

/// A rule for all parameters but those that a group names.
struct Planned<R> {
    rule: R,
    warm_up: Option<Schedule>,
    groups: Vec<(Vec<String>, R, Option<Schedule>)>,
}

impl<R: Named> Planned<R> {
    /// The rules of a configuration's groups, if they are of the type of the rule for the others.
    fn new(configuration: &Configuration) -> Result<Self> {
        let base = &configuration.hyperparameters;
        let groups = configuration.groups.iter().map(|group| {
            let hyperparameters = base.with(&group.hyperparameters);
            if !R::is_meant(&hyperparameters) {
                return Err(Error::Combination {
                    option: "a group with a switch such as `momentum`".to_owned(),
                    with: "one without".to_owned(),
                    because: "they are rules with different state; give both the same switches",
                });
            }
            let warm_up = entries::warm_up::<R>(&hyperparameters)?;
            Ok((group.parameters.clone(), entries::rule(&hyperparameters)?, warm_up))
        });
        let (rule, warm_up) = (entries::rule(base)?, entries::warm_up::<R>(base)?);
        Ok(Self { rule, warm_up, groups: groups.collect::<Result<_>>()? })
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
                struct Build<'a> {
                    configuration: &'a Configuration,
                    device: Cpu,
                    parameters: &'a dyn ParameterSet<Cpu, $format>,
                }

                impl Visitor for Build<'_> {
                    type Output = Boxed<$format>;

                    fn visit<R: Named>(self) -> Result<Boxed<$format>> {
                        let planned = Planned::<R>::new(self.configuration)?;
                        with_formats(planned, self.configuration, self.device, self.parameters)
                    }
                }

                let build = Build { configuration, device, parameters };
                return entries::visit(&configuration.optimizer, &configuration.hyperparameters, build);

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

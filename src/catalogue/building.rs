//! How an optimizer of the catalogue is built, and on which devices.

use super::formats::check_format;
use super::{Configuration, Dynamic, Format, StoreKind};
use crate::cpu::Cpu;
#[cfg(feature = "cuda")]
use crate::cuda::Cuda;
use crate::device::{MakesTensors, ParameterSet};
use crate::dtype::StorageDtype;
use crate::error::Result;
use crate::rule::Pairs;

/// An optimizer of the catalogue for parameters in the format `T`.
pub type Boxed<T, D = Cpu> = Box<dyn Dynamic<T, D>>;

/// Builds the optimizer that a configuration describes, on the CPU.
///
/// # Errors
/// [`UnknownOptimizer`](crate::error::Error::UnknownOptimizer), [`UnknownHyperparameter`](crate::error::Error::UnknownHyperparameter), [`Hyperparameter`](crate::error::Error::Hyperparameter);
/// [`Combination`](crate::error::Error::Combination) for what the types would refuse; those of
/// [`Builder::build`](crate::optimizer::Builder::build).
pub fn build<T: Catalogued>(
    configuration: &Configuration,
    device: Cpu,
    parameters: &dyn ParameterSet<Cpu, T>,
) -> Result<Boxed<T>> {
    build_on(configuration, device, parameters)
}

/// Builds the optimizer that a configuration describes, on any device of the catalogue.
///
/// ```
/// use gradus::catalogue::{CatalogueDevice, Configuration, build_on};
/// use gradus::cpu::Cpu;
///
/// fn one_step(device: impl CatalogueDevice) -> gradus::error::Result<Vec<f32>> {
///     let mut parameters = vec![("x", device.tensor(&[2], &[1.0f32, 2.0])?)];
///     let gradients = vec![("x", device.tensor(&[2], &[10.0f32, 10.0])?)];
///     let configuration = Configuration { hyperparameters: [("lr", 0.1.into())].into(), ..Configuration::of("sgd") };
///     let mut optimizer = build_on(&configuration, device.clone(), &parameters)?;
///     optimizer.step(&mut parameters, &gradients)?;
///     device.fetch(&parameters[0].1)
/// }
/// assert_eq!(one_step(Cpu::default())?, [0.0, 1.0]);
/// # Ok::<(), gradus::error::Error>(())
/// ```
///
/// # Errors
/// Those of [`build`], and what the device cannot do.
pub fn build_on<T: Catalogued, D: CatalogueDevice>(
    configuration: &Configuration,
    device: D,
    parameters: &dyn ParameterSet<D, T>,
) -> Result<Boxed<T, D>> {
    build_with(configuration, None, device, parameters)
}

/// The same with probes that are given, for rules that have them.
pub(crate) fn build_with<T: Catalogued, D: CatalogueDevice>(
    configuration: &Configuration,
    pairs: Option<Pairs>,
    device: D,
    parameters: &dyn ParameterSet<D, T>,
) -> Result<Boxed<T, D>> {
    check_format::<T>(configuration)?;
    device.instantiate(&configuration.resolved(), pairs, parameters)
}

/// A device that the catalogue builds optimizers for: `Cpu`, and `Cuda` with the feature `cuda`.
pub trait CatalogueDevice: MakesTensors {
    /// [`build_on`].
    #[doc(hidden)]
    fn instantiate<T: Catalogued>(
        self,
        configuration: &Configuration,
        pairs: Option<Pairs>,
        parameters: &dyn ParameterSet<Self, T>,
    ) -> Result<Boxed<T, Self>>;
}

impl CatalogueDevice for Cpu {
    fn instantiate<T: Catalogued>(
        self,
        configuration: &Configuration,
        pairs: Option<Pairs>,
        parameters: &dyn ParameterSet<Self, T>,
    ) -> Result<Boxed<T, Self>> {
        T::instantiate(configuration, pairs, self, parameters)
    }
}

#[cfg(feature = "cuda")]
impl CatalogueDevice for Cuda {
    fn instantiate<T: Catalogued>(
        self,
        configuration: &Configuration,
        pairs: Option<Pairs>,
        parameters: &dyn ParameterSet<Self, T>,
    ) -> Result<Boxed<T, Self>> {
        T::instantiate_on_cuda(configuration, pairs, self, parameters)
    }
}

/// A format that the catalogue keeps parameters in: `f64`, `f32`, `bf16` or `f16`.
pub trait Catalogued: StorageDtype {
    /// The formats of state that go with it, each with the stores that it is combined with.
    #[doc(hidden)]
    const COMBINED: &'static [(Format, &'static [StoreKind])];

    /// [`build`]. Not generic, so that optimizers are compiled with this library and not with
    /// every program that names them.
    #[doc(hidden)]
    fn instantiate(
        configuration: &Configuration,
        pairs: Option<Pairs>,
        device: Cpu,
        parameters: &dyn ParameterSet<Cpu, Self>,
    ) -> Result<Boxed<Self>>;

    /// The same on CUDA.
    #[cfg(feature = "cuda")]
    #[doc(hidden)]
    fn instantiate_on_cuda(
        configuration: &Configuration,
        pairs: Option<Pairs>,
        device: Cuda,
        parameters: &dyn ParameterSet<Cuda, Self>,
    ) -> Result<Boxed<Self, Cuda>>;
}

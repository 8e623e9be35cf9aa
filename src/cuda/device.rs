//! [`Cuda`]: a GPU as a device.

use super::compile::{Version, compiler};
use super::flaw::{driver, out_of_memory};
use super::launch::Answer;
use super::memory::fetch;
use super::run::Runner;
use super::{Architecture, CudaMemory, CudaTensor, Reads, launch};
use crate::device::{Decided, Decision, Device, Evaluated, Formats, Work};
use crate::dtype::StorageDtype;
use crate::error::{CudaFlaw, Result};
use crate::transform::{MatrixNeeds, Stage};
use cudarc::driver::{CudaContext, CudaStream, CudaView, CudaViewMut, sys::CUresult};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The oldest CUDA whose driver has all that is called.
const OLDEST: Version = Version { major: 12, minor: 0 };

/// A CUDA device, or rather one of its streams: steps are enqueued there, one behind the other.
///
/// A kernel is compiled when it is first needed, which takes some tenths of a second, and kept in the folder
/// that `GRADUS_CACHE` names, or in the user's cache.
///
/// ```no_run
/// use gradus::cuda::Cuda;
/// use gradus::optimizer::Build;
/// use gradus::rule::AdamW;
/// use half::bf16;
///
/// let device = Cuda::new(0)?;
/// let mut parameters = [("weight", device.tensor(&[2, 2], &[bf16::ONE; 4])?)];
/// let mut optimizer = AdamW::default().parameters_in::<bf16>().kahan().build(device.clone(), &parameters)?;
///
/// let gradients = [("weight", device.tensor(&[2, 2], &[bf16::ONE; 4])?)]; // backpropagation's own memory
/// optimizer.step(&mut parameters, &gradients)?;                           // enqueued; nothing is waited for
/// println!("{:?}", device.fetch(&parameters[0].1)?);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone)]
pub struct Cuda {
    stream: Arc<CudaStream>,
    architecture: Architecture,
    runner: Arc<Mutex<Runner>>,
}

impl Cuda {
    /// The device with a number, counted from 0, and its default stream.
    ///
    /// ```
    /// use gradus::cuda::Cuda;
    ///
    /// match Cuda::new(0) {
    ///     Ok(device) => println!("{device:?}"),
    ///     Err(error) => println!("no CUDA here: {error}"),
    /// }
    /// ```
    ///
    /// # Errors
    /// [`CudaFlaw`]: no driver or too old a one, no such device, no NVRTC, no memory.
    pub fn new(ordinal: usize) -> Result<Self> {
        check_driver()?;
        let count = match CudaContext::device_count() {
            Ok(0) => return Err(CudaFlaw::NoDevice.into()),
            Ok(count) => usize::try_from(count).unwrap_or(0),
            Err(error) if error.0 == CUresult::CUDA_ERROR_NO_DEVICE => return Err(CudaFlaw::NoDevice.into()),
            Err(error) => return Err(driver("be initialised", error).into()),
        };
        if ordinal >= count {
            return Err(CudaFlaw::NoSuchDevice { ordinal, count }.into());
        }
        let context = CudaContext::new(ordinal);
        let context = context.map_err(|error| match error.0 {
            CUresult::CUDA_ERROR_OUT_OF_MEMORY => out_of_memory(error, 0, "a context"),
            _ => driver("make a context", error),
        })?;
        Self::of(context.default_stream())
    }

    /// A stream of your own. Parameters and gradients must lie in its context; steps are enqueued in this stream.
    ///
    /// ```no_run
    /// use gradus::cuda::{Cuda, cudarc::driver::CudaContext};
    ///
    /// let context = CudaContext::new(0)?;
    /// let device = Cuda::on(context.new_stream()?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`CudaFlaw`]: too old a driver, no NVRTC.
    pub fn on(stream: Arc<CudaStream>) -> Result<Self> {
        check_driver()?;
        Self::of(stream)
    }

    fn of(stream: Arc<CudaStream>) -> Result<Self> {
        let compiler = compiler()?;
        let known = driver_version()?;
        if known.major < compiler.major {
            return Err(old(known, compiler, "NVRTC as it was found").into());
        }
        let capability = stream.context().compute_capability();
        let (major, minor) = capability.map_err(|error| driver("tell its architecture", error))?;
        let architecture = Architecture { major: major.unsigned_abs(), minor: minor.unsigned_abs() };
        Ok(Self { stream, architecture, runner: Arc::default() })
    }

    /// The stream that steps are enqueued in.
    pub fn stream(&self) -> &Arc<CudaStream> {
        &self.stream
    }

    /// What kernels are compiled for.
    pub fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// A tensor with a copy of values of the host.
    ///
    /// # Errors
    /// [`CudaFlaw::Length`] if the shape has another number of elements, [`CudaFlaw::OutOfMemory`].
    pub fn tensor<T: StorageDtype>(&self, shape: &[usize], values: &[T]) -> Result<CudaTensor<T>> {
        let bytes = size_of_val(values);
        let memory = CudaMemory::zeros(&self.stream, values.len());
        let mut memory = memory.map_err(|error| out_of_memory(error, bytes, "a tensor"))?;
        memory.fill(&self.stream, values).map_err(|error| driver("copy a tensor", error))?;
        CudaTensor::new(shape, memory)
    }

    /// A copy of a tensor in the host's memory. Waits until all that was enqueued before is done.
    ///
    /// # Errors
    /// [`CudaFlaw::Driver`]: also for what went wrong in a step before, which nobody has waited for.
    pub fn fetch<T: StorageDtype, M: Reads<T>>(&self, tensor: &CudaTensor<T, M>) -> Result<Vec<T>> {
        let values = fetch(&self.stream, &tensor.memory().reads());
        Ok(values.map_err(|error| driver("copy a tensor to the host", error))?)
    }

    /// Waits until all that was enqueued is done.
    ///
    /// # Errors
    /// [`CudaFlaw::Driver`], also for what went wrong in a step before.
    pub fn wait(&self) -> Result<()> {
        Ok(self.stream.synchronize().map_err(|error| driver("finish what was enqueued", error))?)
    }

    pub(super) fn shared_runner(&self) -> Arc<Mutex<Runner>> {
        self.runner.clone()
    }

    pub(super) fn runner(&self) -> MutexGuard<'_, Runner> {
        // What a thread leaves behind that panics is whole: everything in there is put in when it is complete.
        self.runner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Cuda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cuda({}, {})", self.stream.context().ordinal(), self.architecture)
    }
}

fn check_driver() -> Result<(), CudaFlaw> {
    if !launch::has_driver() {
        return Err(CudaFlaw::NoDriver);
    }
    let known = driver_version()?;
    if known < OLDEST { Err(old(known, OLDEST, "gradus")) } else { Ok(()) }
}

fn driver_version() -> Result<Version, CudaFlaw> {
    let version = launch::driver_version().map_err(|error| driver("tell its version", error))?;
    Ok(Version { major: version / 1000, minor: version % 1000 / 10 })
}

fn old(known: Version, needed: Version, asked_by: &'static str) -> CudaFlaw {
    CudaFlaw::OldDriver { found: known.to_string(), needed: needed.to_string(), asked_by }
}

impl Device for Cuda {
    const DECIDES: bool = true;

    type Buffer<T: StorageDtype> = CudaMemory<T>;
    type View<'a, T: StorageDtype> = CudaView<'a, T>;
    type ViewMut<'a, T: StorageDtype> = CudaViewMut<'a, T>;
    type Workspace = core::convert::Infallible;
    type Answer = Answer;

    fn workspace(&self, needs: &MatrixNeeds) -> Result<Self::Workspace> {
        Err(CudaFlaw::NoLinearAlgebra { parameter: needs.first_name().to_owned() }.into())
    }

    fn workspace_bytes(&self, _: &MatrixNeeds) -> u64 {
        0 // there is none
    }

    fn shorter<'long: 'short, 'short, T: StorageDtype>(view: CudaView<'long, T>) -> CudaView<'short, T> {
        view
    }

    fn shorter_mut<'long: 'short, 'short, T: StorageDtype>(
        view: CudaViewMut<'long, T>,
    ) -> CudaViewMut<'short, T> {
        view
    }

    fn as_view<'short, T: StorageDtype>(view: &'short CudaViewMut<'_, T>) -> CudaView<'short, T> {
        view.as_view()
    }

    fn length<T: StorageDtype>(view: &CudaView<'_, T>) -> usize {
        view.len()
    }

    fn zeros<T: StorageDtype>(&self, length: usize) -> Option<CudaMemory<T>> {
        CudaMemory::zeros(&self.stream, length).ok()
    }

    fn view<T: StorageDtype>(buffer: &CudaMemory<T>) -> CudaView<'_, T> {
        buffer.view()
    }

    fn view_mut<T: StorageDtype>(buffer: &mut CudaMemory<T>) -> CudaViewMut<'_, T> {
        buffer.view_mut()
    }

    fn read<T: StorageDtype>(&self, buffer: &CudaMemory<T>) -> Result<Vec<T>> {
        Ok(fetch(&self.stream, &buffer.view()).map_err(|error| driver("copy state to the host", error))?)
    }

    fn write<T: StorageDtype>(&self, buffer: &mut CudaMemory<T>, values: &[T]) -> Result<()> {
        assert_eq!(buffer.len(), values.len(), "the caller has as many values as there is room for");
        Ok(buffer.fill(&self.stream, values).map_err(|error| driver("copy state from the host", error))?)
    }

    /// Waits for the sums. A step that [decides](Device::run_decided) on the device does not need them.
    fn square_sums<T: StorageDtype>(
        &self,
        views: &[Option<CudaView<'_, T>>],
        unit: f64,
        sums: &mut [f64],
    ) -> Result<()> {
        self.runner().square_sums(&self.stream, self.architecture, views, unit, sums)
    }

    fn first_nonfinite<T: StorageDtype>(&self, view: &CudaView<'_, T>) -> Result<Option<usize>> {
        use crate::dtype::Arithmetic;
        let values =
            fetch(&self.stream, view).map_err(|error| driver("copy a gradient to the host", error))?;
        Ok(values.iter().position(|value| !value.widen().to_f64().is_finite()))
    }

    fn run<C: Stage, K: Formats>(&self, works: &mut [Work<'_, Self, C, K>]) -> Result<()> {
        self.runner().step(&self.stream, self.architecture, works, None)
    }

    fn run_decided<C: Stage, K: Formats>(
        &self,
        works: &mut [Work<'_, Self, C, K>],
        mut decision: Decision<'_, Self>,
    ) -> Result<()> {
        self.runner().step(&self.stream, self.architecture, works, Some(&mut decision))
    }

    fn answer(&self) -> Result<Answer> {
        let room = Answer::new(&self.stream);
        let bytes = Decided::NUMBERS * size_of::<f64>();
        Ok(room.map_err(|error| out_of_memory(error, bytes, "the host's side of a decision"))?)
    }

    fn answered(&self, answer: &Answer) -> Result<Decided> {
        Ok(answer.read().map_err(|error| driver("tell what it has decided", error))?)
    }

    fn evaluate<C: Stage, K: Formats>(&self, mut tensor: Evaluated<'_, Self, C, K>) -> Result<()> {
        self.runner().evaluate(&self.stream, self.architecture, &mut tensor)
    }

    fn copy<T: StorageDtype>(&self, from: CudaView<'_, T>, mut into: CudaViewMut<'_, T>) -> Result<()> {
        assert_eq!(from.len(), into.len(), "the caller copies as much as there is room for");
        if from.is_empty() {
            return Ok(());
        }
        Ok(self.stream.memcpy_dtod(&from, &mut into).map_err(|error| driver("copy a tensor", error))?)
    }
}

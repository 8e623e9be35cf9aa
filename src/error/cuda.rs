//! What can be wrong with CUDA.

/// Why nothing runs on a CUDA device. Nothing has been changed, unless the driver itself failed in a step.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CudaFlaw {
    /// The driver's library cannot be loaded.
    #[error(
        "no CUDA driver was found (libcuda.so, nvcuda.dll); it comes with NVIDIA's driver for the GPU; without one, \
         use `Cpu`"
    )]
    NoDriver,

    /// The driver is older than what is asked of it.
    #[error(
        "the CUDA driver is made for CUDA {found}, but {asked_by} needs CUDA {needed}; install a newer driver"
    )]
    OldDriver {
        /// The version of CUDA that the driver knows.
        found: String,
        /// The version that it would have to know.
        needed: String,
        /// What asks for it.
        asked_by: &'static str,
    },

    /// The driver works, but sees no GPU.
    #[error("the CUDA driver finds no device; check `nvidia-smi` and the variable CUDA_VISIBLE_DEVICES")]
    NoDevice,

    /// There are devices, but not this one.
    #[error("there is no CUDA device {ordinal}; there are {count}, counted from 0")]
    NoSuchDevice {
        /// The number that was asked for.
        ordinal: usize,
        /// How many there are.
        count: usize,
    },

    /// There is no NVRTC.
    #[error(
        "no NVRTC was found; it is part of the CUDA toolkit and of the Python wheel `nvidia-cuda-nvrtc`, and is \
         looked for where the system looks for libraries (LD_LIBRARY_PATH)"
    )]
    NoCompiler,

    /// NVRTC did not accept a kernel.
    #[error("NVRTC refused a kernel for {architecture}:\n{log}")]
    RefusedKernel {
        /// What it was compiled for, as in `sm_90`.
        architecture: String,
        /// What the compiler said.
        log: String,
    },

    /// The device has no memory left.
    #[error("no memory on the CUDA device for {bytes} bytes of {purpose}")]
    OutOfMemory {
        /// How many bytes were asked for.
        bytes: usize,
        /// What for.
        purpose: &'static str,
    },

    /// A tensor lies on another device, or in another context of this one.
    #[error(
        "a tensor lies in another CUDA context (device {found}) than the optimizer (device {expected}); make both \
         from one stream, see `Cuda::on`"
    )]
    OtherContext {
        /// The number of the tensor's device.
        found: usize,
        /// The number of the optimizer's.
        expected: usize,
    },

    /// A tensor has another number of elements than its shape says.
    #[error("a tensor has memory for {found} elements, but its shape has {expected}")]
    Length {
        /// Its elements in memory.
        found: usize,
        /// Those of its shape.
        expected: usize,
    },

    /// A rule that works on matrices.
    #[error(
        "`{parameter}` is to be stepped as a matrix, but there is no linear algebra on CUDA yet; use `Cpu`, or a rule \
         that works element by element"
    )]
    NoLinearAlgebra {
        /// The parameter.
        parameter: String,
    },

    /// A step cannot be taken in two halves, or not again.
    #[error("the step cannot be replayed: {reason}")]
    NotReplayable {
        /// Why.
        reason: &'static str,
    },

    /// The driver refused an operation.
    #[error("CUDA could not {operation}: {reason}")]
    Driver {
        /// What was to be done.
        operation: &'static str,
        /// What the driver said.
        reason: String,
    },
}

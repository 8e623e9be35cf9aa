//! Steps on a GPU.
//!
//! ```no_run
//! use gradus::cuda::{Cuda, CudaTensor};
//! use gradus::optimizer::Build;
//! use gradus::rule::AdamW;
//! use half::bf16;
//!
//! let device = Cuda::new(0)?; // one clear error if there is no driver, no GPU or no NVRTC
//! let mut parameters = [("weight", device.tensor(&[2, 3], &[bf16::ONE; 6])?)];
//! let mut optimizer = AdamW::default().parameters_in::<bf16>().kahan().build(device.clone(), &parameters)?;
//!
//! let gradients = [("weight", device.tensor(&[2, 3], &[bf16::ONE; 6])?)];
//! optimizer.step(&mut parameters, &gradients)?;
//! let host: Vec<bf16> = device.fetch(&parameters[0].1)?;
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! Everything else is as on the CPU: the same builder, the same options, the same types. The feature `cuda` needs no
//! CUDA to build; the driver and NVRTC are looked for when a [`Cuda`](crate::cuda::Cuda) is made. The driver must be
//! made for CUDA 12.0 or later, and not be older than NVRTC in its first number.
//!
//! # Your own memory
//!
//! Nothing is copied. A tensor is a shape and memory: memory of gradus ([`CudaMemory`](crate::cuda::CudaMemory)), a
//! `CudaSlice` of cudarc, or views of one. [`gradus::cuda::cudarc`](crate::cuda::cudarc) is the cudarc that fits.
//!
//! ```no_run
//! use gradus::cuda::{Cuda, CudaTensor, cudarc::driver::CudaContext};
//! use gradus::optimizer::Build;
//! use gradus::rule::Lion;
//!
//! let stream = CudaContext::new(0)?.default_stream();
//! let device = Cuda::on(stream.clone())?; // steps are enqueued in your stream
//!
//! let mut memory = stream.alloc_zeros::<f32>(1000)?;
//! let (mut weight, mut bias) = memory.split_at_mut(990);
//! let mut parameters = [
//!     ("weight", CudaTensor::<f32, _>::new(&[99, 10], weight.slice_mut(..))?),
//!     ("bias", CudaTensor::new(&[10], bias.slice_mut(..))?),
//! ];
//! let mut optimizer = Lion::default().build(device, &parameters)?;
//! let gradients = [
//!     ("weight", CudaTensor::<f32, _>::new(&[99, 10], stream.alloc_zeros::<f32>(990)?)?),
//!     ("bias", CudaTensor::new(&[10], stream.alloc_zeros::<f32>(10)?)?),
//! ];
//! optimizer.step(&mut parameters, &gradients)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Tensors must lie in the context of the device's stream. Where there are several streams, cudarc keeps account of
//! which has used what, and steps take part in that; each tensor then costs the host some calls. With one stream there
//! are none.
//!
//! Each GPU is a `Cuda` of its own, with optimizers of its own.
//!
//! # What a step is
//!
//! All tensors whose rule is the same are one launch, and three more for each statistic; state by axis
//! ([SM3](crate::rule::Sm3)) is two more. The one thing that the host sends each time is the numbers of the step. Where
//! tensors lie is sent again when that changes, so gradients that stay where they are, or that take turns between a few
//! places, cost nothing.
//!
//! A number over all tensors ([SGD-SaI](crate::rule::SgdSai) by the largest) may be taken in groups of different rules, though
//! each is a kernel of its own: each folds its own tensors, then each joins the folds of all.
//!
//! Nothing is waited for. A [joint clip](crate::optimizer::Builder::clip_global_norm) is three launches more, which find
//! the norm and decide by it on the GPU; gradients in `f64` take nine, since their squares may be too large or too small.
//! [`gradient_norm`](crate::optimizer::Optimizer::gradient_norm) waits until the step has found it.
//!
//! Nor is a step waited for that may be left out, by the [policy](crate::optimizer::Builder::skip_nonfinite) or because
//! the [loss is scaled](crate::optimizer::LossScaling): it returns [`Undecided`](crate::optimizer::Stepped::Undecided),
//! its kernels change nothing if it is left out, and what counts steps is settled when the next one begins. By then the GPU
//! has decided, unless the host is more than a step ahead. Whoever asks before that (for
//! [`loss_scale`](crate::optimizer::Optimizer::loss_scale), [`steps`](crate::optimizer::Optimizer::steps), a snapshot)
//! waits until it has, but not until the step is done.
//!
//! There are two exceptions, which wait for the norm in each step: the policy that
//! [names the culprit](crate::optimizer::Builder::refuse_nonfinite), since nothing may have changed then; and a pair of
//! optimizers, whose norm is that of [both](crate::optimizer::Builder::route).
//!
//! Gradients of [a few rows](crate::optimizer::Optimizer::by_rows) have their values on the GPU and the indices of their
//! rows on the host, which sorts them and sends them. A launch for each table adds the rows that come several times, one
//! for each of its fields copies the rows out, and one copies them back; between them, the rows are tensors as any.
//!
//! What goes wrong on the GPU behind a step's back is reported by whatever waits next:
//! [`wait`](crate::cuda::Cuda::wait), [`fetch`](crate::cuda::Cuda::fetch), a snapshot.
//!
//! In a CUDA graph a step is taken up in two halves: see [`PreparedStep`](crate::cuda::PreparedStep).
//!
//! # The first step
//!
//! compiles. NVRTC takes some tenths of a second for a rule in its formats, once: what it made lies in the folder that
//! the variable `GRADUS_CACHE` names, or in `gradus` within the user's cache. A file that is damaged is made again; no
//! folder, or one that cannot be written to, means that each process compiles for itself.
//!
//! # From the CPU and back
//!
//! A snapshot or a checkpoint knows no device. One that was taken on the CPU goes on on the GPU, and the other way
//! round, with the same bits as if nothing had happened; [the page on kernels](super::kernels) says what has the same
//! bits.
//!
//! # What there is not
//!
//! | | |
//! |---|---|
//! | rules that work on matrices | refused when the optimizer is built: there is no linear algebra on CUDA yet |
//! | gradients of a few rows in a CUDA graph | refused when the step is prepared: their rows are others each time |
//! | a policy, the scale of a loss, or a norm of a pair of optimizers in a CUDA graph | refused when the step is prepared |
//!
//! No GPU has run any of this so far. The tests run the whole of it, kernels included, on a driver that needs none.

//! The GPU as a device: [`Cuda`], and chains as kernels for it.
//!
//! | File | What it holds |
//! |---|---|
//! | `device`, `memory`, `tensor` | the device, its memory, and what parameters and gradients are there |
//! | `run`, `rows`, `sums`, `kept`, `uploads` | a step: what it works on, what lies on the device already, and what is sent |
//! | `joint` | numbers over the tensors of several kernels |
//! | `prepared` | a step in two halves, for CUDA graphs |
//! | `row_work` | what gradients of a few rows need beside a step |
//! | `library`, `compile`, `cache` | kernels, compiled once |
//! | `kernel`, `update`, `statistic`, `evaluation`, `lines`, `trace` | a chain as text |
//! | `step`, `square_sums`, `decision`, `unit` | which functions there are, and how a step becomes launches of them |
//! | `launch` | the calls that the compiler cannot check |
//!
//! A rule's arithmetic stands in one place, in Rust. Here it is [written down](crate::real::Traced) as CUDA C,
//! together with the store, for one combination of formats: one pass over memory that widens, runs the
//! rule, stores and rounds. The loop around it, the reduction tree, the roundings and the random bits
//! are text by hand in the folder `cuda/`, whose README says how a step becomes a launch.
//!
//! ```
//! use gradus::cuda::{Kernel, unit};
//! use gradus::device::In;
//! use gradus::rule::AdamW;
//! use gradus::store::Kahan;
//! use gradus::transform::Rule;
//! use half::bf16;
//!
//! let adamw = Kernel::of::<_, In<bf16, bf16, f32, Kahan>>("adamw", &AdamW::default().chain())?;
//! assert!(adamw.text().contains("const float state_first = element.state[0];"));
//! assert_eq!(adamw.functions(), ["adamw_update"]);
//! let source = unit([&adamw]); // all that a compiler needs
//! assert!(source.contains("struct Bf16"));
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! Numbers of the step (learning rate, weights of averages) are read from memory, so one kernel serves all
//! steps. Its bits are those of the CPU: what is exact or rounded as IEEE 754 prescribes is so on both
//! sides, sums over a tensor are folded in the same tree, random bits follow from the same counters.

mod cache;
mod compile;
mod decision;
mod device;
mod evaluation;
mod flaw;
mod joint;
mod kept;
mod kernel;
mod launch;
mod library;
mod lines;
mod memory;
mod prepared;
mod row_work;
mod rows;
mod run;
mod square_sums;
mod statistic;
mod step;
mod sums;
mod tensor;
mod trace;
mod unit;
mod update;
mod uploads;

pub use compile::{Architecture, CompileError, compile};
pub use cudarc;
pub use device::Cuda;
pub use kernel::{Kernel, Statistic};
pub use launch::Answer;
pub use lines::{line_blocks, line_words};
pub use memory::CudaMemory;
pub use prepared::PreparedStep;
pub use row_work::RowIndices;
pub use step::{Launch, THREADS, Taken, constants, header, row};
pub use tensor::{CudaTensor, Reads, Writes};
pub use unit::{row_functions, row_unit, unit};

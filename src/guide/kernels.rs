//! Rules as CUDA kernels, yours included.
//!
//! [`Cuda`](crate::cuda::Cuda) does all of this by itself ([how to use it](super::cuda)). This page is for those who write
//! rules and want to see what becomes of them, and for those who run kernels with a launcher of their own.
//!
//! # Your own rule
//!
//! A rule is written once, generic over its numbers. Run on numbers that record what is done with them, it
//! becomes CUDA C, with the store and the roundings of the formats around it. Nothing must be done for that: a rule of
//! your own runs on `Cuda` as it runs on the CPU. This is what happens then:
//!
//! ```
//! use gradus::cuda::{Architecture, CompileError, Kernel, compile, unit};
//! use gradus::device::In;
//! use gradus::fields;
//! use gradus::real::{Real, interpolate};
//! use gradus::rule::ScaleByLearningRate;
//! use gradus::store::Stochastic;
//! use gradus::transform::{Input, StageExt, Step, Transform};
//! use gradus::typenum::B1;
//! use half::bf16;
//!
//! #[derive(Clone, Copy, Debug)]
//! struct Signum { weight_of_newest: f64 }
//!
//! fields! { struct Average { average } }
//! fields! { struct Weight { newest } }
//!
//! impl Transform for Signum {
//!     type Constants = Weight;
//!     type State = Average;
//!     type Keeps = B1;
//!
//!     fn constants(&self, _at: &Step) -> Weight<f64> {
//!         Weight { newest: self.weight_of_newest }
//!     }
//!
//!     #[inline(always)]
//!     fn update<F: Real>(at: &Weight<F>, input: Input<F>, state: &mut Average<F>) -> F {
//!         state.average = interpolate(state.average, input.update, at.newest);
//!         state.average.sign()
//!     }
//! }
//!
//! // Everything in bf16, rounded stochastically: 8 bytes of memory are moved for each parameter.
//! let chain = Signum { weight_of_newest: 0.1 }.then(ScaleByLearningRate);
//! let kernel = Kernel::of::<_, In<bf16, bf16, bf16, Stochastic>>("signum", &chain)?;
//! assert!(kernel.text().contains("const float t1 = 1.0f - at_newest;"));
//! assert!(kernel.text().contains("Parameter::round_stochastically("));
//!
//! match compile(&unit([&kernel]), Architecture { major: 8, minor: 0 }) {
//!     Ok(ptx) => assert!(ptx.contains(".entry signum_update(")),
//!     Err(error) => assert_eq!(error, CompileError::NoCompiler), // it says where it has looked
//! }
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! What every rule of this library becomes lies in `tests/snapshots/cuda/` of the repository; `cuda/README.md` there says
//! how a step becomes launches of it.
//!
//! # What has the same bits
//!
//! | | |
//! |---|---|
//! | elementwise rules, clips and stores | the bits of the CPU: nothing is fused, quotients and roots are those of IEEE 754 |
//! | statistics | the same: sums are folded in `f64` in one tree, whatever the grid |
//! | random bits | the same: they follow from seed, name, gradient number and place |
//! | `exp`, `ln`, `tanh` within a rule | the same: they are made of the operations above |
//! | the largest numbers of lines ([SM3](crate::rule::Sm3)) | the same: a maximum does not depend on the order |
//! | which NaN | not promised |
//!
//! The tests compare all of this bit for bit, by running the kernels' source as a program of the host. No GPU has run
//! them yet.
//!
//! # What is no kernel yet
//!
//! Rules that work on matrices: [`Kernel::of`](crate::cuda::Kernel::of) refuses them with the reason.
//!
//! ```
//! use gradus::cuda::Kernel;
//! use gradus::device::In;
//! use gradus::rule::Muon;
//! use gradus::store::Nearest;
//! use gradus::transform::Rule;
//!
//! let error = Kernel::of::<_, In<f32, f32, f32, Nearest>>("muon", &Muon::default().chain()).unwrap_err();
//! assert!(error.to_string().contains("works on matrices"));
//! ```

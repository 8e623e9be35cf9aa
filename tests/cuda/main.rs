//! Kernels and the device that runs them, without a GPU: that kernels compile, and that they have the bits of the CPU.
//!
//! The text of a kernel is the same for all compilers. NVRTC needs no GPU to compile it (`nvrtc`), and the host's
//! C++ compiler makes a program of it that runs (`parity`), or a library that a driver runs (`runtime`). Where a compiler
//! is missing, the test says so. Where there is a GPU, it is compared, too (`gpu`).

#![cfg(feature = "cuda")]
#![allow(unreachable_pub)] // modules of a test crate

mod cases;
mod device;
mod every_number;
mod fake;
mod gpu;
mod host;
mod lines;
mod nvrtc;
mod parity;
mod release;
mod rules;
mod runtime;
mod snapshots;
mod square_sums;
#[allow(dead_code)] // other tests need more of it
#[path = "../conformance/values.rs"]
mod values;

//! Kernels without a GPU: that they compile, and that they have the bits of the CPU.
//!
//! The text of a kernel is the same for all compilers. NVRTC needs no GPU to compile it (`nvrtc`), and the host's
//! C++ compiler makes a program of it that runs (`parity`). Where a compiler is missing, the test says so.

#![cfg(feature = "cuda")]
#![allow(unreachable_pub)] // modules of a test crate

mod cases;
mod device;
mod every_number;
mod fake;
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

//! What few rules need: statistics over a tensor, and numbers per tensor and group that the host
//! advances.

#![allow(unreachable_pub)] // modules of a test crate

mod clip;
mod memory;
mod tree;

use gradus::cpu::Cpu;
use gradus::device::Formats;
use gradus::optimizer::{Arrival, Optimizer, Snapshot};
use gradus::transform::Rule;

/// A number between −2 and 2 that every format down to bf16 holds exactly.
pub(crate) fn number(stream: usize, element: usize) -> f32 {
    ((element * 7919 + stream * 104_729) % 257) as f32 / 64.0 - 2.0
}

pub(crate) fn snapshot<R: Rule, K: Formats, A: Arrival>(optimizer: &Optimizer<R, K, A, Cpu>) -> Snapshot<K> {
    optimizer.snapshot().expect("no step is under way")
}

//! Matrices on the CPU, by faer.
//!
//! | File | What it holds |
//! |---|---|
//! | `bf16` | products of matrices rounded to bf16 |
//! | `hands` | the slots of one tensor, and the operations on them |
//! | `fitting` | those that triangular factors are fitted with |
//! | `lines` | what is done to rows and to elements |
//! | `packed` | triangles without their zeros |
//! | `triangles` | products and solutions with triangles |
//! | `narrow` | what is kept in 16-bit formats |
//! | `normal` | draws from the normal distribution |
//! | `operand` | numbers as a matrix |
//! | `products` | products, cut the same way for any number of threads |
//! | `queue` | which tensor a lane works on next |
//! | `factors` | factorisations, and what is done where they fail |
//! | `workspace` | what all of it works in, allocated once |

#[cfg(target_arch = "x86_64")]
mod bf16;
#[cfg(not(target_arch = "x86_64"))]
#[path = "bf16/elsewhere.rs"]
mod bf16;
#[cfg(test)]
mod checks;
mod factors;
mod fields;
mod fitting;
mod hands;
#[cfg(feature = "lapack")]
mod lapack;
mod lines;
mod narrow;
mod normal;
mod operand;
mod packed;
mod products;
mod queue;
mod triangles;
mod workspace;

pub(super) use workspace::Workspace;

use super::pieces::{PIECE, runs};
use super::{Cpu, threads};
use crate::device::{Formats, Number, Work};
use crate::dtype::{Format, StorageDtype};
use crate::transform::{Job, LinearAlgebra, Stage};
use core::ops::Range;
use fields::FieldsOf;
use hands::Hands;
use queue::Queue;
use std::sync::{Mutex, PoisonError};
use workspace::Lane;

/// The matrix work behind a part of the chain, for all tensors.
pub(super) fn between<C: Stage, K: Formats>(works: &mut [Work<'_, Cpu, C, K>], part: usize) {
    let Some(workspace) = works.iter().find_map(|work| work.matrix.as_ref().map(|matrix| matrix.workspace))
    else {
        return;
    };
    let takes_part =
        |work: &Work<'_, Cpu, C, K>| work.matrix.is_some() && runs(work, part) && !work.gradient.is_empty();
    let (mut count, mut elements) = (0, 0);
    for work in works.iter().filter(|work| takes_part(work)) {
        (count, elements) = (count + 1, elements + work.gradient.len());
    }
    if part >= 2 || count == 0 {
        return;
    }
    let lanes = if elements <= PIECE { 1 } else { count.min(workspace.lanes().len()) };
    let works = works.iter_mut().filter(|work| takes_part(work));
    let rank = |work: &&mut Work<'_, Cpu, C, K>| work.matrix.as_ref().map_or(0, |matrix| matrix.rank);
    let queue = Mutex::new(Queue::new(works, rank));
    side_by_side(0..lanes, &|number| {
        let mut lane = workspace.lanes()[number].lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next(number);
            let Some(work) = next else { break };
            match <Number<K> as StorageDtype>::FORMAT {
                Format::F64 => run::<f64, C, K>(work, part, &mut lane),
                _ => run::<f32, C, K>(work, part, &mut lane),
            }
        }
    });
}

/// Runs something for every lane, on as many threads as are idle.
fn side_by_side(lanes: Range<usize>, each: &(dyn Fn(usize) + Sync)) {
    if lanes.len() <= 1 {
        lanes.for_each(each);
    } else {
        let middle = lanes.start + lanes.len() / 2;
        let (left, right) = (lanes.start..middle, middle..lanes.end);
        threads::join(|| side_by_side(left, each), || side_by_side(right, each));
    }
}

/// The matrix work behind a part of the chain. `F` is the arithmetic of `K`.
fn run<F: hands::Field, C: Stage, K: Formats>(work: &mut Work<'_, Cpu, C, K>, part: usize, lane: &mut Lane) {
    let Some(matrix) = &mut work.matrix else { return };
    let (stage, plan, at) = (matrix.stage, matrix.plan, matrix.at);
    let mut fields = FieldsOf::<C, K> { state: &mut work.state, noise: work.noise, first: stage.first_field };
    let mut hands = Hands::<F>::new(matrix, &mut fields, work.noise, lane);
    let job = Job { plan, at: &at, count: stage.count, tensor: work.noise.tensor };
    let algebra: &mut dyn LinearAlgebra = &mut hands;
    if part == 0 {
        stage.rule.enter(&job, algebra);
    } else {
        stage.rule.leave(&job, algebra);
    }
}

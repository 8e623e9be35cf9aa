//! Matrices on the CPU, by faer.
//!
//! | File | What it holds |
//! |---|---|
//! | `hands` | the slots of one tensor, and the operations on them |
//! | `fitting` | those that triangular factors are fitted with |
//! | `lines` | what is done to rows and to elements |
//! | `triangles` | products and solutions with triangles |
//! | `narrow` | what is kept in 16-bit formats |
//! | `normal` | draws from the normal distribution |
//! | `products` | products, cut the same way for any number of threads |
//! | `factors` | factorisations, and what is done where they fail |
//! | `workspace` | what they work in, allocated once |

mod factors;
mod fields;
mod fitting;
mod hands;
#[cfg(feature = "lapack")]
mod lapack;
mod lines;
mod narrow;
mod normal;
mod products;
mod triangles;
mod workspace;

pub(super) use workspace::Workspace;

use super::Cpu;
use super::pieces::{for_each_work, runs};
use crate::device::{Formats, Number, Work};
use crate::dtype::{Format, StorageDtype};
use crate::transform::{Job, LinearAlgebra, Stage};
use fields::FieldsOf;
use hands::Hands;

/// The matrix work behind a part of the chain, for all tensors.
pub(super) fn between<C: Stage, K: Formats>(works: &mut [Work<'_, Cpu, C, K>], part: usize) {
    if part >= 2 {
        return;
    }
    for_each_work(works, &|work| {
        if runs(work, part) && !work.gradient.is_empty() {
            match <Number<K> as StorageDtype>::FORMAT {
                Format::F64 => run::<f64, C, K>(work, part),
                _ => run::<f32, C, K>(work, part),
            }
        }
    });
}

/// The matrix work behind a part of the chain. `F` is the arithmetic of `K`.
fn run<F: hands::Field, C: Stage, K: Formats>(work: &mut Work<'_, Cpu, C, K>, part: usize) {
    let Some(matrix) = &mut work.matrix else { return };
    let (stage, plan, at) = (matrix.stage, matrix.plan, matrix.at);
    let mut fields = FieldsOf::<C, K> { state: &mut work.state, noise: work.noise, first: stage.first_field };
    let mut hands = Hands::<F>::new(matrix, &mut fields, work.noise);
    let job = Job { plan, at: &at, count: stage.count, tensor: work.noise.tensor };
    let algebra: &mut dyn LinearAlgebra = &mut hands;
    if part == 0 {
        stage.rule.enter(&job, algebra);
    } else {
        stage.rule.leave(&job, algebra);
    }
}

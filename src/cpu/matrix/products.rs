//! Products, cut the same way for any number of threads.

use super::hands::Field;
use super::lines;
use faer::linalg::matmul::{matmul, triangular};
use faer::{Accum, MatMut, MatRef, Par};

/// Rows of a product that one task computes. Where it is cut depends on the shape alone, so that the
/// bits do not depend on the threads.
const ROWS: usize = 512;

/// Products with fewer operations are not worth a second thread.
const LEAST: usize = 1 << 24;

/// The Frobenius norm, in `f64`.
pub(super) fn norm<F: Field>(numbers: &[F]) -> f64 {
    lines::sum_of(numbers, |number| number * number).sqrt()
}

fn zero<F: Field>() -> F {
    F::default()
}

/// into ← keep·into; what was there does not count if that is 0.
fn kept<F: Field>(mut into: MatMut<'_, F>, keep: F) -> (MatMut<'_, F>, Accum) {
    if keep == zero() {
        return (into, Accum::Replace);
    }
    if keep != <F as crate::real::Real>::constant(1.0) {
        for row in 0..into.nrows() {
            for column in 0..into.ncols() {
                into[(row, column)] = keep * into[(row, column)];
            }
        }
    }
    (into, Accum::Add)
}

/// into ← keep·into + scale·left·right.
pub(super) fn multiply<F: Field>(
    into: MatMut<'_, F>,
    keep: F,
    scale: F,
    left: MatRef<'_, F>,
    right: MatRef<'_, F>,
) {
    let (into, accumulate) = kept(into, keep);
    rows(into, accumulate, scale, left, right);
}

fn rows<F: Field>(
    into: MatMut<'_, F>,
    accumulate: Accum,
    scale: F,
    left: MatRef<'_, F>,
    right: MatRef<'_, F>,
) {
    let count = into.nrows();
    if count <= ROWS || count * into.ncols() * left.ncols() < LEAST {
        matmul(into, accumulate, left, right, scale, Par::Seq);
        return;
    }
    let middle = (count / 2).next_multiple_of(ROWS / 2);
    let (upper, lower) = into.split_at_row_mut(middle);
    let (left_upper, left_lower) = left.split_at_row(middle);
    rayon::join(
        || rows(upper, accumulate, scale, left_upper, right),
        || rows(lower, accumulate, scale, left_lower, right),
    );
}

/// A square, row by row, ← keep·itself + scale·left·right, which is symmetric.
pub(super) fn multiply_symmetric<F: Field>(
    numbers: &mut [F],
    keep: F,
    scale: F,
    left: MatRef<'_, F>,
    right: MatRef<'_, F>,
) {
    let n = left.nrows();
    if keep != zero() && keep != <F as crate::real::Real>::constant(1.0) {
        numbers.iter_mut().for_each(|number| *number = keep * *number);
    }
    let accumulate = if keep == zero() { Accum::Replace } else { Accum::Add };
    lower(MatMut::from_row_major_slice_mut(numbers, n, n), 0, accumulate, scale, left, right);
    mirror(numbers, n);
}

/// The lower triangle of some rows, of which `first` stand above them.
fn lower<F: Field>(
    into: MatMut<'_, F>,
    first: usize,
    accumulate: Accum,
    scale: F,
    left: MatRef<'_, F>,
    right: MatRef<'_, F>,
) {
    use triangular::BlockStructure::{Rectangular, TriangularLower};
    let count = into.nrows();
    if count <= ROWS || count * into.ncols() * left.ncols() < LEAST {
        let (before, rest) = into.split_at_col_mut(first);
        let diagonal = rest.split_at_col_mut(count).0;
        let (right_before, right_rest) = right.split_at_col(first);
        let right_diagonal = right_rest.split_at_col(count).0;
        matmul(before, accumulate, left, right_before, scale, Par::Seq);
        triangular::matmul(
            diagonal,
            TriangularLower,
            accumulate,
            left,
            Rectangular,
            right_diagonal,
            Rectangular,
            scale,
            Par::Seq,
        );
        return;
    }
    let middle = (count / 2).next_multiple_of(ROWS / 2);
    let (upper, below) = into.split_at_row_mut(middle);
    let (left_upper, left_below) = left.split_at_row(middle);
    rayon::join(
        || lower(upper, first, accumulate, scale, left_upper, right),
        || lower(below, first + middle, accumulate, scale, left_below, right),
    );
}

/// Copies the lower triangle of a square to the upper one, block by block.
pub(super) fn mirror<F: Field>(numbers: &mut [F], n: usize) {
    const BLOCK: usize = 32;
    for top in (0..n).step_by(BLOCK) {
        for left in (0..=top).step_by(BLOCK) {
            for row in top..(top + BLOCK).min(n) {
                for column in left..(left + BLOCK).min(row) {
                    numbers[column * n + row] = numbers[row * n + column];
                }
            }
        }
    }
}

//! Products, cut the same way for any number of threads.

use super::hands::{Field, number};
use super::lines;
use super::operand::Operand;
use crate::cpu::threads;
use faer::linalg::matmul::triangular::BlockStructure;
use faer::linalg::matmul::{matmul, triangular};
use faer::{Accum, MatMut, MatRef, Par};

/// Columns or rows of a product that one task computes. Where it is cut depends on the shape alone, so that
/// the bits do not depend on the threads.
const LINES: usize = 512;

/// Products with fewer multiplications are not worth a second thread, nor that a matrix is moved.
pub(super) const LEAST: usize = 1 << 24;

/// The Frobenius norm, in `f64`.
pub(super) fn norm<F: Field>(numbers: &[F]) -> f64 {
    lines::sum_of(numbers, |number| number * number).sqrt()
}

/// numbers ← keep·numbers, and whether they count at all.
fn kept<F: Field>(numbers: &mut [F], keep: f64) -> Accum {
    if keep == 0.0 {
        return Accum::Replace;
    }
    if keep != 1.0 {
        let keep: F = number(keep);
        numbers.iter_mut().for_each(|number| *number = keep * *number);
    }
    Accum::Add
}

/// What is multiplied from the left, row by row if that is worth it: columns that lie side by side take half
/// as long again. The spare numbers are as many as it has.
pub(super) fn by_rows<'a, F: Field>(
    left: Operand<'a, F>,
    inner: usize,
    spare: &'a mut [F],
) -> Operand<'a, F> {
    let work = left.numbers.len().saturating_mul(inner);
    let is_worth_it = left.transposed && work >= LEAST && spare.len() >= left.numbers.len();
    if is_worth_it { left.moved_into(spare) } else { left }
}

/// into ← keep·into + scale·left·right. The spare numbers are as many as the larger of the two has.
pub(super) fn multiply<F: Field>(
    into: &mut [F],
    is_transposed: bool,
    [keep, scale]: [f64; 2],
    left: Operand<'_, F>,
    right: Operand<'_, F>,
    spare: &mut [F],
) {
    let accumulate = kept(into, keep);
    let (left, right) = if is_transposed { (right.t(), left.t()) } else { (left, right) };
    let (rows, columns) = (left.shape().0, right.shape().1);
    let into = MatMut::from_row_major_slice_mut(into, rows, columns);
    let left = by_rows(left, columns, spare);
    block(into, accumulate, number(scale), left.view(), right.view());
}

/// into ← [into +] scale·left·right.
pub(super) fn block<F: Field>(
    into: MatMut<'_, F>,
    accumulate: Accum,
    scale: F,
    left: MatRef<'_, F>,
    right: MatRef<'_, F>,
) {
    if into.row_stride() == 1 && into.col_stride() != 1 {
        // Columns that lie without gaps are rows of the transpose.
        block(into.transpose_mut(), accumulate, scale, right.transpose(), left.transpose());
        return;
    }
    let (rows, columns) = into.shape();
    if rows.max(columns) <= LINES || rows * columns * left.ncols() < LEAST {
        matmul(into, accumulate, left, right, scale, Par::Seq);
    } else if columns > LINES {
        let middle = (columns / 2).next_multiple_of(LINES / 2);
        let (first, second) = into.split_at_col_mut(middle);
        let (right_first, right_second) = right.split_at_col(middle);
        threads::join(
            || block(first, accumulate, scale, left, right_first),
            || block(second, accumulate, scale, left, right_second),
        );
    } else {
        let middle = (rows / 2).next_multiple_of(LINES / 2);
        let (first, second) = into.split_at_row_mut(middle);
        let (left_first, left_second) = left.split_at_row(middle);
        threads::join(
            || block(first, accumulate, scale, left_first, right),
            || block(second, accumulate, scale, left_second, right),
        );
    }
}

/// A square, row by row, ← keep·itself + scale·left·right, which is symmetric. The spare numbers are as many as
/// `left` has.
pub(super) fn multiply_symmetric<F: Field>(
    into: &mut [F],
    [keep, scale]: [f64; 2],
    left: Operand<'_, F>,
    right: Operand<'_, F>,
    spare: &mut [F],
) {
    let n = left.shape().0;
    let accumulate = kept(into, keep);
    let is_square = left.is(&right.t());
    let left = by_rows(left, n, spare);
    let right = if is_square { left.t() } else { right };
    let square = MatMut::from_row_major_slice_mut(&mut *into, n, n);
    lower(square, accumulate, number(scale), left.view(), right.view());
    mirror(into, n);
}

/// The lower triangle of a product.
pub(super) fn lower<F: Field>(
    into: MatMut<'_, F>,
    accumulate: Accum,
    scale: F,
    left: MatRef<'_, F>,
    right: MatRef<'_, F>,
) {
    use BlockStructure::{Rectangular, TriangularLower};
    let n = into.nrows();
    if n <= LINES || n * n * left.ncols() < LEAST {
        let (into_shape, full) = (TriangularLower, Rectangular);
        triangular::matmul(into, into_shape, accumulate, left, full, right, full, scale, Par::Seq);
        return;
    }
    let middle = (n / 2).next_multiple_of(LINES / 2);
    let (first, _, below, second) = into.split_at_mut(middle, middle);
    let (left_first, left_second) = left.split_at_row(middle);
    let (right_first, right_second) = right.split_at_col(middle);
    threads::join(
        || block(below, accumulate, scale, left_second, right_first),
        || {
            threads::join(
                || lower(first, accumulate, scale, left_first, right_first),
                || lower(second, accumulate, scale, left_second, right_second),
            );
        },
    );
}

/// Copies the lower triangle of a square to the upper one. Blocks are as wide as a line of the cache, and turned
/// outside: where n is a power of two, whole columns of them compete for the same few places of the cache. Two blocks
/// side by side and two below each other share pages.
pub(super) fn mirror<F: Field>(numbers: &mut [F], n: usize) {
    const NEAR: usize = 2 * BLOCK;
    for top in (0..n).step_by(NEAR) {
        for left in (0..=top).step_by(NEAR) {
            for top in (top..n.min(top + NEAR)).step_by(BLOCK) {
                for left in (left..(left + NEAR).min(top + 1)).step_by(BLOCK) {
                    mirror_block(numbers, n, top, left);
                }
            }
        }
    }
}

/// Rows and columns of a block.
const BLOCK: usize = 16;

/// Copies a block of the lower triangle, and of one on the diagonal what is below it.
fn mirror_block<F: Field>(numbers: &mut [F], n: usize, top: usize, left: usize) {
    let (height, width) = (BLOCK.min(n - top), BLOCK.min(n - left));
    let mut block = [[F::default(); BLOCK]; BLOCK];
    for row in 0..height {
        let line = &numbers[(top + row) * n + left..][..width];
        if let Some(line) = line.first_chunk::<BLOCK>() {
            // The compiler knows the length.
            block.iter_mut().zip(line).for_each(|(column, number)| column[row] = *number);
        } else {
            block.iter_mut().zip(line).for_each(|(column, number)| column[row] = *number);
        }
    }
    for (number, column) in block.iter().enumerate().take(width) {
        let into = &mut numbers[(left + number) * n + top..][..height];
        match into.first_chunk_mut::<BLOCK>() {
            Some(into) if top != left => *into = *column,
            _ => {
                // On the diagonal only what is above it.
                let first = if top == left { (number + 1).min(height) } else { 0 };
                into[first..].copy_from_slice(&column[first..height]);
            }
        }
    }
}

//! Products with triangles, and their inverses.
//!
//! A triangle is cut into two halves and the square between them until it is small. So nearly all work is
//! that of products of squares, which run at full speed.

use super::hands::{Field, number};
use super::operand::Operand;
use super::products::{self, LEAST, block, by_rows, lower};
use crate::cpu::threads;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::{Accum, MatMut, MatRef, Par};

/// Triangles with so many rows are no longer cut.
const SMALL: usize = 128;

/// The side of the diagonal on which a triangle lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Upper,
    Lower,
}

impl Side {
    fn structure(self) -> BlockStructure {
        match self {
            Self::Upper => BlockStructure::TriangularUpper,
            Self::Lower => BlockStructure::TriangularLower,
        }
    }

    fn of_transpose(self) -> Self {
        match self {
            Self::Upper => Self::Lower,
            Self::Lower => Self::Upper,
        }
    }

    /// That of the upper triangle that is stored, or of its transpose.
    fn of<F>(triangle: &Operand<'_, F>) -> Self {
        if triangle.transposed { Self::Lower } else { Self::Upper }
    }
}

fn middle(n: usize) -> usize {
    (n / 2).next_multiple_of(SMALL / 2)
}

/// n rows, as they lie in memory or as columns.
fn rows_of<F: Field>(numbers: &mut [F], n: usize, is_transposed: bool) -> MatMut<'_, F> {
    let others = numbers.len().checked_div(n).unwrap_or(0);
    if is_transposed {
        MatMut::from_row_major_slice_mut(numbers, others, n).transpose_mut()
    } else {
        MatMut::from_row_major_slice_mut(numbers, n, others)
    }
}

/// A triangle to go before rows or columns, which it meets in the order of memory.
fn to_meet<'a, F: Field>(
    triangle: Operand<'a, F>,
    others: usize,
    is_transposed: bool,
    spare: &'a mut [F],
) -> (MatRef<'a, F>, Side) {
    let side = Side::of(&triangle);
    let triangle = if is_transposed { triangle } else { by_rows(triangle, others, spare) };
    (triangle.view(), side)
}

/// into ← triangle·right, for an upper triangle or its transpose. The spare numbers are as many as it has.
pub(super) fn multiply<F: Field>(
    into: &mut [F],
    is_transposed: bool,
    triangle: Operand<'_, F>,
    right: Operand<'_, F>,
    spare: &mut [F],
) {
    let into = rows_of(into, triangle.shape().0, is_transposed);
    let triangle = to_meet(triangle, right.shape().1, is_transposed, spare);
    from_left(into, Accum::Replace, triangle, right.view());
}

/// into ← [into +] triangle·right.
fn from_left<F: Field>(
    into: MatMut<'_, F>,
    accumulate: Accum,
    (triangle, side): (MatRef<'_, F>, Side),
    right: MatRef<'_, F>,
) {
    let n = triangle.nrows();
    if n <= SMALL {
        let (structure, full) = (side.structure(), BlockStructure::Rectangular);
        triangular::matmul(into, full, accumulate, triangle, structure, right, full, number(1.0), Par::Seq);
        return;
    }
    let middle = middle(n);
    let (first, upper, below, second) = triangle.split_at(middle, middle);
    let (into_first, into_second) = into.split_at_row_mut(middle);
    let (right_first, right_second) = right.split_at_row(middle);
    let (add, one) = (Accum::Add, number(1.0));
    pair(
        n * n * right.ncols(),
        || {
            let mut into = into_first;
            from_left(into.as_mut(), accumulate, (first, side), right_first);
            if side == Side::Upper {
                block(into, add, one, upper, right_second);
            }
        },
        || {
            let mut into = into_second;
            from_left(into.as_mut(), accumulate, (second, side), right_second);
            if side == Side::Lower {
                block(into, add, one, below, right_first);
            }
        },
    );
}

/// into ← [into +] left·triangle: the same of the transposes.
fn from_right<F: Field>(
    into: MatMut<'_, F>,
    accumulate: Accum,
    left: MatRef<'_, F>,
    (triangle, side): (MatRef<'_, F>, Side),
) {
    let triangle = (triangle.transpose(), side.of_transpose());
    from_left(into.transpose_mut(), accumulate, triangle, left.transpose());
}

/// Runs both, side by side if that is worth it.
fn pair(work: usize, first: impl FnOnce() + Send, second: impl FnOnce() + Send) {
    if work < LEAST {
        first();
        second();
    } else {
        threads::join(first, second);
    }
}

/// The upper triangle of `into`, row by row, ← scale·left·right of upper triangles; below it 0.
pub(super) fn multiply_both<F: Field>(
    into: &mut [F],
    scale: f64,
    left: Operand<'_, F>,
    right: Operand<'_, F>,
) {
    let n = left.shape().0;
    into.fill(F::default());
    both(MatMut::from_row_major_slice_mut(&mut *into, n, n), left.view(), right.view());
    let scale: F = number(scale);
    into.iter_mut().for_each(|number| *number = scale * *number);
}

fn both<F: Field>(into: MatMut<'_, F>, left: MatRef<'_, F>, right: MatRef<'_, F>) {
    let n = left.nrows();
    let upper = Side::Upper;
    if n <= SMALL {
        let (accumulate, shape, one) = (Accum::Replace, upper.structure(), number(1.0));
        triangular::matmul(into, shape, accumulate, left, shape, right, shape, one, Par::Seq);
        return;
    }
    let middle = middle(n);
    let (first, mut between, _, second) = into.split_at_mut(middle, middle);
    let (left_first, left_between, _, left_second) = left.split_at(middle, middle);
    let (right_first, right_between, _, right_second) = right.split_at(middle, middle);
    pair(
        n * n * n / 2,
        || {
            from_left(between.as_mut(), Accum::Replace, (left_first, upper), right_between);
            from_right(between.as_mut(), Accum::Add, left_between, (right_second, upper));
        },
        || {
            both(first, left_first, right_first);
            both(second, left_second, right_second);
        },
    );
}

/// A square, row by row, ← triangleᵀ·triangle of an upper triangle. The spare numbers are as many as it has.
pub(super) fn square<F: Field>(into: &mut [F], triangle: Operand<'_, F>, spare: &mut [F]) {
    let n = triangle.shape().0;
    let rows = by_rows(triangle.t(), n, spare);
    squared(MatMut::from_row_major_slice_mut(&mut *into, n, n), Accum::Replace, rows.view());
    products::mirror(into, n);
}

/// The lower triangle of a square ← \[itself +\] triangle·triangleᵀ of a lower triangle.
fn squared<F: Field>(into: MatMut<'_, F>, accumulate: Accum, triangle: MatRef<'_, F>) {
    let n = triangle.nrows();
    let transpose = triangle.transpose();
    if n <= SMALL {
        let [lower, upper] = [Side::Lower, Side::Upper].map(Side::structure);
        triangular::matmul(into, lower, accumulate, triangle, lower, transpose, upper, number(1.0), Par::Seq);
        return;
    }
    let middle = middle(n);
    let (into_first, _, into_below, mut into_second) = into.split_at_mut(middle, middle);
    let (first, _, below, second) = triangle.split_at(middle, middle);
    pair(
        n * n * n / 2,
        || {
            from_right(into_below, accumulate, below, (first.transpose(), Side::Upper));
            squared(into_first, accumulate, first);
        },
        || {
            lower(into_second.as_mut(), accumulate, number(1.0), below, below.transpose());
            squared(into_second, Accum::Add, second);
        },
    );
}

/// matrix ← triangle⁻¹·matrix, for an upper triangle or its transpose. The spare numbers are as many as it has.
pub(super) fn solve<F: Field>(
    matrix: &mut [F],
    is_transposed: bool,
    triangle: Operand<'_, F>,
    spare: &mut [F],
) {
    let matrix = rows_of(matrix, triangle.shape().0, is_transposed);
    let triangle = to_meet(triangle, matrix.ncols(), is_transposed, spare);
    solve_from_left(matrix, triangle);
}

/// matrix ← triangle⁻¹·matrix.
fn solve_from_left<F: Field>(matrix: MatMut<'_, F>, (triangle, side): (MatRef<'_, F>, Side)) {
    let n = triangle.nrows();
    if n <= SMALL {
        match side {
            Side::Upper => solve_upper_triangular_in_place(triangle, matrix, Par::Seq),
            Side::Lower => solve_lower_triangular_in_place(triangle, matrix, Par::Seq),
        }
        return;
    }
    let middle = middle(n);
    let (first, upper, below, second) = triangle.split_at(middle, middle);
    let (mut matrix_first, mut matrix_second) = matrix.split_at_row_mut(middle);
    let (add, minus) = (Accum::Add, number(-1.0));
    match side {
        Side::Upper => {
            solve_from_left(matrix_second.as_mut(), (second, side));
            block(matrix_first.as_mut(), add, minus, upper, matrix_second.as_ref());
            solve_from_left(matrix_first, (first, side));
        }
        Side::Lower => {
            solve_from_left(matrix_first.as_mut(), (first, side));
            block(matrix_second.as_mut(), add, minus, below, matrix_first.as_ref());
            solve_from_left(matrix_second, (second, side));
        }
    }
}

/// matrix ← matrix·triangle⁻¹: the same of the transposes.
pub(super) fn solve_from_right<F: Field>(matrix: MatMut<'_, F>, (triangle, side): (MatRef<'_, F>, Side)) {
    solve_from_left(matrix.transpose_mut(), (triangle.transpose(), side.of_transpose()));
}

//! Products and solutions with triangles.

use super::hands::Field;
use super::products;
use crate::real::Real;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::{Accum, MatMut, MatRef, Par};

fn one<F: Field>() -> F {
    <F as Real>::constant(1.0)
}

/// An upper triangle, or its transpose.
#[derive(Clone, Copy)]
pub(super) struct Triangle<'a, F> {
    pub(super) view: MatRef<'a, F>,
    pub(super) transposed: bool,
}

impl<F> Triangle<'_, F> {
    fn structure(&self) -> BlockStructure {
        if self.transposed { BlockStructure::TriangularLower } else { BlockStructure::TriangularUpper }
    }
}

/// into ← triangle·right.
pub(super) fn multiply<F: Field>(into: MatMut<'_, F>, triangle: Triangle<'_, F>, right: MatRef<'_, F>) {
    triangular::matmul(
        into,
        BlockStructure::Rectangular,
        Accum::Replace,
        triangle.view,
        triangle.structure(),
        right,
        BlockStructure::Rectangular,
        one(),
        Par::Seq,
    );
}

/// The upper triangle of `into`, row by row, ← scale·left·right of upper triangles; below it 0.
pub(super) fn multiply_both<F: Field>(into: &mut [F], scale: F, left: MatRef<'_, F>, right: MatRef<'_, F>) {
    use BlockStructure::TriangularUpper;
    let n = left.nrows();
    for row in 0..n {
        into[row * n..][..row].fill(F::default());
    }
    let view = MatMut::from_row_major_slice_mut(into, n, n);
    let replace = Accum::Replace;
    triangular::matmul(
        view,
        TriangularUpper,
        replace,
        left,
        TriangularUpper,
        right,
        TriangularUpper,
        scale,
        Par::Seq,
    );
}

/// A square, row by row, ← triangleᵀ·triangle.
pub(super) fn square<F: Field>(into: &mut [F], triangle: MatRef<'_, F>) {
    use BlockStructure::{TriangularLower, TriangularUpper};
    let n = triangle.nrows();
    let view = MatMut::from_row_major_slice_mut(&mut *into, n, n);
    let left = triangle.transpose();
    triangular::matmul(
        view,
        TriangularLower,
        Accum::Replace,
        left,
        TriangularLower,
        triangle,
        TriangularUpper,
        one(),
        Par::Seq,
    );
    products::mirror(into, n);
}

/// matrix ← triangle⁻¹·matrix.
pub(super) fn solve<F: Field>(matrix: MatMut<'_, F>, triangle: Triangle<'_, F>) {
    if triangle.transposed {
        solve_lower_triangular_in_place(triangle.view, matrix, Par::Seq);
    } else {
        solve_upper_triangular_in_place(triangle.view, matrix, Par::Seq);
    }
}

/// A packed triangle becomes a square of n rows.
pub(super) fn unpack<F: Field>(into: &mut [F], mut packed: &[F], n: usize) {
    for row in 0..n {
        let (line, rest) = packed.split_at(n - row);
        let (zeros, upper) = into[row * n..][..n].split_at_mut(row);
        zeros.fill(F::default());
        upper.copy_from_slice(line);
        packed = rest;
    }
}

/// The upper triangle of a square of n rows is packed.
pub(super) fn pack<F: Field>(mut packed: &mut [F], from: &[F], n: usize) {
    for row in 0..n {
        let (line, rest) = packed.split_at_mut(n - row);
        line.copy_from_slice(&from[row * n..][row..n]);
        packed = rest;
    }
}

/// into ← ofᵀ − of, squares of n rows.
pub(super) fn antisymmetric<F: Field>(into: &mut [F], of: &[F], n: usize) {
    for row in 0..n {
        for column in 0..n {
            into[row * n + column] = of[column * n + row] - of[row * n + column];
        }
    }
}

//! Factorisations, and what is done where they fail.

use super::hands::Field;
use super::products;
use super::workspace::Workspace;
use crate::cpu::Algebra;
use crate::real::Real;
use faer::dyn_stack::MemStack;
use faer::linalg::cholesky::llt::factor::{LltRegularization, cholesky_in_place};
use faer::linalg::evd::self_adjoint_evd;
use faer::linalg::householder::apply_block_householder_sequence_on_the_left_in_place_with_conj;
use faer::linalg::qr::no_pivoting::factor::{qr_in_place, recommended_block_size};
use faer::linalg::svd::svd;
use faer::linalg::temp_mat_zeroed;
use faer::linalg::triangular_solve::solve_lower_triangular_in_place;
use faer::mat::AsMatMut;
use faer::reborrow::{Reborrow, ReborrowMut};
use faer::{Accum, Conj, MatMut, MatRef, Par};

/// How far columns of length 1 may be from orthogonal, by the largest sum of a row of their Gram
/// matrix without its diagonal, for one pass to be enough: the error grows with (1 + δ)/(1 − δ).
const NEARLY_ORTHOGONAL: f64 = 0.25;

/// The least diagonal element of the Cholesky factor, whose inverse is about the condition number, with
/// which two passes are enough. Below, reflections are used.
const LEAST_PIVOT: f64 = 0.01;

fn constant<F: Field>(value: f64) -> F {
    <F as Real>::constant(value)
}

fn all_finite<F: Field>(numbers: &[F]) -> bool {
    numbers.iter().all(|number| number.to_f64().is_finite())
}

/// The eigenvectors of a symmetric matrix as columns, row by row, the largest eigenvalue first.
pub(super) fn eigenvectors<F: Field>(into: &mut [F], of: &[F], workspace: &mut Workspace) -> bool {
    let n = of.len().isqrt();
    if n == 0 || !all_finite(of) {
        return n == 0;
    }
    let found = match workspace.algebra() {
        Algebra::Faer => in_own_precision(into, of, n, workspace.stack()),
        #[cfg(feature = "lapack")]
        Algebra::Lapack => {
            F::eigenvectors(of, n).is_some_and(|vectors| place(into, n, |row, column| vectors[[row, column]]))
        }
    };
    found || in_double(into, of, n)
}

fn in_own_precision<F: Field>(into: &mut [F], of: &[F], n: usize, stack: &mut MemStack) -> bool {
    let (mut vectors, stack) = temp_mat_zeroed::<F, _, _>(n, n, stack);
    let (mut values, stack) = temp_mat_zeroed::<F, _, _>(n, 1, stack);
    let (mut vectors, mut values) = (vectors.as_mat_mut(), values.as_mat_mut());
    let of = MatRef::from_row_major_slice(of, n, n);
    let values = values.rb_mut().col_mut(0).as_diagonal_mut();
    let found = self_adjoint_evd(of, values, Some(vectors.rb_mut()), Par::Seq, stack, Default::default());
    found.is_ok() && place(into, n, |row, column| vectors[(row, column)])
}

/// Tried once more with more digits. Allocates, since it hardly ever happens.
fn in_double<F: Field>(into: &mut [F], of: &[F], n: usize) -> bool {
    let of = faer::Mat::from_fn(n, n, |row, column| of[row * n + column].to_f64());
    match of.self_adjoint_eigen(faer::Side::Lower) {
        Ok(found) => place(into, n, |row, column| constant(found.U()[(row, column)])),
        Err(_) => false,
    }
}

/// Writes columns in reverse, if all are finite.
fn place<F: Field>(into: &mut [F], n: usize, element: impl Fn(usize, usize) -> F) -> bool {
    let all = || (0..n).flat_map(|row| (0..n).map(move |column| (row, column)));
    if !all().all(|(row, column)| element(row, column).to_f64().is_finite()) {
        return false;
    }
    all().for_each(|(row, column)| into[row * n + column] = element(row, n - 1 - column));
    true
}

/// matrix ← U·Vᵀ.
pub(super) fn polar<F: Field>(mut matrix: MatMut<'_, F>, workspace: &mut Workspace) -> bool {
    let (rows, columns) = matrix.shape();
    let least = rows.min(columns);
    let finite = |matrix: MatRef<'_, F>| {
        (0..rows).all(|row| (0..columns).all(|column| matrix[(row, column)].to_f64().is_finite()))
    };
    if least == 0 || !finite(matrix.rb()) {
        return least == 0;
    }
    #[cfg(feature = "lapack")]
    if workspace.algebra() == Algebra::Lapack {
        return F::polar(matrix);
    }
    let stack = workspace.stack();
    let (mut u, stack) = temp_mat_zeroed::<F, _, _>(rows, least, stack);
    let (mut v, stack) = temp_mat_zeroed::<F, _, _>(columns, least, stack);
    let (mut s, stack) = temp_mat_zeroed::<F, _, _>(least, 1, stack);
    let (mut u, mut v, mut s) = (u.as_mat_mut(), v.as_mat_mut(), s.as_mat_mut());
    let values = s.rb_mut().col_mut(0).as_diagonal_mut();
    let found =
        svd(matrix.rb(), values, Some(u.rb_mut()), Some(v.rb_mut()), Par::Seq, stack, Default::default());
    if found.is_err() {
        return false;
    }
    let one = constant(1.0);
    faer::linalg::matmul::matmul(matrix.rb_mut(), Accum::Replace, u.rb(), v.rb().transpose(), one, Par::Seq);
    true
}

/// One power iteration: see [`LinearAlgebra`](crate::transform::LinearAlgebra::iterate_basis). All
/// are squares, row by row.
pub(super) fn iterate_basis<F: Field>(
    basis: &mut [F],
    gram: &[F],
    lift: f64,
    room: [&mut [F]; 3],
    workspace: &mut Workspace,
) -> bool {
    let n = basis.len().isqrt();
    let algebra = workspace.algebra();
    let [iterate, columns, products_of_columns] = room;
    if n == 0 {
        return true;
    }
    let stack = workspace.stack();
    let (order, stack) = stack.make_with::<usize>(n, |place| place);
    let mut order = order;
    let (mut numbers, stack) = temp_mat_zeroed::<F, _, _>(n, 2, stack);
    let mut numbers = numbers.as_mat_mut();
    let (zero, one) = (F::default(), constant::<F>(1.0));

    let square = |numbers| MatRef::from_row_major_slice(numbers, n, n);
    let into = MatMut::from_row_major_slice_mut(&mut *iterate, n, n);
    products::multiply(into, zero, one, square(gram), square(&*basis));

    // The estimates of the eigenvalues, in the first column.
    for row in 0..n {
        for column in 0..n {
            let product = basis[row * n + column] * iterate[row * n + column];
            numbers[(column, 0)] += product;
        }
    }
    let estimate = |column: usize| numbers[(column, 0)].to_f64();
    order.sort_unstable_by(|&a, &b| estimate(b).total_cmp(&estimate(a)).then(a.cmp(&b)));
    let largest = (0..n).map(|column| estimate(column).abs()).fold(0.0, f64::max);
    let lifted = constant::<F>(lift * largest);
    iterate.iter_mut().zip(&*basis).for_each(|(new, old)| *new += lifted * *old);
    if !all_finite(iterate) {
        return false;
    }

    // Columns in order, each with length 1.
    for row in 0..n {
        for column in 0..n {
            let number = iterate[row * n + column];
            numbers[(column, 1)] += number * number;
        }
    }
    let all_there = (0..n).all(|column| numbers[(column, 1)].to_f64() > 0.0);
    for row in 0..n {
        for (place, &column) in order.iter().enumerate() {
            let length = numbers[(column, 1)].to_f64().sqrt();
            let length = if all_there { length } else { 1.0 };
            columns[row * n + place] = iterate[row * n + column] / constant::<F>(length);
        }
    }
    let done = all_there && algebra == Algebra::Faer && by_cholesky(columns, products_of_columns, n, stack);
    if !done {
        for row in 0..n {
            for (place, &column) in order.iter().enumerate() {
                columns[row * n + place] = iterate[row * n + column];
            }
        }
        match algebra {
            Algebra::Faer => by_reflections(columns, products_of_columns, n, stack),
            #[cfg(feature = "lapack")]
            Algebra::Lapack if !F::orthonormal(columns, n) => return false,
            #[cfg(feature = "lapack")]
            Algebra::Lapack => {}
        }
    }
    if !all_finite(columns) {
        return false;
    }
    for row in 0..n {
        for (place, &column) in order.iter().enumerate() {
            basis[row * n + column] = columns[row * n + place];
        }
    }
    true
}

/// See [`LinearAlgebra`](crate::transform::LinearAlgebra::order_of_columns). All are squares, row by row.
pub(super) fn order_of_columns<F: Field>(into: &mut [F], basis: &[F], gram: &[F], stack: &mut MemStack) {
    let n = basis.len().isqrt();
    let (mut order, stack) = stack.make_with::<usize>(n, |place| place);
    let (mut estimates, _) = stack.make_with::<f64>(n, |_| 0.0);
    for row in 0..n {
        for (place, factor) in gram[row * n..][..n].iter().enumerate() {
            for column in 0..n {
                let product = basis[row * n + column] * *factor * basis[place * n + column];
                estimates[column] += product.to_f64();
            }
        }
    }
    order.sort_unstable_by(|&a, &b| estimates[b].total_cmp(&estimates[a]).then(a.cmp(&b)));
    into.fill(F::default());
    order.iter().enumerate().for_each(|(place, &column)| into[column * n + place] = constant(1.0));
}

/// Orthonormal columns by the Cholesky factor of their Gram matrix, twice where once is not enough.
fn by_cholesky<F: Field>(columns: &mut [F], gram: &mut [F], n: usize, stack: &mut MemStack) -> bool {
    for pass in 0..2 {
        let of = MatRef::from_row_major_slice(&*columns, n, n);
        products::multiply_symmetric(gram, F::default(), constant(1.0), of.transpose(), of);
        let off_diagonal = |row: usize| {
            let sum: f64 = gram[row * n..][..n].iter().map(|number| number.to_f64().abs()).sum();
            sum - gram[row * n + row].to_f64().abs()
        };
        let is_close = (0..n).all(|row| off_diagonal(row) <= NEARLY_ORTHOGONAL);
        let mut factor = MatMut::from_column_major_slice_mut(&mut *gram, n, n);
        let regularization = LltRegularization::default();
        if cholesky_in_place(factor.rb_mut(), regularization, Par::Seq, stack, Default::default()).is_err() {
            return false;
        }
        if pass == 0 && (0..n).any(|place| factor[(place, place)].to_f64() < LEAST_PIVOT) {
            return false;
        }
        let transposed = MatMut::from_row_major_slice_mut(&mut *columns, n, n).transpose_mut();
        solve_lower_triangular_in_place(factor.rb(), transposed, Par::Seq);
        if is_close {
            break;
        }
    }
    true
}

/// Orthonormal columns by Householder's reflections; `room` is of the same size.
fn by_reflections<F: Field>(columns: &mut [F], room: &mut [F], n: usize, stack: &mut MemStack) {
    let block = recommended_block_size::<F>(n, n);
    let (mut coefficients, stack) = temp_mat_zeroed::<F, _, _>(block, n, stack);
    let mut coefficients = coefficients.as_mat_mut();
    let mut factors = MatMut::from_column_major_slice_mut(room, n, n);
    factors.copy_from(MatRef::from_row_major_slice(&*columns, n, n));
    qr_in_place(factors.rb_mut(), coefficients.rb_mut(), Par::Seq, stack, Default::default());
    let mut orthonormal = MatMut::from_row_major_slice_mut(columns, n, n);
    for row in 0..n {
        for column in 0..n {
            orthonormal[(row, column)] = constant(if row == column { 1.0 } else { 0.0 });
        }
    }
    apply_block_householder_sequence_on_the_left_in_place_with_conj(
        factors.rb(),
        coefficients.rb(),
        Conj::No,
        orthonormal.rb_mut(),
        Par::Seq,
        stack,
    );
    for column in 0..n {
        if factors[(column, column)].to_f64() < 0.0 {
            for row in 0..n {
                orthonormal[(row, column)] = -orthonormal[(row, column)];
            }
        }
    }
}

//! Factorisations, and what is done where they fail.

use super::hands::Field;
use super::operand::Operand;
use super::products;
use super::triangles::{Side, solve_from_right};
use super::workspace::Scratch;
use crate::cpu::Algebra;
use crate::real::Real;
use faer::dyn_stack::MemStack;
use faer::linalg::cholesky::llt::factor::{LltRegularization, cholesky_in_place};
use faer::linalg::evd::self_adjoint_evd;
use faer::linalg::householder::apply_block_householder_sequence_on_the_left_in_place_with_conj;
use faer::linalg::qr::no_pivoting::factor::{qr_in_place, recommended_block_size};
use faer::linalg::svd::svd;
use faer::linalg::temp_mat_zeroed;
use faer::mat::AsMatMut;
use faer::reborrow::{Reborrow, ReborrowMut};
use faer::{Accum, Conj, MatMut, MatRef, Par};

/// The least diagonal element of the Cholesky factor with which one pass is enough. What is left of a column
/// of length 1 without its part along the others is at least so long, so the condition number κ is small: 6 at
/// most where factors decay over three decades and are refreshed every tenth time. The error grows with κ².
const NEARLY_ORTHOGONAL: f64 = 0.5;

/// The least diagonal element of the Cholesky factor, whose inverse is about the condition number, with
/// which two passes are enough. Below, reflections are used.
const LEAST_PIVOT: f64 = 0.01;

fn constant<F: Field>(value: f64) -> F {
    <F as Real>::constant(value)
}

/// Looks at all of them, which vectors do faster than a search that ends early.
fn all_finite<F: Field>(numbers: &[F]) -> bool {
    numbers.iter().fold(true, |all, number| all & number.to_f64().is_finite())
}

fn are_finite<F: Field>(matrix: MatRef<'_, F>) -> bool {
    let (rows, columns) = matrix.shape();
    (0..rows).all(|row| (0..columns).all(|column| matrix[(row, column)].to_f64().is_finite()))
}

/// The eigenvectors of a symmetric matrix as columns, row by row, the largest eigenvalue first.
pub(super) fn eigenvectors<F: Field>(into: &mut [F], of: &[F], scratch: &mut Scratch<'_>) -> bool {
    let n = of.len().isqrt();
    if n == 0 || !all_finite(of) {
        return n == 0;
    }
    let found = match scratch.algebra {
        Algebra::Faer => in_own_precision(into, of, n, scratch.stack()),
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
pub(super) fn polar<F: Field>(mut matrix: MatMut<'_, F>, scratch: &mut Scratch<'_>) -> bool {
    let (rows, columns) = matrix.shape();
    let least = rows.min(columns);
    if least == 0 || !are_finite(matrix.rb()) {
        return least == 0;
    }
    #[cfg(feature = "lapack")]
    if scratch.algebra == Algebra::Lapack {
        return F::polar(matrix);
    }
    let stack = scratch.stack();
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
    scratch: &mut Scratch<'_>,
) -> bool {
    let n = basis.len().isqrt();
    let [iterate, columns, grams] = room;
    if n == 0 {
        return true;
    }
    let algebra = scratch.algebra;
    let (spare, stack) = scratch.spare::<F>();
    let (gram, old) = (Operand::square(gram, n), Operand::square(&*basis, n));
    products::multiply(iterate, false, [0.0, 1.0], gram, old, spare);

    let (mut order, stack) = stack.make_with::<usize>(n, |place| place);
    let (mut estimates, stack) = stack.make_with::<F>(n, |_| F::default());
    let (mut lengths, stack) = stack.make_with::<F>(n, |_| F::default());
    // The estimates of the eigenvalues.
    for (old, new) in basis.chunks_exact(n).zip(iterate.chunks_exact(n)) {
        for ((sum, old), new) in estimates.iter_mut().zip(old).zip(new) {
            *sum += *old * *new;
        }
    }
    let estimate = |column: usize| estimates[column].to_f64();
    order.sort_unstable_by(|&a, &b| estimate(b).total_cmp(&estimate(a)).then(a.cmp(&b)));
    let largest = (0..n).map(|column| estimate(column).abs()).fold(0.0, f64::max);
    let lifted = constant::<F>(lift * largest);
    iterate.iter_mut().zip(&*basis).for_each(|(new, old)| *new += lifted * *old);
    if !all_finite(iterate) {
        return false;
    }

    // Columns in order, each with length 1.
    for line in iterate.chunks_exact(n) {
        lengths.iter_mut().zip(line).for_each(|(sum, number)| *sum += *number * *number);
    }
    lengths.iter_mut().for_each(|length| *length = constant(length.to_f64().sqrt()));
    let all_there = lengths.iter().all(|length| *length > F::default());
    for (into, line) in columns.chunks_exact_mut(n).zip(iterate.chunks_exact_mut(n)) {
        if all_there {
            line.iter_mut().zip(&*lengths).for_each(|(number, length)| *number /= *length);
        }
        into.iter_mut().zip(&*order).for_each(|(into, &column)| *into = line[column]);
    }
    let done = match algebra {
        Algebra::Faer => {
            let done = all_there && by_cholesky(columns, [grams, spare], n, stack);
            if !done {
                for (into, line) in columns.chunks_exact_mut(n).zip(iterate.chunks_exact(n)) {
                    into.iter_mut().zip(&*order).for_each(|(into, &column)| *into = line[column]);
                }
                let room = MatMut::from_column_major_slice_mut(grams, n, n);
                by_reflections(MatMut::from_row_major_slice_mut(columns, n, n), room, stack);
            }
            true
        }
        #[cfg(feature = "lapack")]
        Algebra::Lapack => F::orthonormal(MatMut::from_row_major_slice_mut(columns, n, n)),
    };
    if !done || !all_finite(columns) {
        return false;
    }
    for (into, line) in basis.chunks_exact_mut(n).zip(columns.chunks_exact(n)) {
        order.iter().zip(line).for_each(|(&column, number)| into[column] = *number);
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
fn by_cholesky<F: Field>(
    columns: &mut [F],
    [gram, spare]: [&mut [F]; 2],
    n: usize,
    stack: &mut MemStack,
) -> bool {
    for pass in 0..2 {
        let of = Operand::square(&*columns, n);
        products::multiply_symmetric(gram, [0.0, 1.0], of.t(), of, spare);
        let mut factor = MatMut::from_column_major_slice_mut(&mut *gram, n, n);
        let regularization = LltRegularization::default();
        if cholesky_in_place(factor.rb_mut(), regularization, Par::Seq, stack, Default::default()).is_err() {
            return false;
        }
        let least = (0..n).map(|place| factor[(place, place)].to_f64()).fold(1.0, f64::min);
        if pass == 0 && least < LEAST_PIVOT {
            return false;
        }
        let columns = MatMut::from_row_major_slice_mut(&mut *columns, n, n);
        solve_from_right(columns, (factor.rb().transpose(), Side::Upper));
        if least >= NEARLY_ORTHOGONAL {
            break;
        }
    }
    true
}

/// matrix ← the orthonormal factor of its columns, or of its rows if they are fewer.
pub(super) fn orthonormal<F: Field>(matrix: MatMut<'_, F>, scratch: &mut Scratch<'_>) -> bool {
    let mut matrix = if matrix.nrows() < matrix.ncols() { matrix.transpose_mut() } else { matrix };
    let (rows, columns) = matrix.shape();
    if columns == 0 || !are_finite(matrix.rb()) {
        return columns == 0;
    }
    #[cfg(feature = "lapack")]
    if scratch.algebra == Algebra::Lapack {
        return F::orthonormal(matrix);
    }
    let (mut room, stack) = temp_mat_zeroed::<F, _, _>(rows, columns, scratch.stack());
    by_reflections(matrix.rb_mut(), room.as_mat_mut(), stack);
    true
}

/// Orthonormal columns, which are no more than rows, by Householder's reflections; `room` is of the same size.
fn by_reflections<F: Field>(mut matrix: MatMut<'_, F>, room: MatMut<'_, F>, stack: &mut MemStack) {
    let (rows, columns) = matrix.shape();
    let block = recommended_block_size::<F>(rows, columns);
    let (mut coefficients, stack) = temp_mat_zeroed::<F, _, _>(block, columns, stack);
    let (mut coefficients, mut factors) = (coefficients.as_mat_mut(), room);
    factors.copy_from(matrix.rb());
    qr_in_place(factors.rb_mut(), coefficients.rb_mut(), Par::Seq, stack, Default::default());
    for row in 0..rows {
        for column in 0..columns {
            matrix[(row, column)] = constant(if row == column { 1.0 } else { 0.0 });
        }
    }
    apply_block_householder_sequence_on_the_left_in_place_with_conj(
        factors.rb(),
        coefficients.rb(),
        Conj::No,
        matrix.rb_mut(),
        Par::Seq,
        stack,
    );
    for column in 0..columns {
        if factors[(column, column)].to_f64() < 0.0 {
            for row in 0..rows {
                matrix[(row, column)] = -matrix[(row, column)];
            }
        }
    }
}

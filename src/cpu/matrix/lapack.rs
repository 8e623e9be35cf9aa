//! Products and factorisations by BLAS and LAPACK, through ndarray-linalg: a second opinion.
//!
//! They allocate, and are not asked for numbers that are infinite or NaN.

use faer::{MatMut, MatRef};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2};
use ndarray_linalg::{Eigh, JobSvd, Lapack, QR, SVDDC, UPLO};

/// Numbers that LAPACK knows. Apart from its own trait, whose methods have names that ours have, too.
pub(super) trait InLapack: Sized {
    /// into ← keep·into + scale·left·right. With keep = 0 what was there does not count.
    fn product(
        into: MatMut<'_, Self>,
        keep: Self,
        scale: Self,
        left: MatRef<'_, Self>,
        right: MatRef<'_, Self>,
    );

    /// The eigenvectors of a symmetric matrix as columns, the smallest eigenvalue first.
    fn eigenvectors(of: &[Self], n: usize) -> Option<Array2<Self>>;

    /// Replaces columns, no more than rows, by orthonormal ones; the triangular factor has a positive diagonal.
    fn orthonormal(matrix: MatMut<'_, Self>) -> bool;

    /// matrix ← U·Vᵀ.
    fn polar(matrix: MatMut<'_, Self>) -> bool;
}

impl<F: Lapack + Default + PartialOrd> InLapack for F {
    fn product(into: MatMut<'_, F>, keep: F, scale: F, left: MatRef<'_, F>, right: MatRef<'_, F>) {
        let mut result = if keep == F::default() {
            Array2::from_elem((into.nrows(), into.ncols()), keep)
        } else {
            array(into.as_ref())
        };
        general_mat_mul(scale, &array(left), &array(right), keep, &mut result);
        write(into, &result);
    }

    fn eigenvectors(of: &[F], n: usize) -> Option<Array2<F>> {
        let of = ArrayView2::from_shape((n, n), of).ok()?;
        of.eigh(UPLO::Lower).ok().map(|(_, vectors)| vectors)
    }

    fn orthonormal(mut matrix: MatMut<'_, F>) -> bool {
        let Ok((orthonormal, triangular)) = array(matrix.as_ref()).qr() else { return false };
        for ((row, column), number) in orthonormal.indexed_iter() {
            let is_turned = triangular[[column, column]] < F::default();
            matrix[(row, column)] = if is_turned { -*number } else { *number };
        }
        true
    }

    fn polar(matrix: MatMut<'_, F>) -> bool {
        let Ok((Some(left), _, Some(right))) = array(matrix.as_ref()).svddc(JobSvd::Some) else {
            return false;
        };
        write(matrix, &left.dot(&right));
        true
    }
}

fn array<F: Copy>(matrix: MatRef<'_, F>) -> Array2<F> {
    Array2::from_shape_fn((matrix.nrows(), matrix.ncols()), |(row, column)| matrix[(row, column)])
}

fn write<F: Copy>(mut into: MatMut<'_, F>, from: &Array2<F>) {
    from.indexed_iter().for_each(|((row, column), number)| into[(row, column)] = *number);
}

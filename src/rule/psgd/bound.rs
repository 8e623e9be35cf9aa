//! How large a symmetric matrix is: what the length of a fit is divided by.

use crate::hyperparameter::Decay;
use crate::transform::{LinearAlgebra, Matrix, Slot};

/// How the largest eigenvalue of a matrix without negative ones is estimated. Both estimates are lower
/// bounds, and no smaller than the norm of any column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpectralBound {
    /// From the longest column: kron_torch, HeavyBall 1.
    OneColumn,
    /// From so many power iterations with the square of the matrix that begin there: HeavyBall 3.
    PowerIteration(u32),
}

/// An estimate, and what it remembers of those before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FitBound {
    /// How it is made. Default: two power iterations.
    pub method: SpectralBound,
    /// β of the bound that is kept for each factor: it rises at once and falls slowly. 0 keeps none.
    /// Default 0.9.
    ///
    /// ```text
    /// l ← max(l, k + (1 − β)·(l − k)),  k ← l      k = 0 at first
    /// ```
    pub memory: Decay,
}

impl Default for FitBound {
    fn default() -> Self {
        Self { method: SpectralBound::PowerIteration(2), memory: Decay::checked(0.9) }
    }
}

impl FitBound {
    /// The largest magnitude of an eigenvalue of a matrix that is symmetric, or of which the transpose is
    /// its negative. `room` are two slots of at least as many numbers as it has rows.
    pub(super) fn of(&self, algebra: &mut dyn LinearAlgebra, matrix: Matrix, room: [Slot; 2]) -> f64 {
        let rows = matrix.rows;
        let [x, y] = room.map(|slot| Matrix::new(slot, rows, 1));
        let (longest, norm) = algebra.longest_row(matrix);
        if !(norm.is_finite() && norm > 0.0) {
            return norm;
        }
        // The longest row, to length 1.
        let row = Matrix { rows: 1, ..matrix.at(matrix.first + longest * matrix.columns) };
        algebra.combine(x, 0.0, 1.0 / norm, row);
        match self.method {
            SpectralBound::OneColumn => {
                algebra.multiply(y, 0.0, 1.0 / norm, matrix, x);
                algebra.normalize(y, SMALLEST);
                algebra.multiply(x, 0.0, 1.0 / norm, matrix, y);
                algebra.norm(x) * norm
            }
            SpectralBound::PowerIteration(count) => {
                for _ in 0..count {
                    algebra.multiply(y, 0.0, 1.0 / norm, matrix, x);
                    algebra.multiply(x, 0.0, 1.0 / norm, matrix.t(), y);
                    algebra.normalize(x, SMALLEST);
                }
                algebra.multiply(y, 0.0, 1.0 / norm, matrix, x);
                algebra.norm(y) * norm
            }
        }
    }

    /// The estimate with what is kept at `kept`, which follows.
    pub(super) fn remembered(&self, algebra: &mut dyn LinearAlgebra, estimate: f64, kept: Matrix) -> f64 {
        let beta = self.memory.get();
        if beta == 0.0 || !estimate.is_finite() {
            return estimate;
        }
        // One that was too large for the format is forgotten.
        let before = Some(algebra.number(kept)).filter(|bound| bound.is_finite()).unwrap_or(0.0);
        let bound = estimate.max(before + (estimate - before) * (1.0 - beta));
        algebra.fill(kept, &mut |_| bound);
        bound
    }
}

/// Keeps a divisor from zero.
const SMALLEST: f64 = 1e-37;

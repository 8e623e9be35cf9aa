//! The nearest orthonormal matrix in place of an update.

use super::NewtonSchulz;
use crate::hyperparameter::Amount;
use crate::shape::Layout;
use crate::transform::{
    Factorization, Job, LinearAlgebra, Matrix, MatrixPlan, MatrixPrecision, MatrixRule, Slot,
};

/// How a matrix is replaced by the nearest orthonormal one, its zeroth power.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ZerothPower {
    /// By products alone, approximately.
    NewtonSchulz(NewtonSchulz),
    /// U·Vᵀ of the singular value decomposition: the exact one, and slow.
    SingularVectors,
    /// The same by the eigenvectors of the smaller of the two Gram matrices. Directions whose singular value is below
    /// 2⁻¹² of the norm stay shorter than 1.
    Eigenvectors,
    /// The orthonormal factor Q of M = Q·R, where R is triangular with a positive diagonal; of Mᵀ if M is wider
    /// than high. Orthonormal, but not the nearest such matrix: the first columns keep their directions, later
    /// ones are what is left of theirs.
    Orthonormal,
}

/// What an orthonormal matrix is multiplied with, so that one rate suits all shapes. `m` are the rows,
/// the first axis; `n` the columns, the product of all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ShapeScaling {
    /// √max(1, m/n), as published. Default.
    #[default]
    TallerIsLarger,
    /// 0.2·√max(m, n): updates of the size of AdamW's, so that its rates and decays can be kept. Liu et
    /// al., *Muon is Scalable for LLM Training*, 2025, <https://arxiv.org/abs/2502.16982>, §2.2.
    AsAdamW,
    /// √(m/n); for a convolution √(out/in) divided by the number of its taps: the spectral norm of the
    /// map from and to numbers of size 1.
    Spectral,
    /// 1.
    None,
}

impl ShapeScaling {
    /// The factor for a shape.
    pub fn factor(self, shape: &[usize]) -> f64 {
        let [rows, rest @ ..] = shape else { return 1.0 };
        let (rows, columns) = (*rows as f64, rest.iter().product::<usize>() as f64);
        match self {
            Self::TallerIsLarger => (rows / columns).max(1.0).sqrt(),
            Self::AsAdamW => 0.2 * rows.max(columns).sqrt(),
            Self::Spectral => {
                let inputs = rest.first().map_or(1.0, |inputs| *inputs as f64);
                (rows / inputs).sqrt() * inputs / columns
            }
            Self::None => 1.0,
        }
    }
}

/// What becomes of the update of a vector or a single number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Vectors {
    /// It stays. Default.
    #[default]
    Kept,
    /// It is divided by its root mean square.
    RootMeanSquare,
}

/// Replaces the update of a matrix by the nearest orthonormal matrix.
///
/// A tensor with more than two axes is a matrix whose rows are its first axis. If memory walks that axis
/// neither first nor last, the rows are the axis that it walks first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolarFactor {
    /// How.
    pub method: ZerothPower,
    /// What the result is multiplied with.
    pub scaling: ShapeScaling,
    /// And for all shapes.
    pub scale: Amount,
    /// What is done to a vector.
    pub vectors: Vectors,
    /// What matrices are multiplied in.
    pub precision: MatrixPrecision,
}

/// Norms are no smaller where something is divided by them.
const LEAST_NORM: f64 = 1e-7;
/// Directions with a shorter share of the norm are mostly rounding, and stay shorter than 1.
const LEAST_SINGULAR_VALUE: f64 = 1.0 / 4096.0;
/// Root mean squares are no smaller where something is divided by them.
const LEAST_ROOT: f64 = 1e-12;

/// Rows and columns as they lie in memory; [`None`] for what is no matrix.
fn matrix(plan: &MatrixPlan) -> Option<(usize, usize)> {
    let [first, rest @ ..] = plan.axes.as_slice() else { return None };
    if rest.is_empty() || plan.axes.contains(&0) {
        return None;
    }
    let all: usize = plan.axes.iter().product();
    let last = *rest.last()?;
    // In column-major memory the first axis of the tensor lies last.
    let is_last = plan.axes.iter().rev().eq(&plan.shape) && plan.axes != plan.shape;
    Some(if is_last { (all / last, last) } else { (*first, all / first) })
}

/// M ← V·(the rows of Vᵀ·M, each of length 1), where V has the eigenvectors of M·Mᵀ as columns; for a matrix
/// that is higher than wide the same of its transpose.
fn by_eigenvectors(algebra: &mut dyn LinearAlgebra, update: Matrix) -> bool {
    algebra.normalize(update, LEAST_NORM);
    let wide = if update.rows > update.columns { update.t() } else { update };
    let (least, most) = wide.shape();
    let [gram, vectors] = [0, 1].map(|room| Matrix::square(Slot::Room(room), least));
    let turned = Matrix::new(Slot::Room(2), least, most);
    algebra.gram(gram, 0.0, 1.0, wide);
    if !algebra.eigenvectors(vectors, gram) {
        return false;
    }
    algebra.multiply(turned, 0.0, 1.0, vectors.t(), wide);
    for row in 0..least {
        algebra.normalize(Matrix::new(turned.slot, 1, most).at(row * most), LEAST_SINGULAR_VALUE);
    }
    algebra.multiply(wide, 0.0, 1.0, vectors, turned);
    true
}

impl MatrixRule for PolarFactor {
    fn plan(&self, layout: &Layout) -> MatrixPlan {
        let mut plan = MatrixPlan::of(layout);
        if let Some((rows, columns)) = matrix(&plan) {
            match self.method {
                ZerothPower::NewtonSchulz(_) => {
                    NewtonSchulz::make_room(&mut plan, rows, columns);
                    plan.precision = self.precision;
                }
                ZerothPower::SingularVectors => {
                    plan.factorizations.push(Factorization::SingularVectors(rows, columns));
                }
                ZerothPower::Eigenvectors => {
                    NewtonSchulz::make_room(&mut plan, rows, columns);
                    plan.factorizations.push(Factorization::Eigenvectors(rows.min(columns)));
                    plan.precision = self.precision;
                }
                ZerothPower::Orthonormal => {
                    plan.factorizations.push(Factorization::OrthonormalLines(rows, columns));
                }
            }
        }
        plan
    }

    fn leave(&self, job: &Job<'_>, algebra: &mut dyn LinearAlgebra) {
        let elements: usize = job.plan.axes.iter().product();
        let Some((rows, columns)) = matrix(job.plan) else {
            let vector = Matrix::new(Slot::Update, 1, elements);
            if self.vectors == Vectors::RootMeanSquare {
                let root = (elements as f64).sqrt();
                algebra.normalize(vector, LEAST_ROOT * root);
                algebra.scale(vector, root * self.scale.get());
            } else if self.scale.get() != 1.0 {
                algebra.scale(vector, self.scale.get());
            }
            return;
        };
        let update = Matrix::new(Slot::Update, rows, columns);
        let done = match self.method {
            ZerothPower::NewtonSchulz(iteration) => {
                algebra.normalize(update, LEAST_NORM);
                iteration.apply(algebra, Slot::Update, (rows, columns), 0);
                true
            }
            ZerothPower::SingularVectors => algebra.is_usable(update) && algebra.polar(update),
            ZerothPower::Eigenvectors => algebra.is_usable(update) && by_eigenvectors(algebra, update),
            ZerothPower::Orthonormal => algebra.is_usable(update) && algebra.orthonormal(update),
        };
        // Of a zero matrix every orthonormal one is a nearest: it stays zero, as by products. So does
        // one whose decomposition fails, which then only has the right norm.
        if !done {
            algebra.normalize(update, LEAST_NORM);
        }
        let factor = self.scaling.factor(&job.plan.shape) * self.scale.get();
        if factor != 1.0 {
            algebra.scale(update, factor);
        }
    }
}

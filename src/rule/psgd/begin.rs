//! The first values of factors.

use super::axes::Kind;
use super::lists::Target;
use super::{FirstScale, KronFactors};
use crate::transform::{Job, LinearAlgebra, Matrix};

impl KronFactors {
    /// What factors are multiples of at first; [`None`] if that cannot be told from this gradient.
    fn scale_at_first(&self, algebra: &mut dyn LinearAlgebra, update: Matrix) -> Option<f64> {
        let scale = match self.first_scale {
            FirstScale::Given(scale) => scale.get(),
            FirstScale::FromGradient { scale, power } => {
                let largest = algebra.largest(update);
                if !(largest.is_finite() && largest > 0.0) {
                    return None;
                }
                let mean = algebra.power_sum(update, 4) / update.len() as f64;
                // Fourth powers leave the range of numbers long before the gradient does.
                let is_in_range = mean.is_finite() && mean >= f64::MIN_POSITIVE;
                let size = if is_in_range { libm::pow(mean, -0.125) } else { libm::pow(largest, -0.5) };
                libm::pow(scale.get() * size, power.get())
            }
        };
        (scale.is_finite() && scale > 0.0).then_some(scale)
    }

    /// Gives factors their first values; no if that has to wait for another gradient.
    pub(super) fn begin(&self, job: &Job<'_>, algebra: &mut dyn LinearAlgebra, target: Target<'_>) -> bool {
        let begun = Matrix::new(Self::numbers(job.plan)[1], 1, 1).at(target.number);
        if algebra.number(begun) > 0.0 {
            return true;
        }
        let Some(scale) = self.scale_at_first(algebra, target.line()) else { return false };
        let scale = libm::pow(scale, 1.0 / target.part.axes.len() as f64);
        for axis in self.axes(target.part) {
            let (mut diagonal, mut rest) = (0, axis.length);
            let step = usize::from(axis.kind != Kind::Diagonal);
            algebra.fill(axis.factor(), &mut |place| {
                if place != diagonal {
                    return 0.0;
                }
                // The distance to the next element of the diagonal.
                diagonal += match axis.kind {
                    Kind::Diagonal => 1,
                    Kind::Packed => rest,
                    Kind::Triangular | Kind::Symmetric => axis.length + 1,
                };
                rest -= step;
                scale
            });
            self.keep(algebra, axis);
        }
        algebra.fill(begun, &mut |_| 1.0);
        true
    }
}

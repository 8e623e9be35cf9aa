//! The fit of nearly symmetric factors: PSGD-PRO.
//!
//! HeavyBall, `psgd_pro`, <https://github.com/HomebrewML/HeavyBall>, after Li's `Q^0.5 E Q^1.5`,
//! <https://github.com/lixilinx/psgd_torch>. For a factor Q of an axis of length n, and
//! h = P·g with P = ⊗ QᵀQ:
//!
//! ```text
//! S = the products of h with itself along the axis,   e = elements/n
//! Q ← Q − μ·(S·Q − e·Q)/(‖S‖₂ + e)
//! q ← q − μ·(s − e)·q/(max(s) + e)                     if it is diagonal
//! R = (Qᵀ − Q)/‖Qᵀ − Q‖₂                              a step towards symmetry, by a rotation 1 + a·R + a²·R²/2
//! a = min(½, −tr(R·Q)/tr(R·R·Q))
//! Q ← Q + a·R·Q + a²/2·R·R·Q
//! ```

use super::KronFactors;
use super::axes::{Acting, Axis, Kind, precondition};
use super::lists::{LINES, SQUARES, TENSORS};
use crate::transform::{LinearAlgebra, Matrix};

/// Fits all factors, and says how many could not be.
pub(super) fn fit(
    rule: &KronFactors,
    algebra: &mut dyn LinearAlgebra,
    axes: impl Iterator<Item = Axis> + Clone,
    bounds: Matrix,
    elements: usize,
) -> usize {
    precondition(algebra, axes.clone(), Acting::Product, TENSORS[0], elements);
    let mut fit_axis = |axis: Axis| {
        let expected = elements as f64 / axis.length as f64;
        match axis.kind {
            Kind::Diagonal => diagonal(rule, algebra, axis, expected, bounds),
            _ => square(rule, algebra, axis, expected, bounds),
        }
    };
    axes.filter(|axis| !fit_axis(*axis)).count()
}

fn diagonal(
    rule: &KronFactors,
    algebra: &mut dyn LinearAlgebra,
    axis: Axis,
    expected: f64,
    bounds: Matrix,
) -> bool {
    let squares = Matrix::new(LINES[0], 1, axis.length);
    axis.squares(algebra, squares, TENSORS[0]);
    let estimate = algebra.largest(squares) + expected;
    let Some(bound) = rule.bounded(algebra, estimate, axis, bounds) else { return false };
    algebra.shift(squares, -expected);
    algebra.grow(axis.factor(), -rule.rate.get() / bound, squares);
    true
}

fn square(
    rule: &KronFactors,
    algebra: &mut dyn LinearAlgebra,
    axis: Axis,
    expected: f64,
    bounds: Matrix,
) -> bool {
    let [_, gram, fitted, _] = SQUARES.map(|slot| Matrix::square(slot, axis.length));
    axis.gram(algebra, gram, TENSORS[0]);
    let estimate = rule.bound.of(algebra, gram, LINES) + expected;
    let Some(bound) = rule.bounded(algebra, estimate, axis, bounds) else { return false };
    let length = rule.rate.get() / bound;
    algebra.combine(fitted, 0.0, 1.0, axis.factor());
    algebra.multiply(fitted, 1.0 + length * expected, -length, gram, axis.factor());
    if !algebra.is_usable(fitted) {
        return false;
    }
    algebra.combine(axis.factor(), 0.0, 1.0, fitted);
    make_symmetric(rule, algebra, axis);
    true
}

/// A step towards symmetry.
fn make_symmetric(rule: &KronFactors, algebra: &mut dyn LinearAlgebra, axis: Axis) {
    let [_, turn, once, twice] = SQUARES.map(|slot| Matrix::square(slot, axis.length));
    let factor = axis.factor();
    algebra.antisymmetric(turn, factor);
    let size = rule.bound.of(algebra, turn, LINES);
    if !(size.is_finite() && size > 0.0) {
        return; // it is symmetric already
    }
    algebra.scale(turn, 1.0 / (size + f64::from(f32::MIN_POSITIVE)));
    algebra.multiply(once, 0.0, 1.0, turn, factor);
    algebra.multiply(twice, 0.0, 1.0, turn, once);
    let (slope, curvature) = (algebra.trace(once), algebra.trace(twice));
    let angle = if curvature < 0.0 { (-slope / curvature).clamp(0.0, LARGEST_ANGLE) } else { LARGEST_ANGLE };
    if angle.is_finite() {
        algebra.combine(factor, 1.0, angle, once);
        algebra.combine(factor, 1.0, 0.5 * angle * angle, twice);
    }
}

/// The largest a.
const LARGEST_ANGLE: f64 = 0.5;

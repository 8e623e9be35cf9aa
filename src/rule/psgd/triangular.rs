//! The fit of triangular and diagonal factors.
//!
//! Li, *Preconditioned Stochastic Gradient Descent*, 2015, <https://arxiv.org/abs/1512.04202>, with the
//! Kronecker factors of Li, *Preconditioner on Matrix Lie Group for SGD*, 2018,
//! <https://arxiv.org/abs/1809.10232>. For the factors Q₁, Q₂ of a matrix g with the probe v:
//!
//! ```text
//! A = Q₁·g·Q₂ᵀ,   B = Q₁⁻ᵀ·v·Q₂⁻¹
//! S = A·Aᵀ,   T = B·Bᵀ                                 of Q₁; AᵀA and BᵀB of Q₂
//! Q₁ ← Q₁ − μ·triu(S − T)·Q₁/‖S + T‖₂
//! q₁ ← q₁ − μ·(s − t)·q₁/max(s + t)                   if it is diagonal, with the diagonals of S and T
//! ```

use super::KronFactors;
use super::axes::{Axis, Kind};
use super::lists::{LINES, SQUARES, TENSORS};
use crate::transform::{LinearAlgebra, Matrix, Slot};

/// Fits all factors, and says how many could not be.
pub(super) fn fit(
    rule: &KronFactors,
    algebra: &mut dyn LinearAlgebra,
    axes: impl Iterator<Item = Axis> + Clone,
    bounds: Matrix,
) -> usize {
    let [mut whitened, probe, mut room] = TENSORS;
    for axis in axes.clone() {
        if axis.kind == Kind::Diagonal {
            axis.scale(algebra, whitened, 1);
            axis.scale(algebra, probe, -1);
            continue;
        }
        let square = axis.square(algebra);
        axis.multiply(algebra, room, square, whitened);
        (whitened, room) = (room, whitened);
        axis.blocks(probe).for_each(|block| algebra.solve_triangle(block, square.t()));
    }
    let mut fit_axis = |axis: Axis| match axis.kind {
        Kind::Diagonal => diagonal(rule, algebra, axis, [whitened, probe], bounds),
        _ => triangle(rule, algebra, axis, [whitened, probe], bounds),
    };
    axes.filter(|axis| !fit_axis(*axis)).count()
}

fn diagonal(
    rule: &KronFactors,
    algebra: &mut dyn LinearAlgebra,
    axis: Axis,
    [whitened, probe]: [Slot; 2],
    bounds: Matrix,
) -> bool {
    let [sum, difference] = LINES.map(|slot| Matrix::new(slot, 1, axis.length));
    axis.squares(algebra, sum, whitened);
    axis.squares(algebra, difference, probe);
    algebra.sum_and_difference(sum, difference);
    let estimate = algebra.largest(sum);
    let Some(bound) = rule.bounded(algebra, estimate, axis, bounds) else { return false };
    algebra.grow(axis.factor(), -rule.rate.get() / bound, difference);
    true
}

fn triangle(
    rule: &KronFactors,
    algebra: &mut dyn LinearAlgebra,
    axis: Axis,
    [whitened, probe]: [Slot; 2],
    bounds: Matrix,
) -> bool {
    let [_, sum, difference, _] = SQUARES.map(|slot| Matrix::square(slot, axis.length));
    axis.gram(algebra, sum, whitened);
    axis.gram(algebra, difference, probe);
    algebra.sum_and_difference(sum, difference);
    let estimate = rule.bound.of(algebra, sum, LINES);
    let Some(bound) = rule.bounded(algebra, estimate, axis, bounds) else { return false };
    let square = axis.square(algebra);
    let change = sum;
    algebra.multiply_triangles(change, -rule.rate.get() / bound, difference, square);
    if !algebra.norm(change).is_finite() {
        return false;
    }
    algebra.combine(square, 1.0, 1.0, change);
    if axis.kind == Kind::Packed {
        algebra.pack(axis.factor(), square);
    }
    true
}

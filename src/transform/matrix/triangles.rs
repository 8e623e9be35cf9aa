//! [`TriangularAlgebra`]: triangles, lines of a tensor, and numbers that decide how to go on.

use super::Matrix;

/// The part of [`LinearAlgebra`](super::LinearAlgebra) that triangular factors are fitted with.
///
/// A triangle is an upper one: what a square holds below its diagonal is 0. It may lie packed, row by
/// row without those zeros: n·(n + 1)/2 numbers. Where a method takes one, [its transpose](Matrix::t)
/// may be meant. Triangular and symmetric results cost half of the work of full ones.
///
/// Numbers that come back are sums of `f64` in an order that does not depend on threads. A device with
/// memory of its own waits for them.
pub trait TriangularAlgebra {
    /// Each number ← what the function says of its place, asked in order.
    fn fill(&mut self, into: Matrix, number: &mut dyn FnMut(usize) -> f64);

    /// Each number ← a draw from the standard normal distribution: others for each seed, tensor and
    /// gradient, and the same on any device.
    fn draw(&mut self, into: Matrix, seed: u64);

    /// x ← x + (absolute + relative·|x|)·v, by element.
    fn perturb(&mut self, matrix: Matrix, absolute: f64, relative: f64, by: Matrix);

    /// x ← x·(1 + scale·y), by element.
    fn grow(&mut self, matrix: Matrix, scale: f64, by: Matrix);

    /// x ← x + amount, by element.
    fn shift(&mut self, matrix: Matrix, amount: f64);

    /// (x, y) ← (x + y, x − y), by element.
    fn sum_and_difference(&mut self, first: Matrix, second: Matrix);

    /// Row i ← row i·bᵢᵖ, for p = 1, 2 or −1. `by` has a number for each row.
    fn scale_rows(&mut self, matrix: Matrix, by: Matrix, power: i32);

    /// The i-th number ← keep·itself + the sum of the squares of row i.
    fn square_rows(&mut self, into: Matrix, keep: f64, of: Matrix);

    /// The first number of a matrix.
    fn number(&mut self, at: Matrix) -> f64;

    /// The largest magnitude; NaN if a number is.
    fn largest(&mut self, of: Matrix) -> f64;

    /// Σ|x|ᵖ.
    fn power_sum(&mut self, of: Matrix, power: u32) -> f64;

    /// The sum of the diagonal.
    fn trace(&mut self, of: Matrix) -> f64;

    /// The Frobenius norm.
    fn norm(&mut self, of: Matrix) -> f64;

    /// The number of the first row with the largest norm, as rows lie in memory, and that norm.
    fn longest_row(&mut self, of: Matrix) -> (usize, f64);

    /// A packed triangle becomes a square.
    fn unpack(&mut self, into: Matrix, from: Matrix);

    /// The upper triangle of a square is packed.
    fn pack(&mut self, into: Matrix, from: Matrix);

    /// into ← triangle·right.
    fn multiply_triangle(&mut self, into: Matrix, triangle: Matrix, right: Matrix);

    /// into ← scale·left·right, where what lies below the diagonal of the upper triangles `left` and
    /// `right` does not count, and is 0 in the result.
    fn multiply_triangles(&mut self, into: Matrix, scale: f64, left: Matrix, right: Matrix);

    /// into ← triangleᵀ·triangle.
    fn square_triangle(&mut self, into: Matrix, triangle: Matrix);

    /// matrix ← triangle⁻¹·matrix.
    fn solve_triangle(&mut self, matrix: Matrix, triangle: Matrix);

    /// into ← ofᵀ − of.
    fn antisymmetric(&mut self, into: Matrix, of: Matrix);
}

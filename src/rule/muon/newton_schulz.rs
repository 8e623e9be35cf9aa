//! Newton–Schulz: the nearest orthonormal matrix by products alone.
//!
//! ```text
//! X₀ = M/‖M‖,   S = X·Xᵀ,   X ← (a·I + b·S + c·S²)·X
//! ```
//!
//! Each iteration maps every singular value σ to a·σ + b·σ³ + c·σ⁵ and leaves singular vectors alone.

use crate::transform::{LinearAlgebra, Matrix, MatrixPlan, Slot};
use typenum::{NonZero, Unsigned};

/// A polynomial a·σ + b·σ³ + c·σ⁵ of singular values.
pub type Quintic = [f64; 3];

/// The coefficients of each iteration; the last are repeated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NewtonSchulz {
    /// a, b, c of the first iterations.
    pub coefficients: &'static [Quintic],
    /// How many iterations there are.
    pub iterations: u32,
}

impl NewtonSchulz {
    /// Jordan et al., *Muon*, 2024, <https://kellerjordan.github.io/posts/muon/>: five times the same.
    /// Singular values above about 0.01 of the norm end up between 0.68 and 1.13.
    pub const PUBLISHED: Self = Self { coefficients: &[[3.4445, -4.7750, 2.0315]], iterations: 5 };

    /// Five iterations with coefficients of their own, which leave singular values above 0.02 of the
    /// norm within 0.97 and 1.04, where the published ones scatter: HeavyBall from 2.0 on.
    pub const TIGHT: Self = Self {
        coefficients: &[
            [4.0848, -6.8946, 2.9270],
            [3.9505, -6.3029, 2.6377],
            [3.7418, -5.5913, 2.3037],
            [2.8769, -3.1427, 1.2046],
            [2.8366, -3.0525, 1.2012],
        ],
        iterations: 5,
    };

    /// Amsel et al., *The Polar Express*, 2025, <https://arxiv.org/abs/2505.16932>, with the safety factor
    /// 1.01 on all but the last: ten iterations, which converge.
    pub const POLAR_EXPRESS: Self = Self {
        coefficients: &[
            safe([8.28721201814563, -23.595886519098837, 17.300387312530933]),
            safe([4.107059111542203, -2.9478499167379106, 0.5448431082926601]),
            safe([3.9486908534822946, -2.908902115962949, 0.5518191394370137]),
            safe([3.3184196573706015, -2.488488024314874, 0.51004894012372]),
            safe([2.300652019954817, -1.6689039845747493, 0.4188073119525673]),
            safe([1.891301407787398, -1.2679958271945868, 0.37680408948524835]),
            safe([1.8750014808534479, -1.2500016453999487, 0.3750001645474248]),
            [1.875, -1.25, 0.375],
        ],
        iterations: 10,
    };

    /// The same coefficients in another number of iterations.
    #[must_use]
    pub fn times(self, iterations: u32) -> Self {
        Self { iterations, ..self }
    }

    /// The same in a number of iterations that is a type, so that none at all does not compile.
    ///
    /// ```
    /// use gradus::rule::NewtonSchulz;
    /// use gradus::typenum::U7;
    ///
    /// assert_eq!(NewtonSchulz::TIGHT.times_of::<U7>(), NewtonSchulz::TIGHT.times(7));
    /// ```
    ///
    /// ```compile_fail,E0277
    /// use gradus::rule::NewtonSchulz;
    /// use gradus::typenum::U0;
    ///
    /// NewtonSchulz::TIGHT.times_of::<U0>();
    /// ```
    #[must_use]
    pub fn times_of<N: Unsigned + NonZero>(self) -> Self {
        self.times(N::U32)
    }

    /// What becomes of a singular value: for tests, and to see what a set of coefficients does.
    ///
    /// ```
    /// use gradus::rule::NewtonSchulz;
    ///
    /// assert!((NewtonSchulz::POLAR_EXPRESS.of_singular_value(0.3) - 1.0).abs() < 1e-6);
    /// assert!((0.68..1.14).contains(&NewtonSchulz::PUBLISHED.of_singular_value(0.3)));
    /// ```
    pub fn of_singular_value(&self, value: f64) -> f64 {
        self.each().fold(value, |value, [a, b, c]| {
            let square = value * value;
            value * (a + square * (b + square * c))
        })
    }

    /// The coefficients of each iteration, in order.
    fn each(&self) -> impl Iterator<Item = Quintic> + '_ {
        let last = self.coefficients.last().copied().unwrap_or([1.0, 0.0, 0.0]);
        (0..self.iterations as usize).map(move |place| self.coefficients.get(place).copied().unwrap_or(last))
    }

    /// Adds the room for a matrix of so many rows and columns to a plan: two squares of the shorter side, and one more
    /// matrix. Returns the number of the first.
    pub(super) fn make_room(plan: &mut MatrixPlan, rows: usize, columns: usize) -> usize {
        let least = rows.min(columns);
        let first = plan.make_room(least * least);
        plan.make_room(least * least);
        plan.make_room(rows * columns);
        first
    }

    /// Replaces the matrix at the beginning of a slot, whose norm is at most 1, by the result.
    pub(super) fn apply(
        &self,
        algebra: &mut dyn LinearAlgebra,
        slot: Slot,
        (rows, columns): (usize, usize),
        first_room: usize,
    ) {
        let least = rows.min(columns);
        let square = Matrix::square(Slot::Room(first_room), least);
        let polynomial = Matrix::square(Slot::Room(first_room + 1), least);
        let [mut from, mut into] =
            [slot, Slot::Room(first_room + 2)].map(|slot| Matrix::new(slot, rows, columns));
        if algebra.apply_quintics(from, &mut self.each(), [square, polynomial, into]) {
            return;
        }
        for [a, b, c] in self.each() {
            // The smaller of the two Gram matrices has the same polynomial.
            algebra.gram(square, 0.0, 1.0, if rows > columns { from.t() } else { from });
            algebra.multiply_symmetric(polynomial, 0.0, c, square, square.t());
            algebra.combine(polynomial, 1.0, b, square);
            algebra.add_to_diagonal(polynomial, a);
            if rows > columns {
                algebra.multiply(into, 0.0, 1.0, from, polynomial);
            } else {
                algebra.multiply(into, 0.0, 1.0, polynomial, from);
            }
            (from, into) = (into, from);
        }
        if from.slot != slot {
            algebra.combine(into, 0.0, 1.0, from);
        }
    }
}

/// The coefficients for singular values that are a little larger than they should be.
const fn safe([a, b, c]: Quintic) -> Quintic {
    const FACTOR: f64 = 1.01;
    [a / FACTOR, b / (FACTOR * FACTOR * FACTOR), c / (FACTOR * FACTOR * FACTOR * FACTOR * FACTOR)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn singular_values_end_in_the_published_bands() {
        let bands = [
            (NewtonSchulz::PUBLISHED, 0.01, 0.6..1.2),
            (NewtonSchulz::TIGHT, 0.02, 0.95..1.05),
            (NewtonSchulz::POLAR_EXPRESS, 0.001, 0.999..1.001),
        ];
        for (coefficients, from, band) in bands {
            for step in 0..=1000 {
                let value = from + (1.0 - from) * f64::from(step) / 1000.0;
                let result = coefficients.of_singular_value(value);
                assert!(band.contains(&result), "{value} becomes {result}");
            }
        }
    }
}

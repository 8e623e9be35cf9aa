//! Parts of a tensor, and the way to them.

use crate::transform::{LinearAlgebra, Matrix, MatrixPart, Slot};

/// Whether axes are cut that are too long for a factor that is not diagonal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Splitting {
    /// They are not, and have a diagonal factor. Default.
    #[default]
    Never,
    /// Every axis that is longer than the limit of the [shapes](super::FactorShapes), after merging, is cut into
    /// pieces as long as it, of which the last may be shorter: HeavyBall's `split`, but that axes of length 1
    /// stay. Each part of the tensor is merged once more, and has factors, first scale, bounds, balance and
    /// probe of its own: it does what it would do as a tensor. What works element by element, and what clips by
    /// tensor, sees no parts.
    ///
    /// ```
    /// use gradus::optimizer::Build;
    /// use gradus::rule::{KronFactors, Psgd, Splitting};
    ///
    /// let factors = KronFactors { splitting: Splitting::AtLimit, ..KronFactors::default() };
    /// let report = Psgd { factors, ..Psgd::pure() }.memory_of([("embedding", [5000, 8])])?;
    /// // Triangles of 2048, 2048 and 904 rows, and one of 8 beside each.
    /// let triangle = |n: u64| n * (n + 1) / 2;
    /// let factors = 2 * triangle(2048) + triangle(904) + 3 * triangle(8);
    /// // For each part two bounds, and whether it has begun; failures, and what clips.
    /// assert_eq!(report.state_bytes(), 4 * (factors + 3 * 3 + 2));
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    AtLimit,
}

/// Which way numbers are copied.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// From the tensor to the part.
    Out,
    /// From the part to the tensor.
    Back,
}

/// Copies between a slot for the part alone and one for all of a tensor of these axes, run by run.
pub(super) fn copy(
    algebra: &mut dyn LinearAlgebra,
    axes: &[usize],
    part: &MatrixPart,
    [alone, all]: [Slot; 2],
    way: Way,
) {
    let run = part.run(axes);
    for number in (0..part.len()).step_by(run.max(1)) {
        let alone = Matrix::new(alone, 1, run).at(number);
        let all = Matrix::new(all, 1, run).at(part.place(axes, number));
        let (into, from) = if way == Way::Out { (alone, all) } else { (all, alone) };
        algebra.combine(into, 0.0, 1.0, from);
    }
}

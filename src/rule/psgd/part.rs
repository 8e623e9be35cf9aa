//! Parts of a tensor, and the way to them.

use crate::transform::{LinearAlgebra, Matrix, MatrixPart, Slot};

/// Whether axes are cut that are too long for a factor that is not diagonal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Splitting {
    /// They are not, and have a diagonal factor. Default.
    #[default]
    Never,
    /// Every axis that is longer than the limit of the [shapes](super::FactorShapes), after merging, is cut into
    /// pieces as long as it, of which the last may be shorter: HeavyBall's `split`. Each part of the tensor is
    /// merged once more, has factors of its own, its own first scale, bounds and balance, and a probe of its own. What
    /// works element by element, and what clips by tensor, sees no parts.
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

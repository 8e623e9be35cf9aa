//! Tensors turned into a basis of their own along each axis.

use crate::transform::{LinearAlgebra, Matrix, Slot};

/// An axis with a basis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    /// The product of the axes before it.
    pub(super) outer: usize,
    /// Its length.
    pub(super) length: usize,
    /// The product of the axes behind it.
    pub(super) inner: usize,
    /// The number of the slot of its factor; that of its basis is the next.
    pub(super) slot: usize,
}

impl Axis {
    pub(super) fn factor(&self) -> Matrix {
        Matrix::square(Slot::State(self.slot), self.length)
    }

    pub(super) fn basis(&self) -> Matrix {
        Matrix::square(Slot::State(self.slot + 1), self.length)
    }

    /// Each plane of a tensor along this axis and those behind it: `length` rows.
    fn planes(self, slot: Slot) -> impl Iterator<Item = Matrix> {
        let plane = Matrix::new(slot, self.length, self.inner);
        (0..self.outer).map(move |number| plane.at(number * plane.len()))
    }

    /// into ← `from` with the index along this axis turned by `basis`ᵀ.
    pub(super) fn turn(self, algebra: &mut dyn LinearAlgebra, into: Slot, from: Slot, basis: Matrix) {
        if self.inner == 1 {
            let [into, from] = [into, from].map(|slot| Matrix::new(slot, self.outer, self.length));
            algebra.multiply(into, 0.0, 1.0, from, basis);
            return;
        }
        for (into, from) in self.planes(into).zip(self.planes(from)) {
            algebra.multiply(into, 0.0, 1.0, basis.t(), from);
        }
    }

    /// factor ← keep·factor + weight·(products of the tensor with itself over all other axes).
    pub(super) fn accumulate(self, algebra: &mut dyn LinearAlgebra, keep: f64, weight: f64, of: Slot) {
        if self.inner == 1 {
            let of = Matrix::new(of, self.outer, self.length);
            algebra.gram(self.factor(), keep, weight, of.t());
            return;
        }
        for (number, plane) in self.planes(of).enumerate() {
            algebra.gram(self.factor(), if number == 0 { keep } else { 1.0 }, weight, plane);
        }
    }
}

/// Turns a tensor along every axis, by the bases or back, and leaves it where it was. `room` is another
/// tensor.
pub(super) fn turn_all(
    algebra: &mut dyn LinearAlgebra,
    axes: impl Iterator<Item = Axis>,
    slot: Slot,
    room: Slot,
    is_back: bool,
) {
    let (mut from, mut into, mut elements) = (slot, room, 0);
    for axis in axes {
        let basis = axis.basis();
        axis.turn(algebra, into, from, if is_back { basis.t() } else { basis });
        elements = axis.outer * axis.length * axis.inner;
        (from, into) = (into, from);
    }
    if from != slot {
        algebra.combine(Matrix::new(slot, 1, elements), 0.0, 1.0, Matrix::new(from, 1, elements));
    }
}

//! One axis of a tensor, its factor, and products along it.

use super::lists::{SQUARES, TENSORS};
use crate::transform::{LinearAlgebra, Matrix, Slot};

/// What a factor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number for each place along the axis.
    Diagonal,
    /// An upper triangle in a square.
    Triangular,
    /// The same, packed.
    Packed,
    /// A nearly symmetric square.
    Symmetric,
}

/// An axis and its factor Q.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    /// The product of the axes before it.
    pub(super) outer: usize,
    /// Its length.
    pub(super) length: usize,
    /// The product of the axes behind it.
    pub(super) inner: usize,
    pub(super) kind: Kind,
    /// Its number.
    pub(super) place: usize,
    /// The slot of its factor: room, if it is kept in a 16-bit format.
    pub(super) slot: Slot,
    /// The number of its first element there.
    pub(super) first: usize,
    /// Where it is kept: the number of a list, and that of the first element in it.
    pub(super) kept: (usize, usize),
    /// QᵀQ, if that is kept.
    pub(super) product: Option<Matrix>,
}

impl Axis {
    /// All numbers of the factor.
    pub(super) fn factor(&self) -> Matrix {
        let (slot, length) = (self.slot, self.length);
        let factor = match self.kind {
            Kind::Diagonal => Matrix::new(slot, 1, length),
            Kind::Packed => Matrix::new(slot, 1, length * (length + 1) / 2),
            Kind::Triangular | Kind::Symmetric => Matrix::square(slot, length),
        };
        factor.at(self.first)
    }

    /// The factor as a square: where it lies, or unpacked into a room that the next one overwrites.
    pub(super) fn square(&self, algebra: &mut dyn LinearAlgebra) -> Matrix {
        if self.kind != Kind::Packed {
            return self.factor();
        }
        let square = Matrix::square(SQUARES[0], self.length);
        algebra.unpack(square, self.factor());
        square
    }

    /// Parts of a tensor, each with a row for each place along the axis.
    pub(super) fn blocks(self, slot: Slot) -> impl Iterator<Item = Matrix> {
        let is_last = self.inner == 1;
        let block = if is_last {
            Matrix::new(slot, self.outer, self.length).t()
        } else {
            Matrix::new(slot, self.length, self.inner)
        };
        let count = if is_last { 1 } else { self.outer };
        (0..count).map(move |number| block.at(number * block.len()))
    }

    /// Row i of each block ← row i·qᵢᵖ, of a diagonal factor.
    pub(super) fn scale(self, algebra: &mut dyn LinearAlgebra, slot: Slot, power: i32) {
        self.blocks(slot).for_each(|block| algebra.scale_rows(block, self.factor(), power));
    }

    /// `into` ← Q·`from` along the axis, for a factor `square` that is not diagonal, or its transpose.
    pub(super) fn multiply(self, algebra: &mut dyn LinearAlgebra, into: Slot, square: Matrix, from: Slot) {
        for (into, from) in self.blocks(into).zip(self.blocks(from)) {
            match self.kind {
                Kind::Symmetric => algebra.multiply(into, 0.0, 1.0, square, from),
                _ => algebra.multiply_triangle(into, square, from),
            }
        }
    }

    /// into ← the products of a tensor with itself over all other axes.
    pub(super) fn gram(self, algebra: &mut dyn LinearAlgebra, into: Matrix, of: Slot) {
        for (number, block) in self.blocks(of).enumerate() {
            algebra.gram(into, if number == 0 { 0.0 } else { 1.0 }, 1.0, block);
        }
    }

    /// into ← the diagonal of those.
    pub(super) fn squares(self, algebra: &mut dyn LinearAlgebra, into: Matrix, of: Slot) {
        for (number, block) in self.blocks(of).enumerate() {
            algebra.square_rows(into, if number == 0 { 0.0 } else { 1.0 }, block);
        }
    }
}

/// What a factor does to a tensor along its axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Acting {
    /// QᵀQ·tensor.
    Product,
    /// Q·tensor.
    Root,
}

/// Factors act on a tensor along every axis, in place. The last of the rooms for tensors is overwritten.
pub(super) fn precondition(
    algebra: &mut dyn LinearAlgebra,
    axes: impl Iterator<Item = Axis>,
    acting: Acting,
    slot: Slot,
    elements: usize,
) {
    let (mut from, mut room) = (slot, TENSORS[2]);
    for axis in axes {
        let (power, product) = match acting {
            Acting::Product => (2, axis.product),
            Acting::Root => (1, None),
        };
        if axis.kind == Kind::Diagonal {
            axis.scale(algebra, from, power);
            continue;
        }
        if let Some(product) = product {
            for (into, from) in axis.blocks(room).zip(axis.blocks(from)) {
                algebra.multiply(into, 0.0, 1.0, product, from);
            }
        } else {
            let square = axis.square(algebra);
            axis.multiply(algebra, room, square, from);
            if acting == Acting::Product {
                axis.multiply(algebra, from, square.t(), room);
                continue;
            }
        }
        (from, room) = (room, from);
    }
    // To where it is expected, if it has ended up elsewhere.
    if from != slot {
        algebra.combine(Matrix::new(slot, 1, elements), 0.0, 1.0, Matrix::new(from, 1, elements));
    }
}

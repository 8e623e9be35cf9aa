//! [`Operand`]: numbers as a matrix.

use super::hands::Field;
use crate::transform::Matrix;
use faer::MatRef;

/// Numbers that are read as a matrix.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operand<'a, F> {
    pub(super) numbers: &'a [F],
    /// Rows and columns as they lie in memory, row by row.
    rows: usize,
    columns: usize,
    /// Whether the transpose is meant.
    pub(super) transposed: bool,
}

impl<'a, F: Field> Operand<'a, F> {
    pub(super) fn new(matrix: Matrix, numbers: &'a [F]) -> Self {
        Self { numbers, rows: matrix.rows, columns: matrix.columns, transposed: matrix.transposed }
    }

    /// A square of n rows.
    pub(super) fn square(numbers: &'a [F], n: usize) -> Self {
        Self { numbers, rows: n, columns: n, transposed: false }
    }

    /// The same numbers under the name of their format.
    pub(super) fn cast<G: Field>(self) -> Operand<'a, G> {
        let Self { numbers, rows, columns, transposed } = self;
        Operand { numbers: bytemuck::cast_slice(numbers), rows, columns, transposed }
    }

    pub(super) fn t(self) -> Self {
        Self { transposed: !self.transposed, ..self }
    }

    /// Rows and columns, of the transpose if that is meant.
    pub(super) fn shape(&self) -> (usize, usize) {
        if self.transposed { (self.columns, self.rows) } else { (self.rows, self.columns) }
    }

    pub(super) fn view(self) -> MatRef<'a, F> {
        let view = MatRef::from_row_major_slice(self.numbers, self.rows, self.columns);
        if self.transposed { view.transpose() } else { view }
    }

    /// Whether both are the same numbers in the same order.
    pub(super) fn is(&self, other: &Self) -> bool {
        core::ptr::eq(self.numbers, other.numbers)
            && self.shape() == other.shape()
            && self.transposed == other.transposed
    }

    /// The same matrix with the other order in memory.
    pub(super) fn moved_into(self, spare: &'a mut [F]) -> Self {
        let spare = &mut spare[..self.numbers.len()];
        transpose::transpose(self.numbers, spare, self.columns, self.rows);
        let (rows, columns) = (self.columns, self.rows);
        Self { numbers: spare, rows, columns, transposed: !self.transposed }
    }
}

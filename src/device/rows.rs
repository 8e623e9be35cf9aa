//! Gradients of a few rows, and what a device must do to work on these rows alone.

use super::Device;
use crate::dtype::StorageDtype;

/// A gradient that is zero but in some rows, as that of an embedding table is.
///
/// A row is what one index along the first axis selects. Rows may come in any order and more than once;
/// those that do are added.
///
/// ```
/// use gradus::device::SparseRows;
/// use ndarray::array;
///
/// // Rows 7 and 2 of a table of three columns, the former twice.
/// let gradient = SparseRows {
///     rows: [7, 2, 7],
///     values: array![[1.0f32, 2.0, 3.0], [0.5, 0.5, 0.5], [1.0, 0.0, 0.0]],
/// };
/// assert_eq!(gradient.rows.len(), gradient.values.nrows());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SparseRows<I, A> {
    /// The indices of the rows.
    pub rows: I,
    /// The rows themselves, in the same order: the shape of the parameter with the number of rows in
    /// the place of its first length, row-major.
    pub values: A,
}

/// A row of a gradient: where it belongs, and where it stands among the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The row of the parameter.
    pub row: usize,
    /// The row of the values.
    pub place: usize,
}

/// A device that can work on some rows of a tensor.
pub trait Rows: Device {
    /// Makes a buffer hold `length` elements, whatever they are. Memory that it has is kept.
    fn resize<T: StorageDtype>(&self, buffer: &mut Self::Buffer<T>, length: usize);

    /// Copies rows of `width` elements out of a tensor.
    ///
    /// # Panics
    /// If a row is not there, or `into` has not as many.
    fn gather<T: StorageDtype>(
        &self,
        from: Self::View<'_, T>,
        rows: &[usize],
        width: usize,
        into: Self::ViewMut<'_, T>,
    );

    /// Copies rows of `width` elements back into a tensor.
    ///
    /// # Panics
    /// If a row is not there, or `from` has not as many.
    fn scatter<T: StorageDtype>(
        &self,
        from: Self::View<'_, T>,
        rows: &[usize],
        width: usize,
        into: Self::ViewMut<'_, T>,
    );

    /// Adds the entries of each row in their order, in the arithmetic of the format, and rounds each sum
    /// once. Entries are sorted; `into` has as many rows as differ among them. A row that comes once is
    /// copied.
    ///
    /// # Panics
    /// If an entry's place is not there, or `into` has another number of rows.
    fn sum_rows<T: StorageDtype>(
        &self,
        values: Self::View<'_, T>,
        entries: &[Entry],
        width: usize,
        into: Self::ViewMut<'_, T>,
    );
}

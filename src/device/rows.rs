//! Gradients of a few rows, and what a device must do to work on these rows alone.

use super::Device;
use crate::dtype::StorageDtype;
use crate::error::Result;
use core::fmt::Debug;

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
    /// The indices of the rows, in the host's memory on every device.
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

/// The rows of a tensor that a step works on.
#[derive(Debug)]
pub struct Chosen<D: Rows> {
    /// The rows, each once, ascending.
    pub rows: Vec<usize>,
    /// What there is of each: sorted.
    pub entries: Vec<Entry>,
    /// Both, where the device finds them.
    pub indices: D::Indices,
}

impl<D: Rows> Default for Chosen<D> {
    fn default() -> Self {
        Self { rows: Vec::new(), entries: Vec::new(), indices: D::Indices::default() }
    }
}

impl<D: Rows> Chosen<D> {
    /// Chooses rows in any order, of which some may come more than once. Only more of them than ever before allocate.
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::device::Chosen;
    ///
    /// let mut chosen = Chosen::<Cpu>::default();
    /// chosen.choose(&Cpu::default(), &[7, 2, 7])?;
    /// assert_eq!(chosen.rows, [2, 7]);
    /// assert_eq!(chosen.entries.iter().map(|entry| entry.place).collect::<Vec<_>>(), [1, 0, 2]);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// Whatever the device reports.
    pub fn choose(&mut self, device: &D, rows: &[usize]) -> Result<()> {
        self.clear();
        self.entries.extend(rows.iter().enumerate().map(|(place, row)| Entry { row: *row, place }));
        self.entries.sort_unstable();
        self.rows.extend(self.entries.chunk_by(|one, next| one.row == next.row).map(|of_row| of_row[0].row));
        device.send_indices(self)
    }

    /// Chooses none.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.entries.clear();
    }
}

/// A device that can work on some rows of a tensor.
pub trait Rows: Device {
    /// The rows of a step in memory of the device; nothing where that is the host's.
    type Indices: Debug + Default + Send + Sync;

    /// Puts what has been chosen where the device finds it.
    ///
    /// # Errors
    /// Whatever the device reports.
    fn send_indices(&self, chosen: &mut Chosen<Self>) -> Result<()>;

    /// Makes a buffer hold `length` elements, whatever they are. Memory that it has is kept.
    ///
    /// # Errors
    /// That there is no memory; then the buffer is what it was.
    fn resize<T: StorageDtype>(&self, buffer: &mut Self::Buffer<T>, length: usize) -> Result<()>;

    /// Copies rows of `width` elements out of a tensor.
    ///
    /// # Errors
    /// Whatever the device reports.
    ///
    /// # Panics
    /// If a row is not there, or `into` has not as many. A device may report that instead.
    fn gather<T: StorageDtype>(
        &self,
        from: Self::View<'_, T>,
        chosen: &Chosen<Self>,
        width: usize,
        into: Self::ViewMut<'_, T>,
    ) -> Result<()>;

    /// Copies rows of `width` elements back into a tensor. It comes behind a [`gather`](Self::gather) of the same, which
    /// has found all that is needed for it.
    ///
    /// # Errors
    /// Whatever the device reports.
    ///
    /// # Panics
    /// If a row is not there, or `from` has not as many. A device may report that instead.
    fn scatter<T: StorageDtype>(
        &self,
        from: Self::View<'_, T>,
        chosen: &Chosen<Self>,
        width: usize,
        into: Self::ViewMut<'_, T>,
    ) -> Result<()>;

    /// Adds the entries of each row in their order, in the arithmetic of the format, and rounds each sum
    /// once. `into` has as many rows as have been chosen. A row that comes once is copied.
    ///
    /// # Errors
    /// Whatever the device reports.
    ///
    /// # Panics
    /// If an entry's place is not there, or `into` has not as many rows. A device may report that instead.
    fn sum_rows<T: StorageDtype>(
        &self,
        values: Self::View<'_, T>,
        chosen: &Chosen<Self>,
        width: usize,
        into: Self::ViewMut<'_, T>,
    ) -> Result<()>;
}

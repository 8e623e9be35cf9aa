//! [`LinearAlgebra`]: what a device can do with the matrices of one tensor.

use super::TriangularAlgebra;

/// A run of numbers that belongs to a tensor for the time of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// What the stages before have made of the gradient; what the stages behind go on with.
    Update,
    /// The gradient as the stages before have left it.
    Gradient,
    /// What is kept from step to step, by its number in the [plan](super::MatrixPlan).
    State(usize),
    /// Room for what is not, by its number.
    Room(usize),
}

/// A matrix within a [`Slot`], row by row without gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matrix {
    /// Where it lies.
    pub slot: Slot,
    /// The number of its first element within the slot.
    pub first: usize,
    /// Rows, as they lie in memory.
    pub rows: usize,
    /// Columns, as they lie in memory.
    pub columns: usize,
    /// Whether its transpose is meant.
    pub transposed: bool,
}

impl Matrix {
    /// The matrix with which a slot begins.
    pub fn new(slot: Slot, rows: usize, columns: usize) -> Self {
        Self { slot, first: 0, rows, columns, transposed: false }
    }

    /// The square matrix with which a slot begins.
    pub fn square(slot: Slot, rows: usize) -> Self {
        Self::new(slot, rows, rows)
    }

    /// The matrix that begins `first` elements into the slot.
    #[must_use]
    pub fn at(self, first: usize) -> Self {
        Self { first, ..self }
    }

    /// Its transpose.
    #[must_use]
    pub fn t(self) -> Self {
        Self { transposed: !self.transposed, ..self }
    }

    /// Rows and columns, of the transpose if that is meant.
    pub fn shape(&self) -> (usize, usize) {
        if self.transposed { (self.columns, self.rows) } else { (self.rows, self.columns) }
    }

    /// How many elements it has.
    pub fn len(&self) -> usize {
        self.rows * self.columns
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What a device can do with the matrices of one tensor, without allocating anything.
///
/// All arithmetic is that of the parameters: `f64` for `f64`, else `f32`. Results have the same bits
/// for any number of threads. What is written lies in another slot than what is read, unless a method
/// works in place; anything else is a mistake in a rule, and panics.
///
/// Methods that may fail say so by `false`, and then leave what they would have written as it was.
pub trait LinearAlgebra: TriangularAlgebra {
    /// into ← keep·into + scale·left·right. With keep = 0 what was there does not count, NaN included.
    fn multiply(&mut self, into: Matrix, keep: f64, scale: f64, left: Matrix, right: Matrix);

    /// into ← keep·into + scale·of·ofᵀ, a symmetric product: half the work.
    fn gram(&mut self, into: Matrix, keep: f64, scale: f64, of: Matrix);

    /// into ← keep·into + scale·left·right where the result is known to be symmetric: half the work.
    fn multiply_symmetric(&mut self, into: Matrix, keep: f64, scale: f64, left: Matrix, right: Matrix);

    /// For each a, b, c in turn: matrix ← (a·I + b·S + c·S²)·matrix, where S is matrix·matrixᵀ. `room` is two squares of
    /// its shorter side, and a matrix of its size.
    ///
    /// `false` where the device does this no better than the other methods together do.
    fn apply_quintics(
        &mut self,
        matrix: Matrix,
        quintics: &mut dyn Iterator<Item = [f64; 3]>,
        room: [Matrix; 3],
    ) -> bool;

    /// into ← keep·into + scale·from, element by element in the order of memory.
    fn combine(&mut self, into: Matrix, keep: f64, scale: f64, from: Matrix);

    /// matrix ← scale·matrix.
    fn scale(&mut self, matrix: Matrix, scale: f64);

    /// matrix ← matrix + amount·I.
    fn add_to_diagonal(&mut self, matrix: Matrix, amount: f64);

    /// matrix ← matrix/max(‖matrix‖, floor), with the Frobenius norm, which no element overflows.
    fn normalize(&mut self, matrix: Matrix, floor: f64);

    /// Whether no element is infinite or NaN, and one is not 0.
    fn is_usable(&mut self, matrix: Matrix) -> bool;

    /// The eigenvectors of a symmetric matrix as columns, that of the largest eigenvalue first.
    /// Overwrites `of` where the device likes.
    fn eigenvectors(&mut self, into: Matrix, of: Matrix) -> bool;

    /// One power iteration: `basis` ← the orthonormal factor, with a positive diagonal of the triangular
    /// one, of gram·basis, whose columns are taken in the order of falling estimates diag(basisᵀ·gram·basis).
    /// Columns keep their places.
    ///
    /// `lift` adds so much of the largest estimate, times the old basis, before. `room` is three
    /// matrices of the same size.
    fn iterate_basis(&mut self, basis: Matrix, gram: Matrix, lift: f64, room: [Matrix; 3]) -> bool;

    /// into ← the permutation that puts the columns of a basis, as basis·into, in the order of falling
    /// estimates diag(basisᵀ·gram·basis).
    fn order_of_columns(&mut self, into: Matrix, basis: Matrix, gram: Matrix);

    /// matrix ← U·Vᵀ of its singular value decomposition U·Σ·Vᵀ, in place. Where singular values vanish
    /// the result is one of many.
    fn polar(&mut self, matrix: Matrix) -> bool;

    /// matrix ← the orthonormal factor of its columns, with a positive diagonal of the triangular one, in
    /// place. If it has more columns than rows, the same is done to its transpose.
    fn orthonormal(&mut self, matrix: Matrix) -> bool;

    /// Copies a field of the inner stages' state into a slot, widened.
    fn load(&mut self, field: usize, into: Slot);

    /// Copies a slot back into a field of the inner stages' state, rounded as state is.
    fn store(&mut self, field: usize, from: Slot);

    /// Copies what is kept in a 16-bit format: from number `first` on of the list `kept` of the
    /// [plan](super::MatrixPlan::narrow).
    fn widen(&mut self, into: Matrix, kept: usize, first: usize);

    /// Keeps a matrix there. It consists of what is kept afterwards.
    ///
    /// Each becomes one of its two neighbours, at random, so that the mean is the number: the bits
    /// follow from the seed, the tensor, the number of its gradient, `kept` and the place. A finite number
    /// stays finite, and one that is not 0 does not become 0 but the smallest of its sign: what can be
    /// divided by still can.
    fn narrow(&mut self, matrix: Matrix, kept: usize, first: usize, seed: u64);
}

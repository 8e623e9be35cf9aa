//! The shape of a tensor and the order of its elements in memory.

use core::fmt;
use smallvec::SmallVec;

/// A shape, and the strides by which a contiguous tensor of that shape walks through memory.
///
/// Optimizers work on contiguous memory in whatever order it has: row-major, column-major, or any
/// permutation of the axes. What must agree is the order of a parameter, of its gradient and of
/// the state that was built for it.
///
/// ```
/// use gradus::shape::Layout;
///
/// let matrix = Layout::row_major(&[3, 4]);
/// assert_eq!(matrix.len(), 12);
/// assert_eq!(matrix.to_string(), "[3, 4]");
/// assert_eq!(matrix, Layout::new(&[3, 4], &[4, 1]));
/// assert_ne!(matrix, Layout::new(&[3, 4], &[1, 3]));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Layout {
    // Six axes lie inline, so that checking a tensor at a step allocates nothing.
    shape: SmallVec<[usize; 6]>,
    strides: SmallVec<[isize; 6]>,
}

impl Layout {
    /// A layout of `shape` with `strides` in elements, axis by axis.
    ///
    /// # Panics
    /// If there are not as many strides as axes.
    pub fn new(shape: &[usize], strides: &[isize]) -> Self {
        assert_eq!(shape.len(), strides.len(), "a stride for every axis");
        let (mut kept, empty) = (SmallVec::from_elem(0, shape.len()), shape.contains(&0));
        for ((length, stride), kept) in shape.iter().zip(strides).zip(&mut kept) {
            *kept = walked(*length, *stride, empty);
        }
        Self { shape: SmallVec::from_slice(shape), strides: kept }
    }

    /// The layout of `shape` whose last axis varies fastest.
    pub fn row_major(shape: &[usize]) -> Self {
        // Tensors are asked for it at every step, so each stride is written once, and where it stays.
        let (mut strides, empty) = (SmallVec::from_elem(0, shape.len()), shape.contains(&0));
        let mut elements = 1isize;
        for (length, stride) in shape.iter().zip(&mut strides).rev() {
            *stride = walked(*length, elements, empty);
            elements = elements.saturating_mul(*length as isize);
        }
        Self { shape: SmallVec::from_slice(shape), strides }
    }

    /// The same layout, row-major, with `count` in the place of the first length.
    pub(crate) fn with_rows(&self, count: usize) -> Self {
        let mut shape = self.shape.clone();
        if let Some(first) = shape.first_mut() {
            *first = count;
        }
        Self::row_major(&shape)
    }

    /// The lengths of the axes; empty for a single number (0-d).
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The strides of the axes in elements; 0 where an axis is never walked.
    pub fn strides(&self) -> &[isize] {
        &self.strides
    }

    /// The number of elements: the product of the axes, 1 for a 0-d tensor.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// The index of the element in place `place` of the memory, axis by axis.
    ///
    /// ```
    /// use gradus::shape::Layout;
    ///
    /// assert_eq!(Layout::row_major(&[3, 4]).index(6), [1, 2]);
    /// assert_eq!(Layout::new(&[3, 4], &[1, 3]).index(7), [1, 2]); // column-major
    /// ```
    pub fn index(&self, place: usize) -> Vec<usize> {
        let mut axes: Vec<_> = (0..self.shape.len()).filter(|&axis| self.strides[axis] != 0).collect();
        axes.sort_by_key(|&axis| core::cmp::Reverse(self.strides[axis].unsigned_abs()));
        let (mut index, mut rest) = (vec![0; self.shape.len()], place);
        for axis in axes {
            let stride = self.strides[axis].unsigned_abs();
            let along = rest / stride;
            index[axis] = if self.strides[axis] > 0 { along } else { self.shape[axis] - 1 - along };
            rest %= stride;
        }
        index
    }

    /// Whether an axis has length 0.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The stride of an axis of length 0 or 1 is never walked, so it must not count.
fn walked(length: usize, stride: isize, empty: bool) -> isize {
    if empty || length == 1 { 0 } else { stride }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.shape.as_slice())
    }
}

impl fmt::Debug for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} by {:?}", self.shape.as_slice(), self.strides.as_slice())
    }
}

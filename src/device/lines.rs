//! The lines of a tensor: what a number [by axis](crate::transform::ByAxis) belongs to.

use crate::shape::Layout;
use smallvec::SmallVec;

/// Elements at multiples of which a tensor may be cut.
const BORDER: usize = 64;
/// The least elements in a part, so that cutting costs nothing.
const PART: usize = 1 << 15;
/// The most parts, so that the room for what they find stays small.
const MOST_PARTS: usize = 32;

/// The lines of all axes of a tensor, numbered axis by axis, and how its memory walks through them.
///
/// ```
/// use gradus::device::Lines;
/// use gradus::shape::Layout;
///
/// let lines = Lines::of(&Layout::row_major(&[3, 4])); // 3 rows, 4 columns
/// assert_eq!(lines.count(), 7);
/// assert_eq!(Lines::of(&Layout::row_major(&[])).count(), 1);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines {
    /// The axes along which a run of elements has one index, slowest first.
    pub outer: SmallVec<[Axis; 6]>,
    /// The first line of the axis along which the elements of a run lie; [`None`] if these have no
    /// lines of their own.
    pub inner: Option<usize>,
    /// Elements in a run.
    pub run: usize,
    /// Lines that hold the whole tensor: those of axes of length 1. As they hold the largest of all
    /// numbers, no element needs to read them.
    pub whole: SmallVec<[usize; 6]>,
    count: usize,
}

/// An axis of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Its length: so many lines has it.
    pub length: usize,
    /// The number of its first line.
    pub first: usize,
}

/// How a tensor is cut into parts along its slowest axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// How many parts.
    pub count: usize,
    /// Lines of the slowest axis in each part but the last.
    pub lines: usize,
    /// Elements in each of these lines.
    pub elements: usize,
}

impl Lines {
    /// The lines of all axes of a layout; a single number is a line by itself.
    ///
    /// Along an axis that memory walks backwards, lines are numbered from the end.
    pub fn of(layout: &Layout) -> Self {
        let (mut walked, mut whole, mut count) = (SmallVec::<[(usize, Axis); 6]>::new(), SmallVec::new(), 0);
        for (&length, &stride) in layout.shape().iter().zip(layout.strides()) {
            match length {
                1 => whole.push(count),
                _ => walked.push((stride.unsigned_abs(), Axis { length, first: count })),
            }
            count += length;
        }
        if layout.shape().is_empty() {
            whole.push(0);
            count = 1;
        }
        walked.sort_by_key(|(stride, _)| core::cmp::Reverse(*stride));
        let mut outer: SmallVec<[Axis; 6]> = walked.into_iter().map(|(_, axis)| axis).collect();
        let inner = outer.pop().unwrap_or_else(|| Axis { length: 1, first: whole.remove(0) });
        Self { outer, inner: Some(inner.first), run: inner.length, whole, count }
    }

    /// `count` lines of `run` elements each, one after the other.
    pub fn rows(count: usize, run: usize) -> Self {
        let whole = SmallVec::new();
        match run {
            1 => Self { outer: SmallVec::new(), inner: Some(0), run: count, whole, count },
            _ => {
                let rows = Axis { length: count, first: 0 };
                Self { outer: SmallVec::from_slice(&[rows]), inner: None, run, whole, count }
            }
        }
    }

    /// How many there are: the sum of the lengths of all axes.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The slowest axis.
    pub fn slowest(&self) -> Axis {
        let alone = Axis { length: self.run, first: self.inner.unwrap_or_default() };
        self.outer.first().copied().unwrap_or(alone)
    }

    /// The other axes.
    pub fn others(&self) -> impl Iterator<Item = Axis> {
        let inner = self.inner.filter(|_| !self.outer.is_empty());
        let inner = inner.map(|first| Axis { length: self.run, first });
        self.outer.iter().skip(1).copied().chain(inner)
    }

    /// How a tensor of `elements` elements is cut. Results do not depend on it.
    pub fn parts(&self, elements: usize) -> Parts {
        let length = self.slowest().length;
        let each = elements / length.max(1);
        let others: usize = self.others().map(|axis| axis.length).sum();
        let wanted = (elements / PART.max(8 * others)).clamp(1, MOST_PARTS);
        // The fewest lines whose elements end on a border.
        let border = BORDER / BORDER.min(1 << each.max(1).trailing_zeros());
        let lines = length.div_ceil(wanted).next_multiple_of(border).max(1);
        Parts { count: length.div_ceil(lines).max(1), lines, elements: each }
    }

    /// Numbers that a step needs room for, beside one for each line: for each line of the slowest axis
    /// one, and for each line of the others as many as there are parts.
    pub fn room(&self, elements: usize) -> usize {
        let others: usize = self.others().map(|axis| axis.length).sum();
        self.slowest().length + self.parts(elements).count * others
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes(lines: &Lines) -> (Vec<(usize, usize)>, Option<usize>, usize, &[usize]) {
        let outer = lines.outer.iter().map(|axis| (axis.length, axis.first)).collect();
        (outer, lines.inner, lines.run, &lines.whole)
    }

    #[test]
    fn memory_order_decides_which_axis_is_walked_first() {
        let row_major = Lines::of(&Layout::row_major(&[3, 1, 4, 5]));
        assert_eq!(axes(&row_major), (vec![(3, 0), (4, 4)], Some(8), 5, &[3][..]));
        let column_major = Lines::of(&Layout::new(&[3, 1, 4, 5], &[1, 3, 3, 12]));
        assert_eq!(axes(&column_major), (vec![(5, 8), (4, 4)], Some(0), 3, &[3][..]));
        assert_eq!((row_major.count(), column_major.count()), (13, 13));
    }

    #[test]
    fn a_single_element_has_one_line_to_walk() {
        assert_eq!(axes(&Lines::of(&Layout::row_major(&[]))), (vec![], Some(0), 1, &[][..]));
        assert_eq!(axes(&Lines::of(&Layout::row_major(&[1, 1]))), (vec![], Some(0), 1, &[1][..]));
    }

    #[test]
    fn parts_end_on_borders_and_hold_everything() {
        for shape in
            [&[3][..], &[70_001], &[4096, 4096], &[1000, 37], &[2, 100_000], &[40_000, 3], &[99, 9, 77]]
        {
            let elements: usize = shape.iter().product();
            let lines = Lines::of(&Layout::row_major(shape));
            let parts = lines.parts(elements);
            assert_eq!(parts.elements * shape[0], elements);
            assert!(parts.count * parts.lines >= shape[0] && (parts.count - 1) * parts.lines < shape[0]);
            assert!(parts.count == 1 || (parts.lines * parts.elements).is_multiple_of(BORDER), "{shape:?}");
            assert!(lines.room(elements) <= shape[0] + elements / 8 + lines.count(), "{shape:?}");
        }
        assert_eq!(Lines::of(&Layout::row_major(&[4096, 4096])).parts(1 << 24).count, MOST_PARTS);
    }
}

//! [`MatrixPlan`]: what a matrix rule keeps and needs for a tensor.

use super::{MatrixPart, MatrixPrecision};
use crate::dtype::NarrowFormat;
use crate::shape::Layout;

/// What a [`MatrixRule`](super::MatrixRule) keeps and needs for one tensor, known before anything is
/// allocated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MatrixPlan {
    /// The axes as they lie in memory, the slowest first; some may have been [merged].
    pub axes: Vec<usize>,
    /// The parts with matrices of their own, for rules that split tensors.
    pub parts: Vec<MatrixPart>,
    /// The shape as the user knows it.
    pub shape: Vec<usize>,
    /// What is kept from step to step: names and how many numbers each has. They start as 0.
    pub state: Vec<(String, usize)>,
    /// What is kept in 16-bit formats: the same, and which format. They start as 0, too.
    pub narrow: Vec<(String, usize, NarrowFormat)>,
    /// Room for what does not outlive a step: how many numbers each has.
    pub room: Vec<usize>,
    /// The factorisations that will be asked for, so that their workspace is allocated once.
    pub factorizations: Vec<Factorization>,
    /// What its matrices are multiplied in.
    pub precision: MatrixPrecision,
}

/// A factorisation with a workspace of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factorization {
    /// Eigenvectors of a symmetric matrix with so many rows.
    Eigenvectors(usize),
    /// Columns made orthonormal, in a square matrix with so many rows.
    Orthonormal(usize),
    /// The lines along the longer side of a matrix with so many rows and columns made orthonormal.
    OrthonormalLines(usize, usize),
    /// Singular vectors of a matrix with so many rows and columns.
    SingularVectors(usize, usize),
}

impl MatrixPlan {
    /// A plan without anything to keep for a tensor of this layout.
    pub fn of(layout: &Layout) -> Self {
        Self { axes: axes_in_memory(layout), shape: layout.shape().to_vec(), ..Self::default() }
    }

    /// How many numbers are kept from step to step in the format of the arithmetic.
    pub fn state_len(&self) -> usize {
        self.state.iter().map(|(_, length)| length).sum()
    }

    /// How many numbers there is room for beside them.
    pub fn room_len(&self) -> usize {
        self.room.iter().sum()
    }

    /// How many numbers the largest matrix has, of a tensor with so many elements; 0 if it only flows through.
    pub fn largest(&self, elements: usize) -> usize {
        let kept = self.state.iter().map(|(_, length)| *length);
        let all = kept.chain(self.room.iter().copied());
        match all.reduce(usize::max) {
            None if self.factorizations.is_empty() => 0,
            largest => elements.max(largest.unwrap_or(0)),
        }
    }

    /// Adds something to keep, and returns its number.
    pub fn keep(&mut self, name: impl Into<String>, length: usize) -> usize {
        self.state.push((name.into(), length));
        self.state.len() - 1
    }

    /// Adds something to keep in a 16-bit format, and returns its number among those.
    pub fn keep_narrow(&mut self, name: impl Into<String>, length: usize, format: NarrowFormat) -> usize {
        self.narrow.push((name.into(), length, format));
        self.narrow.len() - 1
    }

    /// Adds room, and returns its number.
    pub fn make_room(&mut self, length: usize) -> usize {
        self.room.push(length);
        self.room.len() - 1
    }
}

/// The lengths of the axes in the order of memory, the slowest first. Axes of length 1, of which memory
/// does not know where they lie, stay in place.
fn axes_in_memory(layout: &Layout) -> Vec<usize> {
    let mut axes: Vec<_> = layout.shape().iter().copied().zip(layout.strides().iter().copied()).collect();
    if axes.windows(2).any(|pair| pair[0].1.unsigned_abs() < pair[1].1.unsigned_abs() && pair[0].0 > 1) {
        axes.sort_by_key(|(_, stride)| core::cmp::Reverse(stride.unsigned_abs()));
    }
    axes.into_iter().map(|(length, _)| length).collect()
}

/// How neighbouring axes become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Merging {
    /// All axes stay.
    Never,
    /// Axes after the first are multiplied, from the last to the first, while the product stays within
    /// the limit. Default.
    #[default]
    UpToLimit,
    /// The same, but the product that is open at the end of the walk is put last: HeavyBall before 3.
    OpenLast,
    /// More than two become a matrix whose columns are the last one: kron_torch.
    LastApart,
    /// More than two become a matrix: either the last one or the first stays apart, whichever is closer to
    /// a square.
    Squarer,
}

/// The axes after merging.
///
/// ```
/// use gradus::transform::{Merging, merged};
///
/// assert_eq!(merged(&[6, 4, 3, 3], 24, Merging::UpToLimit), [6, 4, 9]);
/// assert_eq!(merged(&[6, 4, 3, 3], 24, Merging::OpenLast), [6, 9, 4]);
/// assert_eq!(merged(&[6, 4, 3, 3], 24, Merging::Never), [6, 4, 3, 3]);
/// assert_eq!(merged(&[6, 4, 3, 3], 36, Merging::UpToLimit), [6, 36]);
/// assert_eq!(merged(&[6, 4, 3, 3], 24, Merging::LastApart), [72, 3]);
/// assert_eq!(merged(&[6, 4, 3, 3], 24, Merging::Squarer), [6, 36]);
/// assert_eq!(merged(&[6, 1, 1], 24, Merging::UpToLimit), [6]);
/// ```
pub fn merged(axes: &[usize], limit: usize, merging: Merging) -> Vec<usize> {
    let least = if matches!(merging, Merging::LastApart | Merging::Squarer) { 3 } else { 2 };
    if merging == Merging::Never || axes.len() < least {
        return axes.to_vec();
    }
    let [first, last] = [axes[0], axes[axes.len() - 1]];
    let all: usize = axes.iter().product();
    let apart = |length: usize| all.checked_div(length).unwrap_or(0);
    let difference = |length: usize| apart(length).abs_diff(length);
    match merging {
        Merging::Squarer if difference(first) < difference(last) => return vec![first, apart(first)],
        Merging::LastApart | Merging::Squarer => return vec![apart(last), last],
        _ => {}
    }
    let (mut closed, mut open) = (Vec::new(), 1);
    for &length in axes[1..].iter().rev() {
        if open * length > limit && open > 1 {
            closed.push(open);
            open = length;
        } else {
            open *= length;
        }
    }
    closed.reverse();
    // A product of 1 is no axis.
    let open = (open != 1).then_some(open);
    let mut axes = vec![first];
    match merging {
        Merging::OpenLast => {
            axes.extend(closed);
            axes.extend(open);
        }
        _ => {
            axes.extend(open);
            axes.extend(closed);
        }
    }
    axes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_follow_memory() {
        assert_eq!(axes_in_memory(&Layout::row_major(&[3, 1, 4])), [3, 1, 4]);
        assert_eq!(axes_in_memory(&Layout::new(&[3, 4], &[1, 3])), [4, 3]);
        assert_eq!(axes_in_memory(&Layout::new(&[2, 3, 4], &[1, 2, 6])), [4, 3, 2]);
        assert_eq!(axes_in_memory(&Layout::row_major(&[])), [0usize; 0]);
    }

    #[test]
    fn nothing_is_lost_by_merging() {
        for axes in [&[6, 4, 3, 3][..], &[5, 1, 1, 7], &[100, 100, 100], &[2, 2, 2, 2, 2, 2, 2]] {
            for merging in [Merging::Never, Merging::UpToLimit, Merging::OpenLast] {
                let merged = merged(axes, 24, merging);
                assert_eq!(merged.iter().product::<usize>(), axes.iter().product::<usize>());
                assert_eq!(merged[0], axes[0], "the first is never merged");
            }
            for merging in [Merging::LastApart, Merging::Squarer] {
                let merged = merged(axes, 24, merging);
                assert_eq!(merged.iter().product::<usize>(), axes.iter().product::<usize>());
                assert_eq!(merged.len(), 2);
            }
        }
    }
}

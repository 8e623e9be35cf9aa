//! [`MatrixPart`]: a part of a tensor with matrices of its own.

/// A part of a tensor with matrices of its own: a block of it, or all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MatrixPart {
    /// Where it begins along each axis of the [plan](super::MatrixPlan).
    pub first: Vec<usize>,
    /// How long it is along each.
    pub lengths: Vec<usize>,
    /// Its own axes, of which some may have been [merged](super::merged).
    pub axes: Vec<usize>,
    /// Where something lies that the rule keeps of it, in an order that the rule knows: the number of a list of the
    /// plan, and the number of the first element in it.
    pub kept: Vec<Option<(usize, usize)>>,
}

impl MatrixPart {
    /// How many elements it has.
    pub fn len(&self) -> usize {
        self.lengths.iter().product()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many elements follow each other without a gap in a tensor of these axes.
    pub fn run(&self, axes: &[usize]) -> usize {
        let cut = (0..axes.len()).rev().find(|axis| self.lengths[*axis] < axes[*axis]).unwrap_or(0);
        self.lengths[cut..].iter().product()
    }

    /// The number within a tensor of these axes of an element of the part.
    ///
    /// ```
    /// use gradus::transform::parted;
    ///
    /// let parts = parted(&[2, 5], 3);
    /// let places = |part: usize| (0..parts[part].len()).map(|number| parts[part].place(&[2, 5], number)).collect::<Vec<_>>();
    /// assert_eq!((places(0), places(1)), (vec![0, 1, 2, 5, 6, 7], vec![3, 4, 8, 9]));
    /// assert_eq!((parts[0].run(&[2, 5]), parts[1].run(&[2, 5])), (3, 2));
    /// ```
    pub fn place(&self, axes: &[usize], number: usize) -> usize {
        let (mut rest, mut stride, mut place) = (number, 1, 0);
        for axis in (0..axes.len()).rev() {
            place += (self.first[axis] + rest % self.lengths[axis]) * stride;
            rest /= self.lengths[axis];
            stride *= axes[axis];
        }
        place
    }
}

/// Cuts every axis that is longer than the limit into pieces as long as it, of which the last may be shorter: a
/// part for each choice of pieces, in the order of memory. With a limit of 0 nothing is cut.
pub fn parted(axes: &[usize], limit: usize) -> Vec<MatrixPart> {
    let mut parts = vec![MatrixPart::default()];
    for &length in axes {
        let piece = if limit == 0 { length } else { length.min(limit) }.max(1);
        let extended = parts.iter().flat_map(|part| {
            (0..length.max(1)).step_by(piece).map(|first| {
                let mut part = part.clone();
                part.first.push(first);
                part.lengths.push(piece.min(length - first));
                part
            })
        });
        parts = extended.collect();
    }
    for part in &mut parts {
        part.axes.clone_from(&part.lengths);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_is_in_one_part() {
        for axes in [&[7][..], &[3, 8], &[8, 3], &[5, 2, 7], &[4, 4], &[]] {
            for limit in [0, 1, 3, 4, 100] {
                let mut seen = vec![0; axes.iter().product()];
                for part in parted(axes, limit) {
                    assert!(limit == 0 || part.axes.iter().all(|length| *length <= limit));
                    let run = part.run(axes);
                    for number in 0..part.len() {
                        let place = part.place(axes, number);
                        seen[place] += 1;
                        // Within a run, places follow each other.
                        assert_eq!(place, part.place(axes, number / run * run) + number % run);
                    }
                }
                assert!(seen.iter().all(|count| *count == 1), "{axes:?} by {limit}: {seen:?}");
            }
        }
    }

    #[test]
    fn the_last_piece_is_the_shorter_one() {
        let lengths =
            |axes: &[usize], limit| parted(axes, limit).into_iter().map(|part| part.axes).collect::<Vec<_>>();
        let tall = lengths(&[32_128, 768], 2048);
        assert_eq!((tall.len(), tall[14].clone(), tall[15].clone()), (16, vec![2048, 768], vec![1408, 768]));
        assert_eq!(lengths(&[3, 4], 2), [[2, 2], [2, 2], [1, 2], [1, 2]]);
        assert_eq!(lengths(&[3, 4], 4), [[3, 4]]);
    }
}

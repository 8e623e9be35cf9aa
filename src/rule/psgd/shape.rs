//! Which axes of a tensor have a triangular factor, and which a diagonal one.

/// Axes whose factor is diagonal to save memory, beside those that are too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum MemorySaving {
    /// None. Default.
    #[default]
    None,
    /// The longest axis; of several the last.
    LongestDiagonal,
    /// The longest axis, if it is longer than all others.
    OnlyLongestDiagonal,
    /// All but the shortest axis; of several the first stays.
    ShortestTriangular,
    /// All.
    AllDiagonal,
}

/// Which factors are triangular.
///
/// An axis of length 1, one longer than the limit, and those of tensors with too few axes have a
/// diagonal factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactorShapes {
    /// The longest axis with a triangular factor. Default 2048.
    pub limit: usize,
    /// The least number of axes of a tensor with triangular factors. Default 2: vectors have none.
    pub least_axes: usize,
    /// What is diagonal beside. Default: nothing.
    pub saving: MemorySaving,
}

impl Default for FactorShapes {
    fn default() -> Self {
        Self { limit: 2048, least_axes: 2, saving: MemorySaving::None }
    }
}

impl FactorShapes {
    /// Whether the factor of axis number `place` is triangular.
    ///
    /// ```
    /// use gradus::rule::{FactorShapes, MemorySaving};
    ///
    /// let shapes = FactorShapes { limit: 100, ..FactorShapes::default() };
    /// assert!(shapes.is_triangular(&[50, 200], 0) && !shapes.is_triangular(&[50, 200], 1));
    /// let shapes = FactorShapes { saving: MemorySaving::LongestDiagonal, ..shapes };
    /// assert!(shapes.is_triangular(&[4, 4], 0) && !shapes.is_triangular(&[4, 4], 1));
    /// ```
    pub fn is_triangular(&self, axes: &[usize], place: usize) -> bool {
        let length = axes[place];
        let long_enough = length > 1 && length <= self.limit && axes.len() >= self.least_axes;
        long_enough && !self.is_saved(axes, place)
    }

    fn is_saved(&self, axes: &[usize], place: usize) -> bool {
        let length = axes[place];
        let is_longest = axes[..place].iter().all(|other| *other <= length)
            && axes[place + 1..].iter().all(|other| *other < length);
        let is_only = is_longest && axes[..place].iter().all(|other| *other < length);
        let is_shortest = axes[..place].iter().all(|other| *other > length)
            && axes[place + 1..].iter().all(|other| *other >= length);
        match self.saving {
            MemorySaving::None => false,
            MemorySaving::LongestDiagonal => is_longest,
            // A vector has no other axis to be longer than.
            MemorySaving::OnlyLongestDiagonal => is_only && axes.len() > 1,
            MemorySaving::ShortestTriangular => !is_shortest,
            MemorySaving::AllDiagonal => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn triangular(saving: MemorySaving, axes: &[usize]) -> Vec<bool> {
        let shapes = FactorShapes { saving, ..FactorShapes::default() };
        (0..axes.len()).map(|place| shapes.is_triangular(axes, place)).collect()
    }

    #[test]
    fn ties_are_broken_as_published() {
        use MemorySaving::{AllDiagonal, LongestDiagonal, OnlyLongestDiagonal, ShortestTriangular};
        assert_eq!(triangular(MemorySaving::None, &[4, 1, 3]), [true, false, true]);
        assert_eq!(triangular(MemorySaving::None, &[9]), [false]);
        assert_eq!(triangular(LongestDiagonal, &[4, 3, 4, 3]), [true, true, false, true]);
        assert_eq!(triangular(OnlyLongestDiagonal, &[4, 3, 4]), [true; 3]);
        assert_eq!(triangular(OnlyLongestDiagonal, &[4, 3, 5]), [true, true, false]);
        assert_eq!(triangular(ShortestTriangular, &[4, 3, 3]), [false, true, false]);
        assert_eq!(triangular(AllDiagonal, &[4, 3]), [false, false]);
    }
}

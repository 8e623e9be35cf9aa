//! The fixed tree in which sums over a tensor are folded: see [`LEAF`](crate::device::LEAF).

use super::tile::TILE;
use crate::device::LANES;
use crate::transform::Fold;

/// The running sums of a leaf, one per lane.
pub(super) struct Lanes([f64; LANES]);

impl Lanes {
    pub(super) fn new() -> Self {
        Self([0.0; LANES])
    }

    /// Adds the values of the tile that starts at `first` within its leaf.
    #[inline(always)]
    pub(super) fn add(&mut self, first: usize, values: &[f64; TILE]) {
        let start = first % LANES;
        for (lane, value) in self.0[start..start + TILE].iter_mut().zip(values) {
            *lane += value;
        }
    }

    /// The sum over the leaf: the upper half of the lanes is added to the lower, again and again.
    #[inline(always)]
    pub(super) fn fold(mut self) -> f64 {
        let mut width = LANES;
        while width > 1 {
            width /= 2;
            let (lower, upper) = self.0.split_at_mut(width);
            for (left, right) in lower.iter_mut().zip(upper) {
                *left += *right;
            }
        }
        self.0[0]
    }
}

/// What a value adds to the sum of its lane.
#[inline(always)]
pub(super) fn summand(fold: Fold, value: f64) -> f64 {
    match fold {
        Fold::Sum => value,
        Fold::Norm => value * value,
    }
}

/// What the sum of all summands becomes.
pub(super) fn folded(fold: Fold, sum: f64) -> f64 {
    match fold {
        Fold::Sum => sum,
        Fold::Norm => sum.sqrt(),
    }
}

/// The sum over a tensor: neighbouring leaves are added in pairs, again and again; one without a
/// neighbour moves up as it is.
pub(super) fn fold_leaves(leaves: &mut [f64]) -> f64 {
    let mut count = leaves.len();
    while count > 1 {
        for pair in 0..count / 2 {
            leaves[pair] = leaves[2 * pair] + leaves[2 * pair + 1];
        }
        if count % 2 == 1 {
            leaves[count / 2] = leaves[count - 1];
        }
        count = count.div_ceil(2);
    }
    leaves.first().copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_fold_in_pairs_and_the_odd_one_moves_up() {
        // 1 + 2^-53 rounds to 1, so the order shows: ((1 + e) + (e + e)) + e, whose last sum is a tie.
        let tiny = f64::EPSILON / 2.0;
        let in_pairs = ((1.0 + tiny) + (tiny + tiny)) + tiny;
        assert_eq!(fold_leaves(&mut [1.0, tiny, tiny, tiny, tiny]), in_pairs);
        assert_eq!(in_pairs, 1.0 + 2.0 * f64::EPSILON);
        assert_eq!(fold_leaves(&mut [1.0, tiny, tiny].map(|x: f64| x)), 1.0);
        assert_eq!(fold_leaves(&mut []), 0.0);
    }

    #[test]
    fn lanes_fold_by_halves() {
        let mut lanes = Lanes::new();
        for first in (0..2 * LANES).step_by(TILE) {
            lanes.add(first, &core::array::from_fn(|i| (first + i) as f64));
        }
        assert_eq!(lanes.fold(), (0..2 * LANES).sum::<usize>() as f64);
    }
}

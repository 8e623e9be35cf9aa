//! The fixed tree in which sums over a tensor are folded: see [`LEAF`](crate::device::LEAF).

use super::tile::TILE;
use crate::device::LANES;
use crate::dtype::Arithmetic;
use crate::real::Real;
use crate::transform::Fold;

/// What the values of a leaf have come to so far, one per lane.
pub(super) struct Lanes {
    fold: Fold,
    lanes: [f64; LANES],
}

impl Lanes {
    pub(super) fn new(fold: Fold) -> Self {
        Self { fold, lanes: [neutral(fold); LANES] }
    }

    /// Folds in the values of the tile that starts at `first` within its leaf.
    #[inline(always)]
    pub(super) fn add(&mut self, first: usize, values: &[f64; TILE]) {
        let start = first % LANES;
        join_all(self.fold, &mut self.lanes[start..start + TILE], values);
    }

    /// The fold of the leaf: the upper half of the lanes is folded into the lower, again and again.
    #[inline(always)]
    pub(super) fn fold(mut self) -> f64 {
        let mut width = LANES;
        while width > 1 {
            width /= 2;
            let (lower, upper) = self.lanes.split_at_mut(width);
            join_all(self.fold, lower, &upper[..width]);
        }
        self.lanes[0]
    }
}

/// What changes nothing when it is folded in.
pub(super) fn neutral(fold: Fold) -> f64 {
    match fold {
        Fold::Max => f64::NEG_INFINITY,
        _ => 0.0,
    }
}

/// Folds two results into one.
#[inline(always)]
pub(super) fn join(fold: Fold, left: f64, right: f64) -> f64 {
    match fold {
        Fold::Max => Real::max(left, right),
        _ => left + right,
    }
}

/// [`join`] in every place; the fold is asked for once.
#[inline(always)]
fn join_all(fold: Fold, left: &mut [f64], right: &[f64]) {
    match fold {
        Fold::Max => {
            left.iter_mut().zip(right).for_each(
                #[inline(always)]
                |(left, right)| *left = Real::max(*left, *right),
            );
        }
        _ => {
            left.iter_mut().zip(right).for_each(
                #[inline(always)]
                |(left, right)| *left += right,
            );
        }
    }
}

/// What of each value is folded into its lane.
#[inline(always)]
pub(super) fn summands<F: Arithmetic>(fold: Fold, values: &[F; TILE]) -> [f64; TILE] {
    let mut summands = [0.0; TILE];
    for (summand, value) in summands.iter_mut().zip(values) {
        *summand = value.to_f64();
    }
    if fold == Fold::Norm {
        for summand in &mut summands {
            *summand *= *summand;
        }
    }
    summands
}

/// What the fold of `count` summands becomes.
pub(super) fn folded(fold: Fold, result: f64, count: usize) -> f64 {
    match fold {
        Fold::Norm => result.sqrt(),
        Fold::Mean => result / count as f64,
        _ => result,
    }
}

/// The fold of a tensor: neighbouring leaves are joined in pairs, again and again; one without a
/// neighbour moves up as it is.
pub(super) fn fold_leaves(fold: Fold, leaves: &mut [f64]) -> f64 {
    let mut count = leaves.len();
    while count > 1 {
        for pair in 0..count / 2 {
            leaves[pair] = join(fold, leaves[2 * pair], leaves[2 * pair + 1]);
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
        let fold_leaves = |leaves: &mut [f64]| fold_leaves(Fold::Sum, leaves);
        assert_eq!(fold_leaves(&mut [1.0, tiny, tiny, tiny, tiny]), in_pairs);
        assert_eq!(in_pairs, 1.0 + 2.0 * f64::EPSILON);
        assert_eq!(fold_leaves(&mut [1.0, tiny, tiny].map(|x: f64| x)), 1.0);
        assert_eq!(fold_leaves(&mut []), 0.0);
    }

    #[test]
    fn lanes_fold_by_halves() {
        let mut lanes = Lanes::new(Fold::Sum);
        for first in (0..2 * LANES).step_by(TILE) {
            lanes.add(first, &core::array::from_fn(|i| (first + i) as f64));
        }
        assert_eq!(lanes.fold(), (0..2 * LANES).sum::<usize>() as f64);
    }

    #[test]
    fn a_maximum_is_that_of_all_lanes_and_a_nan_is_the_largest() {
        let largest = |values: &[f64; TILE]| {
            let mut lanes = Lanes::new(Fold::Max);
            lanes.add(TILE, values);
            lanes.fold()
        };
        assert_eq!(largest(&core::array::from_fn(|i| -1.0 - ((i + 7) % TILE) as f64)), -1.0);
        assert!(largest(&core::array::from_fn(|i| if i == 9 { f64::NAN } else { i as f64 })).is_nan());
        assert_eq!(fold_leaves(Fold::Max, &mut [-3.0, -1.0, -2.0]), -1.0);
    }
}

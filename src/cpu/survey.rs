//! Looks at all gradients before a step: their joint norm, and whether one is infinite or NaN.

use super::reduce::Lanes;
use super::simd::{self, Kernel, Vectors};
use super::threads;
use super::tile::TILE;
use crate::device::LEAF;
use crate::dtype::{Arithmetic, StorageDtype};
use crate::transform::Fold;

/// The most elements that one task sums.
const PIECE: usize = 16 * LEAF;

/// Sums the squares of each gradient's elements, times `unit`, in `f64`.
pub(super) fn square_sums<T: StorageDtype>(views: &[Option<&[T]>], unit: f64, sums: &mut [f64]) {
    let elements: usize = views.iter().flatten().map(|view| view.len()).sum();
    if views.len() <= 1 || elements <= PIECE {
        for (view, sum) in views.iter().zip(sums) {
            *sum = view.map_or(0.0, |view| square_sum(view, unit));
        }
        return;
    }
    let middle = views.len() / 2;
    let (left, right) = views.split_at(middle);
    let (left_sums, right_sums) = sums.split_at_mut(middle);
    threads::join(|| square_sums(left, unit, left_sums), || square_sums(right, unit, right_sums));
}

/// The sum over one tensor, folded as the leaves of every statistic are: neighbours in pairs, and
/// one without a neighbour moves up. So the left half always has a power of two of leaves.
fn square_sum<T: StorageDtype>(view: &[T], unit: f64) -> f64 {
    if view.len() <= LEAF {
        return simd::widest(Squares { view, unit });
    }
    let leaves = view.len().div_ceil(LEAF);
    let (left, right) = view.split_at(leaves.next_power_of_two() / 2 * LEAF);
    let both = if view.len() <= PIECE {
        (square_sum(left, unit), square_sum(right, unit))
    } else {
        let mut both = (0.0, 0.0);
        threads::join(|| both.0 = square_sum(left, unit), || both.1 = square_sum(right, unit));
        both
    };
    both.0 + both.1
}

/// The sum over one leaf.
struct Squares<'a, T> {
    view: &'a [T],
    unit: f64,
}

impl<T: StorageDtype> Kernel for Squares<'_, T> {
    type Arithmetic = T::Arithmetic;
    type Output = f64;
    const ALL_BF16: bool = false;
    const IS_BUSY: bool = !T::EXACT;

    #[inline(always)]
    fn run<V: Vectors<Arithmetic = T::Arithmetic>>(self, _vectors: V) -> f64 {
        let mut lanes = Lanes::new(Fold::Norm);
        let (tiles, tail) = self.view.as_chunks::<TILE>();
        for (number, tile) in tiles.iter().enumerate() {
            lanes.add(number * TILE, &squares(tile, self.unit));
        }
        if !tail.is_empty() {
            let mut padded = [T::default(); TILE];
            padded[..tail.len()].copy_from_slice(tail);
            lanes.add(tiles.len() * TILE, &squares(&padded, self.unit));
        }
        lanes.fold()
    }
}

#[inline(always)]
fn squares<T: StorageDtype>(tile: &[T; TILE], unit: f64) -> [f64; TILE] {
    let mut squares = [0.0; TILE];
    for (square, element) in squares.iter_mut().zip(tile) {
        let number = element.widen().to_f64() * unit;
        *square = number * number;
    }
    squares
}

/// The first element that is infinite or NaN.
pub(super) fn first_nonfinite<T: StorageDtype>(view: &[T]) -> Option<usize> {
    view.iter().position(|element| !element.widen().to_f64().is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::reduce::fold_leaves;

    #[test]
    fn recursion_folds_as_a_list_of_leaves_does() {
        for leaves in 1..40 {
            let length = (leaves - 1) * LEAF + 17;
            let view: Vec<f32> = (0..length).map(|i| ((i * 2654435761) % 1000) as f32 * 0.37).collect();
            let mut sums: Vec<_> = view.chunks(LEAF).map(|leaf| square_sum(leaf, 1.0)).collect();
            assert_eq!(square_sum(&view, 1.0), fold_leaves(Fold::Norm, &mut sums), "{leaves} leaves");
        }
    }

    #[test]
    fn the_first_of_several_is_found() {
        assert_eq!(first_nonfinite(&[1.0f32, f32::MAX, f32::NEG_INFINITY, f32::NAN]), Some(2));
        assert_eq!(first_nonfinite(&[0.0f32, -0.0]), None);
    }
}

//! Where factors lie: in lists that are kept, and in room while they are worked with.

use super::axes::{Axis, Kind};
use super::{FactorGeometry, FactorProducts, FactorStorage, KronFactors};
use crate::transform::{LinearAlgebra, Matrix, MatrixPart, MatrixPlan, Slot};

/// What factors are fitted to, its probe, and room. The first two change places with the last.
pub(super) const TENSORS: [Slot; 3] = [Slot::Room(0), Slot::Room(1), Slot::Room(2)];
/// Squares of the longest axis with a factor that is not diagonal; the first is for an unpacked one.
pub(super) const SQUARES: [Slot; 4] = [Slot::Room(3), Slot::Room(4), Slot::Room(5), Slot::Room(6)];
/// Lines of the longest axis.
pub(super) const LINES: [Slot; 2] = [Slot::Room(7), Slot::Room(8)];
/// A part of the update of a tensor that is split.
pub(super) const PART: Slot = Slot::Room(9);
/// The number of the room for the first factor that is kept in a 16-bit format; those of the others follow.
pub(super) const FACTORS: usize = 10;

/// A part of an update, and where it lies.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    /// The number of the part.
    pub(super) number: usize,
    pub(super) part: &'a MatrixPart,
    pub(super) elements: usize,
    pub(super) slot: Slot,
}

impl Target<'_> {
    /// Its numbers in a line.
    pub(super) fn line(&self) -> Matrix {
        Matrix::new(self.slot, 1, self.elements)
    }
}

/// Notes in the parts of a plan where their factors lie, and lists what is kept and needed.
pub(super) fn lists(rule: &KronFactors, plan: &mut MatrixPlan) {
    let (rank, parts) = (plan.axes.len(), plan.parts.len());
    let narrow = rule.format.narrow();
    // The lengths of the lists of factors and of their products, by the number of the axis.
    let (mut factors, mut products) = (vec![0; rank], vec![0; rank]);
    // The largest factors of a part.
    let mut widened = vec![0; rank];
    let (mut longest, mut largest) = (0, 0);
    // What is unpacked, two grams, and what makes symmetric.
    let mut squares = [0; SQUARES.len()];
    for part in &mut plan.parts {
        part.kept = vec![Some((0, 0)); 2 * part.axes.len()];
        let axes: Vec<_> = rule.axes(part).collect();
        part.kept.clear();
        for axis in axes {
            let (place, length) = (axis.place, axis.factor().len());
            part.kept.push(Some((place, factors[place])));
            factors[place] += length;
            widened[place] = length.max(widened[place]);
            let keeps = axis.kind != Kind::Diagonal && rule.products == FactorProducts::Kept;
            part.kept.push(keeps.then_some((place, products[place])));
            products[place] += if keeps { axis.length * axis.length } else { 0 };
            longest = axis.length.max(longest);
            let needed = match axis.kind {
                Kind::Diagonal => [false; SQUARES.len()],
                Kind::Triangular => [false, true, true, false],
                Kind::Packed => [true, true, true, false],
                Kind::Symmetric => [false, true, true, true],
            };
            for (square, _) in squares.iter_mut().zip(needed).filter(|(_, needed)| *needed) {
                *square = axis.length.max(*square);
            }
        }
        largest = part.len().max(largest);
    }
    for (place, length) in factors.iter().enumerate() {
        let name = format!("factor_{}", place + 1);
        match narrow {
            Some((format, _)) => plan.keep_narrow(name, *length, format),
            None => plan.keep(name, *length),
        };
    }
    // Only now it is known which numbers the lists of products have.
    for (place, length) in products.iter().enumerate().filter(|(_, length)| **length > 0) {
        let list = plan.keep(format!("product_{}", place + 1), *length);
        let kept = plan.parts.iter_mut().filter_map(|part| part.kept.get_mut(2 * place + 1)?.as_mut());
        kept.for_each(|(number, _)| *number = list);
    }
    plan.keep("bounds", parts * rank);
    plan.keep("begun", parts);
    plan.keep("failures", 1);
    TENSORS.iter().for_each(|_| _ = plan.make_room(largest));
    squares.iter().for_each(|length| _ = plan.make_room(length * length));
    LINES.iter().for_each(|_| _ = plan.make_room(longest));
    plan.make_room(if parts > 1 { largest } else { 0 });
    if narrow.is_some() {
        widened.into_iter().for_each(|length| _ = plan.make_room(length));
    }
}

impl KronFactors {
    fn kind(&self, axes: &[usize], place: usize) -> Kind {
        if !self.shapes.is_triangular(axes, place) {
            return Kind::Diagonal;
        }
        match (self.geometry, self.storage) {
            (FactorGeometry::Symmetric | FactorGeometry::SymmetricRoot, _) => Kind::Symmetric,
            (FactorGeometry::Triangular, FactorStorage::Packed) => Kind::Packed,
            (FactorGeometry::Triangular, FactorStorage::Square) => Kind::Triangular,
        }
    }

    /// The axes of a part.
    pub(super) fn axes<'a>(&'a self, part: &'a MatrixPart) -> impl Iterator<Item = Axis> + Clone + 'a {
        let elements = part.len();
        let is_widened = self.format.narrow().is_some();
        let mut outer = 1;
        part.axes.iter().zip(part.kept.chunks_exact(2)).enumerate().map(move |(place, (&length, kept))| {
            let kind = self.kind(&part.axes, place);
            let kept_at = kept[0].unwrap_or_default();
            let slot = if is_widened { Slot::Room(FACTORS + place) } else { Slot::State(kept_at.0) };
            let first = if is_widened { 0 } else { kept_at.1 };
            let product = kept[1].map(|(list, first)| Matrix::square(Slot::State(list), length).at(first));
            let inner = elements / (outer * length).max(1);
            let axis = Axis { outer, length, inner, kind, place, slot, first, kept: kept_at, product };
            outer *= length;
            axis
        })
    }

    /// The numbers of the last lists: bounds, begun, failures.
    pub(super) fn numbers(plan: &MatrixPlan) -> [Slot; 3] {
        let count = plan.state.len();
        [count - 3, count - 2, count - 1].map(Slot::State)
    }

    /// Makes factors readable that are kept in a 16-bit format, where this step needs them.
    pub(super) fn widen(
        &self,
        algebra: &mut dyn LinearAlgebra,
        axes: impl Iterator<Item = Axis>,
        fits: bool,
    ) {
        if self.format.narrow().is_some() {
            let takes_root = self.geometry == FactorGeometry::SymmetricRoot;
            let needed = axes.filter(|axis| fits || takes_root || axis.product.is_none());
            needed.for_each(|axis| algebra.widen(axis.factor(), axis.kept.0, axis.kept.1));
        }
    }

    /// Keeps a new factor, rounded if it is kept in a 16-bit format, and QᵀQ, if that is kept.
    pub(super) fn keep(&self, algebra: &mut dyn LinearAlgebra, axis: Axis) {
        if let Some((_, seed)) = self.format.narrow() {
            algebra.narrow(axis.factor(), axis.kept.0, axis.kept.1, seed);
        }
        let Some(product) = axis.product else { return };
        let square = axis.square(algebra);
        match axis.kind {
            Kind::Symmetric => algebra.gram(product, 0.0, 1.0, square.t()),
            _ => algebra.square_triangle(product, square),
        }
    }
}

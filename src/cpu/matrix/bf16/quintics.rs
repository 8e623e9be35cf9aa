//! Polynomials of a matrix, which stays in bf16 between the products.
//!
//! ```text
//! lines of X ──▶ S = X·Xᵀ ──▶ P = a·I + b·S + c·S² ──▶ P·X ──▶ lines of X, or numbers in f32
//! ```
//!
//! Each product is rounded while its tiles are in the first cache. What is rounded is an operand of the next products
//! and nothing else, so that it would be rounded anyway.

use super::block::{Block, Place};
use super::lines::{self, Rounded, count};
use super::panels::Part;
use super::{DEPTH, Panels, ROWS};
use crate::cpu::matrix::operand::Operand;
use crate::cpu::registers::dots::{COLUMNS as RIGHT, Columns, Lines, ROWS as LEFT, Tile};
use crate::cpu::simd::Dots;
use crate::transform::Matrix;
use bytemuck::pod_align_to_mut;
use core::mem::swap;

/// The most columns: a panel of so many rows is half of what the second cache has for panels.
const MOST: usize = 4 * DEPTH;

impl Panels {
    /// Whether [`apply_quintics`](Self::apply_quintics) is for a matrix of so many rows and columns: it stays in the
    /// caches together with its products, and each of them has room where as many numbers in `f32` have.
    pub(in crate::cpu::matrix) fn hold(rows: usize, columns: usize) -> bool {
        let (least, most) = (rows.min(columns), rows.max(columns));
        let has_room = |rows: usize, columns: usize| {
            // Less what it takes to begin with a line of the cache.
            let bytes = (rows * columns * size_of::<f32>()).saturating_sub(align_of::<Lines>());
            count(rows, columns) * size_of::<Lines>() <= bytes
        };
        let shapes = [(least, least), (least, most), (most, least)];
        let is_there = least > 0 && least <= ROWS && most <= MOST;
        is_there && shapes.into_iter().all(|(rows, columns)| has_room(rows, columns))
    }

    /// For each a, b, c: matrix ← (a·I + b·S + c·S²)·matrix, where S is matrix·matrixᵀ. There is room for as many
    /// numbers as the matrix has, twice, and for a square of its shorter side.
    pub(in crate::cpu::matrix) fn apply_quintics(
        &mut self,
        numbers: &mut [f32],
        matrix: Matrix,
        quintics: &mut dyn Iterator<Item = [f64; 3]>,
        [of_matrix, of_product, of_polynomial]: [&mut [f32]; 3],
    ) {
        let (least, most) = (matrix.rows.min(matrix.columns), matrix.rows.max(matrix.columns));
        let mut x = &mut pod_align_to_mut(of_matrix).1[..];
        let mut product = &mut pod_align_to_mut(of_product).1[..];
        let polynomial = &mut pod_align_to_mut(of_polynomial).1[..count(least, least)];
        let mut products = Products { machine: self.machine, panels: &mut self.columns };
        let machine = self.machine;
        let is_wide = matrix.rows <= matrix.columns;
        // The smaller of the two squares has the same polynomial.
        let wide = Operand::new(Matrix { transposed: !is_wide, ..matrix }, numbers);
        machine.vectorize(
            #[inline(always)]
            || Part::of(wide, (0, least), (0, most)).as_lines(x, machine),
        );
        let mut next = quintics.next();
        while let Some([a, b, c]) = next {
            next = quintics.next();
            let now = Rounded::new(x, least, most);
            let square = &mut product[..count(least, least)];
            products.rounded(square, now, now.t(), true, |_, _| {});
            products.mirror(square, least);
            let square = Rounded::new(square, least, least);
            let quadratic = Quadratic { factors: [a, b, c].map(|factor| factor as f32), square };
            products.rounded(
                polynomial,
                square,
                square,
                true,
                #[inline(always)]
                |place, tile| quadratic.finish(place, tile),
            );
            products.mirror(polynomial, least);
            let factor = Rounded::new(polynomial, least, least);
            if next.is_some() {
                let product_lines = &mut product[..count(least, most)];
                products.rounded(product_lines, factor, now, false, |_, _| {});
                swap(&mut x, &mut product);
            } else if is_wide {
                products.exact(numbers, factor, now);
            } else {
                let high = &mut product[..count(most, least)];
                machine.vectorize(
                    #[inline(always)]
                    || lines::transpose(high, x, (least, most), machine),
                );
                products.exact(numbers, Rounded::new(high, most, least), factor);
            }
        }
    }
}

/// What products are made with.
struct Products<'a> {
    machine: Dots,
    panels: &'a mut [Columns],
}

impl Products<'_> {
    /// into ← left·right, row by row.
    fn exact(&mut self, into: &mut [f32], left: Rounded<'_>, right: Rounded<'_>) {
        let columns = right.width();
        self.product(into, LEFT * columns, (left, right), false, &|into, place, tile| {
            for (row, sums) in into.chunks_exact_mut(columns).zip(tile) {
                row[place.column..][..place.width].copy_from_slice(&sums[..place.width]);
            }
        });
    }

    /// into ← left·right, and what `finish` makes of each tile; if it is symmetric, only tiles that are not above the
    /// diagonal.
    fn rounded(
        &mut self,
        into: &mut [Lines],
        left: Rounded<'_>,
        right: Rounded<'_>,
        is_symmetric: bool,
        finish: impl Fn(Place, &mut Tile) + Sync,
    ) {
        let (machine, stride) = (self.machine, right.width().div_ceil(RIGHT));
        self.product(into, stride, (left, right), is_symmetric, &|into, place, tile| {
            machine.vectorize(
                #[inline(always)]
                || {
                    finish(place, tile);
                    for (words, numbers) in into[place.column / RIGHT].0.iter_mut().zip(tile) {
                        *words = machine.rounded(numbers);
                    }
                },
            );
        });
    }

    /// Hands on the tiles of a product, together with what belongs to their rows in memory: so much for each row of
    /// tiles.
    fn product<T: Send>(
        &mut self,
        into: &mut [T],
        stride: usize,
        (left, right): (Rounded<'_>, Rounded<'_>),
        is_lower: bool,
        put: &(impl Fn(&mut [T], Place, &mut Tile) + Sync),
    ) {
        let (machine, columns) = (self.machine, right.width());
        let (pairs, deep) = (left.columns.div_ceil(2), left.columns.div_ceil(RIGHT));
        let most = self.panels.len() / pairs * RIGHT;
        for side in (0..columns).step_by(most) {
            let width = most.min(columns - side);
            machine.vectorize(
                #[inline(always)]
                || right.as_panels(self.panels, (side, width), pairs, machine),
            );
            // Above them nothing is made.
            let first = if is_lower { side / LEFT } else { 0 };
            let (top, bottom) = (first * LEFT, left.rows);
            let block = Block { machine, top, bottom, side, width, pairs, is_lower };
            block.run(&mut into[first * stride..], stride, &left.lines[first * deep..], self.panels, put);
        }
    }

    /// Completes a symmetric matrix.
    fn mirror(&self, lines: &mut [Lines], rows: usize) {
        let machine = self.machine;
        machine.vectorize(
            #[inline(always)]
            || lines::mirror(lines, rows, machine),
        );
    }
}

/// The tiles of a·I + b·S + c·S², for a symmetric S.
struct Quadratic<'a> {
    factors: [f32; 3],
    square: Rounded<'a>,
}

impl Quadratic<'_> {
    /// A tile of S² becomes one of the polynomial.
    #[inline(always)]
    fn finish(&self, place: Place, tile: &mut Tile) {
        let ([a, b, c], deep) = (self.factors, self.square.columns.div_ceil(RIGHT));
        let lines = &self.square.lines[place.row / LEFT * deep + place.column / RIGHT];
        for (number, (sums, words)) in tile.iter_mut().zip(&lines.0).enumerate() {
            for (sums, word) in sums.as_chunks_mut().0.iter_mut().zip(words) {
                let [first, second]: &mut [f32; 2] = sums;
                *first = c * *first + b * f32::from_bits(word << 16);
                *second = c * *second + b * f32::from_bits(word & 0xffff_0000);
            }
            let column = (place.row + number).wrapping_sub(place.column);
            if let Some(sum) = sums.get_mut(column) {
                *sum += a;
            }
        }
    }
}

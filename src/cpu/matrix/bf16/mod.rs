//! Products of matrices that are rounded to bf16, on machines that have an instruction for it.
//!
//! ```text
//!                    COLUMNS          a block of the right operand stays in the second cache, while the panels
//!                  ┌─┬─┬─┬─┐          of the left one come from the third, one after the other
//!            DEPTH │ │ │ │ │
//!        ┌─────────┼─┴─┴─┴─┤
//!        ├─────────┼─┐     │  LEFT rows × RIGHT columns: a tile, whose sums stay in registers
//!   ROWS ├─────────┼─┘     │
//!        ├─────────┤       │
//!        └─────────┴───────┘
//! ```
//!
//! Each sum is made in the same order wherever its tile lies, so that the bits do not depend on the threads.

mod block;
#[cfg(test)]
mod checks;
mod lines;
mod panels;
mod quintics;

use super::operand::Operand;
use super::products::mirror;
use crate::cpu::registers::dots::{COLUMNS as RIGHT, Columns, Lines, ROWS as LEFT, Tile};
use crate::cpu::simd::Dots;
use block::{Block, Place};
use bytemuck::allocation::try_zeroed_slice_box;
use lines::Rounded;
use panels::Part;

/// Inner numbers of a block.
const DEPTH: usize = 1024;
/// Rows of a block: a little more than a frequent size, so that this is one block.
const ROWS: usize = 74 * LEFT;
/// Columns of a block.
const COLUMNS: usize = 8 * RIGHT;

/// Room for a block of each operand.
pub(super) struct Panels {
    machine: Dots,
    lines: Box<[Lines]>,
    columns: Box<[Columns]>,
}

/// A product: into ← keep·into + scale·rows·columns.
#[derive(Clone, Copy)]
struct Product<'a> {
    rows: Operand<'a, f32>,
    /// As rows of the transpose.
    columns: Operand<'a, f32>,
    keep: f32,
    scale: f32,
    /// Whether only what is not above the diagonal is made.
    is_lower: bool,
}

impl Panels {
    const LINES: usize = ROWS * DEPTH / (LEFT * RIGHT);
    /// Columns of words.
    const COLUMNS: usize = COLUMNS * DEPTH / (2 * RIGHT);

    pub(super) const BYTES: usize = Self::LINES * size_of::<Lines>() + Self::COLUMNS * size_of::<Columns>();

    /// Whether this machine has the instruction.
    pub(super) fn are_of_use() -> bool {
        Dots::machine().is_some()
    }

    /// Nothing where they are of no use, or memory is short.
    pub(super) fn new() -> Option<Self> {
        let machine = Dots::machine()?;
        let lines = try_zeroed_slice_box(Self::LINES).ok()?;
        let columns = try_zeroed_slice_box(Self::COLUMNS).ok()?;
        Some(Self { machine, lines, columns })
    }

    /// into ← keep·into + scale·left·right.
    pub(super) fn multiply(
        &mut self,
        into: &mut [f32],
        is_transposed: bool,
        scales: [f64; 2],
        left: Operand<'_, f32>,
        right: Operand<'_, f32>,
    ) {
        let (left, right) = if is_transposed { (right.t(), left.t()) } else { (left, right) };
        self.make(into, &Product::new(left, right, scales, false));
    }

    /// A square, row by row, ← keep·itself + scale·left·right, which is symmetric.
    pub(super) fn multiply_symmetric(
        &mut self,
        into: &mut [f32],
        scales: [f64; 2],
        left: Operand<'_, f32>,
        right: Operand<'_, f32>,
    ) {
        self.make(into, &Product::new(left, right, scales, true));
        mirror(into, left.shape().0);
    }

    fn make(&mut self, into: &mut [f32], product: &Product<'_>) {
        let ((rows, inner), (columns, _)) = (product.rows.shape(), product.columns.shape());
        if inner == 0 {
            into.iter_mut().for_each(|number| *number = product.kept(*number, 0.0));
        }
        let Self { machine, lines: of_rows, columns: panels } = self;
        let machine = *machine;
        for from in (0..inner).step_by(DEPTH) {
            let depth = (from, DEPTH.min(inner - from));
            let pairs = depth.1.div_ceil(2);
            // What the first block has left is kept.
            let product = Product { keep: if from == 0 { product.keep } else { 1.0 }, ..*product };
            for top in (0..rows).step_by(ROWS) {
                let height = ROWS.min(rows - top);
                let part = Part::of(product.rows, (top, height), depth);
                let lines = machine.vectorize(
                    #[inline(always)]
                    || part.as_lines(of_rows, machine),
                );
                let into = &mut into[top * columns..][..height * columns];
                for side in (0..columns).step_by(COLUMNS) {
                    let width = COLUMNS.min(columns - side);
                    if product.is_lower && side >= top + height {
                        break;
                    }
                    let are_lines =
                        product.rows.is(&product.columns) && side >= top && side + width <= top + height;
                    machine.vectorize(
                        #[inline(always)]
                        || {
                            if are_lines {
                                let of_rows = Rounded::new(lines, height, depth.1).t();
                                of_rows.as_panels(panels, (side - top, width), pairs, machine);
                            } else {
                                Part::of(product.columns, (side, width), depth).as_panels(panels, machine);
                            }
                        },
                    );
                    let (bottom, is_lower) = (top + height, product.is_lower);
                    let block = Block { machine, top, bottom, side, width, pairs, is_lower };
                    block.run(into, LEFT * columns, lines, panels, &|into, place, tile| {
                        machine.vectorize(
                            #[inline(always)]
                            || product.put(into, columns, place, tile),
                        );
                    });
                }
            }
        }
    }
}

impl<'a> Product<'a> {
    fn new(left: Operand<'a, f32>, right: Operand<'a, f32>, [keep, scale]: [f64; 2], is_lower: bool) -> Self {
        Self { rows: left, columns: right.t(), keep: keep as f32, scale: scale as f32, is_lower }
    }

    #[inline(always)]
    fn kept(&self, number: f32, sum: f32) -> f32 {
        if self.keep == 0.0 { self.scale * sum } else { self.keep * number + self.scale * sum }
    }

    /// Writes a tile into its rows of so many columns.
    #[inline(always)]
    fn put(&self, into: &mut [f32], columns: usize, place: Place, tile: &Tile) {
        for (row, sums) in into.chunks_exact_mut(columns).zip(tile) {
            let row = &mut row[place.column..][..place.width];
            if let Some(row) = row.first_chunk_mut::<RIGHT>() {
                // The compiler knows the length.
                row.iter_mut().zip(sums).for_each(|(number, sum)| *number = self.kept(*number, *sum));
            } else {
                row.iter_mut().zip(sums).for_each(|(number, sum)| *number = self.kept(*number, *sum));
            }
        }
    }
}

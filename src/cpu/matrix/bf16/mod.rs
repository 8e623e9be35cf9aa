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

#[cfg(test)]
mod checks;
mod panels;

use super::operand::Operand;
use super::products::mirror;
use crate::cpu::registers::dots::{COLUMNS as RIGHT, Columns, PAIRS, ROWS as LEFT, Row};
use crate::cpu::simd::Dots;
use crate::cpu::threads;
use bytemuck::allocation::try_zeroed_slice_box;
use panels::{Part, rows_as_panels};

/// Inner numbers of a block.
const DEPTH: usize = 2 * PAIRS;
/// Rows of a block: a little more than a frequent size, so that this is one block.
const ROWS: usize = 74 * LEFT;
/// Columns of a block.
const COLUMNS: usize = 8 * RIGHT;
/// Panels of rows that are worth a second thread.
const LEAST: usize = 36;

/// Room for a block of each operand.
pub(super) struct Panels {
    machine: Dots,
    rows: Box<[Row]>,
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
    /// Columns of words.
    const COLUMNS: usize = COLUMNS / RIGHT * PAIRS;

    pub(super) const BYTES: usize = ROWS * size_of::<Row>() + Self::COLUMNS * size_of::<Columns>();

    /// Whether this machine has the instruction.
    pub(super) fn are_of_use() -> bool {
        Dots::machine().is_some()
    }

    /// Nothing where they are of no use, or memory is short.
    pub(super) fn new() -> Option<Self> {
        let machine = Dots::machine()?;
        let rows = try_zeroed_slice_box(ROWS).ok()?;
        let columns = try_zeroed_slice_box(Self::COLUMNS).ok()?;
        Some(Self { machine, rows, columns })
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
        for from in (0..inner).step_by(DEPTH) {
            let depth = (from, DEPTH.min(inner - from));
            // What the first block has left is kept.
            let product = Product { keep: if from == 0 { product.keep } else { 1.0 }, ..*product };
            for top in (0..rows).step_by(ROWS) {
                let height = ROWS.min(rows - top);
                let part = Part::of(product.rows, (top, height), depth);
                self.machine.vectorize(
                    #[inline(always)]
                    || part.as_rows(&mut self.rows),
                );
                let into = &mut into[top * columns..][..height * columns];
                for side in (0..columns).step_by(COLUMNS) {
                    let width = COLUMNS.min(columns - side);
                    if product.is_lower && side >= top + height {
                        break;
                    }
                    let pairs = depth.1.div_ceil(2);
                    self.pack_columns(&product, (side, width), depth, (top, height));
                    let block = Block { product, machine: self.machine, top, side, width, pairs };
                    block.run(into, self.rows.as_chunks().0, &self.columns, columns);
                }
            }
        }
    }

    /// Makes panels of some columns, where the rows of a block have been packed.
    fn pack_columns(
        &mut self,
        product: &Product<'_>,
        (side, width): (usize, usize),
        depth: (usize, usize),
        (top, height): (usize, usize),
    ) {
        let Self { machine, rows, columns } = self;
        let are_rows = product.rows.is(&product.columns) && side >= top && side + width <= top + height;
        let part = Part::of(product.columns, (side, width), depth);
        machine.vectorize(
            #[inline(always)]
            || {
                if are_rows {
                    rows_as_panels(&rows[side - top..], columns, (width, depth.1.div_ceil(2)), *machine);
                } else {
                    part.as_panels(columns, *machine);
                }
            },
        );
    }
}

impl<'a> Product<'a> {
    fn new(left: Operand<'a, f32>, right: Operand<'a, f32>, [keep, scale]: [f64; 2], is_lower: bool) -> Self {
        Self { rows: left, columns: right.t(), keep: keep as f32, scale: scale as f32, is_lower }
    }

    fn kept(&self, number: f32, sum: f32) -> f32 {
        if self.keep == 0.0 { self.scale * sum } else { self.keep * number + self.scale * sum }
    }
}

/// All tiles of a block of rows with a block of columns.
#[derive(Clone, Copy)]
struct Block<'a> {
    product: Product<'a>,
    machine: Dots,
    /// The first row.
    top: usize,
    /// The first column, and how many there are.
    side: usize,
    width: usize,
    /// Pairs of each line.
    pairs: usize,
}

impl Block<'_> {
    /// Whole rows of the product, of so many columns; the panels begin with those of the first row.
    fn run(self, into: &mut [f32], rows: &[[Row; LEFT]], columns: &[Columns], stride: usize) {
        let count = (into.len() / stride).div_ceil(LEFT);
        if count >= LEAST {
            let middle = count / 2;
            let (upper, lower) = into.split_at_mut(middle * LEFT * stride);
            let (upper_rows, lower_rows) = rows.split_at(middle);
            let below = Self { top: self.top + middle * LEFT, ..self };
            threads::join(
                || self.run(upper, upper_rows, columns, stride),
                || below.run(lower, lower_rows, columns, stride),
            );
            return;
        }
        for (number, (into, rows)) in into.chunks_mut(LEFT * stride).zip(rows).enumerate() {
            let last_row = self.top + number * LEFT + LEFT - 1;
            let panels = columns.chunks_exact(self.pairs);
            for (first, columns) in (0..self.width).step_by(RIGHT).zip(panels) {
                if self.product.is_lower && self.side + first > last_row {
                    break;
                }
                let width = RIGHT.min(self.width - first);
                let tile = self.machine.tile(rows, columns);
                for (row, sums) in into.chunks_exact_mut(stride).zip(&tile) {
                    for (number, sum) in row[self.side + first..][..width].iter_mut().zip(sums) {
                        *number = self.product.kept(*number, *sum);
                    }
                }
            }
        }
    }
}

//! A matrix that is kept in bf16 between products, as the lines of a left operand.

use super::panels::turn;
use crate::cpu::registers::dots::{COLUMNS, Columns, Lines, ROWS, SIDE};
use crate::cpu::simd::Dots;

/// How many lines a matrix of so many rows and columns takes.
pub(super) fn count(rows: usize, columns: usize) -> usize {
    rows.div_ceil(ROWS) * columns.div_ceil(COLUMNS)
}

/// A matrix that is read.
#[derive(Clone, Copy)]
pub(super) struct Rounded<'a> {
    pub(super) lines: &'a [Lines],
    /// Rows and columns as the lines have them.
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// Whether the transpose is meant.
    pub(super) is_transposed: bool,
}

impl<'a> Rounded<'a> {
    pub(super) fn new(lines: &'a [Lines], rows: usize, columns: usize) -> Self {
        Self { lines: &lines[..count(rows, columns)], rows, columns, is_transposed: false }
    }

    pub(super) fn t(self) -> Self {
        Self { is_transposed: !self.is_transposed, ..self }
    }

    /// The columns of the right operand that are meant.
    pub(super) fn width(&self) -> usize {
        if self.is_transposed { self.rows } else { self.columns }
    }

    /// As panels of the right operand: so many columns, from one on with which a panel begins, of each so many words.
    ///
    /// Must be inlined into its caller, which decides about the instructions. So must the others.
    #[inline(always)]
    pub(super) fn as_panels(
        &self,
        panels: &mut [Columns],
        (first, count): (usize, usize),
        pairs: usize,
        machine: Dots,
    ) {
        let (lines, deep) = (self.lines, self.columns.div_ceil(COLUMNS));
        if self.is_transposed {
            turn(
                panels,
                (count, pairs),
                machine,
                #[inline(always)]
                |row, word, words| {
                    let row = first + row;
                    *words = lines[row / ROWS * deep + word / SIDE].0[row % ROWS];
                },
            );
            return;
        }
        let width = count.div_ceil(COLUMNS);
        for tile in 0..pairs.div_ceil(ROWS / 2) {
            let lines = &lines[tile * deep + first / COLUMNS..][..width];
            for (lines, panel) in lines.iter().zip(panels.chunks_exact_mut(pairs)) {
                let (rows, _) = lines.0.as_chunks();
                for (columns, [upper, lower]) in panel[tile * ROWS / 2..].iter_mut().zip(rows) {
                    columns.0 = machine.paired(upper, lower);
                }
            }
        }
    }
}

/// Part of the transpose: as many rows and columns as a tile has columns.
///
/// Must be inlined into its caller, which decides about the instructions. So must the others.
#[inline(always)]
fn turned(
    lines: &[Lines],
    deep: usize,
    [down, right]: [usize; 2],
    machine: Dots,
) -> [[[u32; SIDE]; SIDE]; 2] {
    let mut squares = [[[0; SIDE]; SIDE]; 2];
    let [first, second] = &mut squares;
    for (place, (first, second)) in first.iter_mut().zip(second).enumerate() {
        let row = down * COLUMNS + 2 * place;
        // Both rows lie in one tile.
        if let Some(Lines(rows)) = lines.get(row / ROWS * deep + right) {
            let words = machine.paired(&rows[row % ROWS], &rows[row % ROWS + 1]);
            let (halves, _) = words.as_chunks();
            (*first, *second) = (halves[0], halves[1]);
        }
    }
    [machine.turned(squares[0]), machine.turned(squares[1])]
}

/// Writes such a part, as far as there are rows.
#[inline(always)]
fn write(lines: &mut [Lines], deep: usize, [down, right]: [usize; 2], part: &[[[u32; SIDE]; SIDE]; 2]) {
    for (row, words) in (down * COLUMNS..).zip(part.as_flattened()) {
        if let Some(Lines(rows)) = lines.get_mut(row / ROWS * deep + right) {
            rows[row % ROWS] = *words;
        }
    }
}

/// Completes a symmetric matrix with so many rows, of which there are the tiles that are not above the diagonal.
#[inline(always)]
pub(super) fn mirror(lines: &mut [Lines], rows: usize, machine: Dots) {
    let deep = rows.div_ceil(COLUMNS);
    for down in 0..deep {
        for right in 0..down {
            let part = turned(lines, deep, [down, right], machine);
            write(lines, deep, [right, down], &part);
        }
    }
}

/// into ← the transpose of a matrix with so many rows and columns.
#[inline(always)]
pub(super) fn transpose(into: &mut [Lines], lines: &[Lines], (rows, columns): (usize, usize), machine: Dots) {
    let (deep, into_deep) = (columns.div_ceil(COLUMNS), rows.div_ceil(COLUMNS));
    for down in 0..into_deep {
        for right in 0..deep {
            write(into, into_deep, [right, down], &turned(lines, deep, [down, right], machine));
        }
    }
}

//! Operands of a product, rounded to bf16: pairs of neighbouring numbers become words.
//!
//! Of the left operand each row has its words side by side. The right one is cut into panels of a few columns,
//! whose first words lie side by side, then the second ones.

use crate::cpu::matrix::operand::Operand;
use crate::cpu::registers::dots::{COLUMNS, Columns, Row, SIDE};
use crate::cpu::simd::Dots;

/// Part of an operand: some of its lines, and of each the same numbers.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    numbers: &'a [f32],
    /// Numbers from one row in memory to the next.
    stride: usize,
    /// Whether a line is a row in memory, or a column.
    is_row: bool,
    /// The first line, and how many there are.
    lines: (usize, usize),
    /// The first number within each, and how many there are.
    depth: (usize, usize),
}

impl<'a> Part<'a> {
    /// Of the rows of a matrix.
    pub(super) fn of(rows: Operand<'a, f32>, lines: (usize, usize), depth: (usize, usize)) -> Self {
        let (height, width) = rows.shape();
        let stride = if rows.transposed { height } else { width };
        Self { numbers: rows.numbers, stride, is_row: !rows.transposed, lines, depth }
    }

    /// So many numbers side by side in memory, of a row of it, from its number `first` on.
    #[inline(always)]
    fn side_by_side(&self, row: usize, first: usize, count: usize) -> &'a [f32] {
        &self.numbers[row * self.stride + first..][..count]
    }

    /// As rows of the left operand.
    ///
    /// Must be inlined into its caller, which decides about the instructions. So must the others.
    #[inline(always)]
    pub(super) fn as_rows(&self, rows: &mut [Row]) {
        let ((first, count), (from, depth)) = (self.lines, self.depth);
        if self.is_row {
            for (line, row) in rows.iter_mut().take(count).enumerate() {
                round(self.side_by_side(first + line, from, depth), &mut row.0);
            }
            return;
        }
        for pair in 0..depth.div_ceil(2) {
            let upper = self.side_by_side(from + 2 * pair, first, count);
            let lower = self.lower(pair, first, count);
            for (line, row) in rows.iter_mut().take(count).enumerate() {
                let below = lower.get(line).copied().unwrap_or_default();
                row.0[pair] = word(upper[line], below);
            }
        }
    }

    /// As panels of the right operand, one behind the other.
    #[inline(always)]
    pub(super) fn as_panels(&self, panels: &mut [Columns], machine: Dots) {
        let ((first, count), (from, depth)) = (self.lines, self.depth);
        let pairs = depth.div_ceil(2);
        if !self.is_row {
            for pair in 0..pairs {
                let upper = self.side_by_side(from + 2 * pair, first, count);
                let lower = self.lower(pair, first, count);
                for (at, panel) in (0..count).step_by(COLUMNS).zip(panels.chunks_exact_mut(pairs)) {
                    interleave(&upper[at..], lower.get(at..).unwrap_or_default(), &mut panel[pair].0);
                }
            }
            return;
        }
        turn(
            panels,
            (count, pairs),
            machine,
            #[inline(always)]
            |line, word, words| {
                let deep = (depth - 2 * word).min(2 * SIDE);
                round(self.side_by_side(first + line, from + 2 * word, deep), words);
            },
        );
    }

    /// The numbers below those of a pair's upper row; none behind the last row.
    #[inline(always)]
    fn lower(&self, pair: usize, first: usize, count: usize) -> &'a [f32] {
        let (from, depth) = self.depth;
        let is_there = 2 * pair + 1 < depth;
        if is_there { self.side_by_side(from + 2 * pair + 1, first, count) } else { &[] }
    }
}

/// Rows become panels: for a matrix times its own transpose, so many rows of so many words.
#[inline(always)]
pub(super) fn rows_as_panels(
    rows: &[Row],
    panels: &mut [Columns],
    (count, pairs): (usize, usize),
    machine: Dots,
) {
    turn(
        panels,
        (count, pairs),
        machine,
        #[inline(always)]
        |line, word, words| {
            *words = *rows[line].0[word..].first_chunk().expect("a row has a square more than pairs");
        },
    );
}

/// Panels of so many lines and words. `words` says which words of a line there are from one on; it may leave those
/// behind the last one alone.
#[inline(always)]
fn turn(
    panels: &mut [Columns],
    (count, pairs): (usize, usize),
    machine: Dots,
    words: impl Fn(usize, usize, &mut [u32; SIDE]),
) {
    for (first, panel) in (0..count).step_by(COLUMNS).zip(panels.chunks_exact_mut(pairs)) {
        for half in 0..COLUMNS / SIDE {
            let first = first + half * SIDE;
            let lines = count.saturating_sub(first).min(SIDE);
            for (number, columns) in panel.chunks_mut(SIDE).enumerate() {
                let mut square = [[0; SIDE]; SIDE];
                for (line, row) in square.iter_mut().take(lines).enumerate() {
                    words(first + line, number * SIDE, row);
                }
                for (columns, turned) in columns.iter_mut().zip(machine.turned(square)) {
                    columns.0.as_chunks_mut().0[half] = turned;
                }
            }
        }
    }
}

/// The words of numbers that lie side by side.
#[inline(always)]
fn round(numbers: &[f32], words: &mut [u32]) {
    let (pairs, last) = numbers.as_chunks::<2>();
    for (into, pair) in words.iter_mut().zip(pairs) {
        *into = word(pair[0], pair[1]);
    }
    if let [last] = last {
        words[pairs.len()] = word(*last, 0.0);
    }
}

/// The words of a row and the one below it; zero where there is nothing.
#[inline(always)]
fn interleave(upper: &[f32], lower: &[f32], words: &mut [u32; COLUMNS]) {
    if let (Some(upper), Some(lower)) = (upper.first_chunk::<COLUMNS>(), lower.first_chunk::<COLUMNS>()) {
        // The compiler knows the length.
        for place in 0..COLUMNS {
            words[place] = word(upper[place], lower[place]);
        }
        return;
    }
    for (place, into) in words.iter_mut().enumerate() {
        let at = |row: &[f32]| row.get(place).copied().unwrap_or_default();
        *into = word(at(upper), at(lower));
    }
}

/// Two numbers as bf16 in one word, the first one in the lower half.
#[inline(always)]
fn word(first: f32, second: f32) -> u32 {
    rounded(first) | rounded(second) << 16
}

/// To the nearest bf16, to the even one of two; without a branch, so that loops become vectors.
#[inline(always)]
fn rounded(number: f32) -> u32 {
    let bits = number.to_bits();
    let nearest = bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16;
    if number.is_nan() { bits >> 16 | 0x40 } else { nearest }
}

#[cfg(test)]
mod tests {
    use super::*;
    use half::bf16;

    #[test]
    fn rounds_as_the_format_does() {
        // All exponents and signs, with mantissas on both sides of every tie.
        for upper in 0..=u16::MAX {
            for lower in [0, 1, 0x7fff, 0x8000, 0x8001, 0xffff] {
                let number = f32::from_bits(u32::from(upper) << 16 | lower);
                assert_eq!(rounded(number), u32::from(bf16::from_f32(number).to_bits()), "{number:e}");
            }
        }
    }
}

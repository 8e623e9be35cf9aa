//! Operands of a product, rounded to bf16: pairs of neighbouring numbers become words.
//!
//! The left operand is cut into [`Lines`], row of tiles by row of tiles. The right one is cut into panels of a few
//! columns, whose first words lie side by side, then the second ones.

use crate::cpu::matrix::operand::Operand;
use crate::cpu::registers::dots::{COLUMNS, Columns, Lines, ROWS, SIDE};
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

    /// As the left operand, with zeros where a tile is not full. Returns the part that has been made.
    ///
    /// Must be inlined into its caller, which decides about the instructions. So must the others.
    #[inline(always)]
    pub(super) fn as_lines<'l>(&self, lines: &'l mut [Lines], machine: Dots) -> &'l [Lines] {
        let ((first, count), (_, depth)) = (self.lines, self.depth);
        let deep = depth.div_ceil(COLUMNS);
        let lines = &mut lines[..count.div_ceil(ROWS) * deep];
        for (from, lines) in (0..count).step_by(ROWS).zip(lines.chunks_exact_mut(deep)) {
            let height = ROWS.min(count - from);
            if self.is_row {
                for line in 0..ROWS {
                    for (number, lines) in lines.iter_mut().enumerate() {
                        lines.0[line] = [0; SIDE];
                        if line < height {
                            let words = &mut lines.0[line];
                            self.round(first + from + line, number * COLUMNS, words, machine);
                        }
                    }
                }
                continue;
            }
            for (number, lines) in lines.iter_mut().enumerate() {
                let mut square = [[0; SIDE]; SIDE];
                for (place, words) in square.iter_mut().enumerate() {
                    let pair = number * SIDE + place;
                    if 2 * pair < depth {
                        let (upper, lower) = self.pair(pair, first + from, SIDE.min(count - from));
                        interleave(upper, lower, words);
                    }
                }
                lines.0.copy_from_slice(&machine.turned(square)[..ROWS]);
            }
        }
        lines
    }

    /// As panels of the right operand, one behind the other.
    #[inline(always)]
    pub(super) fn as_panels(&self, panels: &mut [Columns], machine: Dots) {
        let ((first, count), (_, depth)) = (self.lines, self.depth);
        let pairs = depth.div_ceil(2);
        if !self.is_row {
            for pair in 0..pairs {
                let (upper, lower) = self.pair(pair, first, count);
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
            |line, word, words| self.round(first + line, 2 * word, words, machine),
        );
    }

    /// Words of a row in memory, from a number within the depth on, as far as it reaches.
    #[inline(always)]
    fn round(&self, row: usize, number: usize, words: &mut [u32; SIDE], machine: Dots) {
        let (from, depth) = self.depth;
        let numbers = self.side_by_side(row, from + number, (depth - number).min(COLUMNS));
        if let Some(numbers) = numbers.first_chunk() {
            *words = machine.rounded(numbers);
            return;
        }
        for (into, pair) in words.iter_mut().zip(numbers.chunks(2)) {
            *into = word(pair[0], pair.get(1).copied().unwrap_or_default());
        }
    }

    /// So many numbers of the upper row of a pair, and those below them; none behind the last row.
    #[inline(always)]
    fn pair(&self, pair: usize, first: usize, count: usize) -> (&'a [f32], &'a [f32]) {
        let (from, depth) = self.depth;
        let row = from + 2 * pair;
        let is_there = 2 * pair + 1 < depth;
        let lower = if is_there { self.side_by_side(row + 1, first, count) } else { &[] };
        (self.side_by_side(row, first, count), lower)
    }
}

/// Panels of so many lines and words. `words` says which words of a line there are from one on; it may leave those
/// behind the last one alone.
#[inline(always)]
pub(super) fn turn(
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

/// The words of a row and the one below it, so many as there are; zero where there is nothing.
#[inline(always)]
fn interleave<const COUNT: usize>(upper: &[f32], lower: &[f32], words: &mut [u32; COUNT]) {
    if let (Some(upper), Some(lower)) = (upper.first_chunk::<COUNT>(), lower.first_chunk::<COUNT>()) {
        // The compiler knows the length.
        for place in 0..COUNT {
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

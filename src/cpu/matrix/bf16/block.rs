//! [`Block`]: the tiles of some rows with some panels.

use crate::cpu::registers::dots::{COLUMNS, Columns, Lines, ROWS, SIDE, Tile};
use crate::cpu::simd::Dots;
use crate::cpu::threads;

/// Rows of tiles that are worth a second thread.
const LEAST: usize = 36;

/// The tiles of some rows with some panels.
#[derive(Clone, Copy)]
pub(super) struct Block {
    pub(super) machine: Dots,
    /// The first row, and the one behind the last.
    pub(super) top: usize,
    pub(super) bottom: usize,
    /// The first column, and how many there are.
    pub(super) side: usize,
    pub(super) width: usize,
    /// Words of each line.
    pub(super) pairs: usize,
    /// Whether tiles are left out that lie above the diagonal.
    pub(super) is_lower: bool,
}

/// Where a tile lies.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Its first row and column.
    pub(super) row: usize,
    pub(super) column: usize,
    /// How many columns there are.
    pub(super) width: usize,
}

impl Block {
    /// Hands each tile on, together with what belongs to its rows in memory: so much for each row of tiles.
    pub(super) fn run<T: Send>(
        self,
        into: &mut [T],
        stride: usize,
        lines: &[Lines],
        columns: &[Columns],
        put: &(impl Fn(&mut [T], Place, &mut Tile) + Sync),
    ) {
        let deep = self.pairs.div_ceil(SIDE);
        let count = into.len().div_ceil(stride);
        if count >= LEAST {
            let middle = count / 2;
            let (upper, lower) = into.split_at_mut(middle * stride);
            let (upper_lines, lower_lines) = lines.split_at(middle * deep);
            let below = Self { top: self.top + middle * ROWS, ..self };
            threads::join(
                || self.run(upper, stride, upper_lines, columns, put),
                || below.run(lower, stride, lower_lines, columns, put),
            );
            return;
        }
        // While a row of tiles is made, the lines of the next one are fetched, a part with each panel.
        let part = deep.div_ceil(self.width.div_ceil(COLUMNS));
        for (number, into) in into.chunks_mut(stride).enumerate() {
            let (row, lines) = (self.top + number * ROWS, &lines[number * deep..]);
            let (lines, next) = lines.split_at(deep);
            let parts = next[..deep.min(next.len())].chunks(part).chain(core::iter::repeat(&[][..]));
            let panels = columns.chunks_exact(self.pairs);
            for ((first, panel), next) in (0..self.width).step_by(COLUMNS).zip(panels).zip(parts) {
                let (column, width) = (self.side + first, COLUMNS.min(self.width - first));
                if self.is_lower && column >= row + ROWS {
                    break;
                }
                let mut tile = self.machine.tile(lines, panel, self.bottom - row, next);
                put(into, Place { row, column, width }, &mut tile);
            }
        }
    }
}

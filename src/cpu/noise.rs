//! The random bits of a tile: see [`crate::random`].

use super::simd::Vectors;
use super::tile::TILE;
use crate::random::{ELEMENTS_PER_BLOCK, Noise, STREAMS_PER_BASE};

/// Blocks of random bits in a tile.
pub(super) const BLOCKS: usize = TILE / ELEMENTS_PER_BLOCK as usize;

/// The most base streams: enough for a parameter and fifteen fields of state.
const BASES: usize = 2;

/// The most streams.
pub(super) const STREAMS: usize = BASES * STREAMS_PER_BASE as usize;

/// Sixteen random bits for each element of a tile.
pub(super) type Bits = [u16; TILE];

/// Draws the bits of a tensor, tile by tile.
pub(super) struct Generator<V: Vectors> {
    vectors: V,
    keys: V::Keys,
    noise: Noise,
    /// The tile that was drawn together with the one before it, and its first base.
    ahead: (u64, Bits),
}

impl<V: Vectors> Generator<V> {
    #[inline(always)]
    pub(super) fn new(vectors: V, noise: Noise) -> Self {
        Self { vectors, keys: vectors.keys(&noise.keys), noise, ahead: (u64::MAX, [0; TILE]) }
    }

    /// The bits of the tile that starts with element `first`, for the first `streams` streams.
    #[inline(always)]
    pub(super) fn tile(&mut self, first: u64, streams: u32) -> Drawn<V> {
        let none = [0; TILE];
        let bases = [
            if streams > 0 { self.first_base(first) } else { none },
            if streams > STREAMS_PER_BASE { self.base(1, first)[0] } else { none },
        ];
        Drawn { vectors: self.vectors, bases }
    }

    /// The first base, for this tile and the next: side by side they take less time.
    #[inline(always)]
    fn first_base(&mut self, first: u64) -> Bits {
        if self.ahead.0 == first {
            return self.ahead.1;
        }
        let [bits, next] = self.base(0, first);
        self.ahead = (first + TILE as u64, next);
        bits
    }

    /// A base for two tiles.
    #[inline(always)]
    fn base(&self, base: u32, first: u64) -> [Bits; 2] {
        self.vectors.random(self.noise.counter(base, first / ELEMENTS_PER_BLOCK), &self.keys)
    }
}

/// The base streams of a tile.
pub(super) struct Drawn<V> {
    vectors: V,
    bases: [Bits; BASES],
}

impl<V: Vectors> Drawn<V> {
    /// The bits of a stream.
    #[inline(always)]
    pub(super) fn stream(&self, stream: u32) -> Bits {
        let base = &self.bases[(stream / STREAMS_PER_BASE) as usize];
        self.vectors.crossed(base, (stream % STREAMS_PER_BASE) as usize)
    }
}

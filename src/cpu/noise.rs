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
}

impl<V: Vectors> Generator<V> {
    #[inline(always)]
    pub(super) fn new(vectors: V, noise: Noise) -> Self {
        Self { vectors, keys: vectors.keys(&noise.keys), noise }
    }

    /// The bits of the tile that starts with element `first`, for the first `streams` streams.
    #[inline(always)]
    pub(super) fn tile(&self, first: u64, streams: u32) -> Drawn<V> {
        Drawn { vectors: self.vectors, bases: [self.base(0, first, streams), self.base(1, first, streams)] }
    }

    /// The bits of a base, if one of the streams needs it.
    #[inline(always)]
    fn base(&self, base: u32, first: u64, streams: u32) -> Bits {
        if streams <= base * STREAMS_PER_BASE {
            return [0; TILE];
        }
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

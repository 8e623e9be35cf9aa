//! The random bits of a group: see [`crate::random`].
//!
//! Blocks are drawn with what is the same for all of a piece computed before. Only a tensor of 2^35
//! elements changes that on the way.

use super::simd::Vectors;
use crate::random::{ELEMENTS_PER_BLOCK, Noise, STREAMS_PER_BASE};
use bytemuck::Zeroable;

/// The most base streams: enough for a parameter and fifteen fields of state.
const BASES: usize = 2;

/// The most streams.
pub(super) const STREAMS: usize = BASES * STREAMS_PER_BASE as usize;

/// Draws the bits of a tensor, group by group.
pub(super) struct Generator<V: Vectors> {
    vectors: V,
    noise: Noise,
    /// How many streams are drawn.
    streams: u32,
    /// The upper half of the number of the blocks that `bases` are prepared for.
    upper: u32,
    bases: [V::Blocks; BASES],
}

impl<V: Vectors> Generator<V> {
    /// A generator of the first `streams` streams, for elements from `first` on.
    #[inline(always)]
    pub(super) fn new(vectors: V, noise: Noise, streams: u32, first: u64) -> Self {
        let upper = ((first / ELEMENTS_PER_BLOCK) >> 32) as u32;
        Self { vectors, noise, streams, upper, bases: Self::prepared(vectors, &noise, upper) }
    }

    #[inline(always)]
    fn prepared(vectors: V, noise: &Noise, upper: u32) -> [V::Blocks; BASES] {
        let first = u64::from(upper) << 32;
        let [zero, one] = [noise.counter(0, first), noise.counter(1, first)];
        [vectors.blocks(zero, &noise.keys), vectors.blocks(one, &noise.keys)]
    }

    /// The bits of the group that starts with element `first`.
    #[inline(always)]
    pub(super) fn group(&mut self, first: u64) -> Drawn<V> {
        let block = first / ELEMENTS_PER_BLOCK;
        if self.streams > 0 && self.upper != (block >> 32) as u32 {
            self.upper = (block >> 32) as u32;
            self.bases = Self::prepared(self.vectors, &self.noise, self.upper);
        }
        Drawn { bases: [self.base(0, block as u32), self.base(1, block as u32)] }
    }

    /// The bits of a base, if one of the streams needs it.
    #[inline(always)]
    fn base(&self, base: usize, first: u32) -> V::Bits {
        if self.streams as usize <= base * STREAMS_PER_BASE as usize {
            return V::Bits::zeroed();
        }
        self.vectors.random(first, &self.bases[base])
    }
}

/// The bits of a group in the base streams.
pub(super) struct Drawn<V: Vectors> {
    bases: [V::Bits; BASES],
}

impl<V: Vectors> Drawn<V> {
    /// The bits that a stream takes its own from, and how it crosses them.
    #[inline(always)]
    pub(super) fn stream(&self, stream: u32) -> (&V::Bits, usize) {
        (&self.bases[(stream / STREAMS_PER_BASE) as usize], (stream % STREAMS_PER_BASE) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::Generator;
    use crate::cpu::simd::{Kernel, Vectors, widest};
    use crate::cpu::tile::TILE;
    use crate::random::{Noise, round_keys};

    /// The bits of streams 0 and 8 for a tile.
    struct Draw(Noise, u64);

    impl Kernel for Draw {
        type Arithmetic = f32;
        type Output = [[u16; TILE]; 2];
        const ALL_BF16: bool = false;

        #[inline(always)]
        fn run<V: Vectors<Arithmetic = f32>>(self, vectors: V) -> [[u16; TILE]; 2] {
            let mut generator = Generator::new(vectors, self.0, 9, 0);
            generator.group(0);
            let drawn = generator.group(self.1);
            [0, 8].map(|stream| bytemuck::cast(*drawn.stream(stream).0))
        }
    }

    #[test]
    fn a_generator_follows_the_counter_into_its_second_word() {
        let noise = Noise { keys: round_keys(0x0123_4567_89AB_CDEF), tensor: 5, gradient: 77 };
        for first in [0, 1 << 20, (1 << 35) - 64, 1 << 35, 7 << 40] {
            let drawn = widest(Draw(noise, first));
            for (stream, bits) in [0, 8].into_iter().zip(drawn) {
                let expected = |i: usize| (noise.word(stream, first + i as u64) >> 16) as u16;
                assert_eq!(bits, core::array::from_fn(expected), "stream {stream} from element {first}");
            }
        }
    }
}

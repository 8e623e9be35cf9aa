//! Tiles as numbers, for chains that are only known at run time.

use super::simd::Vectors;
use super::tile::TILE;
use crate::dtype::{StorageDtype, WidensTo};
use crate::random::RoundKeys;
use crate::real::Tile;
use crate::store::Store;
use bytemuck::Pod;

/// A group is one number, which is a tile. Memory is read, rounded and written as `V` does it; the
/// arithmetic is that of plain arrays.
#[derive(Clone, Copy)]
pub(super) struct Tiled<V>(pub(super) V);

impl<V: Vectors<Group: Pod>> Tiled<V> {
    #[inline(always)]
    fn tile(group: V::Group) -> [Tile<V::Arithmetic>; 1] {
        [Tile(bytemuck::cast(group))]
    }

    #[inline(always)]
    fn group([Tile(numbers)]: &[Tile<V::Arithmetic>; 1]) -> V::Group {
        bytemuck::cast(*numbers)
    }
}

impl<V: Vectors<Group: Pod>> Vectors for Tiled<V> {
    type Arithmetic = V::Arithmetic;
    type Number = Tile<V::Arithmetic>;
    type Group = [Tile<V::Arithmetic>; 1];
    const GROUP: usize = {
        assert!(V::GROUP == TILE, "a group is a tile");
        TILE
    };
    type Bits = V::Bits;
    type Blocks = V::Blocks;

    #[inline(always)]
    fn each_place(self, mut visit: impl FnMut(usize)) {
        visit(0);
    }

    #[inline(always)]
    fn zeros(self) -> Self::Group {
        Self::tile(self.0.zeros())
    }

    #[inline(always)]
    fn has_nan(self, numbers: &Self::Group) -> bool {
        self.0.has_nan(&Self::group(numbers))
    }

    #[inline(always)]
    fn widen<T: StorageDtype<Arithmetic = V::Arithmetic>>(
        self,
        memory: &[T; TILE],
        at: usize,
    ) -> Self::Group {
        Self::tile(self.0.widen(memory, at))
    }

    #[inline(always)]
    fn widen_gradient<T: WidensTo<V::Arithmetic>>(self, memory: &[T; TILE], at: usize) -> Self::Group {
        Self::tile(self.0.widen_gradient(memory, at))
    }

    #[inline(always)]
    fn round<T: StorageDtype<Arithmetic = V::Arithmetic>>(
        self,
        numbers: &Self::Group,
        memory: &mut [T; TILE],
        at: usize,
    ) {
        self.0.round(&Self::group(numbers), memory, at);
    }

    #[inline(always)]
    fn round_stochastically<T: StorageDtype<Arithmetic = V::Arithmetic>>(
        self,
        numbers: &Self::Group,
        bits: &V::Bits,
        by: usize,
        memory: &mut [T; TILE],
        at: usize,
    ) {
        self.0.round_stochastically(&Self::group(numbers), bits, by, memory, at);
    }

    #[inline(always)]
    fn join<W: Store, P: StorageDtype<Arithmetic = V::Arithmetic>>(
        self,
        memory: &[P; TILE],
        beside: &[W::Beside<P>; TILE],
        at: usize,
    ) -> Self::Group {
        Self::tile(self.0.join::<W, P>(memory, beside, at))
    }

    #[inline(always)]
    fn split<W: Store, P: StorageDtype<Arithmetic = V::Arithmetic>>(
        self,
        numbers: &Self::Group,
        random: Option<(&V::Bits, usize)>,
        memory: &mut [P; TILE],
        beside: &mut [W::Beside<P>; TILE],
        at: usize,
    ) {
        self.0.split::<W, P>(&Self::group(numbers), random, memory, beside, at);
    }

    #[inline(always)]
    fn blocks(self, counter: [u32; 4], keys: &RoundKeys) -> V::Blocks {
        self.0.blocks(counter, keys)
    }

    #[inline(always)]
    fn random(self, first: u32, blocks: &V::Blocks) -> V::Bits {
        self.0.random(first, blocks)
    }
}

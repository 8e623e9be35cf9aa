//! Tiles as numbers, for chains that are only known at run time.

use super::simd::{Plain, Vectors};
use super::tile::TILE;
use crate::dtype::{Arithmetic, StorageDtype, WidensTo};
use crate::random::RoundKeys;
use crate::real::Tile;
use crate::store::Store;

/// A group is one number, which is a tile.
#[derive(Clone, Copy)]
pub(super) struct Tiled<F>(Plain<F>);

impl<F: Arithmetic> Tiled<F> {
    pub(super) fn new() -> Self {
        Self(Plain::new())
    }
}

impl<F: Arithmetic> Vectors for Tiled<F> {
    type Arithmetic = F;
    type Number = Tile<F>;
    type Group = [Tile<F>; 1];
    const GROUP: usize = TILE;
    type Bits = <Plain<F> as Vectors>::Bits;
    type Blocks = <Plain<F> as Vectors>::Blocks;

    #[inline(always)]
    fn each_place(self, mut visit: impl FnMut(usize)) {
        visit(0);
    }

    #[inline(always)]
    fn zeros(self) -> [Tile<F>; 1] {
        [Tile(self.0.zeros())]
    }

    #[inline(always)]
    fn widen<T: StorageDtype<Arithmetic = F>>(self, memory: &[T; TILE], at: usize) -> [Tile<F>; 1] {
        [Tile(self.0.widen(memory, at))]
    }

    #[inline(always)]
    fn widen_gradient<T: WidensTo<F>>(self, memory: &[T; TILE], at: usize) -> [Tile<F>; 1] {
        [Tile(self.0.widen_gradient(memory, at))]
    }

    #[inline(always)]
    fn round<T: StorageDtype<Arithmetic = F>>(
        self,
        [Tile(numbers)]: &[Tile<F>; 1],
        memory: &mut [T; TILE],
        at: usize,
    ) {
        self.0.round(numbers, memory, at);
    }

    #[inline(always)]
    fn round_stochastically<T: StorageDtype<Arithmetic = F>>(
        self,
        [Tile(numbers)]: &[Tile<F>; 1],
        bits: &Self::Bits,
        by: usize,
        memory: &mut [T; TILE],
        at: usize,
    ) {
        self.0.round_stochastically(numbers, bits, by, memory, at);
    }

    #[inline(always)]
    fn join<W: Store, P: StorageDtype<Arithmetic = F>>(
        self,
        memory: &[P; TILE],
        beside: &[W::Beside<P>; TILE],
        at: usize,
    ) -> [Tile<F>; 1] {
        [Tile(self.0.join::<W, P>(memory, beside, at))]
    }

    #[inline(always)]
    fn split<W: Store, P: StorageDtype<Arithmetic = F>>(
        self,
        [Tile(numbers)]: &[Tile<F>; 1],
        random: Option<(&Self::Bits, usize)>,
        memory: &mut [P; TILE],
        beside: &mut [W::Beside<P>; TILE],
        at: usize,
    ) {
        self.0.split::<W, P>(numbers, random, memory, beside, at);
    }

    #[inline(always)]
    fn blocks(self, counter: [u32; 4], keys: &RoundKeys) -> Self::Blocks {
        self.0.blocks(counter, keys)
    }

    #[inline(always)]
    fn random(self, first: u32, blocks: &Self::Blocks) -> Self::Bits {
        self.0.random(first, blocks)
    }
}

//! The inner loop of a statistic: it reads what the update will read, and writes nothing.

use super::group::Group;
use super::pieces::{Piece, Shared, numbers_in};
use super::reduce::{self, Lanes};
use super::simd::{Kernel, Vectors};
use super::tile::{TILE, each_tile};
use crate::device::{Formats, Number};
use crate::dtype::StorageDtype;
use crate::transform::{Fold, Stage};

/// Folds a statistic over a piece of at most one leaf.
pub(super) struct Measure<'a, 's, C: Stage, K: Formats> {
    pub(super) piece: Piece<'a, C, K>,
    pub(super) shared: &'s Shared<'s, C, K>,
    /// The statistic, and what is made of its values.
    pub(super) pass: (usize, Fold),
}

impl<C: Stage, K: Formats> Kernel for Measure<'_, '_, C, K> {
    type Arithmetic = Number<K>;
    type Output = f64;
    const ALL_BF16: bool = false;
    const BY_TILE: bool = C::BY_TILE;
    const IS_BUSY: bool = !(K::Parameter::EXACT && K::State::EXACT);

    #[inline(always)]
    fn run<V: Vectors<Arithmetic = Number<K>>>(self, vectors: V) -> f64 {
        // Each statistic has a loop of its own: what it does not look at is not read.
        macro_rules! own_loop {
            ($($pass:literal)*) => {$(
                if const { C::PASSES > $pass && !C::BY_TILE } {
                    if self.pass.0 == $pass {
                        return self.of_pass($pass, vectors);
                    }
                }
            )*};
        }
        own_loop!(0 1 2 3 4);
        if const { C::PASSES > 5 || C::BY_TILE } {
            let pass = self.pass.0;
            return self.of_pass(pass, vectors);
        }
        unreachable!("a rule is asked for the statistics that it has");
    }
}

impl<C: Stage, K: Formats> Measure<'_, '_, C, K> {
    #[inline(always)]
    fn of_pass<V: Vectors<Arithmetic = Number<K>>>(self, pass: usize, vectors: V) -> f64 {
        let Self { piece, shared, pass: (_, fold) } = self;
        let (start, length) = (piece.first, piece.gradient.len());
        let constants = numbers_in::<C::Constants, _, V::Number>(shared.constants);
        let tensor = numbers_in::<C::Tensor, _, V::Number>(&shared.tensor);
        let mut lanes = Lanes::new(fold);
        each_tile(
            vectors,
            piece,
            #[inline(always)]
            |first, tile| {
                let mut values = [Number::<K>::default(); TILE];
                for at in (0..TILE).step_by(V::GROUP) {
                    let mut group =
                        Group::<C, K, V>::read(vectors, shared.part, &tile, at, first + at as u64);
                    vectors.each_place(
                        #[inline(always)]
                        |i| {
                            let (input, mut element) = (group.input(i), group.element(i));
                            group.update.as_mut()[i] = if C::CUTS == 0 || tile.flow.is_none() {
                                C::measure(pass, &constants, input, &tensor, &mut element)
                            } else {
                                C::measure_part(shared.part, pass, &constants, input, &tensor, &mut element)
                            };
                        },
                    );
                    vectors.round(&group.update, &mut values, at);
                }
                let within = (first - start) as usize;
                let mut summands = reduce::summands(fold, &values);
                // What the padding of the last tile measured does not count.
                summands[(length - within).min(TILE)..].fill(reduce::neutral(fold));
                lanes.add(within, &summands);
            },
        );
        lanes.fold()
    }
}

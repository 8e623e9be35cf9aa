//! Pieces of a chain from data whose arithmetic is known: from memory into tiles of numbers, through the arithmetic,
//! and back.
//!
//! Nothing here depends on the rule, so that it is compiled once for each formats and store.

use super::group::Group;
use super::noise::{Drawn, Generator};
use super::on_tiles::{Aligned, Listed, MOST, Numbers, What};
use super::pieces::Piece;
use super::reduce::{self, Lanes};
use super::simd::{self, Kernel, Vectors};
use super::tile::{Both, TILE, Tile, each_tile, padded, window_mut, write_back};
use super::write;
use crate::device::{Formats, Number};
use crate::dtype::Arithmetic;
use crate::random::{Noise, PARAMETER_STREAM};
use crate::transform::{AxesOf, ElementsOf, FieldSet, Fold, Identity, Nothing, Stage};
use arrayvec::ArrayVec;

/// A piece in two: what every chain has, and lists of what this one has beside it.
pub(super) struct Walk<'a, 's, K: Formats> {
    common: Piece<'a, Identity, K>,
    state: ArrayVec<&'a mut [K::State], MOST>,
    axes: ArrayVec<Both<'a, Number<K>>, MOST>,
    listed: Listed<'s, Number<K>>,
}

impl<'a, 's, K: Formats> Walk<'a, 's, K> {
    pub(super) fn new<C: Stage>(piece: Piece<'a, C, K>, listed: Listed<'s, Number<K>>) -> Self {
        let Piece { parameter, gradient, state: fields, covers, carry, first, .. } = piece;
        let (mut state, mut axes) = (ArrayVec::new(), ArrayVec::new());
        ElementsOf::<C>::map(fields, |field| state.push(field));
        AxesOf::<C>::map(covers, |cover| axes.push(Both::new(cover, first)));
        let common = Piece { parameter, gradient, state: Nothing, covers: Nothing, carry, flow: None, first };
        Self { common, state, axes, listed }
    }

    /// Calls `visit` with each tile, its room, and what its state lies in.
    #[inline(always)]
    fn each<V: Vectors<Arithmetic = Number<K>>>(
        self,
        vectors: V,
        mut visit: impl FnMut(&Listed<'s, Number<K>>, At<'_, '_, K, V>, &mut Room<Number<K>>),
    ) {
        let Self { common, mut state, mut axes, listed } = self;
        let (start, length) = (common.first, common.gradient.len());
        let mut room = Room::new(state.len(), axes.len());
        let mut copies = [[K::State::default(); TILE]; MOST];
        each_tile(
            vectors,
            common,
            #[inline(always)]
            |first, tile| {
                let at = (first - start) as usize;
                let elements = TILE.min(length - at);
                let group = Group::read(vectors, 0, &tile, 0, first);
                vectors.round(&group.update, &mut room.gradient.0, 0);
                vectors.round(&group.known(), &mut room.parameter.0, 0);
                for (Aligned(numbers), both) in room.axes.iter_mut().zip(&mut axes) {
                    vectors.round(&both.reader.read(vectors, elements), numbers, 0);
                }
                // The tail goes through the same code as a padded copy.
                let is_whole = elements == TILE;
                let mut windows = ArrayVec::<_, MOST>::new();
                for (field, copy) in state.iter_mut().zip(&mut copies) {
                    windows.push(if is_whole {
                        window_mut(field, at)
                    } else {
                        *copy = padded(&field[at..]);
                        copy
                    });
                }
                for (Aligned(numbers), memory) in room.state.iter_mut().zip(&windows) {
                    vectors.round(&vectors.widen(memory, 0), numbers, 0);
                }
                visit(&listed, At { first, elements, tile, group, state: windows }, &mut room);
                if !is_whole {
                    for (field, copy) in state.iter_mut().zip(&copies) {
                        write_back(&mut field[at..], copy);
                    }
                }
                for (Aligned(numbers), both) in room.axes.iter().zip(&mut axes) {
                    if let Some(writer) = &mut both.writer {
                        writer.write(vectors, &vectors.widen(numbers, 0), elements);
                    }
                }
            },
        );
    }
}

/// A tile of a piece.
struct At<'t, 'w, K: Formats, V: Vectors> {
    first: u64,
    elements: usize,
    tile: Tile<'t, Identity, K>,
    group: Group<Identity, K, V>,
    state: ArrayVec<&'w mut [K::State; TILE], MOST>,
}

/// The numbers of a tile.
struct Room<F> {
    gradient: Aligned<F>,
    parameter: Aligned<F>,
    update: Aligned<F>,
    state: ArrayVec<Aligned<F>, MOST>,
    axes: ArrayVec<Aligned<F>, MOST>,
}

impl<F: Arithmetic> Room<F> {
    fn new(state: usize, axes: usize) -> Self {
        let zeros = Aligned([F::default(); TILE]);
        let fields = |count| core::iter::repeat_n(zeros, count).collect();
        Self { gradient: zeros, parameter: zeros, update: zeros, state: fields(state), axes: fields(axes) }
    }

    /// What the arithmetic sees, and where it leaves its result.
    #[inline(always)]
    fn numbers<'a>(&'a mut self, listed: &'a Listed<'_, F>, first: u64) -> Numbers<'a, F> {
        let Self { gradient, parameter, update: into, state, axes } = self;
        let (constants, tensor) = (&listed.constants[..], &listed.tensor[..]);
        Numbers { constants, tensor, first, gradient, parameter, state, axes, into }
    }
}

/// Updates a piece.
pub(super) fn update<K: Formats>(walk: Walk<'_, '_, K>, noise: Noise) {
    if const { write::all_bf16::<K>(MOST) } && walk.axes.is_empty() {
        simd::wide(UpdateListed::<K, true> { walk, noise });
    } else {
        simd::wide(UpdateListed::<K, false> { walk, noise });
    }
}

/// Folds a statistic over a piece of at most one leaf.
pub(super) fn measure<K: Formats>(walk: Walk<'_, '_, K>, pass: (usize, Fold)) -> f64 {
    simd::wide(MeasureListed { walk, pass })
}

/// An update as a kernel. `ALL_BF16` says that all numbers in memory are bf16.
struct UpdateListed<'a, 's, K: Formats, const ALL_BF16: bool> {
    walk: Walk<'a, 's, K>,
    noise: Noise,
}

impl<K: Formats, const ALL_BF16: bool> Kernel for UpdateListed<'_, '_, K, ALL_BF16> {
    type Arithmetic = Number<K>;
    type Output = ();
    const ALL_BF16: bool = ALL_BF16;

    #[inline(always)]
    fn run<V: Vectors<Arithmetic = Number<K>>>(self, vectors: V) {
        let Self { walk, noise } = self;
        let streams = write::streams::<K>(walk.state.len());
        let mut generator = Generator::new(vectors, noise, streams, walk.common.first);
        walk.each(
            vectors,
            #[inline(always)]
            |listed, at, room| {
                let At { first, mut tile, mut group, state: mut memory, .. } = at;
                listed.arithmetic.run(What::Update, room.numbers(listed, first));
                group.update = vectors.widen(&room.update.0, 0);
                let random = &generator.group(first);
                if let Some(parameter) = &mut tile.parameter {
                    write::parameter(vectors, parameter, &mut tile.carry, &group, 0, (random, false));
                }
                write_state::<K, V>(vectors, room, &mut memory, random);
            },
        );
    }
}

/// The state of a tile, rounded.
#[inline(always)]
fn write_state<K: Formats, V: Vectors<Arithmetic = Number<K>>>(
    vectors: V,
    room: &Room<Number<K>>,
    memory: &mut [&mut [K::State; TILE]],
    random: &Drawn<V>,
) {
    let mut stream = PARAMETER_STREAM;
    for (Aligned(numbers), memory) in room.state.iter().zip(memory) {
        stream += 1;
        let group = vectors.widen(numbers, 0);
        write::field::<K, V>(vectors, &group, memory, 0, (random, stream));
    }
}

/// A statistic as a kernel.
struct MeasureListed<'a, 's, K: Formats> {
    walk: Walk<'a, 's, K>,
    pass: (usize, Fold),
}

impl<K: Formats> Kernel for MeasureListed<'_, '_, K> {
    type Arithmetic = Number<K>;
    type Output = f64;
    const ALL_BF16: bool = false;

    #[inline(always)]
    fn run<V: Vectors<Arithmetic = Number<K>>>(self, vectors: V) -> f64 {
        let Self { walk, pass: (pass, fold) } = self;
        let (start, mut lanes) = (walk.common.first, Lanes::new(fold));
        walk.each(
            vectors,
            #[inline(always)]
            |listed, at, room| {
                listed.arithmetic.run(What::Measure(pass), room.numbers(listed, at.first));
                let mut summands = reduce::summands(fold, &room.update.0);
                summands[at.elements..].fill(reduce::neutral(fold));
                lanes.add((at.first - start) as usize, &summands);
            },
        );
        lanes.fold()
    }
}

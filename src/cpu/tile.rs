//! The inner loop: 64 elements at a time, from memory through the rule and back.
//!
//! The sixty-four numbers of each array lie in local arrays, so that the compiler knows that they
//! do not overlap and turns each loop below into vector code of whatever width the machine has. The
//! tail of a piece runs through the same code on a padded copy.

use super::noise::{Drawn, Generator, STREAMS};
use super::pieces::{Piece, Shared};
use super::reduce::Lanes;
use super::simd::{Kernel, Vectors};
use crate::device::{Formats, Number};
use crate::dtype::{Arithmetic, StorageDtype, WidensTo};
use crate::random::PARAMETER_STREAM;
use crate::store::{Rounding, Store};
use crate::transform::{FieldSet, Input, Of, Stage};
use typenum::Unsigned;

/// Elements in a tile.
pub(super) const TILE: usize = 64;
type Carry<K> = <<K as Formats>::Store as Store>::Carry;

/// One tile of every array of a piece.
struct Tile<'a, C: Stage, K: Formats> {
    parameter: Option<&'a mut [K::Parameter; TILE]>,
    gradient: &'a [K::Gradient; TILE],
    state: Of<C::State, &'a mut [K::State; TILE]>,
    carry: Of<Carry<K>, &'a mut [K::Parameter; TILE]>,
}

/// Updates a piece.
pub(super) struct Update<'a, 's, C: Stage, K: Formats> {
    pub(super) piece: Piece<'a, C, K>,
    pub(super) shared: &'s Shared<C, K>,
}

impl<C: Stage, K: Formats> Kernel for Update<'_, '_, C, K> {
    type Output = ();

    #[inline(always)]
    fn run(self, vectors: impl Vectors) {
        let shared = self.shared;
        let generator = Generator::new(vectors, shared.noise);
        each_tile(
            self.piece,
            #[inline(always)]
            |first, tile| update_tile(first, tile, shared, &generator, vectors),
        );
    }
}

/// Sums a statistic over a piece of at most one leaf.
pub(super) struct Measure<'a, 's, C: Stage, K: Formats> {
    pub(super) piece: Piece<'a, C, K>,
    pub(super) shared: &'s Shared<C, K>,
    pub(super) pass: usize,
}

impl<C: Stage, K: Formats> Kernel for Measure<'_, '_, C, K> {
    type Output = f64;

    #[inline(always)]
    fn run(self, _vectors: impl Vectors) -> f64 {
        let Self { piece, shared, pass } = self;
        let (start, length) = (piece.first, piece.gradient.len());
        let mut lanes = Lanes::new();
        each_tile(
            piece,
            #[inline(always)]
            |first, tile| {
                let within = (first - start) as usize;
                let mut values = measure_tile(tile, shared, pass);
                // What the padding of the last tile measured does not count.
                values[(length - within).min(TILE)..].fill(0.0);
                lanes.add(within, &values);
            },
        );
        lanes.fold()
    }
}

/// Calls `visit` with each tile of a piece and the number of its first element.
#[inline(always)]
fn each_tile<C: Stage, K: Formats>(piece: Piece<'_, C, K>, mut visit: impl FnMut(u64, Tile<'_, C, K>)) {
    let whole = piece.gradient.len() / TILE;
    let Piece { mut parameter, gradient, mut state, mut carry, first } = piece;
    for number in 0..whole {
        let at = number * TILE;
        visit(
            first + at as u64,
            Tile {
                parameter: parameter.as_deref_mut().map(
                    #[inline(always)]
                    |memory| window_mut(memory, at),
                ),
                gradient: window(gradient, at),
                state: C::State::map(
                    C::State::each_mut(&mut state),
                    #[inline(always)]
                    |field| window_mut(field, at),
                ),
                carry: Carry::<K>::map(
                    Carry::<K>::each_mut(&mut carry),
                    #[inline(always)]
                    |field| window_mut(field, at),
                ),
            },
        );
    }
    let at = whole * TILE;
    if at == gradient.len() {
        return;
    }
    let mut parameter_copy = parameter.as_deref().map(|memory| padded(&memory[at..]));
    let gradient_copy = padded(&gradient[at..]);
    let mut state_copy = C::State::map(
        C::State::each_ref(&state),
        #[inline(always)]
        |field| padded(&field[at..]),
    );
    let mut carry_copy = Carry::<K>::map(
        Carry::<K>::each_ref(&carry),
        #[inline(always)]
        |field| padded(&field[at..]),
    );
    visit(
        first + at as u64,
        Tile {
            parameter: parameter_copy.as_mut(),
            gradient: &gradient_copy,
            state: C::State::each_mut(&mut state_copy),
            carry: Carry::<K>::each_mut(&mut carry_copy),
        },
    );
    if let (Some(memory), Some(copy)) = (parameter, parameter_copy) {
        write_back(&mut memory[at..], &copy);
    }
    C::State::map(
        C::State::zip(state, state_copy),
        #[inline(always)]
        |(field, copy)| write_back(&mut field[at..], &copy),
    );
    Carry::<K>::map(
        Carry::<K>::zip(carry, carry_copy),
        #[inline(always)]
        |(field, copy)| write_back(&mut field[at..], &copy),
    );
}

#[inline(always)]
fn window<T>(memory: &[T], at: usize) -> &[T; TILE] {
    memory[at..].first_chunk().expect("every array of a piece is as long as its gradient")
}

#[inline(always)]
fn window_mut<T>(memory: &mut [T], at: usize) -> &mut [T; TILE] {
    memory[at..].first_chunk_mut().expect("every array of a piece is as long as its gradient")
}

fn padded<T: StorageDtype>(tail: &[T]) -> [T; TILE] {
    let mut copy = [T::default(); TILE];
    copy[..tail.len()].copy_from_slice(tail);
    copy
}

fn write_back<T: StorageDtype>(tail: &mut [T], copy: &[T; TILE]) {
    tail.copy_from_slice(&copy[..tail.len()]);
}

/// The rule and the store on one tile.
#[inline(always)]
fn update_tile<C: Stage, K: Formats, V: Vectors>(
    first: u64,
    tile: Tile<'_, C, K>,
    shared: &Shared<C, K>,
    generator: &Generator<V>,
    vectors: V,
) {
    let zeros = [Number::<K>::default(); TILE];
    let mut parameter = zeros;
    if let Some(memory) = &tile.parameter {
        vectors.widen(memory, &mut parameter);
    }
    let mut update = zeros;
    vectors.widen_to(tile.gradient, &mut update);
    let mut state = C::State::map(
        C::State::each_ref(&tile.state),
        #[inline(always)]
        |memory| {
            let mut field = zeros;
            vectors.widen(memory, &mut field);
            field
        },
    );
    for i in 0..TILE {
        let mut element = C::State::map(
            C::State::each_ref(&state),
            #[inline(always)]
            |field| field[i],
        );
        let input = Input::of(update[i], parameter[i]);
        update[i] = C::update(&shared.constants, input, &shared.tensor, &mut element);
        C::State::map(
            C::State::zip(C::State::each_mut(&mut state), element),
            #[inline(always)]
            |(field, number)| {
                field[i] = number;
            },
        );
    }
    const { assert!(<C::State as FieldSet>::Count::USIZE < STREAMS, "too many fields for the random streams") };
    let draws_state = !K::State::EXACT && <C::State as FieldSet>::Count::USIZE > 0;
    let draws_parameter = K::Store::ROUNDING == Rounding::Stochastic && !K::Parameter::EXACT;
    let fields = <C::State as FieldSet>::Count::U32;
    let streams = match (draws_state, draws_parameter) {
        (true, _) => PARAMETER_STREAM + 1 + fields,
        (false, true) => PARAMETER_STREAM + 1,
        (false, false) => 0,
    };
    let random = generator.tile(first, streams);
    let mut stream = PARAMETER_STREAM;
    C::State::map(
        C::State::zip(tile.state, state),
        #[inline(always)]
        |(memory, field)| {
            stream += 1;
            if draws_state {
                vectors.round_stochastically(&field, &random.stream(stream), memory);
            } else {
                vectors.round(&field, memory);
            }
        },
    );
    if let Some(memory) = tile.parameter {
        write_parameter::<K, V>(memory, &parameter, &update, tile.carry, &random, vectors);
    }
}

/// The store on one tile: target, the one rounding, and what is taken note of.
#[inline(always)]
fn write_parameter<K: Formats, V: Vectors>(
    memory: &mut [K::Parameter; TILE],
    parameter: &[Number<K>; TILE],
    update: &[Number<K>; TILE],
    carried: Of<Carry<K>, &mut [K::Parameter; TILE]>,
    random: &Drawn<V>,
    vectors: V,
) {
    let zeros = [Number::<K>::default(); TILE];
    let mut carry = Carry::<K>::map(
        Carry::<K>::each_ref(&carried),
        #[inline(always)]
        |memory| {
            let mut field = zeros;
            vectors.widen(memory, &mut field);
            field
        },
    );
    let mut target = zeros;
    for i in 0..TILE {
        let element = Carry::<K>::map(
            Carry::<K>::each_ref(&carry),
            #[inline(always)]
            |field| field[i],
        );
        target[i] = K::Store::target(parameter[i], update[i], &element);
    }
    match K::Store::ROUNDING {
        Rounding::Nearest => vectors.round(&target, memory),
        Rounding::Stochastic => {
            vectors.round_stochastically(&target, &random.stream(PARAMETER_STREAM), memory)
        }
    }
    if <Carry<K> as FieldSet>::Count::USIZE == 0 {
        return;
    }
    let stored = &mut target;
    vectors.widen(memory, stored);
    for i in 0..TILE {
        let mut element = Carry::<K>::map(
            Carry::<K>::each_ref(&carry),
            #[inline(always)]
            |field| field[i],
        );
        K::Store::settle(parameter[i], update[i], stored[i], &mut element);
        Carry::<K>::map(
            Carry::<K>::zip(Carry::<K>::each_mut(&mut carry), element),
            #[inline(always)]
            |(field, number)| {
                field[i] = number;
            },
        );
    }
    Carry::<K>::map(
        Carry::<K>::zip(carried, carry),
        #[inline(always)]
        |(memory, field)| vectors.round(&field, memory),
    );
}

/// What a statistic sums, for each element of a tile.
#[inline(always)]
fn measure_tile<C: Stage, K: Formats>(
    tile: Tile<'_, C, K>,
    shared: &Shared<C, K>,
    pass: usize,
) -> [f64; TILE] {
    core::array::from_fn(|i| {
        let gradient = tile.gradient[i].widen_to();
        let parameter = tile.parameter.as_ref().map_or(Number::<K>::default(), |memory| memory[i].widen());
        let mut element = C::State::map(
            C::State::each_ref(&tile.state),
            #[inline(always)]
            |field| field[i].widen(),
        );
        let input = Input::of(gradient, parameter);
        C::measure(pass, &shared.constants, input, &shared.tensor, &mut element).to_f64()
    })
}

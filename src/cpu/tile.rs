//! A piece in tiles of 64 elements.
//!
//! Tiles are arrays of a fixed length, so that nothing has to be checked within one. The tail of a
//! piece runs through the same code on a padded copy.

use super::lines::{Cover, Reader, Writer};
use super::pieces::Piece;
use super::simd::{self, Vectors};
use crate::device::{Beside, Formats, Number};
use crate::dtype::{Arithmetic, StorageDtype};
use crate::store::Store;
use crate::transform::{AxesOf, ElementsOf, FieldSet, Of, Stage};

/// Elements in a tile.
pub(super) const TILE: usize = 64;
/// How many elements ahead memory is asked for.
const AHEAD: usize = 8 * TILE;
/// What the store of the formats `K` carries.
pub(super) type Carry<K> = <<K as Formats>::Store as Store>::Carry;

/// One tile of every array of a piece.
pub(super) struct Tile<'a, C: Stage, K: Formats> {
    pub(super) parameter: Option<&'a mut [K::Parameter; TILE]>,
    pub(super) gradient: &'a [K::Gradient; TILE],
    pub(super) state: Of<ElementsOf<C>, &'a mut [K::State; TILE]>,
    /// What is read by axis, and written.
    pub(super) axes: Of<AxesOf<C>, &'a mut [Number<K>; TILE]>,
    pub(super) carry: Of<Carry<K>, &'a mut [Beside<K>; TILE]>,
    /// What flows from one part of the chain to the next: update and gradient.
    pub(super) flow: Option<[&'a mut [Number<K>; TILE]; 2]>,
}

/// Calls `visit` with each tile of a piece and the number of its first element.
#[inline(always)]
pub(super) fn each_tile<C: Stage, K: Formats>(
    vectors: impl Vectors<Arithmetic = Number<K>>,
    piece: Piece<'_, C, K>,
    mut visit: impl FnMut(u64, Tile<'_, C, K>),
) {
    let length = piece.gradient.len();
    let Piece { parameter, gradient, state, covers, carry, flow, first } = piece;
    let mut axes = AxesOf::<C>::map(
        covers,
        #[inline(always)]
        |cover| Both::new(cover, first),
    );
    // The tail goes through the same code as a padded copy.
    let (whole, tail) = gradient.as_chunks::<TILE>();
    let rest = length - tail.len();
    let (parameter, parameter_tail) = parameter.map(|memory| memory.split_at_mut(rest)).unzip();
    let (mut state, state_tail) = ElementsOf::<C>::unzip(ElementsOf::<C>::map(
        state,
        #[inline(always)]
        |field| field.split_at_mut(rest),
    ));
    let (mut carry, carry_tail) = Carry::<K>::unzip(Carry::<K>::map(
        carry,
        #[inline(always)]
        |field| field.split_at_mut(rest),
    ));
    let gradient_copy = [padded(tail)];
    let mut parameter_copy = padded(parameter_tail.as_deref().unwrap_or(&[]));
    let mut state_copy = ElementsOf::<C>::map(
        ElementsOf::<C>::each_ref(&state_tail),
        #[inline(always)]
        |field| padded(field),
    );
    let mut carry_copy = Carry::<K>::map(
        Carry::<K>::each_ref(&carry_tail),
        #[inline(always)]
        |field| padded(field),
    );

    // Between the parts of a chain, update and gradient lie in memory.
    let flow = if const { C::CUTS > 0 } { flow } else { None };
    let (flow, flow_tail) = flow.map(|flow| parted(flow, rest)).unzip();
    let mut flow_copy = flow_tail.as_ref().map(|tails| tails.each_ref().map(|tail| padded(tail)));

    let mut at = 0;
    let tails = (
        parameter_tail.is_some().then_some(&mut parameter_copy[..]),
        if tail.is_empty() { &[][..] } else { &gradient_copy },
        ElementsOf::<C>::map(ElementsOf::<C>::each_mut(&mut state_copy), |copy| &mut copy[..]),
        Carry::<K>::map(Carry::<K>::each_mut(&mut carry_copy), |copy| &mut copy[..]),
        flow_copy.as_mut().map(|copies| copies.each_mut().map(|copy| &mut copy[..])),
    );
    let tiles = (
        parameter,
        whole,
        ElementsOf::<C>::map(ElementsOf::<C>::each_mut(&mut state), |field| &mut **field),
        Carry::<K>::map(Carry::<K>::each_mut(&mut carry), |field| &mut **field),
        flow,
    );
    for (mut parameter, gradient, mut state, mut carry, mut flow) in [tiles, tails] {
        for (number, gradient) in gradient.iter().enumerate() {
            let (start, elements) = (number * TILE, TILE.min(length - at));
            let mut numbers = read::<C, K>(vectors, &mut axes, elements);
            if const { AxesOf::<C>::COUNT > 0 } {
                // Behind so much arithmetic the processor sees too late what comes next.
                simd::prefetch::<true, _>(gradient, AHEAD..AHEAD + TILE);
                let ahead = start + AHEAD..start + AHEAD + TILE;
                if let Some(memory) = parameter.as_deref() {
                    simd::prefetch::<true, _>(memory, ahead.clone());
                }
                ElementsOf::<C>::map(
                    ElementsOf::<C>::each_ref(&state),
                    #[inline(always)]
                    |field| simd::prefetch::<true, _>(field, ahead.clone()),
                );
            }
            visit(
                first + at as u64,
                Tile {
                    parameter: parameter.as_deref_mut().map(
                        #[inline(always)]
                        |memory| window_mut(memory, start),
                    ),
                    gradient,
                    state: ElementsOf::<C>::map(
                        ElementsOf::<C>::each_mut(&mut state),
                        #[inline(always)]
                        |field| window_mut(field, start),
                    ),
                    axes: AxesOf::<C>::each_mut(&mut numbers),
                    carry: Carry::<K>::map(
                        Carry::<K>::each_mut(&mut carry),
                        #[inline(always)]
                        |field| window_mut(field, start),
                    ),
                    flow: flow.as_mut().map(|flow| flow.each_mut().map(|numbers| window_mut(numbers, start))),
                },
            );
            write::<C, K>(vectors, &mut axes, numbers, elements);
            at += TILE;
        }
    }

    if let (Some(tails), Some(copies)) = (flow_tail, flow_copy) {
        tails.into_iter().zip(&copies).for_each(|(tail, copy)| write_back(tail, copy));
    }
    if let Some(memory) = parameter_tail {
        write_back(memory, &parameter_copy);
    }
    ElementsOf::<C>::map(
        ElementsOf::<C>::zip(state_tail, state_copy),
        #[inline(always)]
        |(field, copy)| write_back(field, &copy),
    );
    Carry::<K>::map(
        Carry::<K>::zip(carry_tail, carry_copy),
        #[inline(always)]
        |(field, copy)| write_back(field, &copy),
    );
}

/// The numbers by axis of one field, read and written tile by tile.
pub(super) struct Both<'a, F> {
    pub(super) reader: Reader<'a, F>,
    pub(super) writer: Option<Writer<'a, F>>,
}

impl<'a, F: Arithmetic> Both<'a, F> {
    #[inline(always)]
    pub(super) fn new(cover: Cover<'a, F>, first: u64) -> Self {
        let reader = Reader::new(&cover, first);
        Self { reader, writer: cover.fresh.map(|fresh| Writer::new(cover.lines, fresh, first)) }
    }
}

#[inline(always)]
fn read<C: Stage, K: Formats>(
    vectors: impl Vectors<Arithmetic = Number<K>>,
    axes: &mut Of<AxesOf<C>, Both<'_, Number<K>>>,
    length: usize,
) -> Of<AxesOf<C>, [Number<K>; TILE]> {
    AxesOf::<C>::map(
        AxesOf::<C>::each_mut(axes),
        #[inline(always)]
        |both| {
            let mut tile = [Number::<K>::default(); TILE];
            vectors.round(&both.reader.read(vectors, length), &mut tile, 0);
            tile
        },
    )
}

#[inline(always)]
fn write<C: Stage, K: Formats>(
    vectors: impl Vectors<Arithmetic = Number<K>>,
    axes: &mut Of<AxesOf<C>, Both<'_, Number<K>>>,
    numbers: Of<AxesOf<C>, [Number<K>; TILE]>,
    length: usize,
) {
    AxesOf::<C>::map(
        AxesOf::<C>::zip(AxesOf::<C>::each_mut(axes), numbers),
        #[inline(always)]
        |(both, numbers)| {
            if let Some(writer) = &mut both.writer {
                writer.write(vectors, &vectors.widen(&numbers, 0), length);
            }
        },
    );
}

/// The tile of an array that begins at `at`.
#[inline(always)]
pub(super) fn window_mut<T>(memory: &mut [T], at: usize) -> &mut [T; TILE] {
    memory[at..].first_chunk_mut().expect("every array of a piece is as long as its gradient")
}

/// Two runs of numbers, each cut at `at`.
#[inline(always)]
fn parted<T>(flow: [&mut [T]; 2], at: usize) -> ([&mut [T]; 2], [&mut [T]; 2]) {
    let [update, gradient] = flow;
    let (update, gradient) = (update.split_at_mut(at), gradient.split_at_mut(at));
    ([update.0, gradient.0], [update.1, gradient.1])
}

pub(super) fn padded<T: StorageDtype>(tail: &[T]) -> [T; TILE] {
    let mut copy = [T::default(); TILE];
    copy[..tail.len()].copy_from_slice(tail);
    copy
}

pub(super) fn write_back<T: StorageDtype>(tail: &mut [T], copy: &[T; TILE]) {
    tail.copy_from_slice(&copy[..tail.len()]);
}

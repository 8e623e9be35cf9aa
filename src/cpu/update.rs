//! The inner loop: from memory through the rule and the store, and back.
//!
//! Everything is inlined into the function that has chosen the vector instructions. Not in debug builds: there
//! nothing that was inlined leaves its place on the stack, which chains from data would overflow.

use super::group::Group;
use super::noise::{Drawn, Generator};
use super::pieces::{Piece, Shared, numbers_in};
use super::simd::{Kernel, Vectors};
use super::tile::{TILE, Tile, each_tile};
use super::write;
use crate::device::{Formats, Number};
use crate::dtype::StorageDtype;
use crate::random::PARAMETER_STREAM;
use crate::transform::{AxesOf, ElementsOf, FieldSet, Of, Stage};

/// Updates a piece.
pub(super) struct Update<'a, 's, C: Stage, K: Formats> {
    pub(super) piece: Piece<'a, C, K>,
    pub(super) shared: &'s Shared<'s, C, K>,
}

impl<C: Stage, K: Formats> Kernel for Update<'_, '_, C, K> {
    type Arithmetic = Number<K>;
    type Output = ();
    const ALL_BF16: bool =
        write::all_bf16::<K>(ElementsOf::<C>::COUNT) && AxesOf::<C>::COUNT == 0 && C::CUTS == 0;
    const BY_TILE: bool = C::BY_TILE;
    // Numbers by axis are held against each other for every element.
    const IS_BUSY: bool =
        !(K::Parameter::EXACT && K::State::EXACT) || (AxesOf::<C>::COUNT > 0 && !C::BY_TILE);

    #[inline(always)]
    fn run<V: Vectors<Arithmetic = Number<K>>>(self, vectors: V) {
        let streams = const { write::streams::<K>(ElementsOf::<C>::COUNT) };
        let mut generator = Generator::new(vectors, self.shared.noise, streams, self.piece.first);
        let worker = Worker::<C, V> {
            constants: numbers_in::<C::Constants, _, V::Number>(self.shared.constants),
            tensor: numbers_in::<C::Tensor, _, V::Number>(&self.shared.tensor),
            vectors,
            part: self.shared.part,
        };
        each_tile(
            vectors,
            self.piece,
            #[inline(always)]
            |first, tile| worker.update::<K>(&mut generator, first, tile),
        );
    }
}

/// What stays the same from tile to tile.
struct Worker<C: Stage, V: Vectors> {
    constants: Of<C::Constants, V::Number>,
    tensor: Of<C::Tensor, V::Number>,
    vectors: V,
    /// The part of the chain, if it has several.
    part: usize,
}

impl<C: Stage, V: Vectors> Worker<C, V> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn update<K: Formats<Parameter: StorageDtype<Arithmetic = V::Arithmetic>>>(
        &self,
        generator: &mut Generator<V>,
        first: u64,
        mut tile: Tile<'_, C, K>,
    ) {
        for at in (0..TILE).step_by(V::GROUP) {
            self.update_group(&mut tile, at, generator, first + at as u64);
        }
    }

    /// The rule on one group, and its state written back.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn update_group<K: Formats<Parameter: StorageDtype<Arithmetic = V::Arithmetic>>>(
        &self,
        tile: &mut Tile<'_, C, K>,
        at: usize,
        generator: &mut Generator<V>,
        first: u64,
    ) {
        let vectors = self.vectors;
        let mut group = Group::<C, K, V>::read(vectors, self.part, tile, at, first);
        vectors.each_place(
            #[inline(always)]
            |i| {
                let (input, mut element) = (group.input(i), group.element(i));
                if C::CUTS == 0 || tile.flow.is_none() {
                    group.update.as_mut()[i] =
                        C::update(&self.constants, input, &self.tensor, &mut element).update;
                } else {
                    let output =
                        C::update_part(self.part, &self.constants, input, &self.tensor, &mut element);
                    group.update.as_mut()[i] = output.update;
                    group.gradient.as_mut()[i] = output.gradient;
                }
                group.place_element(i, element);
            },
        );
        // Behind the rule, where it fills the time that quotients and roots take.
        let random = &generator.group(first);
        if C::CUTS > 0 && tile.flow.is_some() && self.part < C::CUTS {
            self.write_state(tile, &group, at, random);
            if let Some([of_update, of_gradient]) = &mut tile.flow {
                vectors.round(&group.update, of_update, at);
                vectors.round(&group.gradient, of_gradient, at);
            }
            return;
        }
        if !C::LOOKS_BACK {
            self.write_state(tile, &group, at, random);
        }
        if let Some(memory) = &mut tile.parameter {
            let random = (random, C::LOOKS_BACK);
            let written = write::parameter::<_, K, V>(vectors, memory, &mut tile.carry, &group, at, random);
            if C::LOOKS_BACK {
                for (i, written) in written.as_ref().iter().enumerate() {
                    let mut element = group.element(i);
                    C::after(&self.constants, *written, &self.tensor, &mut element);
                    group.place_element(i, element);
                }
            }
        }
        if C::LOOKS_BACK {
            self.write_state(tile, &group, at, random);
        }
    }

    /// The state of one group, rounded.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn write_state<K: Formats<Parameter: StorageDtype<Arithmetic = V::Arithmetic>>>(
        &self,
        tile: &mut Tile<'_, C, K>,
        group: &Group<C, K, V>,
        at: usize,
        random: &Drawn<V>,
    ) {
        let vectors = self.vectors;
        let mut stream = PARAMETER_STREAM;
        let (state, axes) = (ElementsOf::<C>::each_ref(&group.state), AxesOf::<C>::each_ref(&group.axes));
        AxesOf::<C>::map(
            AxesOf::<C>::zip(AxesOf::<C>::each_mut(&mut tile.axes), axes),
            #[inline(always)]
            |(memory, field)| vectors.round(field, memory, at),
        );
        ElementsOf::<C>::map(
            ElementsOf::<C>::zip(ElementsOf::<C>::each_mut(&mut tile.state), state),
            #[inline(always)]
            |(memory, field)| {
                stream += 1;
                write::field::<K, V>(vectors, field, memory, at, (random, stream));
            },
        );
    }
}

//! The inner loop: from memory through the rule and the store, and back.
//!
//! Everything is inlined into the function that has chosen the vector instructions. Not in debug builds: there
//! nothing that was inlined leaves its place on the stack, which chains from data would overflow.

use super::noise::{Drawn, Generator, STREAMS};
use super::pieces::{Piece, Shared, constants_in};
use super::simd::{Kernel, Vectors};
use super::tile::{Carry, TILE, Tile, each_tile};
use crate::device::{Beside, Formats, Number};
use crate::dtype::{Arithmetic, Format, StorageDtype};
use crate::random::PARAMETER_STREAM;
use crate::real::Real;
use crate::store::{Rounding, Store};
use crate::transform::{AxesOf, ElementsOf, FieldSet, Input, Of, Stage};

/// Updates a piece.
pub(super) struct Update<'a, 's, C: Stage, K: Formats> {
    pub(super) piece: Piece<'a, C, K>,
    pub(super) shared: &'s Shared<C, K>,
}

impl<C: Stage, K: Formats> Kernel for Update<'_, '_, C, K> {
    type Arithmetic = Number<K>;
    type Output = ();
    const ALL_BF16: bool = matches!(K::Parameter::FORMAT, Format::Bf16)
        && matches!(K::Gradient::FORMAT, Format::Bf16)
        && (matches!(K::State::FORMAT, Format::Bf16) || ElementsOf::<C>::COUNT == 0)
        && AxesOf::<C>::COUNT == 0
        && !K::Store::CORRECTS
        && C::CUTS == 0;
    const BY_TILE: bool = C::BY_TILE;

    #[inline(always)]
    fn run<V: Vectors<Arithmetic = Number<K>>>(self, vectors: V) {
        let streams = const { Worker::<C, V>::streams::<K>() };
        let mut generator = Generator::new(vectors, self.shared.noise, streams, self.piece.first);
        let worker = Worker::<C, V> {
            constants: constants_in::<C, V::Number>(&self.shared.constants),
            tensor: C::Tensor::map(
                C::Tensor::each_ref(&self.shared.tensor),
                #[inline(always)]
                |number| V::Number::constant(number.to_f64()),
            ),
            vectors,
            part: self.shared.part,
        };
        each_tile(
            self.piece,
            #[inline(always)]
            |first, tile| worker.update::<K>(&mut generator, first, tile),
        );
    }
}

/// A group of parameters before the step, and what they lose in it.
struct Moved<K: Formats, V: Vectors> {
    parameter: V::Group,
    update: V::Group,
    carry: Of<Carry<K>, V::Group>,
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
    /// Whether the fields of the state are rounded at random.
    const fn draws_state<K: Formats>() -> bool {
        !K::State::EXACT && ElementsOf::<C>::COUNT > 0
    }

    /// How many streams of random bits a tile needs.
    const fn streams<K: Formats>() -> u32 {
        let fields = ElementsOf::<C>::COUNT;
        assert!(!Self::draws_state::<K>() || fields < STREAMS, "too many fields for the random streams");
        let draws_parameter = matches!(K::Store::ROUNDING, Rounding::Stochastic) && !K::Parameter::EXACT;
        match (Self::draws_state::<K>(), draws_parameter) {
            (true, _) => PARAMETER_STREAM + 1 + ElementsOf::<C>::COUNT as u32,
            (false, true) => PARAMETER_STREAM + 1,
            (false, false) => 0,
        }
    }

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
        let mut update = vectors.widen_gradient(tile.gradient, at);
        let mut gradient = update;
        if let (Some([of_update, of_gradient]), 1.., 1..) = (&tile.flow, self.part, C::CUTS) {
            (update, gradient) = (vectors.widen(of_update, at), vectors.widen(of_gradient, at));
        }
        let mut parameter = match &tile.parameter {
            Some(memory) => vectors.widen(memory, at),
            None => vectors.zeros(),
        };
        let mut state = ElementsOf::<C>::map(
            ElementsOf::<C>::each_ref(&tile.state),
            #[inline(always)]
            |memory| vectors.widen(memory, at),
        );
        let mut axes = AxesOf::<C>::map(
            AxesOf::<C>::each_ref(&tile.axes),
            #[inline(always)]
            |memory| vectors.widen(memory, at),
        );
        let carry = Carry::<K>::map(
            Carry::<K>::each_ref(&tile.carry),
            #[inline(always)]
            |beside| {
                if let (true, Some(memory)) = (K::Store::CORRECTS, &tile.parameter) {
                    parameter = vectors.join::<K::Store, _>(memory, beside, at);
                }
                vectors.widen(beside, at)
            },
        );
        let mut marks = vectors.zeros();
        if C::MARKS_FIRST && first == 0 {
            let mut tile = [V::Arithmetic::default(); TILE];
            tile[0] = V::Arithmetic::constant(1.0);
            marks = vectors.widen(&tile, 0);
        }
        vectors.each_place(
            #[inline(always)]
            |i| {
                let mut element = element::<C, V>(&state, &axes, i);
                let update = &mut update.as_mut()[i];
                let known = K::Store::known(parameter.as_ref()[i], &pick::<Carry<K>, V>(&carry, i));
                let mut input = Input::of(*update, known);
                if C::MARKS_FIRST {
                    input.first_element = marks.as_ref()[i];
                }
                if C::CUTS == 0 {
                    *update = C::update(&self.constants, input, &self.tensor, &mut element).update;
                } else {
                    input.gradient = gradient.as_ref()[i];
                    let output =
                        C::update_part(self.part, &self.constants, input, &self.tensor, &mut element);
                    (*update, gradient.as_mut()[i]) = (output.update, output.gradient);
                }
                place_element::<C, V>(&mut state, &mut axes, i, element);
            },
        );
        // Behind the rule, where it fills the time that quotients and roots take.
        let random = &generator.group(first);
        if C::CUTS > 0 && self.part < C::CUTS {
            self.write_state::<K>(tile, state, axes, at, random);
            if let Some([of_update, of_gradient]) = &mut tile.flow {
                vectors.round(&update, of_update, at);
                vectors.round(&gradient, of_gradient, at);
            }
            return;
        }
        let moved = Moved { parameter, update, carry };
        if !C::LOOKS_BACK {
            self.write_state::<K>(tile, state, axes, at, random);
            if let Some(memory) = &mut tile.parameter {
                self.write_parameter::<K>(memory, &mut tile.carry, &moved, at, random);
            }
            return;
        }
        if let Some(memory) = &mut tile.parameter {
            let written = self.write_parameter::<K>(memory, &mut tile.carry, &moved, at, random);
            for (i, written) in written.as_ref().iter().enumerate() {
                let mut element = element::<C, V>(&state, &axes, i);
                C::after(&self.constants, *written, &self.tensor, &mut element);
                place_element::<C, V>(&mut state, &mut axes, i, element);
            }
        }
        self.write_state::<K>(tile, state, axes, at, random);
    }

    /// The state of one group, rounded.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn write_state<K: Formats<Parameter: StorageDtype<Arithmetic = V::Arithmetic>>>(
        &self,
        tile: &mut Tile<'_, C, K>,
        state: Of<ElementsOf<C>, V::Group>,
        axes: Of<AxesOf<C>, V::Group>,
        at: usize,
        random: &Drawn<V>,
    ) {
        let vectors = self.vectors;
        let mut stream = PARAMETER_STREAM;
        AxesOf::<C>::map(
            AxesOf::<C>::zip(AxesOf::<C>::each_mut(&mut tile.axes), axes),
            #[inline(always)]
            |(memory, field)| vectors.round(&field, memory, at),
        );
        ElementsOf::<C>::map(
            ElementsOf::<C>::zip(ElementsOf::<C>::each_mut(&mut tile.state), state),
            #[inline(always)]
            |(memory, field)| {
                stream += 1;
                if Self::draws_state::<K>() {
                    let (bits, by) = random.stream(stream);
                    vectors.round_stochastically(&field, bits, by, memory, at);
                } else {
                    vectors.round(&field, memory, at);
                }
            },
        );
    }

    /// The store on one group: target, the one rounding, and what is taken note of. Returns the
    /// parameter as it is now known: as written, plus what is carried.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn write_parameter<K: Formats<Parameter: StorageDtype<Arithmetic = V::Arithmetic>>>(
        &self,
        memory: &mut [K::Parameter; TILE],
        carried: &mut Of<Carry<K>, &mut [Beside<K>; TILE]>,
        moved: &Moved<K, V>,
        at: usize,
        random: &Drawn<V>,
    ) -> V::Group {
        let vectors = self.vectors;
        let (parameter, update) = (moved.parameter.as_ref(), moved.update.as_ref());
        let mut carry = Carry::<K>::map(
            Carry::<K>::each_ref(&moved.carry),
            #[inline(always)]
            |group| *group,
        );
        let mut target = vectors.zeros();
        for (i, target) in target.as_mut().iter_mut().enumerate() {
            *target = K::Store::target(parameter[i], update[i], &pick::<Carry<K>, V>(&carry, i));
        }
        if K::Store::CORRECTS {
            return self.write_corrected::<K>(memory, carried, &target, at, random);
        }
        match K::Store::ROUNDING {
            Rounding::Nearest => vectors.round(&target, memory, at),
            Rounding::Stochastic => {
                let (bits, by) = random.stream(PARAMETER_STREAM);
                vectors.round_stochastically(&target, bits, by, memory, at);
            }
        }
        if <Carry<K> as FieldSet>::COUNT == 0 && !C::LOOKS_BACK {
            return target;
        }
        let mut stored = vectors.widen(memory, at);
        for (i, stored) in stored.as_mut().iter_mut().enumerate() {
            let mut element = pick::<Carry<K>, V>(&carry, i);
            K::Store::settle(parameter[i], update[i], *stored, &mut element);
            *stored = K::Store::known(*stored, &element);
            place::<Carry<K>, V>(&mut carry, i, element);
        }
        Carry::<K>::map(
            Carry::<K>::zip(Carry::<K>::each_mut(carried), carry),
            #[inline(always)]
            |(memory, field)| vectors.round(&field, memory, at),
        );
        stored
    }

    /// The target in two places, as [`write_parameter`](Self::write_parameter) returns it.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn write_corrected<K: Formats<Parameter: StorageDtype<Arithmetic = V::Arithmetic>>>(
        &self,
        memory: &mut [K::Parameter; TILE],
        carried: &mut Of<Carry<K>, &mut [Beside<K>; TILE]>,
        target: &V::Group,
        at: usize,
        random: &Drawn<V>,
    ) -> V::Group {
        let vectors = self.vectors;
        let random = match K::Store::ROUNDING {
            Rounding::Nearest => None,
            Rounding::Stochastic => Some(random.stream(PARAMETER_STREAM)),
        };
        let mut written = *target;
        Carry::<K>::map(
            Carry::<K>::each_mut(carried),
            #[inline(always)]
            |beside| {
                vectors.split::<K::Store, _>(target, random, memory, beside, at);
                if C::LOOKS_BACK {
                    written = vectors.join::<K::Store, _>(memory, beside, at);
                }
            },
        );
        written
    }
}

/// The state of the elements in place `i`.
#[cfg_attr(not(debug_assertions), inline(always))]
fn element<C: Stage, V: Vectors>(
    state: &Of<ElementsOf<C>, V::Group>,
    axes: &Of<AxesOf<C>, V::Group>,
    i: usize,
) -> Of<C::State, V::Number> {
    C::State::join(pick::<ElementsOf<C>, V>(state, i), pick::<AxesOf<C>, V>(axes, i))
}

/// Puts the state of the elements into place `i`.
#[cfg_attr(not(debug_assertions), inline(always))]
fn place_element<C: Stage, V: Vectors>(
    state: &mut Of<ElementsOf<C>, V::Group>,
    axes: &mut Of<AxesOf<C>, V::Group>,
    i: usize,
    element: Of<C::State, V::Number>,
) {
    let (elements, by_axis) = C::State::part(element);
    place::<ElementsOf<C>, V>(state, i, elements);
    place::<AxesOf<C>, V>(axes, i, by_axis);
}

/// The numbers in place `i` of each group.
#[cfg_attr(not(debug_assertions), inline(always))]
fn pick<S: FieldSet, V: Vectors>(groups: &Of<S, V::Group>, i: usize) -> Of<S, V::Number> {
    S::map(
        S::each_ref(groups),
        #[inline(always)]
        |group| group.as_ref()[i],
    )
}

/// Puts numbers into place `i` of each group.
#[cfg_attr(not(debug_assertions), inline(always))]
fn place<S: FieldSet, V: Vectors>(groups: &mut Of<S, V::Group>, i: usize, numbers: Of<S, V::Number>) {
    S::map(
        S::zip(S::each_mut(groups), numbers),
        #[inline(always)]
        |(group, number)| group.as_mut()[i] = number,
    );
}

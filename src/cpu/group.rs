//! The numbers of a group of elements, from memory into registers.

use super::simd::Vectors;
use super::tile::{Carry, TILE, Tile};
use crate::device::{Formats, Number};
use crate::real::Real;
use crate::store::Store;
use crate::transform::{AxesOf, ElementsOf, FieldSet, Input, Of, Stage};

/// What a chain sees of a group, and what it has made of it.
pub(super) struct Group<C: Stage, K: Formats, V: Vectors> {
    pub(super) update: V::Group,
    pub(super) gradient: V::Group,
    pub(super) parameter: V::Group,
    pub(super) carry: Of<Carry<K>, V::Group>,
    pub(super) state: Of<ElementsOf<C>, V::Group>,
    pub(super) axes: Of<AxesOf<C>, V::Group>,
    /// 1 for the first element of the tensor.
    marks: V::Group,
}

impl<C: Stage, K: Formats, V: Vectors<Arithmetic = Number<K>>> Group<C, K, V> {
    /// Reads the group that begins at `at` of a tile, and at `first` of its tensor.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn read(vectors: V, part: usize, tile: &Tile<'_, C, K>, at: usize, first: u64) -> Self {
        let mut update = vectors.widen_gradient(tile.gradient, at);
        let mut gradient = update;
        if let (Some([of_update, of_gradient]), 1.., 1..) = (&tile.flow, part, C::CUTS) {
            (update, gradient) = (vectors.widen(of_update, at), vectors.widen(of_gradient, at));
        }
        let mut parameter = match &tile.parameter {
            Some(memory) => vectors.widen(memory, at),
            None => vectors.zeros(),
        };
        let state = ElementsOf::<C>::map(
            ElementsOf::<C>::each_ref(&tile.state),
            #[inline(always)]
            |memory| vectors.widen(memory, at),
        );
        let axes = AxesOf::<C>::map(
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
        Self { update, gradient, parameter, carry, state, axes, marks }
    }

    /// What the chain begins with in place `i`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn input(&self, i: usize) -> Input<V::Number> {
        let known = K::Store::known(self.parameter.as_ref()[i], &pick::<Carry<K>, V>(&self.carry, i));
        let mut input = Input::of(self.update.as_ref()[i], known);
        if C::MARKS_FIRST {
            input.first_element = self.marks.as_ref()[i];
        }
        if C::CUTS > 0 {
            input.gradient = self.gradient.as_ref()[i];
        }
        input
    }

    /// The parameter as well as it is known.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn known(&self) -> V::Group {
        let mut known = self.parameter;
        for (i, known) in known.as_mut().iter_mut().enumerate() {
            *known = K::Store::known(*known, &pick::<Carry<K>, V>(&self.carry, i));
        }
        known
    }

    /// The state of the elements in place `i`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn element(&self, i: usize) -> Of<C::State, V::Number> {
        C::State::join(pick::<ElementsOf<C>, V>(&self.state, i), pick::<AxesOf<C>, V>(&self.axes, i))
    }

    /// Puts the state of the elements into place `i`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn place_element(&mut self, i: usize, element: Of<C::State, V::Number>) {
        let (elements, by_axis) = C::State::part(element);
        place::<ElementsOf<C>, V>(&mut self.state, i, elements);
        place::<AxesOf<C>, V>(&mut self.axes, i, by_axis);
    }
}

/// The numbers in place `i` of each group.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn pick<S: FieldSet, V: Vectors>(groups: &Of<S, V::Group>, i: usize) -> Of<S, V::Number> {
    S::map(
        S::each_ref(groups),
        #[inline(always)]
        |group| group.as_ref()[i],
    )
}

/// Puts numbers into place `i` of each group.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn place<S: FieldSet, V: Vectors>(
    groups: &mut Of<S, V::Group>,
    i: usize,
    numbers: Of<S, V::Number>,
) {
    S::map(
        S::zip(S::each_mut(groups), numbers),
        #[inline(always)]
        |(group, number)| group.as_mut()[i] = number,
    );
}

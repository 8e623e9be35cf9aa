//! The arithmetic of a chain in types, for a chain from data that has the same stages, in any formats.
//!
//! Formats and stores are many, and each of them times each rule would take long to compile. So the rule is
//! compiled once, for tiles of numbers, and reading, rounding and writing once for all rules.

use super::fused::{InTypes, Known, set};
use super::group::Group;
use super::pieces::Shared;
use super::simd::{self, Kernel, Vectors};
use super::tile::{TILE, Tile};
use crate::device::{Formats, In, Number};
use crate::dtype::{Arithmetic, Format, StorageDtype, WidensTo};
use crate::real::Real;
use crate::store::Nearest;
use crate::transform::{
    self, AxesOf, ConstantList, ElementsOf, FieldSet, Input, MOST_STATE, Nothing, Of, Stage,
};
use core::marker::PhantomData;
use smallvec::SmallVec;
use std::sync::Arc;

/// The most fields of one kind that a chain from data has.
pub(super) const MOST: usize = MOST_STATE;

/// A tile of numbers that no vector register reads from two lines of the cache.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Aligned<F>(pub(super) [F; TILE]);

/// What a chain sees of a tile.
pub(super) struct Numbers<'a, F> {
    pub(super) constants: &'a [F],
    pub(super) tensor: &'a [F],
    /// Its first element within the tensor.
    pub(super) first: u64,
    pub(super) gradient: &'a Aligned<F>,
    pub(super) parameter: &'a Aligned<F>,
    /// State changes in its place.
    pub(super) state: &'a mut [Aligned<F>],
    pub(super) axes: &'a mut [Aligned<F>],
    /// Where the update is left, or what a statistic takes.
    pub(super) into: &'a mut Aligned<F>,
}

/// What a chain does with a tile. It is asked for what it has.
#[derive(Clone, Copy)]
pub(super) enum What {
    /// The rule.
    Update,
    /// A statistic, by its number.
    Measure(usize),
}

/// The arithmetic of a chain that is known in types.
pub(super) trait OnTiles<F>: Send + Sync {
    /// Does one of these things with a tile.
    fn run(&self, what: What, numbers: Numbers<'_, F>);
}

/// The arithmetic of the chain `C`, for a program of the same stages. There is none if work on matrices
/// interrupts them, or one of them looks at the parameter once it is written.
#[cfg_attr(any(debug_assertions, not(feature = "catalogue")), allow(dead_code))] // debug builds compile none
pub(crate) fn arithmetic<C: Stage, F: Arithmetic + WidensTo<F>>() -> Option<transform::Kernel> {
    if const { C::CUTS > 0 || C::LOOKS_BACK } {
        return None;
    }
    Some(Arc::new(Known::<dyn OnTiles<F>>(Box::new(InTypes::<C>(PhantomData)))))
}

/// Whether the arithmetic of such chains may be known, in such formats.
pub(super) const fn may_be_known<C: Stage, K: Formats>() -> bool {
    C::BY_TILE && matches!(Number::<K>::FORMAT, Format::F32)
}

/// The arithmetic of a chain from data, and the numbers that are the same for all elements.
pub(super) struct Listed<'a, F> {
    pub(super) arithmetic: &'a dyn OnTiles<F>,
    pub(super) constants: ConstantList<F>,
    pub(super) tensor: SmallVec<[F; 16]>,
}

impl<'a, F: Arithmetic> Listed<'a, F> {
    /// That of a chain, if it is known.
    pub(super) fn of<C: Stage, K: Formats<Parameter: StorageDtype<Arithmetic = F>>>(
        shared: &Shared<'a, C, K>,
    ) -> Option<Self> {
        if !simd::is_wide() {
            return None; // it is compiled for wide vectors only
        }
        let (kernel, constants) = C::listed(shared.constants)?;
        let Known(arithmetic) = kernel.downcast_ref::<Known<dyn OnTiles<F>>>()?;
        let mut tensor = SmallVec::new();
        C::Tensor::map(C::Tensor::each_ref(&shared.tensor), |number| tensor.push(*number));
        let constants = constants.iter().map(|number| F::constant(*number)).collect();
        Some(Self { arithmetic: arithmetic.as_ref(), constants, tensor })
    }
}

impl<C: Stage, F: Arithmetic + WidensTo<F>> OnTiles<F> for InTypes<C> {
    fn run(&self, what: What, numbers: Numbers<'_, F>) {
        simd::wide(OnTile::<C, F> { what, numbers, chain: PhantomData });
    }
}

/// All numbers in the format of the arithmetic.
type InArithmetic<F> = In<F, F, F, Nearest>;

/// What a chain sees of a tile, in the chain's own sets.
struct Typed<'a, C: Stage, F: Arithmetic + WidensTo<F>, V: Vectors<Arithmetic = F>> {
    vectors: V,
    constants: Of<C::Constants, V::Number>,
    tensor: Of<C::Tensor, V::Number>,
    tile: Tile<'a, C, InArithmetic<F>>,
    group: Group<C, InArithmetic<F>, V>,
    into: &'a mut Aligned<F>,
}

impl<'a, C: Stage, F: Arithmetic + WidensTo<F>, V: Vectors<Arithmetic = F>> Typed<'a, C, F, V> {
    #[inline(always)]
    fn new(vectors: V, numbers: Numbers<'a, F>) -> Self {
        let Numbers { constants, tensor, first, gradient, parameter, state, axes, into } = numbers;
        let tile = Tile {
            parameter: None,
            gradient: &gradient.0,
            state: set::<ElementsOf<C>, _>(state.iter_mut().map(|Aligned(numbers)| numbers)),
            axes: set::<AxesOf<C>, _>(axes.iter_mut().map(|Aligned(numbers)| numbers)),
            carry: Nothing,
            flow: None,
        };
        let mut group = Group::read(vectors, 0, &tile, 0, first);
        group.parameter = vectors.widen(&parameter.0, 0);
        let (constants, tensor) = (same::<C::Constants, V>(constants), same::<C::Tensor, V>(tensor));
        Self { vectors, constants, tensor, tile, group, into }
    }

    /// Shows the chain each place: what it begins with there, and the state. Keeps what the chain returns, and the
    /// state if it is to change.
    #[inline(always)]
    fn each(
        mut self,
        changes_state: bool,
        mut show: impl FnMut(&Self, Input<V::Number>, &mut Of<C::State, V::Number>) -> V::Number,
    ) {
        let vectors = self.vectors;
        vectors.each_place(
            #[inline(always)]
            |i| {
                let (input, mut element) = (self.group.input(i), self.group.element(i));
                self.group.update.as_mut()[i] = show(&self, input, &mut element);
                if changes_state {
                    self.group.place_element(i, element);
                }
            },
        );
        vectors.round(&self.group.update, &mut self.into.0, 0);
        if changes_state {
            self.write_state();
        }
    }

    /// Writes the state back.
    #[inline(always)]
    fn write_state(&mut self) {
        let Self { vectors, tile, group, .. } = self;
        ElementsOf::<C>::map(
            ElementsOf::<C>::zip(
                ElementsOf::<C>::each_mut(&mut tile.state),
                ElementsOf::<C>::each_ref(&group.state),
            ),
            #[inline(always)]
            |(memory, field)| vectors.round(field, memory, 0),
        );
        AxesOf::<C>::map(
            AxesOf::<C>::zip(AxesOf::<C>::each_mut(&mut tile.axes), AxesOf::<C>::each_ref(&group.axes)),
            #[inline(always)]
            |(memory, field)| vectors.round(field, memory, 0),
        );
    }
}

/// Numbers that are the same for all elements.
#[inline(always)]
fn same<S: FieldSet, V: Vectors>(list: &[V::Arithmetic]) -> Of<S, V::Number> {
    S::map(
        set::<S, _>(list),
        #[inline(always)]
        |number: &V::Arithmetic| V::Number::constant(number.to_f64()),
    )
}

/// Something that a chain does with a tile.
struct OnTile<'a, C, F> {
    what: What,
    numbers: Numbers<'a, F>,
    chain: PhantomData<fn() -> C>,
}

impl<C: Stage, F: Arithmetic + WidensTo<F>> Kernel for OnTile<'_, C, F> {
    type Arithmetic = F;
    type Output = ();
    const ALL_BF16: bool = false;

    // What a chain has is asked in `const`: what it has not is not compiled, and nothing is asked of a chain that has
    // its rule alone, whose numbers would lie in more places on the stack behind a branch. Both read the tile for
    // themselves, so that neither reads what only the other one needs.
    #[inline(always)]
    fn run<V: Vectors<Arithmetic = F>>(self, vectors: V) {
        let Self { what, numbers, .. } = self;
        if const { C::PASSES > 0 }
            && let What::Measure(pass) = what
        {
            return Typed::<C, F, V>::new(vectors, numbers).each(
                false,
                #[inline(always)]
                |typed, input, state| C::measure(pass, &typed.constants, input, &typed.tensor, state),
            );
        }
        Typed::<C, F, V>::new(vectors, numbers).each(
            true,
            #[inline(always)]
            |typed, input, state| C::update(&typed.constants, input, &typed.tensor, state).update,
        );
    }
}

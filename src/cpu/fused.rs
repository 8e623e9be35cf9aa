//! The loops of a chain in types, for a chain from data that has the same stages.
//!
//! What is generic over a rule is compiled for each, and an optimizer is much more than its loops. So the
//! catalogue has one optimizer for all rules, which runs the rule's own loops where it knows them, and the
//! stages one after the other where it does not. Both have the same bits.

use super::tile::Carry;
use super::{Cpu, pieces};
use crate::device::{Beside, Formats, Lines, MatrixWork, Number, Statistics, Work};
use crate::dtype::StorageDtype;
use crate::random::Noise;
use crate::transform::{
    AxesOf, ElementsOf, FieldSet, Held, Kernel, MOST_AXES, MOST_NUMBERS, MOST_STATE, Of, Stage,
};
use arrayvec::ArrayVec;
use core::fmt;
use core::marker::PhantomData;
use std::sync::Arc;

/// The memory of some fields, of which a chain from data has so many at most.
type Fields<'a, T, const MOST: usize> = ArrayVec<&'a mut [T], MOST>;

/// A [`Work`] whose chain is not in its type.
pub(super) struct Untyped<'a, K: Formats> {
    parameter: Option<&'a mut [K::Parameter]>,
    gradient: &'a [K::Gradient],
    state: Fields<'a, K::State, MOST_STATE>,
    axes: Fields<'a, Number<K>, MOST_AXES>,
    room: Fields<'a, Number<K>, MOST_AXES>,
    lines: &'a Lines,
    carry: Of<Carry<K>, &'a mut [Beside<K>]>,
    tensor: Fields<'a, Number<K>, MOST_NUMBERS>,
    leaves: &'a mut [f64],
    constants: &'a [f64],
    statistics: Statistics,
    noise: Noise,
    matrix: Option<MatrixWork<'a, Cpu, K>>,
}

/// The loops of a chain that is known in types.
pub(super) trait Loops<K: Formats>: Send + Sync {
    /// Runs one part of the chain on a tensor, if the chain has so many.
    fn update(&self, work: &mut Untyped<'_, K>, part: usize);
    /// Leaves what a statistic makes of a tensor in its first leaf.
    fn measure(&self, work: &mut Untyped<'_, K>, pass: usize);
}

/// What stands behind a [`Kernel`]: a trait that tells what is known, and for which formats.
pub(super) struct Known<T: ?Sized>(pub(super) Box<T>);

impl<T: ?Sized> fmt::Debug for Known<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Known").finish_non_exhaustive()
    }
}

/// The chain `C`, without its numbers.
pub(super) struct InTypes<C>(pub(super) PhantomData<fn() -> C>);

/// The loops of the chain `C` in the formats `K`, for a program of the same stages.
#[cfg_attr(any(debug_assertions, not(feature = "catalogue")), allow(dead_code))] // debug builds compile no loops
pub(crate) fn kernel<C: Stage, K: Formats>() -> Kernel {
    Arc::new(Known::<dyn Loops<K>>(Box::new(InTypes::<C>(PhantomData))))
}

/// Runs the loops of a work if they are known, or gives it back.
#[inline(always)]
pub(super) fn run<C: Stage, K: Formats>(
    work: &mut Work<'_, Cpu, C, K>,
    with: impl FnOnce(&dyn Loops<K>, &mut Untyped<'_, K>),
) -> bool {
    let Some((kernel, constants)) = C::listed(work.constants) else { return false };
    let Some(Known(loops)) = kernel.downcast_ref::<Known<dyn Loops<K>>>() else { return false };
    let mut untyped = Untyped {
        parameter: work.parameter.as_deref_mut(),
        gradient: work.gradient,
        state: list::<ElementsOf<C>, _, _>(&mut work.state),
        axes: list::<AxesOf<C>, _, _>(&mut work.axes),
        room: list::<AxesOf<C>, _, _>(&mut work.room),
        lines: work.lines,
        carry: Carry::<K>::map(Carry::<K>::each_mut(&mut work.carry), |field| &mut **field),
        tensor: list::<C::Tensor, _, _>(&mut work.tensor),
        leaves: work.leaves,
        constants,
        statistics: work.statistics,
        noise: work.noise,
        matrix: work.matrix.as_mut().map(lent),
    };
    with(loops.as_ref(), &mut untyped);
    true
}

/// The same work on matrices for a while.
fn lent<'w, K: Formats>(work: &'w mut MatrixWork<'_, Cpu, K>) -> MatrixWork<'w, Cpu, K> {
    MatrixWork {
        update: &mut *work.update,
        gradient: &mut *work.gradient,
        state: &mut *work.state,
        narrow: &mut *work.narrow,
        ..*work
    }
}

/// The memory of a set's fields.
fn list<'w, 'm: 'w, S: FieldSet, T: StorageDtype, const MOST: usize>(
    fields: &'w mut Of<S, &'m mut [T]>,
) -> Fields<'w, T, MOST> {
    let mut list = ArrayVec::new();
    S::map(S::each_mut(fields), |field| list.push(&mut **field));
    list
}

/// The set that has as many fields as there are.
#[inline(always)]
pub(super) fn set<S: FieldSet, X: Held>(list: impl IntoIterator<Item = X>) -> Of<S, X> {
    let mut list = list.into_iter();
    S::generate(
        #[inline(always)]
        || list.next().expect("a kernel has the stages of its program"),
    )
}

/// The constants of a chain, from a list.
fn constants<C: Stage>(list: &[f64]) -> Of<C::Constants, f64> {
    set::<C::Constants, _>(list.iter().copied())
}

/// The fields of a set, from a list.
fn fields<'w, S: FieldSet, T: StorageDtype>(list: &'w mut [&mut [T]]) -> Of<S, &'w mut [T]> {
    set::<S, _>(list.iter_mut().map(|field| &mut **field))
}

impl<K: Formats> Untyped<'_, K> {
    fn typed<'w, C: Stage>(&'w mut self, constants: &'w Of<C::Constants, f64>) -> Work<'w, Cpu, C, K> {
        Work {
            chain: None,
            parameter: self.parameter.as_deref_mut(),
            gradient: self.gradient,
            state: fields::<ElementsOf<C>, _>(&mut self.state),
            axes: fields::<AxesOf<C>, _>(&mut self.axes),
            room: fields::<AxesOf<C>, _>(&mut self.room),
            lines: self.lines,
            carry: Carry::<K>::map(Carry::<K>::each_mut(&mut self.carry), |field| &mut **field),
            tensor: fields::<C::Tensor, _>(&mut self.tensor),
            leaves: self.leaves,
            constants,
            statistics: self.statistics,
            noise: self.noise,
            matrix: self.matrix.as_mut().map(lent),
        }
    }
}

impl<C: Stage, K: Formats> Loops<K> for InTypes<C> {
    fn update(&self, work: &mut Untyped<'_, K>, part: usize) {
        // A chain from data is run in as many parts as any may have.
        if part <= C::CUTS {
            let constants = constants::<C>(work.constants);
            pieces::update_work(&mut work.typed::<C>(&constants), part);
        }
    }

    fn measure(&self, work: &mut Untyped<'_, K>, pass: usize) {
        let constants = constants::<C>(work.constants);
        pieces::measure_work(&mut work.typed::<C>(&constants), pass);
    }
}

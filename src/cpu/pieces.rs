//! Cuts the works of a step into pieces, and runs the pieces on all threads.

use super::lines::{self, Cover};
use super::listed::{self, Walk};
use super::on_tiles::{self, Listed};
use super::{Cpu, fused, measure, reduce, simd, threads, update};
use crate::device::{Beside, Bringing, Formats, LEAF, Number, Work};
use crate::dtype::Arithmetic;
use crate::random::Noise;
use crate::real::Real;
use crate::store::Store;
use crate::transform::{AxesOf, ElementsOf, FieldSet, Fold, Of, Stage};

/// The most elements that one task walks: large enough that splitting costs nothing, small enough
/// that a single tensor keeps many threads busy.
pub(super) const PIECE: usize = 8 * LEAF;

/// A run of neighbouring elements of one tensor.
pub(super) struct Piece<'a, C: Stage, K: Formats> {
    pub(super) parameter: Option<&'a mut [K::Parameter]>,
    pub(super) gradient: &'a [K::Gradient],
    pub(super) state: Of<ElementsOf<C>, &'a mut [K::State]>,
    pub(super) covers: Of<AxesOf<C>, Cover<'a, Number<K>>>,
    pub(super) carry: Of<<K::Store as Store>::Carry, &'a mut [Beside<K>]>,
    /// What flows from one part of the chain to the next, if it has several: update and gradient.
    pub(super) flow: Option<[&'a mut [Number<K>]; 2]>,
    /// The number of the first element within its tensor.
    pub(super) first: u64,
}

/// What all pieces of a tensor read.
pub(super) struct Shared<'a, C: Stage, K: Formats> {
    pub(super) constants: &'a Of<C::Constants, f64>,
    pub(super) tensor: Of<C::Tensor, Number<K>>,
    pub(super) noise: Noise,
    /// Which part of the chain runs.
    pub(super) part: usize,
}

impl<'a, C: Stage, K: Formats> Piece<'a, C, K> {
    pub(super) fn of<'w>(work: &'a mut Work<'w, Cpu, C, K>, part: usize) -> (Self, Shared<'a, C, K>)
    where
        'w: 'a,
    {
        let shared = Shared {
            constants: work.constants,
            tensor: C::Tensor::map(C::Tensor::each_ref(&work.tensor), |number| number[0]),
            noise: work.noise,
            part,
        };
        let piece = Self {
            parameter: work.parameter.as_deref_mut(),
            gradient: work.gradient,
            state: ElementsOf::<C>::map(ElementsOf::<C>::each_mut(&mut work.state), |field| &mut **field),
            covers: AxesOf::<C>::map(AxesOf::<C>::each_ref(&work.axes), |old| Cover {
                lines: work.lines,
                old,
                fresh: None,
            }),
            carry: <K::Store as Store>::Carry::map(
                <K::Store as Store>::Carry::each_mut(&mut work.carry),
                |field| &mut **field,
            ),
            flow: work.matrix.as_mut().map(|matrix| [&mut *matrix.update, &mut *matrix.gradient]),
            first: 0,
        };
        (piece, shared)
    }

    pub(super) fn split_at(self, middle: usize) -> (Self, Self) {
        let (left, right) = self.gradient.split_at(middle);
        let parameters = self.parameter.map(|parameter| parameter.split_at_mut(middle)).unzip();
        let state = ElementsOf::<C>::map(self.state, |field| field.split_at_mut(middle));
        let state = ElementsOf::<C>::unzip(state);
        let covers = AxesOf::<C>::map(AxesOf::<C>::each_ref(&self.covers), Cover::reading);
        let carry = <K::Store as Store>::Carry::map(self.carry, |field| field.split_at_mut(middle));
        let carry = <K::Store as Store>::Carry::unzip(carry);
        let flow = self.flow.map(|[update, gradient]| {
            let (update, gradient) = (update.split_at_mut(middle), gradient.split_at_mut(middle));
            ([update.0, gradient.0], [update.1, gradient.1])
        });
        let flow = flow.unzip();
        let first = self.first + middle as u64;
        (
            Self {
                parameter: parameters.0,
                gradient: left,
                state: state.0,
                covers: self.covers,
                carry: carry.0,
                flow: flow.0,
                first: self.first,
            },
            Self {
                parameter: parameters.1,
                gradient: right,
                state: state.1,
                covers,
                carry: carry.1,
                flow: flow.1,
                first,
            },
        )
    }
}

/// Numbers that are the same for all elements, as those that a rule computes with.
#[inline(always)]
pub(super) fn numbers_in<S: FieldSet, X: Arithmetic, F: Real>(numbers: &Of<S, X>) -> Of<S, F> {
    S::map(
        S::each_ref(numbers),
        #[inline(always)]
        |number| F::constant(number.to_f64()),
    )
}

/// The middle of `length` elements, on the border of a leaf.
fn middle(length: usize) -> usize {
    (length / 2).next_multiple_of(LEAF)
}

/// Whether a part of the chain runs: the first alone for a gradient that only builds, and for a tensor
/// without matrix work, whose whole chain it is.
pub(super) fn runs<C: Stage, K: Formats>(work: &Work<'_, Cpu, C, K>, part: usize) -> bool {
    part == 0 || work.matrix.as_ref().is_some_and(|matrix| !matrix.only_builds)
}

/// Runs `each` on every work, in parallel; neighbours that are small together share a task.
pub(super) fn for_each_work<C: Stage, K: Formats>(
    works: &mut [Work<'_, Cpu, C, K>],
    each: &(impl Fn(&mut Work<'_, Cpu, C, K>) + Sync),
) {
    if works.len() <= 1 || share_a_task(works.iter().map(|work| work.gradient.len())) {
        works.iter_mut().for_each(each);
    } else {
        let (left, right) = works.split_at_mut(works.len() / 2);
        threads::join(|| for_each_work(left, each), || for_each_work(right, each));
    }
}

/// Whether tensors of these lengths are small together. Of many, only the first ones are looked at.
fn share_a_task(mut lengths: impl Iterator<Item = usize>) -> bool {
    let mut elements = 0;
    lengths.all(|length| {
        elements += length;
        elements <= PIECE
    })
}

/// Updates every parameter and its state, or runs one part of a chain that has several.
pub(super) fn update_all<C: Stage, K: Formats>(works: &mut [Work<'_, Cpu, C, K>], part: usize) {
    for_each_work(works, &|work| update_compiled(work, part));
}

/// Updates every parameter and its state, of tensors that stand alone: their works are made where they run, and live no
/// longer.
pub(super) fn update_brought<'a, C: Stage, K: Formats>(brought: impl Bringing<'a, Cpu, C, K>) {
    if brought.count() <= 1 || share_a_task(brought.lengths()) {
        brought.for_each(|mut work| update_compiled(&mut work, 0));
    } else {
        let half = brought.count() / 2;
        let (left, right) = brought.split_at(half);
        threads::join(|| update_brought(left), || update_brought(right));
    }
}

/// Updates a parameter and its state, by the loops that are compiled for its rule if there are some.
fn update_compiled<C: Stage, K: Formats>(work: &mut Work<'_, Cpu, C, K>, part: usize) {
    if C::CUTS > 0 && !runs(work, part) {
        return;
    }
    if !fused::run(work, |loops, work| loops.update(work, part)) {
        update_work(work, part);
    }
}

/// Updates a parameter and its state.
pub(super) fn update_work<C: Stage, K: Formats>(work: &mut Work<'_, Cpu, C, K>, part: usize) {
    // How many there are is known from the type, except in chains from data.
    let mut by_axis = false;
    AxesOf::<C>::map(AxesOf::<C>::each_ref(&work.axes), |_| by_axis = true);
    if by_axis {
        lines::update(work, part);
        return;
    }
    let (piece, shared) = Piece::of(work, part);
    update_piece(piece, &shared);
}

fn update_piece<C: Stage, K: Formats>(piece: Piece<'_, C, K>, shared: &Shared<'_, C, K>) {
    let length = piece.gradient.len();
    if length <= PIECE {
        update_whole(piece, shared);
    } else {
        let (left, right) = piece.split_at(middle(length));
        threads::join(|| update_piece(left, shared), || update_piece(right, shared));
    }
}

/// Updates a piece in this thread.
pub(super) fn update_whole<C: Stage, K: Formats>(piece: Piece<'_, C, K>, shared: &Shared<'_, C, K>) {
    if const { on_tiles::may_be_known::<C, K>() }
        && let Some(listed) = Listed::of(shared)
    {
        return listed::update(Walk::new(piece, listed), shared.noise);
    }
    simd::widest(update::Update { piece, shared });
}

/// Folds a statistic over a piece of at most one leaf.
fn measure_leaf<C: Stage, K: Formats>(
    piece: Piece<'_, C, K>,
    shared: &Shared<'_, C, K>,
    pass: (usize, Fold),
) -> f64 {
    if const { on_tiles::may_be_known::<C, K>() }
        && let Some(listed) = Listed::of(shared)
    {
        return listed::measure(Walk::new(piece, listed), pass);
    }
    simd::widest(measure::Measure { piece, shared, pass })
}

/// Takes one statistic of every tensor that wants it.
pub(super) fn measure<C: Stage, K: Formats>(works: &mut [Work<'_, Cpu, C, K>], pass: usize, part: usize) {
    // A statistic is joint or not for all works alike.
    if works.first().is_some_and(|work| work.statistics.joint >> pass & 1 == 1) {
        let fold = works[0].statistics.folds[pass];
        if fold == Fold::Max && works.iter().any(|work| work.statistics.takes(pass)) {
            works.iter_mut().for_each(|work| work.statistics.taken |= 1 << pass);
        }
        for_each_work(works, &|work| fold_work::<C, K>(work, pass, part));
        let (mut result, mut count) = (reduce::neutral(fold), 0);
        for work in works.iter().filter(|work| takes(work, pass, part)) {
            result = reduce::join(fold, result, work.leaves[0]);
            count += work.gradient.len();
        }
        works
            .iter_mut()
            .filter(|work| takes(work, pass, part))
            .for_each(|work| finish(work, pass, result, count));
    } else {
        for_each_work(works, &|work| {
            fold_work::<C, K>(work, pass, part);
            if takes(work, pass, part) {
                let (result, count) = (work.leaves[0], work.gradient.len());
                finish(work, pass, result, count);
            }
        });
    }
}

/// Whether a tensor takes part in a statistic, in this part of the chain.
fn takes<C: Stage, K: Formats>(work: &Work<'_, Cpu, C, K>, pass: usize, part: usize) -> bool {
    let wanted = work.statistics.takes(pass) && !work.gradient.is_empty();
    let own = if work.matrix.is_some() { usize::from(work.statistics.parts[pass]) } else { 0 };
    wanted && (C::CUTS == 0 || own == part && runs(work, part))
}

/// Leaves the fold of a tensor in its first leaf.
fn fold_work<C: Stage, K: Formats>(work: &mut Work<'_, Cpu, C, K>, pass: usize, part: usize) {
    if takes(work, pass, part) && !fused::run(work, |loops, work| loops.measure(work, pass)) {
        measure_work(work, pass);
    }
}

/// The same for one that takes part.
pub(super) fn measure_work<C: Stage, K: Formats>(work: &mut Work<'_, Cpu, C, K>, pass: usize) {
    if const { C::PASSES > 0 } {
        let fold = work.statistics.folds[pass];
        let leaves = core::mem::take(&mut work.leaves);
        let (mut piece, shared) = Piece::of(work, usize::from(work.statistics.parts[pass]));
        piece.parameter = piece.parameter.filter(|_| C::sees_parameter(Some(pass), shared.constants));
        measure_piece(piece, leaves, &shared, (pass, fold));
        leaves[0] = reduce::fold_leaves(fold, leaves);
        work.leaves = leaves;
    }
}

/// Turns what was folded into numbers of the tensor.
fn finish<C: Stage, K: Formats>(work: &mut Work<'_, Cpu, C, K>, pass: usize, result: f64, count: usize) {
    let sum = reduce::folded(work.statistics.folds[pass], result, count);
    let mut tensor = C::Tensor::map(C::Tensor::each_ref(&work.tensor), |number| number[0]);
    let constants = numbers_in::<C::Constants, _, Number<K>>(work.constants);
    let (sum, count) = (Number::<K>::constant(sum), Number::<K>::constant(count as f64));
    C::finish(pass, &constants, sum, count, &mut tensor);
    let measured = C::Tensor::zip(C::Tensor::each_mut(&mut work.tensor), tensor);
    C::Tensor::map(measured, |(place, number)| place[0] = number);
}

fn measure_piece<C: Stage, K: Formats>(
    piece: Piece<'_, C, K>,
    leaves: &mut [f64],
    shared: &Shared<'_, C, K>,
    pass: (usize, Fold),
) {
    let length = piece.gradient.len();
    if length <= LEAF {
        leaves[0] = measure_leaf(piece, shared, pass);
    } else {
        let middle = middle(length);
        let (left, right) = piece.split_at(middle);
        let (leaves_left, leaves_right) = leaves.split_at_mut(middle / LEAF);
        if length <= PIECE {
            // Waking a thread takes longer than a leaf.
            measure_piece(left, leaves_left, shared, pass);
            measure_piece(right, leaves_right, shared, pass);
        } else {
            threads::join(
                || measure_piece(left, leaves_left, shared, pass),
                || measure_piece(right, leaves_right, shared, pass),
            );
        }
    }
}

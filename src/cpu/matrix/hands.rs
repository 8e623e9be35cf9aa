//! The slots of one tensor, and the operations on them.

use super::bf16::Panels;
use super::fields::Fields;
use super::operand::Operand;
use super::workspace::{Lane, Scratch};
use super::{factors, narrow, products};
use crate::cpu::{Algebra, Cpu};
use crate::device::{Formats, MatrixWork, NarrowBuffer};
use crate::dtype::Arithmetic;
use crate::random::{Noise, round_keys};
use crate::transform::{LinearAlgebra, Matrix, Slot};
use core::mem;
use faer::MatMut;
use faer::traits::RealField;
use smallvec::SmallVec;

/// The numbers that matrices are made of: `f32` or `f64`.
#[cfg(not(feature = "lapack"))]
pub(super) trait Field: Arithmetic + RealField {}
/// The same, which LAPACK knows.
#[cfg(feature = "lapack")]
pub(super) trait Field: Arithmetic + RealField + super::lapack::InLapack {}
impl Field for f32 {}
impl Field for f64 {}

/// The slots of one tensor.
pub(super) struct Slots<'a, F> {
    update: &'a mut [F],
    gradient: &'a mut [F],
    state: SmallVec<[&'a mut [F]; 16]>,
    room: SmallVec<[&'a mut [F]; 16]>,
}

/// The slots of one tensor, and what they are worked on with.
pub(super) struct Hands<'a, F> {
    pub(super) slots: Slots<'a, F>,
    narrow: &'a mut [NarrowBuffer<Cpu>],
    pub(super) scratch: Scratch<'a>,
    fields: &'a mut dyn Fields<F>,
    pub(super) noise: Noise,
}

impl<'a, F: Field> Hands<'a, F> {
    pub(super) fn new<K: Formats>(
        work: &'a mut MatrixWork<'_, Cpu, K>,
        fields: &'a mut dyn Fields<F>,
        noise: Noise,
        lane: &'a mut Lane,
    ) -> Self {
        let MatrixWork { plan, update, gradient, state, narrow, .. } = work;
        let (room, scratch) = lane.parts(plan.largest(update.len()), plan.precision);
        let state = cut(bytemuck::cast_slice_mut(state), plan.state.iter().map(|(_, length)| *length));
        let room = cut(bytemuck::cast_slice_mut(room), plan.room.iter().copied());
        let (update, gradient) = (bytemuck::cast_slice_mut(update), bytemuck::cast_slice_mut(gradient));
        Self { slots: Slots { update, gradient, state, room }, narrow, scratch, fields, noise }
    }
}

impl<'a, F: Field> Slots<'a, F> {
    fn slot(&self, slot: Slot) -> &[F] {
        match slot {
            Slot::Update => self.update,
            Slot::Gradient => self.gradient,
            Slot::State(number) => self.state[number],
            Slot::Room(number) => self.room[number],
        }
    }

    fn slot_mut(&mut self, slot: Slot) -> &mut &'a mut [F] {
        match slot {
            Slot::Update => &mut self.update,
            Slot::Gradient => &mut self.gradient,
            Slot::State(number) => &mut self.state[number],
            Slot::Room(number) => &mut self.room[number],
        }
    }

    pub(super) fn numbers(&self, matrix: Matrix) -> &[F] {
        &self.slot(matrix.slot)[matrix.first..][..matrix.len()]
    }

    pub(super) fn operand(&self, matrix: Matrix) -> Operand<'_, F> {
        Operand::new(matrix, self.numbers(matrix))
    }

    pub(super) fn numbers_mut(&mut self, matrix: Matrix) -> &mut [F] {
        &mut self.slot_mut(matrix.slot)[matrix.first..][..matrix.len()]
    }

    /// Writes into one slot while others are read.
    pub(super) fn writing<R>(&mut self, into: Matrix, write: impl FnOnce(&Self, &mut [F]) -> R) -> R {
        let slot = mem::take(self.slot_mut(into.slot));
        let result = write(self, &mut slot[into.first..][..into.len()]);
        *self.slot_mut(into.slot) = slot;
        result
    }

    /// Lends several slots to be written.
    pub(super) fn lending<const N: usize, R>(
        &mut self,
        matrices: [Matrix; N],
        run: impl FnOnce([&mut [F]; N]) -> R,
    ) -> R {
        let mut slots = matrices.map(|matrix| mem::take(self.slot_mut(matrix.slot)));
        let mut places = matrices.iter();
        let numbers = slots.each_mut().map(|slot| {
            let matrix = places.next().expect("a matrix for each slot");
            &mut slot[matrix.first..][..matrix.len()]
        });
        let result = run(numbers);
        for (matrix, slot) in matrices.into_iter().zip(slots) {
            *self.slot_mut(matrix.slot) = slot;
        }
        result
    }
}

/// Cuts numbers into slots.
fn cut<F>(mut numbers: &mut [F], lengths: impl Iterator<Item = usize>) -> SmallVec<[&mut [F]; 16]> {
    lengths
        .map(|length| {
            let (slot, rest) = mem::take(&mut numbers).split_at_mut(length);
            numbers = rest;
            slot
        })
        .collect()
}

/// A matrix of some numbers, to be written.
pub(super) fn view_mut<F>(matrix: Matrix, numbers: &mut [F]) -> MatMut<'_, F> {
    let view = MatMut::from_row_major_slice_mut(numbers, matrix.rows, matrix.columns);
    if matrix.transposed { view.transpose_mut() } else { view }
}

pub(super) fn number<F: Field>(value: f64) -> F {
    <F as crate::real::Real>::constant(value)
}

impl<F: Field> LinearAlgebra for Hands<'_, F> {
    fn multiply(&mut self, into: Matrix, keep: f64, scale: f64, left: Matrix, right: Matrix) {
        let scratch = &mut self.scratch;
        self.slots.writing(into, |slots, numbers| {
            let (left, right, scales) = (slots.operand(left), slots.operand(right), [keep, scale]);
            if let Some(panels) = &mut scratch.panels {
                let (numbers, left, right) = (bytemuck::cast_slice_mut(numbers), left.cast(), right.cast());
                panels.multiply(numbers, into.transposed, scales, left, right);
                return;
            }
            match scratch.algebra {
                Algebra::Faer => {
                    products::multiply(numbers, into.transposed, scales, left, right, scratch.spare().0);
                }
                #[cfg(feature = "lapack")]
                Algebra::Lapack => {
                    let [keep, scale] = scales.map(number);
                    F::product(view_mut(into, numbers), keep, scale, left.view(), right.view());
                }
            }
        });
    }

    fn gram(&mut self, into: Matrix, keep: f64, scale: f64, of: Matrix) {
        self.multiply_symmetric(into, keep, scale, of, of.t());
    }

    fn multiply_symmetric(&mut self, into: Matrix, keep: f64, scale: f64, left: Matrix, right: Matrix) {
        let scratch = &mut self.scratch;
        self.slots.writing(into, |slots, numbers| {
            let (left, right, scales) = (slots.operand(left), slots.operand(right), [keep, scale]);
            if let Some(panels) = &mut scratch.panels {
                let (numbers, left, right) = (bytemuck::cast_slice_mut(numbers), left.cast(), right.cast());
                panels.multiply_symmetric(numbers, scales, left, right);
                return;
            }
            match scratch.algebra {
                Algebra::Faer => {
                    products::multiply_symmetric(numbers, scales, left, right, scratch.spare().0);
                }
                #[cfg(feature = "lapack")]
                Algebra::Lapack => {
                    let [keep, scale] = scales.map(number);
                    F::product(view_mut(into, numbers), keep, scale, left.view(), right.view());
                }
            }
        });
    }

    fn apply_quintics(
        &mut self,
        matrix: Matrix,
        quintics: &mut dyn Iterator<Item = [f64; 3]>,
        [square, _, other]: [Matrix; 3],
    ) -> bool {
        let is_held = Panels::hold(matrix.rows, matrix.columns);
        let Some((panels, spare)) = self.scratch.panels().filter(|_| is_held) else { return false };
        self.slots.lending([matrix, other, square], |slots| {
            let [numbers, other, square] = slots.map(bytemuck::cast_slice_mut);
            panels.apply_quintics(numbers, matrix, quintics, [other, spare, square]);
        });
        true
    }

    fn combine(&mut self, into: Matrix, keep: f64, scale: f64, from: Matrix) {
        let (is_kept, keep, scale): (_, F, F) = (keep != 0.0, number(keep), number(scale));
        self.slots.writing(into, |slots, numbers| {
            for (into, from) in numbers.iter_mut().zip(slots.numbers(from)) {
                *into = if is_kept { keep * *into + scale * *from } else { scale * *from };
            }
        });
    }

    fn scale(&mut self, matrix: Matrix, scale: f64) {
        let scale: F = number(scale);
        self.slots.numbers_mut(matrix).iter_mut().for_each(|number| *number = scale * *number);
    }

    fn add_to_diagonal(&mut self, matrix: Matrix, amount: f64) {
        let amount: F = number(amount);
        let places = self.slots.numbers_mut(matrix).iter_mut().step_by(matrix.columns + 1);
        places.for_each(|number| *number += amount);
    }

    fn normalize(&mut self, matrix: Matrix, floor: f64) {
        let numbers = self.slots.numbers_mut(matrix);
        let norm = products::norm(numbers);
        let divisor: F = number(if norm > floor { norm } else { floor });
        numbers.iter_mut().for_each(|number| *number /= divisor);
    }

    fn is_usable(&mut self, matrix: Matrix) -> bool {
        let norm = products::norm(self.slots.numbers(matrix));
        norm.is_finite() && norm > 0.0
    }

    fn eigenvectors(&mut self, into: Matrix, of: Matrix) -> bool {
        let scratch = &mut self.scratch;
        self.slots.lending([into, of], |[into, of]| factors::eigenvectors(into, of, scratch))
    }

    fn iterate_basis(&mut self, basis: Matrix, gram: Matrix, lift: f64, room: [Matrix; 3]) -> bool {
        let [first, second, third] = room;
        let scratch = &mut self.scratch;
        self.slots.lending([basis, gram, first, second, third], |[basis, gram, first, second, third]| {
            factors::iterate_basis(basis, gram, lift, [first, second, third], scratch)
        })
    }

    fn order_of_columns(&mut self, into: Matrix, basis: Matrix, gram: Matrix) {
        let stack = self.scratch.stack();
        self.slots.lending([into, basis, gram], |[into, basis, gram]| {
            factors::order_of_columns(into, basis, gram, stack);
        });
    }

    fn polar(&mut self, matrix: Matrix) -> bool {
        let scratch = &mut self.scratch;
        self.slots.lending([matrix], |[numbers]| factors::polar(view_mut(matrix, numbers), scratch))
    }

    fn orthonormal(&mut self, matrix: Matrix) -> bool {
        let scratch = &mut self.scratch;
        self.slots.lending([matrix], |[numbers]| factors::orthonormal(view_mut(matrix, numbers), scratch))
    }

    fn load(&mut self, field: usize, into: Slot) {
        let slot = mem::take(self.slots.slot_mut(into));
        self.fields.load(field, slot);
        *self.slots.slot_mut(into) = slot;
    }

    fn store(&mut self, field: usize, from: Slot) {
        let slot = mem::take(self.slots.slot_mut(from));
        self.fields.store(field, slot);
        *self.slots.slot_mut(from) = slot;
    }

    fn widen(&mut self, into: Matrix, kept: usize, first: usize) {
        let from = &self.narrow[kept];
        self.slots.writing(into, |_, numbers| narrow::widen(numbers, from, first));
    }

    fn narrow(&mut self, matrix: Matrix, kept: usize, first: usize, seed: u64) {
        let noise = Noise { keys: round_keys(seed), ..self.noise };
        let numbers = self.slots.numbers_mut(matrix);
        narrow::narrow(numbers, &mut self.narrow[kept], narrow::Place { list: kept, first }, &noise);
    }
}

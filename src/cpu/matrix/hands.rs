//! The slots of one tensor, and the operations on them.

use super::fields::Fields;
use super::workspace::Workspace;
use super::{factors, narrow, products};
use crate::cpu::{Algebra, Cpu};
use crate::device::{Formats, MatrixWork, NarrowBuffer};
use crate::dtype::Arithmetic;
use crate::random::{Noise, round_keys};
use crate::transform::{LinearAlgebra, Matrix, Slot};
use core::mem;
use faer::traits::RealField;
use faer::{MatMut, MatRef};
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
pub(super) struct Hands<'a, F> {
    update: &'a mut [F],
    gradient: &'a mut [F],
    state: SmallVec<[&'a mut [F]; 16]>,
    narrow: &'a mut [NarrowBuffer<Cpu>],
    room: SmallVec<[&'a mut [F]; 16]>,
    workspace: &'a mut Workspace,
    fields: &'a mut dyn Fields<F>,
    pub(super) noise: Noise,
}

impl<'a, F: Field> Hands<'a, F> {
    pub(super) fn new<K: Formats>(
        work: &'a mut MatrixWork<'_, Cpu, K>,
        fields: &'a mut dyn Fields<F>,
        noise: Noise,
    ) -> Self {
        let MatrixWork { plan, update, gradient, state, narrow, room, workspace, .. } = work;
        let state = cut(bytemuck::cast_slice_mut(state), plan.state.iter().map(|(_, length)| *length));
        let room = cut(bytemuck::cast_slice_mut(room), plan.room.iter().copied());
        let (update, gradient) = (bytemuck::cast_slice_mut(update), bytemuck::cast_slice_mut(gradient));
        Self { update, gradient, state, narrow, room, workspace, fields, noise }
    }

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

    /// Lends several slots to be written, with the workspace.
    pub(super) fn lending<const N: usize, R>(
        &mut self,
        matrices: [Matrix; N],
        run: impl FnOnce([&mut [F]; N], &mut Workspace) -> R,
    ) -> R {
        let mut slots = matrices.map(|matrix| mem::take(self.slot_mut(matrix.slot)));
        let mut places = matrices.iter();
        let numbers = slots.each_mut().map(|slot| {
            let matrix = places.next().expect("a matrix for each slot");
            &mut slot[matrix.first..][..matrix.len()]
        });
        let result = run(numbers, self.workspace);
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

/// A matrix of some numbers.
pub(super) fn view<F>(matrix: Matrix, numbers: &[F]) -> MatRef<'_, F> {
    let view = MatRef::from_row_major_slice(numbers, matrix.rows, matrix.columns);
    if matrix.transposed { view.transpose() } else { view }
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
        self.writing(into, |hands, numbers| {
            let (left, right) = (view(left, hands.numbers(left)), view(right, hands.numbers(right)));
            let (into, [keep, scale]) = (view_mut(into, numbers), [keep, scale].map(number));
            match hands.workspace.algebra() {
                Algebra::Faer => products::multiply(into, keep, scale, left, right),
                #[cfg(feature = "lapack")]
                Algebra::Lapack => F::product(into, keep, scale, left, right),
            }
        });
    }

    fn gram(&mut self, into: Matrix, keep: f64, scale: f64, of: Matrix) {
        self.multiply_symmetric(into, keep, scale, of, of.t());
    }

    fn multiply_symmetric(&mut self, into: Matrix, keep: f64, scale: f64, left: Matrix, right: Matrix) {
        self.writing(into, |hands, numbers| {
            let (left, right) = (view(left, hands.numbers(left)), view(right, hands.numbers(right)));
            let [keep, scale] = [keep, scale].map(number);
            match hands.workspace.algebra() {
                Algebra::Faer => products::multiply_symmetric(numbers, keep, scale, left, right),
                #[cfg(feature = "lapack")]
                Algebra::Lapack => F::product(view_mut(into, numbers), keep, scale, left, right),
            }
        });
    }

    fn combine(&mut self, into: Matrix, keep: f64, scale: f64, from: Matrix) {
        let (is_kept, keep, scale): (_, F, F) = (keep != 0.0, number(keep), number(scale));
        self.writing(into, |hands, numbers| {
            for (into, from) in numbers.iter_mut().zip(hands.numbers(from)) {
                *into = if is_kept { keep * *into + scale * *from } else { scale * *from };
            }
        });
    }

    fn scale(&mut self, matrix: Matrix, scale: f64) {
        let scale: F = number(scale);
        self.numbers_mut(matrix).iter_mut().for_each(|number| *number = scale * *number);
    }

    fn add_to_diagonal(&mut self, matrix: Matrix, amount: f64) {
        let amount: F = number(amount);
        let places = self.numbers_mut(matrix).iter_mut().step_by(matrix.columns + 1);
        places.for_each(|number| *number += amount);
    }

    fn normalize(&mut self, matrix: Matrix, floor: f64) {
        let numbers = self.numbers_mut(matrix);
        let norm = products::norm(numbers);
        let divisor: F = number(if norm > floor { norm } else { floor });
        numbers.iter_mut().for_each(|number| *number /= divisor);
    }

    fn is_usable(&mut self, matrix: Matrix) -> bool {
        let norm = products::norm(self.numbers(matrix));
        norm.is_finite() && norm > 0.0
    }

    fn eigenvectors(&mut self, into: Matrix, of: Matrix) -> bool {
        self.lending([into, of], |[into, of], workspace| factors::eigenvectors(into, of, workspace))
    }

    fn iterate_basis(&mut self, basis: Matrix, gram: Matrix, lift: f64, room: [Matrix; 3]) -> bool {
        let [first, second, third] = room;
        self.lending([basis, gram, first, second, third], |[basis, gram, first, second, third], workspace| {
            factors::iterate_basis(basis, gram, lift, [first, second, third], workspace)
        })
    }

    fn order_of_columns(&mut self, into: Matrix, basis: Matrix, gram: Matrix) {
        self.lending([into, basis, gram], |[into, basis, gram], workspace| {
            factors::order_of_columns(into, basis, gram, workspace.stack());
        });
    }

    fn polar(&mut self, matrix: Matrix) -> bool {
        self.lending([matrix], |[numbers], workspace| factors::polar(view_mut(matrix, numbers), workspace))
    }

    fn load(&mut self, field: usize, into: Slot) {
        let slot = mem::take(self.slot_mut(into));
        self.fields.load(field, slot);
        *self.slot_mut(into) = slot;
    }

    fn store(&mut self, field: usize, from: Slot) {
        let slot = mem::take(self.slot_mut(from));
        self.fields.store(field, slot);
        *self.slot_mut(from) = slot;
    }

    fn widen(&mut self, into: Matrix, kept: usize, first: usize) {
        self.writing(into, |hands, numbers| narrow::widen(numbers, &hands.narrow[kept], first));
    }

    fn narrow(&mut self, matrix: Matrix, kept: usize, first: usize, seed: u64) {
        let noise = Noise { keys: round_keys(seed), ..self.noise };
        let slot = mem::take(self.slot_mut(matrix.slot));
        let numbers = &mut slot[matrix.first..][..matrix.len()];
        narrow::narrow(numbers, &mut self.narrow[kept], narrow::Place { list: kept, first }, &noise);
        *self.slot_mut(matrix.slot) = slot;
    }
}

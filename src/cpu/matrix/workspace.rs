//! What matrix rules work in.

use super::bf16::Panels;
use super::hands::Field;
use crate::cpu::Algebra;
use crate::dtype::Format;
use crate::error::{Error, Result};
use crate::transform::{Factorization, MatrixNeeds, MatrixPrecision, TensorNeeds};
use bytemuck::allocation::try_zeroed_slice_box;
use core::fmt;
use faer::Par;
use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::linalg::cholesky::llt::factor::cholesky_in_place_scratch;
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd_scratch};
use faer::linalg::householder::apply_block_householder_sequence_on_the_left_in_place_scratch;
use faer::linalg::qr::no_pivoting::factor::{qr_in_place_scratch, recommended_block_size};
use faer::linalg::svd::{ComputeSvdVectors, svd_scratch};
use faer::linalg::temp_mat_scratch;
use faer::traits::RealField;
use std::sync::Mutex;

/// The most lanes: a step keeps a list of them, and allocates nothing.
pub(super) const MOST_LANES: usize = 64;

/// What tensors are worked on in, asked for at the build.
///
/// There is a lane for each tensor that may be worked on at the same time: the first has room for any, the
/// second for all but the most demanding, and so on. A lane is one task, so that it does not matter which
/// tensors a thread takes up while it waits for a part of another one.
pub struct Workspace {
    lanes: Box<[Mutex<Lane>]>,
}

/// What one tensor at a time is worked on in.
pub(super) struct Lane {
    /// Room for the matrices that do not outlive a step.
    room: Vec<u64>,
    /// Room for a matrix whose rows lie more favourably.
    spare: Vec<u64>,
    /// What factorisations work in.
    memory: MemBuffer,
    /// Where products in bf16 put their factors.
    panels: Option<Panels>,
    algebra: Algebra,
}

impl Workspace {
    pub(in crate::cpu) fn new(needs: &MatrixNeeds, threads: usize, algebra: Algebra) -> Result<Self> {
        let lane = |of: TensorNeeds| {
            let bytes = usize::try_from(Lane::bytes(needs.format, &of)).unwrap_or(usize::MAX);
            let missing = || Error::OutOfMemory { parameter: of.tensor.clone(), bytes };
            Lane::new(needs.format, &of, algebra).map(Mutex::new).ok_or_else(missing)
        };
        let lanes = needs.lanes(threads.min(MOST_LANES)).into_iter().map(lane);
        Ok(Self { lanes: lanes.collect::<Result<_>>()? })
    }

    /// The bytes that all lanes take.
    pub(in crate::cpu) fn bytes(needs: &MatrixNeeds, threads: usize) -> u64 {
        let lanes = needs.lanes(threads.min(MOST_LANES));
        lanes.iter().map(|of| Lane::bytes(needs.format, of)).fold(0, u64::saturating_add)
    }

    pub(super) fn lanes(&self) -> &[Mutex<Lane>] {
        &self.lanes
    }
}

impl fmt::Debug for Workspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workspace").field("lanes", &self.lanes.len()).finish()
    }
}

impl Lane {
    fn new(format: Format, of: &TensorNeeds, algebra: Algebra) -> Option<Self> {
        let zeros = |numbers| try_zeroed_slice_box(words(format, numbers)).ok().map(Vec::from);
        let memory = MemBuffer::try_new(scratch(format, of)).ok()?;
        let panels = if has_panels(format, of.precision) { Some(Panels::new()?) } else { None };
        Some(Self { room: zeros(of.room)?, spare: zeros(of.largest)?, memory, panels, algebra })
    }

    fn bytes(format: Format, of: &TensorNeeds) -> u64 {
        let [room, spare] = [of.room, of.largest].map(|numbers| words(format, numbers) as u64 * 8);
        let panels = if has_panels(format, of.precision) { Panels::BYTES as u64 } else { 0 };
        let factorizations = scratch(format, of).unaligned_bytes_required() as u64;
        [spare, panels, factorizations].into_iter().fold(room, u64::saturating_add)
    }

    /// The room, and what a tensor is worked on with beside it, whose largest matrix has so many numbers.
    pub(super) fn parts(&mut self, largest: usize, precision: MatrixPrecision) -> (&mut [u64], Scratch<'_>) {
        let Self { room, spare, memory, panels, algebra } = self;
        // Another tensor of the lane may want them.
        let panels = panels.as_mut().filter(|_| precision == MatrixPrecision::Bf16);
        (room, Scratch { spare, largest, memory, panels, algebra: *algebra })
    }
}

/// Whether products are made in bf16.
fn has_panels(format: Format, precision: MatrixPrecision) -> bool {
    precision == MatrixPrecision::Bf16 && format != Format::F64 && Panels::are_of_use()
}

/// What products and factorisations work in.
pub(super) struct Scratch<'a> {
    spare: &'a mut [u64],
    largest: usize,
    memory: &'a mut MemBuffer,
    /// If products are made in bf16.
    pub(super) panels: Option<&'a mut Panels>,
    pub(super) algebra: Algebra,
}

impl Scratch<'_> {
    pub(super) fn stack(&mut self) -> &mut MemStack {
        MemStack::new(self.memory)
    }

    /// What products are made in bf16 with, if they are, and room for any one matrix of the tensor.
    pub(super) fn panels(&mut self) -> Option<(&mut Panels, &mut [f32])> {
        let panels = self.panels.as_deref_mut()?;
        Some((panels, &mut bytemuck::cast_slice_mut(self.spare)[..self.largest]))
    }

    /// Room for any one matrix of the tensor, and the rest. What follows from how much room there is must not depend
    /// on the lane.
    pub(super) fn spare<F: Field>(&mut self) -> (&mut [F], &mut MemStack) {
        (&mut bytemuck::cast_slice_mut(self.spare)[..self.largest], MemStack::new(self.memory))
    }
}

/// How many words of 64 binary digits so many numbers take.
fn words(format: Format, numbers: usize) -> usize {
    numbers.saturating_mul(format.bytes()).div_ceil(8)
}

/// What factorisations take.
fn scratch(format: Format, of: &TensorNeeds) -> StackReq {
    match format {
        Format::F64 => need::<f64>(&of.factorizations),
        _ => need::<f32>(&of.factorizations),
    }
}

/// Enough for any of some factorisations.
fn need<F: RealField>(factorizations: &[Factorization]) -> StackReq {
    factorizations.iter().fold(StackReq::EMPTY, |need, factorization| {
        need.or(match *factorization {
            Factorization::Eigenvectors(n) => StackReq::all_of(&[
                temp_mat_scratch::<F>(n, n),
                temp_mat_scratch::<F>(n, 1),
                self_adjoint_evd_scratch::<F>(n, ComputeEigenvectors::Yes, Par::Seq, Default::default()),
            ]),
            Factorization::Orthonormal(n) => {
                let block = recommended_block_size::<F>(n, n);
                let apply = apply_block_householder_sequence_on_the_left_in_place_scratch::<F>(n, block, n);
                StackReq::all_of(&[
                    StackReq::new::<usize>(n),
                    StackReq::new::<F>(n),
                    StackReq::new::<F>(n),
                    temp_mat_scratch::<F>(block, n),
                    StackReq::any_of(&[
                        qr_in_place_scratch::<F>(n, n, block, Par::Seq, Default::default()),
                        cholesky_in_place_scratch::<F>(n, Par::Seq, Default::default()),
                        apply,
                    ]),
                ])
            }
            Factorization::OrthonormalLines(rows, columns) => {
                let (rows, columns) = (rows.max(columns), rows.min(columns));
                let block = recommended_block_size::<F>(rows, columns);
                StackReq::all_of(&[
                    temp_mat_scratch::<F>(rows, columns),
                    temp_mat_scratch::<F>(block, columns),
                    qr_in_place_scratch::<F>(rows, columns, block, Par::Seq, Default::default()).or(
                        apply_block_householder_sequence_on_the_left_in_place_scratch::<F>(
                            rows, block, columns,
                        ),
                    ),
                ])
            }
            Factorization::SingularVectors(rows, columns) => {
                let least = rows.min(columns);
                let thin = ComputeSvdVectors::Thin;
                StackReq::all_of(&[
                    temp_mat_scratch::<F>(rows, least),
                    temp_mat_scratch::<F>(columns, least),
                    temp_mat_scratch::<F>(least, 1),
                    svd_scratch::<F>(rows, columns, thin, thin, Par::Seq, Default::default()),
                ])
            }
        })
    })
}

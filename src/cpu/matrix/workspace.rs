//! What factorisations work in.

use crate::cpu::Algebra;
use crate::dtype::Format;
use crate::error::{Error, Result};
use crate::transform::{Factorization, MatrixPlan};
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

/// Memory that factorisations of one tensor work in, asked for at the build.
pub struct Workspace {
    memory: MemBuffer,
    bytes: usize,
    algebra: Algebra,
}

impl Workspace {
    pub(in crate::cpu) fn new(
        parameter: &str,
        format: Format,
        plan: &MatrixPlan,
        algebra: Algebra,
    ) -> Result<Self> {
        let need = match format {
            Format::F64 => need::<f64>(plan),
            _ => need::<f32>(plan),
        };
        let bytes = need.unaligned_bytes_required();
        let missing = |_| Error::OutOfMemory { parameter: parameter.to_owned(), bytes };
        Ok(Self { memory: MemBuffer::try_new(need).map_err(missing)?, bytes, algebra })
    }

    /// What does the work.
    pub(super) fn algebra(&self) -> Algebra {
        self.algebra
    }

    pub(super) fn stack(&mut self) -> &mut MemStack {
        MemStack::new(&mut self.memory)
    }
}

impl fmt::Debug for Workspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workspace").field("bytes", &self.bytes).finish()
    }
}

/// Enough for any of the factorisations of a plan.
fn need<F: RealField>(plan: &MatrixPlan) -> StackReq {
    plan.factorizations.iter().fold(StackReq::EMPTY, |need, factorization| {
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
                    temp_mat_scratch::<F>(n, 2),
                    temp_mat_scratch::<F>(block, n),
                    StackReq::any_of(&[
                        qr_in_place_scratch::<F>(n, n, block, Par::Seq, Default::default()),
                        cholesky_in_place_scratch::<F>(n, Par::Seq, Default::default()),
                        apply,
                    ]),
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

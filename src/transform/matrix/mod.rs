//! Rules that see a tensor as a matrix, or as a block of numbers with several axes.
//!
//! ```text
//! gradient ─▶ stages ─▶ enter ─▶ inner stages ─▶ leave ─▶ stages ─▶ parameter
//!             clip, L2    into a     Adam, momentum   out of it,   caution, decay, γ
//!                         basis                       or onto a
//!                                                     manifold
//! ```
//!
//! A [`MatrixRule`] is what happens at `enter` and `leave`. All that is done element by element stays
//! with stages: those of a [`Through`] between the two, and whatever stands before and behind it. So
//! formats, stores, clips, decay and schedules are those of every other rule.

mod algebra;
mod needs;
mod part;
mod plan;
mod precision;
mod rule;
mod through;
mod triangles;

pub use algebra::{LinearAlgebra, Matrix, Slot};
pub use needs::{MatrixNeeds, TensorNeeds};
pub use part::{MatrixPart, parted};
pub use plan::{Factorization, MatrixPlan, Merging, merged};
pub use precision::MatrixPrecision;
pub use rule::{Job, MatrixRule, MatrixStage, Untouched};
pub use through::{MatrixCount, Through};
pub use triangles::TriangularAlgebra;

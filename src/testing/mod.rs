//! A toolkit for testing optimizers: ours, or your own.
//!
//! | Module | What it checks an optimizer against |
//! |---|---|
//! | [`trajectory`] | recorded runs of other packages: parameters, gradients, and what came out |
//! | [`replay`](mod@replay) | runs such a recording through the catalogue and measures the distance |

pub mod replay;
pub mod trajectory;
mod variant;

mod by_rows;
mod compare;
mod configure;

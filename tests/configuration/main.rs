//! Optimizers as documents.

#![allow(unreachable_pub)] // modules of a test crate

mod documents;
mod meaning;
mod refusals;
mod switches;

//! The bodies of the fuzz targets; `tests/fuzz_bodies` runs them as property tests.

#[path = "../tests/fuzz_bodies/bodies/mod.rs"]
pub mod bodies;

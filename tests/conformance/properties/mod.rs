//! The properties, by what they are about.

pub mod arrival;
pub mod convergence;
pub mod extremes;
pub mod faces;
pub mod groups;
pub mod joint;
pub mod resume;
pub mod shapes;
pub mod splitting;
pub mod threads;

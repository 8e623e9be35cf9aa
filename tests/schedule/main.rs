//! Schedules: values by hand, what holds for all of them, errors, documents and the plots in the reference.

#![allow(unreachable_pub)] // modules of a test crate

mod any;
mod documents;
mod errors;
mod plots;
mod properties;
mod values;

use gradus::schedule::Schedule;

/// The values at some steps.
fn at<const N: usize>(schedule: &Schedule, steps: [u64; N]) -> [f64; N] {
    steps.map(|step| schedule.at(step))
}

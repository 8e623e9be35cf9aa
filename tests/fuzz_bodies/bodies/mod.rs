//! What the fuzz targets run, and the property tests with them.
//!
//! | File | What it holds |
//! |---|---|
//! | `step` | steps of any rule in any format, against the reference and against each other |
//! | `calls` | any sequence of calls, against a model that counts |
//! | `checkpoint` | any bytes as a file of state |
//! | `configuration` | any text as an optimizer |
//! | `arrive` | one gradient by itself, to release or to accumulate |
//! | `model` | what an optimizer must remember |
//! | `flaws` | arguments that must be refused, and the error that must come |
//! | `reference` | the papers once more, in `f64`, with a bound on what rounding may change |
//! | `approx` | a number and how far a computed one may be from it |
//! | `input` | what the arbitrary bytes stand for |

#![allow(unreachable_pub)] // the fuzz targets see this as a library

pub mod calls;
pub mod checkpoint;
pub mod configuration;
pub mod step;

mod approx;
mod arrive;
mod flaws;
mod input;
mod model;
mod reference;

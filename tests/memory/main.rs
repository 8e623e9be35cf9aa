//! The memory that is reported before anything is allocated is the memory that is allocated.

#![allow(unreachable_pub)] // modules of a test crate

mod allocated;
mod allocator;
mod report;
mod tables;

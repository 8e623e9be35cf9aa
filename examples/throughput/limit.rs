//! What a step is compared with: the same traffic of memory, with next to no arithmetic.

use gradus::error::Result;

/// Work with as much traffic as a step.
pub(crate) trait Limit {
    /// Does it once, or asks the device to.
    fn run(&mut self) -> Result<()>;
}

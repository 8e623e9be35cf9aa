//! A copy of all state of both optimizers, and the way back.

use super::{Drives, Routed};
use crate::device::Device;
use crate::error::Result;

/// All state of a [pair](Routed) of optimizers.
#[derive(Clone, Debug, PartialEq)]
pub struct RoutedSnapshot<C, O> {
    /// That of the parameters which the condition claimed.
    pub claimed: C,
    /// That of all others.
    pub others: O,
}

impl<D: Device, C, O> Routed<C, O, D>
where
    C: Drives<D>,
    O: Drives<D, Parameter = C::Parameter, Gradient = C::Gradient>,
{
    /// Copies all state: see [`Optimizer::snapshot`](crate::optimizer::Optimizer::snapshot).
    ///
    /// # Errors
    /// Whatever the device reports.
    pub fn snapshot(&self) -> Result<RoutedSnapshot<C::Snapshot, O::Snapshot>> {
        Ok(RoutedSnapshot { claimed: self.claimed.copy_state()?, others: self.others.copy_state()? })
    }

    /// Replaces all state by that of a snapshot, or refuses it and changes nothing in either optimizer.
    ///
    /// # Errors
    /// Those of [`Optimizer::restore`](crate::optimizer::Optimizer::restore).
    pub fn restore(&mut self, snapshot: &RoutedSnapshot<C::Snapshot, O::Snapshot>) -> Result<()> {
        self.check_state(snapshot)?;
        self.claimed.take_state(&snapshot.claimed)?;
        self.others.take_state(&snapshot.others)
    }
}

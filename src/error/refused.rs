//! A refusal that costs nothing.

use super::Error;

/// An error that gives back what had been handed over by value.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{error}")]
pub struct Refused<T> {
    /// Why it was refused.
    #[source]
    pub error: Error,
    /// What had been handed over, untouched.
    pub returned: T,
}

impl<T> From<Refused<T>> for Error {
    fn from(refused: Refused<T>) -> Self {
        refused.error
    }
}

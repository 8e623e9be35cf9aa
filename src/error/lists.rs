//! Names in a message.

use super::Error;

impl Error {
    /// [`NotTunable`](Self::NotTunable), with what a rule has.
    pub(crate) fn not_tunable(name: &str, known: &[&str]) -> Self {
        Self::NotTunable { name: name.to_owned(), known: quoted(known) }
    }
}

pub(super) fn quoted<N: core::fmt::Display>(names: &[N]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

pub(super) fn waiting_for(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!(", without a gradient for {}", quoted(names)) }
}

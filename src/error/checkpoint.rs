//! What can be wrong with a checkpoint.

/// Why a checkpoint was not loaded, or not written. The optimizer has not been changed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointFlaw {
    /// The operating system refused to read.
    #[error("cannot be read: {reason}")]
    Unreadable {
        /// What it said.
        reason: String,
    },

    /// The operating system refused to write; what was there before is still there.
    #[error("cannot be written: {reason}")]
    Unwritable {
        /// What it said.
        reason: String,
    },

    /// The file is something else.
    #[error("is no checkpoint: {reason}")]
    NotACheckpoint {
        /// What is missing.
        reason: String,
    },

    /// The end of the file is missing, or something was added behind it.
    #[error("has {found} bytes, but its header says {expected}")]
    Length {
        /// The bytes that the header promises.
        expected: u64,
        /// The bytes that there are.
        found: u64,
    },

    /// A bit is not what was written.
    #[error("is damaged: its contents have the digest {found}, but had {expected} when they were written")]
    Damaged {
        /// The digest that the file names.
        expected: String,
        /// The digest of what the file holds.
        found: String,
    },

    /// A later version of the library wrote it.
    #[error("is of version {version}, but this library reads versions up to {known}; use a later one")]
    Newer {
        /// The version of the file.
        version: u64,
        /// The latest version that can be read.
        known: u64,
    },

    /// Something in it contradicts itself, though it is what was written.
    #[error("says of {item}: {reason}")]
    Malformed {
        /// What it is about.
        item: String,
        /// What is wrong.
        reason: String,
    },

    /// It was written by another rule.
    #[error(
        "holds the state of another rule: group `{group}` is {found} there, but {expected} here; if they \
         remember the same, load it with `.any_rule()`"
    )]
    Rule {
        /// The group.
        group: String,
        /// The stages of the rule here.
        expected: String,
        /// The stages of the rule that wrote it.
        found: String,
    },

    /// Numbers are kept in another format.
    #[error("has {what} in {found}, but here it is in {expected}; load it with `.convert_formats()`")]
    Format {
        /// Which numbers.
        what: String,
        /// The format here.
        expected: String,
        /// The format there.
        found: String,
    },

    /// Other parameters.
    #[error("{}", other_parameters(.missing, .extra))]
    Parameters {
        /// Those that are here, but not there.
        missing: Vec<String>,
        /// Those that are there, but not here.
        extra: Vec<String>,
    },

    /// Other groups.
    #[error("has the groups {found:?}, but here are {expected:?}")]
    Groups {
        /// The labels here.
        expected: Vec<String>,
        /// The labels there.
        found: Vec<String>,
    },

    /// A name was to be replaced that does not occur, or by one that does.
    #[error("cannot have `{from}` renamed to `{to}`: {reason}")]
    Rename {
        /// The name there.
        from: String,
        /// The name here.
        to: String,
        /// Why not.
        reason: &'static str,
    },

    /// Something else differs.
    #[error("does not fit: {aspect} is {found} there, but {expected} here")]
    Differs {
        /// What differs, with the name of the parameter.
        aspect: String,
        /// What is here.
        expected: String,
        /// What is there.
        found: String,
    },
}

/// The message about parameters without a counterpart.
fn other_parameters(missing: &[String], extra: &[String]) -> String {
    let list = |names: &[String]| match names {
        [first, second, third, _, ..] => {
            format!("`{first}`, `{second}`, `{third}` and {} more", names.len() - 3)
        }
        names => super::quoted(names),
    };
    match (missing, extra) {
        (missing, []) => {
            let names = list(missing);
            format!("has no state for {names}; to let them start afresh, load it with `.ignore_missing()`")
        }
        ([], extra) => {
            let names = list(extra);
            format!(
                "has state for {names}, but there are no such parameters; to leave it out, load it with `.ignore_extra()`"
            )
        }
        (missing, extra) => {
            let (missing, extra) = (list(missing), list(extra));
            format!(
                "has no state for {missing}, but for {extra}, which is not here; if a name has changed, load it with `.rename(old, new)`"
            )
        }
    }
}

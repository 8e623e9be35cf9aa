//! What is let through if it is asked for.

/// How strictly a checkpoint has to fit. Everything that is let through is said by a call.
///
/// ```
/// use gradus::checkpoint::Loading;
/// use gradus::cpu::Cpu;
/// use gradus::optimizer::Build;
/// use gradus::rule::Lion;
/// use std::io::Cursor;
///
/// let mut old = [("body", vec![1.0f32; 4])];
/// let mut optimizer = Lion::default().build(Cpu::default(), &old)?;
/// optimizer.step(&mut old, &[("body", vec![0.5f32; 4])])?;
/// let mut file = Cursor::new(Vec::new());
/// optimizer.save_into(&mut file)?;
///
/// // The same model with a new head, and another name for what was there.
/// let new = [("trunk", vec![1.0f32; 4]), ("head", vec![0.0; 2])];
/// let mut optimizer = Lion::default().build(Cpu::default(), &new)?;
/// let error = optimizer.load_from(&mut file, &Loading::exactly()).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "the checkpoint has no state for `trunk`, `head`, but for `body`, which is not here; if a name has \
///      changed, load it with `.rename(old, new)`"
/// );
/// let loading = Loading::exactly().rename("body", "trunk").ignore_missing();
/// let loaded = optimizer.load_from(&mut file, &loading)?;
/// assert_eq!(loaded.missing, ["head"]);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loading {
    pub(super) renames: Vec<(String, String)>,
    pub(super) missing: bool,
    pub(super) extra: bool,
    pub(super) formats: bool,
    pub(super) any_rule: bool,
    pub(super) hyperparameters: bool,
    pub(super) unverified: bool,
}

/// What was let through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Parameters, and groups in quotation marks, that start afresh.
    pub missing: Vec<String>,
    /// Parameters whose state was left out.
    pub extra: Vec<String>,
    /// Tensors whose numbers were converted, or left out because the store here carries nothing.
    pub converted: Vec<String>,
}

impl Loading {
    /// Nothing is let through.
    #[must_use]
    pub fn exactly() -> Self {
        Self::default()
    }

    /// Gives the state of the parameter `from` in the file to the one that is named `to` now.
    #[must_use]
    pub fn rename(mut self, from: impl Into<String>, to: impl Into<String>) -> Self {
        self.renames.push((from.into(), to.into()));
        self
    }

    /// Lets parameters and groups of which the file knows nothing start afresh, as if they had never had
    /// a gradient. A parameter that was frozen then is one of them.
    #[must_use]
    pub fn ignore_missing(self) -> Self {
        Self { missing: true, ..self }
    }

    /// Leaves out the state of parameters that are not here, or are frozen now.
    #[must_use]
    pub fn ignore_extra(self) -> Self {
        Self { extra: true, ..self }
    }

    /// Converts numbers that are kept in another format than here, to nearest; what another store carries
    /// is left out, and what this one carries begins with 0.
    #[must_use]
    pub fn convert_formats(self) -> Self {
        Self { formats: true, ..self }
    }

    /// Lets the stages of the rules differ, as long as they remember the same fields: a clip more or less,
    /// Adam instead of AdamW. Hyperparameters that only one of them has stay as they are here.
    #[must_use]
    pub fn any_rule(self) -> Self {
        Self { any_rule: true, ..self }
    }

    /// Keeps the hyperparameters as they are here, instead of taking them from the file, and does not compare the
    /// [settings](crate::transform::Rule::settings) of the rules.
    #[must_use]
    pub fn keep_hyperparameters(self) -> Self {
        Self { hyperparameters: true, ..self }
    }

    /// Does not compare the digest: for a file that another program has changed on purpose.
    #[must_use]
    pub fn unverified(self) -> Self {
        Self { unverified: true, ..self }
    }

    /// What a parameter of the file is called here.
    pub(super) fn renamed<'a>(&'a self, name: &'a str) -> &'a str {
        self.renames.iter().find(|(from, _)| from == name).map_or(name, |(_, to)| to)
    }
}

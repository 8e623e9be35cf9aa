//! A CUDA driver without a GPU, and tests that run with it.
//!
//! The two libraries are compiled from `tests/cuda/fake/`. A test runs itself once more, as another process that finds
//! them where it looks for NVIDIA's.

use crate::host;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Set where tests that do not count calls are to run on a real device.
const REAL: &str = "GRADUS_TEST_CUDA";

/// Set in a process that runs with the fake.
const INSIDE: &str = "GRADUS_FAKE_CUDA";

/// The file of calls that were counted.
const CALLS: &str = "FAKE_CUDA_CALLS";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("fake_cuda")
}

/// A folder with both libraries, and one with the driver alone.
fn libraries(compiler: &str) -> &'static [PathBuf; 2] {
    static FOLDERS: OnceLock<[PathBuf; 2]> = OnceLock::new();
    FOLDERS.get_or_init(|| {
        let [both, driver_alone] = ["both", "driver_alone"].map(|name| folder().join(name));
        for (name, source, folders) in [
            ("libcuda.so", "driver.cpp", vec![&both, &driver_alone]),
            ("libnvrtc.so", "nvrtc.cpp", vec![&both]),
        ] {
            let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cuda/fake").join(source);
            for folder in folders {
                fs::create_dir_all(folder).expect("the folder for temporary files can be written");
                let output = Command::new(compiler)
                    .args(["-std=c++17", "-O1", "-shared", "-fPIC", "-o"])
                    .args([&folder.join(name), &source])
                    .arg("-ldl")
                    .output()
                    .expect("the compiler runs");
                assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
            }
        }
        [both, driver_alone]
    })
}

/// Which libraries a test finds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Finds {
    Both,
    DriverAlone,
    Nothing,
}

/// Runs a test where CUDA is the fake one. `name` is the test's own, with its modules; `variables` say what the driver
/// is like.
pub fn with(finds: Finds, name: &str, variables: &[(&str, &str)], test: fn()) {
    one_by_one(finds, name, variables, &[test]);
}

/// Runs a test that asks nothing of the driver but results: with the fake, or on a real device.
pub fn with_any(name: &str, test: fn()) {
    if std::env::var_os(REAL).is_some() && std::env::var_os(INSIDE).is_none() {
        return test();
    }
    with(Finds::Both, name, &[], test);
}

/// Runs the parts of a test, each in a process of its own.
pub fn one_by_one(finds: Finds, name: &str, variables: &[(&str, &str)], parts: &[fn()]) {
    if let Ok(part) = std::env::var(INSIDE) {
        return parts[part.parse::<usize>().expect("set below")]();
    }
    let compiler = match host::compiler() {
        Ok(compiler) => compiler,
        Err(reason) => return println!("skipped: {reason}"),
    };
    let own = folder().join(name.replace("::", "."));
    // What the last run has left.
    let _ = fs::remove_dir_all(&own);
    fs::create_dir_all(&own).expect("the folder for temporary files can be written");
    let [both, driver_alone] = libraries(&compiler);
    let path = match finds {
        Finds::Both => both,
        Finds::DriverAlone => driver_alone,
        Finds::Nothing => &own,
    };
    for part in 0..parts.len() {
        run_again(name, part, &own, path, variables);
    }
}

fn run_again(name: &str, part: usize, own: &Path, path: &Path, variables: &[(&str, &str)]) {
    let output = Command::new(std::env::current_exe().expect("a test has a file"))
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env(INSIDE, part.to_string())
        .env("LD_LIBRARY_PATH", path)
        .env("GRADUS_CACHE", own.join("cache"))
        .env(CALLS, own.join("calls"))
        .env("FAKE_NVRTC_FOLDER", own)
        .env("FAKE_NVRTC_SHIM", Path::new(env!("CARGO_MANIFEST_DIR")).join("cuda/host/shim.hpp"))
        .envs(variables.iter().copied())
        .output()
        .expect("a test can be run again");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1 passed"), "there is no test `{name}`: {said}");
    said.lines().filter(|line| line.starts_with("skipped")).for_each(|line| println!("{line}"));
}

/// How often the driver has been called so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    pub launches: usize,
    /// Copies from the host.
    pub sends: usize,
    /// Copies to the host.
    pub fetches: usize,
    /// Times that the host has waited.
    pub waits: usize,
    pub allocations: usize,
}

impl Calls {
    /// Those of this process.
    pub fn so_far() -> Self {
        let file = std::env::var_os(CALLS).expect("asked by a test that runs with the fake");
        let text = fs::read_to_string(file).unwrap_or_default();
        let count = |call: &str| text.lines().filter(|line| *line == call).count();
        Self {
            launches: count("launch"),
            sends: count("send"),
            fetches: count("fetch"),
            waits: count("wait"),
            allocations: count("allocate"),
        }
    }

    /// Those of something.
    pub fn of(run: impl FnOnce()) -> Self {
        let before = Self::so_far();
        run();
        let after = Self::so_far();
        Self {
            launches: after.launches - before.launches,
            sends: after.sends - before.sends,
            fetches: after.fetches - before.fetches,
            waits: after.waits - before.waits,
            allocations: after.allocations - before.allocations,
        }
    }
}

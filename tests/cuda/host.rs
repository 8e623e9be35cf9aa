//! Kernels as programs of the host: its C++ compiler makes one of each unit, which runs launches that it is sent.

use gradus::cuda::{Kernel, Launch, unit};
use std::collections::HashMap;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

/// The program of some kernels, waiting for launches.
#[derive(Debug)]
pub struct Host {
    child: Child,
    pipes: Mutex<(ChildStdin, ChildStdout)>,
    /// The number of each function.
    functions: HashMap<String, u64>,
}

/// What a step brings along: see `cuda/host/driver.hpp`.
pub struct Step<'a> {
    pub buffers: Vec<&'a mut [u8]>,
    pub row_words: usize,
    /// Pointers are numbers of buffers, counted from 1, or 0.
    pub table: Vec<u64>,
    pub constants: Vec<u8>,
    pub launches: Vec<Launch>,
}

/// The host's C++ compiler, or why there is none.
pub fn compiler() -> Result<String, String> {
    if !cfg!(all(target_os = "linux", target_pointer_width = "64")) {
        return Err(
            "threads of a block are made with <ucontext.h>, which this system does not have".to_owned()
        );
    }
    let name = std::env::var("CXX").unwrap_or_else(|_| "c++".to_owned());
    match Command::new(&name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(name),
        _ => Err(format!("there is no C++ compiler `{name}`; name one in the variable CXX")),
    }
}

/// The source of a program of some kernels, with `change` made to the text of the kernels.
pub fn source(kernels: &[Kernel], change: impl FnOnce(String) -> String) -> String {
    let by_hand = |file: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("cuda/host").join(file);
        fs::read_to_string(path).expect("the file belongs to the project")
    };
    let functions: Vec<_> = functions(kernels).collect();
    format!(
        "{}\n{}\nstatic const host::Kernel functions[] = {{{}}};\n\n{}",
        by_hand("shim.hpp"),
        change(unit(kernels)),
        functions.join(", "),
        by_hand("driver.hpp")
    )
}

fn functions(kernels: &[Kernel]) -> impl Iterator<Item = String> {
    kernels.iter().flat_map(Kernel::functions)
}

impl Host {
    /// Compiles a source with these kernels and starts it. `name` is that of the files.
    pub fn start(name: &str, kernels: &[Kernel], source: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let (text, program) = (folder.join(format!("{name}.cpp")), folder.join(name));
        fs::write(&text, source).expect("the folder for temporary files can be written");
        let output = Command::new(compiler().expect("asked before"))
            .args(["-std=c++17", "-O2", "-ffp-contract=off", "-fno-strict-aliasing", "-w", "-o"])
            .args([&program, &text])
            .output()
            .expect("the compiler runs");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));

        let mut child = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("what was compiled runs");
        let pipes = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        Self { child, pipes: Mutex::new(pipes), functions: functions(kernels).zip(0..).collect() }
    }

    /// Runs the launches of a step.
    pub fn run(&self, step: Step<'_>) {
        let mut words = Vec::new();
        let word = |bytes: &mut Vec<u8>, word: u64| bytes.extend(word.to_ne_bytes());
        word(&mut words, step.buffers.len() as u64);
        for buffer in &step.buffers {
            word(&mut words, buffer.len() as u64);
            words.extend_from_slice(buffer);
        }
        word(&mut words, step.row_words as u64);
        word(&mut words, (step.table.len() / step.row_words) as u64);
        step.table.iter().for_each(|pointer| word(&mut words, *pointer));
        word(&mut words, step.constants.len() as u64);
        words.extend(&step.constants);
        word(&mut words, step.launches.len() as u64);
        for launch in &step.launches {
            word(&mut words, self.functions[&launch.function]);
            word(&mut words, launch.blocks as u64);
            word(&mut words, launch.tensors as u64);
            word(&mut words, 2 * launch.list.len() as u64);
            words.extend(launch.list.iter().flatten().flat_map(|number| number.to_ne_bytes()));
        }
        let mut pipes = self.pipes.lock().expect("no test panics in here");
        pipes.0.write_all(&words).expect("the program reads all of a step");
        pipes.0.flush().expect("the program reads all of a step");
        for buffer in step.buffers {
            pipes.1.read_exact(buffer).expect("the program has run the step");
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It would end by itself when its input does; whatever it says is of no use any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

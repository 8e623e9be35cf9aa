//! A process that saves is killed at any moment: the last whole file is still there.

use crate::{Folder, step, tensors};
use gradus::catalogue::{self, Boxed, Configuration};
use gradus::checkpoint::Loading;
use gradus::cpu::Cpu;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Where the process that is killed saves; set in that process alone.
const FILE: &str = "GRADUS_TEST_FILE";

fn build() -> Boxed<f32> {
    let parameters = tensors::<f32>(1);
    catalogue::build(&Configuration::of("adamw"), Cpu::default(), &parameters).expect("it is valid")
}

/// Saves after every step, says so, and never ends.
fn save_until_killed(file: &Path) {
    let (mut optimizer, mut parameters) = (build(), tensors::<f32>(1));
    for number in 1.. {
        step(&mut optimizer, &mut parameters, number);
        optimizer.save(file).expect("the folder can be written");
        println!("\nsaved {number}");
        std::io::stdout().flush().expect("somebody listens");
    }
}

/// Runs the test below as such a process until it has saved `saves` times and a little longer; returns how
/// many steps it is known to have saved.
fn killed_after(file: &Path, saves: usize, longer: Duration) -> u64 {
    let program = std::env::current_exe().expect("a test is a program");
    let mut process = Command::new(program)
        .args(["--exact", "kill::nothing_is_lost_when_a_save_is_killed", "--nocapture", "--test-threads=1"])
        .env(FILE, file)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program can be started");
    let mut lines = BufReader::new(process.stdout.take().expect("it is piped")).lines();
    let mut saved = lines.by_ref().filter_map(|line| line.ok()?.strip_prefix("saved ")?.parse::<u64>().ok());
    let mut last = saved.by_ref().take(saves).last().expect("it has saved");
    std::thread::sleep(longer);
    process.kill().expect("it is still running");
    process.wait().expect("it was killed");
    last = saved.last().unwrap_or(last);
    last
}

#[test]
fn nothing_is_lost_when_a_save_is_killed() {
    if let Some(file) = std::env::var_os(FILE) {
        return save_until_killed(file.as_ref());
    }
    let folder = Folder::new("kill");
    let file = folder.file("optimizer.safetensors");
    for round in 0..40u64 {
        // From right after a save to the middle of one, whatever the disk needs for it.
        let longer = Duration::from_micros(round * 173 % 4001);
        let saved = killed_after(&file, 1 + (round % 3) as usize, longer);
        let mut optimizer = build();
        optimizer.load(&file, &Loading::exactly()).expect("the last file is whole");
        assert!(optimizer.steps() >= saved, "{} {saved}", optimizer.steps());

        let (mut expected, mut parameters) = (build(), tensors::<f32>(1));
        for number in 1..=optimizer.steps() {
            step(&mut expected, &mut parameters, number);
        }
        assert!(expected.to_checkpoint() == optimizer.to_checkpoint(), "round {round}");
    }
}

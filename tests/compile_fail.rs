//! What the compiler says about options that do not fit together, and that it accepts all others.
//!
//! Each file in `compile_fail/` names a mistake, in both orders of the two calls that disagree, and
//! says beside the refused line what a user must read there, word for word:
//!
//! ```text
//! .kahan()
//! //~^ ERROR: the fact            the line above, one `^` per line; `//~ ERROR:` on the line itself
//! //~| LABEL: what the call needs
//! //~| NOTE: why                  in this order
//! //~| NOTE: what to write
//!
//! //~^ RUSTC: a part of an error in rustc's own words
//! ```
//!
//! Rustc adds a frame to these texts, which changes from release to release and is not looked at.
//! But an error that is not expected fails the test, so every mistake is told exactly once. Files in
//! `compile_fail/accepted/` must compile.
//!
//! All files are checked by one run of cargo, as the modules of two programs in a package under the
//! target directory.

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::{env, fs};

/// Where in the cases something is said: the file and the line.
type Place = (PathBuf, u64);

/// An error as the user reads it.
#[derive(Clone, Debug, Default, PartialEq)]
struct Said {
    message: String,
    label: String,
    notes: Vec<String>,
}

/// What is expected in one place.
#[derive(Clone, Debug, PartialEq)]
enum Expected {
    /// These words and no others.
    Ours(Said),
    /// An error of rustc's that contains these words.
    Rustcs(String),
}

/// An error of the compiler.
#[derive(Debug)]
struct Found {
    said: Said,
    rendered: String,
}

/// What became of the two programs.
struct Checked {
    errors: BTreeMap<Place, Vec<Found>>,
    /// The programs that have been compiled.
    compiled: Vec<String>,
}

static CHECKED: LazyLock<Checked> = LazyLock::new(check_all_cases);

#[test]
fn every_refusal_says_what_it_should_and_says_it_once() {
    let mut complaints = Vec::new();
    let mut unexpected: Vec<&Place> = CHECKED.errors.keys().filter(|(file, _)| !is_accepted(file)).collect();
    for file in refused() {
        let text = fs::read_to_string(&file).expect("a case can be read");
        for (line, expected) in expectations(&text) {
            let place = (file.clone(), line);
            let found = CHECKED.errors.get(&place).map_or(&[][..], Vec::as_slice);
            unexpected.retain(|other| **other != place);
            let fits = match (found, &expected) {
                ([found], Expected::Ours(said)) => found.said == *said,
                ([found], Expected::Rustcs(part)) => found.rendered.contains(part),
                _ => false,
            };
            if !fits {
                let heading = format!("{}:{line}", file.display());
                complaints.push(format!("{heading}\nexpected {expected:#?}\nfound {found:#?}"));
            }
        }
    }
    for place in unexpected {
        let (file, line) = place;
        complaints.push(format!(
            "{}:{line}\nnothing expected\nfound {:#?}",
            file.display(),
            CHECKED.errors[place]
        ));
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
}

#[test]
fn everything_else_is_accepted() {
    let errors: Vec<_> = CHECKED.errors.iter().filter(|((file, _), _)| is_accepted(file)).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    assert_eq!(CHECKED.compiled, ["accepted"]);
}

#[test]
fn every_case_expects_something_complete() {
    for file in refused() {
        let name = file.display();
        let text = fs::read_to_string(&file).expect("a case can be read");
        let functions = text.lines().filter(|line| line.starts_with("fn ")).count();
        let expected = expectations(&text);
        assert_eq!(functions, expected.len(), "{name}: not one mistake per function");
        for (line, expected) in expected {
            if let Expected::Ours(Said { message, label, notes }) = expected {
                let complete = !message.is_empty() && !label.is_empty() && notes.len() == 2;
                assert!(complete, "{name}:{line}: a refusal says a fact, a need, why, and what to write");
            }
        }
    }
}

#[test]
fn every_message_of_the_options_has_a_case() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cases: String =
        refused().iter().map(|file| fs::read_to_string(file).expect("a case can be read")).collect();
    let mut messages = 0;
    for file in files(&root.join("src/optimizer")) {
        let text = fs::read_to_string(&file).expect("a source file can be read");
        for line in text.lines().filter_map(|line| line.trim().strip_prefix("message = \"")) {
            // A case says `f32` where the message has a parameter, so the longest fixed part counts.
            let message = line.trim_end_matches("\",");
            let fixed = message.split(['{', '}']).max_by_key(|part| part.len()).unwrap_or(message);
            assert!(cases.contains(fixed), "no case in tests/compile_fail/ provokes: {message}");
            messages += 1;
        }
    }
    assert!(messages > 0, "src/optimizer/ has no messages; where have they gone?");
}

#[test]
fn expectations_are_read_as_they_are_meant() {
    let text = "one(); //~ ERROR: first\n//~| LABEL: here\n//~| NOTE: why\ntwo();\n\n//~^^ RUSTC: second\n";
    let first = Said { message: "first".into(), label: "here".into(), notes: vec!["why".into()] };
    let expected = [(1, Expected::Ours(first)), (4, Expected::Rustcs("second".into()))];
    assert_eq!(expectations(text), expected);
}

/// The expectations of a case, with their lines.
fn expectations(text: &str) -> Vec<(u64, Expected)> {
    let mut list: Vec<(u64, Expected)> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let Some((_, annotation)) = line.split_once("//~") else { continue };
        let above = annotation.chars().take_while(|&sign| sign == '^').count() as u64;
        let (kind, words) = annotation
            .trim_start_matches(['^', '|', ' '])
            .split_once(": ")
            .unwrap_or_else(|| panic!("line {number}: `{annotation}` lacks a kind and a colon"));
        let words = words.to_owned();
        match (kind, list.last_mut()) {
            ("ERROR", _) => {
                let said = Said { message: words, ..Said::default() };
                list.push((number - above, Expected::Ours(said)));
            }
            ("RUSTC", _) => list.push((number - above, Expected::Rustcs(words))),
            ("LABEL", Some((_, Expected::Ours(said)))) => said.label = words,
            ("NOTE", Some((_, Expected::Ours(said)))) => said.notes.push(words),
            _ => panic!("line {number}: `{annotation}` says neither ERROR, RUSTC, nor LABEL or NOTE of one"),
        }
    }
    list
}

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compile_fail")
}

fn refused() -> Vec<PathBuf> {
    files(&cases())
}

fn is_accepted(file: &Path) -> bool {
    file.starts_with(cases().join("accepted"))
}

/// The Rust files in a folder, in the order of their names.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder exists");
    let paths = entries.map(|entry| entry.expect("the folder can be listed").path());
    let mut files: Vec<_> = paths.filter(|path| path.extension().is_some_and(|end| end == "rs")).collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files
}

/// Has cargo check all cases, offline and with what a build of the tests has downloaded.
fn check_all_cases() -> Checked {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compile_fail");
    fs::create_dir_all(&package).expect("the target directory can be written");
    let manifest = format!(
        "[package]\nname = \"cases\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [[bin]]\nname = \"refused\"\npath = \"refused.rs\"\n\n\
         [[bin]]\nname = \"accepted\"\npath = \"accepted.rs\"\n\n\
         [dependencies]\ngradus = {{ path = {root:?} }}\nhalf = \"2\"\n\n[workspace]\n"
    );
    fs::write(package.join("Cargo.toml"), manifest).expect("the manifest can be written");
    fs::write(package.join("refused.rs"), program(&refused())).expect("a program can be written");
    let accepted = program(&files(&cases().join("accepted")));
    fs::write(package.join("accepted.rs"), accepted).expect("a program can be written");
    // The same versions as those of the tests, which are there without a network.
    fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock")).expect("the lock file can be copied");

    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["check", "--offline", "--keep-going", "--quiet", "--message-format=json", "--target-dir"])
        .arg(package.join("target"))
        .current_dir(&package)
        .output()
        .expect("cargo can be run");
    let stdout = String::from_utf8_lossy(&output.stdout);
    let messages = stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut checked = Checked { errors: BTreeMap::new(), compiled: Vec::new() };
    for message in messages {
        if let Some((place, error)) = error(&message["message"]) {
            checked.errors.entry(place).or_default().push(error);
        }
        if message["reason"] == "compiler-artifact" && message["target"]["kind"][0] == "bin" {
            checked.compiled.extend(message["target"]["name"].as_str().map(str::to_owned));
        }
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!checked.errors.is_empty(), "cargo could not check the cases:\n{stderr}");
    checked
}

/// A program with a module for each of the files.
fn program(files: &[PathBuf]) -> String {
    let modules = files.iter().map(|file| {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        format!("#[path = {file:?}]\nmod {name};\n")
    });
    format!("#![allow(warnings)]\n{}fn main() {{}}\n", modules.collect::<String>())
}

/// The place and the words of a message of rustc, if it is an error in a case.
fn error(message: &Value) -> Option<(Place, Found)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let spans = |value: &Value| value["spans"].as_array().cloned().unwrap_or_default();
    if message["level"] != "error" {
        return None;
    }
    let primary = spans(message).into_iter().find(|span| span["is_primary"] == true)?;
    let place = (PathBuf::from(text(&primary["file_name"])), primary["line_start"].as_u64()?);
    // Notes of rustc's own point at code, or say by which way a trait was asked for, or where a long
    // type has been written.
    let of_rustc = ["required for `", "the full name for the type ", "consider using `--verbose`"];
    let children = message["children"].as_array()?.iter();
    let notes = children.filter(|child| child["level"] == "note" && spans(child).is_empty());
    let notes = notes
        .map(|note| text(&note["message"]))
        .filter(|note| !of_rustc.iter().any(|start| note.starts_with(start)));
    let said =
        Said { message: text(&message["message"]), label: text(&primary["label"]), notes: notes.collect() };
    Some((place, Found { said, rendered: text(&message["rendered"]) }))
}

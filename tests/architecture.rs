//! The layers of `src/`, and what none of them may do.
//!
//! The table below is the architecture: a file that imports against it fails the test, and a new
//! module must take its place in it. Comments, and so the examples in them, are free to name anything.

use std::fs;
use std::path::{Path, PathBuf};

/// The layers. Each may import those above it and itself.
///
/// A device is handed works that carry a store's numbers, so `store` stands above `device`.
const LAYERS: [&str; 20] = [
    "shape",          // shapes and orders of memory
    "error",          // what can go wrong
    "random",         // counter-based bits
    "real",           // the numbers that rules are written in
    "hyperparameter", // numbers in their ranges
    "dtype",          // storage formats
    "transform",      // the contracts of rules
    "schedule",       // step → learning rate
    "clip",           // gradient → gradient
    "rule",           // gradient → update
    "store",          // parameter, update → parameter
    "device",         // the contract of machines
    "cpu",            // threads and vector instructions
    "cuda",           // kernels
    "optimizer",      // a rule with its options and its state
    "checkpoint",     // its state on disk
    "catalogue",      // every optimizer by name
    "testing",        // for those who test optimizers
    "integration",    // other crates' tensors
    "guide",          // documentation only
];

/// Layers that do not know each other, wherever they stand.
const STRANGERS: [&[&str]; 3] =
    [&["cpu", "cuda"], &["schedule", "clip", "rule", "store"], &["optimizer", "cpu", "cuda"]];

/// What a macro at the crate's root belongs to.
const MACROS: [(&str, &str); 2] = [("fields", "transform"), ("tunables", "transform")];

/// Layers that are mathematics, and what has no place there.
const PURE: [&str; 4] = ["schedule", "clip", "rule", "store"];
const MACHINERY: [&str; 3] = ["ndarray", "rayon", "cudarc"];

/// The only files with unsafe code.
const UNSAFE: [&str; 2] = ["cuda/launch.rs", "cpu/simd.rs"];

/// Files are split before they are longer.
const LINES: usize = 400;

#[test]
fn the_sources_keep_to_the_architecture() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = sources(&root);
    assert!(files.len() > 20, "only {} files in {}", files.len(), root.display());
    let complaints: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let path = file.strip_prefix(&root).expect("sources lie under src");
            let path = path.to_string_lossy().replace('\\', "/");
            complaints(&path, &fs::read_to_string(file).expect("a source file is text"))
        })
        .collect();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn imports_may_only_go_up() {
    let fine = "use crate::shape::Layout;\nuse crate::{dtype::{self, WidensTo}, error::Result};\n";
    assert_eq!(complaints("device/sets.rs", fine), [""; 0]);
    let downwards = "\nuse crate::cpu::Cpu;";
    assert_eq!(complaints("device/sets.rs", downwards), ["src/device/sets.rs:2: `device` imports `cpu`"]);
    let within = "fn f() -> crate::rule::Lion { todo() }";
    assert_eq!(complaints("shape.rs", within), ["src/shape.rs:1: `shape` imports `rule`"]);
    let grouped = "use crate::{\n    error::{Error, Result},\n    optimizer::Build,\n};";
    assert_eq!(complaints("cpu/mod.rs", grouped), ["src/cpu/mod.rs:1: `cpu` imports `optimizer`"]);
    let relative = "use super::optimizer::Build;";
    assert_eq!(complaints("cpu/mod.rs", relative), ["src/cpu/mod.rs:1: `cpu` imports `optimizer`"]);
    assert_eq!(complaints("dtype.rs", relative), ["src/dtype.rs:1: `dtype` imports `optimizer`"]);
    assert_eq!(complaints("cpu/tile.rs", "use super::store::Carry;"), [""; 0]); // cpu::store
    let twice = "use super::super::shape::Layout;";
    let says = ["src/cpu/tile.rs:1: `super::super` hides where an import comes from; write `crate::`"];
    assert_eq!(complaints("cpu/tile.rs", twice), says);
}

#[test]
fn strangers_do_not_import_each_other() {
    let store = "use crate::rule::Lion;";
    assert_eq!(complaints("store/mod.rs", store), ["src/store/mod.rs:1: `store` imports `rule`"]);
    let cuda = "use crate::cpu::Cpu;";
    assert_eq!(complaints("cuda/mod.rs", cuda), ["src/cuda/mod.rs:1: `cuda` imports `cpu`"]);
    assert_eq!(complaints("optimizer/step.rs", cuda), ["src/optimizer/step.rs:1: `optimizer` imports `cpu`"]);
}

#[test]
fn a_module_without_a_place_is_noticed() {
    assert_eq!(complaints("helpers.rs", ""), ["src/helpers.rs: `helpers` has no place among the layers"]);
    let unknown = "use crate::helpers::help;";
    assert_eq!(complaints("rule/lion.rs", unknown), ["src/rule/lion.rs:1: `rule` imports `helpers`"]);
    assert_eq!(complaints("rule/lion.rs", "use crate::fields;"), [""; 0]);
    assert_eq!(complaints("shape.rs", "use crate::fields;"), ["src/shape.rs:1: `shape` imports `transform`"]);
    assert_eq!(complaints("lib.rs", "pub mod cpu;\npub use crate::cpu::Cpu;"), [""; 0]);
}

#[test]
fn comments_import_nothing() {
    let text =
        "//! use crate::cpu::Cpu; ndarray, unsafe {}\n/// use gradus::cpu::Cpu;\nfn f() {} // crate::cpu";
    assert_eq!(complaints("rule/lion.rs", text), [""; 0]);
}

#[test]
fn mathematics_is_free_of_machinery() {
    let says = ["src/rule/lion.rs:1: `rule` names `rayon`"];
    assert_eq!(complaints("rule/lion.rs", "use rayon::join;"), says);
    assert_eq!(complaints("cpu/pieces.rs", "use rayon::join;"), [""; 0]);
    assert_eq!(complaints("rule/lion.rs", "let crayons = 3;"), [""; 0]);
}

#[test]
fn unsafe_code_stays_where_it_is_expected() {
    let text = "#![deny(unsafe_code)]\nlet x = unsafe { y() };";
    assert_eq!(complaints("cpu/tile.rs", text), ["src/cpu/tile.rs:2: unsafe code"]);
    assert_eq!(complaints("cpu/simd.rs", text), [""; 0]);
}

#[test]
fn long_files_are_noticed() {
    assert_eq!(complaints("rule/lion.rs", &"\n".repeat(400)), [""; 0]);
    let says = ["src/rule/lion.rs: 401 lines; split it"];
    assert_eq!(complaints("rule/lion.rs", &"\n".repeat(401)), says);
}

/// What is wrong with the file at `path` under `src/`.
fn complaints(path: &str, text: &str) -> Vec<String> {
    let mut list = Vec::new();
    let lines = text.lines().count();
    if lines > LINES {
        list.push(format!("src/{path}: {lines} lines; split it"));
    }
    let layer = path.split('/').next().unwrap_or(path).trim_end_matches(".rs");
    if layer != "lib" && !LAYERS.contains(&layer) {
        list.push(format!("src/{path}: `{layer}` has no place among the layers"));
    }
    let code: Vec<&str> = text.lines().map(code_of).collect();
    for (number, line) in (1..).zip(&code) {
        let mut complain = |what: String| list.push(format!("src/{path}:{number}: {what}"));
        if words(line).any(|word| word == "unsafe") && !UNSAFE.contains(&path) {
            complain("unsafe code".to_owned());
        }
        for machinery in words(line).filter(|word| PURE.contains(&layer) && MACHINERY.contains(word)) {
            complain(format!("`{layer}` names `{machinery}`"));
        }
        if line.contains("super::super") {
            complain("`super::super` hides where an import comes from; write `crate::`".to_owned());
        }
        if layer != "lib" {
            // A list in braces may go on for several lines.
            let rest = code[number - 1..].join("\n");
            for imported in imported(path, line, &rest).filter(|imported| !may_import(layer, imported)) {
                complain(format!("`{layer}` imports `{imported}`"));
            }
        }
    }
    list
}

/// The code of a line, without a comment.
fn code_of(line: &str) -> &str {
    let comment = line.match_indices("//").find(|(at, _)| line[..*at].trim_end().len() < *at || *at == 0);
    comment.map_or(line, |(at, _)| &line[..at])
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|sign: char| !sign.is_alphanumeric() && sign != '_')
}

/// The layers that a line of code names, where `rest` is the file from that line on.
fn imported<'a>(path: &str, line: &'a str, rest: &'a str) -> impl Iterator<Item = &'a str> {
    let is_root_of_layer = !path.contains('/') || path.ends_with("/mod.rs");
    let absolute =
        line.match_indices("crate::").flat_map(|(at, prefix)| first_names(&rest[at + prefix.len()..]));
    let relative =
        line.match_indices("super::").flat_map(|(at, prefix)| first_names(&rest[at + prefix.len()..]));
    // Inside a module of tests `super` is the file itself, so only names of layers count.
    let relative = relative.filter(move |name| is_root_of_layer && LAYERS.contains(name));
    let layer_of = |name| MACROS.iter().find(|(own, _)| *own == name).map_or(name, |(_, layer)| *layer);
    absolute.map(layer_of).chain(relative).filter(|name| *name != "typenum")
}

/// The first names of a path, or of a list of paths in braces.
fn first_names(path: &str) -> Vec<&str> {
    let name =
        |path: &str| path.find(|sign: char| !sign.is_alphanumeric() && sign != '_').unwrap_or(path.len());
    let Some(list) = path.strip_prefix('{') else {
        return vec![&path[..name(path)]];
    };
    let mut names = Vec::new();
    let mut depth = 0;
    let mut start = 0;
    for (at, sign) in list.char_indices() {
        if depth == 0 && (sign == ',' || sign == '}') {
            let path = list[start..at].trim();
            names.push(&path[..name(path)]);
            start = at + 1;
        }
        match sign {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn may_import(layer: &str, imported: &str) -> bool {
    let place = |name: &str| LAYERS.iter().position(|layer| *layer == name);
    let strangers = STRANGERS.iter().any(|group| group.contains(&layer) && group.contains(&imported));
    layer == imported || (!strangers && place(imported).is_some() && place(imported) < place(layer))
}

/// All Rust files under a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder can be listed");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the folder can be listed").path())
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .collect();
    files.sort();
    files
}

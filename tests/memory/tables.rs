//! The tables of the guide are made by the code that they describe.
//!
//! A rule that is new in the catalogue appears in them with `UPDATE_SNAPSHOTS=1 cargo test --test memory`.

#[allow(dead_code)] // the example reads shapes from files, too
#[path = "../../examples/throughput/shapes.rs"]
mod shapes;

use gradus::catalogue::{self, Catalogued, Configuration, Format, Hyperparameters, StoreKind};
use gradus::optimizer::{Build, MemoryKind, MemoryReport};
use gradus::rule::AdamW;
use half::bf16;
use std::fs;
use std::path::Path;

const UPDATE: &str = "UPDATE_SNAPSHOTS";
const GUIDE: &str = "src/guide/memory.rs";

#[test]
fn the_guide_has_the_memory_of_every_optimizer() {
    let header = "| Optimizer | f32 | bf16, f32 state | bf16, bf16 state | bf16 + Kahan, bf16 state | fields of state |";
    check(
        header,
        &[vec![header.to_owned(), "|---|---|---|---|---|---|".to_owned()], every_optimizer()].concat(),
    );
}

#[test]
fn the_guide_recomputes_what_optimi_saves() {
    let header = "| AdamW, GPT-2 small | parameters | gradients | state | together | saved |";
    check(header, &[vec![header.to_owned(), "|---|---|---|---|---|---|".to_owned()], savings()].concat());
}

/// The names and shapes of GPT-2 small.
fn gpt2() -> Vec<(String, Vec<usize>)> {
    let shapes = shapes::Shapes::named("gpt2").expect("it is built in").tensors;
    assert_eq!(shapes.len(), 148);
    let shapes: Vec<_> =
        shapes.into_iter().enumerate().map(|(place, shape)| (format!("x{place}"), shape)).collect();
    assert_eq!(shapes.iter().map(|(_, shape)| shape.iter().product::<usize>()).sum::<usize>(), 124_439_808);
    shapes
}

/// A row for each optimizer, and for each of the switches that change its state.
fn every_optimizer() -> Vec<String> {
    let switches: [(&str, &str, Hyperparameters); 6] = [
        ("adam", "with `amsgrad`", [("amsgrad", true.into())].into()),
        ("rmsprop", "with momentum", [("momentum", 0.9.into())].into()),
        ("rmsprop", "centered", [("centered", true.into())].into()),
        ("rmsprop", "centered, with momentum", [("centered", true.into()), ("momentum", 0.9.into())].into()),
        ("sgd", "with momentum", [("momentum", 0.9.into())].into()),
        ("sm3", "with momentum", [("momentum", 0.9.into())].into()),
    ];
    let mut rows = Vec::new();
    // A list of stages has the state of its stages.
    for entry in catalogue::entries().filter(|entry| entry.name != "chain") {
        rows.push(row(entry.name, "", &Hyperparameters::default()));
        for (name, says, hyperparameters) in &switches {
            if *name == entry.name {
                rows.push(row(name, &format!(", {says}"), hyperparameters));
            }
        }
    }
    rows
}

fn row(name: &str, switched: &str, hyperparameters: &Hyperparameters) -> String {
    fn report<T: Catalogued>(configuration: &Configuration) -> MemoryReport {
        let report = catalogue::memory::<T, _, _>(configuration, gpt2());
        report.unwrap_or_else(|error| panic!("{}: {error}", configuration.optimizer))
    }
    let configuration = |state, store| Configuration {
        hyperparameters: hyperparameters.clone(),
        state_format: Some(state),
        store,
        ..Configuration::of(name)
    };
    let f32s = report::<f32>(&configuration(Format::F32, StoreKind::Nearest));
    let wide = report::<bf16>(&configuration(Format::F32, StoreKind::Nearest));
    let narrow = report::<bf16>(&configuration(Format::Bf16, StoreKind::Stochastic));
    let kahan = report::<bf16>(&configuration(Format::Bf16, StoreKind::Kahan));
    let megabytes =
        [&f32s, &wide, &narrow, &kahan].map(|report| format!("{:.1}", report.state_bytes() as f64 / 1e6));
    let fields = f32s.groups[0]
        .fields
        .iter()
        .filter(|field| matches!(field.kind, MemoryKind::State | MemoryKind::ByAxis));
    let fields: Vec<_> = fields.map(|field| format!("`{}`{}", field.name, field.kind)).collect();
    let fields = if fields.is_empty() { "none".to_owned() } else { fields.join(", ") };
    format!("| `{name}`{switched} | {} | {fields} |", megabytes.join(" | "))
}

/// Bytes per parameter, and what is saved of the first two rows.
fn savings() -> Vec<String> {
    let wide = AdamW::default().memory_of(gpt2()).expect("the model is valid");
    let kahan = AdamW::default().parameters_in::<bf16>().state_in::<bf16>(1).kahan();
    let kahan = kahan.memory_of(gpt2()).expect("the model is valid");
    let stochastic = AdamW::default().parameters_in::<bf16>().state_in::<bf16>(1).stochastic_rounding(1);
    let stochastic = stochastic.memory_of(gpt2()).expect("the model is valid");
    let elements = wide.elements() as f64;
    let parts = |report: &MemoryReport, gradients: u64| {
        [report.parameter_bytes(), gradients, report.state_bytes()].map(|bytes| bytes as f64 / elements)
    };
    let line = |says: &str, [parameters, gradients, state]: [f64; 3], of: Option<f64>| {
        let sum = parameters + gradients + state;
        let saved = of.map_or_else(String::new, |of| format!("{:.1} %", 100.0 * (1.0 - sum / of)));
        let number = |value: f64| {
            let text = format!("{value:.2}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        };
        let columns = [parameters, gradients, state, sum].map(number).join(" | ");
        (format!("| {says} | {columns} | {saved} |"), sum)
    };
    let (all_f32, of_f32) = line("f32", parts(&wide, wide.gradient_bytes()), None);
    // Half a copy of the parameters for the model, and gradients summed up beside the newest ones.
    let [parameters, gradients, state] = parts(&wide, 2 * wide.gradient_bytes());
    let mixed = [parameters + parameters / 2.0, gradients, state];
    let (mixed, of_mixed) = line("mixed precision, accumulating gradients", mixed, None);
    let row = |says, report: &MemoryReport, gradients, of| line(says, parts(report, gradients), Some(of)).0;
    let (twice, once) = (2 * kahan.gradient_bytes(), kahan.gradient_bytes());
    vec![
        all_f32,
        mixed,
        row("bf16 + Kahan, against f32", &kahan, once, of_f32),
        row("bf16 + Kahan, accumulating gradients, against mixed precision", &kahan, twice, of_mixed),
        row("bf16, stochastic, against f32", &stochastic, once, of_f32),
        row("bf16 + Kahan, gradient release, against f32", &kahan, kahan.largest_gradient, of_f32),
        row(
            "bf16 + Kahan, accumulating into state, against mixed precision",
            &kahan,
            kahan.largest_gradient,
            of_mixed,
        ),
    ]
}

/// Holds a table against the guide, where it begins with `header`; or writes it there.
fn check(header: &str, table: &[String]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(GUIDE);
    let text = fs::read_to_string(&path).expect("the guide can be read");
    let lines: Vec<_> = text.lines().collect();
    let start = lines.iter().position(|line| *line == format!("//! {header}"));
    let start = start.unwrap_or_else(|| panic!("{GUIDE} has no table with the header\n{header}"));
    let length = lines[start..].iter().take_while(|line| line.starts_with("//! |")).count();
    let expected: Vec<_> = table.iter().map(|line| format!("//! {line}")).collect();
    if lines[start..start + length] == expected {
        return;
    }
    if std::env::var_os(UPDATE).is_some() {
        let all = lines[..start].iter().map(|line| (*line).to_owned());
        let rest = lines[start + length..].iter().map(|line| (*line).to_owned());
        let text: String = all.chain(expected).chain(rest).map(|line| line + "\n").collect();
        fs::write(&path, text).expect("the guide can be written");
        return;
    }
    panic!(
        "a table in {GUIDE} is not that of the code; if the change is meant, run `{UPDATE}=1 cargo test --test memory \
         -- --test-threads 1` and commit the file. It should be\n{}",
        expected.join("\n")
    );
}

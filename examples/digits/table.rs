//! What came of it, as a table.

use crate::run::Run;
use std::fmt::Write;

const HEADS: [&str; 9] = [
    "optimizer",
    "parameters",
    "state",
    "store",
    "test accuracy",
    "final loss",
    "state bytes",
    "gradient bytes",
    "step µs",
];

/// A line per run. Columns of words are flushed left, columns of numbers right.
pub fn of(runs: &[Run]) -> String {
    let rows: Vec<_> = runs.iter().map(row).collect();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([HEADS[column].chars().count()]).max().expect("there is a head")
    };
    let widths: [usize; 9] = std::array::from_fn(width);
    let mut text = String::new();
    for row in std::iter::once(&HEADS.map(str::to_owned)).chain(&rows) {
        for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
            let gap = if column == 0 { "" } else { "  " };
            let written = if column < 4 {
                write!(text, "{gap}{cell:<width$}")
            } else {
                write!(text, "{gap}{cell:>width$}")
            };
            written.expect("a string takes everything");
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

fn row(run: &Run) -> [String; 9] {
    let [parameters, state, store] = run.formats.map(str::to_owned);
    [
        run.name.clone(),
        parameters,
        if run.state_bytes == 0 { "-".to_owned() } else { state },
        store,
        format!("{:.1} %", 100.0 * run.accuracy),
        format!("{:.2e}", run.loss()),
        run.state_bytes.to_string(),
        run.gradient_bytes.to_string(),
        format!("{:.1}", run.step.as_secs_f64() * 1e6),
    ]
}

//! The report as a table.

use super::{MemoryKind, MemoryReport};
use core::fmt;

impl fmt::Display for MemoryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::State => "",
            Self::Carried => " (carried)",
            Self::ByAxis => " (by axis)",
            Self::PerTensor => " (per tensor)",
            Self::Matrices => " (matrices)",
            Self::Sums | Self::Maxima | Self::BetweenParts => " (working memory)",
        })
    }
}

impl fmt::Display for MemoryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = vec![["group", "elements", "kept", "in", "bytes"].map(str::to_owned)];
        for group in &self.groups {
            let mut first = [group.label.clone(), grouped(group.elements)];
            for field in &group.fields {
                let [label, elements] = core::mem::take(&mut first);
                let kept = format!("{}{}", field.name, field.kind);
                rows.push([label, elements, kept, field.format.name().to_owned(), grouped(field.bytes)]);
            }
            if group.fields.is_empty() {
                let [label, elements] = first;
                rows.push([label, elements, "nothing".to_owned(), String::new(), "0".to_owned()]);
            }
        }
        let nothing = String::new;
        rows.push([
            "state".to_owned(),
            grouped(self.elements()),
            nothing(),
            nothing(),
            grouped(self.state_bytes()),
        ]);
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let [label, elements, kept, format, bytes] = [0, 1, 2, 3, 4].map(width);
        for row in &rows {
            let [a, b, c, d, e] = row;
            let line = format!("{a:label$}  {b:>elements$}  {c:kept$}  {d:format$}  {e:>bytes$}");
            writeln!(f, "{}", line.trim_end())?;
        }
        let (parameters, gradients) = (grouped(self.parameter_bytes()), grouped(self.gradient_bytes()));
        let one = grouped(self.largest_gradient);
        write!(f, "beside it: parameters {parameters}, gradients {gradients} (one by one at most {one})")?;
        match self.host_bytes() {
            0 => writeln!(f),
            host => writeln!(f, ", numbers on the host {}", grouped(host)),
        }
    }
}

/// A number with commas between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

//! Kernels and the text by hand around them, as one translation unit; and what works on some rows of a tensor.

use super::Kernel;
use super::kernel::format_name;
use crate::dtype::Format;
use core::fmt::Write;

/// The text by hand that all loops need, each file behind those that it needs.
const COMMON: [&str; 6] = [
    include_str!("../../cuda/common/number.cuh"),
    include_str!("../../cuda/common/format.cuh"),
    include_str!("../../cuda/common/corrected.cuh"),
    include_str!("../../cuda/common/random.cuh"),
    include_str!("../../cuda/common/table.cuh"),
    include_str!("../../cuda/common/lines.cuh"),
];

/// The loops of a step.
const LOOPS: [&str; 3] = [
    include_str!("../../cuda/kernel/elementwise.cuh"),
    include_str!("../../cuda/kernel/statistic.cuh"),
    include_str!("../../cuda/kernel/lines.cuh"),
];

/// The loops over some rows of a tensor.
const ROWS: &str = include_str!("../../cuda/kernel/rows.cuh");

/// Kernels as one source that includes nothing. Their names must differ.
pub fn unit<'k>(kernels: impl IntoIterator<Item = &'k Kernel>) -> String {
    let mut source = [COMMON.as_slice(), &LOOPS].concat().join("\n");
    for kernel in kernels {
        write!(source, "\nnamespace gradus {{\n\n{}\n}} // namespace gradus\n", kernel.text())
            .expect("a string has room");
        functions(kernel, &mut source);
    }
    source
}

/// What can be launched of a kernel.
fn functions(kernel: &Kernel, source: &mut String) {
    let name = kernel.name();
    let mut function = |of: &str, call: &str| launchable(&format!("{name}_{of}"), call, source);
    function("update", &format!("update<gradus::{name}>(table, list, constants)"));
    if kernel.evaluates() {
        let types = format!("gradus::{name}, gradus::{name}_evaluation");
        function("evaluate", &format!("evaluate<{types}>(table, list, constants)"));
    }
    if kernel.has_lines() {
        let types = format!("gradus::{name}, gradus::{name}_lines");
        function("maxima", &format!("maxima<{types}>(table, list, constants)"));
        function("raise", &format!("raise_lines<gradus::{name}>(table, list, constants)"));
    }
    for statistic in kernel.statistics() {
        let pass = statistic.pass;
        let types = format!("gradus::{name}, gradus::{name}_{pass}");
        function(&format!("measure_{pass}"), &format!("measure<{types}>(table, list, constants)"));
        function(&format!("fold_{pass}"), &format!("fold<{types}>(table, list)"));
        let last = kernel.last();
        function(&format!("{last}_{pass}"), &format!("{last}<{types}>(table, list, tensors, constants)"));
    }
}

/// The functions that work on some rows of a tensor, as one source: [`Rows`](crate::device::Rows) says what they do.
///
/// ```
/// use gradus::cuda::row_unit;
/// use gradus::dtype::Format;
///
/// assert!(row_unit(Format::Bf16).contains("rows_sum("));
/// ```
pub fn row_unit(format: Format) -> String {
    let mut source = [COMMON.as_slice(), &[ROWS]].concat().join("\n");
    write!(source, "\nnamespace gradus {{ typedef {} Stored; }}\n", format_name(format))
        .expect("a string has room");
    for function in row_functions(format) {
        let call = format!("{function}<gradus::Stored>(table, tensors, (const gradus::u64 *)constants)");
        launchable(&format!("rows_{function}"), &call, &mut source);
    }
    source
}

/// Which they are, behind `rows_`. Corrections are no numbers by themselves, so nothing adds them.
pub fn row_functions(format: Format) -> &'static [&'static str] {
    match format {
        Format::I8 | Format::I16 => &["gather", "scatter"],
        _ => &["gather", "scatter", "sum"],
    }
}

/// A function that can be launched. All take the same, so that what launches them is the same, too.
fn launchable(name: &str, call: &str, source: &mut String) {
    write!(
        source,
        "\nextern \"C\" __global__ void __launch_bounds__(gradus::LANES) {name}(\n    \
         const gradus::u64 *table, const gradus::u32 *list, gradus::u64 tensors, const void *constants)\n\
         {{\n    gradus::{call};\n}}\n"
    )
    .expect("a string has room");
}

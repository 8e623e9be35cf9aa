//! Kernels and the text by hand around them, as one translation unit.

use super::Kernel;
use core::fmt::Write;

/// The text by hand, each file behind those that it needs.
const BY_HAND: [&str; 9] = [
    include_str!("../../cuda/common/number.cuh"),
    include_str!("../../cuda/common/format.cuh"),
    include_str!("../../cuda/common/corrected.cuh"),
    include_str!("../../cuda/common/random.cuh"),
    include_str!("../../cuda/common/table.cuh"),
    include_str!("../../cuda/common/lines.cuh"),
    include_str!("../../cuda/kernel/elementwise.cuh"),
    include_str!("../../cuda/kernel/statistic.cuh"),
    include_str!("../../cuda/kernel/lines.cuh"),
];

/// Kernels as one source that includes nothing. Their names must differ.
pub fn unit<'k>(kernels: impl IntoIterator<Item = &'k Kernel>) -> String {
    let mut source = BY_HAND.join("\n");
    for kernel in kernels {
        write!(source, "\nnamespace gradus {{\n\n{}\n}} // namespace gradus\n", kernel.text())
            .expect("a string has room");
        functions(kernel, &mut source);
    }
    source
}

/// What can be launched. All functions take the same, so that one launcher serves all.
fn functions(kernel: &Kernel, source: &mut String) {
    let name = kernel.name();
    let mut function = |of: &str, call: &str| {
        write!(
            source,
            "\nextern \"C\" __global__ void __launch_bounds__(gradus::LANES) {name}_{of}(\n    \
             const gradus::u64 *table, const gradus::u32 *list, gradus::u64 tensors, const void *constants)\n\
             {{\n    gradus::{call};\n}}\n"
        )
        .expect("a string has room");
    };
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

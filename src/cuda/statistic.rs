//! A statistic as text: what it takes of an element, and what it makes of a tensor.

use super::trace::{Outline, list};
use super::update::element;
use crate::real::{Kind, Traced, Writer, trace};
use crate::store::Store;
use crate::transform::{Fold, Stage};
use core::fmt::Write;

/// The structure `struct_name` for statistic `pass` of the kernel `kernel`, or [`None`] if the statistic leaves no
/// number behind: a chain from data has room for more than it takes.
pub(super) fn text<C: Stage, W: Store, F: Kind>(
    outline: &Outline<C>,
    chain: &C,
    kernel: &str,
    pass: usize,
) -> Option<String> {
    const ROOM: &str = "a string has room";
    let (finished, [before, after]) = trace::<F, _>(|| {
        let mut inputs = outline.inputs::<F>();
        let before = list::<C::Tensor, _>(&inputs.tensor);
        let (found, count) = (Traced::input("found", "found_"), Traced::input("count", "count_"));
        C::finish(pass, &inputs.constants, found, count, &mut inputs.tensor);
        [before, list::<C::Tensor, _>(&inputs.tensor)]
    });
    if before == after {
        return None;
    }
    let (measured, value) = trace::<F, _>(|| {
        let mut inputs = outline.inputs::<F>();
        let (input, _) = element::<C, W, F>();
        C::measure(pass, &inputs.constants, input, &inputs.tensor, &mut inputs.state)
    });

    let number = F::NAME;
    let (fold, joint) = (fold(chain.fold_of(pass)), u32::from(chain.joins_of(pass)));
    let mut text = String::new();
    writeln!(text, "\nstruct {kernel}_{pass} {{").expect(ROOM);
    writeln!(text, "    enum {{ FOLD = {fold}, IS_JOINT = {joint} }};\n").expect(ROOM);
    writeln!(
        text,
        "    static __device__ __forceinline__ {number} measure(\n        \
         const {number} *at, const {number} *tensor, const Element<{kernel}> &element)\n    {{"
    )
    .expect(ROOM);
    let mut writer = Writer::new(&measured);
    writer.write(&[value], "        ", &mut text);
    writeln!(text, "        return {};\n    }}\n", writer.name(value)).expect(ROOM);

    writeln!(
        text,
        "    static __device__ __forceinline__ void finish(\n        \
         const {number} *at, const {number} *tensor, {number} found_, {number} count_, {number} *into)\n    {{"
    )
    .expect(ROOM);
    let mut writer = Writer::new(&finished);
    let changed = before.iter().zip(&after).enumerate().filter(|(_, (before, after))| before != after);
    let changed: Vec<_> = changed.map(|(place, (_, after))| (place, *after)).collect();
    let results: Vec<_> = changed.iter().map(|(_, after)| *after).collect();
    writer.write(&results, "        ", &mut text);
    for (place, after) in changed {
        writeln!(text, "        into[{place}] = {};", writer.name(after)).expect(ROOM);
    }
    writeln!(text, "    }}\n}};").expect(ROOM);
    Some(text)
}

/// The name that a fold has in `cuda/kernel/statistic.cuh`.
fn fold(fold: Fold) -> &'static str {
    match fold {
        Fold::Sum => "SUM",
        Fold::Norm => "NORM",
        Fold::Mean => "MEAN",
        Fold::Max => "MAXIMUM",
    }
}

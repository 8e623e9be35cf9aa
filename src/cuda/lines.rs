//! State by axis: what an element writes into its lines as text, and what a kernel must know of the lines.

use super::trace::{Outline, carry, parted};
use super::update::element;
use crate::device::{Axis, LANES, Lines};
use crate::real::{Kind, Traced, Writer, trace};
use crate::store::Store;
use crate::transform::Stage;
use core::fmt::Write;

/// The structure that says what an element writes into its lines.
pub(super) fn text<C: Stage, W: Store, F: Kind>(outline: &Outline<C>, kernel: &str) -> String {
    const ROOM: &str = "a string has room";
    let (trace, [_, written]) = trace::<F, _>(|| {
        let mut inputs = outline.inputs::<F>();
        let (input, _) = element::<C, W, F>();
        C::update(&inputs.constants, input, &inputs.tensor, &mut inputs.state);
        parted::<C, F>(&inputs.state)
    });
    let number = F::NAME;
    let (mut writer, mut text) = (Writer::new(&trace), String::new());
    writeln!(
        text,
        "\nstruct {kernel}_lines {{\n    \
         static __device__ __forceinline__ void write(\n        \
         const {number} *at, const {number} *tensor, const Element<{kernel}> &element, {number} *into)\n    {{"
    )
    .expect(ROOM);
    writer.write(&written, "        ", &mut text);
    for (place, written) in written.iter().enumerate() {
        writeln!(text, "        into[{place}] = {};", writer.name(*written)).expect(ROOM);
    }
    writeln!(text, "    }}\n}};").expect(ROOM);
    text
}

/// Whether what an element writes into its lines follows from the parameter as it was stored.
pub(super) fn looks_back<C: Stage, W: Store, F: Kind>(outline: &Outline<C>) -> bool {
    let (_, [before, after]) = trace::<F, _>(|| {
        let mut inputs = outline.inputs::<F>();
        let [_, before] = parted::<C, F>(&inputs.state);
        if C::LOOKS_BACK {
            let known = W::known(Traced::input("stored", "stored"), &carry::<W, F>());
            C::after(&inputs.constants, known, &inputs.tensor, &mut inputs.state);
        }
        let [_, after] = parted::<C, F>(&inputs.state);
        [before, after]
    });
    before != after
}

/// The lines of a tensor as words: see `cuda/common/lines.cuh`.
pub fn line_words(lines: &Lines, elements: usize) -> Vec<u64> {
    let (slowest, parts) = (lines.slowest(), lines.parts(elements));
    let others: usize = lines.others().map(|axis| axis.length).sum();
    let head = [
        lines.run,
        lines.inner.unwrap_or(usize::MAX),
        lines.outer.len(),
        slowest.length,
        slowest.first,
        parts.elements,
        others,
        parts.count,
        parts.lines,
        lines.whole.len(),
    ];
    let words = |(axis, stride): (Axis, usize)| [axis.length, axis.first, stride];
    // Elements between two indices along each outer axis, and along the inner one.
    let mut strides: Vec<_> = lines
        .outer
        .iter()
        .rev()
        .scan(lines.run, |stride, axis| {
            let own = *stride;
            *stride *= axis.length;
            Some(own)
        })
        .collect();
    strides.reverse();
    let outer = lines.outer.iter().copied().zip(strides.iter().copied());
    let others = lines.others().zip(strides.iter().skip(1).copied().chain([1]));
    let axes = outer.chain(others).flat_map(words);
    head.into_iter().chain(axes).chain(lines.whole.iter().copied()).map(|word| word as u64).collect()
}

/// How many blocks find the largest numbers of all lines of a tensor, and how many raise the lines to them.
pub fn line_blocks(lines: &Lines, elements: usize) -> [usize; 2] {
    if elements == 0 {
        return [0, 0];
    }
    let (slowest, parts) = (lines.slowest().length, lines.parts(elements));
    let others: usize = lines.others().map(|axis| axis.length).sum();
    let of_slowest = if parts.elements == 1 { slowest.div_ceil(LANES) } else { slowest };
    [of_slowest + parts.count * others.div_ceil(LANES), (slowest + others).div_ceil(LANES)]
}

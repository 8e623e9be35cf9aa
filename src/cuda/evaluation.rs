//! The point for evaluation as text, for a rule that has another one than the parameter.

use super::trace::Outline;
use super::update::element;
use crate::real::{Kind, Writer, trace};
use crate::store::Store;
use crate::transform::Stage;
use core::fmt::Write;

/// The structure that gives the point of an element, or [`None`] if that is the parameter.
pub(super) fn text<C: Stage, W: Store, F: Kind>(outline: &Outline<C>, kernel: &str) -> Option<String> {
    const ROOM: &str = "a string has room";
    let (trace, [known, point]) = trace::<F, _>(|| {
        let inputs = outline.inputs::<F>();
        let known = element::<C, W, F>().0.parameter;
        [known, C::evaluation(&inputs.constants, known, &inputs.state)]
    });
    if point == known {
        return None;
    }
    let number = F::NAME;
    let (mut writer, mut text) = (Writer::new(&trace), String::new());
    writeln!(
        text,
        "\nstruct {kernel}_evaluation {{\n    \
         static __device__ __forceinline__ {number} point(const {number} *at, const Element<{kernel}> &element)\n    {{"
    )
    .expect(ROOM);
    writer.write(&[point], "        ", &mut text);
    writeln!(text, "        return {};\n    }}\n}};", writer.name(point)).expect(ROOM);
    Some(text)
}

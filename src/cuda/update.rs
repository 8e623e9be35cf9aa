//! The update of an element as text: rule, store, and what looks back.

use super::trace::{Outline, carry, list, parted};
use crate::real::{Kind, Traced, Writer, trace};
use crate::store::{Rounding, Store};
use crate::transform::{FieldSet, Input, Stage};
use core::fmt::Write;

/// The inputs of an element.
pub(super) fn element<C: Stage, W: Store, F: Kind>() -> (Input<Traced<F>>, Traced<F>) {
    let parameter = Traced::input("parameter", "element.parameter");
    let known = W::known(parameter, &carry::<W, F>());
    let mut input = Input::of(Traced::input("gradient", "element.gradient"), known);
    if C::MARKS_FIRST {
        input.first_element = Traced::input("first_element", "element.first_element");
    }
    (input, parameter)
}

/// The numbers of an update.
struct Update<F> {
    /// State, before the update and after it.
    state: [Vec<Traced<F>>; 2],
    /// What becomes of the parameter.
    target: Traced<F>,
    /// State that has looked back at the parameter as it was stored.
    looked_back: Vec<Traced<F>>,
    /// What the store carries then.
    carry: Vec<Traced<F>>,
}

fn traced<C: Stage, W: Store, F: Kind>(outline: &Outline<C>) -> Update<F> {
    let mut inputs = outline.inputs::<F>();
    let mut carry = carry::<W, F>();
    let [before, _] = parted::<C, F>(&inputs.state);
    let (input, parameter) = element::<C, W, F>();
    let update = C::update(&inputs.constants, input, &inputs.tensor, &mut inputs.state).update;
    let [after, _] = parted::<C, F>(&inputs.state);
    let target = W::target(parameter, update, &carry);
    let stored = if W::CORRECTS { "corrected(element)" } else { "Parameter::widen(element.memory)" };
    let stored = Traced::input("stored", stored);
    W::settle(parameter, update, stored, &mut carry);
    let known = W::known(stored, &carry);
    if C::LOOKS_BACK {
        C::after(&inputs.constants, known, &inputs.tensor, &mut inputs.state);
    }
    let [looked_back, _] = parted::<C, F>(&inputs.state);
    Update { state: [before, after], target, looked_back, carry: list::<W::Carry, _>(&carry) }
}

/// The body of the function that updates an element.
pub(super) fn text<C: Stage, W: Store, F: Kind>(outline: &Outline<C>) -> String {
    const ROOM: &str = "a string has room";
    let (trace, update) = trace::<F, _>(|| traced::<C, W, F>(outline));
    let (mut writer, mut text) = (Writer::new(&trace), String::new());
    let [before, after] = &update.state;

    let results: Vec<_> = after.iter().copied().chain([update.target]).collect();
    writer.write(&results, "        ", &mut text);
    for (place, (before, after)) in before.iter().zip(after).enumerate() {
        if before != after {
            writeln!(text, "        element.state[{place}] = {};", writer.name(*after)).expect(ROOM);
        }
    }

    let target = writer.name(update.target);
    let written = match (W::CORRECTS, W::ROUNDING) {
        (false, Rounding::Nearest) => format!("element.memory = Parameter::round({target})"),
        (false, Rounding::Stochastic) => {
            format!("element.memory = Parameter::round_stochastically({target}, element.random)")
        }
        (true, Rounding::Nearest) => format!("correct(element, {target}, TO_NEAREST)"),
        (true, Rounding::Stochastic) => format!("correct(element, {target}, element.random)"),
    };
    writeln!(text, "        if (element.moves) {{").expect(ROOM);
    writeln!(text, "            {written};").expect(ROOM);
    let changed: Vec<_> =
        after.iter().zip(&update.looked_back).enumerate().filter(|(_, (after, now))| after != now).collect();
    // A correction has been written with its number.
    let carry = if W::CORRECTS { &[] } else { update.carry.as_slice() };
    let results: Vec<_> = changed.iter().map(|(_, (_, now))| **now).chain(carry.iter().copied()).collect();
    writer.write(&results, "            ", &mut text);
    for (place, (_, now)) in changed {
        writeln!(text, "            element.state[{place}] = {};", writer.name(*now)).expect(ROOM);
    }
    for (place, carried) in carry.iter().enumerate() {
        writeln!(text, "            element.carry[{place}] = {};", writer.name(*carried)).expect(ROOM);
    }
    writeln!(text, "        }}").expect(ROOM);
    debug_assert_eq!(update.carry.len(), W::Carry::COUNT);
    text
}

//! What a kernel's text has in common with the numbers that a chain runs on: names and places.

use crate::real::{Kind, Traced};
use crate::store::Store;
use crate::transform::{AxesOf, Description, ElementsOf, FieldSet, Held, Of, Stage, Step, field_names};

/// What is known of a chain before it runs.
pub(super) struct Outline<C: Stage> {
    description: Description,
    /// Constants of some step: their values mean nothing, their number does.
    constants: Of<C::Constants, f64>,
    names_of_constants: Vec<String>,
    /// The constants that are the factor of all gradients.
    factors: Vec<usize>,
    /// Whether there are others that follow from it.
    follows_otherwise: bool,
}

/// The numbers that a chain begins with.
pub(super) struct Inputs<C: Stage, F: Kind> {
    pub(super) constants: Of<C::Constants, Traced<F>>,
    pub(super) tensor: Of<C::Tensor, Traced<F>>,
    pub(super) state: Of<C::State, Traced<F>>,
}

impl<C: Stage> Outline<C> {
    pub(super) fn of(chain: &C) -> Self {
        let description = chain.description().numbered();
        let group = description.generate::<C::Group, _>(|counts| counts.group, || 0.0);
        let at = |gradient_factor| {
            let mut own = description.generate::<C::Own, _>(|counts| counts.own, || 0.0);
            chain.constants(&Step { gradient_factor, ..Step::first(1.0) }, &mut own, &group)
        };
        // No constant is one of these by chance and follows from it in another way.
        let probes = [1.0, 0.731, 1.618].map(|factor| (factor, list::<C::Constants, _>(&at(factor))));
        let [(_, first), ..] = &probes;
        let (mut factors, mut follows_otherwise) = (Vec::new(), false);
        for place in 0..first.len() {
            if probes.iter().all(|(factor, constants)| constants[place] == *factor) {
                factors.push(place);
            } else {
                follows_otherwise |=
                    probes.iter().any(|(_, constants)| constants[place].to_bits() != first[place].to_bits());
            }
        }
        let constants = at(1.0);
        let names_of_constants = chain.names_of_constants();
        Self { description, constants, names_of_constants, factors, follows_otherwise }
    }

    /// The constants that are the factor of all gradients.
    pub(super) fn factors(&self) -> &[usize] {
        &self.factors
    }

    /// Whether there are other constants that follow from it.
    pub(super) fn follows_otherwise(&self) -> bool {
        self.follows_otherwise
    }

    pub(super) fn constants(&self) -> usize {
        let mut count = 0;
        C::Constants::map(C::Constants::each_ref(&self.constants), |_| count += 1);
        count
    }

    pub(super) fn tensor(&self) -> usize {
        self.description.tensor.len()
    }

    pub(super) fn elements(&self) -> usize {
        self.description.elements.len()
    }

    pub(super) fn axes(&self) -> usize {
        self.description.axes.len()
    }

    pub(super) fn stages(&self) -> String {
        self.description.stages.join(", ")
    }

    /// The numbers that a chain begins with, each with its name and where it is read.
    pub(super) fn inputs<F: Kind>(&self) -> Inputs<C, F> {
        let mut constant = named("at", &self.names_of_constants, "at");
        let mut tensor = named("tensor", &self.description.tensor, "tensor");
        let state = named("state", &self.description.elements, "element.state");
        let axes = named("axes", &self.description.axes, "element.axes");
        Inputs {
            constants: C::Constants::map(C::Constants::each_ref(&self.constants), |_| constant()),
            tensor: self.description.generate::<C::Tensor, _>(|counts| counts.tensor, &mut tensor),
            state: C::State::join(
                self.description.generate::<ElementsOf<C>, _>(|counts| counts.state, state),
                self.description.generate::<AxesOf<C>, _>(|counts| counts.axes, axes),
            ),
        }
    }
}

/// What the store carries, as an element begins with it.
pub(super) fn carry<W: Store, F: Kind>() -> Of<W::Carry, Traced<F>> {
    W::Carry::generate(named("carry", &field_names::<W::Carry>(), "element.carry"))
}

/// Inputs with the names of a set, read from the places of an array.
fn named<F: Kind>(kind: &str, names: &[String], array: &str) -> impl FnMut() -> Traced<F> {
    let mut inputs = names.iter().enumerate();
    move || {
        let (place, name) = inputs.next().expect("a name for each field");
        Traced::input(&format!("{kind}_{name}"), &format!("{array}[{place}]"))
    }
}

/// The numbers of the state: those by element, and those by axis, each in their order.
pub(super) fn parted<C: Stage, F: Kind>(state: &Of<C::State, Traced<F>>) -> [Vec<Traced<F>>; 2] {
    let copy = C::State::map(C::State::each_ref(state), |number| *number);
    let (elements, axes) = C::State::part(copy);
    [list::<ElementsOf<C>, _>(&elements), list::<AxesOf<C>, _>(&axes)]
}

/// The numbers of a set, in order.
pub(super) fn list<S: FieldSet, X: Copy + Held>(set: &Of<S, X>) -> Vec<X> {
    let mut list = Vec::new();
    S::map(S::each_ref(set), |number| list.push(*number));
    list
}

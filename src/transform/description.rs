//! [`Description`]: the names of a chain's stages and of what they remember.

use super::dynamic::numbered;
use super::{AxesOf, Counts, ElementsOf, FieldSet, Held, Identity, Of, Stage};
use core::any::TypeId;

/// The names of stages and of the numbers that they remember, as a chain knows them at run time: the
/// same for a chain in types and for one [from data](super::DynamicChain).
///
/// There is a name for every field, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// The stages, without those that change nothing.
    pub stages: Vec<String>,
    /// State by element.
    pub elements: Vec<String>,
    /// State [by axis](super::ByAxis).
    pub axes: Vec<String>,
    /// Numbers of a tensor on the device.
    pub tensor: Vec<String>,
    /// Numbers of a tensor on the host.
    pub own: Vec<String>,
    /// Numbers of a group.
    pub group: Vec<String>,
    /// How many statistics they take.
    pub passes: usize,
    /// How many numbers of each kind those sets hold whose length is only known at run time.
    pub lengths: Vec<Counts>,
}

impl Description {
    /// That of a stage that its type describes.
    pub fn of<C: Stage>() -> Self {
        let is_identity = TypeId::of::<C>() == TypeId::of::<Identity>();
        Self {
            stages: if is_identity { Vec::new() } else { vec![short_name::<C>()] },
            elements: names::<ElementsOf<C>>(),
            axes: names::<AxesOf<C>>(),
            tensor: names::<C::Tensor>(),
            own: names::<C::Own>(),
            group: names::<C::Group>(),
            passes: C::PASSES,
            lengths: Vec::new(),
        }
    }

    /// These names, then those of the next stage.
    #[must_use]
    pub fn then(mut self, next: Self) -> Self {
        let Self { stages, elements, axes, tensor, own, group, passes, lengths } = next;
        self.stages.extend(stages);
        self.elements.extend(elements);
        self.axes.extend(axes);
        self.tensor.extend(tensor);
        self.own.extend(own);
        self.group.extend(group);
        self.passes += passes;
        self.lengths.extend(lengths);
        self
    }

    /// The set `S` of one kind of numbers, with as many as the chain has.
    pub(crate) fn generate<S: FieldSet, X: Held>(
        &self,
        kind: impl Fn(&Counts) -> usize,
        mut make: impl FnMut() -> X,
    ) -> Of<S, X> {
        S::generate_with(&mut self.lengths.iter().map(kind), &mut make)
    }

    /// The same with names that occur once: of fields that share one, the later are numbered.
    #[must_use]
    pub fn numbered(self) -> Self {
        let numbered = |names: Vec<String>| numbered(names.into_iter());
        Self {
            stages: self.stages,
            elements: numbered(self.elements),
            axes: numbered(self.axes),
            tensor: numbered(self.tensor),
            own: numbered(self.own),
            group: numbered(self.group),
            passes: self.passes,
            lengths: self.lengths,
        }
    }
}

/// The names of a set as they are.
fn names<S: FieldSet>() -> Vec<String> {
    let mut names = Vec::new();
    S::each_name(&mut |name| names.push(name.to_owned()));
    names
}

/// The name of a type, without paths.
pub(super) fn short_name<X>() -> String {
    without_paths(core::any::type_name::<X>())
}

/// A type's name without the modules that it and its parameters lie in: those may move.
fn without_paths(name: &str) -> String {
    let mut short = String::new();
    let mut word = String::new();
    for letter in name.chars() {
        match letter {
            letter if letter.is_alphanumeric() || letter == '_' => word.push(letter),
            ':' => word.clear(),
            other => {
                short.push_str(&word);
                short.push(other);
                word.clear();
            }
        }
    }
    short + &word
}

//! What an optimizer must remember: counters, what has come in a step, and numbers with a bound.

use super::approx::{Approx, Arithmetic, Stored};
use super::input::Hyperparameters;
use super::reference::{assert_stored, carried, target, wanted};
use gradus::device::{Beside, Formats};
use gradus::error::Error;
use gradus::optimizer::{Finished, Snapshot};

/// What has come for a parameter in a step with gradients one by one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Came {
    Nothing,
    OnlyMicroBatches,
    Released,
}

/// An optimizer with two groups and a few tensors.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) groups: [Hyperparameters; 2],
    pub(super) tensors: Vec<Tensor>,
    pub(super) steps: u64,
    /// What has come in the step that is under way.
    pub(super) under_way: Option<Vec<Came>>,
}

/// A parameter and its state.
#[derive(Clone, Debug)]
pub(super) struct Tensor {
    pub(super) name: &'static str,
    pub(super) group: usize,
    pub(super) received: u64,
    /// The fields of the state, for each element.
    pub(super) state: Vec<Vec<Approx>>,
    /// What Kahan summation carries, if it does.
    pub(super) carry: Option<Vec<Approx>>,
}

impl Tensor {
    /// A gradient that only enters the averages.
    pub(super) fn accumulate<K>(
        &mut self,
        groups: &[Hyperparameters; 2],
        parameter: &[K::Parameter],
        gradient: &[K::Gradient],
    ) where
        K: Formats<Parameter: Stored, Gradient: Stored, State: Stored>,
        Beside<K>: Stored,
    {
        self.updates::<K>(groups, false, parameter, gradient);
    }

    /// A gradient that moves the parameter; looks at where it moved.
    pub(super) fn step<K>(
        &mut self,
        groups: &[Hyperparameters; 2],
        old: &[K::Parameter],
        gradient: &[K::Gradient],
        new: &[K::Parameter],
    ) where
        K: Formats<Parameter: Stored, Gradient: Stored, State: Stored>,
        Beside<K>: Stored,
    {
        let arithmetic = Arithmetic::of::<K::Parameter>();
        let updates = self.updates::<K>(groups, true, old, gradient);
        for (element, update) in updates.into_iter().enumerate() {
            let what = format!("value of {} at {element}", self.name);
            let parameter = Approx::exact(old[element].get());
            match &mut self.carry {
                None => assert_stored(&what, target(arithmetic, parameter, update), false, new[element]),
                Some(carry) => {
                    let wanted = wanted(arithmetic, carry[element], update);
                    assert_stored(&what, arithmetic.add(parameter, wanted), false, new[element]);
                    let rest = carried(arithmetic, wanted, parameter, new[element].get());
                    carry[element] = rest.stored_in::<K::Parameter>(false);
                }
            }
        }
    }

    fn updates<K>(
        &mut self,
        groups: &[Hyperparameters; 2],
        moves: bool,
        parameter: &[K::Parameter],
        gradient: &[K::Gradient],
    ) -> Vec<Approx>
    where
        K: Formats<Parameter: Stored, Gradient: Stored, State: Stored>,
        Beside<K>: Stored,
    {
        self.received += 1;
        let arithmetic = Arithmetic::of::<K::Parameter>();
        let elements = parameter.iter().zip(gradient).zip(&mut self.state).enumerate();
        let updates = elements.map(|(element, ((parameter, gradient), state))| {
            let (parameter, gradient) = (Approx::exact(parameter.get()), Approx::exact(gradient.get()));
            let carry = self.carry.as_ref().map(|carry| carry[element]);
            let parameter = carry.map_or(parameter, |carry| arithmetic.add(parameter, carry));
            let hyperparameters = &groups[self.group];
            let update = hyperparameters.update(arithmetic, self.received, moves, parameter, gradient, state);
            state.iter_mut().for_each(|field| *field = field.stored_in::<K::State>(true));
            update
        });
        updates.collect()
    }
}

impl Model {
    fn names(&self, came: impl Fn(Came) -> bool) -> Vec<String> {
        let all = self.under_way.iter().flatten().zip(&self.tensors);
        all.filter(|(this, _)| came(**this)).map(|(_, tensor)| tensor.name.to_owned()).collect()
    }

    /// The error of everything that must wait for the end of a step.
    pub(super) fn unfinished(&self) -> Option<Error> {
        self.under_way
            .is_some()
            .then(|| Error::UnfinishedStep { waiting: self.names(|came| came != Came::Released) })
    }

    /// Ends a step, if one is under way.
    pub(super) fn finish(&mut self) -> Finished {
        let finished = Finished {
            missing: self.names(|came| came == Came::Nothing),
            only_accumulated: self.names(|came| came == Came::OnlyMicroBatches),
        };
        let came = self.under_way.take().unwrap_or_default();
        self.steps += u64::from(came.contains(&Came::Released));
        finished
    }

    /// Takes over what a snapshot must bring back.
    pub(super) fn restore(&mut self, saved: &Self) {
        let Self { groups, tensors, steps, under_way } = saved.clone();
        assert_eq!(under_way, None);
        (self.groups, self.tensors, self.steps) = (groups, tensors, steps);
    }

    /// Compares with a snapshot, and goes on from what it says.
    pub(super) fn observe<K: Formats<Parameter: Stored, State: Stored>>(&mut self, snapshot: &Snapshot<K>)
    where
        Beside<K>: Stored,
    {
        assert_eq!(snapshot.steps, self.steps);
        for (group, found) in self.groups.iter().zip(&snapshot.groups) {
            assert_eq!(group.learning_rate.0, found.learning_rate.get());
        }
        assert_eq!(snapshot.tensors.len(), self.tensors.len());
        for (tensor, found) in self.tensors.iter_mut().zip(&snapshot.tensors) {
            assert_eq!((tensor.name, tensor.received), (found.name.as_str(), found.received));
            assert_eq!(tensor.carry.is_some(), !found.carry.is_empty());
            for (number, (field, values)) in found.state.iter().enumerate() {
                for (element, (state, value)) in tensor.state.iter_mut().zip(values).enumerate() {
                    let expected = &mut state[number];
                    assert_allows(field, tensor.name, element, *expected, value.get());
                    *expected = Approx::exact(value.get());
                }
            }
            for (field, values) in &found.carry {
                for (element, (expected, value)) in tensor.carry.iter_mut().flatten().zip(values).enumerate()
                {
                    assert_allows(field, tensor.name, element, *expected, value.get());
                    *expected = Approx::exact(value.get());
                }
            }
        }
    }
}

fn assert_allows(field: &str, name: &str, element: usize, expected: Approx, found: f64) {
    assert!(expected.allows(found), "{field} of {name} at {element} is {found:e}, but must be {expected:?}");
}

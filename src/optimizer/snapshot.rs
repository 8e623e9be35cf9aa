//! A copy of all state, and the way back.
//!
//! A snapshot holds everything that a step reads and hyperparameters do not say: state and carry of
//! every element, numbers per tensor and group, counters, the seed, and the learning rates as they
//! were last set. Restoring it and going on gives the bits of never having stopped; a snapshot that
//! does not fit is refused whole.

use super::{Arrival, Optimizer, Phase, TensorState, Trains};
use crate::device::{Beside, Device, Formats, Number};
use crate::dtype::StorageDtype;
use crate::error::{Error, Result};
use crate::hyperparameter::LearningRate;
use crate::shape::Layout;
use crate::store::Store;
use crate::transform::{AxesOf, ChainOf, ElementsOf, FieldSet, Of, Rule, Stage, field_names};

/// All state of an optimizer with the formats `K`, in the host's memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot<K: Formats> {
    /// Whole steps so far.
    pub steps: u64,
    /// The key of the random bits.
    pub seed: u64,
    /// The groups, the default one first.
    pub groups: Vec<GroupSnapshot>,
    /// The scale of the loss and the good steps since it changed, if it is scaled.
    pub loss_scale: Option<(f64, u64)>,
    /// Steps that were left out.
    pub skipped: u64,
    /// The parameters, in the order of their set.
    pub tensors: Vec<TensorSnapshot<K>>,
}

/// The state of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupSnapshot {
    /// Its label.
    pub label: String,
    /// γ as it was last set, without schedules.
    pub learning_rate: LearningRate,
    /// Its numbers, by name.
    pub memory: Vec<(String, f64)>,
}

/// The state of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorSnapshot<K: Formats> {
    /// Its name.
    pub name: String,
    /// Its shape, and the order of the elements of `state` and `carry`.
    pub layout: Layout,
    /// The label of its group; `frozen` for a parameter that stays as it is.
    pub group: String,
    /// Gradients received so far, micro-batches included.
    pub received: u64,
    /// The fields of its state, a number per element.
    pub state: Vec<(String, Vec<K::State>)>,
    /// Its fields by axis, a number per line: those of the first axis, then those of the next.
    pub axes: Vec<(String, Vec<Number<K>>)>,
    /// What the store carries, a number per element.
    pub carry: Vec<(String, Vec<Beside<K>>)>,
    /// Its numbers on the device.
    pub tensor: Vec<(String, Vec<Number<K>>)>,
    /// Its numbers on the host.
    pub own: Vec<(String, f64)>,
}

impl<R: Rule, K: Formats, A: Arrival, D: Device, F: Phase> Optimizer<R, K, A, D, F> {
    /// Copies all state.
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::optimizer::Build;
    /// use gradus::rule::Lion;
    ///
    /// let mut parameters = [("x", vec![1.0f32, 2.0])];
    /// let mut optimizer = Lion::default().build(Cpu::default(), &parameters)?;
    /// optimizer.step(&mut parameters, &[("x", vec![1.0f32, -1.0])])?;
    ///
    /// let snapshot = optimizer.snapshot()?;
    /// assert_eq!(snapshot.tensors[0].state[0].0, "momentum");
    /// let mut resumed = Lion::default().build(Cpu::default(), &parameters)?;
    /// resumed.restore(&snapshot)?;
    /// assert_eq!(resumed.steps(), 1);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnfinishedStep`] if a step under gradient release was dropped before `finish`.
    pub fn snapshot(&self) -> Result<Snapshot<K>>
    where
        F: Trains,
    {
        if let Some(error) = self.unfinished() {
            return Err(error);
        }
        let groups = self.groups.iter().map(|group| GroupSnapshot {
            label: group.label.clone(),
            learning_rate: group.base.learning_rate(),
            memory: numbers::<<ChainOf<R> as Stage>::Group>(&group.memory),
        });
        let tensors = self.tensors.iter().map(|tensor| {
            Ok(TensorSnapshot {
                name: tensor.name.clone(),
                layout: tensor.layout.clone(),
                group: self.label_of(tensor).to_owned(),
                received: tensor.received,
                state: read::<D, ElementsOf<ChainOf<R>>, _>(&self.device, &tensor.state)?,
                axes: read::<D, AxesOf<ChainOf<R>>, _>(&self.device, &tensor.axes)?,
                carry: read::<D, <K::Store as Store>::Carry, _>(&self.device, &tensor.carry)?,
                tensor: read::<D, <ChainOf<R> as Stage>::Tensor, _>(&self.device, &tensor.tensor)?,
                own: numbers::<<ChainOf<R> as Stage>::Own>(&tensor.own),
            })
        });
        Ok(Snapshot {
            steps: self.steps,
            seed: self.seed,
            groups: groups.collect(),
            loss_scale: self.survey.scale.as_ref().map(|scale| (scale.scale, scale.good)),
            skipped: self.survey.skipped,
            tensors: tensors.collect::<Result<_>>()?,
        })
    }

    /// Replaces all state by that of a snapshot, or refuses it and changes nothing.
    ///
    /// # Errors
    /// [`Error::Snapshot`] if it was taken from another rule, other parameters, other groups or
    /// another seed; [`Error::UnfinishedStep`].
    pub fn restore(&mut self, snapshot: &Snapshot<K>) -> Result<()>
    where
        F: Trains,
    {
        if let Some(error) = self.unfinished() {
            return Err(error);
        }
        self.check(snapshot)?;
        for (group, from) in self.groups.iter_mut().zip(&snapshot.groups) {
            group.base.set_learning_rate(from.learning_rate);
            group.memory = take_numbers::<<ChainOf<R> as Stage>::Group>(&from.memory);
        }
        for (tensor, from) in self.tensors.iter_mut().zip(&snapshot.tensors) {
            tensor.received = from.received;
            tensor.own = take_numbers::<<ChainOf<R> as Stage>::Own>(&from.own);
            write::<D, ElementsOf<ChainOf<R>>, _>(&self.device, &mut tensor.state, &from.state)?;
            write::<D, AxesOf<ChainOf<R>>, _>(&self.device, &mut tensor.axes, &from.axes)?;
            write::<D, <K::Store as Store>::Carry, _>(&self.device, &mut tensor.carry, &from.carry)?;
            write::<D, <ChainOf<R> as Stage>::Tensor, _>(&self.device, &mut tensor.tensor, &from.tensor)?;
        }
        if let (Some(scale), Some((value, good))) = (&mut self.survey.scale, snapshot.loss_scale) {
            (scale.scale, scale.good) = (value, good);
        }
        self.survey.skipped = snapshot.skipped;
        self.steps = snapshot.steps;
        Ok(())
    }

    fn label_of(&self, tensor: &TensorState<ChainOf<R>, K, D>) -> &str {
        if tensor.frozen { "frozen" } else { &self.groups[tensor.group].label }
    }

    /// Whether a snapshot fits.
    pub(super) fn check(&self, snapshot: &Snapshot<K>) -> Result<()> {
        let labels = |groups: Vec<&str>| format!("{groups:?}");
        same("the seed", &self.seed, &snapshot.seed)?;
        let scaled = |scaled: bool| if scaled { "scaled" } else { "as it is" }.to_owned();
        same("the loss", &scaled(self.survey.scale.is_some()), &scaled(snapshot.loss_scale.is_some()))?;
        same(
            "the list of groups",
            &labels(self.groups.iter().map(|group| group.label.as_str()).collect()),
            &labels(snapshot.groups.iter().map(|group| group.label.as_str()).collect()),
        )?;
        for group in &snapshot.groups {
            let aspect = format!("the list of numbers of group `{}`", group.label);
            same_names::<<ChainOf<R> as Stage>::Group, _>(&aspect, &group.memory)?;
        }
        same("the number of parameters", &self.tensors.len(), &snapshot.tensors.len())?;
        for (place, (tensor, from)) in self.tensors.iter().zip(&snapshot.tensors).enumerate() {
            same(&format!("the parameter in place {place}"), &tensor.name, &from.name)?;
            let group = self.label_of(tensor).to_owned();
            same(&format!("the group of `{}`", tensor.name), &group, &from.group)?;
            tensor.check_snapshot(from)?;
        }
        Ok(())
    }
}

impl<C: Stage, K: Formats, D: Device> TensorState<C, K, D> {
    fn check_snapshot(&self, from: &TensorSnapshot<K>) -> Result<()> {
        let of = |what: &str| format!("the {what} of `{}`", self.name);
        same(&of("shape"), &self.layout.to_string(), &from.layout.to_string())?;
        same(&of("memory order"), &format!("{:?}", self.layout), &format!("{:?}", from.layout))?;
        same_names::<ElementsOf<C>, _>(&of("list of state fields"), &from.state)?;
        same_names::<AxesOf<C>, _>(&of("list of fields by axis"), &from.axes)?;
        same_names::<<K::Store as Store>::Carry, _>(&of("list of carried fields"), &from.carry)?;
        same_names::<C::Tensor, _>(&of("list of tensor numbers"), &from.tensor)?;
        same_names::<C::Own, _>(&of("list of counted numbers"), &from.own)?;
        let length = if self.frozen { 0 } else { self.layout.len() };
        same_lengths(&of("length"), length, &from.state)?;
        let lines = if self.frozen { 0 } else { self.lines.count() };
        same_lengths(&of("number of lines"), lines, &from.axes)?;
        same_lengths(&of("length"), length, &from.carry)?;
        same_lengths(&of("length"), usize::from(!self.frozen), &from.tensor)
    }
}

fn same<X: PartialEq + ToString>(aspect: &str, expected: &X, found: &X) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    let (expected, found) = (expected.to_string(), found.to_string());
    Err(Error::Snapshot { aspect: aspect.to_owned(), expected, found })
}

fn same_names<S: FieldSet, X>(aspect: &str, found: &[(String, X)]) -> Result<()> {
    let found: Vec<_> = found.iter().map(|(name, _)| name).collect();
    same(aspect, &format!("{:?}", field_names::<S>()), &format!("{found:?}"))
}

fn same_lengths<T>(aspect: &str, expected: usize, fields: &[(String, Vec<T>)]) -> Result<()> {
    fields
        .iter()
        .try_for_each(|(name, values)| same(&format!("{aspect} in field {name}"), &expected, &values.len()))
}

fn numbers<S: FieldSet>(memory: &Of<S, f64>) -> Vec<(String, f64)> {
    let mut names = field_names::<S>().into_iter();
    let mut list = Vec::new();
    S::map(S::each_ref(memory), |number| list.extend(names.next().map(|name| (name, *number))));
    list
}

/// The numbers of a list whose names have been checked.
fn take_numbers<S: FieldSet>(list: &[(String, f64)]) -> Of<S, f64> {
    let mut numbers = list.iter().map(|(_, number)| *number);
    S::generate(|| numbers.next().expect("the names have been checked"))
}

fn read<D: Device, S: FieldSet, T: StorageDtype>(
    device: &D,
    buffers: &Of<S, D::Buffer<T>>,
) -> Result<Vec<(String, Vec<T>)>> {
    let mut names = field_names::<S>().into_iter();
    let mut list = Vec::new();
    let mut result = Ok(());
    S::map(S::each_ref(buffers), |buffer| match (device.read(buffer), names.next()) {
        (Ok(values), Some(name)) => list.push((name, values)),
        (Err(error), _) => result = Err(error),
        (Ok(_), None) => unreachable!("a set has a name for every buffer"),
    });
    result.map(|()| list)
}

/// Fills buffers from a list whose names and lengths have been checked.
fn write<D: Device, S: FieldSet, T: StorageDtype>(
    device: &D,
    buffers: &mut Of<S, D::Buffer<T>>,
    list: &[(String, Vec<T>)],
) -> Result<()> {
    let mut values = list.iter();
    let mut result = Ok(());
    S::map(S::each_mut(buffers), |buffer| {
        let (_, values) = values.next().expect("the names have been checked");
        if result.is_ok() {
            result = device.write(buffer, values);
        }
    });
    result
}

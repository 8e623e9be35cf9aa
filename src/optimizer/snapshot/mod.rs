//! A copy of all state, and the way back.
//!
//! A snapshot holds everything that a step reads and the types do not say: state and carry of every
//! element, numbers per tensor and group, counters, the seed, and the hyperparameters as they were last
//! set. Restoring it and going on gives the bits of never having stopped; a snapshot that
//! does not fit is refused whole.
//!
//! | File | What it holds |
//! |---|---|
//! | `check` | whether a snapshot fits |
//! | `fields` | fields into lists with their names, and back |

mod check;
mod fields;

use super::assemble::FROZEN_GROUP;
use super::{Arrival, Optimizer, Phase, TensorState};
use crate::device::{Beside, Device, Formats, Number};
use crate::dtype::NarrowNumbers;
use crate::error::Result;
use crate::hyperparameter::LearningRate;
use crate::optimizer::matrix::named;
use crate::shape::Layout;
use crate::store::Store;
use crate::transform::{AxesOf, ChainOf, ElementsOf, Rule, Stage};
use check::carried;
use fields::{hyperparameters, numbers, read, set_hyperparameters, take_numbers, write};

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
    /// Its other hyperparameters that can be [changed](crate::transform::Rule::tune), by name, as they were
    /// last set, without schedules.
    pub hyperparameters: Vec<(String, f64)>,
    /// What its rule is [called](crate::transform::Rule::name).
    pub rule: String,
    /// The [settings](crate::transform::Rule::settings) of its rule; [`None`] if they are not known and so
    /// not compared.
    pub settings: Option<String>,
    /// The stages that its rule consists of, by name.
    pub stages: Vec<String>,
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
    /// What a [matrix rule](crate::transform::MatrixRule) keeps: factors, bases.
    pub matrices: Vec<(String, Vec<Number<K>>)>,
    /// What it keeps in 16-bit formats.
    pub narrow: Vec<(String, NarrowNumbers)>,
    /// Its numbers on the host.
    pub own: Vec<(String, f64)>,
    /// The parameter at the point for training, while it is [evaluated](Optimizer::into_evaluation) at
    /// another; [`None`] in training.
    pub at_training: Option<Vec<K::Parameter>>,
}

impl GroupSnapshot {
    /// The rule with its stages, for messages.
    pub(crate) fn described(rule: &str, stages: &[String]) -> String {
        format!("{rule} ({})", stages.join(" → "))
    }
}

impl<R: Rule, K: Formats, A: Arrival, D: Device, F: Phase> Optimizer<R, K, A, D, F> {
    /// Copies all state.
    ///
    /// At the point for evaluation, that is also the parameters as they will be at the point for training.
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
    /// [`UnfinishedStep`](crate::error::Error::UnfinishedStep) if a step under gradient release was dropped
    /// before `finish`.
    pub fn snapshot(&self) -> Result<Snapshot<K>> {
        if let Some(error) = self.unfinished() {
            return Err(error);
        }
        let mut snapshot = self.outline();
        for (place, (tensor, into)) in self.tensors.iter().zip(&mut snapshot.tensors).enumerate() {
            let names = self.groups[tensor.group].description();
            let device = &self.device;
            into.state = read::<D, ElementsOf<ChainOf<R>>, _>(device, &tensor.state, &names.elements)?;
            into.axes = read::<D, AxesOf<ChainOf<R>>, _>(device, &tensor.axes, &names.axes)?;
            into.carry = read::<D, <K::Store as Store>::Carry, _>(device, &tensor.carry, &carried::<K>())?;
            into.tensor = read::<D, <ChainOf<R> as Stage>::Tensor, _>(device, &tensor.tensor, &names.tensor)?;
            if let Some(matrix) = &tensor.matrix {
                into.matrices = named(&matrix.plan, &device.read(&matrix.state)?);
                for ((_, into), from) in into.narrow.iter_mut().zip(&matrix.narrow) {
                    *into = from.read(device)?;
                }
            }
            into.at_training = self.kept.get(place).map(|kept| device.read(kept)).transpose()?;
        }
        Ok(snapshot)
    }

    /// A snapshot whose fields on the device have names but no values; matrices are zeros, for their length
    /// follows from nothing else.
    pub(crate) fn outline(&self) -> Snapshot<K> {
        let is_to_be_counted = self.is_to_be_counted();
        let groups = self.groups.iter().map(|group| {
            let names = group.description();
            GroupSnapshot {
                label: group.label.clone(),
                learning_rate: group.base.learning_rate(),
                hyperparameters: hyperparameters(&group.base),
                memory: numbers::<<ChainOf<R> as Stage>::Group>(
                    group.counted(is_to_be_counted),
                    &names.group,
                ),
                rule: group.base.name(),
                settings: Some(group.base.settings()),
                stages: names.stages,
            }
        });
        let tensors = self.tensors.iter().map(|tensor| {
            let names = self.groups[tensor.group].description();
            let (received, own) = tensor.counted(is_to_be_counted);
            TensorSnapshot {
                name: tensor.name.clone(),
                layout: tensor.layout.clone(),
                group: self.label_of(tensor).to_owned(),
                received,
                own: numbers::<<ChainOf<R> as Stage>::Own>(own, &names.own),
                state: empty(names.elements),
                axes: empty(names.axes),
                carry: empty(carried::<K>()),
                tensor: empty(names.tensor),
                matrices: tensor.matrix.as_ref().map_or_else(Vec::new, |matrix| {
                    let zeros = |length| vec![Number::<K>::default(); length];
                    matrix.plan.state.iter().map(|(name, length)| (name.clone(), zeros(*length))).collect()
                }),
                narrow: tensor.matrix.as_ref().map_or_else(Vec::new, |matrix| {
                    let kept = matrix.plan.narrow.iter();
                    kept.map(|(name, length, format)| (name.clone(), NarrowNumbers::zeros(*format, *length)))
                        .collect()
                }),
                at_training: self.kept.first().map(|_| Vec::new()),
            }
        });
        let (skipped, scale) = self.judged();
        Snapshot {
            steps: self.steps(),
            seed: self.seed,
            groups: groups.collect(),
            loss_scale: scale.map(|scale| (scale.scale, scale.good)),
            skipped,
            tensors: tensors.collect(),
        }
    }

    /// How many lines each tensor has whose state is kept.
    #[cfg(feature = "checkpoint")]
    pub(crate) fn line_counts(&self) -> Vec<usize> {
        let of_tensor = |tensor: &TensorState<_, _, _>| if tensor.frozen { 0 } else { tensor.lines.count() };
        self.tensors.iter().map(of_tensor).collect()
    }

    /// Replaces all state by that of a snapshot, or refuses it and changes nothing.
    ///
    /// Hyperparameters are part of it, as they were last set: the learning rate, and whatever else
    /// [schedules](super::Builder::schedule) may change.
    ///
    /// # Errors
    /// [`Error::Snapshot`](crate::error::Error::Snapshot) if it was taken from another rule, other
    /// parameters, other groups, in another phase or with another seed;
    /// [`UnfinishedStep`](crate::error::Error::UnfinishedStep).
    pub fn restore(&mut self, snapshot: &Snapshot<K>) -> Result<()> {
        if let Some(error) = self.unfinished() {
            return Err(error);
        }
        self.check(snapshot)?;
        self.forget_outstanding();
        for (group, from) in self.groups.iter_mut().zip(&snapshot.groups) {
            group.base.set_learning_rate(from.learning_rate);
            set_hyperparameters(&mut group.base, &from.hyperparameters)?;
            group.resume(snapshot.steps); // the point for evaluation follows from it
            take_numbers::<<ChainOf<R> as Stage>::Group>(&mut group.memory, &from.memory);
        }
        for (tensor, from) in self.tensors.iter_mut().zip(&snapshot.tensors) {
            let device = &self.device;
            tensor.received = from.received;
            take_numbers::<<ChainOf<R> as Stage>::Own>(&mut tensor.own, &from.own);
            if let Some(matrix) = &mut tensor.matrix {
                let numbers: Vec<_> =
                    from.matrices.iter().flat_map(|(_, numbers)| numbers).copied().collect();
                device.write(&mut matrix.state, &numbers)?;
                for (into, (_, from)) in matrix.narrow.iter_mut().zip(&from.narrow) {
                    into.write(device, from)?;
                }
            }
            write::<D, ElementsOf<ChainOf<R>>, _>(device, &mut tensor.state, &from.state)?;
            write::<D, AxesOf<ChainOf<R>>, _>(device, &mut tensor.axes, &from.axes)?;
            write::<D, <K::Store as Store>::Carry, _>(device, &mut tensor.carry, &from.carry)?;
            write::<D, <ChainOf<R> as Stage>::Tensor, _>(device, &mut tensor.tensor, &from.tensor)?;
        }
        for (kept, from) in self.kept.iter_mut().zip(&snapshot.tensors) {
            if let Some(values) = &from.at_training {
                self.device.write(kept, values)?;
            }
        }
        if let (Some(scale), Some((value, good))) = (&mut self.survey.scale, snapshot.loss_scale) {
            (scale.scale, scale.good) = (value, good);
        }
        self.survey.skipped = snapshot.skipped;
        self.steps = snapshot.steps;
        Ok(())
    }

    /// The label of a tensor's group; `frozen` is no label that a group may have.
    fn label_of(&self, tensor: &TensorState<ChainOf<R>, K, D>) -> &str {
        if tensor.frozen { FROZEN_GROUP } else { &self.groups[tensor.group].label }
    }
}

fn empty<T>(names: Vec<String>) -> Vec<(String, Vec<T>)> {
    names.into_iter().map(|name| (name, Vec::new())).collect()
}

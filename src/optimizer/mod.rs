//! The optimizer: a rule, its options, and the state of every parameter.
//!
//! | File | What it holds |
//! |---|---|
//! | `builder` | the options, and which of them fit together |
//! | `options` | the types behind them, and what the compiler says |
//! | `assemble` | names, shapes and groups become state |
//! | `step` | a step with all gradients together |
//! | `release` | a step with gradients one by one |
//! | `snapshot` | a copy of all state, and the way back |

mod assemble;
mod builder;
mod options;
mod release;
mod snapshot;
mod step;

pub use builder::{Build, Builder, Built};
pub use options::{
    Arrival, AsArithmetic, AsParameters, FitsArithmetic, GradientFormat, KeepsArithmetic, KeepsGradients,
    MayBeReplaced, ParameterFormat, Released, Rounds, SeesEveryGradient, StateFormat, TakesGradientsSingly,
    Together, Unchosen,
};
pub use release::{Finished, ParameterKey, ReleaseStep};
pub use snapshot::{GroupSnapshot, Snapshot, TensorSnapshot};

use crate::device::{Device, Formats, Number, Work};
use crate::dtype::StorageDtype;
use crate::error::{Error, Result};
use crate::hyperparameter::LearningRate;
use crate::random::RoundKeys;
use crate::shape::Layout;
use crate::store::Store;
use crate::transform::{Arrives, FieldSet, Of, Rule, Stage, Step};
use core::fmt;
use core::marker::PhantomData;
use std::collections::HashMap;
use typenum::Unsigned;

/// A rule with its options and the state of all parameters.
///
/// Made by [`Build::build`]. `R` is the rule, `K` the formats and the store, `A` when gradients
/// arrive, `D` the device.
pub struct Optimizer<R: Rule, K: Formats, A: Arrival, D: Device> {
    device: D,
    groups: Vec<Group<R>>,
    tensors: Vec<TensorState<R::Chain, K, D>>,
    places: HashMap<String, usize>,
    /// Whole steps so far.
    steps: u64,
    seed: u64,
    keys: RoundKeys,
    /// What has come in the step that is under way, if gradients come one by one.
    arrivals: release::Arrivals,
    scratch: step::Scratch<R::Chain, K, D>,
    arrival: PhantomData<fn() -> A>,
}

/// Parameters that share their hyperparameters.
struct Group<R: Rule> {
    label: String,
    rule: R,
    memory: Of<<R::Chain as Stage>::Group, f64>,
    /// The numbers of the step under way, which count once it is finished.
    next: Of<<R::Chain as Stage>::Group, f64>,
}

/// One parameter, as the optimizer knows it.
struct TensorState<C: Stage, K: Formats, D: Device> {
    name: String,
    layout: Layout,
    group: usize,
    id: u32,
    /// Gradients received so far.
    received: u64,
    state: Of<C::State, D::Buffer<K::State>>,
    carry: Of<<K::Store as Store>::Carry, D::Buffer<K::Parameter>>,
    tensor: Of<C::Tensor, D::Buffer<Number<K>>>,
    own: Of<C::Own, f64>,
    leaves: D::Buffer<f64>,
}

/// A group of parameters, as it is reported.
#[derive(Clone, Copy, Debug)]
pub struct GroupView<'a, R> {
    /// Its label; `default` for the parameters that no other group claims.
    pub label: &'a str,
    /// Its rule with the current hyperparameters.
    pub rule: &'a R,
}

impl<R: Rule, K: Formats, A: Arrival, D: Device> Optimizer<R, K, A, D> {
    /// The groups: first the default one, then the others in the order in which they were added.
    pub fn groups(&self) -> impl Iterator<Item = GroupView<'_, R>> {
        self.groups.iter().map(|group| GroupView { label: &group.label, rule: &group.rule })
    }

    /// The rule of a group, to change its hyperparameters; [`None`] if there is no such group.
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::hyperparameter::Decay;
    /// use gradus::optimizer::Build;
    /// use gradus::rule::AdamW;
    ///
    /// let mut optimizer = AdamW::default().build(Cpu::default(), &[("x", vec![0.0f32])])?;
    /// optimizer.rule_mut("default").expect("there is always a default group").first = Decay::new(0.8)?;
    /// assert!(optimizer.rule_mut("biases").is_none());
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    pub fn rule_mut(&mut self, label: &str) -> Option<&mut R> {
        self.groups.iter_mut().find(|group| group.label == label).map(|group| &mut group.rule)
    }

    /// Replaces γ in every group. Takes effect at the next step, or at the next `begin_step`.
    pub fn set_learning_rate(&mut self, learning_rate: LearningRate) {
        for group in &mut self.groups {
            group.rule.set_learning_rate(learning_rate);
        }
    }

    /// How many whole steps have been taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The device.
    pub fn device(&self) -> &D {
        &self.device
    }

    /// The names of the parameters, in the order of the set that the optimizer was built for.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        self.tensors.iter().map(|tensor| tensor.name.as_str())
    }

    /// How many gradients a parameter has received, micro-batches included.
    ///
    /// # Errors
    /// [`Error::UnknownParameter`].
    pub fn received(&self, parameter: impl ParameterKey) -> Result<u64> {
        Ok(self.tensors[self.place(parameter)?].received)
    }

    /// The bytes of state on the device: element fields, what the store carries, and numbers per
    /// tensor.
    pub fn state_bytes(&self) -> usize {
        self.tensors.iter().map(|tensor| tensor.bytes()).sum()
    }

    /// The place of a parameter in the set, by its name or its place.
    fn place(&self, parameter: impl ParameterKey) -> Result<usize> {
        parameter.place(&self.places, self.tensors.len()).map_err(|asked| {
            const MANY: usize = 12;
            let known = if self.tensors.len() > MANY {
                format!("{} parameters", self.tensors.len())
            } else {
                let names: Vec<_> = self.parameters().map(|name| format!("`{name}`")).collect();
                names.join(", ")
            };
            Error::UnknownParameter { asked, known }
        })
    }

    fn with_arrival<A2: Arrival>(self) -> Optimizer<R, K, A2, D> {
        let Self { device, groups, tensors, places, steps, seed, keys, arrivals, scratch, .. } = self;
        Optimizer {
            device,
            groups,
            tensors,
            places,
            steps,
            seed,
            keys,
            arrivals,
            scratch,
            arrival: PhantomData,
        }
    }
}

impl<R: Rule> Group<R> {
    /// Prepares the numbers of the group for whole step `optimizer`.
    fn begin(&mut self, optimizer: u64) {
        self.next = copied::<<R::Chain as Stage>::Group>(&self.memory);
        let at = Step { optimizer, own: optimizer, ..Step::first(self.rule.learning_rate().get()) };
        self.rule.chain().advance(&at, &mut self.next);
    }

    /// Keeps what [`begin`](Self::begin) prepared.
    fn commit(&mut self) {
        self.memory = copied::<<R::Chain as Stage>::Group>(&self.next);
    }

    /// The step of a tensor that has received `received` gradients before.
    fn step_of(&self, received: u64, optimizer: u64, arrives: Arrives) -> Step {
        Step { own: received + 1, optimizer, arrives, ..Step::first(self.rule.learning_rate().get()) }
    }
}

impl<C: Stage, K: Formats, D: Device> TensorState<C, K, D> {
    fn bytes(&self) -> usize {
        let carry = <<K::Store as Store>::Carry as FieldSet>::Count::USIZE * size_of::<K::Parameter>();
        let state = <C::State as FieldSet>::Count::USIZE * size_of::<K::State>();
        let tensor = <C::Tensor as FieldSet>::Count::USIZE * size_of::<Number<K>>();
        self.layout.len() * (state + carry) + tensor
    }

    /// What this tensor brings to a step, with its own numbers advanced to it.
    fn work<'a, R: Rule<Chain = C>>(
        &'a mut self,
        group: &Group<R>,
        at: &Step,
        keys: RoundKeys,
        parameter: Option<D::ViewMut<'a, K::Parameter>>,
        gradient: D::View<'a, K::Gradient>,
    ) -> Work<'a, D, C, K> {
        let chain = group.rule.chain();
        let constants = chain.constants(at, &mut self.own, &group.next);
        self.received = at.own;
        Work {
            parameter,
            gradient,
            state: views::<D, C::State, _>(&mut self.state),
            carry: views::<D, <K::Store as Store>::Carry, _>(&mut self.carry),
            tensor: views::<D, C::Tensor, _>(&mut self.tensor),
            leaves: D::view_mut(&mut self.leaves),
            constants,
            measures: C::PASSES > 0 && chain.measures(at),
            noise: crate::random::Noise { keys, tensor: self.id, gradient: at.own as u32 },
        }
    }
}

fn views<D: Device, S: FieldSet, T: StorageDtype>(
    buffers: &mut Of<S, D::Buffer<T>>,
) -> Of<S, D::ViewMut<'_, T>> {
    S::map(S::each_mut(buffers), |buffer| D::view_mut(buffer))
}

/// A copy of a set of numbers.
fn copied<S: FieldSet>(set: &Of<S, f64>) -> Of<S, f64> {
    S::map(S::each_ref(set), |number| *number)
}

impl<R: Rule, K: Formats, A: Arrival, D: Device> fmt::Debug for Optimizer<R, K, A, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let groups: Vec<_> = self.groups().collect();
        f.debug_struct("Optimizer")
            .field("groups", &groups)
            .field("parameters", &self.tensors.len())
            .field("steps", &self.steps)
            .field("device", &self.device)
            .finish_non_exhaustive()
    }
}

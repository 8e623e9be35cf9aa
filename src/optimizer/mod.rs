//! The optimizer: a rule, its options, and the state of every parameter.
//!
//! | File | What it holds |
//! |---|---|
//! | `builder` | the options about formats and stores, and `build` |
//! | `grouping` | those about groups of parameters |
//! | `wrapping` | those that put stages around the rule |
//! | `build` | all of them as methods of a rule |
//! | `options`, `extras` | the types behind them, and what the compiler says |
//! | [`select`] | conditions on parameters |
//! | `assemble`, `group` | names, shapes and groups become state |
//! | `matrix` | the state of a matrix rule |
//! | `memory` | how much state that will be |
//! | `step`, `bringing`, `alike` | a step with all gradients together, what its tensors bring, and what they share |
//! | `fetch`, `scratch` | what is read of all tensors first, and lists that are kept |
//! | `survey`, `loss_scale`, `outstanding` | what is found out about all gradients first, and when that counts |
//! | `release` | a step with gradients one by one |
//! | `routed` | several rules over one model, driven by one step |
//! | `rows` | a step with gradients of a few rows |
//! | `faces` | the parameters at another point, for evaluation, and the way back |
//! | `snapshot` | a copy of all state, and the way back |

mod alike;
mod assemble;
mod bringing;
mod build;
mod builder;
pub mod extras;
mod faces;
mod fetch;
mod group;
mod grouping;
mod loss_scale;
mod matrix;
mod memory;
mod options;
mod outstanding;
mod release;
mod routed;
mod rows;
mod scratch;
pub mod select;
mod snapshot;
mod step;
mod survey;
mod wrapping;

pub use build::{Build, Started};
pub use builder::{Builder, Built};
pub use extras::{Averaging, Releasable, TwoFaced};
#[cfg(feature = "catalogue")]
pub(crate) use grouping::Policies;
pub use loss_scale::LossScaling;
pub use memory::{FieldMemory, GroupMemory, MemoryKind, MemoryReport};
#[cfg(feature = "catalogue")]
pub(crate) use memory::{Kept, MemoryFormats};
pub use options::{
    Arrival, AsArithmetic, AsParameters, FitsArithmetic, GradientFormat, KeepsArithmetic, KeepsGradients,
    LooksAhead, MayBeReplaced, ParameterFormat, Released, Rounds, SeesEveryGradient, StateFormat,
    TakesGradientsSingly, Together, Unchosen,
};
pub use options::{Evaluates, Evaluation, HasTwoPoints, Phase, Training, Trains};
pub use release::{Finished, ParameterKey, ReleaseStep};
pub use routed::{AsBuilder, DecidedLater, Drives, Jointly, Routable, Routed, RoutedSnapshot, Routes};
pub use rows::RowOptimizer;
pub use snapshot::{GroupSnapshot, Snapshot, TensorSnapshot};
pub use survey::Stepped;
pub use wrapping::{Afterwards, Clipped, OnGradient, OnUpdate, Policed};

use alike::Alike;
use group::Group;

use crate::device::{Beside, Device, Formats, Lines, Number, Work};
use crate::dtype::StorageDtype;
use crate::error::{Error, Result};
use crate::hyperparameter::LearningRate;
use crate::random::RoundKeys;
use crate::shape::Layout;
use crate::store::Store;
use crate::transform::{Arrives, AxesOf, ChainOf, ElementsOf, FieldSet, Held, Of, Rule, Stage, Step};
use core::fmt;
use core::marker::PhantomData;
use std::collections::HashMap;

/// A rule with its options and the state of all parameters.
///
/// Made by [`Build::build`]. `R` is the rule, `K` the formats and the store, `A` when gradients
/// arrive, `D` the device, `F` at which of two points the parameters are.
pub struct Optimizer<R: Rule, K: Formats, A: Arrival, D: Device, F: Phase = Training> {
    device: D,
    groups: Vec<Group<R>>,
    tensors: Vec<TensorState<ChainOf<R>, K, D>>,
    places: HashMap<String, usize>,
    /// Whole steps so far.
    steps: u64,
    seed: u64,
    keys: RoundKeys,
    /// What has come in the step that is under way, if gradients come one by one.
    arrivals: release::Arrivals,
    scratch: scratch::Scratch<ChainOf<R>, K, D>,
    survey: survey::Survey,
    /// Where the device decides about all gradients, once it has.
    on_device: Option<survey::OnDevice<D>>,
    /// The parameters at the point for training, while they are elsewhere.
    kept: Vec<D::Buffer<K::Parameter>>,
    types: PhantomData<fn() -> (A, F)>,
}

/// One parameter, as the optimizer knows it.
struct TensorState<C: Stage, K: Formats, D: Device> {
    name: String,
    layout: Layout,
    group: usize,
    /// Whether it stays as it is; then it has no state.
    frozen: bool,
    id: u32,
    /// Gradients received so far.
    received: u64,
    state: Of<ElementsOf<C>, D::Buffer<K::State>>,
    axes: Of<AxesOf<C>, D::Buffer<Number<K>>>,
    /// Room for what becomes of the state by axis.
    room: Of<AxesOf<C>, D::Buffer<Number<K>>>,
    lines: Lines,
    carry: Of<<K::Store as Store>::Carry, D::Buffer<Beside<K>>>,
    tensor: Of<C::Tensor, D::Buffer<Number<K>>>,
    own: Of<C::Own, f64>,
    /// The numbers of the gradient under way, which count once the device has run.
    next: Of<C::Own, f64>,
    /// Whether the tensor has a gradient in the run under way.
    taking_part: bool,
    /// The place of what its chain makes of that gradient.
    made: usize,
    leaves: D::Buffer<f64>,
    /// What a matrix rule keeps, if there is one.
    matrix: Option<matrix::MatrixState<K, D>>,
}

/// A group of parameters, as it is reported.
#[derive(Clone, Copy, Debug)]
pub struct GroupView<'a, R> {
    /// Its label; `default` for the parameters that no other group claims.
    pub label: &'a str,
    /// Its rule as it was given or last changed.
    pub rule: &'a R,
    /// Its rule as its schedules made it for the last step that was begun.
    pub scheduled: &'a R,
}

impl<R: Rule, K: Formats, A: Arrival, D: Device, F: Phase> Optimizer<R, K, A, D, F> {
    /// The groups: first the default one, then the others in the order in which they were added.
    pub fn groups(&self) -> impl Iterator<Item = GroupView<'_, R>> {
        self.groups.iter().map(|group| GroupView {
            label: &group.label,
            rule: &group.base,
            scheduled: &group.rule,
        })
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
        self.groups.iter_mut().find(|group| group.label == label).map(|group| &mut group.base)
    }

    /// Replaces γ in every group, which schedules are multiplied with. Takes effect at the next step, or
    /// at the next `begin_step`.
    pub fn set_learning_rate(&mut self, learning_rate: LearningRate) {
        for group in &mut self.groups {
            group.base.set_learning_rate(learning_rate);
        }
    }

    /// How many whole steps have been taken.
    pub fn steps(&self) -> u64 {
        self.steps + u64::from(self.is_to_be_counted())
    }

    /// Whether an average of gradients is kept, as the chain knows at run time.
    #[cfg(feature = "catalogue")]
    pub(crate) fn keeps_gradients(&self) -> bool {
        self.groups.iter().all(|group| group.base.chain().keeps())
    }

    /// How many statistics a step takes once training is under way.
    #[cfg(feature = "catalogue")]
    pub(crate) fn statistics(&self) -> usize {
        let under_way = Step { own: 1 << 20, optimizer: 1 << 20, ..Step::first(1.0) };
        let taken = self.groups.iter().map(|group| group.base.chain().measured_passes(&under_way));
        taken.map(|passes| passes.count_ones() as usize).max().unwrap_or(0)
    }

    /// The names of the state's fields, as the chain knows them at run time.
    #[cfg(feature = "catalogue")]
    pub(crate) fn names_of_state(&self) -> Vec<String> {
        self.groups[0].base.chain().names_of_state()
    }

    /// Whether there is a point for evaluation, as the chain knows at run time.
    #[cfg(feature = "catalogue")]
    pub(crate) fn has_second_point(&self) -> bool {
        self.groups.iter().all(|group| group.base.chain().has_second_point())
    }

    /// Whether all gradients must exist before any parameter moves, as the chain knows at run time.
    #[cfg(feature = "catalogue")]
    pub(crate) fn needs_all_gradients(&self) -> bool {
        self.groups.iter().any(|group| group.base.chain().is_joint())
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
        let tensor = &self.tensors[self.place(parameter)?];
        Ok(tensor.counted(self.is_to_be_counted()).0)
    }

    /// The bytes of state on the device: element fields, what the store carries, and numbers per
    /// tensor; at the point for evaluation also those of the parameters that are kept.
    pub fn state_bytes(&self) -> usize {
        let kept = |tensor: &TensorState<ChainOf<R>, K, D>| {
            if self.kept.is_empty() { 0 } else { tensor.kept_bytes() }
        };
        self.tensors.iter().map(|tensor| tensor.bytes() + kept(tensor)).sum()
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

    /// The same optimizer with other types to say when gradients arrive and where parameters are.
    fn retyped<A2: Arrival, F2: Phase>(self) -> Optimizer<R, K, A2, D, F2> {
        let Self {
            device,
            groups,
            tensors,
            places,
            steps,
            seed,
            keys,
            arrivals,
            scratch,
            survey,
            on_device,
            kept,
            ..
        } = self;
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
            survey,
            on_device,
            kept,
            types: PhantomData,
        }
    }
}

impl<C: Stage, K: Formats, D: Device> TensorState<C, K, D> {
    fn bytes(&self) -> usize {
        let carry = count::<<K::Store as Store>::Carry, _>(&self.carry) * size_of::<Beside<K>>();
        let state = count::<ElementsOf<C>, _>(&self.state) * size_of::<K::State>();
        let axes = count::<AxesOf<C>, _>(&self.axes) * self.lines.count() * size_of::<Number<K>>();
        let tensor = count::<C::Tensor, _>(&self.tensor) * size_of::<Number<K>>();
        let matrix = self.matrix.as_ref().map_or(0, matrix::MatrixState::bytes);
        if self.frozen { 0 } else { self.layout.len() * (state + carry) + axes + tensor + matrix }
    }

    /// Finds what the chain of its group makes of a step, and prepares its own numbers for that. They count once
    /// [`commit`](Self::commit) is called.
    fn prepare(&mut self, (chain, numbers): (&C, &Of<C::Group, f64>), alike: &mut Alike<C>, mut asked: Step) {
        asked.dimensions = self.layout.shape().len();
        self.made = alike.place_of((self.group, chain, numbers), asked, &self.own);
        self.next = copied::<C::Own>(&alike[self.made].own);
        self.taking_part = true;
    }

    /// What this tensor brings to a step that it is [prepared](Self::prepare) for.
    fn work<'a>(
        &'a mut self,
        chain: &'a C,
        alike: &'a Alike<C>,
        keys: RoundKeys,
        parameter: Option<D::ViewMut<'a, K::Parameter>>,
        gradient: D::View<'a, K::Gradient>,
    ) -> Work<'a, D, C, K> {
        let made = &alike[self.made];
        let at = made.at;
        let matrix = self.matrix.as_mut().and_then(|matrix| Some(matrix.work(chain.matrix(&self.next)?, at)));
        Work {
            chain: Some(chain),
            parameter: parameter.filter(|_| at.arrives == Arrives::ToStep),
            gradient,
            state: views::<D, ElementsOf<C>, _>(&mut self.state),
            axes: views::<D, AxesOf<C>, _>(&mut self.axes),
            room: views::<D, AxesOf<C>, _>(&mut self.room),
            lines: &self.lines,
            carry: views::<D, <K::Store as Store>::Carry, _>(&mut self.carry),
            tensor: views::<D, C::Tensor, _>(&mut self.tensor),
            leaves: D::view_mut(&mut self.leaves),
            constants: &made.constants,
            statistics: made.statistics,
            noise: crate::random::Noise { keys, tensor: self.id, gradient: at.own as u32 },
            matrix,
        }
    }

    /// Keeps what [`prepare`](Self::prepare) prepared, if it was called for this step and the step was
    /// taken.
    fn commit(&mut self, taken: bool) {
        if core::mem::take(&mut self.taking_part) && taken {
            self.received += 1;
            self.own = copied::<C::Own>(&self.next);
        }
    }
}

fn views<D: Device, S: FieldSet, T: StorageDtype>(
    buffers: &mut Of<S, D::Buffer<T>>,
) -> Of<S, D::ViewMut<'_, T>> {
    S::map_mut(buffers, &mut |buffer| D::view_mut(buffer))
}

/// A copy of a set of numbers.
fn copied<S: FieldSet>(set: &Of<S, f64>) -> Of<S, f64> {
    S::map_ref(set, &mut |number| *number)
}

impl<R: Rule, K: Formats, A: Arrival, D: Device, F: Phase> fmt::Debug for Optimizer<R, K, A, D, F> {
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

/// How many values a set holds.
fn count<S: FieldSet, X: Held>(set: &Of<S, X>) -> usize {
    let mut count = 0;
    S::map(S::each_ref(set), |_| count += 1);
    count
}

//! How much memory an optimizer takes, before it is taken.
//!
//! What a rule keeps per element, per tensor and per group is known from its type, so the report is a
//! sum over shapes: nothing is allocated for it.
//!
//! | File | What it holds |
//! |---|---|
//! | `ask` | the questions to a builder |
//! | `table` | the report as a table |

mod ask;
mod table;

use super::assemble::leaves_of;
use super::group::Group;
use super::{Arrival, Optimizer, Phase};
use crate::device::{Beside, Device, Formats, Lines, Number};
use crate::dtype::{Format, StorageDtype};
use crate::shape::Layout;
use crate::store::Store;
use crate::transform::{Description, MatrixNeeds, MatrixPlan, Rule, Stage, TensorNeeds, field_names};

/// The memory of an optimizer; made by [`Builder::memory`](super::Builder::memory), where there is an
/// example, and by [`Optimizer::memory`].
///
/// Names, shapes, and the lists that a step fills with views are not counted: about two hundred bytes
/// for each tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryReport {
    /// The groups, the default one first, `frozen` ones last.
    pub groups: Vec<GroupMemory>,
    /// The bytes of the largest gradient.
    pub largest_gradient: u64,
    needs: MatrixNeeds,
}

/// The memory of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupMemory {
    /// Its label; `frozen` for parameters that stay as they are.
    pub label: String,
    /// How many tensors it has.
    pub tensors: u64,
    /// How many elements they have.
    pub elements: u64,
    /// What is kept of them.
    pub fields: Vec<FieldMemory>,
    /// The bytes of the parameters, which are the caller's.
    pub parameters: u64,
    /// The bytes of the gradients if all exist at once, which are the caller's, too.
    pub gradients: u64,
    /// The bytes of the numbers that the host keeps of each tensor and of the group.
    pub host: u64,
}

/// The memory of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldMemory {
    /// Its name, as in [`TensorSnapshot`](super::TensorSnapshot).
    pub name: String,
    /// What it is.
    pub kind: MemoryKind,
    /// The format of its numbers.
    pub format: Format,
    /// The bytes on the device.
    pub bytes: u64,
}

/// What memory is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryKind {
    /// A number per element, which the rule remembers.
    State,
    /// A number per element, which the store carries to the next step.
    Carried,
    /// A number for each [line](crate::transform::ByAxis) of each axis, which the rule remembers.
    ByAxis,
    /// A number per tensor, which a statistic left.
    PerTensor,
    /// Room for the sums of a statistic: a number for every 4096 elements. It is no state, since nothing
    /// in it outlives a step.
    Sums,
    /// Room for what becomes of numbers by axis. It is no state either.
    Maxima,
    /// What a [matrix rule](crate::transform::MatrixRule) remembers: factors, bases.
    Matrices,
    /// Room for what flows between the parts of a chain. What matrix rules work in comes on top: see
    /// [`workspace_bytes`](MemoryReport::workspace_bytes).
    BetweenParts,
}

impl MemoryReport {
    /// The bytes of state on the device: what [`Optimizer::state_bytes`] will say.
    pub fn state_bytes(&self) -> u64 {
        use MemoryKind::{BetweenParts, Maxima, Sums};
        self.bytes(|kind| !matches!(kind, Sums | Maxima | BetweenParts))
    }

    /// All bytes on the device that do not depend on it: state, room for sums, and what flows between the parts
    /// of a chain.
    pub fn device_bytes(&self) -> u64 {
        self.bytes(|_| true)
    }

    /// The bytes of what [matrix rules](crate::transform::MatrixRule) work in, on a device: matrices that do not
    /// outlive a step, and room for factorisations. Tensors share it, so on the CPU it grows with the
    /// threads: as many tensors are worked on at the same time, if there are as many, and there is room for
    /// the most demanding of them.
    ///
    /// ```
    /// # #[cfg(feature = "matrix")]
    /// # {
    /// use gradus::cpu::Cpu;
    /// use gradus::optimizer::Build;
    /// use gradus::rule::Soap;
    ///
    /// let report = Soap::default().memory_of([("first", [300, 200]), ("second", [200, 300])])?;
    /// let bytes = report.workspace_bytes(&Cpu::with_threads(1)?);
    /// assert_eq!(report.workspace_bytes(&Cpu::with_threads(8)?), 2 * bytes);
    /// # }
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    pub fn workspace_bytes<D: Device>(&self, device: &D) -> u64 {
        if self.needs.tensors.is_empty() { 0 } else { device.workspace_bytes(&self.needs) }
    }

    /// The bytes of numbers on the host: a few per tensor and group, for rules that need them.
    pub fn host_bytes(&self) -> u64 {
        self.groups.iter().map(|group| group.host).sum()
    }

    /// The bytes of the parameters. Going to a point for
    /// [evaluation](Optimizer::into_evaluation) takes as many again, but for frozen ones.
    pub fn parameter_bytes(&self) -> u64 {
        self.groups.iter().map(|group| group.parameters).sum()
    }

    /// The bytes of all gradients. Under gradient release they never exist together:
    /// [`largest_gradient`](Self::largest_gradient) is all that there is at once.
    pub fn gradient_bytes(&self) -> u64 {
        self.groups.iter().map(|group| group.gradients).sum()
    }

    /// How many elements the parameters have.
    pub fn elements(&self) -> u64 {
        self.groups.iter().map(|group| group.elements).sum()
    }

    /// The bytes on the device that are of some kind.
    fn bytes(&self, counts: impl Fn(MemoryKind) -> bool) -> u64 {
        let fields = self.groups.iter().flat_map(|group| &group.fields);
        fields.filter(|field| counts(field.kind)).map(|field| field.bytes).sum()
    }

    pub(crate) fn new<'a>(
        kept: &[(&str, Kept)],
        formats: &MemoryFormats,
        parameters: impl Iterator<Item = (&'a Layout, Option<usize>)>,
        matrices: &dyn Fn(usize, &Layout) -> Option<MatrixPlan>,
    ) -> Self {
        let group = |(label, kept): &(&str, Kept)| GroupMemory::new(label, kept.fields(formats), kept.group);
        let mut groups: Vec<_> = kept.iter().map(group).collect();
        let mut frozen = GroupMemory::new("frozen", Vec::new(), 0);
        let (mut largest_gradient, mut tensors) = (0, Vec::new());
        for (layout, group) in parameters {
            let length = layout.len() as u64;
            let bytes = |format: Format| length.saturating_mul(format.bytes() as u64);
            let group = match group {
                None => &mut frozen,
                Some(number) => {
                    let ((_, kept), group) = (&kept[number], &mut groups[number]);
                    if let Some(plan) = matrices(number, layout) {
                        tensors.push(TensorNeeds::of("", layout.len(), &plan));
                        group.add_matrices(&plan, layout, formats.number);
                    }
                    group.host += 8 * kept.own as u64;
                    for field in &mut group.fields {
                        field.bytes = field.bytes.saturating_add(match field.kind {
                            MemoryKind::State | MemoryKind::Carried => bytes(field.format),
                            MemoryKind::ByAxis => (field.format.bytes() * Lines::of(layout).count()) as u64,
                            MemoryKind::PerTensor => field.format.bytes() as u64,
                            MemoryKind::Sums => {
                                (field.format.bytes() * leaves_of(kept.passes, layout.len())) as u64
                            }
                            MemoryKind::Maxima => {
                                let room = Lines::of(layout).room(layout.len());
                                (kept.axes.len() * field.format.bytes() * room) as u64
                            }
                            MemoryKind::Matrices | MemoryKind::BetweenParts => 0, // already added
                        });
                    }
                    group.gradients = group.gradients.saturating_add(bytes(formats.gradient));
                    largest_gradient = largest_gradient.max(bytes(formats.gradient));
                    group
                }
            };
            group.tensors += 1;
            group.elements = group.elements.saturating_add(length);
            group.parameters = group.parameters.saturating_add(bytes(formats.parameter));
        }
        groups.extend((frozen.tensors > 0).then_some(frozen));
        Self { groups, largest_gradient, needs: MatrixNeeds { format: formats.number, tensors } }
    }
}

impl GroupMemory {
    fn new(label: &str, fields: Vec<FieldMemory>, numbers: usize) -> Self {
        let (label, host) = (label.to_owned(), 8 * numbers as u64);
        Self { label, tensors: 0, elements: 0, fields, parameters: 0, gradients: 0, host }
    }

    /// Adds what a matrix rule keeps of a tensor, and what flows through it.
    fn add_matrices(&mut self, plan: &MatrixPlan, layout: &Layout, format: Format) {
        let mut add = |name: &str, kind, format: Format, length: usize| {
            let bytes = (length as u64).saturating_mul(format.bytes() as u64);
            let place = self.fields.iter().position(|field| field.name == name && field.kind == kind);
            match place {
                Some(place) => self.fields[place].bytes = self.fields[place].bytes.saturating_add(bytes),
                None => self.fields.push(FieldMemory { name: name.to_owned(), kind, format, bytes }),
            }
        };
        for (name, length, narrow) in &plan.narrow {
            add(name, MemoryKind::Matrices, narrow.format(), *length);
        }
        plan.state.iter().for_each(|(name, length)| add(name, MemoryKind::Matrices, format, *length));
        add("flow", MemoryKind::BetweenParts, format, layout.len().saturating_mul(2));
    }
}

/// What a chain keeps: names of fields, and how many numbers.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    state: Vec<String>,
    axes: Vec<String>,
    tensor: Vec<String>,
    own: usize,
    group: usize,
    passes: usize,
}

impl Kept {
    /// What a chain keeps.
    pub(crate) fn of(chain: Description) -> Self {
        let Description { elements: state, axes, tensor, own, group, passes, .. } = chain.numbered();
        Self { state, axes, tensor, own: own.len(), group: group.len(), passes }
    }

    /// Its fields, for no tensor yet.
    fn fields(&self, formats: &MemoryFormats) -> Vec<FieldMemory> {
        let empty =
            |kind, format| move |name: &String| FieldMemory { name: name.clone(), kind, format, bytes: 0 };
        let state = self.state.iter().map(empty(MemoryKind::State, formats.state));
        let carried = formats.carried.iter().map(empty(MemoryKind::Carried, formats.beside));
        let axes = self.axes.iter().map(empty(MemoryKind::ByAxis, formats.number));
        let tensor = self.tensor.iter().map(empty(MemoryKind::PerTensor, formats.number));
        let mut fields: Vec<_> = state.chain(axes).chain(carried).chain(tensor).collect();
        if self.passes > 0 {
            fields.push(empty(MemoryKind::Sums, Format::F64)(&"sums".to_owned()));
        }
        if !self.axes.is_empty() {
            fields.push(empty(MemoryKind::Maxima, formats.number)(&"maxima".to_owned()));
        }
        fields
    }
}

/// Formats and store as data.
#[derive(Clone, Debug)]
pub(crate) struct MemoryFormats {
    pub(crate) parameter: Format,
    pub(crate) gradient: Format,
    pub(crate) state: Format,
    pub(crate) number: Format,
    /// What the store carries, and in which format.
    pub(crate) carried: Vec<String>,
    pub(crate) beside: Format,
}

impl MemoryFormats {
    /// Those of an optimizer.
    pub(super) fn of<K: Formats>() -> Self {
        Self {
            parameter: K::Parameter::FORMAT,
            gradient: K::Gradient::FORMAT,
            state: K::State::FORMAT,
            number: <Number<K> as StorageDtype>::FORMAT,
            carried: field_names::<<K::Store as Store>::Carry>(),
            beside: Beside::<K>::FORMAT,
        }
    }
}

impl<R: Rule, K: Formats, A: Arrival, D: Device, F: Phase> Optimizer<R, K, A, D, F> {
    /// What memory the optimizer takes. [`Builder::memory`](super::Builder::memory) says the same before
    /// it is taken.
    pub fn memory(&self) -> MemoryReport {
        let kept: Vec<_> = self.groups.iter().map(Group::kept).collect();
        let parameters = self.tensors.iter();
        let parameters = parameters.map(|tensor| (&tensor.layout, (!tensor.frozen).then_some(tensor.group)));
        let matrices = |group: usize, layout: &Layout| plan_of(&self.groups[group].base.chain(), layout);
        MemoryReport::new(&kept, &MemoryFormats::of::<K>(), parameters, &matrices)
    }
}

/// What the matrix rule of a chain keeps and needs for a tensor, if there is one.
pub(super) fn plan_of<C: Stage>(chain: &C, layout: &Layout) -> Option<MatrixPlan> {
    chain
        .matrix(&chain.description().generate::<C::Own, _>(|counts| counts.own, || 0.0))
        .map(|stage| stage.rule.plan(layout))
}

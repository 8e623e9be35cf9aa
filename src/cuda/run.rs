//! A step on a device: everything is prepared, then everything is enqueued, and nothing is waited for.

use super::flaw::driver;
use super::joint::share;
use super::kept::Kept;
use super::launch::{Answer, launch};
use super::library::{Library, Loaded};
use super::lines::{line_blocks, line_words};
use super::prepared::{Plan, Planned, Preparing, in_waves};
use super::rows::{Rows, Shared};
use super::step::{Launch, Taken, constants, header, row};
use super::sums::Sums;
use super::uploads::{OnDevice, Uploads};
use super::{Architecture, Cuda};
use crate::device::{Decision, Evaluated, Formats, LEAF, Number, Work};
use crate::error::{CudaFlaw, Result};
use crate::random::Noise;
use crate::real::Real;
use crate::store::Store;
use crate::transform::{AxesOf, ConstantList, ElementsOf, FieldSet, Of, Stage};
use cudarc::driver::CudaStream;
use smallvec::SmallVec;
use std::sync::Arc;

/// What a device keeps from step to step.
#[derive(Debug, Default)]
pub(super) struct Runner {
    pub(super) library: Library,
    pub(super) uploads: Uploads,
    pub(super) kept: Kept,
    constants: Option<OnDevice>,
    /// Room for sums that the host asks for.
    pub(super) sums: Option<OnDevice>,
    /// Steps are prepared there instead of taken.
    pub(super) preparing: Option<Preparing>,
}

/// The tensors of a step that one kernel works on.
pub(super) struct Group<'w> {
    part: Part,
    pub(super) loaded: Arc<Loaded>,
    pub(super) rows: Rows<'w>,
    pub(super) tensors: Vec<Taken>,
    /// What the lines of each tensor are, as rows lead to it.
    lines: Vec<Arc<OnDevice>>,
    /// Who gets the first numbers of some memory, which the group has written.
    pub(super) asked: Option<(&'w mut Answer, Shared<f64>)>,
}

/// The groups of a step: mostly one.
pub(super) type Groups<'w> = SmallVec<[Group<'w>; 2]>;

/// What is launched of a kernel. The first word of what lists are found by.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Step,
    Evaluation,
    Sums,
}

impl<'w> Group<'w> {
    /// Room for so many tensors.
    pub(super) fn new(stream: &'w Arc<CudaStream>, part: Part, loaded: Arc<Loaded>, tensors: usize) -> Self {
        let rows = Rows::new(stream, tensors * loaded.kernel.row_words());
        let tensors = Vec::with_capacity(tensors);
        Self { part, loaded, rows, tensors, lines: Vec::new(), asked: None }
    }

    /// The launches, and what they are found by.
    fn launches(&self) -> (Vec<u64>, impl FnOnce() -> Vec<Launch>) {
        let part = self.part;
        let words = |tensor: &Taken| {
            let [maxima, raise] = tensor.line_blocks.map(|blocks| blocks as u64);
            let is_elsewhere = u64::from(tensor.is_elsewhere);
            [tensor.length as u64, tensor.statistics.taken, maxima, raise, is_elsewhere]
        };
        let mut key = Vec::with_capacity(2 + 5 * self.tensors.len());
        key.extend([part as u64, self.loaded.number]);
        key.extend(self.tensors.iter().flat_map(words));
        let list = move || {
            let Taken { length, .. } = self.tensors[0];
            match part {
                Part::Step => self.loaded.kernel.launches(&self.tensors),
                Part::Evaluation => self.loaded.kernel.evaluation(length).into_iter().collect(),
                Part::Sums => {
                    let lengths: Vec<_> = self.tensors.iter().map(|tensor| tensor.length).collect();
                    self.loaded.kernel.summed(&lengths)
                }
            }
        };
        (key, list)
    }
}

impl Runner {
    /// A step of some tensors, if need be behind a decision about their gradients.
    pub(super) fn step<C: Stage, K: Formats>(
        &mut self,
        stream: &Arc<CudaStream>,
        architecture: Architecture,
        works: &mut [Work<'_, Cuda, C, K>],
        decision: Option<&mut Decision<'_, Cuda>>,
    ) -> Result<()> {
        // What the host asks for, it would not get from a graph.
        let is_asked = decision.as_ref().is_some_and(|decision| decision.answer.is_some());
        self.begin(stream, is_asked.then_some(HOST_MUST_KNOW))?;
        let (mut groups, mut block) = (Groups::new(), header(0));
        let mut deciding = match decision {
            None => None,
            Some(decision) => {
                let loaded = self.library.decision::<K::Gradient>(stream.context(), architecture)?;
                let group = Group::new(stream, Part::Sums, loaded, works.len());
                Some(Sums::decide(group, decision, &mut block)?)
            }
        };
        let (mut last, count): (Option<(*const C, usize)>, _) = (None, works.len());
        let mut order = Vec::with_capacity(count);
        for work in works {
            let chain = work.chain.expect("an optimizer says what its chains are");
            let place = match last {
                Some((known, place)) if core::ptr::eq(known, chain) => place,
                _ => {
                    let loaded = self.library.chain::<C, K>(stream.context(), architecture, chain)?;
                    let known = groups.iter().position(|group| group.loaded.number == loaded.number);
                    known.unwrap_or_else(|| {
                        groups.push(Group::new(stream, Part::Step, loaded, count));
                        groups.len() - 1
                    })
                }
            };
            last = Some((chain, place));
            order.push(place);
            let lines =
                groups[place].loaded.kernel.has_lines().then(|| line_words(work.lines, work.gradient.len()));
            let lines = lines.map(|words| self.kept.table(stream, &mut self.uploads, &words)).transpose()?;
            add(&mut groups[place], deciding.as_mut(), &mut block, work, lines)?;
        }
        share(&mut groups, &order);
        if let Some(deciding) = deciding {
            groups.insert(0, deciding.group);
        }
        self.enqueue(stream, groups, &block)
    }

    /// The point for evaluation of a tensor.
    pub(super) fn evaluate<C: Stage, K: Formats>(
        &mut self,
        stream: &Arc<CudaStream>,
        architecture: Architecture,
        tensor: &mut Evaluated<'_, Cuda, C, K>,
    ) -> Result<()> {
        self.begin(stream, Some("it writes the point for evaluation"))?;
        let loaded = self.library.chain::<C, K>(stream.context(), architecture, tensor.chain)?;
        let length = tensor.into.len();
        if length == 0 {
            return Ok(());
        }
        if !loaded.kernel.evaluates() {
            // The parameter is the point.
            let copied = stream.memcpy_dtod(&tensor.parameter, &mut tensor.into);
            return Ok(copied.map_err(|error| driver("copy a tensor", error))?);
        }
        let statistics = crate::device::Statistics::of(tensor.chain, &crate::transform::Step::first(1.0));
        let nothing = Noise { keys: Default::default(), tensor: 0, gradient: 0 };
        let mut block = header(0);
        let mut group = Group::new(stream, Part::Evaluation, loaded, 1);
        let Group { loaded, rows, tensors, .. } = &mut group;
        rows.add(&row(length, block.len(), &nothing));
        constants(&mut block, &nothing, &rounded::<C, K>(&tensor.constants));
        rows.add(&[0, 0]);
        rows.read(&tensor.parameter, length)?;
        rows.write(&mut tensor.into, length)?;
        let mut flaw = Ok(());
        ElementsOf::<C>::map(ElementsOf::<C>::each_ref(&tensor.state), |field| {
            note(&mut flaw, rows.read(field, length))
        });
        Carry::<K>::map(Carry::<K>::each_ref(&tensor.carry), |field| {
            note(&mut flaw, rows.read(field, length))
        });
        flaw?;
        // Numbers of the tensor play no part.
        rows.fill(loaded.kernel.row_words());
        tensors.push(Taken { length, statistics, line_blocks: [0, 0], is_elsewhere: false });
        self.enqueue(stream, [group].into_iter().collect(), &block)
    }

    /// Sends what the device does not have yet, then launches; or prepares that.
    pub(super) fn enqueue(
        &mut self,
        stream: &Arc<CudaStream>,
        groups: Groups<'_>,
        block: &[u64],
    ) -> Result<()> {
        let Self { uploads, kept, constants, preparing, .. } = self;
        // What was launched of other streams' memory is told to them when this is dropped, in the end.
        let (mut plan, mut borrowed) = (Plan::new(), SmallVec::<[_; 2]>::new());
        for group in groups {
            let lists = {
                let (key, list) = group.launches();
                kept.lists(stream, uploads, &group.loaded, &key, list)?
            };
            let table = kept.table(stream, uploads, group.rows.words())?;
            plan.push(Planned { lists, table, lines: group.lines });
            borrowed.push((group.rows, group.asked));
        }
        let block = bytemuck::cast_slice(block);
        if let Some(preparing) = preparing.as_mut().filter(|preparing| preparing.is_here()) {
            preparing.check(&plan)?;
            uploads.send(stream, block, preparing.constants()?)?;
            preparing.keep(plan);
            return Ok(());
        }
        uploads.send(stream, block, constants)?;
        let constants = constants.as_ref().expect("just sent");
        for (place, planned, wave) in in_waves(&plan) {
            launch(stream, (planned, wave), constants).map_err(|error| driver("launch a kernel", error))?;
            // All of a decision is in the first wave.
            if let Some((answer, numbers)) = borrowed[place].1.take() {
                answer.ask(stream, &numbers).map_err(|error| driver("ask for what is decided", error))?;
            }
        }
        Ok(())
    }

    /// What must come before anything is asked of the driver in a thread. What has a reason for it cannot be prepared.
    pub(super) fn begin(&self, stream: &Arc<CudaStream>, not_replayable: Option<&'static str>) -> Result<()> {
        let is_prepared = self.preparing.as_ref().is_some_and(Preparing::is_here);
        if let Some(reason) = not_replayable.filter(|_| is_prepared) {
            return Err(CudaFlaw::NotReplayable { reason }.into());
        }
        Ok(stream.context().bind_to_thread().map_err(|error| driver("use the context", error))?)
    }
}

/// Why a step cannot be prepared whose result the host asks for.
pub(super) const HOST_MUST_KNOW: &str = "the host must know what comes of it";

type Carry<K> = <<K as Formats>::Store as Store>::Carry;

/// Adds a tensor to those of its kernel.
fn add<'w, C: Stage, K: Formats>(
    group: &mut Group<'w>,
    deciding: Option<&mut Sums<'w>>,
    block: &mut Vec<u64>,
    work: &'w mut Work<'_, Cuda, C, K>,
    lines: Option<Arc<OnDevice>>,
) -> Result<(), CudaFlaw> {
    let length = work.gradient.len();
    let Group { loaded, rows, tensors, lines: all_lines, .. } = group;
    let (line_blocks, count, room) = match lines {
        Some(_) => (line_blocks(work.lines, length), work.lines.count(), work.lines.room(length)),
        None => ([0, 0], 0, 0),
    };
    tensors.push(Taken { length, statistics: work.statistics, line_blocks, is_elsewhere: false });
    rows.add(&row(length, block.len(), &work.noise));
    constants(block, &work.noise, &rounded::<C, K>(work.constants));
    match lines {
        Some(lines) => {
            rows.lead_to(&lines);
            all_lines.push(lines);
        }
        None => rows.add(&[0]),
    }
    let leaves = if loaded.kernel.statistics().is_empty() { 0 } else { length.div_ceil(LEAF) };
    rows.write(&mut work.leaves, leaves)?;
    match &mut work.parameter {
        Some(parameter) => rows.write(parameter, length)?,
        None => rows.add(&[0]),
    }
    rows.read(&work.gradient, length)?;
    if let Some(deciding) = deciding {
        deciding.add(&work.gradient)?;
    }
    let mut flaw = Ok(());
    let state = ElementsOf::<C>::each_mut(&mut work.state);
    ElementsOf::<C>::map(state, |field| note(&mut flaw, rows.write(field, length)));
    Carry::<K>::map(Carry::<K>::each_mut(&mut work.carry), |field| {
        note(&mut flaw, rows.write(field, length))
    });
    C::Tensor::map(C::Tensor::each_mut(&mut work.tensor), |field| note(&mut flaw, rows.write(field, 1)));
    AxesOf::<C>::map(AxesOf::<C>::each_mut(&mut work.axes), |field| {
        note(&mut flaw, rows.write(field, count))
    });
    AxesOf::<C>::map(AxesOf::<C>::each_mut(&mut work.room), |field| note(&mut flaw, rows.write(field, room)));
    flaw
}

/// Keeps the first flaw of several.
fn note(flaw: &mut Result<(), CudaFlaw>, result: Result<(), CudaFlaw>) {
    if flaw.is_ok() {
        *flaw = result;
    }
}

/// Constants in the format of the arithmetic.
fn rounded<C: Stage, K: Formats>(constants: &Of<C::Constants, f64>) -> ConstantList<Number<K>> {
    let mut numbers = ConstantList::new();
    C::Constants::for_each(constants, &mut |number| numbers.push(Number::<K>::constant(*number)));
    numbers
}

//! [`PreparedStep`]: a step in two halves, the second of which a CUDA graph can take up.

use super::Cuda;
use super::kept::Lists;
use super::run::Runner;
use super::uploads::OnDevice;
use crate::error::{CudaFlaw, Result};
use cudarc::driver::CudaStream;
use smallvec::SmallVec;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

/// What is launched of a kernel, and all memory of gradus that it needs.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) lists: Arc<Lists>,
    pub(super) table: Arc<OnDevice>,
    /// What the lines of each tensor are, as rows of the table lead to it.
    #[expect(dead_code, reason = "it is kept, so that the memory lives")]
    pub(super) lines: Vec<Arc<OnDevice>>,
}

/// The kernels of a step of one optimizer.
pub(super) type Plan = SmallVec<[Planned; 2]>;

/// The order in which a plan is launched: the place of a kernel, the kernel, and the wave. In each wave, kernels follow
/// each other; so a wave finds what all of them have left in the one before.
pub(super) fn in_waves(plan: &Plan) -> impl Iterator<Item = (usize, &Planned, usize)> {
    let waves = || plan.iter().flat_map(|planned| &planned.lists.launches).map(|placed| placed.wave);
    let next = move |wave: &usize| waves().filter(|other| other > wave).min();
    let all = core::iter::successors(waves().min(), next);
    all.flat_map(|wave| plan.iter().enumerate().map(move |(place, planned)| (place, planned, wave)))
}

/// A step of one optimizer, with its constants in memory of its own.
#[derive(Debug, Default)]
struct Run {
    constants: Option<OnDevice>,
    plan: Plan,
}

/// Steps that are prepared and not launched, and by whom.
#[derive(Debug)]
pub(super) struct Preparing {
    thread: ThreadId,
    runs: Vec<Run>,
    /// How many of them have been prepared.
    count: usize,
    /// Whether they have been enqueued before, so that they must stay what they are.
    is_fixed: bool,
}

impl Preparing {
    /// Whether this thread prepares.
    pub(super) fn is_here(&self) -> bool {
        self.thread == thread::current().id()
    }

    /// Where the constants of the next run lie.
    pub(super) fn constants(&mut self) -> Result<&mut Option<OnDevice>, CudaFlaw> {
        if self.count == self.runs.len() {
            if self.is_fixed {
                return Err(changed("more optimizers take part than when it was enqueued"));
            }
            self.runs.push(Run::default());
        }
        Ok(&mut self.runs[self.count].constants)
    }

    /// Checks the plan of the next run, before its constants are sent.
    pub(super) fn check(&self, plan: &Plan) -> Result<(), CudaFlaw> {
        let same = |known: &Planned, new: &Planned| {
            Arc::ptr_eq(&known.table, &new.table) && Arc::ptr_eq(&known.lists, &new.lists)
        };
        match self.runs.get(self.count) {
            Some(run) if self.is_fixed => {
                let all = run.plan.len() == plan.len()
                    && run.plan.iter().zip(plan).all(|(known, new)| same(known, new));
                if all {
                    Ok(())
                } else {
                    Err(changed("tensors lie elsewhere, or other kernels run, than when it was enqueued"))
                }
            }
            _ => Ok(()),
        }
    }

    /// Keeps the plan of a run whose constants have been sent.
    pub(super) fn keep(&mut self, plan: Plan) {
        self.runs[self.count].plan = plan;
        self.count += 1;
    }
}

fn changed(reason: &'static str) -> CudaFlaw {
    CudaFlaw::NotReplayable { reason }
}

/// A step in two halves: [`prepare`](Self::prepare) does what the host must do, and sends the numbers of the step;
/// [`enqueue`](Self::enqueue) launches its kernels, and nothing else. So a CUDA graph can take up the second half, and
/// each launch of the graph is another step.
///
/// Take some steps as usual first: kernels are compiled then, and rules that begin in another way have begun. Turn off
/// cudarc's event tracking before tensors are made (`disable_event_tracking`), since a capture must not wait for what
/// lies outside it. A joint clip is decided anew with each launch. Steps of which the host must know what came (a policy, the
/// scale of a loss, a pair of optimizers with a joint clip) have no halves.
///
/// ```no_run
/// use gradus::cuda::cudarc::driver::sys::{CUgraphInstantiate_flags, CUstreamCaptureMode};
/// use gradus::cuda::{Cuda, cudarc::driver::CudaContext};
/// use gradus::optimizer::Build;
/// use gradus::rule::AdamW;
///
/// let context = CudaContext::new(0)?;
/// unsafe { context.disable_event_tracking() }; // everything below is done in one stream
/// let stream = context.new_stream()?;
/// let device = Cuda::on(stream.clone())?;
/// let mut parameters = [("weight", device.tensor(&[3], &[1.0f32; 3])?)];
/// let gradients = [("weight", device.tensor(&[3], &[0.1f32; 3])?)];
/// let mut optimizer = AdamW::default().build(device.clone(), &parameters)?;
/// optimizer.step(&mut parameters, &gradients)?;
///
/// let mut step = device.prepared_step();
/// step.prepare(|| optimizer.step(&mut parameters, &gradients))?;
/// stream.begin_capture(CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL)?;
/// // the model's own kernels come here
/// // SAFETY: the tensors and the optimizer live, and stay where they are, as long as the graph.
/// unsafe { step.enqueue()? };
/// let graph = stream.end_capture(CUgraphInstantiate_flags(0))?.expect("something was captured");
/// graph.launch()?;
/// for _ in 0..100 {
///     step.prepare(|| optimizer.step(&mut parameters, &gradients))?;
///     graph.launch()?;
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct PreparedStep {
    pub(super) stream: Arc<CudaStream>,
    runner: Arc<Mutex<Runner>>,
    runs: Vec<Run>,
    count: usize,
    is_fixed: bool,
}

impl PreparedStep {
    pub(super) fn new(stream: Arc<CudaStream>, runner: Arc<Mutex<Runner>>) -> Self {
        Self { stream, runner, runs: Vec::new(), count: 0, is_fixed: false }
    }

    /// Runs a closure in which steps on this device are prepared instead of taken: those of one optimizer or of
    /// several. They count as taken; [`enqueue`](Self::enqueue), or a launch of the graph that it was captured in, must
    /// follow each time. Where tensors lie must stay the same once the step has been enqueued.
    ///
    /// # Errors
    /// Those of the steps. [`CudaFlaw::NotReplayable`] for a step of which the host must know what came, and if it has become
    /// another one than was enqueued: then it has not been counted, and must be captured again, by a new
    /// `PreparedStep`.
    pub fn prepare<X>(&mut self, steps: impl FnOnce() -> Result<X>) -> Result<X> {
        self.begin()?;
        let back = GiveBack(self);
        let result = steps();
        drop(back);
        let is_less = self.is_fixed && self.count != self.runs.len();
        if result.is_err() || is_less {
            self.count = 0; // a part of it must not be launched
        }
        if result.is_ok() && is_less {
            return Err(changed("fewer optimizers take part than when it was enqueued").into());
        }
        result
    }

    /// From here on, steps in this thread are prepared.
    fn begin(&mut self) -> Result<(), CudaFlaw> {
        let (thread, is_fixed) = (thread::current().id(), self.is_fixed);
        let runner = self.runner.clone();
        let mut runner = runner.lock().unwrap_or_else(PoisonError::into_inner);
        if runner.preparing.is_some() {
            return Err(changed("another step of this device is being prepared"));
        }
        runner.preparing =
            Some(Preparing { thread, runs: core::mem::take(&mut self.runs), count: 0, is_fixed });
        Ok(())
    }

    fn runner(&self) -> MutexGuard<'_, Runner> {
        self.runner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What `enqueue` launches.
    pub(super) fn launches(&mut self) -> Result<impl Iterator<Item = (&OnDevice, &Plan)>, CudaFlaw> {
        if self.count == 0 {
            return Err(changed("nothing has been prepared"));
        }
        self.is_fixed = true;
        let runs = self.runs[..self.count].iter();
        Ok(runs.map(|run| (run.constants.as_ref().expect("sent when it was prepared"), &run.plan)))
    }
}

/// Ends the preparation, also where a step panics.
struct GiveBack<'p>(&'p mut PreparedStep);

impl Drop for GiveBack<'_> {
    fn drop(&mut self) {
        let preparing = self.0.runner().preparing.take();
        if let Some(Preparing { runs, count, .. }) = preparing {
            (self.0.runs, self.0.count) = (runs, count);
        }
    }
}

impl Cuda {
    /// A step in two halves, for CUDA graphs: see [`PreparedStep`].
    pub fn prepared_step(&self) -> PreparedStep {
        PreparedStep::new(self.stream().clone(), self.shared_runner())
    }
}

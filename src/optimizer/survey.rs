//! What is found out about all gradients before a step: their norm, and whether one is not finite.

use super::loss_scale::LossScale;
use super::{Optimizer, TensorState};
use crate::clip::{Deciding, GradientNorm, JointClip};
use crate::device::{Decided, Decision, Device, Formats, LEAF, Number, TINY, UNITS};
use crate::dtype::{Format, StorageDtype};
use crate::error::{Error, Result};
use crate::transform::{Rule, Stage};

/// What a step does with gradients before any of them moves a parameter.
#[derive(Clone, Debug, Default)]
pub(super) struct Survey {
    pub(super) clip: Option<JointClip>,
    pub(super) nonfinite: Nonfinite,
    pub(super) scale: Option<LossScale>,
    /// The norm that was found last.
    norm: Found,
    /// Steps that were left out so far.
    pub(super) skipped: u64,
    /// What gradients are multiplied with in the step that has been judged.
    pub(super) factor: Option<Factor>,
    /// Sums over the tensors of a step; kept, so that only the first step allocates them.
    sums: Vec<f64>,
}

/// The norm that was found last, or where it is.
#[derive(Clone, Copy, Debug, Default)]
enum Found {
    #[default]
    Nothing,
    Here(GradientNorm),
    /// On the device, that of so many elements.
    OnDevice(u64),
}

/// What the device decides by itself, and its room for that.
pub(super) struct OnDevice<D: Device> {
    numbers: D::Buffer<f64>,
    leaves: D::Buffer<f64>,
    /// What the host must know of it before the next step.
    answer: Option<D::Answer>,
    /// Whether the last step has not been counted yet, for the host has not asked for the answer.
    pub(super) is_outstanding: bool,
}

/// What a gradient that is infinite or NaN does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Nonfinite {
    #[default]
    Propagates,
    SkipsTheStep,
    RefusesTheStep,
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stepped {
    /// Parameters have moved.
    Taken,
    /// The device takes the step or leaves it out, and decides that by itself: see
    /// [`skip_nonfinite`](super::Builder::skip_nonfinite). Parameters have moved, or nothing has changed; whatever counts
    /// steps, [`skipped`](Optimizer::skipped) among them, waits until it is decided. On the CPU this is never so.
    Undecided,
    /// Every gradient was absent: nothing has changed.
    WithoutGradients,
    /// A gradient was infinite or NaN: nothing has changed but the count of
    /// [skipped](Optimizer::skipped) steps and the scale of the loss.
    Skipped,
}

/// What a survey decides.
pub(super) enum Verdict {
    /// The step is taken, with gradients multiplied by a factor.
    Take(Factor),
    /// The step is left out.
    Skip,
}

/// What gradients are multiplied with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Factor {
    Known(f64),
    /// What the device makes of these numbers, and of the norm of so many elements.
    OfDevice {
        by: Deciding<f64>,
        elements: u64,
    },
}

impl Survey {
    pub(super) fn new(clip: Option<JointClip>, nonfinite: Nonfinite, scale: Option<LossScale>) -> Self {
        Self { clip, nonfinite, scale, ..Self::default() }
    }

    /// Whether gradients must be looked at.
    pub(super) fn looks(&self) -> bool {
        self.clip.is_some() || self.scale.is_some() || self.nonfinite != Nonfinite::Propagates
    }

    /// Looks at all gradients.
    pub(super) fn judge<C: Stage, K: Formats, D: Device>(
        &mut self,
        device: &D,
        tensors: &[TensorState<C, K, D>],
        gradients: &[Option<D::View<'_, K::Gradient>>],
        known: Option<GradientNorm>,
    ) -> Result<Verdict> {
        if !self.looks() {
            return Ok(Verdict::Take(Factor::Known(1.0)));
        }
        let policy = if self.scale.is_some() { Nonfinite::SkipsTheStep } else { self.nonfinite };
        let unscale = self.scale.as_ref().map_or(1.0, |scale| 1.0 / scale.get());
        // A culprit must be named before anything changes.
        if D::DECIDES && known.is_none() && policy != Nonfinite::RefusesTheStep {
            let elements = elements(tensors, gradients);
            // Where there are none, nothing would be summed.
            if elements > 0 {
                let by = Deciding::of(self.clip, elements, unscale, largest::<K>());
                let skips = if policy == Nonfinite::SkipsTheStep { 1.0 } else { 0.0 };
                return Ok(Verdict::Take(Factor::OfDevice { by: Deciding { skips, ..by }, elements }));
            }
        }
        let mut norm = match known {
            Some(norm) => norm,
            None => self.measure(device, tensors, gradients)?,
        };
        let finite = norm.norm.is_finite();
        if !finite && policy == Nonfinite::RefusesTheStep {
            return Err(culprit::<K, D, C>(device, tensors, gradients)?);
        }
        norm.norm *= unscale;
        self.norm = Found::Here(norm);
        if !finite && policy == Nonfinite::SkipsTheStep {
            self.left_out();
            return Ok(Verdict::Skip);
        }
        let by = Deciding::of(self.clip, norm.elements, unscale, largest::<K>());
        Ok(Verdict::Take(Factor::Known(by.factor(norm.norm))))
    }

    /// After a step whose norm the device has.
    pub(super) fn leave_on_device(&mut self, elements: u64) {
        self.norm = Found::OnDevice(elements);
    }

    /// After a step that was left out.
    pub(super) fn left_out(&mut self) {
        self.skipped += 1;
        if let Some(scale) = &mut self.scale {
            scale.back_off();
        }
    }

    /// After a step that was taken.
    pub(super) fn taken(&mut self) {
        if let Some(scale) = &mut self.scale {
            scale.grow();
        }
    }

    /// The norm of all gradients.
    pub(super) fn measure<C: Stage, K: Formats, D: Device>(
        &mut self,
        device: &D,
        tensors: &[TensorState<C, K, D>],
        gradients: &[Option<D::View<'_, K::Gradient>>],
    ) -> Result<GradientNorm> {
        let sums = &mut self.sums;
        sums.resize(gradients.len(), 0.0);
        let mut root = |unit: f64| {
            device.square_sums(gradients, unit, sums)?;
            Ok::<f64, Error>(sums.iter().sum::<f64>().sqrt() / unit)
        };
        let [one, small, large] = UNITS;
        let norm = match root(one)? {
            norm if !matches!(K::Gradient::FORMAT, Format::F64) => norm,
            f64::INFINITY => root(small)?,
            norm if norm < TINY => root(large)?,
            norm => norm,
        };
        Ok(GradientNorm { norm, elements: elements(tensors, gradients) })
    }
}

impl<D: Device> OnDevice<D> {
    /// Room for a decision about all tensors, or [`None`] if there is no memory for it.
    pub(super) fn new<C: Stage, K: Formats>(device: &D, tensors: &[TensorState<C, K, D>]) -> Result<Self> {
        let leaves = tensors.iter().map(|tensor| tensor.layout.len().div_ceil(LEAF)).sum();
        let room = |length: usize| {
            let bytes = length * size_of::<f64>();
            device.zeros(length).ok_or(Error::OutOfMemory { parameter: "the joint norm".to_owned(), bytes })
        };
        Ok(Self {
            numbers: room(Decided::NUMBERS)?,
            leaves: room(leaves)?,
            answer: None,
            is_outstanding: false,
        })
    }

    /// Has the device decide by these numbers.
    pub(super) fn decision(&mut self, device: &D, by: Deciding<f64>) -> Result<Decision<'_, D>> {
        let Self { numbers, leaves, answer, .. } = self;
        if by.skips > 0.0 && answer.is_none() {
            *answer = Some(device.answer()?);
        }
        let answer = answer.as_mut().filter(|_| by.skips > 0.0);
        Ok(Decision { by, into: D::view_mut(numbers), leaves: D::view_mut(leaves), answer })
    }

    /// What it decided last. Waits for that; for all of the step if the host need not know it.
    pub(super) fn decided(&self, device: &D) -> Result<Decided> {
        match &self.answer {
            Some(answer) => device.answered(answer),
            None => Ok(Decided::of(&device.read(&self.numbers)?)),
        }
    }
}

/// How many elements of gradients there are.
fn elements<C: Stage, K: Formats, D: Device>(
    tensors: &[TensorState<C, K, D>],
    gradients: &[Option<D::View<'_, K::Gradient>>],
) -> u64 {
    let present = tensors.iter().zip(gradients).filter(|(_, gradient)| gradient.is_some());
    present.map(|(tensor, _)| tensor.layout.len() as u64).sum()
}

/// The largest number of the arithmetic.
fn largest<K: Formats>() -> f64 {
    if matches!(<Number<K> as StorageDtype>::FORMAT, Format::F64) { f64::MAX } else { f32::MAX.into() }
}

/// The error that names the first gradient that is not finite.
fn culprit<K: Formats, D: Device, C: Stage>(
    device: &D,
    tensors: &[TensorState<C, K, D>],
    gradients: &[Option<D::View<'_, K::Gradient>>],
) -> Result<Error> {
    for (tensor, gradient) in tensors.iter().zip(gradients) {
        if let Some(view) = gradient
            && let Some(place) = device.first_nonfinite(view)?
        {
            let index = tensor.layout.index(place);
            return Ok(Error::NonfiniteGradient { parameter: tensor.name.clone(), index });
        }
    }
    Ok(Error::NonfiniteNorm)
}

impl<R: Rule, K: Formats, A: super::Arrival, D: Device, F: super::Phase> Optimizer<R, K, A, D, F> {
    /// The norm of all gradients as the last step found it, taken or skipped: before it was clipped,
    /// without the scale of the loss.
    ///
    /// [`None`] before the first step, and unless an option looks at all gradients: one that
    /// [clips](super::Builder::clip_global_norm) them together, a
    /// [policy](super::Builder::skip_nonfinite), or [loss scaling](super::Builder::loss_scaling).
    /// [`measure`](Self::measure) finds it in any case.
    ///
    /// On a GPU a step leaves the norm there, and this waits until it is found; [`None`], too, if the device cannot say it
    /// any more. Of a [prepared step](crate::guide::cuda) it is that of the last launch.
    pub fn gradient_norm(&self) -> Option<GradientNorm> {
        match (self.survey.norm, &self.on_device) {
            (Found::Here(norm), _) => Some(norm),
            (Found::OnDevice(elements), Some(decided)) => {
                let Decided { norm, .. } = decided.decided(&self.device).ok()?;
                Some(GradientNorm { norm, elements })
            }
            _ => None,
        }
    }

    /// Steps that were left out because a gradient was infinite or NaN.
    pub fn skipped(&self) -> u64 {
        self.judged().0
    }

    /// What to multiply the loss with before gradients are computed; 1 without
    /// [`loss_scaling`](super::Builder::loss_scaling).
    pub fn loss_scale(&self) -> f64 {
        self.judged().1.map_or(1.0, |scale| scale.get())
    }
}

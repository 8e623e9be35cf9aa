//! A step with all gradients together.

use super::bringing::Prepared;
use super::extras::Releasable;
use super::fetch::fetch;
use super::scratch::{GradientViews, ParameterViews, recycled};
use super::survey::{Factor, OnDevice, Stepped, Verdict};
use super::{Arrival, Optimizer, Phase, SeesEveryGradient, TensorState, Together, Trains};
use super::{Released, TakesGradientsSingly};
use crate::clip::GradientNorm;
use crate::device::{Bringing, Device, Formats, GradientSet, ParameterSet, Slot};
use crate::error::{Error, Result};
use crate::shape::Layout;
use crate::transform::{Arrives, Rule, Stage, Step};
use core::mem;

impl<R: Rule, K: Formats, A: Arrival, D: Device, F: Phase> Optimizer<R, K, A, D, F> {
    /// Takes one step with all gradients.
    ///
    /// Parameters and gradients come in the order of the set that the optimizer was built for. A
    /// gradient that is absent (`None`) leaves its parameter, its state and its counter alone; if all
    /// are absent, this is no step. Nor is it one if a gradient is infinite or NaN and
    /// [the policy](super::Builder::skip_nonfinite) is to skip it: what came of the call is returned.
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::optimizer::Build;
    /// use gradus::rule::Sgd;
    ///
    /// let mut parameters = [("weight", vec![1.0f32, 2.0]), ("bias", vec![3.0])];
    /// let mut optimizer = Sgd::default().build(Cpu::default(), &parameters)?;
    /// optimizer.step(&mut parameters, &[("weight", Some(vec![10.0f32, 10.0])), ("bias", None)])?;
    /// assert_eq!(parameters, [("weight", vec![0.0, 1.0]), ("bias", vec![3.0])]);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// Nothing has been changed if this fails. For the parameters:
    /// [`ParameterCount`](Error::ParameterCount), [`ParameterOrder`](Error::ParameterOrder),
    /// [`ParameterShape`](Error::ParameterShape). For the gradients:
    /// [`MissingGradient`](Error::MissingGradient), [`UnknownGradient`](Error::UnknownGradient),
    /// [`GradientOrder`](Error::GradientOrder), [`GradientShape`](Error::GradientShape). For both:
    /// [`MemoryOrder`](Error::MemoryOrder), [`NotContiguous`](Error::NotContiguous). For the values,
    /// if options ask for it: [`Scheduled`](Error::Scheduled),
    /// [`NonfiniteGradient`](Error::NonfiniteGradient).
    pub fn step(
        &mut self,
        parameters: &mut (impl ParameterSet<D, K::Parameter> + ?Sized),
        gradients: &(impl GradientSet<D, K::Gradient> + ?Sized),
    ) -> Result<Stepped>
    where
        A: SeesEveryGradient,
        F: Trains,
    {
        self.step_together(parameters, gradients, None)
    }

    /// Takes one step, as [`step`](Self::step), with a norm that has been measured over more
    /// gradients than these: for a model whose parameters several optimizers share.
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::optimizer::Build;
    /// use gradus::rule::Sgd;
    /// use half::bf16;
    ///
    /// let mut weights = [("weight", vec![bf16::ZERO])];
    /// let mut scales = [("scale", vec![0.0f32])];
    /// let clipped = Sgd::default().clip_global_norm(1.0);
    /// let mut of_weights = clipped.parameters_in::<bf16>().kahan().build(Cpu::default(), &weights)?;
    /// let mut of_scales = Sgd::default().clip_global_norm(1.0).build(Cpu::default(), &scales)?;
    ///
    /// let to_weights = [("weight", vec![bf16::from_f32(30.0)])];
    /// let to_scales = [("scale", vec![40.0f32])];
    /// let norm = of_weights.measure(&to_weights)?.join(of_scales.measure(&to_scales)?);
    /// of_weights.step_with_norm(&mut weights, &to_weights, norm)?;
    /// of_scales.step_with_norm(&mut scales, &to_scales, norm)?;
    /// assert!((scales[0].1[0] + 0.1 * 40.0 / 50.0).abs() < 1e-6);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`step`](Self::step), and [`NonfiniteNorm`](Error::NonfiniteNorm).
    pub fn step_with_norm(
        &mut self,
        parameters: &mut (impl ParameterSet<D, K::Parameter> + ?Sized),
        gradients: &(impl GradientSet<D, K::Gradient> + ?Sized),
        norm: GradientNorm,
    ) -> Result<Stepped>
    where
        A: SeesEveryGradient,
        F: Trains,
    {
        self.step_together(parameters, gradients, Some(norm))
    }

    /// The norm of these gradients, as they are: neither clipped nor divided by a scale of the loss.
    /// Those of frozen parameters do not count.
    ///
    /// # Errors
    /// Those of [`step`](Self::step) for gradients.
    pub fn measure(
        &mut self,
        gradients: &(impl GradientSet<D, K::Gradient> + ?Sized),
    ) -> Result<GradientNorm> {
        self.with_gradients(gradients, |this, gradients| {
            this.survey.measure(&this.device, &this.tensors, gradients)
        })
    }

    /// A joint step, whatever the type says about when gradients arrive.
    pub(crate) fn step_together(
        &mut self,
        parameters: &mut (impl ParameterSet<D, K::Parameter> + ?Sized),
        gradients: &(impl GradientSet<D, K::Gradient> + ?Sized),
        norm: Option<GradientNorm>,
    ) -> Result<Stepped> {
        self.with_views(parameters, gradients, |this, parameters, gradients| {
            this.run_together(parameters, gradients, norm)
        })
    }

    /// Checks parameters and gradients, and does something with their views.
    pub(super) fn with_views<X>(
        &mut self,
        parameters: &mut (impl ParameterSet<D, K::Parameter> + ?Sized),
        gradients: &(impl GradientSet<D, K::Gradient> + ?Sized),
        run: impl FnOnce(&mut Self, &mut ParameterViews<'_, K, D>, &mut GradientViews<'_, K, D>) -> Result<X>,
    ) -> Result<X> {
        let mut views = recycled(mem::take(&mut self.scratch.parameters));
        let collected = collect_parameters(&self.tensors, parameters, &mut views);
        let result = collected.and_then(|()| {
            self.with_gradients(gradients, |this, gradients| run(this, &mut views, gradients))
        });
        self.scratch.parameters = recycled(views);
        result
    }

    /// Checks gradients, and does something with their views.
    pub(super) fn with_gradients<X>(
        &mut self,
        gradients: &(impl GradientSet<D, K::Gradient> + ?Sized),
        run: impl FnOnce(&mut Self, &mut GradientViews<'_, K, D>) -> Result<X>,
    ) -> Result<X> {
        let mut views = recycled(mem::take(&mut self.scratch.gradients));
        let collected = collect_gradients(&self.tensors, gradients, &mut views);
        let result = collected.and_then(|()| run(self, &mut views));
        self.scratch.gradients = recycled(views);
        result
    }

    /// Runs a step whose views have been checked.
    fn run_together(
        &mut self,
        parameters: &mut ParameterViews<'_, K, D>,
        gradients: &mut GradientViews<'_, K, D>,
        norm: Option<GradientNorm>,
    ) -> Result<Stepped> {
        // A step without any gradient is no step, as under gradient release.
        if gradients.iter().all(Option::is_none) {
            return Ok(Stepped::WithoutGradients);
        }
        self.begin_groups()?;
        match self.survey.judge(&self.device, &self.tensors, gradients, norm)? {
            Verdict::Skip => Ok(Stepped::Skipped),
            Verdict::Take(factor) => self.run(parameters, gradients, factor),
        }
    }

    /// Prepares every group for the next step.
    pub(super) fn begin_groups(&mut self) -> Result<()> {
        self.settle()?;
        let optimizer = self.steps + 1;
        self.groups.iter_mut().try_for_each(|group| group.begin(optimizer))
    }

    /// Moves the parameters whose gradients are there, multiplied by a factor.
    pub(super) fn run(
        &mut self,
        parameters: &mut ParameterViews<'_, K, D>,
        gradients: &mut GradientViews<'_, K, D>,
        factor: Factor,
    ) -> Result<Stepped> {
        let optimizer = self.steps + 1;
        let (gradient_factor, by) = match factor {
            Factor::Known(factor) => (factor, None),
            Factor::OfDevice { by, .. } => (1.0, Some(by)),
        };
        if by.is_some() && self.on_device.is_none() {
            self.on_device = Some(OnDevice::new(&self.device, &self.tensors)?);
        }
        let alike = &mut self.scratch.alike;
        alike.begin(self.tensors.len());
        let mut are_matrices = false;
        for (tensor, gradient) in self.tensors.iter_mut().zip(&*gradients) {
            if gradient.is_some() {
                let group = &self.groups[tensor.group];
                let at = group.step_of(tensor.received, optimizer, Arrives::ToStep);
                tensor.prepare((&group.chain, &group.next), alike, Step { gradient_factor, ..at });
                are_matrices |= tensor.matrix.is_some();
            }
        }
        let prepared = Prepared {
            tensors: &mut self.tensors,
            parameters,
            gradients,
            groups: &self.groups,
            stand_alone: !are_matrices && alike.take_no_statistics(),
            alike,
            keys: self.keys,
        };
        let mut works = recycled(mem::take(&mut self.scratch.works));
        let result = match (by, &mut self.on_device) {
            (Some(by), Some(room)) => {
                prepared.for_each(|work| works.push(work));
                let decision = room.decision(&self.device, by);
                decision.and_then(|decision| self.device.run_decided(&mut works, decision))
            }
            _ => self.device.run_brought(&mut works, prepared),
        };
        self.scratch.works = recycled(works);
        if let Err(error) = result {
            self.tensors.iter_mut().for_each(|tensor| tensor.commit(false));
            return Err(error);
        }
        if let Factor::OfDevice { elements, .. } = factor {
            self.survey.leave_on_device(elements);
        }
        match (by, &mut self.on_device) {
            (Some(by), Some(room)) if by.skips > 0.0 => {
                room.is_outstanding = true;
                Ok(Stepped::Undecided)
            }
            _ => {
                self.count(true);
                Ok(Stepped::Taken)
            }
        }
    }

    /// Goes on with gradients one by one; state and counters stay.
    pub fn into_released(self) -> Optimizer<R, K, Released, D, F>
    where
        R: Releasable,
    {
        self.retyped()
    }

    /// Goes on with all gradients together; state and counters stay.
    ///
    /// # Errors
    /// [`UnfinishedStep`](Error::UnfinishedStep) if a step was dropped before `finish`; the
    /// optimizer is given back.
    pub fn into_together(self) -> Result<Optimizer<R, K, Together, D, F>, Box<crate::error::Refused<Self>>>
    where
        A: TakesGradientsSingly,
    {
        match self.unfinished() {
            None => Ok(self.retyped()),
            Some(error) => Err(Box::new(crate::error::Refused { error, returned: self })),
        }
    }
}

pub(super) fn collect_parameters<'p, C: Stage, K: Formats, D: Device>(
    tensors: &[TensorState<C, K, D>],
    parameters: &'p mut (impl ParameterSet<D, K::Parameter> + ?Sized),
    views: &mut Vec<impl From<D::ViewMut<'p, K::Parameter>>>,
) -> Result<()> {
    fetch(tensors);
    let mut place = 0;
    let mut result = Ok(());
    parameters.lend(&mut |name, layout, view| {
        if let (Ok(()), Some(tensor)) = (&result, tensors.get(place)) {
            result = if name == tensor.name {
                tensor.check_parameter(&layout, view).map(|view| views.push(view.into()))
            } else {
                let (expected, found) = (tensor.name.clone(), name.to_owned());
                Err(Error::ParameterOrder { place, expected, found })
            };
        }
        place += 1;
    });
    result?;
    if place == tensors.len() {
        Ok(())
    } else {
        Err(Error::ParameterCount { expected: tensors.len(), found: place })
    }
}

fn collect_gradients<'g, C: Stage, K: Formats, D: Device>(
    tensors: &[TensorState<C, K, D>],
    gradients: &'g (impl GradientSet<D, K::Gradient> + ?Sized),
    views: &mut Vec<Option<D::View<'g, K::Gradient>>>,
) -> Result<()> {
    let mut place = 0;
    let mut result = Ok(());
    gradients.lend(&mut |name, slot| {
        if result.is_ok() {
            result = match tensors.get(place) {
                None => Err(Error::UnknownGradient { name: name.to_owned() }),
                Some(tensor) if name == tensor.name => tensor
                    .check_gradient(slot)
                    .map(|gradient| views.push(gradient.filter(|_| !tensor.frozen))),
                Some(tensor) => {
                    let (expected, found) = (tensor.name.clone(), name.to_owned());
                    Err(Error::GradientOrder { place, expected, found })
                }
            };
        }
        place += 1;
    });
    result?;
    if place < tensors.len() {
        let parameters = tensors[place..].iter().map(|tensor| tensor.name.clone()).collect();
        return Err(Error::MissingGradient { parameters });
    }
    Ok(())
}

impl<C: Stage, K: Formats, D: Device> TensorState<C, K, D> {
    /// The parameter's memory, if it is laid out as it was when the optimizer was built.
    pub(super) fn check_parameter<V>(&self, layout: &Layout, view: Option<V>) -> Result<V> {
        self.check("value", layout, view, |parameter, [expected, found]| Error::ParameterShape {
            parameter,
            expected,
            found,
        })
    }

    /// The gradient's memory, if it is laid out as the parameter; [`None`] if it is absent.
    pub(super) fn check_gradient<V>(&self, slot: Slot<V>) -> Result<Option<V>> {
        let refused =
            |parameter, [expected, found]: [_; 2]| Error::GradientShape { parameter, expected, found };
        match slot {
            Slot::Absent => Ok(None),
            Slot::WithGaps => Err(self.not_contiguous("gradient")),
            Slot::Present(layout, view) => self.check("gradient", &layout, Some(view), refused).map(Some),
        }
    }

    fn check<V>(
        &self,
        role: &'static str,
        layout: &Layout,
        view: Option<V>,
        refused: impl FnOnce(String, [Box<Layout>; 2]) -> Error,
    ) -> Result<V> {
        let is_same = *layout == self.layout;
        if !is_same && layout.shape() != self.layout.shape() {
            let shapes = [&self.layout, layout].map(|layout| Box::new(layout.clone()));
            return Err(refused(self.name.clone(), shapes));
        }
        let view = view.ok_or_else(|| self.not_contiguous(role))?;
        if is_same {
            return Ok(view);
        }
        Err(Error::MemoryOrder {
            parameter: self.name.clone(),
            role,
            expected: self.layout.strides().to_vec(),
            found: layout.strides().to_vec(),
        })
    }

    pub(super) fn not_contiguous(&self, role: &'static str) -> Error {
        Error::NotContiguous { parameter: self.name.clone(), role }
    }
}

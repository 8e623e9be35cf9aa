//! Two faces: the point that is trained, and the one that is evaluated.
//!
//! ```text
//! Optimizer<.., Training> ──into_evaluation──▶ Optimizer<.., Evaluation>
//!  step, release          ◀──into_training───   nothing that needs the point for training
//! ```
//!
//! On the way out the parameters are kept, in their own format, and written back on the way back: not
//! a bit of them changes, however often one goes.

use super::extras::TwoFaced;
use super::step::collect_parameters;
use super::{Arrival, Evaluates, Evaluation, Optimizer, Phase, TensorState, Training, Trains};
use crate::device::{Device, Evaluated, Formats, GradientSet, ParameterSet, Slot};
use crate::dtype::StorageDtype;
use crate::error::{Error, Refused, Result};
use crate::store::Store;
use crate::transform::{ChainOf, ElementsOf, FieldSet, Of, Rule, Stage};

impl<R: Rule, K: Formats, A: Arrival, D: Device, F: Phase> Optimizer<R, K, A, D, F> {
    /// Moves the parameters to the point for evaluation, and keeps them as they were for
    /// [`into_training`](Self::into_training): a copy in their own format, until then.
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::hyperparameter::LearningRate;
    /// use gradus::optimizer::Build;
    /// use gradus::rule::{Sgd, WeightAverage};
    ///
    /// let mut parameters = [("x", vec![0.0f32])];
    /// let rule = Sgd { learning_rate: LearningRate::new(1.0)?, ..Sgd::default() };
    /// let mut optimizer = rule.average(WeightAverage::uniform()).build(Cpu::default(), &parameters)?;
    /// for _ in 0..3 {
    ///     optimizer.step(&mut parameters, &[("x", vec![-1.0f32])])?;
    /// }
    /// let optimizer = optimizer.into_evaluation(&mut parameters).map_err(|refused| refused.error)?;
    /// assert_eq!(parameters[0].1, [2.0]); // the mean of 1, 2 and 3
    /// let optimizer = optimizer.into_training(&mut parameters).map_err(|refused| refused.error)?;
    /// assert_eq!(parameters[0].1, [3.0]);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    ///
    /// A parameter that is frozen, or has not moved yet, stays where it is.
    ///
    /// # Errors
    /// The optimizer is given back, and nothing has been changed:
    /// [`UnfinishedStep`](Error::UnfinishedStep), [`OutOfMemory`](Error::OutOfMemory), and those of
    /// [`step`](Self::step) for parameters.
    pub fn into_evaluation(
        mut self,
        parameters: &mut (impl ParameterSet<D, K::Parameter> + ?Sized),
    ) -> Result<Optimizer<R, K, A, D, Evaluation>, Box<Refused<Self>>>
    where
        R: TwoFaced,
        F: Trains,
    {
        match self.leave_training(parameters) {
            Ok(kept) => {
                self.kept = kept;
                Ok(self.retyped())
            }
            Err(error) => Err(Box::new(Refused { error, returned: self })),
        }
    }

    /// Writes the parameters as they were at [`into_evaluation`](Self::into_evaluation), bit for bit.
    ///
    /// # Errors
    /// The optimizer is given back, and nothing has been changed: those of [`step`](Self::step) for
    /// parameters.
    pub fn into_training(
        mut self,
        parameters: &mut (impl ParameterSet<D, K::Parameter> + ?Sized),
    ) -> Result<Optimizer<R, K, A, D, Training>, Box<Refused<Self>>>
    where
        F: Evaluates,
    {
        match self.return_to_training(parameters) {
            Ok(()) => {
                self.kept = Vec::new();
                Ok(self.retyped())
            }
            Err(error) => Err(Box::new(Refused { error, returned: self })),
        }
    }

    /// Writes the point for evaluation into other tensors, of the same names and layouts. Neither
    /// `parameters` nor the optimizer change.
    ///
    /// `parameters` are read as gradients are, so whatever can be passed as gradients can be passed here.
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::optimizer::Build;
    /// use gradus::rule::{Lion, WeightAverage};
    ///
    /// let mut parameters = [("x", vec![1.0f32])];
    /// let average = WeightAverage::exponential(0.99)?;
    /// let mut optimizer = Lion::default().average(average).build(Cpu::default(), &parameters)?;
    /// optimizer.step(&mut parameters, &[("x", vec![3.0f32])])?;
    ///
    /// let mut best = parameters.clone();
    /// optimizer.evaluation_into(&parameters, &mut best)?;
    /// assert_eq!(best, parameters); // the average of one
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// Nothing has been written if this fails: [`UnfinishedStep`](Error::UnfinishedStep),
    /// [`AbsentParameter`](Error::AbsentParameter), and those of [`step`](Self::step) for parameters.
    pub fn evaluation_into(
        &self,
        parameters: &(impl GradientSet<D, K::Parameter> + ?Sized),
        into: &mut (impl ParameterSet<D, K::Parameter> + ?Sized),
    ) -> Result<()>
    where
        R: TwoFaced,
        F: Trains,
    {
        self.evaluate_into(parameters, into)
    }

    /// Writes the point for evaluation, whatever the types say about there being one.
    pub(crate) fn evaluate_into(
        &self,
        parameters: &(impl GradientSet<D, K::Parameter> + ?Sized),
        into: &mut (impl ParameterSet<D, K::Parameter> + ?Sized),
    ) -> Result<()> {
        if let Some(error) = self.unfinished() {
            return Err(error);
        }
        let parameters = self.collect_to_read(parameters)?;
        let mut targets = Vec::with_capacity(self.tensors.len());
        collect_parameters(&self.tensors, into, &mut targets)?;
        for ((tensor, parameter), target) in self.tensors.iter().zip(parameters).zip(targets) {
            if tensor.frozen {
                self.device.copy(parameter, target)?;
            } else {
                self.evaluate(tensor, parameter, target)?;
            }
        }
        Ok(())
    }

    /// Moves parameters to the point for evaluation; returns them as they were.
    fn leave_training(
        &self,
        parameters: &mut (impl ParameterSet<D, K::Parameter> + ?Sized),
    ) -> Result<Vec<D::Buffer<K::Parameter>>> {
        if let Some(error) = self.unfinished() {
            return Err(error);
        }
        let mut views = Vec::with_capacity(self.tensors.len());
        collect_parameters(&self.tensors, parameters, &mut views)?;
        let mut kept = Vec::with_capacity(self.tensors.len());
        for tensor in &self.tensors {
            kept.push(tensor.room(&self.device)?);
        }
        for ((tensor, view), kept) in self.tensors.iter().zip(views).zip(&mut kept) {
            if !tensor.frozen {
                self.device.copy(D::as_view(&view), D::view_mut(kept))?;
                self.evaluate(tensor, D::view(kept), D::shorter_mut(view))?;
            }
        }
        Ok(kept)
    }

    fn return_to_training(
        &self,
        parameters: &mut (impl ParameterSet<D, K::Parameter> + ?Sized),
    ) -> Result<()> {
        let mut views = Vec::with_capacity(self.tensors.len());
        collect_parameters(&self.tensors, parameters, &mut views)?;
        for ((tensor, view), kept) in self.tensors.iter().zip(views).zip(&self.kept) {
            if !tensor.frozen {
                self.device.copy(D::view(kept), view)?;
            }
        }
        Ok(())
    }

    /// Writes the point for evaluation of one tensor.
    fn evaluate(
        &self,
        tensor: &TensorState<ChainOf<R>, K, D>,
        parameter: D::View<'_, K::Parameter>,
        into: D::ViewMut<'_, K::Parameter>,
    ) -> Result<()> {
        let chain = self.groups[tensor.group].rule.chain();
        self.device.evaluate::<ChainOf<R>, K>(Evaluated {
            chain: &chain,
            parameter: D::shorter(parameter),
            carry: views::<D, <K::Store as Store>::Carry, _>(&tensor.carry),
            state: views::<D, ElementsOf<ChainOf<R>>, _>(&tensor.state),
            constants: chain.evaluation_constants(tensor.counted(self.is_to_be_counted()).1),
            into: D::shorter_mut(into),
        })
    }

    /// The parameters in the order of the set, to be read.
    fn collect_to_read<'p>(
        &self,
        parameters: &'p (impl GradientSet<D, K::Parameter> + ?Sized),
    ) -> Result<Vec<D::View<'p, K::Parameter>>> {
        let mut views = Vec::with_capacity(self.tensors.len());
        let mut place = 0;
        let mut result = Ok(());
        parameters.lend(&mut |name, slot| {
            if let (Ok(()), Some(tensor)) = (&result, self.tensors.get(place)) {
                result = tensor.expect_named(place, name);
                let view = result.clone().and_then(|()| tensor.check_to_read(slot));
                result = view.map(|view| views.push(view));
            }
            place += 1;
        });
        result?;
        if place == self.tensors.len() {
            Ok(views)
        } else {
            Err(Error::ParameterCount { expected: self.tensors.len(), found: place })
        }
    }
}

impl<C: Stage, K: Formats, D: Device> TensorState<C, K, D> {
    fn expect_named(&self, place: usize, name: &str) -> Result<()> {
        if name == self.name {
            return Ok(());
        }
        Err(Error::ParameterOrder { place, expected: self.name.clone(), found: name.to_owned() })
    }

    fn check_to_read<V>(&self, slot: Slot<V>) -> Result<V> {
        match slot {
            Slot::Present(layout, view) => self.check_parameter(&layout, Some(view)),
            Slot::WithGaps => self.check_parameter(&self.layout, None),
            Slot::Absent => Err(Error::AbsentParameter { parameter: self.name.clone() }),
        }
    }

    /// Memory for the parameter as it is.
    fn room(&self, device: &D) -> Result<D::Buffer<K::Parameter>> {
        let length = if self.frozen { 0 } else { self.layout.len() };
        let refused = || Error::OutOfMemory { parameter: self.name.clone(), bytes: self.kept_bytes() };
        device.zeros(length).ok_or_else(refused)
    }

    /// The bytes of that memory.
    pub(super) fn kept_bytes(&self) -> usize {
        if self.frozen { 0 } else { self.layout.len().saturating_mul(size_of::<K::Parameter>()) }
    }
}

fn views<D: Device, S: FieldSet, T: StorageDtype>(buffers: &Of<S, D::Buffer<T>>) -> Of<S, D::View<'_, T>> {
    S::map(S::each_ref(buffers), |buffer| D::view(buffer))
}

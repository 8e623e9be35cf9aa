//! A step with gradients one by one: gradient release and optimizer accumulation.
//!
//! Warner, *optimi*, 2023; Lv et al., *Full Parameter Fine-tuning for Large Language Models with
//! Limited Resources*, 2023, <https://arxiv.org/abs/2306.09782>.
//!
//! Each gradient is passed by value as soon as it exists, moves its parameter, and is freed before
//! the next one is computed. A gradient that is one micro-batch of several can instead be folded
//! into the averages that the optimizer keeps anyway, so that no buffer for gradients is needed at
//! all.

use super::extras::Averaging;
use super::{Arrival, Optimizer, Phase, TakesGradientsSingly, Training, Trains};
use crate::device::{Device, Formats, OwnedTensor, TensorMut};
use crate::error::{Error, Refused, Result};
use crate::transform::{Arrives, Rule};
use core::fmt;
use std::collections::HashMap;

/// A parameter by its name or by its place in the set.
pub trait ParameterKey {
    /// The place, or a description of what was asked for.
    ///
    /// # Errors
    /// The description, if there is no such parameter.
    fn place(self, places: &HashMap<String, usize>, count: usize) -> Result<usize, String>;
}

impl ParameterKey for &str {
    fn place(self, places: &HashMap<String, usize>, _count: usize) -> Result<usize, String> {
        places.get(self).copied().ok_or_else(|| format!("`{self}`"))
    }
}

impl ParameterKey for &String {
    fn place(self, places: &HashMap<String, usize>, count: usize) -> Result<usize, String> {
        self.as_str().place(places, count)
    }
}

impl ParameterKey for usize {
    fn place(self, _places: &HashMap<String, usize>, count: usize) -> Result<usize, String> {
        if self < count { Ok(self) } else { Err(format!("in place {self}")) }
    }
}

/// What has come for a parameter in the step that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Came {
    Nothing,
    OnlyMicroBatches,
    Released,
}

/// What has come for every parameter; kept between steps, so that a step allocates nothing.
#[derive(Debug)]
pub(super) struct Arrivals {
    under_way: bool,
    came: Vec<Came>,
}

impl Arrivals {
    pub(super) fn of(parameters: usize) -> Self {
        Self { under_way: false, came: vec![Came::Nothing; parameters] }
    }
}

/// A step under gradient release; made by [`Optimizer::begin_step`].
#[must_use = "release every parameter, then call `.finish()`"]
pub struct ReleaseStep<'o, R: Rule, K: Formats, A: Arrival, D: Device, F: Phase = Training> {
    optimizer: &'o mut Optimizer<R, K, A, D, F>,
    /// The 1-based number of this whole step.
    number: u64,
}

/// What a finished step did not see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finished {
    /// Parameters for which no gradient came at all.
    pub missing: Vec<String>,
    /// Parameters for which gradients were accumulated but none was released.
    pub only_accumulated: Vec<String>,
}

impl<R: Rule, K: Formats, A: Arrival, D: Device, F: Phase> Optimizer<R, K, A, D, F> {
    /// Begins a step in which gradients come one by one.
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::optimizer::Build;
    /// use gradus::rule::AdamW;
    ///
    /// let mut weight = vec![1.0f32; 4];
    /// let mut optimizer = AdamW::default().gradient_release().build(Cpu::default(), &[("weight", vec![0.0f32; 4])])?;
    ///
    /// let mut step = optimizer.begin_step()?;
    /// step.accumulate("weight", vec![0.5f32; 4])?;            // one micro-batch
    /// step.release("weight", &mut weight, vec![0.25f32; 4])?; // the last one; freed here
    /// assert!(step.finish().missing.is_empty());
    /// assert!(weight.iter().all(|&weight| weight < 1.0));
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnfinishedStep`] if the step before was dropped without
    /// [`finish`](ReleaseStep::finish); [`Error::Scheduled`].
    pub fn begin_step(&mut self) -> Result<ReleaseStep<'_, R, K, A, D, F>>
    where
        A: TakesGradientsSingly,
        F: Trains,
    {
        self.begin_singly()
    }

    /// Begins a step with gradients one by one, whatever the type says about when they arrive.
    pub(crate) fn begin_singly(&mut self) -> Result<ReleaseStep<'_, R, K, A, D, F>> {
        if let Some(error) = self.unfinished() {
            return Err(error);
        }
        self.settle()?;
        let number = self.steps + 1;
        self.groups.iter_mut().try_for_each(|group| group.begin(number))?;
        self.arrivals.came.fill(Came::Nothing);
        self.arrivals.under_way = true;
        Ok(ReleaseStep { optimizer: self, number })
    }

    /// Ends a step that was dropped before [`finish`](ReleaseStep::finish): what was released
    /// stays released. Without such a step nothing happens.
    pub fn abandon_unfinished_step(&mut self) -> Finished {
        let names = |kind| {
            let came = self.arrivals.came.iter();
            let of_kind = came.zip(&self.tensors).filter(|(came, tensor)| **came == kind && !tensor.frozen);
            of_kind.map(|(_, tensor)| tensor.name.clone()).collect()
        };
        if !self.arrivals.under_way {
            return Finished::default();
        }
        let finished =
            Finished { missing: names(Came::Nothing), only_accumulated: names(Came::OnlyMicroBatches) };
        // Micro-batches alone move nothing, so they are no whole step.
        if self.arrivals.came.contains(&Came::Released) {
            self.groups.iter_mut().for_each(super::Group::commit);
            self.steps += 1;
        }
        self.arrivals.under_way = false;
        finished
    }

    /// The error of a step that was dropped before `finish`.
    pub(super) fn unfinished(&self) -> Option<Error> {
        let came = self.arrivals.came.iter().zip(&self.tensors);
        let waiting = came.filter(|(came, tensor)| **came != Came::Released && !tensor.frozen);
        self.arrivals.under_way.then(|| Error::UnfinishedStep {
            waiting: waiting.map(|(_, tensor)| tensor.name.clone()).collect(),
        })
    }
}

impl<R: Rule, K: Formats, A: Arrival, D: Device, F: Phase> ReleaseStep<'_, R, K, A, D, F> {
    /// Moves a parameter by its gradient, and frees the gradient.
    ///
    /// The same bits as a joint step would write.
    ///
    /// # Errors
    /// The gradient is given back and nothing has been changed:
    /// [`UnknownParameter`](Error::UnknownParameter), [`ReleasedTwice`](Error::ReleasedTwice),
    /// [`ParameterShape`](Error::ParameterShape), [`GradientShape`](Error::GradientShape),
    /// [`MemoryOrder`](Error::MemoryOrder), [`NotContiguous`](Error::NotContiguous).
    pub fn release<G: OwnedTensor<D, K::Gradient>>(
        &mut self,
        key: impl ParameterKey,
        parameter: &mut (impl TensorMut<D, K::Parameter> + ?Sized),
        gradient: G,
    ) -> Result<(), Refused<G>> {
        let result = self.try_release(key, parameter, &gradient);
        result.map_err(|error| Refused { error, returned: gradient })
    }

    fn try_release<G: OwnedTensor<D, K::Gradient>>(
        &mut self,
        key: impl ParameterKey,
        parameter: &mut (impl TensorMut<D, K::Parameter> + ?Sized),
        gradient: &G,
    ) -> Result<()> {
        let place = self.expected(key)?;
        let layout = parameter.layout();
        let view = self.optimizer.tensors[place].check_parameter(&layout, parameter.elements_mut())?;
        self.run(place, Some(view), gradient, Arrives::ToStep)?;
        self.optimizer.arrivals.came[place] = Came::Released;
        Ok(())
    }

    /// Folds the gradient of one micro-batch of several into the averages, and frees it; the
    /// parameter stays. Nothing is divided by the number of micro-batches.
    ///
    /// Weight decay acts with the gradient that is released in the end.
    ///
    /// # Errors
    /// The gradient is given back and nothing has been changed:
    /// [`UnknownParameter`](Error::UnknownParameter), [`ReleasedTwice`](Error::ReleasedTwice),
    /// [`GradientShape`](Error::GradientShape), [`MemoryOrder`](Error::MemoryOrder),
    /// [`NotContiguous`](Error::NotContiguous).
    pub fn accumulate<G: OwnedTensor<D, K::Gradient>>(
        &mut self,
        key: impl ParameterKey,
        gradient: G,
    ) -> Result<(), Refused<G>>
    where
        R: Averaging,
    {
        let result = self.accumulate_kept(key, &gradient);
        result.map_err(|error| Refused { error, returned: gradient })
    }

    /// Accumulates, if the rule keeps an average: the caller has asked it.
    pub(crate) fn accumulate_kept<G: OwnedTensor<D, K::Gradient>>(
        &mut self,
        key: impl ParameterKey,
        gradient: &G,
    ) -> Result<()> {
        let place = self.expected(key)?;
        self.run(place, None, gradient, Arrives::ToAccumulate)?;
        self.optimizer.arrivals.came[place] = Came::OnlyMicroBatches;
        Ok(())
    }

    /// Whether an average of gradients is kept, as the chain knows at run time.
    #[cfg(feature = "catalogue")]
    pub(crate) fn keeps_gradients(&self) -> bool {
        self.optimizer.keeps_gradients()
    }

    /// The place of a parameter that has not been released yet.
    fn expected(&self, key: impl ParameterKey) -> Result<usize> {
        let place = self.optimizer.place(key)?;
        if self.optimizer.arrivals.came[place] == Came::Released {
            return Err(Error::ReleasedTwice { parameter: self.optimizer.tensors[place].name.clone() });
        }
        Ok(place)
    }

    fn run<G: OwnedTensor<D, K::Gradient>>(
        &mut self,
        place: usize,
        parameter: Option<D::ViewMut<'_, K::Parameter>>,
        gradient: &G,
        arrives: Arrives,
    ) -> Result<()> {
        let optimizer = &mut *self.optimizer;
        let tensor = &mut optimizer.tensors[place];
        let gradient = tensor.check_gradient(gradient.slot())?.expect("a tensor by itself is never absent");
        if tensor.frozen {
            return Ok(());
        }
        let group = &optimizer.groups[tensor.group];
        let at = group.step_of(tensor.received, self.number, arrives);
        let (parameter, gradient) = (parameter.map(D::shorter_mut), D::shorter(gradient));
        let alike = &mut optimizer.scratch.alike;
        alike.begin(1);
        tensor.prepare((&group.chain, &group.next), alike, at);
        let work = tensor.work(&group.chain, alike, optimizer.keys, parameter, gradient);
        let result = optimizer.device.run(&mut [work]);
        tensor.commit(result.is_ok());
        result
    }

    /// Ends the step and reports what never came; those parameters stay as they are.
    pub fn finish(self) -> Finished {
        self.optimizer.abandon_unfinished_step()
    }
}

impl<R: Rule, K: Formats, A: Arrival, D: Device, F: Phase> fmt::Debug for ReleaseStep<'_, R, K, A, D, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReleaseStep").field("number", &self.number).finish_non_exhaustive()
    }
}

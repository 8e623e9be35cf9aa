//! Optimizers behind a trait object: the rule is known at run time, the parameters' format is not
//! erased, since the caller owns the parameters.

#[cfg(feature = "checkpoint")]
use crate::checkpoint::{Loaded, Loading};
use crate::cpu::Cpu;
use crate::device::{Formats, GradientSet, MakesTensors, ParameterSet, TensorMut};
use crate::dtype::StorageDtype;
use crate::error::{Error, Result};
use crate::hyperparameter::LearningRate;
use crate::optimizer::{Arrival, Finished, Optimizer, ReleaseStep, Stepped};
use crate::transform::Rule;
use core::fmt::Debug;
#[cfg(feature = "checkpoint")]
use std::{io::Cursor, path::Path};

/// An optimizer of the catalogue, for parameters and gradients in the format `T` on the device `D`.
pub trait Dynamic<T: StorageDtype, D: MakesTensors = Cpu>: Debug + Send {
    /// Takes one step with all gradients; see [`Optimizer::step`].
    ///
    /// # Errors
    /// Those of [`Optimizer::step`].
    fn step(
        &mut self,
        parameters: &mut dyn ParameterSet<D, T>,
        gradients: &dyn GradientSet<D, T>,
    ) -> Result<Stepped>;

    /// Takes one step with gradients one by one: `feed` hands them over.
    ///
    /// # Errors
    /// [`Error::Combination`] for a rule that needs all gradients at once; those of
    /// [`Optimizer::begin_step`] and of `feed`; what `feed` released before it failed stays released.
    fn step_singly(
        &mut self,
        feed: &mut dyn FnMut(&mut dyn DynamicStep<T, D>) -> Result<()>,
    ) -> Result<Finished>;

    /// Writes the point for evaluation elsewhere; see [`Optimizer::evaluation_into`].
    ///
    /// # Errors
    /// Those of [`Optimizer::evaluation_into`], and [`Error::Combination`] for a rule that trains and
    /// evaluates at the same point.
    fn evaluation_into(
        &self,
        parameters: &dyn GradientSet<D, T>,
        into: &mut dyn ParameterSet<D, T>,
    ) -> Result<()>;

    /// Writes all state into a file; see [`Optimizer::save`].
    ///
    /// # Errors
    /// Those of [`Optimizer::save`].
    #[cfg(feature = "checkpoint")]
    fn save(&self, path: &Path) -> Result<()>;

    /// Replaces all state by that of a file; see [`Optimizer::load_with`].
    ///
    /// # Errors
    /// Those of [`Optimizer::load_with`].
    #[cfg(feature = "checkpoint")]
    fn load(&mut self, path: &Path, loading: &Loading) -> Result<Loaded>;

    /// All state as the bytes of a file; see [`Optimizer::save_into`].
    ///
    /// # Errors
    /// Those of [`Optimizer::save_into`].
    #[cfg(feature = "checkpoint")]
    fn to_checkpoint(&self) -> Result<Vec<u8>>;

    /// Replaces all state by that of the bytes of a file; see [`Optimizer::load_from`].
    ///
    /// # Errors
    /// Those of [`Optimizer::load_from`].
    #[cfg(feature = "checkpoint")]
    fn load_checkpoint(&mut self, bytes: &[u8], loading: &Loading) -> Result<Loaded>;

    /// Replaces γ in every group.
    fn set_learning_rate(&mut self, learning_rate: LearningRate);

    /// Whole steps so far.
    fn steps(&self) -> u64;

    /// Bytes of state on the device.
    fn state_bytes(&self) -> usize;

    /// The names of the state's fields.
    fn state_fields(&self) -> Vec<String>;

    /// How many statistics a step takes, each a pass over memory, once training is under way.
    fn passes(&self) -> usize;
}

/// A step in which gradients come one by one.
pub trait DynamicStep<T: StorageDtype, D: MakesTensors = Cpu> {
    /// Moves the parameter in place `place`; see [`ReleaseStep::release`].
    ///
    /// # Errors
    /// Those of [`ReleaseStep::release`].
    fn release(
        &mut self,
        place: usize,
        parameter: &mut dyn TensorMut<D, T>,
        gradient: D::Tensor<T>,
    ) -> Result<()>;

    /// Folds a micro-batch into the averages; see [`ReleaseStep::accumulate`].
    ///
    /// # Errors
    /// Those of [`ReleaseStep::accumulate`], and [`Error::Combination`] for a rule that keeps no
    /// average.
    fn accumulate(&mut self, place: usize, gradient: D::Tensor<T>) -> Result<()>;
}

impl<R, K, A, T, D> Dynamic<T, D> for Optimizer<R, K, A, D>
where
    R: Rule,
    K: Formats<Parameter = T, Gradient = T>,
    A: Arrival,
    T: StorageDtype,
    D: MakesTensors,
{
    fn step(
        &mut self,
        parameters: &mut dyn ParameterSet<D, T>,
        gradients: &dyn GradientSet<D, T>,
    ) -> Result<Stepped> {
        self.step_together(parameters, gradients, None)
    }

    fn step_singly(
        &mut self,
        feed: &mut dyn FnMut(&mut dyn DynamicStep<T, D>) -> Result<()>,
    ) -> Result<Finished> {
        if self.needs_all_gradients() {
            return Err(Error::Combination {
                option: "gradients one by one".to_owned(),
                with: "this optimizer".to_owned(),
                because: "a part of it needs every gradient at once",
            });
        }
        let mut step = self.begin_singly()?;
        let fed = feed(&mut step);
        let finished = step.finish();
        fed.map(|()| finished)
    }

    fn evaluation_into(
        &self,
        parameters: &dyn GradientSet<D, T>,
        into: &mut dyn ParameterSet<D, T>,
    ) -> Result<()> {
        if !self.has_second_point() {
            return Err(Error::Combination {
                option: "a point for evaluation".to_owned(),
                with: "this optimizer".to_owned(),
                because: "this optimizer trains and evaluates the parameters at the same point",
            });
        }
        self.evaluate_into(parameters, into)
    }

    #[cfg(feature = "checkpoint")]
    fn save(&self, path: &Path) -> Result<()> {
        Self::save(self, path)
    }

    #[cfg(feature = "checkpoint")]
    fn load(&mut self, path: &Path, loading: &Loading) -> Result<Loaded> {
        self.load_with(path, loading)
    }

    #[cfg(feature = "checkpoint")]
    fn to_checkpoint(&self) -> Result<Vec<u8>> {
        let mut bytes = Cursor::new(Vec::new());
        self.save_into(&mut bytes)?;
        Ok(bytes.into_inner())
    }

    #[cfg(feature = "checkpoint")]
    fn load_checkpoint(&mut self, bytes: &[u8], loading: &Loading) -> Result<Loaded> {
        self.load_from(&mut Cursor::new(bytes), loading)
    }

    fn set_learning_rate(&mut self, learning_rate: LearningRate) {
        Self::set_learning_rate(self, learning_rate);
    }

    fn steps(&self) -> u64 {
        Self::steps(self)
    }

    fn state_bytes(&self) -> usize {
        Self::state_bytes(self)
    }

    fn state_fields(&self) -> Vec<String> {
        self.names_of_state()
    }

    fn passes(&self) -> usize {
        self.statistics()
    }
}

impl<R, K, A, T, D> DynamicStep<T, D> for ReleaseStep<'_, R, K, A, D>
where
    R: Rule,
    K: Formats<Parameter = T, Gradient = T>,
    A: Arrival,
    T: StorageDtype,
    D: MakesTensors,
{
    fn release(
        &mut self,
        place: usize,
        mut parameter: &mut dyn TensorMut<D, T>,
        gradient: D::Tensor<T>,
    ) -> Result<()> {
        Ok(Self::release(self, place, &mut parameter, gradient)?)
    }

    fn accumulate(&mut self, place: usize, gradient: D::Tensor<T>) -> Result<()> {
        if !self.keeps_gradients() {
            return Err(Error::Combination {
                option: "accumulation".to_owned(),
                with: "this optimizer".to_owned(),
                because: "this optimizer keeps no average of its gradients, so accumulated gradients would be lost",
            });
        }
        self.accumulate_kept(place, &gradient)
    }
}

//! Several rules over one model, driven by one step: matrices one way, vectors another.
//!
//! [`Builder::route`] makes [`Routes`] of two builders, which may be routes themselves; built, they are
//! a [`Routed`] pair of optimizers that takes one step as one: everything is checked for both before
//! anything changes in either, and what all gradients decide together is decided over both.
//!
//! | File | What it holds |
//! |---|---|
//! | `routes` | the builder |
//! | `drive` | what a pair needs of each of its optimizers |
//! | `part` | the part of a set of tensors that goes one way |
//! | `snapshot` | a copy of all state of both, and the way back |

mod drive;
mod part;
mod routes;
mod snapshot;

pub use drive::Drives;
pub use routes::{AsBuilder, DecidedLater, Jointly, Routable, Routes};
pub use snapshot::RoutedSnapshot;

use super::survey::Stepped;
use crate::clip::GradientNorm;
use crate::device::{Device, GradientSet, ParameterSet};
use crate::error::{Error, Result};
use core::marker::PhantomData;

/// Two optimizers that share the parameters of a model, and are driven as one.
///
/// Made by [`Routes::build`]. `C` has the parameters that a condition claims, `O` all others; either
/// may be such a pair itself.
#[derive(Debug)]
pub struct Routed<C, O, D> {
    claimed: C,
    others: O,
    /// The names of all parameters, in their order.
    names: Vec<String>,
    /// Whether the condition claims it, for each parameter.
    routes: Vec<bool>,
    device: PhantomData<fn() -> D>,
}

impl<D: Device, C, O> Routed<C, O, D>
where
    C: Drives<D>,
    O: Drives<D, Parameter = C::Parameter, Gradient = C::Gradient>,
{
    /// Takes one step with all gradients, as [`Optimizer::step`](super::Optimizer::step) does.
    ///
    /// It is one step for both optimizers, also for one whose gradients are all absent: schedules of
    /// both go on.
    ///
    /// # Errors
    /// Those of [`Optimizer::step`](super::Optimizer::step). Nothing has been changed in either
    /// optimizer, unless the device itself failed in the midst of the step.
    pub fn step(
        &mut self,
        parameters: &mut (impl ParameterSet<D, C::Parameter> + ?Sized),
        gradients: &(impl GradientSet<D, C::Gradient> + ?Sized),
    ) -> Result<Stepped> {
        self.step_together(parameters, gradients, None)
    }

    /// Takes one step with a norm that was measured over more gradients than these: see
    /// [`Optimizer::step_with_norm`](super::Optimizer::step_with_norm).
    ///
    /// # Errors
    /// Those of [`step`](Self::step), and [`NonfiniteNorm`](Error::NonfiniteNorm).
    pub fn step_with_norm(
        &mut self,
        parameters: &mut (impl ParameterSet<D, C::Parameter> + ?Sized),
        gradients: &(impl GradientSet<D, C::Gradient> + ?Sized),
        norm: GradientNorm,
    ) -> Result<Stepped> {
        self.step_together(parameters, gradients, Some(norm))
    }

    /// The norm of these gradients, as they are; those of frozen parameters do not count.
    ///
    /// # Errors
    /// Those of [`step`](Self::step) for gradients.
    pub fn measure(
        &mut self,
        gradients: &(impl GradientSet<D, C::Gradient> + ?Sized),
    ) -> Result<GradientNorm> {
        part::check_gradients::<D, _>(&self.names, gradients)?;
        Drives::norm_of(self, gradients)
    }

    fn step_together(
        &mut self,
        parameters: &mut (impl ParameterSet<D, C::Parameter> + ?Sized),
        gradients: &(impl GradientSet<D, C::Gradient> + ?Sized),
        norm: Option<GradientNorm>,
    ) -> Result<Stepped> {
        part::check_parameters(&self.names, parameters)?;
        part::check_gradients::<D, _>(&self.names, gradients)?;
        if !self.prepare(parameters, gradients)? {
            return Ok(Stepped::WithoutGradients);
        }
        self.begin()?;
        let norm = match norm {
            None if self.looks() => Some(self.norm_of(gradients)?),
            norm => norm,
        };
        if !self.judge(gradients, norm)? {
            return Ok(Stepped::Skipped);
        }
        self.take(parameters, gradients)?;
        Ok(Stepped::Taken)
    }

    /// The norm of all gradients as the last step found it: see
    /// [`Optimizer::gradient_norm`](super::Optimizer::gradient_norm).
    pub fn gradient_norm(&self) -> Option<GradientNorm> {
        Drives::last_norm(self)
    }

    /// Steps that were left out because a gradient was infinite or NaN.
    pub fn skipped(&self) -> u64 {
        Drives::skips(self)
    }

    /// What to multiply the loss with before gradients are computed; 1 without
    /// [loss scaling](Routes::loss_scaling).
    pub fn loss_scale(&self) -> f64 {
        Drives::scale(self)
    }

    /// How many whole steps have been taken.
    pub fn steps(&self) -> u64 {
        Drives::whole_steps(self)
    }

    /// The bytes of state on the device: see [`Optimizer::state_bytes`](super::Optimizer::state_bytes).
    pub fn state_bytes(&self) -> usize {
        Drives::bytes_of_state(self)
    }

    /// The names of the parameters, in the order of the set that the pair was built for.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Whether the condition claimed a parameter.
    ///
    /// # Errors
    /// [`Error::UnknownParameter`].
    pub fn is_claimed(&self, parameter: &str) -> Result<bool> {
        let place = self.names.iter().position(|name| name == parameter);
        place.map(|place| self.routes[place]).ok_or_else(|| Error::UnknownParameter {
            asked: format!("`{parameter}`"),
            known: format!("{} parameters", self.names.len()),
        })
    }

    /// The optimizer of the parameters that the condition claimed.
    pub fn claimed(&self) -> &C {
        &self.claimed
    }

    /// The same, to change its hyperparameters.
    pub fn claimed_mut(&mut self) -> &mut C {
        &mut self.claimed
    }

    /// The optimizer of all other parameters.
    pub fn others(&self) -> &O {
        &self.others
    }

    /// The same, to change its hyperparameters.
    pub fn others_mut(&mut self) -> &mut O {
        &mut self.others
    }
}

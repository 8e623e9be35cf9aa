//! The options as methods of every rule, so that each may be the first one.

use super::builder::{Builder, Built};
use super::extras::{Bare, RefuseStep, Releasable, ScaleLoss, SkipStep, WorksUnder};
use super::loss_scale::LossScaling;
use super::memory::MemoryReport;
use super::options::{
    AsArithmetic, AsParameters, FitsArithmetic, KeepsArithmetic, Released, Together, Unchosen,
};
use super::routed::{AsBuilder, DecidedLater, Routes};
use super::wrapping::{Afterwards, Clipped, OnGradient, OnUpdate, Policed};
use crate::clip::JointClip;
use crate::device::{Device, ParameterSet};
use crate::dtype::StorageDtype;
use crate::error::Result;
use crate::hyperparameter::Limit;
use crate::rule::WeightAverage;
use crate::schedule::Schedule;
use crate::shape::Layout;
use crate::store::{Corrected8, Corrected16, Kahan, Nearest, Stochastic};
use crate::transform::{Rule, Stage};

/// A builder on which nothing has been chosen but the stages around the rule.
pub type Started<R, X> = Builder<R, Unchosen, AsParameters, AsArithmetic, Nearest, Together, X>;

/// Starts a [`Builder`] from a rule.
///
/// Each option may be the first one; the methods are those of [`Builder`].
pub trait Build: Rule {
    /// A builder with every option at its default.
    fn builder(self) -> Builder<Self> {
        Builder::new(self)
    }

    /// See [`Builder::parameters_in`].
    fn parameters_in<T: StorageDtype>(self) -> Builder<Self, T> {
        self.builder().parameters_in()
    }

    /// See [`Builder::gradients_in`].
    fn gradients_in<T: StorageDtype + FitsArithmetic<Unchosen>>(self) -> Builder<Self, Unchosen, T> {
        self.builder().gradients_in()
    }

    /// See [`Builder::state_in`].
    fn state_in<T: StorageDtype + KeepsArithmetic<Unchosen>>(
        self,
        seed: u64,
    ) -> Builder<Self, Unchosen, AsParameters, T> {
        self.builder().state_in(seed)
    }

    /// See [`Builder::kahan`].
    fn kahan(self) -> Builder<Self, Unchosen, AsParameters, AsArithmetic, Kahan> {
        self.builder().kahan()
    }

    /// See [`Builder::stochastic_rounding`].
    fn stochastic_rounding(
        self,
        seed: u64,
    ) -> Builder<Self, Unchosen, AsParameters, AsArithmetic, Stochastic> {
        self.builder().stochastic_rounding(seed)
    }

    /// See [`Builder::error_corrected8`].
    fn error_corrected8(self, seed: u64) -> Builder<Self, Unchosen, AsParameters, AsArithmetic, Corrected8> {
        self.builder().error_corrected8(seed)
    }

    /// See [`Builder::error_corrected16`].
    fn error_corrected16(self) -> Builder<Self, Unchosen, AsParameters, AsArithmetic, Corrected16> {
        self.builder().error_corrected16()
    }

    /// See [`Builder::gradient_release`].
    fn gradient_release(self) -> Builder<Self, Unchosen, AsParameters, AsArithmetic, Nearest, Released>
    where
        Self: Releasable,
    {
        self.builder().gradient_release()
    }

    /// See [`Builder::group`].
    fn group(
        self,
        label: impl Into<String>,
        condition: impl Fn(&str, &Layout) -> bool + Send + Sync + 'static,
        rule: Self,
    ) -> Builder<Self> {
        self.builder().group(label, condition, rule)
    }

    /// See [`Builder::without_decay`].
    fn without_decay(
        self,
        condition: impl Fn(&str, &Layout) -> bool + Send + Sync + 'static,
    ) -> Builder<Self> {
        self.builder().without_decay(condition)
    }

    /// See [`Builder::freeze`].
    fn freeze(self, condition: impl Fn(&str, &Layout) -> bool + Send + Sync + 'static) -> Builder<Self> {
        self.builder().freeze(condition)
    }

    /// See [`Builder::schedule`].
    fn schedule(self, name: impl Into<String>, schedule: Schedule) -> Builder<Self> {
        self.builder().schedule(name, schedule)
    }

    /// See [`Builder::schedule_group`].
    fn schedule_group(
        self,
        group: impl Into<String>,
        name: impl Into<String>,
        schedule: Schedule,
    ) -> Builder<Self> {
        self.builder().schedule_group(group, name, schedule)
    }

    /// See [`Builder::every_parameter_in_a_group`].
    fn every_parameter_in_a_group(self) -> Builder<Self> {
        self.builder().every_parameter_in_a_group()
    }

    /// See [`Builder::route`].
    fn route<B: AsBuilder<Builder: DecidedLater>>(
        self,
        label: impl Into<String>,
        condition: impl Fn(&str, &Layout) -> bool + Send + Sync + 'static,
        other: B,
    ) -> Routes<B::Builder, Builder<Self>> {
        self.builder().route(label, condition, other)
    }

    /// See [`Builder::clip_global_norm`].
    fn clip_global_norm(self, limit: f64) -> Started<Self, Clipped<Bare>> {
        self.builder().clip_global_norm(limit)
    }

    /// See [`Builder::clip_global_rms`].
    fn clip_global_rms(self, limit: f64) -> Started<Self, Clipped<Bare>> {
        self.builder().clip_global_rms(limit)
    }

    /// See [`Builder::clip_together`].
    fn clip_together(self, clip: fn(Limit) -> JointClip, limit: f64) -> Started<Self, Clipped<Bare>> {
        self.builder().clip_together(clip, limit)
    }

    /// See [`Builder::skip_nonfinite`].
    fn skip_nonfinite(self) -> Started<Self, Policed<Bare, SkipStep>> {
        self.builder().skip_nonfinite()
    }

    /// See [`Builder::refuse_nonfinite`].
    fn refuse_nonfinite(self) -> Started<Self, Policed<Bare, RefuseStep>> {
        self.builder().refuse_nonfinite()
    }

    /// See [`Builder::loss_scaling`].
    fn loss_scaling(self, scaling: LossScaling) -> Started<Self, Policed<Bare, ScaleLoss>> {
        self.builder().loss_scaling(scaling)
    }

    /// See [`Builder::on_gradient`].
    fn on_gradient<C: Stage>(self, stage: C) -> Started<Self, OnGradient<Bare, C>>
    where
        C::Joint: WorksUnder<Together>,
    {
        self.builder().on_gradient(stage)
    }

    /// See [`Builder::on_update`].
    fn on_update<C: Stage>(self, stage: C) -> Started<Self, OnUpdate<Bare, C>>
    where
        C::Joint: WorksUnder<Together>,
    {
        self.builder().on_update(stage)
    }

    /// See [`Builder::average`].
    fn average(self, average: WeightAverage) -> Started<Self, Afterwards<Bare, WeightAverage>> {
        self.builder().average(average)
    }

    /// See [`Builder::afterwards`].
    fn afterwards<C: Stage>(self, stage: C) -> Started<Self, Afterwards<Bare, C>>
    where
        C::Joint: WorksUnder<Together>,
    {
        self.builder().afterwards(stage)
    }

    /// See [`Builder::memory`].
    ///
    /// # Errors
    /// Those of [`Builder::memory`].
    fn memory<D: Device>(&self, parameters: &(impl ParameterSet<D, f32> + ?Sized)) -> Result<MemoryReport> {
        self.clone().builder().memory(parameters)
    }

    /// See [`Builder::memory_of`].
    ///
    /// # Errors
    /// Those of [`Builder::memory`].
    fn memory_of<N: Into<String>, L: AsRef<[usize]>>(
        &self,
        shapes: impl IntoIterator<Item = (N, L)>,
    ) -> Result<MemoryReport> {
        self.clone().builder().memory_of(shapes)
    }

    /// See [`Builder::build`].
    ///
    /// # Errors
    /// Those of [`Builder::build`].
    fn build<D: Device>(
        self,
        device: D,
        parameters: &(impl ParameterSet<D, f32> + ?Sized),
    ) -> Result<Built<D, Self, Unchosen, AsParameters, AsArithmetic, Nearest, Together, Bare>> {
        self.builder().build(device, parameters)
    }
}

impl<R: Rule> Build for R {}

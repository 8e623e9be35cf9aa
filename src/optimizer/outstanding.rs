//! A step of which the device alone knows yet whether it was taken.
//!
//! Kernels change nothing if it is left out, so only what counts steps must wait for it: before the next step begins, it
//! is [settled](Optimizer::settle). Whoever asks before that is told what it will be.

use super::loss_scale::LossScale;
use super::{Arrival, Group, Optimizer, Phase, TensorState};
use crate::device::{Device, Formats};
use crate::error::Result;
use crate::transform::{ChainOf, Of, Rule, Stage};

impl<R: Rule, K: Formats, A: Arrival, D: Device, F: Phase> Optimizer<R, K, A, D, F> {
    /// Whether the last step was taken, if it has not been counted yet. Waits until the device has decided.
    fn outstanding(&self) -> Result<Option<bool>> {
        match &self.on_device {
            Some(on_device) if on_device.is_outstanding => {
                Ok(Some(on_device.decided(&self.device)?.is_taken))
            }
            _ => Ok(None),
        }
    }

    /// Whether the last step was taken and has not been counted yet. What the device cannot say any more, the next step
    /// reports.
    pub(super) fn is_to_be_counted(&self) -> bool {
        matches!(self.outstanding(), Ok(Some(true)))
    }

    /// Counts the last step, if it has not been counted yet.
    pub(super) fn settle(&mut self) -> Result<()> {
        if let Some(is_taken) = self.outstanding()? {
            self.is_settled();
            self.count(is_taken);
        }
        Ok(())
    }

    /// Forgets the last step, if it has not been counted yet: all that it could count is replaced.
    pub(super) fn forget_outstanding(&mut self) {
        self.is_settled();
        self.tensors.iter_mut().for_each(|tensor| tensor.commit(false));
    }

    fn is_settled(&mut self) {
        if let Some(on_device) = &mut self.on_device {
            on_device.is_outstanding = false;
        }
    }

    /// Counts a step.
    pub(super) fn count(&mut self, is_taken: bool) {
        self.tensors.iter_mut().for_each(|tensor| tensor.commit(is_taken));
        if is_taken {
            self.groups.iter_mut().for_each(Group::commit);
            self.survey.taken();
            self.steps += 1;
        } else {
            self.survey.left_out();
        }
    }

    /// Steps that were left out, and the scale of the loss, once the last step is counted.
    pub(super) fn judged(&self) -> (u64, Option<LossScale>) {
        let (mut skipped, mut scale) = (self.survey.skipped, self.survey.scale);
        match self.outstanding() {
            Ok(Some(true)) => scale.iter_mut().for_each(LossScale::grow),
            Ok(Some(false)) => {
                skipped += 1;
                scale.iter_mut().for_each(LossScale::back_off);
            }
            Ok(None) | Err(_) => {}
        }
        (skipped, scale)
    }
}

impl<C: Stage, K: Formats, D: Device> TensorState<C, K, D> {
    /// How many gradients have been received, and the tensor's own numbers, once the last step is counted, if it
    /// [is](Optimizer::is_to_be_counted) to be.
    pub(super) fn counted(&self, is_to_be_counted: bool) -> (u64, &Of<C::Own, f64>) {
        if self.taking_part && is_to_be_counted {
            (self.received + 1, &self.next)
        } else {
            (self.received, &self.own)
        }
    }
}

impl<R: Rule> Group<R> {
    /// The numbers of the group, once the last step is counted, if it [is](Optimizer::is_to_be_counted) to be.
    pub(super) fn counted(&self, is_to_be_counted: bool) -> &Of<<ChainOf<R> as Stage>::Group, f64> {
        if is_to_be_counted { &self.next } else { &self.memory }
    }
}

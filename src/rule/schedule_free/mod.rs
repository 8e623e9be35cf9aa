//! Schedule-free learning: an average in place of a schedule.
//!
//! Defazio, Yang, Mehta, Mishchenko, Khaled, Cutkosky, *The Road Less Scheduled*, 2024,
//! <https://arxiv.org/abs/2405.15682>, Algorithm 1 and equations 2 to 4.
//!
//! Three points: `z` is moved by gradients, `x` is the weighted mean of all `z`, and `y`, between them, is
//! where gradients are taken. The parameter is `y` in training; `z` is state; `x`, at which the model is
//! good, follows from both:
//!
//! ```text
//! c = w/Σw                     w = γ_maxᵖ·tʳ at the t-th step, or γᵖ·tʳ
//! y ← y + c·(z − y) − γ·(1 − β·(1 − c))·d          d: the direction at y, decay λ·y included
//! z ← z − γ·d
//! x = y + (1 − 1/β)·(z − y)
//! ```
//!
//! Σw belongs to the group and grows with every whole step, whichever parameters have gradients; `z`
//! starts where the parameter is at the first step that moves it.
//!
//! | Rule | d | Numbers of state per element |
//! |---|---|---|
//! | [`ScheduleFreeAdamW`] | g/(√v + ε) + λ·y | `v` and `z` |
//! | [`ScheduleFreeSgd`] | g + λ·y | `z` |
//! | [`ScheduleFreeRAdam`] | as AdamW, with a rectified γ | `v` and `z` |
//!
//! The learning rate is constant, or rises in a short
//! [warm-up](crate::schedule::Schedule::warm_up); a decay at the end would only keep the last points out
//! of the average. Evaluate with [`into_evaluation`](crate::optimizer::Optimizer::into_evaluation): at `y`
//! the model is worse.

mod adamw;
mod radam;
mod sgd;

pub use adamw::ScheduleFreeAdamW;
pub use radam::{FirstPhase, RectifiedConstants, ScaleByRectified, ScheduleFreeRAdam};
pub use sgd::ScheduleFreeSgd;

use super::Moves;
use crate::fields;
use crate::hyperparameter::{Decay, Interpolation, Power};
use crate::real::Real;
use crate::transform::{Arrives, Input, Nothing, Of, Stage, Step};
use typenum::B0;

/// How much the point of a step counts in the mean: γᵖ·tʳ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AveragingWeight {
    /// Which γ. Default: the largest so far.
    pub rate: AveragedRate,
    /// p. Default 2.
    pub rate_power: Power,
    /// r: later points count more if it is above 0. Default 0.
    pub step_power: Power,
}

impl Default for AveragingWeight {
    fn default() -> Self {
        let (rate_power, step_power) = (Power::checked(2.0), Power::checked(0.0));
        Self { rate: AveragedRate::Largest, rate_power, step_power }
    }
}

/// Which learning rate weighs a point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AveragedRate {
    /// The largest so far: the authors' package.
    #[default]
    Largest,
    /// That of the step: HeavyBall.
    Current,
}

/// What the learning rate is multiplied with.
#[derive(Clone, Copy, Debug, PartialEq)]
enum RateFactor {
    /// 1.
    One,
    /// The rectification of β₂.
    Rectified(Decay, FirstPhase),
}

/// Moves y and z: the last stage of a schedule-free rule, in the place of the learning rate.
///
/// Behind stages of your own it makes them schedule-free. It contains the learning rate, so the rule
/// around it must not multiply by it again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScheduleFree {
    interpolation: Interpolation,
    weight: AveragingWeight,
    factor: RateFactor,
}

impl ScheduleFree {
    /// With β between z and x, and the weights of the mean.
    pub fn new(interpolation: Interpolation, weight: AveragingWeight) -> Self {
        Self { interpolation, weight, factor: RateFactor::One }
    }

    /// γ at the `number`-th step or gradient.
    fn rate(&self, learning_rate: f64, number: u64) -> f64 {
        match self.factor {
            RateFactor::One => learning_rate,
            RateFactor::Rectified(second, phase) => {
                learning_rate * radam::rectification(second, phase, number)
            }
        }
    }
}

fields! {
    /// What [`ScheduleFree`] remembers.
    pub struct NewestPoint: SecondPoint {
        /// z.
        z,
    }
}

fields! {
    /// The mean of a group, as far as it is the same for all tensors.
    pub struct MeanOfPoints {
        /// The largest γ so far.
        largest_rate,
        /// Σw.
        weights,
        /// c, the share of the newest point.
        newest,
    }
}

fields! {
    /// Constants of [`ScheduleFree`].
    pub struct ScheduleFreeConstants {
        /// 1 if the parameter moves, else 0.
        moves,
        /// 1 if it moves for the first time, else 0.
        starts,
        /// c.
        newest,
        /// γ.
        rate,
        /// γ·(1 − β·(1 − c)).
        rate_of_y,
        /// 1 − 1/β between steps, if there is a z; else 0.
        beyond,
    }
}

impl Stage for ScheduleFree {
    type Constants = ScheduleFreeConstants;
    type State = NewestPoint;
    type Tensor = Nothing;
    type Own = Moves;
    type Group = MeanOfPoints;
    type Keeps = B0;
    type Joint = B0;

    fn begins_once(&self) -> bool {
        true
    }

    fn advance(&self, at: &Step, group: &mut MeanOfPoints<f64>) {
        let rate = self.rate(at.learning_rate, at.optimizer);
        group.largest_rate = group.largest_rate.max(rate);
        let AveragingWeight { rate: which, rate_power, step_power } = self.weight;
        let averaged = match which {
            AveragedRate::Largest => group.largest_rate,
            AveragedRate::Current => rate,
        };
        let weight = libm::pow(averaged, rate_power.get()) * libm::pow(at.optimizer as f64, step_power.get());
        group.weights += weight;
        group.newest = if group.weights > 0.0 { weight / group.weights } else { 0.0 };
    }

    fn constants(
        &self,
        at: &Step,
        own: &mut Moves<f64>,
        group: &MeanOfPoints<f64>,
    ) -> ScheduleFreeConstants<f64> {
        if at.arrives == Arrives::ToAccumulate {
            return ScheduleFreeConstants::default();
        }
        own.moves += 1.0;
        let rate = self.rate(at.learning_rate, at.own);
        ScheduleFreeConstants {
            moves: 1.0,
            starts: if own.moves == 1.0 { 1.0 } else { 0.0 },
            newest: group.newest,
            rate,
            rate_of_y: rate * (1.0 - self.interpolation.get() * (1.0 - group.newest)),
            beyond: 0.0,
        }
    }

    #[inline(always)]
    fn update<F: Real>(
        at: &ScheduleFreeConstants<F>,
        input: Input<F>,
        _tensor: &Nothing,
        state: &mut NewestPoint<F>,
    ) -> Input<F> {
        let (y, direction) = (input.parameter, input.update);
        let z = F::select(at.starts, y, state.z);
        state.z = F::select(at.moves, z - at.rate * direction, state.z);
        input.with_update(at.newest * (y - z) + at.rate_of_y * direction)
    }

    fn evaluation_constants(&self, own: &Of<Moves, f64>) -> ScheduleFreeConstants<f64> {
        let beyond = if own.moves > 0.0 { 1.0 - 1.0 / self.interpolation.get() } else { 0.0 };
        ScheduleFreeConstants { beyond, ..ScheduleFreeConstants::default() }
    }

    #[inline(always)]
    fn evaluation<F: Real>(at: &ScheduleFreeConstants<F>, parameter: F, state: &NewestPoint<F>) -> F {
        F::select(at.beyond.abs(), parameter + at.beyond * (state.z - parameter), parameter)
    }
}

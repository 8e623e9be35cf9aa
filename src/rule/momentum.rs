//! Momentum: a decaying sum of gradients.
//!
//! Polyak, *Some methods of speeding up the convergence of iteration methods*, 1964; Sutskever et
//! al., *On the importance of initialization and momentum in deep learning*, 2013.
//!
//! For gradient `g`, velocity `m`, momentum `μ` and dampening `d`:
//!
//! ```text
//! m ← μ·m + (1 − d)·g            m₁ = g₁, or (1 − d)·g₁ if it starts from zero
//! u  = m                          classical
//! u  = g + μ·m                    Nesterov, as torch writes it
//! ```
//!
//! With d = μ this is an exponential average.

use crate::fields;
use crate::hyperparameter::{Dampening, Decay};
use crate::real::Real;
use crate::transform::{Input, Step, Transform};
use typenum::B1;

/// What the velocity is after the first gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum FirstMomentum {
    /// The gradient itself, undamped: torch.
    #[default]
    Gradient,
    /// (1 − d) times the gradient, as if the velocity had been zero before: optimi.
    FromZero,
}

/// Which point the gradient is taken to belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum MomentumForm {
    /// The update is the velocity.
    #[default]
    Classical,
    /// The update looks one velocity ahead.
    Nesterov,
}

/// Replaces the update by a velocity.
///
/// ```
/// use gradus::rule::{Momentum, Velocity};
/// use gradus::transform::{Input, Step, Transform};
///
/// let momentum = Momentum::default();
/// let mut velocity = Velocity { velocity: 0.0f64 };
/// let at = momentum.constants(&Step::first(0.1));
/// assert_eq!(Momentum::update(&at, Input::of(2.0, 0.0), &mut velocity), 2.0);
/// assert_eq!(Momentum::update(&at, Input::of(2.0, 0.0), &mut velocity), 2.0 + 0.9 * 2.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Momentum {
    /// μ, the share of the old velocity that stays. Default 0.9.
    pub momentum: Decay,
    /// d, the share of the gradient that is left out. Default 0.
    pub dampening: Dampening,
    /// What the first gradient does. Default: it becomes the velocity.
    pub first: FirstMomentum,
    /// Classical or Nesterov. Default: classical.
    pub form: MomentumForm,
}

impl Default for Momentum {
    fn default() -> Self {
        Self {
            momentum: Decay::checked(0.9),
            dampening: Dampening::checked(0.0),
            first: FirstMomentum::default(),
            form: MomentumForm::default(),
        }
    }
}

fields! {
    /// What momentum remembers.
    pub struct Velocity {
        /// m.
        velocity,
    }
}

fields! {
    /// Constants of [`Momentum`].
    pub struct MomentumConstants {
        /// μ.
        momentum,
        /// The weight of the gradient.
        gradient,
        /// 1 for Nesterov, else 0.
        nesterov,
    }
}

impl Transform for Momentum {
    type Constants = MomentumConstants;
    type State = Velocity;
    type Keeps = B1;

    fn constants(&self, at: &Step) -> MomentumConstants<f64> {
        let undamped = at.own == 1 && self.first == FirstMomentum::Gradient;
        MomentumConstants {
            momentum: self.momentum.get(),
            gradient: if undamped { 1.0 } else { 1.0 - self.dampening.get() },
            nesterov: if self.form == MomentumForm::Nesterov { 1.0 } else { 0.0 },
        }
    }

    #[inline(always)]
    fn update<F: Real>(at: &MomentumConstants<F>, input: Input<F>, state: &mut Velocity<F>) -> F {
        state.velocity = at.momentum * state.velocity + at.gradient * input.update;
        F::select(at.nesterov, input.update + at.momentum * state.velocity, state.velocity)
    }
}

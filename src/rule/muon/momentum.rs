//! The momentum whose nearest orthonormal matrix Muon takes.
//!
//! ```text
//! m ← a·m + b·g,   u = c·g + d·m
//! ```
//!
//! | | a | b | c | d |
//! |---|---|---|---|---|
//! | Nesterov | β | 1 − β | 1 − β | β |
//! | Nesterov by the whole gradient | β | 1 − β | 1 | 1 |
//! | average | β̂ | 1 − β̂ | 0 | 1 |
//! | heavy ball | β | 1 | 0 | 1 |
//! | heavy ball with Nesterov | β | 1 | 1 | β |

use crate::fields;
use crate::hyperparameter::Decay;
use crate::real::Real;
use crate::rule::Velocity;
use crate::transform::{Input, Step, Transform};
use typenum::B1;

/// What Muon makes of gradients before it looks for the nearest orthonormal matrix. The length of the
/// result does not matter, except for vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum MuonInput {
    /// The average, one step ahead: (1 − β)·g + β·m. Default, as published.
    #[default]
    Nesterov,
    /// The gradient and the average: g + m. HeavyBall.
    GradientAndAverage,
    /// The debiased average.
    Average,
    /// Polyak's sum, not an average.
    HeavyBall,
    /// Polyak's sum, one step ahead: g + β·m.
    HeavyBallAhead,
}

/// Replaces the update by a momentum of one of several forms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MuonMomentum {
    /// β, the weight of what was. Default 0.95.
    pub momentum: Decay,
    /// Which form. Default: Nesterov.
    pub input: MuonInput,
}

impl Default for MuonMomentum {
    fn default() -> Self {
        Self { momentum: Decay::checked(0.95), input: MuonInput::default() }
    }
}

fields! {
    /// Constants of [`MuonMomentum`]: see the table above it.
    pub struct MuonMomentumConstants {
        /// a.
        old,
        /// b.
        new,
        /// c.
        of_gradient,
        /// d.
        of_momentum,
    }
}

impl Transform for MuonMomentum {
    type Constants = MuonMomentumConstants;
    type State = Velocity;
    type Keeps = B1;

    fn constants(&self, at: &Step) -> MuonMomentumConstants<f64> {
        let beta = self.momentum.get();
        let rest = 1.0 - beta;
        let (old, new, of_gradient, of_momentum) = match self.input {
            MuonInput::Nesterov => (beta, rest, rest, beta),
            MuonInput::GradientAndAverage => (beta, rest, 1.0, 1.0),
            MuonInput::Average => {
                let weight = self.momentum.debiased_weight(at.own);
                (1.0 - weight, weight, 0.0, 1.0)
            }
            MuonInput::HeavyBall => (beta, 1.0, 0.0, 1.0),
            MuonInput::HeavyBallAhead => (beta, 1.0, 1.0, beta),
        };
        MuonMomentumConstants { old, new, of_gradient, of_momentum }
    }

    #[inline(always)]
    fn update<F: Real>(at: &MuonMomentumConstants<F>, input: Input<F>, state: &mut Velocity<F>) -> F {
        state.velocity = at.old * state.velocity + at.new * input.update;
        at.of_gradient * input.update + at.of_momentum * state.velocity
    }
}

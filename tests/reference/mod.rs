//! Slow, obvious `f64` transcriptions of the papers, one number at a time.
//!
//! They share nothing with the library, and keep moments in the classical form: averages that start
//! from zero and are divided by 1 − βᵗ when they are used.

#![allow(dead_code, unreachable_pub)] // each test binary uses a part of this module

pub mod adam;
pub mod adaptive;
pub mod clip;
pub mod lion;
pub mod psgd;
pub mod scaled;
pub mod schedule_free;
pub mod sgd;
pub mod sgd_sai;
pub mod sm3;
pub mod tensor;

/// Weight decay as the papers write it.
#[derive(Clone, Copy, Debug)]
pub enum Decay {
    None,
    L2(f64),
    Decoupled(f64),
    FullyDecoupled { coefficient: f64, max_learning_rate: f64 },
}

impl Decay {
    /// g + λθ for L2, else g.
    pub fn gradient(self, gradient: f64, parameter: f64) -> f64 {
        match self {
            Self::L2(coefficient) => gradient + coefficient * parameter,
            _ => gradient,
        }
    }

    /// θ·(1 − γλ) or θ·(1 − (γ/γ_max)·λ) for the decoupled kinds, else θ.
    pub fn shrunk(self, parameter: f64, learning_rate: f64) -> f64 {
        match self {
            Self::None | Self::L2(_) => parameter,
            Self::Decoupled(coefficient) => parameter * (1.0 - learning_rate * coefficient),
            Self::FullyDecoupled { coefficient, max_learning_rate } => {
                parameter * (1.0 - learning_rate / max_learning_rate * coefficient)
            }
        }
    }
}

/// One parameter and what a rule remembers about it.
pub trait Reference {
    /// A step with a gradient.
    fn step(&mut self, gradient: f64);
    /// The gradient of one micro-batch of several: remembered, but nothing moves and nothing decays.
    fn accumulate(&mut self, gradient: f64);
    /// The parameter.
    fn parameter(&self) -> f64;
}

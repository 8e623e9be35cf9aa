//! Gradient descent, and momentum in the variants of torch and optimi.

use super::{Decay, Reference};

/// Velocity after the first gradient: the gradient, or what the recursion makes of zero.
#[derive(Clone, Copy, Debug)]
pub enum First {
    Gradient,
    FromZero,
}

/// What the parameter follows.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// The gradient: no momentum at all.
    Plain,
    /// The velocity.
    Classical,
    /// The gradient and μ times the velocity.
    Nesterov,
}

#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub learning_rate: f64,
    pub momentum: f64,
    pub dampening: f64,
    pub first: First,
    pub form: Form,
    pub decay: Decay,
}

#[derive(Clone, Copy, Debug)]
pub struct Sgd {
    settings: Settings,
    parameter: f64,
    velocity: Option<f64>,
}

impl Sgd {
    pub fn new(settings: Settings, parameter: f64) -> Self {
        Self { settings, parameter, velocity: None }
    }
}

impl Reference for Sgd {
    fn step(&mut self, gradient: f64) {
        let Settings { learning_rate, momentum, form, decay, .. } = self.settings;
        let gradient = decay.gradient(gradient, self.parameter);
        self.accumulate(gradient);
        let velocity = self.velocity.unwrap_or(0.0);
        let update = match form {
            Form::Plain => gradient,
            Form::Classical => velocity,
            Form::Nesterov => gradient + momentum * velocity,
        };
        self.parameter = decay.shrunk(self.parameter, learning_rate) - learning_rate * update;
    }

    fn accumulate(&mut self, gradient: f64) {
        let Settings { momentum, dampening, first, .. } = self.settings;
        self.velocity = Some(match (self.velocity, first) {
            (None, First::Gradient) => gradient,
            (None, First::FromZero) => (1.0 - dampening) * gradient,
            (Some(velocity), _) => momentum * velocity + (1.0 - dampening) * gradient,
        });
    }

    fn parameter(&self) -> f64 {
        self.parameter
    }
}

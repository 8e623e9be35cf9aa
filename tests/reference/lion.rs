//! Chen et al., 2023, Algorithm 2.

use super::{Decay, Reference};

#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub learning_rate: f64,
    pub direction: f64,
    pub momentum: f64,
    pub decay: Decay,
}

#[derive(Clone, Copy, Debug)]
pub struct Lion {
    settings: Settings,
    parameter: f64,
    momentum: f64,
    /// The interpolated momentum of the last step, whose sign was taken.
    pub direction: f64,
}

impl Lion {
    pub fn new(settings: Settings, parameter: f64) -> Self {
        Self { settings, parameter, momentum: 0.0, direction: 0.0 }
    }
}

impl Reference for Lion {
    fn step(&mut self, gradient: f64) {
        let Settings { learning_rate, direction, decay, .. } = self.settings;
        let gradient = decay.gradient(gradient, self.parameter);
        self.direction = direction * self.momentum + (1.0 - direction) * gradient;
        self.accumulate(gradient);
        let sign = if self.direction == 0.0 { 0.0 } else { self.direction.signum() };
        self.parameter = decay.shrunk(self.parameter, learning_rate) - learning_rate * sign;
    }

    fn accumulate(&mut self, gradient: f64) {
        let momentum = self.settings.momentum;
        self.momentum = momentum * self.momentum + (1.0 - momentum) * gradient;
    }

    fn parameter(&self) -> f64 {
        self.parameter
    }
}

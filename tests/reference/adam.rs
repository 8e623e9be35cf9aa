//! Kingma, Ba, 2014, Algorithm 1, with the weight decay of Loshchilov, Hutter, 2017, Algorithm 2.

use super::{Decay, Reference};

/// ε beside the root, or below it.
#[derive(Clone, Copy, Debug)]
pub enum Epsilon {
    Added(f64),
    Floor(f64),
}

#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub learning_rate: f64,
    pub first: f64,
    pub second: f64,
    pub epsilon: Epsilon,
    pub decay: Decay,
}

#[derive(Clone, Copy, Debug)]
pub struct Adam {
    settings: Settings,
    parameter: f64,
    first: f64,
    second: f64,
    count: i32,
}

impl Adam {
    pub fn new(settings: Settings, parameter: f64) -> Self {
        Self { settings, parameter, first: 0.0, second: 0.0, count: 0 }
    }
}

impl Reference for Adam {
    fn step(&mut self, gradient: f64) {
        let Settings { learning_rate, first, second, epsilon, decay } = self.settings;
        self.accumulate(decay.gradient(gradient, self.parameter));
        let first_moment = self.first / (1.0 - first.powi(self.count));
        let second_moment = self.second / (1.0 - second.powi(self.count));
        let denominator = match epsilon {
            Epsilon::Added(epsilon) => second_moment.sqrt() + epsilon,
            Epsilon::Floor(epsilon) => second_moment.sqrt().max(epsilon),
        };
        let shrunk = decay.shrunk(self.parameter, learning_rate);
        self.parameter = shrunk - learning_rate * first_moment / denominator;
    }

    fn accumulate(&mut self, gradient: f64) {
        let Settings { first, second, .. } = self.settings;
        self.count += 1;
        self.first = first * self.first + (1.0 - first) * gradient;
        self.second = second * self.second + (1.0 - second) * gradient * gradient;
    }

    fn parameter(&self) -> f64 {
        self.parameter
    }
}

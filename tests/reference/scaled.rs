//! LaProp (Ziyin et al., 2020, Algorithm 1), ADOPT (Taniguchi et al., 2024, Algorithm 1), AdEMAMix
//! (Pagliardini et al., 2024, Algorithm 1) and HeavyBall's UnscaledAdamW, with averages that are divided
//! by 1 − βᵗ when they are used.

use super::adam::Epsilon;
use super::{Decay, Reference};

#[derive(Clone, Copy, Debug)]
pub enum Form {
    LaProp,
    Adopt,
    Unscaled,
    AdEMAMix { slow: f64, slow_warm_up: u32, alpha: f64, alpha_warm_up: u32 },
}

#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub form: Form,
    pub learning_rate: f64,
    pub first: f64,
    pub second: f64,
    pub epsilon: Epsilon,
    pub decay: Decay,
}

#[derive(Clone, Copy, Debug)]
pub struct Scaled {
    settings: Settings,
    parameter: f64,
    first: f64,
    slow: f64,
    second: f64,
    count: i32,
    update: f64,
}

impl Scaled {
    pub fn new(settings: Settings, parameter: f64) -> Self {
        Self { settings, parameter, first: 0.0, slow: 0.0, second: 0.0, count: 0, update: 0.0 }
    }

    fn denominator(&self) -> f64 {
        let root = (self.second / (1.0 - self.settings.second.powi(self.count))).sqrt();
        match self.settings.epsilon {
            Epsilon::Added(epsilon) => root + epsilon,
            Epsilon::Floor(epsilon) => root.max(epsilon),
        }
    }

    fn take_square(&mut self, gradient: f64) {
        let second = self.settings.second;
        self.second = second * self.second + (1.0 - second) * gradient * gradient;
        self.count += 1;
    }

    fn take(&mut self, number: f64) {
        self.first = self.settings.first * self.first + (1.0 - self.settings.first) * number;
    }
}

impl Reference for Scaled {
    fn step(&mut self, gradient: f64) {
        let Settings { form, learning_rate, decay, .. } = self.settings;
        if matches!(form, Form::Adopt) && self.count == 0 {
            return self.accumulate(gradient); // nothing moves, nothing decays
        }
        self.accumulate(decay.gradient(gradient, self.parameter));
        self.parameter = decay.shrunk(self.parameter, learning_rate) - learning_rate * self.update;
    }

    fn accumulate(&mut self, gradient: f64) {
        let first = self.settings.first;
        match self.settings.form {
            Form::LaProp => {
                self.take_square(gradient);
                self.take(gradient / self.denominator());
                self.update = self.first / (1.0 - first.powi(self.count));
            }
            Form::Unscaled => {
                self.take_square(gradient);
                self.take(gradient / self.denominator());
                self.update = self.first / (1.0 - first.powi(self.count)) * self.denominator();
            }
            Form::Adopt if self.count == 0 => self.take_square(gradient),
            Form::Adopt => {
                self.take(gradient / self.denominator());
                self.update = self.first / (1.0 - first.powi(self.count));
                self.take_square(gradient);
            }
            Form::AdEMAMix { slow, slow_warm_up, alpha, alpha_warm_up } => {
                self.take_square(gradient);
                self.take(gradient);
                let along = |warm_up: u32| f64::from(self.count) / f64::from(warm_up);
                let alpha = if along(alpha_warm_up) < 1.0 { alpha * along(alpha_warm_up) } else { alpha };
                let half_life = |decay: f64| 0.5f64.ln() / (decay + 1e-8).ln() - 1.0;
                let part = along(slow_warm_up);
                let warm = (1.0 - part) * half_life(first) + part * half_life(slow);
                let slow = if part < 1.0 { 0.5f64.powf(1.0 / (warm + 1.0)) } else { slow };
                self.slow = slow * self.slow + (1.0 - slow) * gradient;
                let fast = self.first / (1.0 - first.powi(self.count));
                self.update = (fast + alpha * self.slow) / self.denominator();
            }
        }
    }

    fn parameter(&self) -> f64 {
        self.parameter
    }
}

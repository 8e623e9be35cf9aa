//! Xu et al., 2024, Algorithm 1, without and with the division by the largest ratio.

use super::Decay;

#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub learning_rate: f64,
    pub momentum: f64,
    pub epsilon: f64,
    pub decay: Decay,
}

/// A whole tensor.
#[derive(Clone, Debug)]
pub struct SgdSai {
    settings: Settings,
    pub parameter: Vec<f64>,
    momentum: Vec<f64>,
    /// ‖g‖/(σ + ε) of the first gradient.
    pub ratio: f64,
    pub deviation: f64,
}

impl SgdSai {
    pub fn new(settings: Settings, parameter: Vec<f64>) -> Self {
        Self { settings, parameter, momentum: Vec::new(), ratio: 0.0, deviation: 0.0 }
    }

    pub fn step(&mut self, gradient: &[f64]) {
        let Settings { learning_rate, momentum, epsilon, decay } = self.settings;
        if self.momentum.is_empty() {
            let count = gradient.len() as f64;
            let mean = gradient.iter().sum::<f64>() / count;
            let variance = gradient.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / (count - 1.0);
            self.deviation = variance.sqrt();
            let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
            self.ratio = norm / (self.deviation + epsilon);
            self.momentum = gradient.to_vec();
        } else {
            for (m, g) in self.momentum.iter_mut().zip(gradient) {
                *m = momentum * *m + (1.0 - momentum) * g;
            }
        }
        for (parameter, m) in self.parameter.iter_mut().zip(&self.momentum) {
            *parameter = decay.shrunk(*parameter, learning_rate) - learning_rate * self.ratio * m;
        }
    }
}

//! Anil et al., 2019, Algorithm SM3-II, covered by the slices of each axis, with the momentum and the
//! β of the authors' later code.

use super::Decay;

#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub learning_rate: f64,
    pub momentum: f64,
    pub beta: f64,
    pub epsilon: f64,
    pub decay: Decay,
}

/// A whole tensor, row-major.
#[derive(Clone, Debug)]
pub struct Sm3 {
    settings: Settings,
    shape: Vec<usize>,
    pub parameter: Vec<f64>,
    /// μ of every index along every axis; one number for a tensor without axes.
    pub accumulators: Vec<Vec<f64>>,
    momentum: Vec<f64>,
}

impl Sm3 {
    pub fn new(settings: Settings, shape: &[usize], parameter: Vec<f64>) -> Self {
        let axes = if shape.is_empty() { &[1][..] } else { shape };
        let accumulators = axes.iter().map(|length| vec![0.0; *length]).collect();
        let momentum = vec![0.0; parameter.len()];
        Self { settings, shape: axes.to_vec(), parameter, accumulators, momentum }
    }

    fn index(&self, mut element: usize) -> Vec<usize> {
        let mut index = vec![0; self.shape.len()];
        for (place, length) in index.iter_mut().zip(&self.shape).rev() {
            *place = element % length;
            element /= length;
        }
        index
    }

    pub fn step(&mut self, gradient: &[f64]) {
        let Settings { learning_rate, momentum, beta, epsilon, decay } = self.settings;
        let mut next: Vec<Vec<f64>> = self.accumulators.iter().map(|axis| vec![0.0; axis.len()]).collect();
        for (element, gradient) in gradient.iter().enumerate() {
            let gradient = decay.gradient(*gradient, self.parameter[element]);
            let index = self.index(element);
            let sets = self.accumulators.iter().zip(&index).map(|(axis, place)| axis[*place]);
            let least = sets.fold(f64::INFINITY, f64::min);
            let square = gradient * gradient;
            let nu = if beta > 0.0 { beta * least + (1.0 - beta) * square } else { least + square };
            for (axis, place) in next.iter_mut().zip(&index) {
                axis[*place] = axis[*place].max(nu);
            }
            let update = if gradient == 0.0 { 0.0 } else { gradient / (nu + epsilon).sqrt() };
            self.momentum[element] = (1.0 - momentum) * update + momentum * self.momentum[element];
            let shrunk = decay.shrunk(self.parameter[element], learning_rate);
            self.parameter[element] = shrunk - learning_rate * self.momentum[element];
        }
        for (axis, next) in self.accumulators.iter_mut().zip(next) {
            for (old, new) in axis.iter_mut().zip(next) {
                // With β = 0 the new one is never less; with a decay it must not be.
                *old = old.max(new);
            }
        }
    }
}

//! Defazio et al., 2024, Algorithm 1, with all three points kept; Becker et al., 2024, Algorithm 1.

use super::Decay;
use super::adam::Epsilon;

/// From a gradient to a direction.
#[derive(Clone, Copy, Debug)]
pub enum Core {
    Sgd,
    Adam { second: f64, epsilon: Epsilon },
    RAdam { second: f64, epsilon: Epsilon, silent: bool },
}

#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub core: Core,
    pub beta: f64,
    pub rate_power: f64,
    pub step_power: f64,
    pub largest_rate: bool,
    pub decay: Decay,
}

#[derive(Clone, Copy, Debug)]
pub struct ScheduleFree {
    settings: Settings,
    pub x: f64,
    pub z: f64,
    squares: f64,
    largest: f64,
    weights: f64,
    count: i32,
}

impl ScheduleFree {
    pub fn new(settings: Settings, parameter: f64) -> Self {
        Self { settings, x: parameter, z: parameter, squares: 0.0, largest: 0.0, weights: 0.0, count: 0 }
    }

    pub fn y(&self) -> f64 {
        (1.0 - self.settings.beta) * self.z + self.settings.beta * self.x
    }

    pub fn step(&mut self, learning_rate: f64, gradient: f64) {
        let Settings { core, rate_power, step_power, largest_rate, decay, .. } = self.settings;
        let y = self.y();
        let gradient = decay.gradient(gradient, y);
        self.count += 1;
        let (direction, rate) = match core {
            Core::Sgd => (gradient, learning_rate),
            Core::Adam { second, epsilon } => (self.normalized(gradient, second, epsilon), learning_rate),
            Core::RAdam { second, epsilon, silent } => {
                let normalized = self.normalized(gradient, second, epsilon);
                let power = second.powi(self.count);
                let longest = 2.0 / (1.0 - second) - 1.0;
                let length = longest - 2.0 * f64::from(self.count) * power / (1.0 - power);
                if length > 4.0 {
                    let above = (length - 4.0) * (length - 2.0) * longest;
                    let below = (longest - 4.0) * (longest - 2.0) * length;
                    (normalized, learning_rate * (above / below).sqrt())
                } else {
                    (gradient, if silent { 0.0 } else { learning_rate })
                }
            }
        };
        // θ − shrunk(θ) is what a step of rate 1 takes away.
        let direction = direction + (y - decay.shrunk(y, 1.0));
        self.z -= rate * direction;
        self.largest = self.largest.max(rate);
        let averaged = if largest_rate { self.largest } else { rate };
        let weight = averaged.powf(rate_power) * f64::from(self.count).powf(step_power);
        self.weights += weight;
        let share = if self.weights > 0.0 { weight / self.weights } else { 0.0 };
        self.x = (1.0 - share) * self.x + share * self.z;
    }

    fn normalized(&mut self, gradient: f64, second: f64, epsilon: Epsilon) -> f64 {
        self.squares = second * self.squares + (1.0 - second) * gradient * gradient;
        let root = (self.squares / (1.0 - second.powi(self.count))).sqrt();
        match epsilon {
            Epsilon::Added(epsilon) => gradient / (root + epsilon),
            Epsilon::Floor(epsilon) => gradient / root.max(epsilon),
        }
    }
}

/// Momentum-SAM behind scaled gradients, for a whole tensor.
#[derive(Clone, Debug)]
pub struct MomentumSam {
    pub learning_rate: f64,
    pub first: f64,
    pub second: f64,
    pub floor: f64,
    pub length: f64,
    pub decay: f64,
    pub z: Vec<f64>,
    pub momentum: Vec<f64>,
    pub squares: Vec<f64>,
    pub count: i32,
}

impl MomentumSam {
    pub fn accumulate(&mut self, gradients: &[f64]) {
        self.count += 1;
        for (place, gradient) in gradients.iter().enumerate() {
            self.squares[place] =
                self.second * self.squares[place] + (1.0 - self.second) * gradient * gradient;
            let root = (self.squares[place] / (1.0 - self.second.powi(self.count))).sqrt();
            let scaled = gradient / root.max(self.floor);
            self.momentum[place] = self.first * self.momentum[place] + (1.0 - self.first) * scaled;
        }
    }

    /// Returns the parameter.
    pub fn step(&mut self, gradients: &[f64]) -> Vec<f64> {
        self.accumulate(gradients);
        let unbiased = 1.0 - self.first.powi(self.count);
        let momentum: Vec<f64> = self.momentum.iter().map(|momentum| momentum / unbiased).collect();
        let norm = momentum.iter().map(|momentum| momentum * momentum).sum::<f64>().sqrt().max(1e-8);
        for (z, momentum) in self.z.iter_mut().zip(&momentum) {
            *z = *z * (1.0 - self.learning_rate * self.decay) - self.learning_rate * momentum;
        }
        let perturbed = self.z.iter().zip(&momentum);
        perturbed.map(|(z, momentum)| z - self.length * momentum / norm).collect()
    }
}

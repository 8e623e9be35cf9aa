//! The adaptive rules of torch.optim and optimi: a memory for each, and one step around them.

use super::adam::Epsilon;
use super::{Decay, Reference};

/// What a rule remembers of gradients.
pub trait Memory {
    /// Takes a gradient in, and says where to go.
    fn direction(&mut self, gradient: f64) -> f64;

    /// What the learning rate is multiplied with at this step.
    fn rate(&self) -> f64 {
        1.0
    }
}

/// Whether decay is a factor before the update or a division behind it.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    Factor,
    Division,
}

/// A parameter that follows the directions of a memory.
#[derive(Clone, Copy, Debug)]
pub struct Follower<M> {
    pub memory: M,
    pub parameter: f64,
    pub learning_rate: f64,
    pub decay: Decay,
    pub form: Form,
}

impl<M: Memory> Reference for Follower<M> {
    fn step(&mut self, gradient: f64) {
        let direction = self.memory.direction(self.decay.gradient(gradient, self.parameter));
        let rate = self.learning_rate * self.memory.rate();
        self.parameter = match (self.form, self.decay) {
            (Form::Division, Decay::Decoupled(coefficient)) => {
                (self.parameter - rate * direction) / (1.0 + rate * coefficient)
            }
            (Form::Division, Decay::FullyDecoupled { coefficient, max_learning_rate }) => {
                (self.parameter - rate * direction) / (1.0 + rate / max_learning_rate * coefficient)
            }
            _ => self.decay.shrunk(self.parameter, rate) - rate * direction,
        };
    }

    fn accumulate(&mut self, gradient: f64) {
        self.memory.direction(gradient);
    }

    fn parameter(&self) -> f64 {
        self.parameter
    }
}

fn beside(root: f64, epsilon: Epsilon) -> f64 {
    match epsilon {
        Epsilon::Added(epsilon) => root + epsilon,
        Epsilon::Floor(epsilon) => root.max(epsilon),
    }
}

/// Dozat, 2016, with an average of gradients as torch keeps it.
#[derive(Clone, Copy, Debug)]
pub struct NAdam {
    pub first: f64,
    pub second: f64,
    pub epsilon: Epsilon,
    pub momentum_decay: f64,
    /// Average, average of squares, product of momenta, count; (0, 0, 1, 0) at first.
    pub state: (f64, f64, f64, i32),
}

impl Memory for NAdam {
    fn direction(&mut self, gradient: f64) -> f64 {
        let (mean, square, product, count) = &mut self.state;
        *count += 1;
        let momentum =
            |step: i32| self.first * (1.0 - 0.5 * 0.96f64.powf(f64::from(step) * self.momentum_decay));
        *product *= momentum(*count);
        *mean = self.first * *mean + (1.0 - self.first) * gradient;
        *square = self.second * *square + (1.0 - self.second) * gradient * gradient;
        let denominator = beside((*square / (1.0 - self.second.powi(*count))).sqrt(), self.epsilon);
        let next = momentum(*count + 1);
        (1.0 - momentum(*count)) / (1.0 - *product) * gradient / denominator
            + next / (1.0 - *product * next) * *mean / denominator
    }
}

/// Tieleman, Hinton, 2012; centred: Graves, 2013.
#[derive(Clone, Copy, Debug)]
pub struct RmsProp {
    pub decay: f64,
    pub debiased: bool,
    pub centered: bool,
    pub epsilon: Epsilon,
    pub momentum: f64,
    /// Average, average of squares, velocity, count; zeros at first.
    pub state: (f64, f64, f64, i32),
}

impl Memory for RmsProp {
    fn direction(&mut self, gradient: f64) -> f64 {
        let (mean, square, velocity, count) = &mut self.state;
        *count += 1;
        *mean = self.decay * *mean + (1.0 - self.decay) * gradient;
        *square = self.decay * *square + (1.0 - self.decay) * gradient * gradient;
        let missing = if self.debiased { 1.0 - self.decay.powi(*count) } else { 1.0 };
        let (mean, square) = (*mean / missing, *square / missing);
        let square = if self.centered { (square - mean * mean).max(0.0) } else { square };
        *velocity = self.momentum * *velocity + gradient / beside(square.sqrt(), self.epsilon);
        *velocity
    }
}

/// Duchi, Hazan, Singer, 2011, with torch's decay of the learning rate.
#[derive(Clone, Copy, Debug)]
pub struct Adagrad {
    pub rate_decay: f64,
    pub epsilon: Epsilon,
    /// The sum of squares and its first value, and the count.
    pub state: (f64, i32),
}

impl Memory for Adagrad {
    fn direction(&mut self, gradient: f64) -> f64 {
        let (sum, count) = &mut self.state;
        *sum += gradient * gradient;
        *count += 1;
        gradient / beside(sum.sqrt(), self.epsilon) / (1.0 + f64::from(*count - 1) * self.rate_decay)
    }
}

/// Zeiler, 2012, Algorithm 1.
#[derive(Clone, Copy, Debug)]
pub struct Adadelta {
    pub decay: f64,
    pub epsilon: f64,
    /// Averages of squared gradients and of squared directions; zeros at first.
    pub state: (f64, f64),
}

impl Memory for Adadelta {
    fn direction(&mut self, gradient: f64) -> f64 {
        let (gradients, directions) = &mut self.state;
        *gradients = self.decay * *gradients + (1.0 - self.decay) * gradient.powi(2);
        let rms = |square: f64| (square + self.epsilon).sqrt();
        let direction = rms(*directions) / rms(*gradients) * gradient;
        *directions = self.decay * *directions + (1.0 - self.decay) * direction.powi(2);
        direction
    }
}

/// Kingma, Ba, 2014, Algorithm 2, with torch's ε.
#[derive(Clone, Copy, Debug)]
pub struct Adamax {
    pub first: f64,
    pub maximum: f64,
    pub epsilon: f64,
    /// Average, maximum, count; zeros at first.
    pub state: (f64, f64, i32),
}

impl Memory for Adamax {
    fn direction(&mut self, gradient: f64) -> f64 {
        let (mean, maximum, count) = &mut self.state;
        *count += 1;
        *mean = self.first * *mean + (1.0 - self.first) * gradient;
        *maximum = (self.maximum * *maximum).max(gradient.abs() + self.epsilon);
        *mean / (1.0 - self.first.powi(*count)) / *maximum
    }
}

/// Reddi, Kale, Kumar, 2018, Algorithm 2, with torch's debiasing of what the maximum gave.
#[derive(Clone, Copy, Debug)]
pub struct AmsGrad {
    pub first: f64,
    pub second: f64,
    pub epsilon: Epsilon,
    /// Average, average of squares, its maximum, count; zeros at first.
    pub state: (f64, f64, f64, i32),
}

impl Memory for AmsGrad {
    fn direction(&mut self, gradient: f64) -> f64 {
        let (mean, square, largest, count) = &mut self.state;
        *count += 1;
        *mean = self.first * *mean + (1.0 - self.first) * gradient;
        *square = self.second * *square + (1.0 - self.second) * gradient * gradient;
        *largest = largest.max(*square);
        let root = (*largest / (1.0 - self.second.powi(*count))).sqrt();
        *mean / (1.0 - self.first.powi(*count)) / beside(root, self.epsilon)
    }
}

/// Liu et al., 2019, Algorithm 2.
#[derive(Clone, Copy, Debug)]
pub struct RAdam {
    pub first: f64,
    pub second: f64,
    pub epsilon: Epsilon,
    /// Whether ε stands beside the root of the average that is not debiased.
    pub beside_plain_root: bool,
    pub rectified_above: f64,
    /// Whether the average is followed before.
    pub follows_before: bool,
    /// Average, average of squares, count; zeros at first.
    pub state: (f64, f64, i32),
}

impl Memory for RAdam {
    fn direction(&mut self, gradient: f64) -> f64 {
        let (mean, square, count) = &mut self.state;
        *count += 1;
        *mean = self.first * *mean + (1.0 - self.first) * gradient;
        *square = self.second * *square + (1.0 - self.second) * gradient * gradient;
        let (mean, missing) = (*mean / (1.0 - self.first.powi(*count)), 1.0 - self.second.powi(*count));
        let last = 2.0 / (1.0 - self.second) - 1.0;
        let now = last - 2.0 * f64::from(*count) * self.second.powi(*count) / missing;
        if now > self.rectified_above.max(4.0) {
            let rectification =
                ((now - 4.0) * (now - 2.0) * last / ((last - 4.0) * (last - 2.0) * now)).sqrt();
            let adaptive = if self.beside_plain_root {
                missing.sqrt() / beside(square.sqrt(), self.epsilon)
            } else {
                1.0 / beside((*square / missing).sqrt(), self.epsilon)
            };
            rectification * mean * adaptive
        } else if self.follows_before {
            mean
        } else {
            0.0
        }
    }
}

/// Xie et al., 2022, Algorithm 1, debiased as in the authors' code.
#[derive(Clone, Copy, Debug)]
pub struct Adan {
    pub first: f64,
    pub difference: f64,
    pub second: f64,
    pub epsilon: Epsilon,
    /// Averages of gradients, differences, squares; zeros at first.
    pub averages: (f64, f64, f64),
    pub previous: Option<f64>,
    pub count: i32,
}

impl Memory for Adan {
    fn direction(&mut self, gradient: f64) -> f64 {
        let difference = self.previous.map_or(0.0, |previous| gradient - previous);
        self.previous = Some(gradient);
        self.count += 1;
        let (mean, change, square) = &mut self.averages;
        *mean = self.first * *mean + (1.0 - self.first) * gradient;
        *change = self.difference * *change + (1.0 - self.difference) * difference;
        let ahead = gradient + self.difference * difference;
        *square = self.second * *square + (1.0 - self.second) * ahead * ahead;
        let debiased = |average: f64, beta: f64| average / (1.0 - beta.powi(self.count));
        let denominator = beside(debiased(*square, self.second).sqrt(), self.epsilon);
        (debiased(*mean, self.first) + self.difference * debiased(*change, self.difference)) / denominator
    }
}

/// Wortsman et al., 2023, Algorithm 2, for a tensor of one element.
#[derive(Clone, Copy, Debug)]
pub struct StableAdam {
    pub first: f64,
    pub second: f64,
    pub epsilon: Epsilon,
    /// Average, average of squares, count, factor of the rate; zeros at first.
    pub state: (f64, f64, i32, f64),
}

impl Memory for StableAdam {
    fn direction(&mut self, gradient: f64) -> f64 {
        let (mean, square, count, rate) = &mut self.state;
        *count += 1;
        *mean = self.first * *mean + (1.0 - self.first) * gradient;
        *square = self.second * *square + (1.0 - self.second) * gradient * gradient;
        let second = *square / (1.0 - self.second.powi(*count));
        let (Epsilon::Added(epsilon) | Epsilon::Floor(epsilon)) = self.epsilon;
        *rate = 1.0 / (gradient * gradient / second.max(epsilon * epsilon)).sqrt().max(1.0);
        *mean / (1.0 - self.first.powi(*count)) / beside(second.sqrt(), self.epsilon)
    }

    fn rate(&self) -> f64 {
        self.state.3
    }
}

/// Zhang et al., 2019, Algorithm 1, around another rule.
#[derive(Clone, Copy, Debug)]
pub struct Lookahead<M> {
    pub fast: Follower<M>,
    pub slow: f64,
    pub every: u64,
    pub share: f64,
    /// Whether micro-batches count.
    pub counts_gradients: bool,
    pub count: u64,
}

impl<M: Memory> Reference for Lookahead<M> {
    fn step(&mut self, gradient: f64) {
        self.fast.step(gradient);
        self.count += 1;
        if self.count.is_multiple_of(self.every) {
            self.slow += self.share * (self.fast.parameter - self.slow);
            self.fast.parameter = self.slow;
        }
    }

    fn accumulate(&mut self, gradient: f64) {
        self.fast.accumulate(gradient);
        self.count += u64::from(self.counts_gradients);
    }

    fn parameter(&self) -> f64 {
        self.fast.parameter
    }
}

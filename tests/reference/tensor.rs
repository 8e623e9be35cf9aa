//! Rules and stages that look at a whole tensor, as HeavyBall describes them; caution after Liang et al.,
//! 2024, MARS after Yuan et al., 2024.

pub fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

pub fn norm(values: &[f64]) -> f64 {
    dot(values, values).sqrt()
}

pub fn scaled(values: &[f64], factor: f64) -> Vec<f64> {
    values.iter().map(|value| value * factor).collect()
}

/// left + factor·right.
pub fn plus(left: &[f64], factor: f64, right: &[f64]) -> Vec<f64> {
    left.iter().zip(right).map(|(left, right)| left + factor * right).collect()
}

pub fn caution(update: &[f64], gradient: &[f64], zero_is_positive: bool) -> Vec<f64> {
    let agrees = |(update, gradient): (&f64, &f64)| {
        if zero_is_positive { (*update < 0.0) == (*gradient < 0.0) } else { update * gradient > 0.0 }
    };
    let kept: Vec<bool> = update.iter().zip(gradient).map(agrees).collect();
    let count = kept.iter().filter(|kept| **kept).count().max(1);
    let scale = update.len() as f64 / count as f64;
    update.iter().zip(kept).map(|(update, kept)| if kept { update * scale } else { 0.0 }).collect()
}

pub fn sign(update: &[f64]) -> Vec<f64> {
    let signs: Vec<f64> =
        update.iter().map(|update| if *update == 0.0 { 0.0 } else { update.signum() }).collect();
    let size = norm(&signs);
    if size == 0.0 { signs } else { scaled(&signs, norm(update) / size) }
}

pub fn orthogonal(update: &[f64], parameter: &[f64], epsilon: f64, floor: f64) -> Vec<f64> {
    let along = dot(parameter, update) / (dot(parameter, parameter) + epsilon);
    let rest = plus(update, -along, parameter);
    scaled(&rest, norm(update) / norm(&rest).max(floor))
}

/// Averages of a tensor's gradients and squares, divided by 1 − βᵗ when they are used.
#[derive(Clone, Debug)]
pub struct Averages {
    pub first: f64,
    pub second: f64,
    pub epsilon: f64,
    count: i32,
    mean: Vec<f64>,
    square: Vec<f64>,
}

impl Averages {
    pub fn new(length: usize, first: f64, second: f64, epsilon: f64) -> Self {
        Self { first, second, epsilon, count: 0, mean: vec![0.0; length], square: vec![0.0; length] }
    }

    fn take_square(&mut self, gradient: &[f64]) {
        let second = self.second;
        self.count += 1;
        let squares: Vec<f64> = gradient.iter().map(|gradient| gradient * gradient).collect();
        self.square = plus(&scaled(&self.square, second), 1.0 - second, &squares);
    }

    /// values / max(√v, ε).
    fn divide(&self, values: &[f64]) -> Vec<f64> {
        let weight = 1.0 - self.second.powi(self.count);
        let denominator = |square: &f64| (square / weight).sqrt().max(self.epsilon);
        values.iter().zip(&self.square).map(|(value, square)| value / denominator(square)).collect()
    }

    pub fn rms(&mut self, gradient: &[f64]) -> Vec<f64> {
        self.take_square(gradient);
        self.divide(gradient)
    }

    pub fn adam(&mut self, gradient: &[f64]) -> Vec<f64> {
        self.take_square(gradient);
        self.mean = plus(&scaled(&self.mean, self.first), 1.0 - self.first, gradient);
        self.divide(&scaled(&self.mean, 1.0 / (1.0 - self.first.powi(self.count))))
    }

    pub fn laprop(&mut self, gradient: &[f64]) -> Vec<f64> {
        let scaled_gradient = self.rms(gradient);
        self.mean = plus(&scaled(&self.mean, self.first), 1.0 - self.first, &scaled_gradient);
        scaled(&self.mean, 1.0 / (1.0 - self.first.powi(self.count)))
    }
}

/// The update of SUDS, once it has an axis.
pub fn suds(averages: &mut Averages, axis: &mut Vec<f64>, gradient: &[f64], rate: f64) -> Option<Vec<f64>> {
    if axis.is_empty() {
        *axis = scaled(gradient, 1.0 / norm(gradient));
        return None;
    }
    let mut basis = vec![0.0; gradient.len()];
    basis[0] = 1.0;
    let mirror = plus(&basis, -1.0, axis);
    let mirror = scaled(&mirror, 1.0 / norm(&mirror));
    let reflect = |values: &[f64]| plus(values, -2.0 * dot(&mirror, values), &mirror);
    let update = reflect(&averages.adam(&reflect(gradient)));
    let along = dot(gradient, axis);
    let turned = plus(axis, rate * along, &plus(gradient, -along, axis));
    *axis = scaled(&turned, 1.0 / norm(&turned));
    Some(update)
}

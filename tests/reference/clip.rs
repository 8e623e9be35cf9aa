//! Clips, as HeavyBall describes them.

pub fn value(x: f64, limit: f64) -> f64 {
    if x > limit {
        limit
    } else if x < -limit {
        -limit
    } else {
        x
    }
}

pub fn trust_region(x: f64, scale: f64, interpolation: f64, limit: f64) -> f64 {
    let y = x / scale;
    let logarithm = sign(y) * libm::log1p(y.abs());
    value(scale * ((1.0 - interpolation) * logarithm + interpolation * libm::tanh(y)), limit)
}

pub fn mu_law(x: f64, mu: f64) -> f64 {
    sign(x) * libm::log1p(mu * x.abs()) / libm::log1p(mu)
}

pub fn a_law(x: f64, a: f64) -> f64 {
    let y = a * x.abs();
    sign(x) * (if y < 1.0 { y } else { 1.0 + libm::log(y) }) / (1.0 + libm::log(a))
}

pub fn softsign(x: f64) -> f64 {
    2.0 * x / (1.0 + x.abs())
}

pub fn norm(tensor: &[f64]) -> f64 {
    tensor.iter().map(|x| x * x).sum::<f64>().sqrt()
}

pub fn rms(tensor: &[f64]) -> f64 {
    norm(tensor) / (tensor.len() as f64).sqrt()
}

/// x·min(1, limit/size)
pub fn to_at_most(tensor: &[f64], size: f64, limit: f64) -> Vec<f64> {
    let factor = if size.is_nan() || limit.is_nan() { f64::NAN } else { (limit / size).min(1.0) };
    tensor.iter().map(|x| x * factor).collect()
}

/// x / max(size, floor)
pub fn to_one(tensor: &[f64], size: f64, floor: f64) -> Vec<f64> {
    let divisor = if size.is_nan() { size } else { size.max(floor) };
    tensor.iter().map(|x| x / divisor).collect()
}

pub fn adaptive(tensor: &[f64], parameter: &[f64], limit: f64, smallest: f64, floor: f64) -> Vec<f64> {
    let largest = limit * norm(parameter).max(smallest);
    let size = norm(tensor);
    to_at_most(tensor, if size.is_nan() { size } else { size.max(floor) }, largest)
}

fn sign(x: f64) -> f64 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        x
    }
}

//! Draws from the standard normal distribution.

use super::hands::Field;
use crate::random::{Noise, RoundKeys, philox};
use crate::real::{Real, ln};

/// What sets these draws apart from the bits that roundings take: the place of a base stream that no
/// field of state reaches.
const BASE: u32 = 0x4000;

/// Numbers that one block of random bits makes.
const PER_BLOCK: usize = 4;

/// Each number ← a draw, by Box and Muller in `f32` whatever the numbers are: the same on any device.
pub(super) fn draw<F: Field>(numbers: &mut [F], noise: &Noise, keys: &RoundKeys) {
    for (block, numbers) in numbers.chunks_mut(PER_BLOCK).enumerate() {
        let words = philox(noise.counter(BASE, block as u64), keys);
        let drawn = [pair(words[0], words[1]), pair(words[2], words[3])];
        for (number, drawn) in numbers.iter_mut().zip(drawn.as_flattened()) {
            *number = <F as Real>::constant(f64::from(*drawn));
        }
    }
}

/// Two independent draws from 64 bits; at most 6.7 in size.
fn pair(first: u32, second: u32) -> [f32; 2] {
    // In (0, 1], so that the logarithm exists.
    let uniform = (first as f32 + 1.0) * 2f32.powi(-32);
    let radius = Real::sqrt(-2.0 * ln(uniform));
    // An eighth of a turn to either side, and how many quarters on top.
    let (quarter, rest) = (second >> 30, second & 0x3FFF_FFFF);
    let angle = (rest as f32 * 2f32.powi(-30) - 0.5) * core::f32::consts::FRAC_PI_2;
    let (sine, cosine) = sine_and_cosine(angle);
    let [x, y] = [radius * cosine, radius * sine];
    match quarter {
        0 => [x, y],
        1 => [-y, x],
        2 => [-x, -y],
        _ => [y, -x],
    }
}

/// Of an angle up to π/4, by their series, whose rest is below 2e-9 and 3e-8.
fn sine_and_cosine(angle: f32) -> (f32, f32) {
    let square = angle * angle;
    let sine = 1.0 / 362_880.0;
    let sine = -1.0 / 5040.0 + square * sine;
    let sine = 1.0 / 120.0 + square * sine;
    let sine = -1.0 / 6.0 + square * sine;
    let cosine = 1.0 / 40_320.0;
    let cosine = -1.0 / 720.0 + square * cosine;
    let cosine = 1.0 / 24.0 + square * cosine;
    let cosine = -0.5 + square * cosine;
    (angle + angle * square * sine, 1.0 + square * cosine)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{round_keys, tensor_id};

    fn drawn(tensor: &str, gradient: u32, seed: u64, count: usize) -> Vec<f32> {
        let keys = round_keys(seed);
        let mut numbers = vec![0.0f32; count];
        draw(&mut numbers, &Noise { keys, tensor: tensor_id(tensor), gradient }, &keys);
        numbers
    }

    #[test]
    fn moments_are_those_of_the_normal_distribution() {
        const COUNT: usize = 1 << 20;
        let numbers = drawn("weight", 3, 7, COUNT);
        let moment = |power| numbers.iter().map(|x| f64::from(*x).powi(power)).sum::<f64>() / COUNT as f64;
        // The deviations of the means of x, x², x³ and x⁴ are √(1, 2, 15, 96)/1024; five of each.
        for (power, mean, variance) in [(1, 0.0, 1.0f64), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)] {
            assert!((moment(power) - mean).abs() < 5.0 * variance.sqrt() / 1024.0, "{power}");
        }
        // Neighbours, which come from the same block, are independent.
        let products = numbers.windows(2).map(|pair| f64::from(pair[0] * pair[1]));
        assert!((products.sum::<f64>() / COUNT as f64).abs() < 5.0 / 1024.0);
        assert!(numbers.iter().all(|x| x.abs() < 6.7));
    }

    #[test]
    fn draws_differ_by_seed_tensor_and_gradient() {
        let first = drawn("a", 1, 0, 9);
        assert_eq!(first, drawn("a", 1, 0, 12)[..9]);
        for other in [drawn("b", 1, 0, 9), drawn("a", 2, 0, 9), drawn("a", 1, 1, 9)] {
            assert!(first.iter().zip(&other).all(|(x, y)| x != y));
        }
    }

    #[test]
    fn a_recorded_run_can_be_repeated() {
        // By hand from the first known answer of Random123: 6627e8d5, e169c58d, bc57ac4c, 9b00dbd8.
        let [x, y] = pair(0x6627_E8D5, 0xE169_C58D).map(f64::from);
        let radius = (-2.0 * (f64::from(0x6627_E8D5u32) / 2f64.powi(32)).ln()).sqrt();
        let angle = (f64::from(0xE169_C58Du32) / 2f64.powi(32) - 0.125) * core::f64::consts::TAU;
        // A few roundings of 2⁻²⁴ in numbers of size 1, and the rest of the series.
        assert!((x - radius * angle.cos()).abs() < 1e-6 && (y - radius * angle.sin()).abs() < 1e-6);
    }
}

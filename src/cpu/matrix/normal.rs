//! Draws from the standard normal distribution.

use super::hands::Field;
use crate::cpu::simd::{Kernel, Vectors, widest};
use crate::random::{Noise, RoundKeys, philox_abreast};
use crate::real::{Real, ln};

/// What sets these draws apart from the bits that roundings take: the place of a base stream that no
/// field of state reaches.
const BASE: u32 = 0x4000;

/// Numbers that one block of random bits makes.
const PER_BLOCK: usize = 4;

/// Blocks that are drawn side by side, in the lanes of vectors.
const LANES: usize = 16;

/// Each number ← a draw, by Box and Muller in `f32` whatever the numbers are: the same on any device.
pub(super) fn draw<F: Field>(numbers: &mut [F], noise: &Noise, keys: &RoundKeys) {
    widest(Draw { numbers, noise, keys });
}

struct Draw<'a, F> {
    numbers: &'a mut [F],
    noise: &'a Noise,
    keys: &'a RoundKeys,
}

impl<F: Field> Kernel for Draw<'_, F> {
    type Arithmetic = f32;
    type Output = ();
    const ALL_BF16: bool = false;

    #[inline(always)]
    fn run<V: Vectors<Arithmetic = f32>>(self, _vectors: V) {
        for (group, numbers) in self.numbers.chunks_mut(PER_BLOCK * LANES).enumerate() {
            let words = blocks(self.noise, self.keys, (group * LANES) as u64);
            let mut drawn = [[0.0f32; LANES]; PER_BLOCK];
            for lane in 0..LANES {
                [drawn[0][lane], drawn[1][lane]] = pair(words[0][lane], words[1][lane]);
            }
            for lane in 0..LANES {
                [drawn[2][lane], drawn[3][lane]] = pair(words[2][lane], words[3][lane]);
            }
            for (place, number) in numbers.iter_mut().enumerate() {
                let drawn = drawn[place % PER_BLOCK][place / PER_BLOCK];
                *number = <F as Real>::constant(f64::from(drawn));
            }
        }
    }
}

/// The words of blocks from `first` on, a block in each lane.
#[inline(always)]
fn blocks(noise: &Noise, keys: &RoundKeys, first: u64) -> [[u32; LANES]; 4] {
    let counters: [[u32; 4]; LANES] = core::array::from_fn(|lane| noise.counter(BASE, first + lane as u64));
    let words = core::array::from_fn(|word| core::array::from_fn(|lane| counters[lane][word]));
    philox_abreast(words, keys)
}

/// Two independent draws from 64 bits; at most 6.7 in size.
#[inline(always)]
fn pair(first: u32, second: u32) -> [f32; 2] {
    // In (0, 1], so that the logarithm exists.
    let uniform = (f64::from(first) as f32 + 1.0) * 2f32.powi(-32);
    let radius = Real::sqrt(-2.0 * ln(uniform));
    // An eighth of a turn to either side, and how many quarters on top.
    let (quarter, rest) = (second >> 30, second & 0x3FFF_FFFF);
    let angle = (rest as i32 as f32 * 2f32.powi(-30) - 0.5) * core::f32::consts::FRAC_PI_2;
    let (sine, cosine) = sine_and_cosine(angle);
    let is_odd = quarter & 1 == 1;
    let (x, y) = if is_odd { (sine, cosine) } else { (cosine, sine) };
    // The first is negative in the second and third quarter, the second in the last two.
    let signed = |number: f32, sign: u32| f32::from_bits(number.to_bits() ^ (sign << 31));
    [radius * signed(x, (quarter ^ quarter >> 1) & 1), radius * signed(y, quarter >> 1)]
}

/// Of an angle up to π/4, by their series, whose rest is below 2e-9 and 3e-8.
#[inline(always)]
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
    use crate::random::{philox, round_keys, tensor_id};

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
    fn blocks_are_those_of_philox() {
        let noise = Noise { keys: round_keys(0x0123_4567_89AB_CDEF), tensor: 5, gradient: 77 };
        for first in [0, 3, (1 << 32) - 2, 7 << 34] {
            let words = blocks(&noise, &noise.keys, first);
            for lane in 0..LANES {
                let expected = philox(noise.counter(BASE, first + lane as u64), &noise.keys);
                assert_eq!(words.map(|word| word[lane]), expected);
            }
        }
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

//! What is kept in 16-bit formats, widened and rounded back.

use super::hands::{Field, number};
use crate::cpu::Cpu;
use crate::device::NarrowBuffer;
use crate::dtype::Narrow;
use crate::random::{Noise, philox};

/// What sets these bits apart from those of other roundings and draws: the place of a base stream that no field
/// of state reaches. Each list of numbers has one of its own.
const BASE: u32 = 0x2000;

/// Numbers that one block of random bits rounds, with 32 bits each.
const PER_BLOCK: usize = 4;

/// The bit of the sign in both formats.
const SIGN: u32 = 0x8000;

/// Where numbers are kept.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// The number of the list.
    pub(super) list: usize,
    /// The number of the first of them within it.
    pub(super) first: usize,
}

/// into ← what is kept from `first` on.
pub(super) fn widen<F: Field>(into: &mut [F], kept: &NarrowBuffer<Cpu>, first: usize) {
    match kept {
        NarrowBuffer::Bf16(kept) => widen_from(into, &kept[first..]),
        NarrowBuffer::F16(kept) => widen_from(into, &kept[first..]),
    }
}

fn widen_from<F: Field, T: Narrow>(into: &mut [F], kept: &[T]) {
    into.iter_mut().zip(kept).for_each(|(into, kept)| *into = number(kept.widen().into()));
}

/// A part of a list ← the numbers, which become what is kept.
pub(super) fn narrow<F: Field>(numbers: &mut [F], kept: &mut NarrowBuffer<Cpu>, at: Place, noise: &Noise) {
    match kept {
        NarrowBuffer::Bf16(kept) => narrow_into(numbers, &mut kept[at.first..], at, noise),
        NarrowBuffer::F16(kept) => narrow_into(numbers, &mut kept[at.first..], at, noise),
    }
}

fn narrow_into<F: Field, T: Narrow>(numbers: &mut [F], kept: &mut [T], at: Place, noise: &Noise) {
    let block = |number: usize| philox(noise.counter(BASE + at.list as u32, number as u64), &noise.keys);
    let mut words = block(at.first / PER_BLOCK);
    for (place, (wide, kept)) in (at.first..).zip(numbers.iter_mut().zip(kept)) {
        if place % PER_BLOCK == 0 {
            words = block(place / PER_BLOCK);
        }
        *kept = rounded(wide.to_f64(), words[place % PER_BLOCK]);
        *wide = number(kept.widen().into());
    }
}

/// One of the two neighbours. What `f64` holds beyond `f32` is rounded to nearest before: of a unit of the
/// result it is less than 2⁻¹³.
fn rounded<T: Narrow>(exact: f64, bits: u32) -> T {
    let single = if exact.is_finite() {
        exact.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32
    } else {
        exact as f32
    };
    let rounded = T::round_stochastically(single, bits);
    if rounded.widen() == 0.0 && exact != 0.0 {
        let sign = if exact < 0.0 { SIGN } else { 0 };
        return T::of_bits(1 | sign);
    }
    rounded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dtype::{NarrowFormat, NarrowNumbers};
    use crate::random::{round_keys, tensor_id};

    const FORMATS: [NarrowFormat; 2] = [NarrowFormat::Bf16, NarrowFormat::F16];

    /// What is kept, in `f64`, and what the numbers have become.
    fn kept<F: Field>(numbers: &[F], format: NarrowFormat, list: usize, gradient: u32) -> (Vec<f64>, Vec<F>) {
        let device = Cpu::default();
        let mut numbers = numbers.to_vec();
        let mut buffer = NarrowBuffer::zeros(&device, format, numbers.len()).expect("memory");
        let noise = Noise { keys: round_keys(7), tensor: tensor_id("weight"), gradient };
        narrow(&mut numbers, &mut buffer, Place { list, first: 0 }, &noise);
        let kept = buffer.read(&device).expect("it is in the host's memory");
        (kept.widened().into_iter().map(f64::from).collect(), numbers)
    }

    #[test]
    fn the_mean_of_what_is_kept_is_the_number() {
        const COUNT: usize = 1 << 16;
        // Normal numbers, and one that is subnormal in f16.
        for number in [1.003, -0.301, 77.7, 3.03e-7] {
            for format in FORMATS {
                let (wide, _) = kept(&[number; COUNT], format, 0, 1);
                let (single, _) = kept(&[number as f32; COUNT], format, 0, 1);
                for kept in [wide, single] {
                    let least = kept.iter().copied().fold(f64::INFINITY, f64::min);
                    let most = kept.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                    assert!(least < number && number < most, "{number} between {least} and {most}");
                    let unit = most - least;
                    assert!(kept.iter().all(|x| *x == least || *x == most));
                    let mean = kept.iter().sum::<f64>() / COUNT as f64;
                    // Of a coin the deviation is at most half a unit; five of the mean, and what f32 cuts off.
                    let allowed = unit * (5.0 * 0.5 / (COUNT as f64).sqrt() + 2f64.powi(-13));
                    assert!((mean - number).abs() < allowed, "{number} in {format:?}: {mean}");
                }
            }
        }
    }

    #[test]
    fn numbers_become_what_is_kept_and_stay_that() {
        let numbers: Vec<f64> = (0..101).map(|i| f64::from(i - 50) / 7.0).collect();
        for format in FORMATS {
            let (first, wide) = kept(&numbers, format, 0, 1);
            assert_eq!(first, wide);
            assert_eq!(kept(&wide, format, 3, 2), (first.clone(), wide));
            // Bits of another list, and at another gradient.
            assert_ne!(kept(&numbers, format, 1, 1).0, first);
            assert_ne!(kept(&numbers, format, 0, 2).0, first);
            let mut again = vec![0.0f64; numbers.len()];
            let device = Cpu::default();
            let mut buffer = NarrowBuffer::zeros(&device, format, numbers.len()).expect("memory");
            let listed: Vec<_> = first.iter().map(|x| *x as f32).collect();
            let listed = match format {
                NarrowFormat::Bf16 => {
                    NarrowNumbers::Bf16(listed.iter().map(|x| half::bf16::from_f32(*x)).collect())
                }
                NarrowFormat::F16 => {
                    NarrowNumbers::F16(listed.iter().map(|x| half::f16::from_f32(*x)).collect())
                }
            };
            buffer.write(&device, &listed).expect("it fits");
            widen(&mut again, &buffer, 0);
            assert_eq!(again, first);
        }
    }

    #[test]
    fn nothing_becomes_zero_or_infinite() {
        for format in FORMATS {
            let (kept, _) = kept(&[0.0, -0.0, 1e-300, -1e-300, 1e300, -1e300], format, 0, 1);
            assert_eq!(kept[..2], [0.0, 0.0]);
            assert!(kept[2] > 0.0 && kept[3] < 0.0 && kept[4..].iter().all(|x| x.is_finite()), "{kept:?}");
            assert!(kept[2] < 1e-7 && kept[4] > 65000.0);
        }
        let (kept, _) = kept(&[f64::INFINITY, f64::NAN], NarrowFormat::Bf16, 0, 1);
        assert!(kept[0] == f64::INFINITY && kept[1].is_nan());
    }
}

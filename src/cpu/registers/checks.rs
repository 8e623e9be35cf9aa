//! Registers against plain arrays: conversions, roundings, random bits, NaN.

use super::Register;
use crate::cpu::noise::Generator;
use crate::cpu::simd::{Kernel, Vectors, with_each};
use crate::cpu::tile::TILE;
use crate::dtype::StorageDtype;
use crate::random::{Noise, round_keys};
use core::arch::x86_64::__m512;
use core::fmt::Debug;
use half::{bf16, f16};

/// Sums two tiles and rounds the sum in every way there is.
#[derive(Clone, Copy)]
struct Sum<T, const ALL_BF16: bool> {
    tiles: [[T; TILE]; 2],
    noise: Noise,
    first: u64,
}

/// The sum to nearest, and with the random bits of each stream of two bases.
type Rounded<T> = [[T; TILE]; 17];

impl<T: StorageDtype<Arithmetic = f32>, const ALL_BF16: bool> Kernel for Sum<T, ALL_BF16> {
    type Arithmetic = f32;
    type Output = Rounded<T>;
    const ALL_BF16: bool = ALL_BF16;

    #[inline(always)]
    fn run<V: Vectors<Arithmetic = f32>>(self, vectors: V) -> Rounded<T> {
        let [mut sum, right] = [vectors.widen(&self.tiles[0], 0), vectors.widen(&self.tiles[1], 0)];
        for (sum, right) in sum.as_mut().iter_mut().zip(right.as_ref()) {
            *sum = *sum + *right;
        }
        let drawn = Generator::new(vectors, self.noise, 16, self.first).group(self.first);
        let mut rounded = [[T::default(); TILE]; 17];
        for (stream, memory) in rounded.iter_mut().enumerate() {
            match stream.checked_sub(1) {
                None => vectors.round(&sum, memory, 0),
                Some(stream) => {
                    let (bits, by) = drawn.stream(stream as u32);
                    vectors.round_stochastically(&sum, bits, by, memory, 0);
                }
            }
        }
        rounded
    }
}

/// Every number of a 16-bit format, with something added to it that fills all digits of the sum.
fn check<T: StorageDtype<Arithmetic = f32> + Debug, const ALL_BF16: bool>() {
    if __m512::machine().is_none() {
        println!("skipped in part: this machine has no AVX-512");
    }
    for start in (0..1 << 16).step_by(TILE) {
        let numbers = core::array::from_fn(|i| bytemuck::cast::<u16, T>((start + i) as u16));
        let noise = Noise { keys: round_keys(start as u64), tensor: 3, gradient: 11 };
        for scale in [0.0, 0.3, 3e-3, 3e-5, 1.0] {
            let small = numbers.map(|number| T::round(number.widen() * scale));
            let tiles = [numbers, small];
            let outputs = with_each(Sum::<T, ALL_BF16> { tiles, noise, first: (start * 64) as u64 });
            let (_, expected) = &outputs[0];
            for (vectors, rounded) in &outputs[1..] {
                for (stream, (rounded, expected)) in rounded.iter().zip(expected).enumerate() {
                    for (i, (rounded, expected)) in rounded.iter().zip(expected).enumerate() {
                        let same = bytemuck::bytes_of(rounded) == bytemuck::bytes_of(expected);
                        let both_nan = rounded.widen().is_nan() && expected.widen().is_nan();
                        assert!(
                            same || both_nan,
                            "{vectors}, stream {stream}: {:?} + {:?} gives {rounded:?}, not {expected:?}",
                            tiles[0][i],
                            tiles[1][i],
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn all_registers_round_bf16_as_arrays_do() {
    check::<bf16, true>();
    check::<bf16, false>();
}

#[test]
fn all_registers_round_f16_as_arrays_do() {
    check::<f16, false>();
}

/// Looks for NaN.
#[derive(Clone, Copy)]
struct HasNan([f32; TILE]);

impl Kernel for HasNan {
    type Arithmetic = f32;
    type Output = bool;
    const ALL_BF16: bool = false;

    #[inline(always)]
    fn run<V: Vectors<Arithmetic = f32>>(self, vectors: V) -> bool {
        vectors.has_nan(&vectors.widen(&self.0, 0))
    }
}

#[test]
fn nan_is_found_in_every_place() {
    let mut tile = [f32::INFINITY; TILE];
    tile[..3].copy_from_slice(&[f32::NEG_INFINITY, f32::MAX, -0.0]);
    assert!(with_each(HasNan(tile)).iter().all(|(_, found)| !found));
    for place in 0..TILE {
        let mut tile = tile;
        tile[place] = f32::NAN;
        assert!(with_each(HasNan(tile)).iter().all(|(_, found)| *found), "{place}");
    }
}

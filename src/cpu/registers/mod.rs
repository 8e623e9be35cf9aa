//! Vector registers: the rule on eight or sixteen numbers in one, conversions and random bits.
//!
//! Each function does what [`Plain`](crate::cpu::plain::Plain) does, bit for bit. It is written once for
//! all registers, over the instructions that they have in common.

mod avx2;
mod avx512;
mod bf16;
#[cfg(test)]
mod checks;
#[cfg(feature = "matrix")]
pub(super) mod dots;
mod f16;
mod philox;
mod register;
mod wide;

use crate::cpu::corrected;
use crate::cpu::simd::Vectors;
use crate::cpu::tile::TILE;
use crate::dtype::{Arithmetic, Format, StorageDtype, WidensTo};
use crate::random::RoundKeys;
use crate::store::Store;
use bytemuck::{Pod, Zeroable, bytes_of, cast_slice, cast_slice_mut, must_cast, pod_read_unaligned};
use core::marker::PhantomData;
use philox::Blocks;
pub(super) use register::Register;
pub(super) use wide::Wide;

/// Proof that the machine has the registers `X`. Copied about, it costs nothing.
///
/// `ALL_BF16` says that every number in memory is bf16, which takes fewer instructions twice:
/// - A register of half-words becomes two of those in even and in odd places, not of the first and
///   the last ones. An elementwise rule does not mind, as long as all arrays do the same.
/// - The lower half of every NaN is zero: bf16 has none, the processor's own NaN has none, and
///   arithmetic hands on what it is given. So rounding cannot carry into a NaN and spoil it.
#[derive(Clone, Copy)]
pub(super) struct Registers<X, F, const ALL_BF16: bool>(PhantomData<(X, F)>);

/// How many registers a tile fills.
const fn registers<X: Register>() -> usize {
    TILE / X::LANES
}

/// Elements whose 16-bit forms fill a register.
const fn pair<X: Register>() -> usize {
    2 * X::LANES
}

impl<X: Register, F: Arithmetic, const ALL_BF16: bool> Registers<X, F, ALL_BF16> {
    #[inline(always)]
    pub(super) fn new(_machine: X::Machine) -> Self {
        Self(PhantomData)
    }

    /// Half-words as words.
    #[inline(always)]
    fn words(self, halves: X::Words) -> [X::Words; 2] {
        if ALL_BF16 {
            return [X::and(halves, X::all_words(0xFFFF)), X::shift_right::<16>(halves)];
        }
        X::unpack(halves)
    }

    /// Words below 2^16 as half-words: [`words`](Self::words) the other way round.
    #[inline(always)]
    fn halves(self, [first, second]: [X::Words; 2]) -> X::Words {
        if ALL_BF16 {
            return X::braid(first, X::shift_left::<16>(second));
        }
        X::pack(first, second)
    }

    /// The upper halves of words as half-words.
    #[inline(always)]
    fn upper_halves(self, [first, second]: [X::Words; 2]) -> X::Words {
        let low = X::shift_right::<16>(first);
        if ALL_BF16 {
            return X::braid(low, second);
        }
        X::pack(low, X::shift_right::<16>(second))
    }

    /// [`bf16::widen`](StorageDtype::widen).
    #[inline(always)]
    fn bf16_to_f32(self, halves: X::Words) -> [X::Words; 2] {
        if ALL_BF16 {
            return [X::shift_left::<16>(halves), X::and(halves, X::all_words(!0xFFFF))];
        }
        let [low, high] = X::unpack(halves);
        [X::shift_left::<16>(low), X::shift_left::<16>(high)]
    }

    /// [`bf16::round`](StorageDtype::round), in the upper half of each word.
    #[inline(always)]
    fn f32_to_bf16(self, value: Wide<X>) -> X::Words {
        let even = X::and(X::shift_right::<16>(value.words()), X::all_words(1));
        let rounded = X::add(value.words(), X::add(even, X::all_words(0x7FFF)));
        if ALL_BF16 {
            return rounded;
        }
        X::choose(X::is_nan(value.0), X::all_words(0x7FC0_0000), rounded)
    }

    /// [`bf16::round_stochastically`](StorageDtype::round_stochastically), in the upper half of
    /// each word; the random bits are in the lower one.
    #[inline(always)]
    fn f32_to_bf16_stochastically(self, value: Wide<X>, random: X::Words) -> X::Words {
        let magnitude = X::and(value.words(), X::all_words(0x7FFF_FFFF));
        let below = X::less(must_cast(magnitude), must_cast(X::all_words(0x7F7F_0000)));
        let sum = X::add(value.words(), X::keep(below, random));
        X::choose(X::is_nan(value.0), X::all_words(0x7FC0_0000), sum)
    }

    #[inline(always)]
    fn widened<T: StorageDtype>(self, memory: &[T; TILE], at: usize, each: impl Fn(T) -> F) -> X::Tile {
        if const { T::FORMAT.is_error_corrected() } {
            return same(corrected::widened(memory, each));
        }
        let mut wides = self.zeros();
        let (pairs, _) = wides.as_mut().as_chunks_mut::<2>();
        for (wides, memory) in pairs.iter_mut().zip(memory[at..].chunks_exact(pair::<X>())) {
            *wides = match T::FORMAT {
                Format::Bf16 => {
                    let [low, high] = self.bf16_to_f32(read(memory));
                    [Wide::of(low), Wide::of(high)]
                }
                Format::F16 => {
                    let [low, high] = self.words(read(memory));
                    [self.f16_to_f32(low), self.f16_to_f32(high)]
                }
                _ => read(memory),
            };
        }
        wides
    }

    /// Half-words, each in place *i* ⊕ `by`.
    #[inline(always)]
    fn crossed(self, halves: X::Words, by: usize) -> X::Words {
        X::shuffle(halves, CROSSED[by])
    }
}

/// A tile as vectors, or the other way round; that the types fit has been asked before.
#[inline(always)]
fn same<A: Pod, B: Pod>(tile: A) -> B {
    bytemuck::cast(tile)
}

/// Registers from memory.
#[inline(always)]
fn read<T: Pod, B: Pod>(memory: &[T]) -> B {
    pod_read_unaligned(cast_slice(memory))
}

/// Registers into memory.
#[inline(always)]
fn write<T: Pod, B: Pod>(memory: &mut [T], registers: B) {
    cast_slice_mut(memory).copy_from_slice(bytes_of(&registers));
}

impl<X: Register, F: Arithmetic, const ALL_BF16: bool> Vectors for Registers<X, F, ALL_BF16> {
    type Arithmetic = F;
    type Number = Wide<X>;
    type Group = X::Tile;
    const GROUP: usize = TILE;
    type Bits = X::Random;
    type Blocks = Blocks<X>;

    #[inline(always)]
    fn each_place(self, mut visit: impl FnMut(usize)) {
        // Unoptimised code gives every number of an inlined rule a place of its own on the stack: eight
        // copies of a long rule would overflow that of a thread.
        if cfg!(debug_assertions) {
            (0..registers::<X>()).for_each(visit);
            return;
        }
        // Written out, since the compiler keeps a loop whose body has branches, which then moves the
        // numbers of a group through memory.
        visit(0);
        visit(1);
        visit(2);
        visit(3);
        if const { registers::<X>() == 8 } {
            visit(4);
            visit(5);
            visit(6);
            visit(7);
        }
    }

    #[inline(always)]
    fn zeros(self) -> X::Tile {
        X::Tile::zeroed()
    }

    #[inline(always)]
    fn has_nan(self, numbers: &X::Tile) -> bool {
        let [first, others @ ..] = numbers.as_ref() else { return false };
        let mut found = X::is_nan(first.0);
        for number in others {
            found = X::either(found, X::is_nan(number.0));
        }
        X::any(found)
    }

    #[inline(always)]
    fn widen<T: StorageDtype<Arithmetic = F>>(self, memory: &[T; TILE], at: usize) -> X::Tile {
        self.widened(memory, at, T::widen)
    }

    #[inline(always)]
    fn widen_gradient<T: WidensTo<F>>(self, memory: &[T; TILE], at: usize) -> X::Tile {
        self.widened(memory, at, T::widen_to)
    }

    #[inline(always)]
    fn round<T: StorageDtype<Arithmetic = F>>(self, numbers: &X::Tile, memory: &mut [T; TILE], at: usize) {
        if const { T::FORMAT.is_error_corrected() } {
            let numbers: [F; TILE] = same(*numbers);
            memory.iter_mut().zip(numbers).for_each(|(stored, number)| *stored = T::round(number));
            return;
        }
        let (pairs, _) = numbers.as_ref().as_chunks::<2>();
        for (pair, memory) in pairs.iter().zip(memory[at..].chunks_exact_mut(pair::<X>())) {
            let [low, high] = *pair;
            match T::FORMAT {
                Format::Bf16 => {
                    write(memory, self.upper_halves([self.f32_to_bf16(low), self.f32_to_bf16(high)]));
                }
                Format::F16 => write(memory, self.halves([self.f32_to_f16(low), self.f32_to_f16(high)])),
                _ => write(memory, [low, high]),
            }
        }
    }

    #[inline(always)]
    fn round_stochastically<T: StorageDtype<Arithmetic = F>>(
        self,
        numbers: &X::Tile,
        bits: &X::Random,
        by: usize,
        memory: &mut [T; TILE],
        at: usize,
    ) {
        if ALL_BF16 {
            return self.bf16_stochastically(numbers, bits, by, &mut memory[at..]);
        }
        if const { T::FORMAT.is_error_corrected() } {
            return corrected::rounded_stochastically(&same(*numbers), &same(*bits), by, memory);
        }
        let (pairs, _) = numbers.as_ref().as_chunks::<2>();
        let memory = memory[at..].chunks_exact_mut(pair::<X>());
        for ((pair, memory), bits) in pairs.iter().zip(memory).zip(bits.as_ref()) {
            let [low, high] = *pair;
            let bits = self.crossed(*bits, by);
            let random = self.words(bits);
            match T::FORMAT {
                Format::Bf16 => {
                    let low = self.f32_to_bf16_stochastically(low, random[0]);
                    let high = self.f32_to_bf16_stochastically(high, random[1]);
                    write(memory, self.upper_halves([low, high]));
                }
                Format::F16 => {
                    let below = self.words(self.crossed(bits, 1));
                    let low = self.f32_to_f16_stochastically(low, random[0], below[0]);
                    let high = self.f32_to_f16_stochastically(high, random[1], below[1]);
                    write(memory, self.halves([low, high]));
                }
                _ => write(memory, [low, high]),
            }
        }
    }

    #[inline(always)]
    fn join<W: Store, P: StorageDtype<Arithmetic = F>>(
        self,
        memory: &[P; TILE],
        beside: &[W::Beside<P>; TILE],
        _at: usize,
    ) -> X::Tile {
        same(corrected::joined::<W, P>(memory, beside))
    }

    #[inline(always)]
    fn split<W: Store, P: StorageDtype<Arithmetic = F>>(
        self,
        numbers: &X::Tile,
        random: Option<(&X::Random, usize)>,
        memory: &mut [P; TILE],
        beside: &mut [W::Beside<P>; TILE],
        _at: usize,
    ) {
        let numbers = same(*numbers);
        match random {
            Some((bits, by)) => {
                corrected::split::<W, P>(&numbers, Some((&same(*bits), by)), memory, beside);
            }
            None => corrected::split::<W, P>(&numbers, None, memory, beside),
        }
    }

    #[inline(always)]
    fn blocks(self, counter: [u32; 4], keys: &RoundKeys) -> Blocks<X> {
        Blocks::like(counter, keys)
    }

    #[inline(always)]
    fn random(self, first: u32, blocks: &Blocks<X>) -> X::Random {
        blocks.of_tile(first)
    }
}

/// For each way of crossing eight half-words, the bytes that come into each place.
const CROSSED: [[u8; 16]; 8] = {
    let mut table = [[0; 16]; 8];
    let mut at = 0;
    while at < 8 * 16 {
        let (by, byte) = (at / 16, at % 16);
        table[by][byte] = (((byte / 2) ^ by) * 2 + byte % 2) as u8;
        at += 1;
    }
    table
};

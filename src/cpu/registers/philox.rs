//! Random bits: Philox on eight blocks at once.
//!
//! The counters of a piece differ in their first word only. So what the third word becomes in the
//! first round is the same for all of its blocks, and so is what that becomes in the second round.
//! Both are computed once per piece.

use super::Register;
use crate::cpu::tile::TILE;
use crate::random::{ELEMENTS_PER_BLOCK, MULTIPLIERS, RoundKeys};
use bytemuck::Zeroable;

/// The four words of as many blocks as a register has 64-bit lanes, each in the lower half of a
/// lane; what is in the upper halves does not matter.
type Words<X> = [<X as Register>::Words; 4];

/// What blocks have in common whose counters differ in the first word only.
pub(in crate::cpu) struct Blocks<X: Register> {
    /// What is mixed into the third word in the first round, into the first and the third word in
    /// the second one, and into the third word in the third one.
    fixed: [X::Words; 4],
    keys: [[X::Words; 2]; 10],
}

/// The lower and the upper half of a product.
fn product(word: u32, multiplier: u32) -> [u32; 2] {
    let product = u64::from(word) * u64::from(multiplier);
    [product as u32, (product >> 32) as u32]
}

/// Blocks of a tile.
const BLOCKS: usize = TILE / ELEMENTS_PER_BLOCK as usize;

/// Blocks in a register.
const fn lanes<X: Register>() -> usize {
    X::LANES / 2
}

impl<X: Register> Blocks<X> {
    #[inline(always)]
    pub(super) fn like([_, x1, x2, x3]: [u32; 4], keys: &RoundKeys) -> Self {
        let [low, high] = product(x2, MULTIPLIERS[1]);
        let [next_low, next_high] = product(high ^ x1 ^ keys[0][0], MULTIPLIERS[0]);
        let fixed = [
            word::<X>(x3 ^ keys[0][1]),
            word::<X>(low ^ keys[1][0]),
            word::<X>(next_high ^ keys[1][1]),
            word::<X>(next_low ^ keys[2][1]),
        ];
        let mut lanes = [[word::<X>(0); 2]; 10];
        for (lanes, key) in lanes.iter_mut().zip(keys) {
            *lanes = [word::<X>(key[0]), word::<X>(key[1])];
        }
        Self { fixed, keys: lanes }
    }

    /// The bits of a tile, the first block of which has `first` in its counter.
    #[inline(always)]
    pub(super) fn of_tile(&self, first: u32) -> X::Random {
        let mut left = self.first_rounds(first, 0);
        // Two groups of blocks side by side hide the latency of the products. Written out, since
        // as a loop the state is moved through memory.
        let is_two = const { lanes::<X>() < BLOCKS };
        let mut right = if is_two { self.first_rounds(first, lanes::<X>()) } else { left };
        macro_rules! rounds {
            ($($round:literal)*) => {$(
                left = round_of::<X>(left, self.keys[$round]);
                if is_two {
                    right = round_of::<X>(right, self.keys[$round]);
                }
            )*};
        }
        rounds!(3 4 5 6 7 8);
        let mut random = X::Random::zeroed();
        let (of_left, of_right) = random.as_mut().split_at_mut(2);
        of_left.copy_from_slice(&last_round::<X>(left, self.keys[9]));
        if is_two {
            of_right.copy_from_slice(&last_round::<X>(right, self.keys[9]));
        }
        random
    }

    /// Three rounds of the blocks from `from` on.
    #[inline(always)]
    fn first_rounds(&self, first: u32, from: usize) -> Words<X> {
        const M: u64 = MULTIPLIERS[0] as u64;
        let Self { fixed, keys } = self;
        let product = X::all_doubles((u64::from(first) * M).cast_signed());
        // In the order in which the last round hands them out.
        let half = const { lanes::<X>() as u64 / 2 };
        let beyond = X::doubles(
            #[inline(always)]
            |lane| (from as u64 + lane / 2 + lane % 2 * half) * M,
        );
        let product = X::add_doubles(product, beyond);
        let x2 = X::xor(X::upper(product), fixed[0]);
        let second = times::<X>(x2, MULTIPLIERS[1]);
        let x0 = X::xor(X::upper(second), fixed[1]);
        let x2 = X::xor(product, fixed[2]);
        let (first, x1) = (times::<X>(x0, MULTIPLIERS[0]), second);
        let second = times::<X>(x2, MULTIPLIERS[1]);
        [mix::<X>(second, x1, keys[2][0]), second, X::xor(X::upper(first), fixed[3]), first]
    }
}

#[inline(always)]
fn round_of<X: Register>([x0, x1, x2, x3]: Words<X>, key: [X::Words; 2]) -> Words<X> {
    let first = times::<X>(x0, MULTIPLIERS[0]);
    let second = times::<X>(x2, MULTIPLIERS[1]);
    [mix::<X>(second, x1, key[0]), second, mix::<X>(first, x3, key[1]), first]
}

/// The last round, and the words of the blocks in even lanes, then of those in odd ones.
#[inline(always)]
fn last_round<X: Register>([x0, x1, x2, x3]: Words<X>, key: [X::Words; 2]) -> [X::Words; 2] {
    let left = last_mix::<X>(times::<X>(x2, MULTIPLIERS[1]), x1, key[0]);
    let right = last_mix::<X>(times::<X>(x0, MULTIPLIERS[0]), x3, key[1]);
    [X::even_doubles(left, right), X::odd_doubles(left, right)]
}

#[inline(always)]
fn mix<X: Register>(product: X::Words, word: X::Words, key: X::Words) -> X::Words {
    X::xor(X::upper(product), X::xor(word, key))
}

/// What [`mix`] gives in the lower half of a lane, the product's lower half above it.
#[inline(always)]
fn last_mix<X: Register>(product: X::Words, word: X::Words, key: X::Words) -> X::Words {
    let word = X::and(word, X::all_doubles(0xFFFF_FFFF));
    X::xor(X::swap(product), X::xor(word, key))
}

#[inline(always)]
fn times<X: Register>(lower: X::Words, multiplier: u32) -> X::Words {
    X::products(lower, word::<X>(multiplier))
}

/// A word in every 64-bit lane.
#[inline(always)]
fn word<X: Register>(word: u32) -> X::Words {
    X::all_doubles(i64::from(word))
}

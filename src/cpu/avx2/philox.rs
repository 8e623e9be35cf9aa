//! Random bits: Philox on eight blocks at once.
//!
//! The counters of a piece differ in their first word only. So what the third word becomes in the
//! first round is the same for all of its blocks, and so is what that becomes in the second round.
//! Both are computed once per piece.

use super::{Avx2, WIDES};
use crate::dtype::Arithmetic;
use crate::random::{MULTIPLIERS, RoundKeys};
use bytemuck::must_cast;
use core::arch::x86_64::__m256i;

/// The four words of four blocks, each in the lower half of a 64-bit lane; what is in the upper
/// halves does not matter.
type Words = [__m256i; 4];

/// What blocks have in common whose counters differ in the first word only.
pub(in crate::cpu) struct Blocks {
    /// What is mixed into the third word in the first round, into the first and the third word in
    /// the second one, and into the third word in the third one.
    fixed: [__m256i; 4],
    keys: [[__m256i; 2]; 10],
}

/// The lower and the upper half of a product.
fn product(word: u32, multiplier: u32) -> [u32; 2] {
    let product = u64::from(word) * u64::from(multiplier);
    [product as u32, (product >> 32) as u32]
}

impl<F: Arithmetic, const ALL_BF16: bool> Avx2<F, ALL_BF16> {
    #[inline(always)]
    pub(super) fn blocks_like(self, [_, x1, x2, x3]: [u32; 4], keys: &RoundKeys) -> Blocks {
        let [low, high] = product(x2, MULTIPLIERS[1]);
        let [next_low, next_high] = product(high ^ x1 ^ keys[0][0], MULTIPLIERS[0]);
        let fixed = [
            self.lanes(x3 ^ keys[0][1]),
            self.lanes(low ^ keys[1][0]),
            self.lanes(next_high ^ keys[1][1]),
            self.lanes(next_low ^ keys[2][1]),
        ];
        let mut lanes = [[self.lanes(0); 2]; 10];
        for (lanes, key) in lanes.iter_mut().zip(keys) {
            *lanes = [self.lanes(key[0]), self.lanes(key[1])];
        }
        Blocks { fixed, keys: lanes }
    }

    /// The bits of eight neighbouring blocks, the first of which has `first` in its counter.
    #[inline(always)]
    pub(super) fn eight_blocks(self, first: u32, blocks: &Blocks) -> [__m256i; WIDES / 2] {
        // The blocks of a register are in the order in which the last round hands them out.
        const M: u64 = MULTIPLIERS[0] as u64;
        let product = self.avx._mm256_set1_epi64x((u64::from(first) * M).cast_signed());
        let low = self.avx2._mm256_add_epi64(product, must_cast([0, 2 * M, M, 3 * M]));
        let high = self.avx2._mm256_add_epi64(product, must_cast([4 * M, 6 * M, 5 * M, 7 * M]));
        let mut left = self.first_rounds(low, blocks);
        let mut right = self.first_rounds(high, blocks);
        // Two groups of blocks side by side hide the latency of the products. Written out, since
        // as a loop the state is moved through memory.
        macro_rules! rounds {
            ($($round:literal)*) => {$(
                left = self.round_of(left, blocks.keys[$round]);
                right = self.round_of(right, blocks.keys[$round]);
            )*};
        }
        rounds!(3 4 5 6 7 8);
        must_cast([self.last_round(left, blocks.keys[9]), self.last_round(right, blocks.keys[9])])
    }

    /// Three rounds, given the product of the first word.
    #[inline(always)]
    fn first_rounds(self, product: __m256i, Blocks { fixed, keys }: &Blocks) -> Words {
        let x2 = self.xor(self.upper(product), fixed[0]);
        let second = self.times(x2, MULTIPLIERS[1]);
        let x0 = self.xor(self.upper(second), fixed[1]);
        let x2 = self.xor(product, fixed[2]);
        let (first, x1) = (self.times(x0, MULTIPLIERS[0]), second);
        let second = self.times(x2, MULTIPLIERS[1]);
        [self.mix(second, x1, keys[2][0]), second, self.xor(self.upper(first), fixed[3]), first]
    }

    #[inline(always)]
    fn round_of(self, [x0, x1, x2, x3]: Words, key: [__m256i; 2]) -> Words {
        let first = self.times(x0, MULTIPLIERS[0]);
        let second = self.times(x2, MULTIPLIERS[1]);
        [self.mix(second, x1, key[0]), second, self.mix(first, x3, key[1]), first]
    }

    /// The last round, and the words of the blocks in lanes 0 and 2, then of those in lanes 1 and 3.
    #[inline(always)]
    fn last_round(self, [x0, x1, x2, x3]: Words, key: [__m256i; 2]) -> [__m256i; 2] {
        let left = self.last_mix(self.times(x2, MULTIPLIERS[1]), x1, key[0]);
        let right = self.last_mix(self.times(x0, MULTIPLIERS[0]), x3, key[1]);
        [self.avx2._mm256_unpacklo_epi64(left, right), self.avx2._mm256_unpackhi_epi64(left, right)]
    }

    #[inline(always)]
    fn mix(self, product: __m256i, word: __m256i, key: __m256i) -> __m256i {
        self.xor(self.upper(product), self.xor(word, key))
    }

    /// What [`mix`](Self::mix) gives in the lower half of a lane, the product's lower half above it.
    #[inline(always)]
    fn last_mix(self, product: __m256i, word: __m256i, key: __m256i) -> __m256i {
        let swapped = self.avx2._mm256_shuffle_epi32::<0b10_11_00_01>(product);
        let word = self.avx2._mm256_blend_epi32::<0b0101_0101>(self.lanes(0), word);
        self.xor(swapped, self.xor(word, key))
    }

    #[inline(always)]
    fn xor(self, left: __m256i, right: __m256i) -> __m256i {
        self.avx2._mm256_xor_si256(left, right)
    }

    #[inline(always)]
    fn times(self, word: __m256i, multiplier: u32) -> __m256i {
        self.avx2._mm256_mul_epu32(word, self.lanes(multiplier))
    }

    #[inline(always)]
    fn upper(self, product: __m256i) -> __m256i {
        self.avx2._mm256_srli_epi64::<32>(product)
    }

    /// A word in every 64-bit lane.
    #[inline(always)]
    fn lanes(self, word: u32) -> __m256i {
        self.avx._mm256_set1_epi64x(i64::from(word))
    }
}

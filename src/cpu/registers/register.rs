//! What vector code is written with: the instructions that AVX2 and AVX-512 have in common.

use super::Wide;
use bytemuck::Pod;

/// A register of `f32` numbers, and what the machine does with it in one instruction or two.
///
/// No function here asks whether the machine has the instructions: vector code begins with a
/// [`Registers`](super::Registers), which is made of the proof.
pub(in crate::cpu) trait Register: Pod + Send + Sync {
    /// Proof that the machine has the instructions.
    type Machine: pulp::Simd;
    /// The same register as words of 32 bits, as half-words, or as doubles of 64 bits.
    type Words: Pod;
    /// A yes or a no for each number.
    type Mask: Copy;
    /// The numbers of a tile.
    type Tile: Pod + Send + Sync + AsRef<[Wide<Self>]> + AsMut<[Wide<Self>]>;
    /// Sixteen random bits for each of them.
    type Random: Pod + AsRef<[Self::Words]> + AsMut<[Self::Words]>;
    /// Numbers in a register.
    const LANES: usize;

    /// The proof, if the machine has them.
    fn machine() -> Option<Self::Machine>;

    fn all(number: f32) -> Self;
    fn plus(left: Self, right: Self) -> Self;
    fn minus(left: Self, right: Self) -> Self;
    fn times(left: Self, right: Self) -> Self;
    fn over(left: Self, right: Self) -> Self;
    fn root(number: Self) -> Self;
    /// The left one where it is above the right one, elsewhere the right one.
    fn larger(left: Self, right: Self) -> Self;
    /// The left one where it is below the right one, elsewhere the right one.
    fn smaller(left: Self, right: Self) -> Self;
    /// As integers, cut towards zero.
    fn integers(number: Self) -> Self::Words;
    fn of_integers(words: Self::Words) -> Self;

    fn less(left: Self, right: Self) -> Self::Mask;
    /// Where neither is NaN and they differ.
    fn differ(left: Self, right: Self) -> Self::Mask;
    fn is_nan(number: Self) -> Self::Mask;
    fn any(mask: Self::Mask) -> bool;
    fn either(left: Self::Mask, right: Self::Mask) -> Self::Mask;
    fn choose(mask: Self::Mask, then: Self::Words, otherwise: Self::Words) -> Self::Words;
    /// The words where the mask says yes, elsewhere zero.
    fn keep(mask: Self::Mask, words: Self::Words) -> Self::Words;
    /// The words, one more where the mask says yes.
    fn count(mask: Self::Mask, words: Self::Words) -> Self::Words;

    fn all_words(word: i32) -> Self::Words;
    fn and(left: Self::Words, right: Self::Words) -> Self::Words;
    /// What the right one has and the left one has not.
    fn without(left: Self::Words, right: Self::Words) -> Self::Words;
    fn or(left: Self::Words, right: Self::Words) -> Self::Words;
    fn xor(left: Self::Words, right: Self::Words) -> Self::Words;
    fn add(left: Self::Words, right: Self::Words) -> Self::Words;
    fn subtract(left: Self::Words, right: Self::Words) -> Self::Words;
    fn shift_left<const BY: u32>(words: Self::Words) -> Self::Words;
    fn shift_right<const BY: u32>(words: Self::Words) -> Self::Words;

    fn add_halves(left: Self::Words, right: Self::Words) -> Self::Words;
    fn larger_halves(left: Self::Words, right: Self::Words) -> Self::Words;
    /// Whether any half-word on the left is at least the one on the right.
    fn any_reaches(left: Self::Words, right: Self::Words) -> bool;
    /// The half-words in even places of the one, and in odd places of the other.
    fn braid(even: Self::Words, odd: Self::Words) -> Self::Words;
    /// The half-words in the lower half of the register as words, and those in the upper half.
    fn unpack(halves: Self::Words) -> [Self::Words; 2];
    /// Words below 2^16 as half-words: [`unpack`](Self::unpack) the other way round.
    fn pack(lower: Self::Words, upper: Self::Words) -> Self::Words;
    /// Of each sixteen bytes those that the table names, and zero where it names one above 127.
    fn shuffle(bytes: Self::Words, table: [u8; 16]) -> Self::Words;

    fn all_doubles(double: i64) -> Self::Words;
    /// The double of each place.
    fn doubles(of: impl Fn(u64) -> u64) -> Self::Words;
    fn add_doubles(left: Self::Words, right: Self::Words) -> Self::Words;
    /// The products of the lower words.
    fn products(left: Self::Words, right: Self::Words) -> Self::Words;
    /// The upper words in the place of the lower ones.
    fn upper(doubles: Self::Words) -> Self::Words;
    /// Upper and lower words in each other's place.
    fn swap(doubles: Self::Words) -> Self::Words;
    /// The doubles in even places of both in turns.
    fn even_doubles(left: Self::Words, right: Self::Words) -> Self::Words;
    /// The doubles in odd places of both in turns.
    fn odd_doubles(left: Self::Words, right: Self::Words) -> Self::Words;
}

/// Functions that are one instruction each.
macro_rules! instructions {
    ($proof:ident $($name:ident($($argument:ident: $type:ty),*) -> $result:ty =
        $set:ident $instruction:ident $(::<$constant:ident>)?;)*) => {$(
        #[inline(always)]
        fn $name($($argument: $type),*) -> $result {
            $proof().$set.$instruction$(::<$constant>)?($($argument),*)
        }
    )*};
}

pub(super) use instructions;

//! Vector instructions, chosen at run time.
//!
//! A kernel is written once over [`Vectors`] and compiled for several: for AVX2 and AVX-512, where the
//! rule runs on eight or sixteen numbers in a register, and plainly, where it runs on arrays of numbers
//! that the compiler vectorises for the machine's baseline. Everything is IEEE arithmetic or integer
//! arithmetic and nothing is contracted, so the bits do not depend on the choice.

#![allow(unsafe_code)]

use super::plain::Plain;
#[cfg(all(feature = "matrix", target_arch = "x86_64"))]
use super::registers::dots;
#[cfg(target_arch = "x86_64")]
use super::registers::{Register, Registers};
use super::tile::TILE;
use super::tiled::Tiled;
#[cfg(target_arch = "x86_64")]
use crate::dtype::Format;
use crate::dtype::{Arithmetic, StorageDtype, WidensTo};
use crate::random::RoundKeys;
use crate::real::Real;
use crate::store::Store;
use bytemuck::Pod;
#[cfg(target_arch = "x86_64")]
use core::arch::x86_64::{__m256, __m512, _MM_HINT_T0, _MM_HINT_T1, _mm_prefetch};
use core::ops::Range;

/// Bytes in a line of the cache.
#[cfg(target_arch = "x86_64")]
const LINE: usize = 64;

/// Something that walks memory in tiles.
pub(super) trait Kernel {
    type Arithmetic: Arithmetic;
    type Output;
    /// Whether all numbers in memory are bf16.
    const ALL_BF16: bool;
    /// Whether it computes on tiles.
    const BY_TILE: bool = false;
    /// Whether it is arithmetic, not memory, that it waits for. Then the widest registers pay for being
    /// compiled for.
    const IS_BUSY: bool = true;

    /// Must be inlined into its caller, which decides about the instructions.
    fn run<V: Vectors<Arithmetic = Self::Arithmetic>>(self, vectors: V) -> Self::Output;
}

/// Runs a kernel with the widest vectors of this machine.
pub(super) fn widest<K: Kernel>(kernel: K) -> K::Output {
    if is_wide() { wide(kernel) } else { run(kernel, Plain::new()) }
}

/// Whether this machine has the vectors that [`wide`] needs.
pub(super) fn is_wide() -> bool {
    #[cfg(target_arch = "x86_64")]
    return __m256::machine().is_some();
    #[cfg(not(target_arch = "x86_64"))]
    return true;
}

/// Runs a kernel that is compiled for wide vectors only. The machine must [have](is_wide) them.
///
/// What is known of a kernel is asked in `const`: otherwise all that is not run would be compiled, too.
pub(super) fn wide<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    {
        if const { K::IS_BUSY && matches!(K::Arithmetic::FORMAT, Format::F32) }
            && let Some(machine) = __m512::machine()
        {
            return run_in::<__m512, K>(machine, kernel);
        }
        let machine = __m256::machine().expect("it has been asked whether the machine has them");
        run_in::<__m256, K>(machine, kernel)
    }
    #[cfg(not(target_arch = "x86_64"))]
    run(kernel, Plain::new())
}

/// Runs a kernel in registers `X`.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn run_in<X: Register, K: Kernel>(machine: X::Machine, kernel: K) -> K::Output {
    pulp::Simd::vectorize(
        machine,
        #[inline(always)]
        || {
            if const { !matches!(K::Arithmetic::FORMAT, Format::F32) } {
                run(kernel, Plain::new())
            } else if const { K::ALL_BF16 } {
                run(kernel, Registers::<X, _, true>::new(machine))
            } else {
                run(kernel, Registers::<X, _, false>::new(machine))
            }
        },
    )
}

/// Runs a kernel, by tile if it computes so.
#[inline(always)]
fn run<K: Kernel>(kernel: K, vectors: impl Vectors<Arithmetic = K::Arithmetic, Group: Pod>) -> K::Output {
    if const { K::BY_TILE } { kernel.run(Tiled(vectors)) } else { kernel.run(vectors) }
}

/// What a kernel makes with each kind of vectors that this machine has.
#[cfg(all(test, target_arch = "x86_64"))]
pub(super) fn with_each<K: Kernel + Copy>(kernel: K) -> Vec<(&'static str, K::Output)> {
    let avx2 = __m256::machine().map(|machine| ("AVX2", run_in::<__m256, K>(machine, kernel)));
    let avx512 = __m512::machine().map(|machine| ("AVX-512", run_in::<__m512, K>(machine, kernel)));
    [Some(("plain", run(kernel, Plain::new()))), avx2, avx512].into_iter().flatten().collect()
}

/// AVX2, for the operators of [`Wide`](super::registers::Wide), which have no room for a proof that the
/// machine has it.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn v3() -> pulp::x86::V3 {
    // SAFETY: the token asserts that the machine has AVX2 and what came before it. Only the instructions
    // of `__m256` as a `Register` call this function. Registers are visible in `cpu` only, and used there
    // by kernels alone, which receive them as `Vectors`: a `Registers`, which is made of such a token, found
    // by `V3::try_new`.
    unsafe { pulp::x86::V3::new_unchecked() }
}

/// As [`v3`], AVX-512.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn v4() -> pulp::x86::V4 {
    // SAFETY: the token asserts that the machine has AVX-512. Only the instructions of `__m512` as a
    // `Register` call this function, in kernels that have a `Registers` made of such a token, as with `v3`.
    unsafe { pulp::x86::V4::new_unchecked() }
}

/// Asks for some elements, which may lie beyond the end of the memory: for the first cache, or for the second one, where
/// they disturb less.
#[inline(always)]
pub(super) fn prefetch<const INTO_FIRST: bool, T>(memory: &[T], elements: Range<usize>) {
    #[cfg(target_arch = "x86_64")]
    for line in (0..elements.len() * size_of::<T>()).step_by(LINE) {
        let line = memory.as_ptr().wrapping_add(elements.start).wrapping_byte_add(line).cast();
        // SAFETY: the instruction is part of every x86-64, and any address may be asked for. Nothing is read of it, and
        // one that is not mapped is passed over.
        unsafe {
            if INTO_FIRST {
                _mm_prefetch::<_MM_HINT_T0>(line);
            } else {
                _mm_prefetch::<_MM_HINT_T1>(line);
            }
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (memory, elements);
}

/// Proof that this machine adds the products of pairs of bf16 numbers to sums in one instruction.
#[cfg(all(feature = "matrix", target_arch = "x86_64"))]
#[derive(Clone, Copy)]
pub(super) struct Dots(());

#[cfg(all(feature = "matrix", target_arch = "x86_64"))]
impl Dots {
    /// The proof, if it does.
    pub(super) fn machine() -> Option<Self> {
        let has_both = __m512::machine().is_some() && is_x86_feature_detected!("avx512bf16");
        has_both.then_some(Self(()))
    }

    /// Runs something that is inlined, compiled for the instructions of the functions below.
    #[inline(always)]
    pub(super) fn vectorize<R>(self, run: impl FnOnce() -> R) -> R {
        #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512bf16")]
        fn compiled<R>(run: impl FnOnce() -> R) -> R {
            run()
        }
        // SAFETY: the function is safe but for instructions of AVX-512 and AVX512-BF16; `machine`, which
        // alone makes a `Dots`, has found both.
        unsafe { compiled(run) }
    }

    /// A tile of a product of so many rows and columns.
    #[inline(always)]
    pub(super) fn tile(
        self,
        lines: &[dots::Lines],
        columns: &[dots::Columns],
        rows: usize,
        next: &[dots::Lines],
    ) -> dots::Tile {
        // SAFETY: as above.
        unsafe { dots::tile(lines, columns, rows, next) }
    }

    /// Numbers rounded to bf16.
    #[inline(always)]
    pub(super) fn rounded(self, numbers: &[f32; dots::COLUMNS]) -> [u32; dots::SIDE] {
        // SAFETY: as above.
        unsafe { dots::rounded(numbers) }
    }

    /// The words of the columns of two rows.
    #[inline(always)]
    pub(super) fn paired(self, upper: &[u32; dots::SIDE], lower: &[u32; dots::SIDE]) -> [u32; dots::COLUMNS] {
        // SAFETY: as above.
        unsafe { dots::paired(upper, lower) }
    }

    /// The transpose of a square of words.
    #[inline(always)]
    pub(super) fn turned(self, square: [[u32; dots::SIDE]; dots::SIDE]) -> [[u32; dots::SIDE]; dots::SIDE] {
        // SAFETY: as above.
        unsafe { dots::turned(square) }
    }
}

/// A kind of vectors: what the rule computes with, and how it comes from memory and goes there.
///
/// A tile is walked in groups. `at` is the first element of a group within its tile.
pub(super) trait Vectors: Copy {
    /// The format that the arithmetic is done in.
    type Arithmetic: Arithmetic;
    /// One or several numbers of that format.
    type Number: Real;
    /// The numbers of [`GROUP`](Self::GROUP) elements.
    type Group: Copy + Send + Sync + AsRef<[Self::Number]> + AsMut<[Self::Number]>;
    /// Elements in a group; divides [`TILE`].
    const GROUP: usize;
    /// Sixteen random bits for each element of a group.
    type Bits: Pod;
    /// What is the same for all random blocks whose counters differ in the first word only.
    type Blocks;

    fn zeros(self) -> Self::Group;

    /// Whether any number is NaN.
    fn has_nan(self, numbers: &Self::Group) -> bool;

    /// Calls `visit` with each place of a group, in order.
    fn each_place(self, visit: impl FnMut(usize));

    fn widen<T: StorageDtype<Arithmetic = Self::Arithmetic>>(
        self,
        memory: &[T; TILE],
        at: usize,
    ) -> Self::Group;

    fn widen_gradient<T: WidensTo<Self::Arithmetic>>(self, memory: &[T; TILE], at: usize) -> Self::Group;

    fn round<T: StorageDtype<Arithmetic = Self::Arithmetic>>(
        self,
        numbers: &Self::Group,
        memory: &mut [T; TILE],
        at: usize,
    );

    /// Element *i* takes the bits in place *i* ⊕ `by`, where `by` is below 8.
    fn round_stochastically<T: StorageDtype<Arithmetic = Self::Arithmetic>>(
        self,
        numbers: &Self::Group,
        bits: &Self::Bits,
        by: usize,
        memory: &mut [T; TILE],
        at: usize,
    );

    /// Parameters and corrections, which are the digits of one number each.
    fn join<W: Store, P: StorageDtype<Arithmetic = Self::Arithmetic>>(
        self,
        memory: &[P; TILE],
        beside: &[W::Beside<P>; TILE],
        at: usize,
    ) -> Self::Group;

    /// The other way round. Bits as in [`round_stochastically`](Self::round_stochastically); without them
    /// to nearest.
    fn split<W: Store, P: StorageDtype<Arithmetic = Self::Arithmetic>>(
        self,
        numbers: &Self::Group,
        random: Option<(&Self::Bits, usize)>,
        memory: &mut [P; TILE],
        beside: &mut [W::Beside<P>; TILE],
        at: usize,
    );

    /// Prepares the random blocks whose counters differ from `counter` in the first word only.
    fn blocks(self, counter: [u32; 4], keys: &RoundKeys) -> Self::Blocks;

    /// The bits of a group, from neighbouring blocks. The first word of the first one's counter is
    /// `first`, which a group's number of blocks divides.
    fn random(self, first: u32, blocks: &Self::Blocks) -> Self::Bits;
}

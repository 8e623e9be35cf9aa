//! A tile of a product of matrices in bf16, by the instruction that adds the products of two pairs to a sum.

use crate::cpu::simd::prefetch;
use bytemuck::{Pod, Zeroable, must_cast};
use core::arch::x86_64::{
    __m512bh, __m512i, _mm512_cvtne2ps_pbh, _mm512_dpbf16_ps, _mm512_permutex2var_epi16, _mm512_set1_epi32,
    _mm512_setzero_ps, _mm512_shuffle_i32x4, _mm512_unpackhi_epi32, _mm512_unpackhi_epi64,
    _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
};

/// Rows of a tile. With two registers for each, its sums take 28 of the 32 that there are.
pub(in crate::cpu) const ROWS: usize = 14;
/// Columns of a tile.
pub(in crate::cpu) const COLUMNS: usize = 32;
/// Words of a square that is [turned].
pub(in crate::cpu) const SIDE: usize = 16;

/// The rows of a tile, of each so many pairs of neighbouring numbers, a pair in a word: as many numbers as a tile
/// of sums has.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C, align(64))]
pub(in crate::cpu) struct Lines(pub(in crate::cpu) [[u32; SIDE]; ROWS]);

/// A pair of neighbouring numbers of each column.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C, align(64))]
pub(in crate::cpu) struct Columns(pub(in crate::cpu) [u32; COLUMNS]);

/// The sums.
pub(in crate::cpu) type Tile = [[f32; COLUMNS]; ROWS];

/// The sums of the products of all pairs of the columns, of which the lines have as many at least. Of the rows only so
/// many are needed, the others may be zero. Meanwhile the next lines come near.
#[target_feature(enable = "avx512f,avx512bf16")]
pub(in crate::cpu) fn tile(lines: &[Lines], columns: &[Columns], rows: usize, next: &[Lines]) -> Tile {
    // With fewer sums the instruction would wait for itself.
    const FEW: usize = 6;
    if rows > FEW { sums::<ROWS>(lines, columns, next) } else { sums::<FEW>(lines, columns, next) }
}

#[target_feature(enable = "avx512f,avx512bf16")]
fn sums<const COUNT: usize>(lines: &[Lines], columns: &[Columns], next: &[Lines]) -> Tile {
    let mut sums = [[_mm512_setzero_ps(); 2]; ROWS];
    for (number, (lines, columns)) in lines.iter().zip(columns.chunks(SIDE)).enumerate() {
        if let Some(next) = next.get(number) {
            prefetch::<false, _>(&next.0, 0..next.0.len());
        }
        for (place, columns) in columns.iter().enumerate().take(SIDE) {
            let columns: [__m512bh; 2] = must_cast(columns.0);
            for (sums, line) in sums.iter_mut().zip(&lines.0).take(COUNT) {
                let pair: __m512bh = must_cast(_mm512_set1_epi32(line[place].cast_signed()));
                sums[0] = _mm512_dpbf16_ps(sums[0], pair, columns[0]);
                sums[1] = _mm512_dpbf16_ps(sums[1], pair, columns[1]);
            }
        }
    }
    must_cast(sums)
}

/// Numbers rounded to the nearest bf16, to the even one of two; those below the normal ones to zero, which the products
/// take them for anyway.
#[inline]
#[target_feature(enable = "avx512f,avx512bf16")]
pub(in crate::cpu) fn rounded(numbers: &[f32; COLUMNS]) -> [u32; SIDE] {
    let [first, second]: [[f32; SIDE]; 2] = must_cast(*numbers);
    must_cast(_mm512_cvtne2ps_pbh(must_cast(second), must_cast(first)))
}

/// The words of the columns of two rows: of each row sixteen words with two columns, of the result one for each column.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(in crate::cpu) fn paired(upper: &[u32; SIDE], lower: &[u32; SIDE]) -> [u32; COLUMNS] {
    /// Which halves of the words of both go where.
    const HALVES: [[u16; COLUMNS]; 2] = {
        let mut halves = [[0; COLUMNS]; 2];
        let mut column = 0;
        while column < COLUMNS {
            let place = 2 * (column % SIDE);
            halves[column / SIDE][place] = column as u16;
            halves[column / SIDE][place + 1] = (COLUMNS + column) as u16;
            column += 1;
        }
        halves
    };
    let (upper, lower) = (must_cast(*upper), must_cast(*lower));
    let [first, second]: [__m512i; 2] = must_cast(HALVES);
    must_cast([
        _mm512_permutex2var_epi16(upper, first, lower),
        _mm512_permutex2var_epi16(upper, second, lower),
    ])
}

/// The transpose of a square of words.
#[inline]
#[target_feature(enable = "avx512f")]
pub(in crate::cpu) fn turned(square: [[u32; SIDE]; SIDE]) -> [[u32; SIDE]; SIDE] {
    let rows: [__m512i; SIDE] = must_cast(square);
    // Each quarter of a register first takes a column of four neighbouring rows.
    let mut twos = rows;
    for i in (0..SIDE).step_by(2) {
        twos[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
        twos[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
    }
    let mut fours = twos;
    for i in (0..SIDE).step_by(4) {
        for high in 0..2 {
            fours[i + 2 * high] = _mm512_unpacklo_epi64(twos[i + high], twos[i + 2 + high]);
            fours[i + 2 * high + 1] = _mm512_unpackhi_epi64(twos[i + high], twos[i + 2 + high]);
        }
    }
    // Quarters go where their rows belong: the even and the odd ones of two registers, twice.
    let mut eights = fours;
    let mut turned = fours;
    for i in 0..4 {
        for half in [0, 8] {
            eights[half + i] = _mm512_shuffle_i32x4::<0x88>(fours[half + i], fours[half + 4 + i]);
            eights[half + 4 + i] = _mm512_shuffle_i32x4::<0xdd>(fours[half + i], fours[half + 4 + i]);
        }
        for odd in [0, 4] {
            turned[odd + i] = _mm512_shuffle_i32x4::<0x88>(eights[odd + i], eights[8 + odd + i]);
            turned[8 + odd + i] = _mm512_shuffle_i32x4::<0xdd>(eights[odd + i], eights[8 + odd + i]);
        }
    }
    must_cast(turned)
}

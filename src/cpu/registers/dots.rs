//! A tile of a product of matrices in bf16, by the instruction that adds the products of two pairs to a sum.

use bytemuck::{Pod, Zeroable, must_cast};
use core::arch::x86_64::{
    __m512bh, __m512i, _mm512_dpbf16_ps, _mm512_set1_epi32, _mm512_setzero_ps, _mm512_shuffle_i32x4,
    _mm512_unpackhi_epi32, _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
};

/// Rows of a tile. With two registers for each, its sums take 28 of the 32 that there are.
pub(in crate::cpu) const ROWS: usize = 14;
/// Columns of a tile.
pub(in crate::cpu) const COLUMNS: usize = 32;
/// The most pairs of a sum.
pub(in crate::cpu) const PAIRS: usize = 512;
/// Words of a square that is [turned].
pub(in crate::cpu) const SIDE: usize = 16;

/// The pairs of neighbouring numbers of a row, each in one word. Sixteen words more than there are pairs keep
/// rows out of each other's places in the cache.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C, align(64))]
pub(in crate::cpu) struct Row(pub(in crate::cpu) [u32; PAIRS + 16]);

/// A pair of neighbouring numbers of each column.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C, align(64))]
pub(in crate::cpu) struct Columns(pub(in crate::cpu) [u32; COLUMNS]);

/// The sums.
pub(in crate::cpu) type Tile = [[f32; COLUMNS]; ROWS];

/// The sums of the products of all pairs of the columns, of which there are [`PAIRS`] at most.
#[target_feature(enable = "avx512f,avx512bf16")]
pub(in crate::cpu) fn tile(rows: &[Row; ROWS], columns: &[Columns]) -> Tile {
    let mut sums = [[_mm512_setzero_ps(); 2]; ROWS];
    for (place, columns) in columns[..columns.len().min(PAIRS)].iter().enumerate() {
        let columns: [__m512bh; 2] = must_cast(columns.0);
        for (sums, row) in sums.iter_mut().zip(rows) {
            let pair = row.0[place];
            let pair: __m512bh = must_cast(_mm512_set1_epi32(pair.cast_signed()));
            sums[0] = _mm512_dpbf16_ps(sums[0], pair, columns[0]);
            sums[1] = _mm512_dpbf16_ps(sums[1], pair, columns[1]);
        }
    }
    must_cast(sums)
}

/// The transpose of a square of words.
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

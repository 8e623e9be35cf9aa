//! Triangles without their zeros.

use super::hands::Field;

/// A packed triangle becomes a square of n rows.
pub(super) fn unpack<F: Field>(into: &mut [F], mut packed: &[F], n: usize) {
    for row in 0..n {
        let (line, rest) = packed.split_at(n - row);
        let (zeros, upper) = into[row * n..][..n].split_at_mut(row);
        zeros.fill(F::default());
        upper.copy_from_slice(line);
        packed = rest;
    }
}

/// The upper triangle of a square of n rows is packed.
pub(super) fn pack<F: Field>(mut packed: &mut [F], from: &[F], n: usize) {
    for row in 0..n {
        let (line, rest) = packed.split_at_mut(n - row);
        line.copy_from_slice(&from[row * n..][row..n]);
        packed = rest;
    }
}

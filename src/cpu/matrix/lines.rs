//! What is done to the rows of a matrix, and to its elements one by one.

use super::hands::Field;
use crate::real::Real;
use crate::transform::Matrix;

fn constant<F: Field>(value: f64) -> F {
    <F as Real>::constant(value)
}

/// x ← x + (absolute + relative·|x|)·v.
pub(super) fn perturb<F: Field>(numbers: &mut [F], absolute: f64, relative: f64, by: &[F]) {
    let (absolute, relative): (F, F) = (constant(absolute), constant(relative));
    for (number, by) in numbers.iter_mut().zip(by) {
        *number += (absolute + relative * Real::abs(*number)) * *by;
    }
}

/// x ← x·(1 + scale·y).
pub(super) fn grow<F: Field>(numbers: &mut [F], scale: f64, by: &[F]) {
    let scale: F = constant(scale);
    for (number, by) in numbers.iter_mut().zip(by) {
        *number += *number * (scale * *by);
    }
}

/// (x, y) ← (x + y, x − y).
pub(super) fn sum_and_difference<F: Field>(first: &mut [F], second: &mut [F]) {
    for (first, second) in first.iter_mut().zip(second) {
        (*first, *second) = (*first + *second, *first - *second);
    }
}

/// Row i ← row i·bᵢᵖ.
pub(super) fn scale_rows<F: Field>(matrix: Matrix, numbers: &mut [F], by: &[F], power: i32) {
    let apply = |number: F, by: F| match power {
        -1 => number / by,
        2 => number * (by * by),
        _ => number * by,
    };
    if matrix.is_empty() {
        return;
    }
    for (row, line) in numbers.chunks_exact_mut(matrix.columns).enumerate() {
        if matrix.transposed {
            line.iter_mut().zip(by).for_each(|(number, by)| *number = apply(*number, *by));
        } else {
            line.iter_mut().for_each(|number| *number = apply(*number, by[row]));
        }
    }
}

/// The i-th number ← keep·itself + the sum of the squares of row i.
pub(super) fn square_rows<F: Field>(into: &mut [F], keep: f64, matrix: Matrix, numbers: &[F]) {
    let keep: F = constant(keep);
    into.iter_mut().for_each(|sum| *sum = if keep == F::default() { F::default() } else { keep * *sum });
    if matrix.is_empty() {
        return;
    }
    for (row, line) in numbers.chunks_exact(matrix.columns).enumerate() {
        if matrix.transposed {
            into.iter_mut().zip(line).for_each(|(sum, number)| *sum += *number * *number);
        } else {
            into[row] += constant::<F>(sum_of(line, |number| number * number));
        }
    }
}

/// Σ f(x), in eight lanes.
pub(super) fn sum_of<F: Field>(numbers: &[F], map: impl Fn(f64) -> f64) -> f64 {
    let mut lanes = [0.0f64; 8];
    let mut chunks = numbers.chunks_exact(8);
    for chunk in &mut chunks {
        lanes.iter_mut().zip(chunk).for_each(|(lane, number)| *lane += map(number.to_f64()));
    }
    let rest = chunks.remainder();
    lanes.iter_mut().zip(rest).for_each(|(lane, number)| *lane += map(number.to_f64()));
    lanes.iter().sum()
}

/// The largest magnitude; NaN if a number is.
pub(super) fn largest<F: Field>(numbers: &[F]) -> f64 {
    let mut lanes = [F::default(); 8];
    let larger = |lane: &mut F, number: &F| *lane = Real::max(*lane, Real::abs(*number));
    let mut chunks = numbers.chunks_exact(8);
    for chunk in &mut chunks {
        lanes.iter_mut().zip(chunk).for_each(|(lane, number)| larger(lane, number));
    }
    lanes.iter_mut().zip(chunks.remainder()).for_each(|(lane, number)| larger(lane, number));
    lanes.into_iter().fold(F::default(), Real::max).to_f64()
}

/// The first row with the largest norm, and that norm.
pub(super) fn longest_row<F: Field>(columns: usize, numbers: &[F]) -> (usize, f64) {
    let squares = numbers.chunks_exact(columns.max(1)).map(|row| sum_of(row, |number| number * number));
    let longer = |best: (usize, f64), row: (usize, f64)| if row.1 > best.1 { row } else { best };
    let (row, square) = squares.enumerate().fold((0, 0.0), longer);
    (row, square.sqrt())
}

/// into ← ofᵀ − of, squares of n rows.
pub(super) fn antisymmetric<F: Field>(into: &mut [F], of: &[F], n: usize) {
    transpose::transpose(of, into, n, n);
    into.iter_mut().zip(of).for_each(|(into, of)| *into -= *of);
}

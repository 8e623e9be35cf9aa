//! Products, triangles and their inverses against their definitions, in sizes that are cut.

use super::operand::Operand;
use super::{products, triangles};
use crate::random::{philox, round_keys};
use crate::transform::{Matrix, Slot};

/// Rows of triangles: cut several times, not evenly; the products with them are worth moving a matrix.
const N: usize = 437;
/// The other length of a matrix.
const OTHER: usize = 91;

fn noise(length: usize, seed: u32) -> Vec<f64> {
    let keys = round_keys(7);
    let number = |place: usize| f64::from(philox([place as u32, 0, 0, seed], &keys)[0]) / 2f64.powi(31) - 1.0;
    (0..length).map(number).collect()
}

fn matrix(rows: usize, columns: usize, transposed: bool) -> Matrix {
    Matrix { transposed, ..Matrix::new(Slot::Update, rows, columns) }
}

/// Which elements are looked at: some in every row, every column and every block.
fn seen() -> impl Iterator<Item = usize> {
    (0..).step_by(83)
}

/// As the definition says, where it is looked at.
fn product(left: Operand<'_, f64>, right: Operand<'_, f64>) -> Vec<f64> {
    let ((rows, inner), columns) = (left.shape(), right.shape().1);
    let at = |operand: Operand<'_, f64>, row: usize, column: usize| {
        let (height, width) = operand.shape();
        operand.numbers[if operand.transposed { column * height + row } else { row * width + column }]
    };
    let element = |place: usize| {
        let (row, column) = (place / columns, place % columns);
        (0..inner).map(|inner| at(left, row, inner) * at(right, inner, column)).sum::<f64>()
    };
    seen().take_while(|place| *place < rows * columns).map(element).collect()
}

/// An upper triangle, row by row, whose diagonal outweighs the rest of a row.
fn triangle(seed: u32) -> Vec<f64> {
    let mut numbers = noise(N * N, seed);
    for (place, number) in numbers.iter_mut().enumerate() {
        let (row, column) = (place / N, place % N);
        *number = if column < row {
            0.0
        } else if column == row {
            2.0
        } else {
            *number / N as f64
        };
    }
    numbers
}

/// Two sums of at most N terms of size 1 in any order are so close: each has an error of N²·2⁻⁵³ at most.
fn close(all: &[f64], expected: &[f64], what: &str) {
    let limit = 2.0 * (N * N) as f64 * f64::EPSILON;
    assert_eq!(expected.len(), all.len().div_ceil(83), "{what}");
    for (place, expected) in seen().zip(expected) {
        assert!((all[place] - expected).abs() <= limit, "{what}: {} at {place}, not {expected}", all[place]);
    }
}

/// The elements that are looked at.
fn looked_at(all: &[f64]) -> Vec<f64> {
    seen().map_while(|place| all.get(place).copied()).collect()
}

#[test]
fn products_are_what_they_should_be() {
    for transposed in 0..8 {
        let [of_left, of_right, of_into] = [1, 2, 4].map(|digit| transposed & digit != 0);
        let shape = |rows, columns, is_transposed| {
            if is_transposed { matrix(columns, rows, true) } else { matrix(rows, columns, false) }
        };
        let (left, right) = (noise(N * OTHER, 1), noise(OTHER * 600, 2));
        let left = Operand::new(shape(N, OTHER, of_left), &left);
        let right = Operand::new(shape(OTHER, 600, of_right), &right);
        let mut into = noise(N * 600, 3);
        let before = into.clone();
        let spare = &mut vec![f64::NAN; OTHER * 600];
        products::multiply(&mut into, of_into, [0.5, 2.0], left, right, spare);
        let expected = if of_into { product(right.t(), left.t()) } else { product(left, right) };
        let expected: Vec<_> = expected
            .iter()
            .zip(looked_at(&before))
            .map(|(product, before)| 0.5 * before + 2.0 * product)
            .collect();
        close(&into, &expected, &format!("{transposed:03b}"));
    }
}

#[test]
fn symmetric_products_have_both_triangles() {
    let numbers = noise(N * OTHER, 1);
    for operand in
        [Operand::new(matrix(N, OTHER, false), &numbers), Operand::new(matrix(OTHER, N, true), &numbers)]
    {
        let spare = &mut vec![f64::NAN; N * OTHER];
        let mut into = vec![f64::NAN; N * N];
        products::multiply_symmetric(&mut into, [0.0, 1.0], operand, operand.t(), spare);
        close(&into, &product(operand, operand.t()), "replaced");
        let twice: Vec<_> = looked_at(&into).iter().map(|number| 2.0 * number).collect();
        products::multiply_symmetric(&mut into, [1.0, 1.0], operand, operand.t(), spare);
        close(&into, &twice, "added");
    }
}

#[test]
fn triangles_multiply_from_both_sides() {
    let (triangle, numbers) = (triangle(1), noise(N * OTHER, 2));
    let upper = Operand::square(&triangle, N);
    for (triangle, is_transposed) in [(upper, false), (upper.t(), false), (upper, true), (upper.t(), true)] {
        let rows = if is_transposed { matrix(OTHER, N, true) } else { matrix(N, OTHER, false) };
        let right = Operand::new(rows, &numbers);
        let (mut into, spare) = (vec![f64::NAN; N * OTHER], &mut vec![f64::NAN; N * N]);
        triangles::multiply(&mut into, is_transposed, triangle, right, spare);
        let expected =
            if is_transposed { product(right.t(), triangle.t()) } else { product(triangle, right) };
        close(&into, &expected, &format!("{is_transposed}"));

        // And back: the triangle's rows are at most 3 in sum, those of its inverse at most 1.
        triangles::solve(&mut into, is_transposed, triangle, spare);
        close(&into, &looked_at(&numbers), "solved");
    }
}

#[test]
fn triangles_multiply_triangles() {
    let (left, right) = (triangle(1), triangle(2));
    let (left, right) = (Operand::square(&left, N), Operand::square(&right, N));
    let mut into = vec![f64::NAN; N * N];
    triangles::multiply_both(&mut into, -0.5, left, right);
    let expected: Vec<_> = product(left, right).iter().map(|number| -0.5 * number).collect();
    close(&into, &expected, "product");
    triangles::square(&mut into, left, &mut vec![f64::NAN; N * N]);
    close(&into, &product(left.t(), left), "square");
}

//! Products of small whole numbers, which are exact in bf16, and so are their sums in `f32`.

use super::Panels;
use crate::cpu::matrix::operand::Operand;
use crate::random::{philox, round_keys};
use crate::transform::{Matrix, Slot};

/// Whole numbers from −4 to 3.
fn numbers(length: usize, seed: u32) -> Vec<f32> {
    let keys = round_keys(11);
    (0..length).map(|place| (philox([place as u32, 0, 0, seed], &keys)[0] >> 29) as f32 - 4.0).collect()
}

fn operand(numbers: &[f32], rows: usize, columns: usize, transposed: bool) -> Operand<'_, f32> {
    let (rows, columns) = if transposed { (columns, rows) } else { (rows, columns) };
    Operand::new(Matrix { transposed, ..Matrix::new(Slot::Update, rows, columns) }, numbers)
}

/// An element of a product, by the definition.
fn element(left: Operand<'_, f32>, right: Operand<'_, f32>, row: usize, column: usize) -> f32 {
    let at = |operand: Operand<'_, f32>, row: usize, column: usize| {
        let (height, width) = operand.shape();
        operand.numbers[if operand.transposed { column * height + row } else { row * width + column }]
    };
    (0..left.shape().1).map(|inner| at(left, row, inner) * at(right, inner, column)).sum()
}

/// Runs a test where products are made in bf16.
fn with_panels(test: impl FnOnce(&mut Panels)) {
    if !Panels::are_of_use() {
        println!("not tested: this machine has no AVX512-BF16");
        return;
    }
    test(&mut Panels::new().expect("room for two blocks"));
}

/// Tails of tiles, of pairs, and of blocks in each direction; nothing.
const SHAPES: [(usize, usize, usize); 9] = [
    (1, 1, 1),
    (14, 2, 32),
    (15, 3, 33),
    (40, 37, 70),
    (13, 1101, 31),
    (9, 2, 601),
    (1051, 5, 20),
    (3, 0, 4),
    (0, 3, 4),
];

#[test]
fn products_are_exact_where_they_can_be() {
    with_panels(|panels| {
        for (rows, inner, columns) in SHAPES {
            for transposed in 0..8 {
                let [of_left, of_right, of_into] = [1, 2, 4].map(|digit| transposed & digit != 0);
                let (left, right) = (numbers(rows * inner, 1), numbers(inner * columns, 2));
                let left = operand(&left, rows, inner, of_left);
                let right = operand(&right, inner, columns, of_right);
                let before = numbers(rows * columns, 3);
                let mut into = before.clone();
                panels.multiply(&mut into, of_into, [0.5, 2.0], left, right);
                for (place, (into, before)) in into.iter().zip(before).enumerate() {
                    let (row, column) = if of_into {
                        (place % rows, place / rows)
                    } else {
                        (place / columns, place % columns)
                    };
                    let expected = 0.5 * before + 2.0 * element(left, right, row, column);
                    assert_eq!(*into, expected, "{rows}×{inner}×{columns}, {transposed:03b}: {place}");
                }
            }
        }
    });
}

#[test]
fn symmetric_products_have_both_triangles() {
    with_panels(|panels| {
        for (n, inner) in [(1, 1), (47, 5), (1051, 3), (300, 1030)] {
            for transposed in [false, true] {
                let of = numbers(n * inner, 1);
                let of = operand(&of, n, inner, transposed);
                let [mut whole, mut into] = [0, 1].map(|_| vec![f32::NAN; n * n]);
                panels.multiply(&mut whole, false, [0.0, 1.0], of, of.t());
                panels.multiply_symmetric(&mut into, [0.0, 1.0], of, of.t());
                assert!(into == whole, "{n} of {inner}");
            }
        }
    });
}

#[test]
fn factors_are_rounded_and_what_is_not_finite_stays_so() {
    with_panels(|panels| {
        // A half of the last digit more than a number goes to the even neighbour: 1 + 2⁻⁸ to 1, 1 + 3·2⁻⁸ to 1 + 2⁻⁶.
        let left = [1.0 + 2f32.powi(-8), 1.0 + 3.0 * 2f32.powi(-8), f32::NAN, f32::INFINITY];
        let mut into = [7.0; 4];
        let (left, one) = (operand(&left, 4, 1, false), [1.0]);
        panels.multiply(&mut into, false, [0.0, 1.0], left, operand(&one, 1, 1, false));
        assert_eq!(into[..2], [1.0, 1.0 + 2f32.powi(-6)]);
        assert!(into[2].is_nan() && into[3] == f32::INFINITY);
    });
}

#[test]
fn threads_change_nothing() {
    with_panels(|panels| {
        let (rows, inner, columns) = (1051, 65, 40);
        let thirds = |numbers: Vec<f32>| numbers.iter().map(|number| number / 3.0).collect::<Vec<_>>();
        let (left, right) = (thirds(numbers(rows * inner, 1)), thirds(numbers(inner * columns, 2)));
        let (left, right) = (operand(&left, rows, inner, false), operand(&right, inner, columns, false));
        let mut by = |threads| {
            let mut into = vec![0.0; rows * columns];
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            pool.install(|| panels.multiply(&mut into, false, [0.0, 1.0], left, right));
            into
        };
        assert!(by(1) == by(3));
    });
}

/// Lines with two numbers that are not zero, so that all squares are small whole numbers.
fn sparse(rows: usize, columns: usize) -> Vec<f32> {
    let least = rows.min(columns);
    let mut numbers = vec![0.0; rows * columns];
    for line in 0..least {
        let row = &mut numbers[line * (rows / least) * columns..][..columns];
        row[line * (columns / least)] = if line % 3 == 0 { -1.0 } else { 1.0 };
        row[(line + 13) % least * (columns / least)] = 1.0;
    }
    numbers
}

/// (a·I + b·S + c·S²)·matrix by products that are made one after the other.
fn by_products(
    panels: &mut Panels,
    of: &[f32],
    rows: usize,
    columns: usize,
    [a, b, c]: [f64; 3],
) -> Vec<f32> {
    let of = operand(of, rows, columns, false);
    let [mut square, mut polynomial] = [0, 1].map(|_| vec![0.0; rows * rows]);
    panels.multiply_symmetric(&mut square, [0.0, 1.0], of, of.t());
    polynomial.copy_from_slice(&square);
    let factor = operand(&square, rows, rows, false);
    panels.multiply_symmetric(&mut polynomial, [b, c], factor, factor);
    polynomial.iter_mut().step_by(rows + 1).for_each(|number| *number += a as f32);
    let mut into = vec![0.0; rows * columns];
    panels.multiply(&mut into, false, [0.0, 1.0], operand(&polynomial, rows, rows, false), of);
    into
}

#[test]
fn polynomials_are_those_of_separate_products() {
    with_panels(|panels| {
        let (plain, quintic) = ([1.0, 0.0, 0.0], [3.0, -2.0, 1.0]);
        for (rows, columns) in [(64, 64), (51, 70), (45, 1050), (300, 61), (509, 90)] {
            assert!(Panels::hold(rows, columns), "{rows}×{columns}");
            let before = sparse(rows, columns);
            let expected = by_products(panels, &before, rows, columns, quintic);
            assert!(before != expected && expected.iter().all(|number| number.abs() <= 256.0));
            let mut by = |quintics: &[[f64; 3]], threads| {
                let mut into = before.clone();
                // What has been in the room does not count.
                let [mut of_matrix, mut of_product] = [0, 1].map(|_| vec![f32::NAN; rows * columns]);
                let mut of_polynomial = vec![f32::NAN; rows.min(columns).pow(2)];
                let room = [&mut of_matrix[..], &mut of_product, &mut of_polynomial];
                let matrix = Matrix::new(Slot::Update, rows, columns);
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
                pool.install(|| {
                    panels.apply_quintics(&mut into, matrix, &mut quintics.iter().copied(), room)
                });
                into
            };
            assert!(by(&[quintic], 1) == expected, "{rows}×{columns}");
            assert!(by(&[plain, quintic], 3) == expected, "{rows}×{columns}");
            assert!(by(&[quintic, plain], 1) == expected, "{rows}×{columns}");
        }
    });
}

#[test]
fn large_and_tiny_matrices_are_multiplied_step_by_step() {
    for (rows, columns) in [(0, 3), (1, 1), (20, 20), (33, 33), (2048, 2048), (64, 8192)] {
        assert!(!Panels::hold(rows, columns), "{rows}×{columns}");
    }
}

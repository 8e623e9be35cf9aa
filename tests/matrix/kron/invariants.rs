//! What factors are, whatever the gradients.

use super::*;
use gradus::hyperparameter::{FitRate, Scale};
use gradus::rule::{Balancing, FactorGeometry, FactorShapes, FactorStorage, FirstScale};
use proptest::prelude::*;

fn with_rate(rate: f64) -> KronFactors {
    KronFactors { rate: FitRate::new(rate).expect("it is in the range"), ..KronFactors::default() }
}

/// Whether all pivots of the symmetric part are positive.
fn is_positive(matrix: &Array2<f64>) -> bool {
    let mut rest = (matrix + &matrix.t()) * 0.5;
    let n = rest.nrows();
    (0..n).all(|pivot| {
        let divisor = rest[[pivot, pivot]];
        for row in pivot + 1..n {
            let factor = rest[[row, pivot]] / divisor;
            for column in pivot..n {
                rest[[row, column]] -= factor * rest[[pivot, column]];
            }
        }
        divisor > 0.0
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn triangles_keep_a_positive_diagonal(
        rate in 0.0..0.99f64,
        size in -150..150i32,
        seed in 0u32..1000,
    ) {
        // The length of a fit does not depend on the size of gradients.
        let factors = KronFactors { storage: FactorStorage::Square, ..with_rate(rate) };
        let mut one = One::new(plain(factors), &[5, 4]);
        for step in 0..10 {
            one.step(&(tensor(&[5, 4], 100 * seed + step) * 10f64.powi(size / 2)));
        }
        for (name, n) in [("factor_1", 5), ("factor_2", 4)] {
            let factor = Array2::from_shape_vec((n, n), one.kept(name)).expect("a square");
            for ((row, column), number) in factor.indexed_iter() {
                prop_assert!(row <= column || *number == 0.0);
                prop_assert!(row != column || *number > 0.0);
            }
            prop_assert!(is_positive(&factor.t().dot(&factor)));
        }
        prop_assert_eq!(one.kept("failures"), [0.0]);
    }

    #[test]
    fn symmetric_factors_stay_nearly_so_and_positive(rate in 0.0..0.3f64, seed in 0u32..1000) {
        let factors = KronFactors { geometry: FactorGeometry::Symmetric, ..with_rate(rate) };
        let mut one = One::new(plain(factors), &[5, 4]);
        for step in 0..30 {
            one.step(&tensor(&[5, 4], 100 * seed + step));
        }
        for (name, n) in [("factor_1", 5), ("factor_2", 4)] {
            let factor = Array2::from_shape_vec((n, n), one.kept(name)).expect("a square");
            prop_assert!(is_positive(&factor));
            prop_assert!(largest(&(&factor - &factor.t())) < 0.5 * largest(&factor));
        }
    }

    #[test]
    fn how_a_scale_is_shared_among_factors_does_not_matter(seed in 0u32..1000, exponent in -20..20i32) {
        let unbalanced = KronFactors { balancing: Balancing::Never, ..KronFactors::default() };
        let (mut one, mut other) = (One::new(plain(unbalanced.clone()), &[5, 4]), One::new(plain(unbalanced), &[5, 4]));
        let gradient = |step: u32| tensor(&[5, 4], 100 * seed + step);
        for step in 0..3 {
            one.step(&gradient(step));
            other.step(&gradient(step));
        }
        let mut snapshot = other.optimizer.snapshot().expect("whole steps");
        for (name, numbers) in &mut snapshot.tensors[0].matrices {
            let power = match name.as_str() { "factor_1" => exponent, "factor_2" => -exponent, _ => 0 };
            numbers.iter_mut().for_each(|number| *number *= 2f64.powi(power));
        }
        other.optimizer.restore(&snapshot).expect("it fits");
        for step in 3..8 {
            one.step(&gradient(step));
            other.step(&gradient(step));
        }
        // Powers of two are exact.
        prop_assert_eq!(&one.parameter, &other.parameter);
    }
}

#[test]
fn balancing_changes_factors_and_not_their_product() {
    let with = |balancing| One::new(plain(KronFactors { balancing, ..KronFactors::default() }), &[6, 3, 4]);
    let (mut never, mut always) = (with(Balancing::Never), with(Balancing::Always));
    for step in 0..10 {
        let gradient = tensor(&[6, 3, 4], step);
        never.step(&gradient);
        always.step(&gradient);
    }
    assert!(farthest(&never.kept("factor_1"), &always.kept("factor_1")) > 1e-3);
    let [never, always] = [never, always].map(|one| one.parameter[0].1.iter().copied().collect::<Vec<_>>());
    let size = never.iter().fold(0.0, |size: f64, x| size.max(x.abs()));
    // As in `paper`: roundings of 2⁻⁵³ that ten fits enlarge by less than 10⁵.
    assert!(farthest(&never, &always) < 1e-10 * size);
}

/// The products of the updates with themselves along the rows, for gradients A·z·B with normal z.
fn covariance(one: &mut One, rows: &Array2<f64>, columns: &Array2<f64>, count: u32) -> Array2<f64> {
    let mut sum = Array2::zeros((rows.nrows(), rows.nrows()));
    for step in 0..count {
        // Twelve even draws add up to a nearly normal one of variance 4.
        let mut normal = Array2::zeros((rows.ncols(), columns.nrows()));
        for part in 0..12 {
            normal += &noise(rows.ncols(), columns.nrows(), 1000 + 12 * step + part);
        }
        let gradient = rows.dot(&(normal * 0.5)).dot(columns);
        let before = one.parameter[0].1.clone();
        one.step(&gradient.into_dyn());
        let update = (&before - &one.parameter[0].1).into_dimensionality().expect("a matrix");
        let update: Array2<f64> = update;
        if step >= count / 2 {
            sum += &update.dot(&update.t());
        }
    }
    sum / f64::from(count / 2) / columns.ncols() as f64
}

#[test]
fn a_stationary_stream_of_gradients_is_whitened() {
    let spread = |n: usize, seed: u32| {
        let values = (0..n).map(|i| 10f64.powf(-2.0 * i as f64 / (n - 1) as f64)).collect::<Vec<_>>();
        orthogonal(n, seed).dot(&Array2::from_diag(&ndarray::Array1::from(values)))
    };
    let (rows, columns) = (spread(5, 11), spread(4, 21));
    for geometry in [FactorGeometry::Triangular, FactorGeometry::Symmetric] {
        let factors = KronFactors { geometry, ..with_rate(0.05) };
        let rule = Psgd {
            momentum: gradus::rule::Average { decay: 0.0.try_into().expect("0 is a decay") },
            ..plain(factors)
        };
        let mut one = One::new(rule, &[5, 4]);
        let found = covariance(&mut one, &rows, &columns, 4000);
        // Before, the smallest variance is 1e-4 of the largest, and directions belong together. What is left
        // is what fits of a twentieth each, and 2000 draws, leave: some tenths.
        let difference = largest(&(&found - &Array2::<f64>::eye(5)));
        assert!(difference < 0.5, "{geometry:?}: {found}");
    }
}

#[test]
fn by_their_root_lengths_become_square_roots() {
    let values: Vec<f64> = (0..5).map(|i| 10f64.powf(-2.0 * f64::from(i) / 4.0)).collect();
    let (basis, values) = (orthogonal(5, 11), ndarray::Array1::from(values));
    let rows = basis.dot(&Array2::from_diag(&values));
    let factors = KronFactors { geometry: FactorGeometry::SymmetricRoot, ..with_rate(0.05) };
    let rule = Psgd {
        momentum: gradus::rule::Average { decay: 0.0.try_into().expect("0 is a decay") },
        ..plain(factors)
    };
    let mut one = One::new(rule, &[5, 4]);
    let found = covariance(&mut one, &rows, &Array2::eye(4), 4000);
    // The variances of gradients are the squares of the values, so those of updates the values themselves.
    let root = Array2::from_diag(&values.mapv(|value| value.powf(-0.5)));
    let found = root.dot(&basis.t()).dot(&found).dot(&basis).dot(&root);
    let found = &found * (5.0 / found.diag().sum());
    // As above: some tenths are left.
    let difference = largest(&(&found - &Array2::<f64>::eye(5)));
    assert!(difference < 0.5, "{found}");
}

#[test]
fn packed_and_square_storage_have_the_same_bits() {
    let gradients: Vec<_> = (0..6).map(|step| noise(9, 5, step)).collect();
    let with = |more: &[(&str, Value)]| moved(&configured("psgd_kron", more), &gradients);
    let packed = with(&[("store_triu_as_line", true.into())]);
    assert_eq!(packed, with(&[("store_triu_as_line", false.into())]));
    assert_ne!(packed, Array2::<f64>::zeros((9, 5)));
    // Kept products are other roundings of the same numbers.
    let kept = with(&[("cached", true.into())]);
    assert!(largest(&(&packed - &kept)) < 1e-10 * largest(&packed) && packed != kept);
    let packed = with(&[("geometry", "symmetric".into())]);
    let kept = with(&[("geometry", "symmetric".into()), ("cached", true.into())]);
    assert!(largest(&(&packed - &kept)) < 1e-10 * largest(&packed) && packed != kept);
}

#[test]
fn the_first_scale_is_a_power_of_the_first_gradient() {
    let gradient = ArrayD::from_elem(vec![3, 2], -16.0);
    let never = FitSchedule::when(|_| false);
    let with = |first_scale| {
        let rule =
            plain(KronFactors { first_scale, shapes: FactorShapes::default(), ..KronFactors::default() });
        let rule = Psgd { factors: KronFactors { schedule: never.clone(), ..rule.factors }, ..rule };
        let mut one = One::new(rule, &[3, 2]);
        one.step(&gradient);
        one.parameter[0].1[[0, 0]]
    };
    // P = s²: s = (16⁴)^(−1/16) = ½.
    assert!((with(FirstScale::default()) - 16.0 * 0.25).abs() < 1e-12);
    let given = FirstScale::Given(Scale::new(3.0).expect("it is in the range"));
    assert!((with(given) - 16.0 * 9.0).abs() < 1e-12);
}

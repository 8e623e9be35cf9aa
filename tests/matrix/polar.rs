//! The nearest orthonormal matrix.

use super::*;

/// −Δ of one step with γ = 1 and without scaling: the orthonormal matrix itself.
fn of(method: &str, gradient: &Array2<f64>) -> Array2<f64> {
    let configuration = configured(
        "muon",
        &[("lr", 1.0.into()), ("zeroth_power_mode", method.into()), ("scaling", "none".into())],
    );
    -moved(&configuration, std::slice::from_ref(gradient))
}

#[test]
fn singular_vectors_give_the_exact_one() {
    for (rows, columns) in [(7, 7), (12, 5), (5, 12), (1, 6), (6, 1)] {
        let gradient = noise(rows, columns, 3);
        let result = of("svd", &gradient);
        // A few dozen roundings of 2⁻⁵³ in numbers of size 1.
        assert!(distance_from_orthonormal(&result) < 1e-13, "{rows}×{columns}");
        // The nearest one: its product with the matrix is symmetric.
        let product = result.t().dot(&gradient);
        assert!(largest(&(&product - &product.t())) < 1e-13, "{rows}×{columns}");
    }
}

#[test]
fn eigenvectors_give_the_same_one() {
    for (rows, columns) in [(7, 7), (12, 5), (5, 12), (1, 6), (6, 1)] {
        let gradient = noise(rows, columns, 3);
        let difference = of("eigh", &gradient) - of("svd", &gradient);
        // The Gram matrix has rounding of 2⁻⁵³, which counts for the smallest singular value as much as that is smaller
        // than the largest one: 20 times at most, squared, and a few dozen roundings.
        assert!(
            largest(&difference) < 400.0 * 36.0 * 2f64.powi(-53),
            "{rows}×{columns}: {}",
            largest(&difference)
        );
    }
}

#[test]
fn an_orthonormal_factor_has_a_triangle_beside_it() {
    for (rows, columns) in [(7, 7), (12, 5), (5, 12), (1, 6), (6, 1)] {
        let gradient = noise(rows, columns, 3);
        let result = of("qr", &gradient);
        // A few dozen roundings of 2⁻⁵³ in numbers of size 1.
        assert!(distance_from_orthonormal(&result) < 1e-13, "{rows}×{columns}");
        let (tall, factor) =
            if rows < columns { (gradient.t(), result.t()) } else { (gradient.view(), result.view()) };
        let triangle = factor.t().dot(&tall);
        for ((row, column), number) in triangle.indexed_iter() {
            assert!(
                if row > column { number.abs() < 1e-13 } else { row < column || *number > 0.0 },
                "{triangle}"
            );
        }
    }
}

#[test]
fn a_converged_iteration_agrees_with_singular_vectors() {
    for (rows, columns) in [(6, 6), (12, 5), (5, 12)] {
        // Singular values of at least about a hundredth of the norm, so that ten iterations converge; what is
        // left is the safety factor of 1.01, whose influence the last iterations make 1e-6.
        let gradient = noise(rows, columns, 5) * 0.1
            + Array2::<f64>::eye(rows.max(columns)).slice_move(ndarray::s![..rows, ..columns]);
        let difference = of("polar_express", &gradient) - of("svd", &gradient);
        assert!(largest(&difference) < 1e-5, "{rows}×{columns}: {}", largest(&difference));
    }
}

#[test]
fn every_method_turns_with_the_gradient() {
    let (gradient, left, right) = (noise(9, 6, 11), orthogonal(9, 20), orthogonal(6, 30));
    for method in ["newtonschulz", "tight_newtonschulz", "polar_express", "svd", "eigh"] {
        let turned = of(method, &left.dot(&gradient).dot(&right));
        let difference = turned - left.dot(&of(method, &gradient)).dot(&right);
        // Some hundred roundings of 2⁻⁵³, which five iterations with slopes below 4.1 enlarge by at most 1200.
        assert!(largest(&difference) < 1e-11, "{method}: {}", largest(&difference));
    }
}

#[test]
fn tall_matrices_move_more_as_published() {
    let configuration = configured("muon", &[("lr", 1.0.into()), ("zeroth_power_mode", "svd".into())]);
    let tall = moved(&configuration, &[noise(16, 4, 2)]);
    assert!((tall.iter().map(|x| x * x).sum::<f64>() - 4.0 * 4.0).abs() < 1e-12); // ‖2·O‖² with 4 columns
    let wide = moved(&configuration, &[noise(4, 16, 2)]);
    assert!((wide.iter().map(|x| x * x).sum::<f64>() - 4.0).abs() < 1e-12);
}

#[test]
fn matrices_without_full_rank_stay_finite() {
    let rank_one = noise(8, 1, 1).dot(&noise(1, 6, 2));
    let constant = Array2::from_elem((8, 6), 3.0);
    let mut huge = noise(8, 6, 4) * 1e300;
    huge[[0, 0]] = 1e-300;
    for method in ["newtonschulz", "svd", "eigh", "qr"] {
        assert_eq!(largest(&of(method, &Array2::zeros((8, 6)))), 0.0, "{method}");
        for gradient in [&rank_one, &constant] {
            let result = of(method, gradient);
            assert!(result.iter().all(|x| x.abs() <= 1.5), "{method}");
        }
    }
    assert!(of("newtonschulz", &(huge * 1e-200)).iter().all(|x| x.is_finite()));
}

#[test]
fn memory_order_does_not_matter() {
    use ndarray::ShapeBuilder;
    let gradients = [noise(9, 4, 1), noise(9, 4, 2)];
    let columns = |matrix: &Array2<f64>| {
        let mut copy = Array2::zeros(matrix.raw_dim().f());
        copy.assign(matrix);
        copy
    };
    for optimizer in ["muon", "soap"] {
        let configuration = configured(optimizer, &[]);
        let rows = moved(&configuration, &gradients);
        let mut parameters = vec![("x".to_owned(), columns(&Array2::zeros((9, 4))))];
        let mut other = catalogue::build::<f64>(&configuration, Cpu::default(), &parameters)
            .expect("a valid configuration");
        for gradient in &gradients {
            other.step(&mut parameters, &vec![("x".to_owned(), columns(gradient))]).expect("a step");
        }
        // The same products in another order of summation.
        assert!(largest(&(&rows - &parameters[0].1)) < 1e-13, "{optimizer}");
    }
}

#[test]
fn products_in_bf16_end_near_the_same_matrix() {
    for (rows, columns) in [(6, 6), (50, 35), (35, 50)] {
        // Singular values between about 0.1 and 1 of the norm's share, so that the iterations converge.
        let gradient = noise(rows, columns, 5) * 0.1
            + Array2::<f64>::eye(rows.max(columns)).slice_move(ndarray::s![..rows, ..columns]);
        let by = |precision: &str| {
            let configuration = configured(
                "muon",
                &[
                    ("lr", 1.0.into()),
                    ("zeroth_power_mode", "polar_express".into()),
                    ("scaling", "none".into()),
                    ("matrix_precision", precision.into()),
                ],
            );
            trained(&configuration, 1, &[gradient.mapv(|number| number as f32)]).mapv(f64::from)
        };
        let difference = by("bf16") - by("full");
        // Elements of orthonormal matrices are at most 1. Each of ten iterations multiplies such a matrix by a polynomial
        // that ends as the identity; rounding both to eight digits moves an element by 2·2⁻⁹ of the norm of a
        // line, and errors of different lines have no reason to add up.
        assert!(largest(&difference) < 10.0 * 2.0 * 2f64.powi(-9), "{}", largest(&difference));
        assert_eq!(largest(&difference) > 0.0, multiplies_bf16(), "{rows}×{columns}");
    }
}

#[test]
fn precision_does_not_concern_f64() {
    for optimizer in ["muon", "soap"] {
        let gradients = [noise(9, 4, 1), noise(9, 4, 2)];
        let by = |precision: &str| {
            moved(&configured(optimizer, &[("matrix_precision", precision.into())]), &gradients)
        };
        assert_eq!(by("bf16"), by("full"), "{optimizer}");
    }
}

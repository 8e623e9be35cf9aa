//! Gradients of zeros, of one element, and worse.

use super::*;
use gradus::hyperparameter::{Amount, Scale};
use gradus::rule::{Damping, DampingNoise, FactorGeometry, FirstScale, FitDamping};

const OPTIMIZERS: [&str; 6] = ["psgd_kron", "pure_psgd", "delayed_psgd", "kron", "psgd_pro", "qsgd"];

fn rules() -> [Psgd; 5] {
    [Psgd::default(), Psgd::delayed(), Psgd::kron(), Psgd::symmetric(), Psgd::symmetric_root()]
}

#[test]
fn gradients_of_zeros_leave_factors_alone() {
    for rule in rules() {
        let name = format!("{rule:?}");
        // Without an average, so that a later gradient of zeros is one.
        let momentum = gradus::rule::Average { decay: 0.0.try_into().expect("0 is a decay") };
        let mut one = One::new(Psgd { momentum, ..rule }, &[4, 3]);
        let zeros = ArrayD::zeros(vec![4, 3]);
        for _ in 0..3 {
            one.step(&zeros);
        }
        assert!(one.parameter[0].1.iter().all(|x| *x == 0.0), "{name}");
        for step in 0..3 {
            one.step(&tensor(&[4, 3], step));
        }
        let kept = ["factor_1", "factor_2", "bounds"].map(|name| one.kept(name));
        assert!(kept[0].iter().any(|x| *x > 0.0), "{name}");
        let before = one.parameter[0].1.clone();
        for _ in 0..50 {
            one.step(&zeros);
        }
        assert_eq!(kept, ["factor_1", "factor_2", "bounds"].map(|name| one.kept(name)), "{name}");
        assert_eq!(before, one.parameter[0].1, "{name}");
    }
}

#[test]
fn any_shape_is_a_shape() {
    for optimizer in OPTIMIZERS {
        for shape in
            [&[][..], &[1], &[1, 1], &[7], &[1, 5], &[5, 1], &[2, 1, 3], &[2, 2, 2, 2], &[0], &[3, 0]]
        {
            let configuration = configured(optimizer, &[("lr", 0.1.into())]);
            let mut parameters = vec![("x".to_owned(), ArrayD::<f64>::zeros(shape))];
            let mut optimizer = catalogue::build::<f64>(&configuration, Cpu::default(), &parameters)
                .expect("a valid configuration");
            for step in 0..5 {
                let gradient = vec![("x".to_owned(), tensor(shape, step) + 2.0)];
                optimizer.step(&mut parameters, &gradient).expect("a step");
            }
            assert!(parameters[0].1.iter().all(|x| x.is_finite() && *x < 0.0), "{shape:?}");
        }
    }
}

#[test]
fn hard_gradients_leave_everything_finite() {
    let rank_one = noise(7, 1, 1).dot(&noise(1, 5, 2));
    let zero = Array2::zeros((7, 5));
    let run = |first: Array2<f64>| {
        [first.clone(), zero.clone(), first.clone(), noise(7, 5, 3), first.clone(), noise(7, 5, 4)]
    };
    for optimizer in OPTIMIZERS {
        for size in [1e-300, 1e-30, 1.0, 1e30, 1e100, 1e200] {
            for first in [&rank_one, &Array2::from_elem((7, 5), 2.0), &noise(7, 5, 9)] {
                let result = moved(&configured(optimizer, &[]), &run(first * size));
                assert!(result.iter().all(|x| x.is_finite()), "{optimizer} at {size}: {result}");
            }
        }
    }
    // In single precision squares leave the range much earlier.
    for optimizer in OPTIMIZERS {
        for size in [1e-38, 1e-20, 1e18, 1e30] {
            let gradients = run(noise(7, 5, 9) * size).map(|gradient| gradient.mapv(|x| x as f32));
            let result = trained(&configured(optimizer, &[]), 1, &gradients);
            assert!(result.iter().all(|x| x.is_finite()), "{optimizer} at {size}: {result}");
        }
    }
}

#[test]
fn a_gradient_that_is_no_number_shows_and_does_not_stay_in_the_factors() {
    for rule in rules() {
        let momentum = gradus::rule::Average { decay: 0.0.try_into().expect("0 is a decay") };
        let mut one = One::new(Psgd { momentum, ..rule }, &[4, 3]);
        one.step(&tensor(&[4, 3], 1));
        let factor = one.kept("factor_1");
        let mut bad = tensor(&[4, 3], 2);
        bad[[1, 1]] = f64::NAN;
        one.step(&bad);
        assert!(one.parameter[0].1.iter().any(|x| x.is_nan()));
        // kron_torch balances before it looks; nothing is NaN all the same.
        assert!(one.kept("factor_1").iter().all(|x| x.is_finite()));
        assert_eq!(one.kept("factor_1").len(), factor.len());
    }
}

#[test]
fn probes_get_into_neither_gradient_nor_momentum() {
    let strong = Damping::ByElement(Amount::new(0.5).expect("it is in the range"));
    let with = |amount, noise, geometry| {
        let factors = KronFactors {
            damping: FitDamping { amount, noise },
            // Nothing is fitted, so that only what is preconditioned could differ.
            rate: 0.0.try_into().expect("0 is a rate"),
            first_scale: FirstScale::Given(Scale::new(1.0).expect("it is in the range")),
            geometry,
            ..KronFactors::default()
        };
        let mut one = One::new(plain(factors), &[4, 3]);
        (0..5).for_each(|step| one.step(&tensor(&[4, 3], step)));
        one.parameter
    };
    for geometry in [FactorGeometry::Triangular, FactorGeometry::Symmetric] {
        let none = with(Damping::None, DampingNoise::InFit, geometry);
        assert_eq!(none, with(strong, DampingNoise::InFit, geometry));
        assert_ne!(none, with(strong, DampingNoise::InUpdate, geometry));
    }
}

//! LAPACK as a second opinion: optimizers end where they end with faer.

use super::{configured, largest, noise, trained_on};
use gradus::catalogue;
use gradus::cpu::Cpu;
use ndarray::Array2;

/// Both work in double precision on matrices whose condition number is below 10⁴, and twelve updates have size
/// 1: what separates them is rounding, 10⁻¹⁶ · 10⁴ · 12 with a factor of 100 for what products sum up.
const CLOSE: f64 = 1e-9;

#[test]
fn both_end_at_the_same_place() {
    let cases: [(&str, &[(&str, catalogue::Value)]); 8] = [
        ("soap", &[("precondition_frequency", 2.0.into())]),
        ("soap", &[("precondition_frequency", 3.0.into()), ("zeroth_power_mode", "qr".into())]),
        ("soap", &[("precondition_frequency", 1.0.into()), ("zeroth_power_mode", "eigh".into())]),
        ("muon", &[]),
        ("muon", &[("zeroth_power_mode", "svd".into())]),
        ("muon", &[("zeroth_power_mode", "eigh".into())]),
        ("muon", &[("zeroth_power_mode", "qr".into())]),
        ("scion", &[]),
    ];
    for (rows, columns) in [(12, 12), (9, 20), (17, 5)] {
        let gradients: Vec<_> = (0..12).map(|seed| noise(rows, columns, 40 + seed)).collect();
        for (name, hyperparameters) in cases {
            // Where the first factor has no full rank, its basis is completed at will.
            if name == "soap" && rows != columns {
                continue;
            }
            let configuration = configured(name, hyperparameters);
            let faer = trained_on(&configuration, Cpu::default(), &gradients);
            let lapack = trained_on(&configuration, Cpu::default().with_lapack(), &gradients);
            assert!(largest(&faer) > 0.0);
            let distance = largest(&(&faer - &lapack)) / largest(&faer);
            assert!(distance < CLOSE, "{configuration:?}: {distance:e}");
        }
    }
}

#[test]
fn degenerate_gradients_leave_everything_finite() {
    let zero = Array2::zeros((6, 4));
    let one = Array2::from_elem((6, 4), 1.0);
    let rank_one = Array2::from_shape_fn((6, 4), |(row, column)| (row as f64 - 2.0) * (column as f64 + 1.0));
    let nan = Array2::from_elem((6, 4), f64::NAN);
    for name in ["soap", "muon"] {
        for gradient in [&zero, &one, &rank_one] {
            let gradients = vec![gradient.clone(); 4];
            let moved = trained_on(&configured(name, &[]), Cpu::default().with_lapack(), &gradients);
            assert!(moved.iter().all(|number| number.is_finite()), "{name} {gradient}");
        }
        // It must come back, whatever comes of it.
        trained_on(
            &configured(name, &[]),
            Cpu::default().with_lapack(),
            &[one.clone(), nan.clone(), one.clone()],
        );
    }
}

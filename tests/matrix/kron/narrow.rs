//! Factors that are kept in 16-bit formats.

use super::*;
use crate::reference::psgd as published;
use gradus::dtype::{NarrowFormat, NarrowNumbers};
use gradus::hyperparameter::{Decay, FitRate, Scale};
use gradus::optimizer::MemoryKind;
use gradus::rule::{
    Average, Balancing, Damping, DampingNoise, FactorFormat, FactorGeometry, FactorProducts, FactorStorage,
    FirstScale, FitBound, FitDamping, Pairs, Probes, SpectralBound,
};

const FORMATS: [FactorFormat; 2] = [FactorFormat::Bf16 { seed: 5 }, FactorFormat::F16 { seed: 5 }];

fn kept_in(format: FactorFormat, rule: Psgd) -> Psgd {
    Psgd { factors: KronFactors { format, ..rule.factors }, ..rule }
}

/// 16-bit factors, widened.
fn narrow(one: &One, name: &str) -> Vec<f64> {
    let snapshot = one.optimizer.snapshot().expect("whole steps");
    let found = snapshot.tensors[0].narrow.iter().find(|(kept, _)| kept == name);
    let (_, numbers) = found.unwrap_or_else(|| panic!("nothing is called {name}"));
    numbers.widened().into_iter().map(f64::from).collect()
}

/// The settings of the transcription, and the same as a rule that keeps squares.
fn alike(
    symmetric: bool,
    balances: bool,
    format: FactorFormat,
    pairs: &Pairs,
) -> (published::Settings, Psgd) {
    let settings = published::Settings {
        learning_rate: 1.0,
        momentum: 0.0,
        scale: 0.7,
        rate: 0.2,
        bound: published::Bound::OneColumn,
        memory: 0.0,
        damping: published::Damping::None,
        balances,
        delayed: false,
        symmetric,
        takes_root: false,
    };
    let zero = Decay::new(0.0).expect("it is in the range");
    let factors = KronFactors {
        geometry: if symmetric { FactorGeometry::Symmetric } else { FactorGeometry::Triangular },
        storage: FactorStorage::Square,
        format,
        first_scale: FirstScale::Given(Scale::new(0.7).expect("it is in the range")),
        rate: FitRate::new(0.2).expect("it is in the range"),
        probes: Probes::Given(pairs.clone()),
        damping: FitDamping { amount: Damping::None, noise: DampingNoise::InFit },
        bound: FitBound { method: SpectralBound::OneColumn, memory: zero },
        balancing: if balances { Balancing::Always } else { Balancing::Never },
        ..KronFactors::default()
    };
    (settings, Psgd { momentum: Average { decay: zero }, ..plain(factors) })
}

/// What lies between two neighbours of the format at a number, at most.
fn unit(format: FactorFormat, number: f64) -> f64 {
    match format {
        FactorFormat::F16 { .. } => (number.abs() * 2f64.powi(-10)).max(2f64.powi(-24)),
        _ => number.abs() * 2f64.powi(-7),
    }
}

#[test]
fn each_fit_is_the_published_one_of_what_was_kept_and_is_rounded_once() {
    for format in FORMATS {
        for (symmetric, balances) in [(false, false), (false, true), (true, false), (true, true)] {
            let pairs = Pairs::default();
            let (settings, rule) = alike(symmetric, balances, format, &pairs);
            let mut one = One::new(rule, &[5, 4]);
            let mut exact = published::Psgd::new(settings, &[5, 4], vec![false; 2], vec![0.0; 20]);
            for step in 0..12 {
                let [gradient, probe] = [0, 500].map(|seed| tensor(&[5, 4], seed + step));
                let [gradient_list, probe] =
                    [&gradient, &probe].map(|tensor| tensor.iter().copied().collect::<Vec<_>>());
                pairs.give("x", probe.clone(), None);
                let before = one.parameter[0].1.clone();
                one.step(&gradient);
                let kept = ["factor_1", "factor_2"].map(|name| narrow(&one, name));
                if step > 0 {
                    // The first also rounds the factors that it begins with, which are not seen.
                    exact.step(&gradient_list, Some(&probe));
                    for (kept, exact) in kept.iter().zip(&exact.factors) {
                        for (kept, exact) in kept.iter().zip(exact.iter().flatten()) {
                            // One of the neighbours, and roundings of the arithmetic as in `paper`.
                            let allowed = unit(format, *exact) + 1e-9;
                            assert!((kept - exact).abs() < allowed, "{format:?}: {kept} for {exact}");
                        }
                    }
                }
                // From here on both have what is kept, and so has the update.
                for (kept, factor) in kept.iter().zip(&mut exact.factors) {
                    let n = factor.len();
                    factor.iter_mut().zip(kept.chunks(n)).for_each(|(row, kept)| row.copy_from_slice(kept));
                }
                let expected = exact.preconditioned(&gradient_list);
                let update: Vec<f64> = (&before - &one.parameter[0].1).into_iter().collect();
                let size = expected.iter().fold(1.0, |size: f64, x| size.max(x.abs()));
                assert!(farthest(&update, &expected) < 1e-9 * size);
            }
        }
    }
}

#[test]
fn the_mean_of_what_is_kept_is_what_was_fitted() {
    const SEEDS: u64 = 400;
    for format in FORMATS {
        let pairs = Pairs::default();
        let with = |seed| match format {
            FactorFormat::F16 { .. } => FactorFormat::F16 { seed },
            _ => FactorFormat::Bf16 { seed },
        };
        let [gradient, probe] = [3, 503].map(|seed| tensor(&[4, 3], seed));
        let probe: Vec<f64> = probe.into_iter().collect();
        let (settings, _) = alike(false, false, format, &pairs);
        // Factors of whole numbers begin without a rounding.
        let settings = published::Settings { scale: 1.0, ..settings };
        let mut exact = published::Psgd::new(settings, &[4, 3], vec![false; 2], vec![0.0; 12]);
        exact.step(&gradient.iter().copied().collect::<Vec<_>>(), Some(&probe));
        pairs.give("x", probe, None);
        let mut sums = [0.0; 16];
        for seed in 0..SEEDS {
            let (_, rule) = alike(false, false, with(seed), &pairs);
            let first_scale = FirstScale::Given(Scale::new(1.0).expect("it is in the range"));
            let mut one =
                One::new(Psgd { factors: KronFactors { first_scale, ..rule.factors }, ..rule }, &[4, 3]);
            one.step(&gradient);
            sums.iter_mut().zip(narrow(&one, "factor_1")).for_each(|(sum, x)| *sum += x);
        }
        for (sum, exact) in sums.iter().zip(exact.factors[0].iter().flatten()) {
            // Of a coin the deviation is at most half a unit; five of the mean. To nearest, some would be off by
            // several times that.
            let allowed = unit(format, *exact) * 5.0 * 0.5 / (SEEDS as f64).sqrt();
            assert!((sum / SEEDS as f64 - exact).abs() <= allowed, "{} for {exact}", sum / SEEDS as f64);
        }
    }
}

#[test]
fn a_step_that_fits_nothing_leaves_every_bit() {
    for format in FORMATS {
        for rule in [Psgd::default(), Psgd::symmetric()] {
            let first_three = FitSchedule::when(|at| at.own <= 3);
            let momentum = Average { decay: Decay::new(0.0).expect("it is in the range") };
            let rule = kept_in(format, Psgd { momentum, ..rule });
            let factors = KronFactors { schedule: first_three, ..rule.factors };
            let mut one = One::new(Psgd { factors, ..rule }, &[6, 4]);
            let mut kept = Vec::new();
            for step in 0..6 {
                one.step(&tensor(&[6, 4], step));
                kept.push(one.optimizer.snapshot().expect("whole steps").tensors[0].narrow.clone());
            }
            assert_ne!(kept[1], kept[2]);
            assert!(kept[3..].iter().all(|later| *later == kept[2]));
            // Nor does a gradient that is 0 or no number.
            one.step(&ArrayD::zeros(vec![6, 4]));
            one.step(&ArrayD::from_elem(vec![6, 4], f64::NAN));
            assert_eq!(one.optimizer.snapshot().expect("whole steps").tensors[0].narrow, kept[2]);
        }
    }
}

#[test]
fn a_restored_optimizer_goes_on_with_the_same_narrow_factors() {
    for format in FORMATS {
        for rule in [Psgd::default(), Psgd::kron(), Psgd::symmetric(), Psgd::symmetric_root()] {
            assert_goes_on_when_restored(&kept_in(format, rule), &[6, 2, 3], 5, 12);
        }
    }
}

#[test]
fn a_snapshot_with_factors_in_another_format_is_refused() {
    let [bf16, f16] = FORMATS.map(|format| One::new(kept_in(format, Psgd::default()), &[3, 2]));
    let mut other = bf16.optimizer;
    let snapshot = f16.optimizer.snapshot().expect("whole steps");
    let error = other.restore(&snapshot).expect_err("f16 is not bf16").to_string();
    assert!(error.contains("16-bit matrices of `x`") && error.contains("Bf16"), "{error}");
}

#[cfg(feature = "checkpoint")]
#[test]
fn a_checkpoint_holds_narrow_factors_as_they_are() {
    use gradus::checkpoint::Loading;
    for format in FORMATS {
        let rule = kept_in(format, Psgd::default());
        let mut one = One::new(rule.clone(), &[5, 4]);
        (0..4).for_each(|step| one.step(&tensor(&[5, 4], step)));
        let mut file = std::io::Cursor::new(Vec::new());
        one.optimizer.save_into(&mut file).expect("memory to write to");
        let mut other = One::new(rule, &[5, 4]);
        file.set_position(0);
        other.optimizer.load_from(&mut file, &Loading::default()).expect("it fits");
        let [one, other] = [one, other].map(|one| one.optimizer.snapshot().expect("whole steps"));
        assert_eq!(one, other);
        let (_, factor) = &one.tensors[0].narrow[0];
        let expected = if matches!(format, FactorFormat::F16 { .. }) { "\"F16\"" } else { "\"BF16\"" };
        assert_eq!(factor.len(), 15);
        let header = String::from_utf8_lossy(file.get_ref());
        let entry = header.split("x/matrix/factor_1").nth(1).expect("it is there");
        assert!(entry[..40].contains(expected), "{}", &entry[..40]);
    }
}

#[test]
fn narrow_factors_take_half_of_the_bytes() {
    let parameters = [("kernel", vec![6, 4, 3, 3]), ("bias", vec![6])];
    let parameters = parameters.map(|(name, shape)| (name, ArrayD::<f32>::zeros(shape)));
    let built = |format| {
        let rule = kept_in(format, Psgd::default());
        rule.build(Cpu::default(), &parameters).expect("two tensors are a model")
    };
    let triangles = 21 + 10 + 6 + 6 + 6;
    let wide = built(FactorFormat::Arithmetic).state_bytes();
    for format in FORMATS {
        let narrow = built(format);
        assert_eq!(narrow.state_bytes(), wide - 2 * triangles);
        let report = narrow.memory();
        assert_eq!(report.state_bytes(), narrow.state_bytes() as u64);
        let expected = format.narrow().map(|(format, _)| format.format());
        let fields = report.groups[0].fields.iter();
        let factors: Vec<_> = fields
            .filter(|field| field.kind == MemoryKind::Matrices && field.name.starts_with("factor"))
            .map(|field| (field.name.as_str(), Some(field.format), field.bytes))
            .collect();
        let bytes = [("factor_1", 54), ("factor_2", 20), ("factor_3", 12), ("factor_4", 12)];
        assert_eq!(factors, bytes.map(|(name, bytes)| (name, expected, bytes)));
    }
}

#[test]
fn any_number_of_threads_gives_the_same_narrow_factors() {
    let gradients: Vec<Array2<f32>> = (0..2).map(|seed| noise(520, 260, seed).mapv(|x| x as f32)).collect();
    let with = |more: (&str, Value)| configured("psgd_kron", &[("q_dtype", "bf16".into()), more]);
    let one = trained(&with(("q_seed", 1.0.into())), 1, &gradients);
    assert_eq!(one, trained(&with(("q_seed", 1.0.into())), 2, &gradients));
    assert_ne!(one, trained(&with(("q_seed", 2.0.into())), 2, &gradients));
}

#[test]
fn products_that_are_kept_are_those_of_the_narrow_factors() {
    for format in FORMATS {
        let with = |products| {
            let factors = KronFactors { products, format, ..KronFactors::default() };
            let mut one = One::new(plain(factors), &[7, 5]);
            (0..6).for_each(|step| one.step(&tensor(&[7, 5], step)));
            one
        };
        let [none, kept] = [FactorProducts::None, FactorProducts::Kept].map(with);
        assert_eq!(narrow(&none, "factor_1"), narrow(&kept, "factor_1"));
        let [none, kept] = [none, kept].map(|one| one.parameter[0].1.iter().copied().collect::<Vec<_>>());
        let size = none.iter().fold(0.0, |size: f64, x| size.max(x.abs()));
        assert!(none != kept && farthest(&none, &kept) < 1e-10 * size);
    }
}

#[test]
fn hard_gradients_leave_narrow_factors_finite_and_positive() {
    for format in FORMATS {
        for rule in [Psgd::default(), Psgd::delayed(), Psgd::kron(), Psgd::symmetric()] {
            for size in [1e-300, 1e-30, 1.0, 1e30, 1e200] {
                let mut one = One::new(kept_in(format, rule.clone()), &[5, 4]);
                for step in 0..8 {
                    one.step(&(tensor(&[5, 4], step) * size));
                }
                assert!(one.parameter[0].1.iter().all(|x| x.is_finite()), "{format:?} at {size}");
                let snapshot = one.optimizer.snapshot().expect("whole steps");
                for (name, numbers) in &snapshot.tensors[0].narrow {
                    let numbers = numbers.widened();
                    assert!(numbers.iter().all(|x| x.is_finite()), "{name} in {format:?} at {size}");
                    assert!(numbers[0] > 0.0, "{name} in {format:?} at {size}");
                }
            }
        }
    }
}

#[test]
fn what_is_narrow_is_listed_apart() {
    let one = One::new(kept_in(FORMATS[0], Psgd::default()), &[3, 2]);
    let snapshot = one.optimizer.snapshot().expect("whole steps");
    let names: Vec<_> = snapshot.tensors[0].matrices.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["bounds", "begun", "failures"]);
    let expected = [("factor_1", 6), ("factor_2", 3)]
        .map(|(name, length)| (name.to_owned(), NarrowNumbers::zeros(NarrowFormat::Bf16, length)));
    assert_eq!(snapshot.tensors[0].narrow, expected);
}

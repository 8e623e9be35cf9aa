//! Tensors that are split into parts with factors of their own.

use super::*;
use gradus::hyperparameter::{Decay, Scale};
use gradus::rule::{
    Average, Balancing, FactorFormat, FactorGeometry, FactorProducts, FactorShapes, FirstFit, FirstScale,
    FitTo, Pairs, Preconditioning, Probes, Splitting,
};
use gradus::transform::{MatrixPart, Merging, parted};
use ndarray::Slice;

const LIMIT: usize = 4;

fn split(factors: KronFactors) -> KronFactors {
    let shapes = FactorShapes { limit: LIMIT, ..factors.shapes };
    KronFactors { shapes, splitting: Splitting::AtLimit, ..factors }
}

/// A part of a tensor, as a tensor.
fn cut(tensor: &ArrayD<f64>, part: &MatrixPart) -> ArrayD<f64> {
    let view = tensor.slice_each_axis(|axis| {
        let first = part.first[axis.axis.index()];
        Slice::from(first..first + part.lengths[axis.axis.index()])
    });
    view.as_standard_layout().into_owned()
}

fn listed(tensor: &ArrayD<f64>) -> Vec<f64> {
    tensor.iter().copied().collect()
}

/// Rules that differ in all that a part has of its own.
fn rules(pairs: &Pairs) -> Vec<Psgd> {
    let probes = Probes::Given(pairs.clone());
    let base = KronFactors { probes, ..KronFactors::default() };
    let given = FirstScale::Given(Scale::new(0.5).expect("it is in the range"));
    let others = [
        base.clone(),
        KronFactors { geometry: FactorGeometry::Symmetric, ..base.clone() },
        KronFactors { products: FactorProducts::Kept, to: FitTo::Gradient, ..base.clone() },
        KronFactors { preconditioning: Preconditioning::Delayed, first_scale: given, ..base.clone() },
        KronFactors { first_fit: FirstFit::OnlyBegins, balancing: Balancing::Never, ..base },
    ];
    others.map(|factors| plain(split(factors))).to_vec()
}

/// The parameters of a split tensor, and those of its parts as tensors, after these gradients.
fn both(
    rule: &Psgd,
    pairs: &Pairs,
    shape: &[usize],
    gradients: &[ArrayD<f64>],
) -> (ArrayD<f64>, Vec<ArrayD<f64>>) {
    let mut whole = One::new(rule.clone(), shape);
    let parts = parted(shape, LIMIT);
    let named = |number: usize| format!("part {number}");
    let mut alone: Vec<_> = (0..parts.len())
        .map(|number| (named(number), ArrayD::<f64>::zeros(parts[number].lengths.clone())))
        .collect();
    let never = KronFactors { splitting: Splitting::Never, ..rule.factors.clone() };
    let unsplit = Psgd { factors: never, ..rule.clone() }.parameters_in::<f64>();
    let mut optimizer = unsplit.build(Cpu::default(), &alone).expect("parts are a model");
    for (step, gradient) in gradients.iter().enumerate() {
        let probe = tensor(shape, 700 + step as u32);
        pairs.give("x", listed(&probe), None);
        for (number, part) in parts.iter().enumerate() {
            pairs.give(&named(number), listed(&cut(&probe, part)), None);
        }
        whole.step(gradient);
        let cuts: Vec<_> =
            (0..parts.len()).map(|number| (named(number), cut(gradient, &parts[number]))).collect();
        optimizer.step(&mut alone, &cuts).expect("a step");
    }
    let [(_, whole)] = whole.parameter;
    (whole, alone.into_iter().map(|(_, part)| part).collect())
}

#[test]
fn a_split_tensor_is_its_parts_as_tensors_of_their_own_bit_for_bit() {
    let pairs = Pairs::default();
    for rule in rules(&pairs) {
        for shape in [&[9][..], &[9, 3], &[3, 9], &[5, 6], &[4, 4], &[5, 2, 7], &[2, 5, 1, 6]] {
            let gradients: Vec<_> = (0..5).map(|step| tensor(shape, step)).collect();
            let (whole, alone) = both(&rule, &pairs, shape, &gradients);
            assert!(whole.iter().all(|x| x.is_finite() && *x != 0.0), "{shape:?}");
            for (part, alone) in parted(shape, LIMIT).iter().zip(alone) {
                assert_eq!(cut(&whole, part), alone, "{shape:?}: {part:?} of {rule:?}");
            }
        }
    }
}

#[test]
fn parts_are_merged_once_more() {
    let pairs = Pairs::default();
    for rule in rules(&pairs) {
        // 5·3 and 4·3 stay apart, 1·3 does not.
        let factors = KronFactors { merging: Merging::UpToLimit, ..rule.factors.clone() };
        let rule = Psgd { factors, ..rule };
        let gradients: Vec<_> = (0..4).map(|step| tensor(&[2, 5, 3], step)).collect();
        let (whole, alone) = both(&rule, &pairs, &[2, 5, 3], &gradients);
        let parts = parted(&[2, 5, 3], LIMIT);
        assert_eq!(parts.len(), 2);
        for (part, alone) in parts.iter().zip(alone) {
            assert_eq!(cut(&whole, part), alone, "{part:?} of {rule:?}");
        }
    }
}

#[test]
fn a_part_without_a_gradient_yet_waits_for_one() {
    let pairs = Pairs::default();
    for rule in rules(&pairs) {
        let gradient = |step: u32| {
            let mut gradient = tensor(&[9, 3], step);
            // The second of three parts comes later.
            if step < 3 {
                gradient.slice_axis_mut(ndarray::Axis(0), (4..8).into()).fill(0.0);
            }
            gradient
        };
        let zero = Decay::new(0.0).expect("it is in the range");
        let rule = Psgd { momentum: Average { decay: zero }, ..rule };
        let gradients: Vec<_> = (0..6).map(gradient).collect();
        let (whole, alone) = both(&rule, &pairs, &[9, 3], &gradients);
        for (part, alone) in parted(&[9, 3], LIMIT).iter().zip(alone) {
            assert_eq!(cut(&whole, part), alone, "{part:?} of {rule:?}");
        }
    }
}

#[test]
fn what_is_short_enough_is_not_split() {
    let with = |splitting| {
        let mut one = One::new(plain(KronFactors { splitting, ..KronFactors::default() }), &[6, 5]);
        (0..4).for_each(|step| one.step(&tensor(&[6, 5], step)));
        (one.parameter, one.optimizer.snapshot().expect("whole steps").tensors)
    };
    let [(moved, state), (as_before, state_before)] = [Splitting::AtLimit, Splitting::Never].map(with);
    assert_eq!((moved, state), (as_before, state_before));
}

#[test]
fn each_part_draws_probes_of_its_own() {
    let mut one = One::new(plain(split(KronFactors::default())), &[8, 3]);
    for step in 0..3 {
        // Two parts with the same gradients.
        let half = tensor(&[4, 3], step);
        let gradient = ndarray::concatenate![ndarray::Axis(0), half, half];
        one.step(&gradient);
    }
    let factors = one.kept("factor_1");
    assert_eq!(factors.len(), 2 * 10);
    assert!(factors[..10].iter().zip(&factors[10..]).any(|(first, second)| first != second));
}

#[test]
fn a_restored_optimizer_goes_on_with_its_parts() {
    let formats = [FactorFormat::Arithmetic, FactorFormat::Bf16 { seed: 1 }, FactorFormat::F16 { seed: 1 }];
    for format in formats {
        for products in [FactorProducts::None, FactorProducts::Kept] {
            let factors = KronFactors { format, products, ..KronFactors::default() };
            let rule = Psgd { factors: split(factors), ..Psgd::default() };
            assert_goes_on_when_restored(&rule, &[9, 2, 6], 4, 9);
        }
    }
}

#[test]
fn what_is_kept_of_parts_is_reported_to_the_byte() {
    let built = |format| {
        let factors = KronFactors { format, products: FactorProducts::Kept, ..KronFactors::default() };
        One::new(plain(split(factors)), &[9, 3]).optimizer
    };
    // Three parts of 4, 4 and 1 rows; the last has a diagonal factor for its one row.
    let (factors, products) = (10 + 10 + 1 + 3 * 6, 16 + 16 + 3 * 9);
    // An average, a bound for each factor, whether each has begun, failures; and what clips.
    let others = 27 + 3 * 2 + 3 + 1 + 1;
    let wide = built(FactorFormat::Arithmetic);
    assert_eq!(wide.state_bytes(), 8 * (factors + products + others));
    assert_eq!(wide.memory().state_bytes(), wide.state_bytes() as u64);
    let narrow = built(FactorFormat::Bf16 { seed: 0 });
    assert_eq!(narrow.state_bytes(), 2 * factors + 8 * (products + others));
    assert_eq!(narrow.memory().state_bytes(), narrow.state_bytes() as u64);
}

#[test]
fn it_has_the_name_that_heavyball_gives_it() {
    let gradients: Vec<_> = (0..3).map(|step| noise(9, 5, step)).collect();
    let limit = ("max_size_triangular", 4.0.into());
    let named =
        moved(&configured("psgd_kron", &[("split", true.into()), limit.clone()]), &gradients).into_dyn();
    let mut one = One::new(Psgd { factors: split(KronFactors::default()), ..Psgd::default() }, &[9, 5]);
    gradients.iter().for_each(|gradient| one.step(&gradient.clone().into_dyn()));
    assert_eq!(named, one.parameter[0].1);
    assert_ne!(named, moved(&configured("psgd_kron", &[limit]), &gradients).into_dyn());
}

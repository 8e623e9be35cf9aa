//! Against the algorithm as it was published.

use super::*;
use crate::reference::psgd as published;
use gradus::hyperparameter::{Amount, Decay, FitRate, Scale};
use gradus::rule::{
    Average, Balancing, Damping, DampingNoise, FactorGeometry, FactorShapes, FirstScale, FitBound,
    FitDamping, MemorySaving, Pairs, Preconditioning, Probes, SpectralBound,
};
use proptest::prelude::*;

/// The same settings for both.
fn ours(settings: &published::Settings, saving: MemorySaving, pairs: &Pairs) -> Psgd {
    let number = |value| Decay::new(value).expect("it is in the range");
    let method = match settings.bound {
        published::Bound::OneColumn => SpectralBound::OneColumn,
        published::Bound::PowerIteration(count) => SpectralBound::PowerIteration(count),
    };
    let amount = match settings.damping {
        published::Damping::None => Damping::None,
        published::Damping::ByElement(amount) => {
            Damping::ByElement(Amount::new(amount).expect("it is in the range"))
        }
        published::Damping::OfMean => Damping::OfMean,
    };
    let factors = KronFactors {
        shapes: FactorShapes { saving, ..FactorShapes::default() },
        geometry: match (settings.symmetric, settings.takes_root) {
            (false, _) => FactorGeometry::Triangular,
            (true, false) => FactorGeometry::Symmetric,
            (true, true) => FactorGeometry::SymmetricRoot,
        },
        first_scale: FirstScale::Given(Scale::new(settings.scale).expect("it is in the range")),
        rate: FitRate::new(settings.rate).expect("it is in the range"),
        probes: Probes::Given(pairs.clone()),
        damping: FitDamping { amount, noise: DampingNoise::InFit },
        bound: FitBound { method, memory: number(settings.memory) },
        balancing: if settings.balances { Balancing::Always } else { Balancing::Never },
        preconditioning: if settings.delayed { Preconditioning::Delayed } else { Preconditioning::Fresh },
        ..KronFactors::default()
    };
    let learning_rate = LearningRate::new(settings.learning_rate).expect("it is in the range");
    Psgd { learning_rate, momentum: Average { decay: number(settings.momentum) }, ..plain(factors) }
}

fn settings() -> impl Strategy<Value = published::Settings> {
    use published::{Bound, Damping};
    let bounds = prop_oneof![Just(Bound::OneColumn), (0u32..4).prop_map(Bound::PowerIteration)];
    let dampings = prop_oneof![Just(Damping::None), Just(Damping::ByElement(1e-2)), Just(Damping::OfMean)];
    let numbers = (0.1..3.0f64, 0.01..0.5f64, 0.0..0.95f64, prop_oneof![Just(0.0), 0.1..0.99f64]);
    (numbers, bounds, dampings, any::<[bool; 4]>()).prop_map(
        |((scale, rate, momentum, memory), bound, damping, [balances, delayed, symmetric, takes_root])| {
            published::Settings {
                learning_rate: 0.1,
                momentum,
                scale,
                rate,
                bound,
                memory,
                damping,
                balances,
                delayed,
                symmetric,
                takes_root: symmetric && takes_root,
            }
        },
    )
}

const SAVINGS: [MemorySaving; 4] = [
    MemorySaving::None,
    MemorySaving::LongestDiagonal,
    MemorySaving::ShortestTriangular,
    MemorySaving::AllDiagonal,
];

const SHAPES: [&[usize]; 6] = [&[5, 7], &[8, 3], &[4, 3, 5], &[6], &[1, 4], &[2, 3, 1, 2]];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn it_is_the_published_algorithm(
        settings in settings(),
        shape in 0..SHAPES.len(),
        saving in 0..SAVINGS.len(),
        seed in 0u32..1000,
    ) {
        let (shape, saving) = (SHAPES[shape], SAVINGS[saving]);
        let shapes = FactorShapes { saving, ..FactorShapes::default() };
        let is_diagonal = (0..shape.len()).map(|place| !shapes.is_triangular(shape, place)).collect();
        let pairs = Pairs::default();
        let mut one = One::new(ours(&settings, saving, &pairs), shape);
        let start = vec![0.0; shape.iter().product()];
        let mut reference = published::Psgd::new(settings, shape, is_diagonal, start);
        for step in 0..8 {
            let gradient = tensor(shape, 2000 * seed + step);
            let probe: Vec<f64> = tensor(shape, 2000 * seed + 1000 + step).into_iter().collect();
            // Every fourth is not fitted to.
            let is_fitted = step % 4 != 2;
            pairs.clear();
            if is_fitted {
                pairs.give("x", probe.clone(), None);
            }
            one.step(&gradient);
            let gradient: Vec<f64> = gradient.into_iter().collect();
            reference.step(&gradient, is_fitted.then_some(&probe));
        }
        let found: Vec<f64> = one.parameter[0].1.iter().copied().collect();
        let size = reference.parameter.iter().fold(1.0, |size: f64, x| size.max(x.abs()));
        // Eight fits of a few hundred roundings of 2⁻⁵³. A fit changes factors by at most a half, so an error
        // grows by a few times in each: by less than 10⁴ altogether.
        prop_assert!(farthest(&found, &reference.parameter) < 1e-9 * size);
    }
}

#[test]
fn a_hessian_vector_product_is_fitted_to_instead_of_the_gradient() {
    let settings = published::Settings {
        learning_rate: 0.1,
        momentum: 0.0,
        scale: 1.0,
        rate: 0.1,
        bound: published::Bound::OneColumn,
        memory: 0.0,
        damping: published::Damping::None,
        balances: false,
        delayed: false,
        symmetric: false,
        takes_root: false,
    };
    let (pairs, others) = (Pairs::default(), Pairs::default());
    let mut hessian = One::new(ours(&settings, MemorySaving::None, &pairs), &[4, 3]);
    // Nothing of a product gets into what is preconditioned, wherever damping is to stay.
    let noisy = ours(&settings, MemorySaving::None, &pairs);
    let damping = FitDamping { amount: Damping::None, noise: DampingNoise::InUpdate };
    let mut noisy = One::new(Psgd { factors: KronFactors { damping, ..noisy.factors }, ..noisy }, &[4, 3]);
    let mut whitening = One::new(ours(&settings, MemorySaving::None, &others), &[4, 3]);
    for step in 0..4 {
        let [gradient, probe, product] = [0, 100, 200].map(|seed| tensor(&[4, 3], seed + step));
        let numbers = |tensor: &ArrayD<f64>| tensor.iter().copied().collect::<Vec<_>>();
        pairs.give("x", numbers(&probe), Some(numbers(&product)));
        others.give("x", numbers(&probe), None);
        hessian.step(&gradient);
        noisy.step(&gradient);
        whitening.step(&product);
    }
    assert_eq!(hessian.kept("factor_1"), whitening.kept("factor_1"));
    assert_ne!(hessian.parameter, whitening.parameter);
    assert_eq!(hessian.parameter, noisy.parameter);
    // What does not fit the parameter is not used.
    let before = hessian.kept("factor_1");
    pairs.give("x", vec![1.0; 5], None);
    hessian.step(&tensor(&[4, 3], 9));
    assert_eq!(before, hessian.kept("factor_1"));
}

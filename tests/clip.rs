//! Clips against a transcription in `f64`, alone and through a real optimizer.

mod reference;
mod support;

use gradus::clip::{
    ALaw, AdaptiveClip, ClipNorm, ClipRms, ClipValue, MuLaw, NormalizeNorm, NormalizeRms, Softsign,
    TrustRegion,
};
use gradus::cpu::Cpu;
use gradus::device::LEAF;
use gradus::hyperparameter::{Compression, Floor, LearningRate, Limit, Scale, Share};
use gradus::optimizer::Build;
use gradus::rule::Chained;
use gradus::rule::{Momentum, ScaleByLearningRate};
use gradus::transform::{Chain, FieldSet, Identity, Input, Nothing, Stage, StageExt, Step, Transform};
use ndarray::{ArrayD, IxDyn};
use proptest::prelude::*;
use reference::clip as paper;
use support::{Exact, Single};

const VALID: &str = "the test stays in the range";

/// What an elementwise stage makes of `x`, in `F`.
fn bent<F: Exact, C: Transform<State = Nothing>>(stage: &C, x: f64) -> f64 {
    let at = C::Constants::map(Transform::constants(stage, &Step::first(1.0)), F::constant);
    <C as Transform>::update(&at, Input::of(F::constant(x), F::constant(0.0)), &mut Nothing).to_f64()
}

/// One rounding of a normal number, relative to it.
fn rounding<F: Exact>() -> f64 {
    libm::ldexp(1.0, -(F::PRECISION as i32))
}

/// Whether `ours` is off by at most so many roundings of a number; around zero they are half of 2⁻¹⁴⁹
/// in `f32`.
fn close<F: Exact>(ours: f64, exact: f64, roundings: f64) -> bool {
    let tolerance = roundings * (rounding::<F>() * exact.abs() + 1.5e-45);
    ours == exact || ours.is_nan() && exact.is_nan() || (ours - exact).abs() <= tolerance
}

/// An elementwise stage in both formats; `roundings` are those of `f32`, and the reference may be off
/// by some more in `f64`.
fn assert_bends<C: Transform<State = Nothing>>(stage: C, x: f64, exact: f64, roundings: f64) {
    let (in_f32, in_f64) = (bent::<f32, C>(&stage, x), bent::<f64, C>(&stage, x));
    assert!(close::<f32>(in_f32, exact, roundings), "{stage:?} of {x:e}: {in_f32:e} for {exact:e}");
    assert!(close::<f64>(in_f64, exact, roundings + 8.0), "{stage:?} of {x:e}: {in_f64:e} for {exact:e}");
}

/// Every number that `f32` can hold, and more of those where something happens.
fn any_number() -> impl Strategy<Value = f64> {
    let any_bits = any::<u32>().prop_map(|bits| f64::from(f32::from_bits(bits)));
    prop_oneof![
        any_bits,
        (-4.0f32..4.0).prop_map(f64::from),
        (-0.1f32..0.1).prop_map(f64::from),
        Just(0.0),
        Just(-0.0),
        Just(f64::NEG_INFINITY),
        Just(f32::MAX.into()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// One rounding: the limit's.
    #[test]
    fn values_are_clipped_as_written(x in any_number(), limit in 1e-3..1e3) {
        let clip = ClipValue { limit: Limit::new(limit).expect(VALID) };
        assert_bends(clip, x, paper::value(x, limit), 1.0);
    }

    /// The quotient y and its divisor 2, tanh (1.5 units) 3, and 5 of weight, product, sum, scale and
    /// product. The terms have one sign, and neither function enlarges the relative error of y.
    #[test]
    fn the_trust_region_is_as_written(
        x in any_number(), scale in 0.1..10.0, share in 0.0..1.0, limit in 0.1..10.0,
    ) {
        // What overflows in `f32` counts as infinite.
        prop_assume!(!(f32::MAX.into()..f64::INFINITY).contains(&f64::abs(x / scale)));
        let stage = TrustRegion {
            scale: Scale::new(scale).expect(VALID),
            interpolation: Share::new(share).expect(VALID),
            limit: Limit::new(limit).expect(VALID),
        };
        assert_bends(stage, x, paper::trust_region(x, scale, share, limit), 10.0);
        assert_bends(TrustRegion::default(), x, paper::trust_region(x, 1.5, 0.9, 2.0), 10.0);
    }

    /// μ and its product 2, logarithm (1 unit) 2, the logarithm of μ and its sum 2, quotient and divisor 2.
    #[test]
    fn the_mu_law_is_as_written(x in any_number(), mu in 1.0..1e6) {
        let stage = MuLaw { compression: Compression::new(mu).expect(VALID) };
        assert_bends(stage, x, paper::mu_law(x, mu), 8.0);
    }

    /// As for the μ-law, and the sum with 1.
    #[test]
    fn the_a_law_is_as_written(x in any_number(), a in 1.0..1e6) {
        let stage = ALaw { compression: Compression::new(a).expect(VALID) };
        assert_bends(stage, x, paper::a_law(x, a), 9.0);
        assert_bends(ALaw::default(), x, paper::a_law(x, 87.6), 9.0);
    }

    /// A sum and a quotient.
    #[test]
    fn softsign_is_as_written(x in any_number()) {
        assert_bends(Softsign, x, paper::softsign(x), 2.0);
        assert_bends(Identity, x, x, 0.0);
    }
}

#[test]
fn the_trust_region_gives_what_heavyball_prints() {
    for (x, expected) in [(-10.0, -1.6555), (-1.0, -0.8634), (0.5, 0.4772), (3.0, 1.4662), (1e9, 2.0)] {
        assert!((bent::<f32, _>(&TrustRegion::default(), x) - expected).abs() <= 0.5e-4 + 1e-6, "{x}");
    }
}

#[test]
fn zeros_keep_their_sign_and_nan_stays() {
    fn assert_keeps<C: Transform<State = Nothing>>(stage: &C) {
        for zero in [0.0, -0.0] {
            assert_eq!(bent::<f32, C>(stage, zero).to_bits(), f64::to_bits(zero), "{stage:?}");
            assert_eq!(bent::<f64, C>(stage, zero).to_bits(), f64::to_bits(zero), "{stage:?}");
        }
        assert!(bent::<f32, C>(stage, f64::NAN).is_nan(), "{stage:?}");
    }
    assert_keeps(&ClipValue { limit: Limit::new(1.0).expect(VALID) });
    assert_keeps(&TrustRegion::default());
    assert_keeps(&MuLaw::default());
    assert_keeps(&ALaw::default());
    assert_keeps(&Softsign);
}

/// A scalar, an empty tensor, one element, a matrix, and more than one leaf of a sum.
const SHAPES: [&[usize]; 6] = [&[], &[0, 3], &[1], &[3, 2], &[3 * LEAF + 17], &[70, 130]];

fn array<F: Exact>(shape: &[usize], value: impl Fn(usize) -> f64) -> ArrayD<F> {
    let values = (0..shape.iter().product()).map(|place| F::constant(value(place))).collect();
    ArrayD::from_shape_vec(IxDyn(shape), values).expect("as many values as the shape says")
}

/// A step with rate 1 for each shape, through an optimizer: what is left of the parameters.
fn stepped<F: Exact, C: Stage>(
    stage: C,
    parameter: impl Fn(usize) -> f64,
    gradient: impl Fn(usize) -> f64,
) -> Vec<ArrayD<F>> {
    let chain = Chain { first: stage, second: ScaleByLearningRate };
    let rule = Chained { chain, learning_rate: LearningRate::new(1.0).expect(VALID) };
    let named = |value: &dyn Fn(usize) -> f64| -> Vec<_> {
        SHAPES.iter().map(|shape| (format!("{shape:?}"), array::<F>(shape, value))).collect()
    };
    let mut parameters = named(&parameter);
    let mut optimizer = rule.parameters_in::<F>().build(Cpu::default(), &parameters).expect("a valid model");
    optimizer.step(&mut parameters, &named(&gradient)).expect("the gradients fit");
    parameters.into_iter().map(|(_, parameter)| parameter).collect()
}

/// Compares a step in `f32` and in `f64` with `exact`, which maps gradient and parameter to an update.
///
/// The update is off by so many roundings, one of which is that of the norm, whose sum is off by no more
/// in `f32`, and by one for each element in `f64`; the parameter is rounded once more. What it is compared with is off by
/// as many roundings in `f64`.
fn assert_steps<C: Stage>(
    stage: C,
    parameter: impl Fn(usize) -> f64,
    gradient: impl Fn(usize) -> f64,
    exact: impl Fn(&[f64], &[f64]) -> Vec<f64>,
    roundings: f64,
) {
    fn compare<F: Exact>(
        steps: Vec<ArrayD<F>>,
        parameter: &impl Fn(usize) -> f64,
        gradient: &impl Fn(usize) -> f64,
        exact: &impl Fn(&[f64], &[f64]) -> Vec<f64>,
        roundings: impl Fn(usize) -> f64,
    ) {
        for ours in steps {
            let values = |value: &dyn Fn(usize) -> f64| -> Vec<f64> {
                (0..ours.len()).map(|place| F::constant(value(place)).to_f64()).collect()
            };
            let (parameters, gradients) = (values(parameter), values(gradient));
            let updates = exact(&gradients, &parameters);
            for ((ours, parameter), update) in ours.iter().zip(parameters).zip(updates) {
                let (ours, exact) = (ours.to_f64(), parameter - update);
                let unit = rounding::<F>() + rounding::<f64>();
                let tolerance = unit * (roundings(gradients.len()) * update.abs() + exact.abs());
                let same = ours == exact || ours.is_nan() && exact.is_nan();
                assert!(same || (ours - exact).abs() <= tolerance + 1.5e-43, "{ours:e} for {exact:e}");
            }
        }
    }
    let in_f32 = stepped::<f32, C>(stage.clone(), &parameter, &gradient);
    compare(in_f32, &parameter, &gradient, &exact, |_| roundings);
    let in_f64 = stepped::<f64, C>(stage, &parameter, &gradient);
    compare(in_f64, &parameter, &gradient, &exact, |elements| roundings + elements as f64);
}

fn limit(limit: f64) -> Limit {
    Limit::new(limit).expect(VALID)
}

fn floor(floor: f64) -> Floor {
    Floor::new(floor).expect(VALID)
}

/// Elements of very different sizes: the first ones as given, then a pattern up to `scale`.
fn elements(first: Vec<f64>, scale: f64) -> impl Fn(usize) -> f64 {
    move |place| {
        let pattern = ((place * 7919) % 257) as f64 / 128.0 - 1.0;
        first.get(place).copied().unwrap_or(pattern * scale)
    }
}

fn zero(_: usize) -> f64 {
    0.0
}

/// Numbers whose norm is far from the largest of `f32`.
fn of_some_size() -> impl Strategy<Value = f64> {
    prop_oneof![
        (-4.0f32..4.0).prop_map(f64::from),
        (-1e30f32..1e30).prop_map(f64::from),
        (-1e-30f32..1e-30).prop_map(f64::from),
        Just(0.0),
    ]
}

fn scales() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), Just(1e30), Just(1e-30), (-3.0..3.0).prop_map(libm::exp10)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Norm, limit, quotient and product.
    #[test]
    fn norms_are_clipped_as_written(
        first in prop::collection::vec(of_some_size(), 0..8), scale in scales(), largest in 0.01..100.0,
    ) {
        let exact = |x: &[f64], _: &[f64]| paper::to_at_most(x, paper::norm(x), largest);
        assert_steps(ClipNorm { limit: limit(largest) }, zero, elements(first.clone(), scale), exact, 5.0);
        let exact = |x: &[f64], _: &[f64]| paper::to_one(x, paper::norm(x), 1e-8);
        assert_steps(NormalizeNorm::default(), zero, elements(first, scale), exact, 4.0);
    }

    /// The same, and root and quotient of the count.
    #[test]
    fn root_mean_squares_are_clipped_as_written(
        first in prop::collection::vec(of_some_size(), 0..8), scale in scales(), largest in 0.01..100.0,
    ) {
        let exact = |x: &[f64], _: &[f64]| paper::to_at_most(x, paper::rms(x), largest);
        assert_steps(ClipRms { limit: limit(largest) }, zero, elements(first.clone(), scale), exact, 7.0);
        let exact = |x: &[f64], _: &[f64]| paper::to_one(x, paper::rms(x), 1e-6);
        assert_steps(NormalizeRms::default(), zero, elements(first, scale), exact, 6.0);
    }

    /// Two norms, limit and its product with the first, quotient and product, and the two floors.
    #[test]
    fn adaptive_clips_are_as_written(
        first in prop::collection::vec(of_some_size(), 0..8), scale in scales(),
        of_parameter in scales(), largest in 0.001..1.0,
    ) {
        let clip = AdaptiveClip { limit: limit(largest), ..AdaptiveClip::default() };
        let exact = |x: &[f64], parameter: &[f64]| paper::adaptive(x, parameter, largest, 1e-3, 1e-8);
        assert_steps(clip, elements(vec![], of_parameter), elements(first, scale), exact, 9.0);
    }
}

#[test]
fn the_squares_of_huge_and_tiny_elements_count() {
    for size in [1e30, 1e-30] {
        let gradient = |_: usize| size;
        let stage = NormalizeNorm { floor: floor(1e-35) };
        for tensor in stepped::<f32, _>(stage, zero, gradient) {
            let expected = -1.0 / (tensor.len() as f32).sqrt();
            assert!(tensor.iter().all(|x| (x - expected).abs() <= 3.0 * f32::EPSILON), "{size}");
        }
        let stage = ClipNorm { limit: limit(1.0) };
        for tensor in stepped::<f32, _>(stage, zero, gradient) {
            let expected = if size > 1.0 { -1.0 / (tensor.len() as f32).sqrt() } else { -1e-30 };
            assert!(tensor.iter().all(|x| (x / expected - 1.0).abs() <= 3.0 * f32::EPSILON), "{size}");
        }
    }
}

#[test]
fn tensors_within_the_limit_keep_every_bit() {
    let gradient = |place: usize| (place as f64 + 1.0) / 3e4 / 3e4;
    let expected = stepped::<f32, _>(Identity, zero, gradient);
    assert_eq!(stepped::<f32, _>(ClipNorm { limit: limit(0.7) }, zero, gradient), expected);
    assert_eq!(stepped::<f32, _>(ClipRms { limit: limit(0.7) }, zero, gradient), expected);
    // A limit beyond f32 is no limit.
    assert_eq!(stepped::<f32, _>(ClipNorm { limit: limit(1e300) }, zero, gradient), expected);
    let clip = AdaptiveClip { smallest_parameter: floor(100.0), ..AdaptiveClip::default() };
    assert_eq!(stepped::<f32, _>(clip, zero, gradient), expected);
}

#[test]
fn tensors_of_zeros_stay_zero() {
    let expected = stepped::<f32, _>(Identity, zero, zero);
    assert_eq!(stepped::<f32, _>(ClipNorm::default(), zero, zero), expected);
    assert_eq!(stepped::<f32, _>(ClipRms::default(), zero, zero), expected);
    assert_eq!(stepped::<f32, _>(NormalizeNorm::default(), zero, zero), expected);
    assert_eq!(stepped::<f32, _>(NormalizeRms::default(), zero, zero), expected);
    assert_eq!(stepped::<f32, _>(AdaptiveClip::default(), zero, zero), expected);
}

/// For each tensor with two elements or more: what a step makes of the first and the second element.
fn first_two<C: Stage>(stage: C, gradient: impl Fn(usize) -> f64) -> Vec<[f32; 2]> {
    let steps = stepped::<f32, C>(stage, zero, gradient);
    steps.iter().filter_map(|tensor| tensor.as_slice()?.first_chunk().copied()).collect()
}

#[test]
fn one_nan_makes_a_tensor_nan_and_one_infinity_the_rest_of_it_zero() {
    fn assert_spreads<C: Stage>(stage: C) {
        let nan = |place| if place == 0 { f64::NAN } else { 0.125 };
        let two = first_two(stage.clone(), nan);
        assert!(two.len() == 3 && two.iter().flatten().all(|x| x.is_nan()), "{stage:?} {two:?}");
        let infinite = |place| if place == 0 { f64::NEG_INFINITY } else { 0.125 };
        let two = first_two(stage.clone(), infinite);
        assert!(two.iter().all(|[first, second]| first.is_nan() && *second == 0.0), "{stage:?} {two:?}");
    }
    assert_spreads(ClipNorm::default());
    assert_spreads(ClipRms::default());
    assert_spreads(NormalizeNorm::default());
    assert_spreads(NormalizeRms::default());
    assert_spreads(AdaptiveClip::default());
}

#[test]
fn a_nan_in_the_parameter_makes_an_adaptive_clip_nan() {
    let parameter = |place| if place == 1 { f64::NAN } else { 1.0 };
    for tensor in stepped::<f32, _>(AdaptiveClip::default(), parameter, |_| 1e-9) {
        assert!(tensor.len() < 2 || tensor.iter().all(|x| x.is_nan()));
    }
}

#[test]
fn clips_see_what_the_stages_before_them_make() {
    // g = (3, 4) → (0.6, 0.8) → velocity (0.6, 0.8) → RMS √½, limit ½: divided by √2.
    // Then g = (0.3, 0): velocity (0.84, 0.72), RMS √0.612.
    let chain = ClipNorm::default().then(Momentum::default()).then(ClipRms { limit: limit(0.5) });
    let rule = Chained { chain, learning_rate: LearningRate::new(1.0).expect(VALID) };
    let mut parameters = [("x", vec![0.0f64, 0.0])];
    let builder = rule.parameters_in::<f64>();
    let mut optimizer = builder.build(Cpu::default(), &parameters).expect("a valid model");
    for gradient in [[3.0, 4.0], [0.3, 0.0]] {
        optimizer.step(&mut parameters, &[("x", gradient.to_vec())]).expect("the gradients fit");
    }
    let second = 0.5 / 0.612f64.sqrt();
    let expected = [-0.6 / 2f64.sqrt() - 0.84 * second, -0.8 / 2f64.sqrt() - 0.72 * second];
    for (ours, exact) in parameters[0].1.iter().zip(expected) {
        assert!((ours - exact).abs() < 20.0 * f64::EPSILON, "{ours} for {exact}");
    }
}

#[test]
fn micro_batches_are_clipped_by_the_parameter_of_the_last_step() {
    let clip = AdaptiveClip { limit: limit(0.25), ..AdaptiveClip::default() };
    let chain = clip.then(Momentum::default());
    let rule = Chained { chain, learning_rate: LearningRate::new(1.0).expect(VALID) };
    let mut single = Single::<_, f64>::new(rule, 8.0);
    single.accumulate(100.0); // no norm is known yet: velocity 100
    single.step(4.0); // at most 2: velocity 92
    assert_eq!(single.parameter(), 8.0 - 92.0);
    single.accumulate(100.0); // at most 2, as before: velocity 84.8
    single.step(0.0); // velocity 76.32
    assert!((single.parameter() - (8.0 - 92.0 - 76.32)).abs() < 1e-12);
}

#[test]
fn bad_hyperparameters_are_refused_with_their_range() {
    fn says<T>(result: gradus::error::Result<T>) -> String {
        result.map_or_else(|error| error.to_string(), |_| "accepted".to_owned())
    }
    assert_eq!(says(Limit::new(f64::NAN)), "clip limit is NaN, but must satisfy 0 < value < ∞");
    assert_eq!(says(Floor::new(0.0)), "floor is 0, but must satisfy 1e-37 <= value < ∞");
    assert_eq!(says(Scale::new(0.0)), "scale is 0, but must satisfy 1e-30 <= value <= 1e30");
    assert_eq!(says(Share::new(-0.1)), "share is -0.1, but must satisfy 0 <= value <= 1");
    assert_eq!(says(Compression::new(0.0)), "compression is 0, but must satisfy 1 <= value <= 1e6");
}

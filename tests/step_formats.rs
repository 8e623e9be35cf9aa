//! What a step does with 16-bit formats, in whatever vectors this machine has, is what
//! [`StorageDtype`] says element by element.

use gradus::cpu::Cpu;
use gradus::dtype::{Plus8, Plus16, StorageDtype};
use gradus::hyperparameter::LearningRate;
use gradus::optimizer::{Build, Rounds};
use gradus::random::{Noise, round_keys, tensor_id};
use gradus::rule::Sgd;
use gradus::store::{Corrected8, Corrected16, Rounding, Stochastic, Store};
use half::{bf16, f16};

/// θ − g, and nothing else.
fn subtract() -> Sgd {
    Sgd { learning_rate: LearningRate::new(1.0).expect("in the range"), ..Sgd::default() }
}

/// All 2¹⁶ patterns, and a few again, so that the last tile is not full.
fn patterns<T>(of_bits: impl Fn(u16) -> T) -> Vec<T> {
    (0..=u16::MAX).chain(0..13).map(of_bits).collect()
}

/// `f32` patterns of every kind: scattered ones, and all exponents beside the borders of mantissas.
fn values() -> Vec<f32> {
    let scattered = (0..300_000u32).map(|number| {
        let mixed = number.wrapping_mul(0x9E37_79B9);
        (mixed ^ mixed >> 15).wrapping_mul(0x85EB_CA6B)
    });
    // Beside every multiple of 2^12 in the mantissa lie the numbers and midpoints of both formats.
    let borders = (0..=0x7F8u32).flat_map(|exponent| (0..64).map(move |part| exponent << 20 | part << 14));
    let beside =
        borders.flat_map(|bits| [0, 0xFFF, 0x1000, 0x1001, 0x1FFF, 0x2000, 0x3FFF].map(|low| bits | low));
    scattered.chain(beside.flat_map(|bits| [bits, bits | 1 << 31])).map(f32::from_bits).collect()
}

/// The bits; all NaNs with one sign are one.
fn bits<T: StorageDtype<Arithmetic = f32>>(value: T) -> u32 {
    let wide = value.widen();
    if wide.is_nan() { 0x7FC0_0000 } else { wide.to_bits() }
}

fn assert_same<T: StorageDtype<Arithmetic = f32>>(stepped: &[T], expected: impl Iterator<Item = T>) {
    for (element, (stepped, expected)) in stepped.iter().zip(expected).enumerate() {
        assert_eq!(bits(*stepped), bits(expected), "{} {element}: {stepped:?} {expected:?}", T::NAME);
    }
}

/// The builder wants to know the formats.
macro_rules! gradients_are_widened_exactly {
    ($format:ident) => {{
        let gradient = patterns($format::from_bits);
        let expected: Vec<f32> = gradient.iter().map(|value| 0.0 - value.widen()).collect();
        let mut parameters = [("x", vec![0f32; gradient.len()])];
        let builder = subtract().gradients_in::<$format>();
        let mut optimizer = builder.build(Cpu::default(), &parameters).expect("the model is valid");
        optimizer.step(&mut parameters, &[("x", gradient)]).expect("the gradient fits");
        assert_same(&parameters[0].1, expected.into_iter());
    }};
}

#[test]
fn a_step_widens_every_gradient_exactly() {
    gradients_are_widened_exactly!(bf16);
    gradients_are_widened_exactly!(f16);
}

fn parameters_survive_a_step_of_nothing<T: StorageDtype<Arithmetic = f32>>(parameter: Vec<T>) {
    let mut parameters = [("x", parameter.clone())];
    let mut optimizer =
        subtract().parameters_in::<T>().build(Cpu::default(), &parameters).expect("the model is valid");
    optimizer
        .step(&mut parameters, &[("x", vec![T::default(); parameter.len()])])
        .expect("the gradient fits");
    assert_same(&parameters[0].1, parameter.into_iter());
}

#[test]
fn a_step_that_moves_nothing_changes_no_parameter() {
    parameters_survive_a_step_of_nothing(patterns(bf16::from_bits));
    parameters_survive_a_step_of_nothing(patterns(f16::from_bits));
    parameters_survive_a_step_of_nothing(some_values().into_iter().map(Plus8::<bf16>::round).collect());
    parameters_survive_a_step_of_nothing(some_values().into_iter().map(Plus16::<bf16>::round).collect());
    parameters_survive_a_step_of_nothing(some_values().into_iter().map(Plus8::<f16>::round).collect());
    parameters_survive_a_step_of_nothing(some_values().into_iter().map(Plus16::<f16>::round).collect());
}

fn parameters_are_rounded_to_nearest<T: StorageDtype<Arithmetic = f32>>() {
    let values = values();
    let mut parameters = [("x", vec![T::default(); values.len()])];
    let mut optimizer = subtract()
        .parameters_in::<T>()
        .gradients_in::<f32>()
        .build(Cpu::default(), &parameters)
        .expect("the model is valid");
    optimizer.step(&mut parameters, &[("x", values.clone())]).expect("the gradient fits");
    assert_same(&parameters[0].1, values.iter().map(|value| T::round(0.0 - value)));
}

#[test]
fn a_step_rounds_to_nearest_as_the_format_says() {
    parameters_are_rounded_to_nearest::<bf16>();
    parameters_are_rounded_to_nearest::<f16>();
    parameters_are_rounded_to_nearest::<Plus8<bf16>>();
    parameters_are_rounded_to_nearest::<Plus16<bf16>>();
    parameters_are_rounded_to_nearest::<Plus8<f16>>();
    parameters_are_rounded_to_nearest::<Plus16<f16>>();
}

fn parameters_are_rounded_stochastically<T>()
where
    T: StorageDtype<Arithmetic = f32>,
    Stochastic: Rounds<T>,
{
    let values = values();
    let mut parameters = [("x", vec![T::default(); values.len()])];
    let mut optimizer = subtract()
        .parameters_in::<T>()
        .gradients_in::<f32>()
        .stochastic_rounding(99)
        .build(Cpu::default(), &parameters)
        .expect("the model is valid");
    optimizer.step(&mut parameters, &[("x", values.clone())]).expect("the gradient fits");
    let noise = Noise { keys: round_keys(99), tensor: tensor_id("x"), gradient: 1 };
    let expected = values.iter().enumerate();
    assert_same(
        &parameters[0].1,
        expected.map(|(element, value)| T::round_stochastically(0.0 - value, noise.word(0, element as u64))),
    );
}

#[test]
fn a_step_rounds_stochastically_as_the_format_says() {
    parameters_are_rounded_stochastically::<bf16>();
    parameters_are_rounded_stochastically::<f16>();
    parameters_are_rounded_stochastically::<Plus8<bf16>>();
    parameters_are_rounded_stochastically::<Plus8<f16>>();
}

#[test]
fn a_step_rounds_the_largest_numbers_stochastically_where_all_is_bf16() {
    // Each pattern less a gradient from nothing up to twice its magnitude, with either sign.
    for part in [0.0f32, 0.001, 0.004, 0.5, 2.0].into_iter().flat_map(|part| [part, -part]) {
        let start = patterns(bf16::from_bits);
        let gradient: Vec<bf16> = start.iter().map(|value| bf16::from_f32(value.to_f32() * part)).collect();
        let mut parameters = [("x", start.clone())];
        let mut optimizer = subtract()
            .parameters_in::<bf16>()
            .stochastic_rounding(99)
            .build(Cpu::default(), &parameters)
            .expect("the model is valid");
        optimizer.step(&mut parameters, &[("x", gradient.clone())]).expect("the gradient fits");
        let noise = Noise { keys: round_keys(99), tensor: tensor_id("x"), gradient: 1 };
        let targets = start.iter().zip(&gradient).map(|(start, gradient)| start.widen() - gradient.widen());
        let expected = targets
            .enumerate()
            .map(|(element, target)| bf16::round_stochastically(target, noise.word(0, element as u64)));
        assert_same(&parameters[0].1, expected);
    }
}

/// Some of the [`values`], of every kind.
fn some_values() -> Vec<f32> {
    values().into_iter().step_by(5).collect()
}

/// Two steps: what is known after the first is what the second one starts from.
macro_rules! a_store_corrects {
    ($format:ident, $store:ident, $($option:tt)+) => {{
        let values = some_values();
        let gradients = values.iter().map(|value| value * -0.37).collect::<Vec<_>>();
        let mut parameters = [("x", vec![$format::ZERO; values.len()])];
        let builder = subtract().parameters_in::<$format>().gradients_in::<f32>().$($option)+;
        let mut optimizer = builder.build(Cpu::default(), &parameters).expect("the model is valid");
        let word = |gradient: u32, element: usize| match $store::ROUNDING {
            Rounding::Nearest => 1 << 31,
            Rounding::Stochastic => {
                let noise = Noise { keys: round_keys(99), tensor: tensor_id("x"), gradient };
                noise.word(0, element as u64)
            }
        };
        optimizer.step(&mut parameters, &[("x", values.clone())]).expect("the gradient fits");
        let pairs = values.iter().enumerate();
        let first: Vec<_> =
            pairs.map(|(element, value)| $store::split::<$format>(0.0 - value, word(1, element))).collect();
        assert_same(&parameters[0].1, first.iter().map(|(stored, _)| *stored));
        let snapshot = optimizer.snapshot().expect("no step is under way");
        let (name, carried) = &snapshot.tensors[0].carry[0];
        assert_eq!(name, "correction");
        assert!(carried.iter().eq(first.iter().map(|(_, beside)| beside)));

        optimizer.step(&mut parameters, &[("x", gradients.clone())]).expect("the gradient fits");
        let second = first.iter().zip(&gradients).enumerate().map(|(element, ((stored, beside), gradient))| {
            let known = $store::join(*stored, *beside);
            $store::split::<$format>(known - gradient, word(2, element)).0
        });
        assert_same(&parameters[0].1, second);
    }};
}

#[test]
fn a_step_corrects_as_the_store_says() {
    a_store_corrects!(bf16, Corrected8, error_corrected8(99));
    a_store_corrects!(f16, Corrected8, error_corrected8(99));
    a_store_corrects!(bf16, Corrected16, error_corrected16());
    a_store_corrects!(f16, Corrected16, error_corrected16());
}

#[test]
fn sixteen_digits_beside_bf16_train_as_f32() {
    let start: Vec<bf16> = (0..1000).map(|i| bf16::from_f32(0.01 * i as f32 - 5.0)).collect();
    let gradient =
        |step: u32| (0..1000).map(move |i| ((i * 7 + step * 13) % 29) as f32 * 0.1 - 1.4).collect::<Vec<_>>();
    let mut wide = [("x", start.iter().map(|value| value.to_f32()).collect::<Vec<_>>())];
    let mut corrected = [("x", start)];
    let mut of_wide = subtract().build(Cpu::default(), &wide).expect("the model is valid");
    let builder = subtract().parameters_in::<bf16>().gradients_in::<f32>().error_corrected16();
    let mut of_corrected = builder.build(Cpu::default(), &corrected).expect("the model is valid");
    for step in 0..50 {
        let gradients = [("x", gradient(step))];
        of_wide.step(&mut wide, &gradients).expect("the gradient fits");
        of_corrected.step(&mut corrected, &gradients).expect("the gradient fits");
    }
    let carry = &of_corrected.snapshot().expect("no step is under way").tensors[0].carry[0].1;
    let known = corrected[0].1.iter().zip(carry).map(|(stored, beside)| Corrected16::join(*stored, *beside));
    assert!(known.map(f32::to_bits).eq(wide[0].1.iter().map(|value| value.to_bits())));
}

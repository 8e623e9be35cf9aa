//! What a step does with 16-bit formats, in whatever vectors this machine has, is what
//! [`StorageDtype`] says element by element.

use gradus::cpu::Cpu;
use gradus::dtype::StorageDtype;
use gradus::hyperparameter::LearningRate;
use gradus::optimizer::{Build, Rounds};
use gradus::random::{Noise, round_keys, tensor_id};
use gradus::rule::Sgd;
use gradus::store::Stochastic;
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

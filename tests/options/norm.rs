//! All gradients clipped by their joint norm or root mean square.

use crate::{Tensors, plain, tensors};
use gradus::clip::{GradientNorm, JointClip};
use gradus::cpu::Cpu;
use gradus::hyperparameter::Limit;
use gradus::optimizer::{Build, select};
use half::{bf16, f16};
use proptest::prelude::*;

/// The values of tensors of zeros after one step, and the norm that was found.
macro_rules! stepped {
    ($format:ty, $builder:expr, $gradients:expr) => {{
        let gradients: Tensors<_> = $gradients;
        let mut parameters: Tensors<$format> =
            gradients.iter().map(|(name, values)| (*name, vec![Default::default(); values.len()])).collect();
        let mut optimizer = $builder.build(Cpu::default(), &parameters).expect("the model is valid");
        optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
        (parameters, optimizer.gradient_norm().expect("it was measured"))
    }};
}

#[test]
fn the_norm_is_that_of_all_tensors_and_one_factor_is_for_all() {
    // 2² + 4² + 4² + 8² + 20² + 0² + 16² + … : the norm is 100, in integers.
    let gradients = || tensors([("a", &[60.0, 0.0]), ("b", &[-48.0]), ("c", &[0.0, 64.0, 0.0])]);
    let f32s = plain().clip_global_norm(25.0);
    let (parameters, norm) = stepped!(f32, f32s, gradients());
    assert_eq!(norm, GradientNorm { norm: 100.0, elements: 6 });
    assert_eq!(norm.rms(), 100.0 / 6f64.sqrt());
    let quarter: Tensors<f32> = tensors([("a", &[-15.0, 0.0]), ("b", &[12.0]), ("c", &[0.0, -16.0, 0.0])]);
    assert_eq!(parameters, quarter);
}

#[test]
fn a_norm_at_the_limit_or_below_it_changes_no_bit() {
    for limit in [5.0, 5.000001, 1e30] {
        let (parameters, norm) = stepped!(
            f64,
            plain().parameters_in::<f64>().clip_global_norm(limit),
            tensors([("a", &[3.0]), ("b", &[4.0])])
        );
        assert_eq!(norm.norm, 5.0);
        assert_eq!(parameters, tensors([("a", &[-3.0]), ("b", &[-4.0])]), "limit {limit}");
    }
    let (parameters, _) = stepped!(
        f64,
        plain().parameters_in::<f64>().clip_global_norm(5f64.next_down()),
        tensors([("a", &[3.0]), ("b", &[4.0])])
    );
    assert_eq!(
        parameters,
        tensors([("a", &[-3.0 * (5f64.next_down() / 5.0)]), ("b", &[-4.0 * (5f64.next_down() / 5.0)])])
    );
}

#[test]
fn the_root_mean_square_counts_elements_that_have_a_gradient() {
    let mut parameters: Tensors<f64> = tensors([("a", &[0.0; 3]), ("b", &[0.0]), ("c", &[0.0; 100])]);
    let mut optimizer = plain()
        .parameters_in::<f64>()
        .clip_global_rms(0.5)
        .build(Cpu::default(), &parameters)
        .expect("the model is valid");
    let gradients = [("a", Some(vec![2.0, 2.0, -2.0])), ("b", Some(vec![2.0])), ("c", None)];
    optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
    assert_eq!(optimizer.gradient_norm(), Some(GradientNorm { norm: 4.0, elements: 4 }));
    assert_eq!(parameters[..2], tensors([("a", &[-0.5, -0.5, 0.5]), ("b", &[-0.5])]));
}

#[test]
fn frozen_parameters_do_not_count() {
    let mut parameters: Tensors<f64> = tensors([("a", &[0.0]), ("ice", &[7.0]), ("b", &[0.0])]);
    let mut optimizer = plain()
        .freeze(select::named("ice"))
        .parameters_in::<f64>()
        .clip_global_norm(2.5)
        .build(Cpu::default(), &parameters)
        .expect("the model is valid");
    let gradients = tensors([("a", &[6.0]), ("ice", &[f64::NAN]), ("b", &[8.0])]);
    assert_eq!(optimizer.measure(&gradients), Ok(GradientNorm { norm: 10.0, elements: 2 }));
    optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
    assert_eq!(parameters, tensors([("a", &[-1.5]), ("ice", &[7.0]), ("b", &[-2.0])]));
}

#[test]
fn the_forms_that_normalize_make_small_gradients_larger() {
    let gradients = || tensors([("a", &[0.03, 0.0]), ("b", &[0.0, -0.04])]);
    let builder = plain().parameters_in::<f64>().clip_together(JointClip::NormalizeNorm, 2.0);
    let (parameters, norm) = stepped!(f64, builder, gradients());
    let factor = 2.0 / norm.norm;
    assert!((norm.norm - 0.05).abs() < 1e-17);
    assert_eq!(parameters, tensors([("a", &[-0.03 * factor, 0.0]), ("b", &[0.0, 0.04 * factor])]));

    let builder = plain().parameters_in::<f64>().clip_together(JointClip::NormalizeRms, 2.0);
    let (parameters, norm) = stepped!(f64, builder, gradients());
    let factor = 2.0 / (norm.norm / 2.0);
    assert_eq!(parameters, tensors([("a", &[-0.03 * factor, 0.0]), ("b", &[0.0, 0.04 * factor])]));
}

#[test]
fn zeros_have_no_direction_and_stay() {
    for clip in [JointClip::NormalizeNorm, JointClip::NormalizeRms, JointClip::Norm, JointClip::Rms] {
        let gradients = tensors([("a", &[0.0, -0.0]), ("b", &[])]);
        let (parameters, norm) = stepped!(f32, plain().clip_together(clip, 2.0), gradients);
        assert_eq!((norm.norm, norm.elements), (0.0, 2));
        assert_eq!(parameters, tensors([("a", &[0.0, 0.0]), ("b", &[])]));
    }
}

/// A factor beyond the largest number would make NaN of zeros.
#[test]
fn gradients_at_the_lower_end_of_a_format_are_normalized_as_far_as_it_goes() {
    let tiny = f64::from(f32::from_bits(1));
    let gradients = tensors([("a", &[tiny, 0.0])]);
    let (parameters, _) = stepped!(f32, plain().clip_together(JointClip::NormalizeNorm, 1.0), gradients);
    assert_eq!(parameters, [("a", vec![-(f32::MAX * f32::from_bits(1)), 0.0])]);

    let tiny = f64::from_bits(1);
    let builder = plain().parameters_in::<f64>().clip_together(JointClip::NormalizeNorm, 1.0);
    let (parameters, _) = stepped!(f64, builder, tensors([("a", &[tiny, 0.0])]));
    assert_eq!(parameters, [("a", vec![-(f64::MAX * tiny), 0.0])]);
}

#[test]
fn squares_that_f64_cannot_hold_are_no_concern() {
    for (unit, exact) in [(1e200, 5e200), (1e-200, 5e-200), (1e300, 5e300), (1e-310, 5e-310), (1.0, 5.0)] {
        let gradients = tensors([("a", &[3.0 * unit, 0.0]), ("b", &[-4.0 * unit])]);
        let builder = plain().parameters_in::<f64>().clip_global_norm(unit);
        let (parameters, norm) = stepped!(f64, builder, gradients);
        // Numbers near 1e-310 have 11 bits fewer than others.
        let tolerance = if unit < 1e-300 { 1e-12 } else { 1e-15 };
        assert!((norm.norm / exact - 1.0).abs() < tolerance, "{unit}: {}", norm.norm);
        assert!((parameters[0].1[0] / (-0.6 * unit) - 1.0).abs() < tolerance, "{unit}");
        assert!((parameters[1].1[0] / (0.8 * unit) - 1.0).abs() < tolerance, "{unit}");
    }
    // Far apart, the smaller one does not count.
    let gradients = tensors([("a", &[1e-200]), ("b", &[1e200])]);
    let (_, norm) = stepped!(f64, plain().parameters_in::<f64>().clip_global_norm(1.0), gradients);
    assert!((norm.norm / 1e200 - 1.0).abs() < 1e-15);
}

#[test]
fn squares_of_narrow_formats_are_summed_in_f64() {
    macro_rules! norm_of {
        ($format:ty, $values:expr) => {{
            let gradients: Tensors<$format> = tensors([("a", &$values)]);
            stepped!(f32, plain().gradients_in::<$format>().clip_global_norm(1.0), gradients).1.norm
        }};
    }
    // 300² is beyond f16, (3·2⁻²⁰)² below it; (3·10³⁸)² is beyond f32 and bf16, (10⁻³⁰)² below them.
    assert_eq!(norm_of!(f16, [300.0, 400.0]), 500.0);
    assert_eq!(norm_of!(f16, [3.0 / 1048576.0, 4.0 / 1048576.0]), 5.0 / 1048576.0);
    assert_eq!(norm_of!(bf16, [f64::from(bf16::MAX), 0.0]), f64::from(bf16::MAX));
    assert_eq!(norm_of!(f32, [f64::from(f32::MAX), 0.0]), f64::from(f32::MAX));
    assert!((norm_of!(f32, [3e-30, 4e-30]) / 5e-30 - 1.0).abs() < 1e-7);
}

/// Narrow gradients as they are handed in, with parameters of another format.
#[test]
fn gradients_of_every_format_are_measured() {
    macro_rules! norm_of {
        ($parameter:ty, $gradient:ty) => {{
            let gradients: Tensors<$gradient> = tensors([("a", &[3.0, 0.0]), ("b", &[-4.0])]);
            let builder = plain().parameters_in::<$parameter>().gradients_in::<$gradient>();
            let (parameters, norm) = stepped!($parameter, builder.clip_global_norm(2.5), gradients);
            assert_eq!(norm, GradientNorm { norm: 5.0, elements: 3 });
            let expected: Tensors<$parameter> = tensors([("a", &[-1.5, 0.0]), ("b", &[2.0])]);
            assert_eq!(parameters, expected);
        }};
    }
    norm_of!(f64, f64);
    norm_of!(f64, f32);
    norm_of!(f64, bf16);
    norm_of!(f32, f16);
    norm_of!(f32, bf16);
    norm_of!(bf16, f32);
    norm_of!(bf16, bf16);
    norm_of!(f16, f16);
}

#[test]
fn two_optimizers_share_a_norm() {
    let mut weights: Tensors<bf16> = tensors([("w", &[0.0, 0.0])]);
    let mut scales: Tensors<f64> = tensors([("s", &[0.0])]);
    let mut of_weights = plain()
        .parameters_in::<bf16>()
        .clip_global_norm(26.0)
        .build(Cpu::default(), &weights)
        .expect("the model is valid");
    let mut of_scales = plain()
        .clip_global_norm(13.0)
        .parameters_in::<f64>()
        .build(Cpu::default(), &scales)
        .expect("the model is valid");
    let to_weights: Tensors<bf16> = tensors([("w", &[12.0, 16.0])]); // 20
    let to_scales: Tensors<f64> = tensors([("s", &[48.0])]);
    let norm = of_weights.measure(&to_weights).expect("they fit");
    let norm = norm.join(of_scales.measure(&to_scales).expect("they fit"));
    assert_eq!(norm, GradientNorm { norm: 52.0, elements: 3 });
    of_weights.step_with_norm(&mut weights, &to_weights, norm).expect("they fit");
    of_scales.step_with_norm(&mut scales, &to_scales, norm).expect("they fit");
    assert_eq!(weights, tensors([("w", &[-6.0, -8.0])])); // each by its own limit
    assert_eq!(scales, tensors([("s", &[-12.0])]));
    assert_eq!((of_weights.gradient_norm(), of_scales.gradient_norm()), (Some(norm), Some(norm)));
}

#[test]
fn without_an_option_that_asks_nothing_is_measured() {
    let mut parameters: Tensors<f64> = tensors([("a", &[0.0])]);
    let mut optimizer =
        plain().parameters_in::<f64>().build(Cpu::default(), &parameters).expect("the model is valid");
    optimizer.step(&mut parameters, &tensors([("a", &[3.0])])).expect("the gradients fit");
    assert_eq!(optimizer.gradient_norm(), None);
    assert_eq!(optimizer.measure(&tensors([("a", &[-3.0])])), Ok(GradientNorm { norm: 3.0, elements: 1 }));
    assert_eq!(parameters, tensors([("a", &[-3.0])]));
}

/// Nothing asks about infinities, so they do what arithmetic has them do: the factor is 0 or NaN.
#[test]
fn a_clip_alone_lets_infinities_and_nans_propagate() {
    let gradients = tensors([("a", &[1.0, f64::INFINITY])]);
    let (parameters, _) = stepped!(f32, plain().clip_global_norm(1.0), gradients);
    assert_eq!(parameters[0].1[0], 0.0);
    assert!(parameters[0].1[1].is_nan());
    let gradients = tensors([("a", &[1.0, f64::NAN])]);
    let (parameters, _) = stepped!(f32, plain().clip_global_norm(1.0), gradients);
    assert!(parameters[0].1.iter().all(|value| value.is_nan()));
}

fn elements() -> impl Strategy<Value = Vec<Vec<f32>>> {
    prop::collection::vec(prop::collection::vec(-1e3f32..1e3, 0..300), 1..5)
}

proptest! {
    /// The norm to n roundings of f64; the parameters to three roundings of f32: of the factor, of the
    /// product, of the difference from zero.
    #[test]
    fn every_form_is_its_definition(tensors in elements(), limit in 1e-3f64..1e4, form in 0..4usize) {
        const FORMS: [fn(Limit) -> JointClip; 4] =
            [JointClip::Norm, JointClip::Rms, JointClip::NormalizeNorm, JointClip::NormalizeRms];
        let named = |(place, values): (usize, &Vec<f32>)| (format!("x{place}"), values.clone());
        let gradients: Vec<_> = tensors.iter().enumerate().map(named).collect();
        let mut parameters: Vec<_> =
            gradients.iter().map(|(name, values)| (name.clone(), vec![0f32; values.len()])).collect();
        let builder = plain().clip_together(FORMS[form], limit);
        let mut optimizer = builder.build(Cpu::default(), &parameters).expect("the model is valid");
        optimizer.step(&mut parameters, &gradients).expect("the gradients fit");

        let all = || tensors.iter().flatten().map(|value| f64::from(*value));
        let count = all().count();
        let norm = all().map(|value| value * value).sum::<f64>().sqrt();
        let size = if form % 2 == 0 { norm } else { norm / (count.max(1) as f64).sqrt() };
        let factor = match form {
            _ if size == 0.0 => 1.0,
            0 | 1 => (limit / size).min(1.0),
            _ => limit / size,
        };
        let found = optimizer.gradient_norm().expect("it was measured");
        prop_assert_eq!(found.elements, count as u64);
        prop_assert!((found.norm - norm).abs() <= norm * (count + 2) as f64 * f64::EPSILON);
        for (parameter, gradient) in parameters.iter().flat_map(|(_, values)| values).zip(all()) {
            let exact = -gradient * factor;
            let error = (f64::from(*parameter) - exact).abs();
            prop_assert!(error <= exact.abs() * 2.0 * f64::from(f32::EPSILON), "{parameter} {exact}");
        }
    }
}

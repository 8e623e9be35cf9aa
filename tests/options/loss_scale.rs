//! Dynamic loss scaling.

use crate::{Tensors, adamw, plain, snapshot, tensors};
use gradus::clip::GradientNorm;
use gradus::cpu::Cpu;
use gradus::error::Error;
use gradus::optimizer::{Build, LossScaling, Stepped};
use half::f16;
use proptest::prelude::*;

fn scaling() -> LossScaling {
    LossScaling { start: 16.0, growth: 2.0, back_off: 0.25, interval: 3, smallest: 1.0, largest: 64.0 }
}

/// The scales after steps that are good (`+`) or bad (`-`).
fn scales(scaling: LossScaling, steps: &str) -> Vec<f64> {
    let mut parameters: Tensors<f32> = tensors([("x", &[0.0])]);
    let mut optimizer =
        plain().loss_scaling(scaling).build(Cpu::default(), &parameters).expect("the model is valid");
    let scale = |good| {
        let gradient = if good { 1.0 } else { f32::INFINITY };
        let expected = if good { Stepped::Taken } else { Stepped::Skipped };
        assert_eq!(optimizer.step(&mut parameters, &[("x", vec![gradient])]), Ok(expected));
        optimizer.loss_scale()
    };
    steps.chars().map(|step| step == '+').map(scale).collect()
}

#[test]
fn the_scale_grows_after_the_interval_and_backs_off_at_once() {
    let expected = [16.0, 16.0, 32.0, 32.0, 32.0, 64.0, 64.0, 64.0, 64.0];
    assert_eq!(scales(scaling(), "+++++++++"), expected);
    assert_eq!(scales(scaling(), "--+"), [4.0, 1.0, 1.0]);
    // A bad step starts the count anew.
    assert_eq!(scales(scaling(), "++-+++"), [16.0, 16.0, 4.0, 4.0, 4.0, 8.0]);
}

#[test]
fn the_scale_stays_within_its_limits() {
    assert_eq!(scales(scaling(), "-----"), [4.0, 1.0, 1.0, 1.0, 1.0]);
    let quick = LossScaling { interval: 1, growth: 16.0, ..scaling() };
    assert_eq!(scales(quick, "+++"), [64.0, 64.0, 64.0]);
    let still = LossScaling { growth: 1.0, interval: 1, ..scaling() };
    assert_eq!(scales(still, "++"), [16.0, 16.0]);
}

#[test]
fn steps_without_any_gradient_do_not_count() {
    let mut parameters: Tensors<f32> = tensors([("x", &[0.0])]);
    let mut optimizer =
        plain().loss_scaling(scaling()).build(Cpu::default(), &parameters).expect("the model is valid");
    for _ in 0..5 {
        let none: [(&str, Option<Vec<f32>>); 1] = [("x", None)];
        assert_eq!(optimizer.step(&mut parameters, &none), Ok(Stepped::WithoutGradients));
    }
    assert_eq!(optimizer.loss_scale(), 16.0);
}

#[test]
fn the_default_is_that_of_torch() {
    let default = LossScaling::default();
    assert_eq!(
        (default.start, default.growth, default.back_off, default.interval),
        (65536.0, 2.0, 0.5, 2000)
    );
    let parameters: Tensors<f32> = tensors([("x", &[0.0])]);
    let optimizer = plain().loss_scaling(default).build(Cpu::default(), &parameters).expect("it is valid");
    assert_eq!(optimizer.loss_scale(), 65536.0);
    let unscaled = plain().build(Cpu::default(), &parameters).expect("it is valid");
    assert_eq!(unscaled.loss_scale(), 1.0);
}

#[test]
fn the_norm_is_reported_without_the_scale_and_clipped_without_it() {
    let mut parameters: Tensors<f32> = tensors([("x", &[0.0, 0.0])]);
    let mut optimizer = plain()
        .clip_global_norm(2.5)
        .loss_scaling(scaling())
        .build(Cpu::default(), &parameters)
        .expect("the model is valid");
    let gradients = [("x", vec![3.0 * 16.0, 4.0 * 16.0])];
    assert_eq!(optimizer.measure(&gradients), Ok(GradientNorm { norm: 80.0, elements: 2 }));
    optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
    assert_eq!(optimizer.gradient_norm(), Some(GradientNorm { norm: 5.0, elements: 2 }));
    assert_eq!(parameters, tensors([("x", &[-1.5, -2.0])]));
}

#[test]
fn a_snapshot_keeps_the_scale_and_how_long_it_has_been_good() {
    let start: Tensors<f32> = tensors([("x", &[1.0])]);
    let build = || adamw().loss_scaling(scaling()).build(Cpu::default(), &start).expect("the model is valid");
    let (mut optimizer, mut parameters) = (build(), start.clone());
    for gradient in [1.0, f32::NAN, 1.0, 1.0] {
        optimizer.step(&mut parameters, &[("x", vec![gradient])]).expect("the gradient fits");
    }
    let taken = snapshot(&optimizer);
    assert_eq!((taken.loss_scale, taken.skipped, taken.steps), (Some((4.0, 2)), 1, 3));
    let mut resumed = build();
    resumed.restore(&taken).expect("the snapshot fits");
    assert_eq!((resumed.loss_scale(), resumed.skipped()), (4.0, 1));
    resumed.step(&mut parameters, &[("x", vec![1.0])]).expect("the gradient fits");
    assert_eq!(resumed.loss_scale(), 8.0);

    let mut unscaled = adamw().skip_nonfinite().build(Cpu::default(), &start).expect("the model is valid");
    let (without, with) = (snapshot(&unscaled), snapshot(&build()));
    let error = unscaled.restore(&with).expect_err("the loss is scaled there");
    let says = "the snapshot does not fit: the loss is scaled there, but as it is here";
    assert_eq!(error.to_string(), says);
    let error = build().restore(&without).expect_err("the loss is not scaled there");
    let says = "the snapshot does not fit: the loss is as it is there, but scaled here";
    assert_eq!(error.to_string(), says);
}

#[test]
fn numbers_are_powers_of_two_in_order() {
    let refused = |change: fn(&mut LossScaling), expected: &str| {
        let mut bad = scaling();
        change(&mut bad);
        let parameters: Tensors<f32> = tensors([("x", &[1.0])]);
        let error = plain().loss_scaling(bad).build(Cpu::default(), &parameters).expect_err(expected);
        assert_eq!(error.to_string(), expected);
        assert!(matches!(error, Error::Hyperparameter { .. }));
    };
    refused(
        |bad| bad.start = 3.0,
        "loss scale is 3, but must satisfy a power of two, smallest <= value <= largest",
    );
    refused(
        |bad| bad.start = 128.0,
        "loss scale is 128, but must satisfy a power of two, smallest <= value <= largest",
    );
    refused(
        |bad| bad.start = 0.5,
        "loss scale is 0.5, but must satisfy a power of two, smallest <= value <= largest",
    );
    refused(
        |bad| bad.growth = 0.5,
        "growth of the loss scale is 0.5, but must satisfy a power of two, 1 <= value",
    );
    refused(
        |bad| bad.growth = 1.5,
        "growth of the loss scale is 1.5, but must satisfy a power of two, 1 <= value",
    );
    refused(
        |bad| bad.back_off = 1.0,
        "back-off of the loss scale is 1, but must satisfy a power of two, value < 1",
    );
    refused(
        |bad| bad.back_off = 0.0,
        "back-off of the loss scale is 0, but must satisfy a power of two, value < 1",
    );
    refused(|bad| bad.interval = 0, "growth interval of the loss scale is 0, but must satisfy 1 <= value");
    refused(|bad| bad.smallest = f64::NAN, "smallest loss scale is NaN, but must satisfy a power of two");
    refused(|bad| bad.smallest = -1.0, "smallest loss scale is -1, but must satisfy a power of two");
    refused(
        |bad| bad.largest = 0.5,
        "largest loss scale is 0.5, but must satisfy a power of two, smallest <= value",
    );
    refused(
        |bad| bad.largest = f64::INFINITY,
        "largest loss scale is inf, but must satisfy a power of two, smallest <= value",
    );
}

/// A gradient below what f16 holds arrives, if the loss is scaled.
#[test]
fn what_vanishes_in_f16_arrives() {
    let mut parameters: Tensors<f32> = tensors([("x", &[0.0])]);
    let scaling = LossScaling { start: 65536.0, ..LossScaling::default() };
    let builder = plain().gradients_in::<f16>().loss_scaling(scaling);
    let mut optimizer = builder.build(Cpu::default(), &parameters).expect("the model is valid");
    let tiny = libm::scalbn(1.0, -30);
    assert_eq!(f16::from_f64(tiny), f16::ZERO);
    let gradient = f16::from_f64(tiny * optimizer.loss_scale());
    optimizer.step(&mut parameters, &[("x", vec![gradient])]).expect("the gradient fits");
    assert_eq!(parameters, tensors([("x", &[-tiny])]));
}

proptest! {
    /// Powers of two change the exponent alone, as long as nothing vanishes or overflows.
    #[test]
    fn a_scaled_run_has_the_bits_of_the_unscaled_one(
        gradients in prop::collection::vec(prop::collection::vec(-1e3f32..1e3, 9), 1..8),
        exponent in 0..20i32,
    ) {
        let scaling = LossScaling {
            start: libm::scalbn(1.0, exponent), interval: 2, largest: libm::scalbn(1.0, 40), ..LossScaling::default()
        };
        let start: Tensors<f32> = tensors([("x", &[0.5; 9])]);
        let (mut scaled, mut unscaled) = (start.clone(), start);
        let clipped = adamw().clip_global_norm(300.0);
        let mut of_unscaled = clipped.build(Cpu::default(), &unscaled).expect("the model is valid");
        let clipped = adamw().clip_global_norm(300.0).loss_scaling(scaling);
        let mut of_scaled = clipped.build(Cpu::default(), &scaled).expect("the model is valid");
        for gradient in gradients {
            // 2⁻¹⁰⁰ is far from where f32 loses bits, times any of the scales.
            let gradient: Vec<f32> =
                gradient.into_iter().map(|value| if value.abs() < 1e-20 { 0.0 } else { value }).collect();
            let times = of_scaled.loss_scale() as f32;
            let larger = gradient.iter().map(|value| value * times).collect::<Vec<_>>();
            of_unscaled.step(&mut unscaled, &[("x", gradient)]).expect("the gradient fits");
            prop_assert_eq!(of_scaled.step(&mut scaled, &[("x", larger)]), Ok(Stepped::Taken));
        }
        prop_assert_eq!(scaled, unscaled);
        prop_assert_eq!(snapshot(&of_scaled).tensors, snapshot(&of_unscaled).tensors);
    }
}

//! Gradients that are infinite or NaN: skipped, or refused.

use crate::{Tensors, adamw, plain, rate, snapshot, tensors};
use gradus::clip::GradientNorm;
use gradus::cpu::Cpu;
use gradus::error::Error;
use gradus::optimizer::{Build, Stepped, select};
use gradus::rule::AdamW;
use half::{bf16, f16};
use ndarray::{Array2, Array3, ShapeBuilder};

const BAD: [f64; 3] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];

fn model() -> Tensors<f32> {
    tensors([("a", &[1.0, 2.0]), ("b", &[3.0]), ("ice", &[4.0])])
}

#[test]
fn a_skipped_step_changes_the_count_and_nothing_else_in_any_group() {
    let mut parameters = model();
    let mut optimizer = adamw()
        .group("b", select::named("b"), AdamW { learning_rate: rate(0.5), ..adamw() })
        .freeze(select::named("ice"))
        .skip_nonfinite()
        .build(Cpu::default(), &parameters)
        .expect("the model is valid");
    let good = tensors::<f32, 3>([("a", &[0.1, 0.2]), ("b", &[0.3]), ("ice", &[0.4])]);
    assert_eq!(optimizer.step(&mut parameters, &good), Ok(Stepped::Taken));
    assert_eq!((optimizer.steps(), optimizer.skipped()), (1, 0));
    for (number, bad) in BAD.into_iter().enumerate() {
        let (before, state) = (parameters.clone(), snapshot(&optimizer));
        let gradients = tensors::<f32, 3>([("a", &[0.1, 0.2]), ("b", &[bad]), ("ice", &[0.4])]);
        assert_eq!(optimizer.step(&mut parameters, &gradients), Ok(Stepped::Skipped));
        assert_eq!(parameters, before);
        let mut after = snapshot(&optimizer);
        assert_eq!(after.skipped, number as u64 + 1);
        after.skipped = state.skipped;
        assert_eq!(after, state);
        assert_eq!((optimizer.steps(), optimizer.received("a")), (1, Ok(1)));
        assert!(!optimizer.gradient_norm().expect("it was measured").norm.is_finite());
    }
    assert_eq!(optimizer.step(&mut parameters, &good), Ok(Stepped::Taken));
    assert_eq!((optimizer.steps(), optimizer.skipped()), (2, 3));
}

#[test]
fn frozen_and_absent_gradients_are_not_looked_at() {
    let mut parameters = model();
    let mut optimizer = adamw()
        .freeze(select::named("ice"))
        .skip_nonfinite()
        .build(Cpu::default(), &parameters)
        .expect("the model is valid");
    let gradients = [("a", Some(vec![1.0f32, 1.0])), ("b", None), ("ice", Some(vec![f32::NAN]))];
    assert_eq!(optimizer.step(&mut parameters, &gradients), Ok(Stepped::Taken));
    assert_eq!(parameters[2].1, [4.0]);
}

/// The norm of gradients that are all finite is finite in every format, so nothing is skipped.
#[test]
fn huge_gradients_are_not_infinite() {
    macro_rules! taken {
        ($($parameter:ty, $gradient:ty;)+) => {$({
            let mut parameters: Tensors<$parameter> = tensors([("a", &[0.0, 0.0])]);
            let builder = adamw().parameters_in::<$parameter>().gradients_in::<$gradient>();
            let mut optimizer =
                builder.skip_nonfinite().build(Cpu::default(), &parameters).expect("the model is valid");
            let gradients = [("a", vec![<$gradient>::MAX, <$gradient>::MIN])];
            assert_eq!(optimizer.step(&mut parameters, &gradients), Ok(Stepped::Taken));
        })+};
    }
    taken! { f32, f32; f32, bf16; f32, f16; bf16, bf16; f16, f16; f64, f32; }
    // Of numbers in f64, whose norm can be beyond f64, up to 1e308.
    let mut parameters: Tensors<f64> = tensors([("a", &[0.0, 0.0])]);
    let builder = adamw().parameters_in::<f64>().skip_nonfinite();
    let mut optimizer = builder.build(Cpu::default(), &parameters).expect("the model is valid");
    assert_eq!(optimizer.step(&mut parameters, &[("a", vec![1e308, -1e308])]), Ok(Stepped::Taken));
}

#[test]
fn a_refused_step_names_parameter_and_first_index_and_changes_nothing() {
    let mut parameters =
        [("matrix", Array2::<f32>::ones((3, 4)).into_dyn()), ("cube", Array3::ones((2, 3, 2)).into_dyn())];
    let mut optimizer =
        adamw().refuse_nonfinite().build(Cpu::default(), &parameters).expect("the model is valid");
    let good = parameters.clone();
    optimizer.step(&mut parameters, &good).expect("they are finite");
    let refused = |place: usize, indices: &[&[usize]], expected: &str| {
        let mut gradients = good.clone();
        for index in indices {
            gradients[place].1[*index] = f32::INFINITY;
        }
        let before = (parameters.clone(), snapshot(&optimizer), optimizer.gradient_norm());
        let mut after = parameters.clone();
        let error = optimizer.step(&mut after, &gradients).expect_err(expected);
        assert_eq!(error.to_string(), expected);
        assert_eq!((after, snapshot(&optimizer), optimizer.gradient_norm()), before);
    };
    let mut refused = refused;
    refused(
        0,
        &[&[2, 3], &[1, 2]],
        "the gradient of `matrix` is infinite or NaN, first at index [1, 2]; the step was not taken",
    );
    refused(
        1,
        &[&[1, 2, 1]],
        "the gradient of `cube` is infinite or NaN, first at index [1, 2, 1]; the step was not taken",
    );
}

#[test]
fn the_first_index_is_that_of_the_order_in_memory() {
    let mut parameters = [("m", Array2::<f32>::zeros((2, 3).f()))];
    let mut optimizer =
        plain().refuse_nonfinite().build(Cpu::default(), &parameters).expect("the model is valid");
    let mut gradient = Array2::<f32>::zeros((2, 3).f());
    gradient[[0, 2]] = f32::NAN;
    gradient[[1, 0]] = f32::NAN;
    let error = optimizer.step(&mut parameters, &[("m", gradient)]).expect_err("there are two");
    assert_eq!(error, Error::NonfiniteGradient { parameter: "m".to_owned(), index: vec![1, 0] });
}

#[test]
fn the_first_bad_element_is_found_wherever_it_is() {
    for length in [1, 63, 64, 65, 5000, 70_000] {
        for place in [0, length / 3, length - 1] {
            let mut parameters = [("x", vec![bf16::ZERO; length])];
            let mut optimizer = plain()
                .parameters_in::<bf16>()
                .gradients_in::<f16>()
                .refuse_nonfinite()
                .build(Cpu::default(), &parameters)
                .expect("the model is valid");
            let mut gradient = vec![f16::MAX; length];
            gradient[place..].fill(f16::NEG_INFINITY);
            let error = optimizer.step(&mut parameters, &[("x", gradient)]).expect_err("there are some");
            assert_eq!(error, Error::NonfiniteGradient { parameter: "x".to_owned(), index: vec![place] });
        }
    }
}

#[test]
fn by_default_they_propagate() {
    let mut parameters = model();
    let mut optimizer = plain().build(Cpu::default(), &parameters).expect("the model is valid");
    let gradients = tensors::<f32, 3>([("a", &[f64::NAN, 1.0]), ("b", &[f64::INFINITY]), ("ice", &[0.0])]);
    assert_eq!(optimizer.step(&mut parameters, &gradients), Ok(Stepped::Taken));
    assert!(parameters[0].1[0].is_nan());
    assert_eq!((parameters[0].1[1], parameters[1].1[0], parameters[2].1[0]), (1.0, f32::NEG_INFINITY, 4.0));
    assert_eq!(optimizer.skipped(), 0);
}

#[test]
fn a_norm_that_is_not_finite_elsewhere_skips_or_refuses_here() {
    let elsewhere = GradientNorm { norm: f64::INFINITY, elements: 9 };
    let gradients: Tensors<f32> = tensors([("a", &[1.0])]);
    let start: Tensors<f32> = tensors([("a", &[5.0])]);

    let mut parameters = start.clone();
    let mut optimizer =
        plain().skip_nonfinite().build(Cpu::default(), &parameters).expect("the model is valid");
    assert_eq!(optimizer.step_with_norm(&mut parameters, &gradients, elsewhere), Ok(Stepped::Skipped));
    assert_eq!((&parameters, optimizer.skipped()), (&start, 1));

    let mut optimizer =
        plain().refuse_nonfinite().build(Cpu::default(), &parameters).expect("the model is valid");
    let error = optimizer.step_with_norm(&mut parameters, &gradients, elsewhere).expect_err("it is infinite");
    assert_eq!(error, Error::NonfiniteNorm);
    assert_eq!(parameters, start);
}

#[test]
fn a_snapshot_keeps_the_count_of_skipped_steps() {
    let mut parameters: Tensors<f32> = tensors([("a", &[5.0])]);
    let build = || plain().skip_nonfinite().build(Cpu::default(), &tensors::<f32, 1>([("a", &[5.0])]));
    let mut optimizer = build().expect("the model is valid");
    for _ in 0..3 {
        optimizer.step(&mut parameters, &[("a", vec![f32::NAN])]).expect("it is skipped");
    }
    let mut resumed = build().expect("the model is valid");
    resumed.restore(&snapshot(&optimizer)).expect("the snapshot fits");
    assert_eq!(resumed.skipped(), 3);
}

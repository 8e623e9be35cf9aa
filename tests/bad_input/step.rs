//! Joint steps that are refused whole.

use crate::{Parameters, gradients, named, ones, parameters, state_of, together};
use gradus::clip::GradientNorm;
use gradus::cpu::Cpu;
use gradus::device::{GradientSet, ParameterSet};
use gradus::optimizer::Build;
use gradus::rule::{Lion, Sgd};
use gradus::schedule::Schedule;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, ShapeBuilder, s};

/// A step that must fail with a text and leave parameters and state alone.
fn refused(change: impl FnOnce(&mut Parameters, &mut Parameters), expected: &str) {
    let (mut optimizer, mut parameters) = together();
    let mut gradients = gradients();
    change(&mut parameters, &mut gradients);
    let before = (format!("{parameters:?}"), state_of(&optimizer));
    let error = optimizer.step(&mut parameters, &gradients).expect_err(expected);
    assert_eq!(error.to_string(), expected);
    assert_eq!((format!("{parameters:?}"), state_of(&optimizer)), before);
}

#[test]
fn a_gradient_has_its_parameters_shape() {
    refused(
        |_, gradients| gradients[1] = ones("bias", &[3]),
        "gradient of `bias` has shape [3], but the parameter has shape [2]",
    );
    refused(
        |_, gradients| gradients[0] = ones("weight", &[6]),
        "gradient of `weight` has shape [6], but the parameter has shape [2, 3]",
    );
}

#[test]
fn a_parameter_keeps_its_shape() {
    refused(
        |parameters, _| parameters[1] = ones("bias", &[2, 1]),
        "parameter `bias` has shape [2, 1], but had [2] when the optimizer was built",
    );
}

#[test]
fn parameters_keep_their_order() {
    refused(
        |parameters, gradients| {
            parameters.swap(0, 1);
            gradients.swap(0, 1);
        },
        "the parameter in place 0 is `bias`, but the optimizer was built with `weight` there",
    );
}

#[test]
fn no_parameter_is_left_out_or_added() {
    refused(
        |parameters, _| {
            parameters.pop();
        },
        "the step has 1 parameters, but the optimizer was built with 2",
    );
    refused(
        |parameters, _| parameters.push(ones("scale", &[])),
        "the step has 3 parameters, but the optimizer was built with 2",
    );
}

#[test]
fn gradients_have_the_parameters_order() {
    refused(
        |_, gradients| gradients.swap(0, 1),
        "the gradient in place 0 is of `bias`, but the parameter there is `weight`",
    );
}

#[test]
fn no_gradient_is_left_out() {
    refused(
        |_, gradients| {
            gradients.pop();
        },
        "no gradient for `bias`; pass one for every parameter, or say `None` where there is none",
    );
    refused(
        |_, gradients| gradients.clear(),
        "no gradient for `weight`, `bias`; pass one for every parameter, or say `None` where there is none",
    );
}

#[test]
fn a_gradient_belongs_to_a_parameter() {
    refused(
        |_, gradients| gradients.push(ones("scale", &[])),
        "there is a gradient for `scale`, but no such parameter",
    );
}

#[test]
fn parameter_and_gradient_have_the_same_memory_order() {
    let other_order = |name: &str| named(name, Array2::ones((2, 3).f()).into_dyn());
    refused(
        |_, gradients| gradients[0] = other_order("weight"),
        "gradient of `weight` orders its elements otherwise in memory (strides [1, 2]) than the parameter did \
         when the optimizer was built ([3, 1]); copy it into that order",
    );
    refused(
        |parameters, _| parameters[0] = other_order("weight"),
        "value of `weight` orders its elements otherwise in memory (strides [1, 2]) than the parameter did \
         when the optimizer was built ([3, 1]); copy it into that order",
    );
}

#[test]
fn a_policy_may_refuse_gradients_that_are_not_finite() {
    let mut parameters = parameters();
    let builder = Lion::default().refuse_nonfinite();
    let mut optimizer = builder.build(Cpu::default(), &parameters).expect("the model is valid");
    let before = parameters.clone();
    let mut spoiled = gradients();
    spoiled[0].1[[1, 0]] = f32::NEG_INFINITY;
    let error = optimizer.step(&mut parameters, &spoiled).expect_err("one is infinite");
    let says = "the gradient of `weight` is infinite or NaN, first at index [1, 0]; the step was not taken";
    assert_eq!(error.to_string(), says);

    let norm = GradientNorm { norm: f64::NAN, elements: 8 };
    let error = optimizer.step_with_norm(&mut parameters, &gradients(), norm).expect_err("it is NaN");
    let says = "the norm of all gradients is infinite or NaN, though those of this optimizer are finite; \
                the step was not taken";
    assert_eq!(error.to_string(), says);
    assert_eq!((parameters, optimizer.steps()), (before, 0));
}

#[test]
fn a_schedule_may_lead_out_of_a_range() {
    let mut parameters = parameters();
    let threefold = Schedule::constant(3.0).expect("in the range");
    let builder = Lion::default().schedule("direction", threefold);
    let mut optimizer = builder.build(Cpu::default(), &parameters).expect("the model is valid");
    let before = parameters.clone();
    let error = optimizer.step(&mut parameters, &gradients()).expect_err("three times 0.9 is too much");
    let says = "at step 1 the schedule of `direction` in the group `default` leads out of its range: decay rate is \
                2.7, but must satisfy 0 <= value < 1";
    assert_eq!(error.to_string(), says.replace("2.7", &(3.0 * 0.9f64).to_string()));
    assert_eq!((parameters, optimizer.steps()), (before, 0));
}

#[test]
fn gradients_are_checked_before_they_are_measured() {
    let (mut optimizer, _) = together();
    let mut short = gradients();
    short.pop();
    let error = optimizer.measure(&short).expect_err("one is missing");
    let says = "no gradient for `bias`; pass one for every parameter, or say `None` where there is none";
    assert_eq!(error.to_string(), says);
}

/// A step over views, which must fail with a text and leave the viewed array alone.
fn views_refused(
    parameters: impl for<'a> Fn(&'a mut Array2<f32>) -> ArrayViewMut2<'a, f32>,
    gradients: impl for<'a> Fn(&'a Array2<f32>) -> ArrayView2<'a, f32>,
    expected: &str,
) {
    fn text(parameters: &mut impl ParameterSet<Cpu, f32>, gradients: &impl GradientSet<Cpu, f32>) -> String {
        let built_with = [("x", Array2::<f32>::zeros((4, 2)))];
        let mut optimizer = Sgd::default().build(Cpu::default(), &built_with).expect("the model is valid");
        let error = optimizer.step(parameters, gradients).expect_err("a view has gaps");
        assert_eq!(optimizer.steps(), 0);
        error.to_string()
    }
    let mut array = Array2::<f32>::ones((4, 4));
    let gradient = Array2::<f32>::ones((4, 4));
    let mut views = [("x", parameters(&mut array))];
    assert_eq!(text(&mut views, &[("x", gradients(&gradient))]), expected);
    assert_eq!(array, gradient);
}

#[test]
fn views_have_no_gaps() {
    views_refused(
        |array| array.slice_mut(s![.., ..2]),
        |gradient| gradient.slice(s![..2, ..]).into_shape_with_order((4, 2)).expect("contiguous"),
        "value of `x` is not contiguous in memory; copy it with `.as_standard_layout()` or pass the array \
         that it is a part of",
    );
    views_refused(
        |array| array.slice_mut(s![..2, ..]).into_shape_with_order((4, 2)).expect("contiguous"),
        |gradient| gradient.slice(s![.., ..2]),
        "gradient of `x` is not contiguous in memory; copy it with `.as_standard_layout()` or pass the array \
         that it is a part of",
    );
}

#[test]
fn a_refused_step_can_be_repeated_correctly() {
    let (mut optimizer, mut parameters) = together();
    let (mut untroubled, mut expected) = together();
    let mut wrong = gradients();
    wrong.pop();
    optimizer.step(&mut parameters, &wrong).expect_err("a gradient is missing");
    optimizer.step(&mut parameters, &gradients()).expect("the gradients fit");
    untroubled.step(&mut expected, &gradients()).expect("the gradients fit");
    assert_eq!(parameters, expected);
    assert_eq!(state_of(&optimizer), state_of(&untroubled));
}

#[test]
fn received_asks_for_a_parameter_that_exists() {
    let (optimizer, _) = together();
    assert_eq!(optimizer.received("bias"), Ok(1));
    let by_name = optimizer.received("scale").expect_err("there is no such name");
    let expected = "there is no parameter `scale`; the optimizer was built for `weight`, `bias`";
    assert_eq!(by_name.to_string(), expected);
    let by_place = optimizer.received(2).expect_err("there is no such place");
    let expected = "there is no parameter in place 2; the optimizer was built for `weight`, `bias`";
    assert_eq!(by_place.to_string(), expected);
}

#[test]
fn many_names_are_only_counted() {
    let many: Vec<_> = (0..13).map(|number| ones(&format!("x{number}"), &[1])).collect();
    let optimizer = Sgd::default().build(Cpu::default(), &many).expect("the model is valid");
    let error = optimizer.received("y").expect_err("there is no such name");
    let expected = "there is no parameter `y`; the optimizer was built for 13 parameters";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_step_without_any_gradient_is_no_step() {
    let mut parameters = vec![("x", vec![1.0f32; 3])];
    let mut optimizer =
        gradus::rule::AdamW::default().build(Cpu::default(), &parameters).expect("one parameter is a model");
    optimizer.step(&mut parameters, &[("x", None::<Vec<f32>>)]).expect("absent gradients are allowed");
    assert_eq!((optimizer.steps(), optimizer.received("x")), (0, Ok(0)));
    optimizer.step(&mut parameters, &[("x", Some(vec![1.0f32; 3]))]).expect("the shapes agree");
    assert_eq!((optimizer.steps(), optimizer.received("x")), (1, Ok(1)));
}

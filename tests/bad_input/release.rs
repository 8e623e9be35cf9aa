//! Releases and accumulations that are refused, one by one.

use crate::{gradients, ones, parameters, released, state_of};
use gradus::error::Error;
use gradus::optimizer::Finished;
use ndarray::{Array2, ArrayD, ShapeBuilder};

/// A release that must fail with a text, give its gradient back, and leave everything alone; the
/// same as an accumulation, if that can fail too.
fn refused(key: &str, parameter: ArrayD<f32>, gradient: ArrayD<f32>, accumulates: bool, expected: &str) {
    let (mut optimizer, _) = released();
    let before = state_of(&optimizer);
    let mut given = parameter.clone();
    let mut step = optimizer.begin_step().expect("every step is finished");
    let refused = step.release(key, &mut given, gradient.clone()).expect_err(expected);
    assert_eq!(refused.to_string(), expected);
    assert_eq!(refused.returned, gradient);
    assert_eq!(given, parameter);
    if accumulates {
        let refused = step.accumulate(key, gradient.clone()).expect_err(expected);
        assert_eq!(refused.error.to_string(), expected);
        assert_eq!(refused.returned, gradient);
        let error: Error = refused.into();
        assert_eq!(error.to_string(), expected);
    }
    assert_eq!(step.finish().missing, ["weight", "bias"]);
    assert_eq!(state_of(&optimizer), before);
}

fn array(shape: &[usize]) -> ArrayD<f32> {
    ones("", shape).1
}

#[test]
fn a_parameter_is_known() {
    let expected = "there is no parameter `scale`; the optimizer was built for `weight`, `bias`";
    refused("scale", array(&[2]), array(&[2]), true, expected);
}

#[test]
fn shapes_agree() {
    let expected = "gradient of `bias` has shape [3], but the parameter has shape [2]";
    refused("bias", array(&[2]), array(&[3]), true, expected);
    let expected = "parameter `bias` has shape [3], but had [2] when the optimizer was built";
    refused("bias", array(&[3]), array(&[2]), false, expected);
}

#[test]
fn memory_orders_agree() {
    let other_order = || Array2::<f32>::ones((2, 3).f()).into_dyn();
    let says = |role: &str| {
        format!(
            "{role} of `weight` orders its elements otherwise in memory (strides [1, 2]) than the parameter did \
             when the optimizer was built ([3, 1]); copy it into that order"
        )
    };
    refused("weight", array(&[2, 3]), other_order(), true, &says("gradient"));
    refused("weight", other_order(), array(&[2, 3]), false, &says("value"));
}

#[test]
fn a_parameter_is_released_once() {
    let (mut optimizer, mut parameters) = released();
    let (mut other, mut expected) = released();
    let mut step = optimizer.begin_step().expect("every step is finished");
    step.release("bias", &mut parameters[1].1, array(&[2])).expect("the shapes agree");
    let says = "parameter `bias` has been released in this step already; begin the next step first";
    let refused = step.release(1, &mut parameters[1].1, array(&[2])).expect_err(says);
    assert_eq!((refused.to_string().as_str(), refused.returned), (says, array(&[2])));
    let refused = step.accumulate(&"bias".to_owned(), array(&[2])).expect_err(says);
    assert_eq!((refused.to_string().as_str(), refused.returned), (says, array(&[2])));
    step.finish();

    let mut step = other.begin_step().expect("every step is finished");
    step.release("bias", &mut expected[1].1, array(&[2])).expect("the shapes agree");
    step.finish();
    assert_eq!(parameters, expected);
    assert_eq!(state_of(&optimizer), state_of(&other));
}

#[test]
fn a_step_is_finished_or_abandoned() {
    let (mut optimizer, mut parameters) = released();
    let mut step = optimizer.begin_step().expect("every step is finished");
    step.release("weight", &mut parameters[0].1, array(&[2, 3])).expect("the shapes agree");
    drop(step);

    let says = "the step before was dropped before `.finish()`, without a gradient for `bias`; call \
                `.abandon_unfinished_step()` to go on with what was released";
    assert_eq!(optimizer.begin_step().expect_err(says).to_string(), says);
    assert_eq!(optimizer.snapshot().expect_err(says).to_string(), says);
    let (other, _) = released();
    let snapshot = other.snapshot().expect("no step is under way");
    assert_eq!(optimizer.restore(&snapshot).expect_err(says).to_string(), says);
    let refused = optimizer.into_together().expect_err(says);
    assert_eq!(refused.to_string(), says);

    let mut optimizer = refused.returned;
    let finished = optimizer.abandon_unfinished_step();
    assert_eq!(finished, Finished { missing: vec!["bias".to_owned()], only_accumulated: vec![] });
    assert_eq!(
        (optimizer.steps(), optimizer.received("weight"), optimizer.received("bias")),
        (2, Ok(2), Ok(1))
    );
    assert_eq!(optimizer.abandon_unfinished_step(), Finished::default());
    optimizer.begin_step().expect("the step before has been abandoned").finish();
}

#[test]
fn a_step_that_only_misses_its_finish_says_so() {
    let (mut optimizer, mut parameters) = released();
    let mut step = optimizer.begin_step().expect("every step is finished");
    for ((name, parameter), (_, gradient)) in parameters.iter_mut().zip(gradients()) {
        step.release(&*name, parameter, gradient).expect("the shapes agree");
    }
    drop(step);
    let says = "the step before was dropped before `.finish()`; call `.abandon_unfinished_step()` to go on \
                with what was released";
    assert_eq!(optimizer.begin_step().expect_err(says).to_string(), says);
}

#[test]
fn a_finished_step_reports_what_never_came() {
    let (mut optimizer, mut model) = released();
    let steps = optimizer.steps();
    let mut step = optimizer.begin_step().expect("every step is finished");
    step.accumulate("bias", array(&[2])).expect("the shapes agree");
    let finished = step.finish();
    assert_eq!(
        (&finished.missing[..], &finished.only_accumulated[..]),
        (&["weight".to_owned()][..], &["bias".to_owned()][..])
    );
    // Micro-batches alone are no whole step, but they count for their parameter.
    assert_eq!((optimizer.steps(), optimizer.received("bias")), (steps, Ok(2)));

    let before = model.clone();
    let mut step = optimizer.begin_step().expect("every step is finished");
    step.release("bias", &mut model[1].1, array(&[2])).expect("the shapes agree");
    assert_eq!(step.finish().missing, ["weight"]);
    assert_eq!(model[0], before[0]);
    assert_ne!(model[1], before[1]);
    assert_eq!(optimizer.steps(), steps + 1);
    assert_ne!(model, parameters());
}

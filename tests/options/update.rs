//! The update of all tensors clipped by its joint size, behind the rule and after the learning rate.

use crate::{Tensors, plain, rate, tensors};
use gradus::clip::{ClipJointly, ClipNorm, ClipValue, JointSize};
use gradus::cpu::Cpu;
use gradus::hyperparameter::{Limit, WeightDecay};
use gradus::optimizer::{Build, select};
use gradus::rule::Sgd;

fn jointly(size: JointSize, limit: f64) -> ClipJointly {
    ClipJointly { size, limit: Limit::new(limit).expect("in the range") }
}

fn gradients() -> Tensors<f64> {
    tensors([("a", &[6.0, 0.0]), ("b", &[-8.0]), ("c", &[0.0])])
}

fn zeros() -> Tensors<f64> {
    tensors([("a", &[0.0, 0.0]), ("b", &[0.0]), ("c", &[0.0])])
}

/// Values after one step from zeros.
macro_rules! stepped {
    ($builder:expr) => {{
        let mut parameters = zeros();
        let builder = $builder.parameters_in::<f64>();
        let mut optimizer = builder.build(Cpu::default(), &parameters).expect("the model is valid");
        optimizer.step(&mut parameters, &gradients()).expect("the gradients fit");
        parameters
    }};
}

#[test]
fn the_norm_of_the_update_is_at_most_the_limit() {
    let half = tensors([("a", &[-3.0, 0.0]), ("b", &[4.0]), ("c", &[0.0])]);
    assert_eq!(stepped!(plain().on_update(jointly(JointSize::Norm, 5.0))), half);
    assert_eq!(stepped!(plain().on_update(jointly(JointSize::Rms, 2.5))), half); // 10/√4 = 5
    let whole = tensors([("a", &[-6.0, 0.0]), ("b", &[8.0]), ("c", &[0.0])]);
    assert_eq!(stepped!(plain().on_update(jointly(JointSize::Norm, 10.0))), whole);
    assert_eq!(stepped!(plain().on_update(jointly(JointSize::Rms, 5.0))), whole);
}

#[test]
fn behind_the_rule_the_learning_rate_comes_later_and_afterwards_it_has_come() {
    let rule = Sgd { learning_rate: rate(0.25), ..plain() };
    let eighth = tensors([("a", &[-0.75, 0.0]), ("b", &[1.0]), ("c", &[0.0])]);
    assert_eq!(stepped!(rule.on_update(jointly(JointSize::Norm, 5.0))), eighth);
    let half = tensors([("a", &[-0.75, 0.0]), ("b", &[1.0]), ("c", &[0.0])]);
    assert_eq!(stepped!(rule.afterwards(jointly(JointSize::Norm, 1.25))), half);
    let quarter = tensors([("a", &[-1.5, 0.0]), ("b", &[2.0]), ("c", &[0.0])]);
    assert_eq!(stepped!(rule.afterwards(jointly(JointSize::Norm, 5.0))), quarter);
}

#[test]
fn groups_are_clipped_together_each_at_its_own_rate() {
    let doubled = Sgd { learning_rate: rate(2.0), ..plain() };
    let builder = plain().group("b", select::named("b"), doubled).on_update(jointly(JointSize::Norm, 5.0));
    assert_eq!(stepped!(builder), tensors([("a", &[-3.0, 0.0]), ("b", &[8.0]), ("c", &[0.0])]));
}

#[test]
fn weight_decay_is_not_clipped_behind_the_rule() {
    let rule = Sgd { weight_decay: WeightDecay::decoupled(0.5).expect("in the range"), ..plain() };
    let mut parameters: Tensors<f64> = tensors([("a", &[8.0])]);
    let mut optimizer = rule
        .on_update(jointly(JointSize::Norm, 1.0))
        .parameters_in::<f64>()
        .build(Cpu::default(), &parameters)
        .expect("the model is valid");
    optimizer.step(&mut parameters, &tensors([("a", &[4.0])])).expect("the gradients fit");
    assert_eq!(parameters, tensors([("a", &[8.0 - 4.0 - 1.0])]));
}

#[test]
fn a_tensor_without_a_gradient_does_not_count() {
    let mut parameters = zeros();
    let mut optimizer = plain()
        .on_update(jointly(JointSize::Rms, 1.0))
        .parameters_in::<f64>()
        .build(Cpu::default(), &parameters)
        .expect("the model is valid");
    let gradients = [("a", Some(vec![2.0, 2.0])), ("b", None), ("c", None)];
    optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
    assert_eq!(parameters, tensors([("a", &[-1.0, -1.0]), ("b", &[0.0]), ("c", &[0.0])]));
}

#[test]
fn a_nan_in_one_tensor_reaches_all() {
    let mut parameters = zeros();
    let mut optimizer = plain()
        .on_update(jointly(JointSize::Norm, 1.0))
        .parameters_in::<f64>()
        .build(Cpu::default(), &parameters)
        .expect("the model is valid");
    let gradients = tensors([("a", &[1.0, 1.0]), ("b", &[f64::NAN]), ("c", &[1.0])]);
    optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
    assert!(parameters.iter().flat_map(|(_, values)| values).all(|value| value.is_nan()));
}

#[test]
fn stages_run_in_the_order_of_the_calls_behind_what_all_gradients_decide() {
    let value = ClipValue { limit: Limit::new(4.0).expect("in the range") };
    let norm = ClipNorm { limit: Limit::new(2.0).expect("in the range") };
    // (6, 0), −8, 0 → values: (4, 0), −4, 0 → norms: (2, 0), −2, 0
    let both = tensors([("a", &[-2.0, 0.0]), ("b", &[2.0]), ("c", &[0.0])]);
    assert_eq!(stepped!(plain().on_gradient(value).on_gradient(norm)), both);
    // The joint norm 10 → 5: (3, 0), −4, 0; then at most 4; the order of these two calls is no matter.
    let half = tensors([("a", &[-3.0, 0.0]), ("b", &[4.0]), ("c", &[0.0])]);
    assert_eq!(stepped!(plain().on_gradient(value).clip_global_norm(5.0)), half);
    assert_eq!(stepped!(plain().clip_global_norm(5.0).on_gradient(value)), half);
    // Joint clip of what a clip of values made: 4, 4 → 4√2.
    let builder = plain().on_gradient(value).on_update(jointly(JointSize::Norm, 2.0 * 2f64.sqrt()));
    let halves = stepped!(builder);
    assert!((halves[0].1[0] + 2.0).abs() < 1e-15 && (halves[1].1[0] - 2.0).abs() < 1e-15);
}

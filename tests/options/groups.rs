//! Groups: patterns, shapes, hyperparameters of their own, no decay, frozen parameters.

use crate::{Tensors, plain, rate, snapshot, tensors};
use gradus::cpu::Cpu;
use gradus::device::In;
use gradus::error::Result;
use gradus::hyperparameter::{Decay, LearningRate, Tunable, WeightDecay};
use gradus::optimizer::{Build, Finished, Optimizer, Stepped, Together, select};
use gradus::rule::{AdamW, Sgd};
use gradus::shape::Layout;
use gradus::store::Nearest;
use ndarray::{ArrayD, IxDyn};

type Arrays = Vec<(&'static str, ArrayD<f32>)>;

/// A small transformer.
fn transformer() -> Arrays {
    let shapes: [(&str, &[usize]); 8] = [
        ("embedding.weight", &[5, 4]),
        ("layer.0.attention.weight", &[4, 4]),
        ("layer.0.attention.bias", &[4]),
        ("layer.0.norm.scale", &[4]),
        ("layer.1.attention.weight", &[4, 4]),
        ("layer.1.relative.bias", &[2, 3]),
        ("convolution", &[2, 1, 3, 3]),
        ("temperature", &[]),
    ];
    shapes.map(|(name, shape)| (name, ArrayD::ones(IxDyn(shape)))).into()
}

/// The names of the parameters that a condition holds for.
fn chosen(condition: impl Fn(&str, &Layout) -> bool) -> Vec<&'static str> {
    let fits = |(name, array): &(&'static str, ArrayD<f32>)| {
        condition(name, &Layout::row_major(array.shape())).then_some(*name)
    };
    transformer().iter().filter_map(fits).collect()
}

#[test]
fn patterns_have_stars_and_question_marks() {
    assert_eq!(chosen(select::named("embedding.*")), ["embedding.weight"]);
    assert_eq!(
        chosen(select::named("layer.?.attention.weight")),
        ["layer.0.attention.weight", "layer.1.attention.weight"]
    );
    assert_eq!(chosen(select::named("*.bias")), ["layer.0.attention.bias", "layer.1.relative.bias"]);
    assert_eq!(chosen(select::named("layer.1.*.bias")), ["layer.1.relative.bias"]);
    assert_eq!(chosen(select::named("convolution")), ["convolution"]);
    assert_eq!(chosen(select::named("convolutio")), [""; 0]);
    assert_eq!(chosen(select::named("*")).len(), 8);
    assert_eq!(chosen(select::named("LAYER.*")), [""; 0]);
}

#[test]
fn names_shapes_and_their_combinations() {
    assert_eq!(
        chosen(select::any_of(["temperature", "convolution", "absent"])),
        ["convolution", "temperature"]
    );
    assert_eq!(chosen(select::rank(0)), ["temperature"]);
    assert_eq!(chosen(select::rank(4)), ["convolution"]);
    assert_eq!(chosen(select::vectors()), ["layer.0.attention.bias", "layer.0.norm.scale", "temperature"]);
    assert_eq!(chosen(select::matrices()).len(), 5);
    assert_eq!(
        chosen(select::vectors_and_biases()),
        ["layer.0.attention.bias", "layer.0.norm.scale", "layer.1.relative.bias", "temperature"]
    );
    let hidden = select::all(select::rank(2), select::not(select::named("embedding.*")));
    assert_eq!(
        chosen(hidden),
        ["layer.0.attention.weight", "layer.1.attention.weight", "layer.1.relative.bias"]
    );
    assert_eq!(
        chosen(select::either(select::rank(0), select::named("conv*"))),
        ["convolution", "temperature"]
    );
    assert_eq!(chosen(|_, layout| layout.len() == 9 * 2), ["convolution"]);
}

#[test]
fn each_group_steps_with_its_own_hyperparameters() {
    let mut parameters = transformer();
    let gradients = transformer();
    let with = |value| Sgd { learning_rate: rate(value), ..plain() };
    let mut optimizer = with(0.5)
        .group("embedding", select::named("embedding.*"), with(0.25))
        .group("vectors", select::vectors(), with(0.125))
        .build(Cpu::default(), &parameters)
        .expect("the model is valid");
    let labels: Vec<_> = optimizer.groups().map(|group| group.label).collect();
    assert_eq!(labels, ["default", "embedding", "vectors"]);
    optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
    for (name, array) in &parameters {
        let expected = match *name {
            "embedding.weight" => 0.75,
            "layer.0.attention.bias" | "layer.0.norm.scale" | "temperature" => 0.875,
            _ => 0.5,
        };
        assert!(array.iter().all(|value| *value == expected), "{name}: {array}");
    }
    let of = |place: usize| snapshot(&optimizer).tensors[place].group.clone();
    assert_eq!([of(0), of(1), of(3)], ["embedding", "default", "vectors"]);
}

#[test]
fn a_rate_is_set_for_all_groups_or_one() {
    let mut parameters: Tensors<f32> = tensors([("a", &[0.0]), ("b", &[0.0])]);
    let mut optimizer = plain()
        .group("b", select::named("b"), Sgd { learning_rate: rate(3.0), ..plain() })
        .build(Cpu::default(), &parameters)
        .expect("the model is valid");
    let gradients: Tensors<f32> = tensors([("a", &[1.0]), ("b", &[1.0])]);
    optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
    assert_eq!(parameters, tensors([("a", &[-1.0]), ("b", &[-3.0])]));
    optimizer.set_learning_rate(rate(0.5));
    optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
    assert_eq!(parameters, tensors([("a", &[-1.5]), ("b", &[-3.5])]));
    optimizer.rule_mut("b").expect("it is there").learning_rate = rate(2.0);
    optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
    assert_eq!(parameters, tensors([("a", &[-2.0]), ("b", &[-5.5])]));
    assert!(optimizer.rule_mut("c").is_none());
}

/// Decay of half a parameter, and no gradient to speak of.
fn decaying() -> Sgd {
    Sgd { weight_decay: WeightDecay::decoupled(0.5).expect("in the range"), ..plain() }
}

fn zeros_like(parameters: &Arrays) -> Arrays {
    parameters.iter().map(|(name, array)| (*name, array * 0.0)).collect()
}

#[test]
fn what_is_not_decayed_stays_and_groups_keep_what_they_claim() {
    let mut parameters = transformer();
    let gradients = zeros_like(&parameters);
    let mut optimizer = decaying()
        .without_decay(select::vectors_and_biases())
        .without_decay(select::named("convolution"))
        .group("scales", select::named("*.scale"), decaying())
        .build(Cpu::default(), &parameters)
        .expect("the model is valid");
    let decay: Vec<_> =
        optimizer.groups().map(|group| (group.label, group.rule.weight_decay.number())).collect();
    assert_eq!(decay, [("default", 0.5), ("scales", 0.5), ("undecayed", 0.0)]);
    optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
    for (name, array) in &parameters {
        let stays = matches!(
            *name,
            "layer.0.attention.bias" | "layer.1.relative.bias" | "temperature" | "convolution"
        );
        let expected = if stays { 1.0 } else { 0.5 };
        assert!(array.iter().all(|value| *value == expected), "{name}: {array}");
    }
}

#[test]
fn without_decay_of_nothing_makes_no_group() {
    let parameters: Tensors<f32> = tensors([("a", &[0.0])]);
    let optimizer = decaying()
        .without_decay(|name, _| name == "bias")
        .build(Cpu::default(), &parameters)
        .expect("the model is valid");
    assert_eq!(optimizer.groups().count(), 1);
}

#[test]
fn every_parameter_in_a_group_counts_what_is_not_decayed_and_what_is_frozen() {
    let parameters: Tensors<f32> = tensors([("a", &[0.0]), ("b", &[0.0]), ("c", &[0.0])]);
    let builder = || decaying().group("a", select::named("a"), decaying()).every_parameter_in_a_group();
    let error = builder().build(Cpu::default(), &parameters).expect_err("two are in no group");
    assert_eq!(error.to_string(), "parameter `b` [1] is in no group; the groups are `a`");
    let all = builder().freeze(select::named("b")).without_decay(select::named("c"));
    all.build(Cpu::default(), &parameters).expect("the model is valid");
}

fn with_ice() -> Tensors<f32> {
    tensors([("ice", &[1.0, 2.0]), ("head", &[3.0])])
}

type Model = Optimizer<AdamW, In<f32, f32, f32, Nearest>, Together, Cpu>;

fn frozen(parameters: &Tensors<f32>) -> Result<Model> {
    AdamW::default().freeze(select::named("ice")).build(Cpu::default(), parameters)
}

#[test]
fn a_frozen_parameter_has_no_state_and_its_gradient_may_be_there_or_not() {
    let mut parameters = with_ice();
    let mut optimizer = frozen(&parameters).expect("the model is valid");
    assert_eq!(optimizer.state_bytes(), 2 * 4);
    let gradients = [("ice", Some(vec![f32::NAN, 1.0])), ("head", Some(vec![1.0]))];
    assert_eq!(optimizer.step(&mut parameters, &gradients), Ok(Stepped::Taken));
    let gradients = [("ice", None), ("head", Some(vec![1.0]))];
    assert_eq!(optimizer.step(&mut parameters, &gradients), Ok(Stepped::Taken));
    let gradients = [("ice", Some(vec![1.0, 1.0])), ("head", None)];
    assert_eq!(optimizer.step(&mut parameters, &gradients), Ok(Stepped::WithoutGradients));
    assert_eq!(parameters[0].1, [1.0, 2.0]);
    assert_eq!((optimizer.received("ice"), optimizer.received("head")), (Ok(0), Ok(2)));
    // Its gradient is still held against its shape: a mistake there is a mistake of the model.
    let gradients = [("ice", vec![1.0, 1.0, 1.0]), ("head", vec![1.0])];
    let error = optimizer.step(&mut parameters, &gradients).expect_err("it is too long");
    assert_eq!(error.to_string(), "gradient of `ice` has shape [3], but the parameter has shape [2]");
}

#[test]
fn under_release_a_frozen_parameter_is_not_waited_for() {
    let mut parameters = with_ice();
    let mut optimizer = frozen(&parameters).expect("the model is valid").into_released();
    let mut step = optimizer.begin_step().expect("every step is finished");
    step.release("head", &mut parameters[1].1, vec![1.0]).expect("the gradient fits");
    assert_eq!(step.finish(), Finished::default());
    let mut step = optimizer.begin_step().expect("every step is finished");
    step.accumulate("ice", vec![1.0, 1.0]).expect("it is not looked at");
    step.release("ice", &mut parameters[0].1, vec![f32::NAN, 1.0]).expect("it is not looked at");
    step.release("head", &mut parameters[1].1, vec![1.0]).expect("the gradient fits");
    assert_eq!(step.finish(), Finished::default());
    assert_eq!(parameters[0].1, [1.0, 2.0]);
    assert_eq!(snapshot(&optimizer).tensors[0].received, 0);
}

#[test]
fn a_snapshot_says_what_is_frozen_and_does_not_fit_another_choice() {
    let parameters = with_ice();
    let optimizer = frozen(&parameters).expect("the model is valid");
    let taken = snapshot(&optimizer);
    assert_eq!((taken.tensors[0].group.as_str(), taken.tensors[0].state[0].1.len()), ("frozen", 0));
    let mut thawed = AdamW::default().build(Cpu::default(), &parameters).expect("the model is valid");
    let error = thawed.restore(&taken).expect_err("it is frozen there");
    assert_eq!(
        error.to_string(),
        "the snapshot does not fit: the group of `ice` is frozen there, but default here"
    );
}

#[test]
fn freezing_comes_before_groups() {
    let parameters: Tensors<f32> = tensors([("a.ice", &[0.0]), ("a.b", &[0.0])]);
    let optimizer = plain()
        .group("a", select::named("a.*"), plain())
        .freeze(select::named("*.ice"))
        .build(Cpu::default(), &parameters)
        .expect("the model is valid");
    let groups: Vec<_> = snapshot(&optimizer).tensors.into_iter().map(|tensor| tensor.group).collect();
    assert_eq!(groups, ["frozen", "a"]);
    let error = plain()
        .group("a", select::named("*.ice"), plain())
        .freeze(select::named("*.ice"))
        .build(Cpu::default(), &parameters)
        .expect_err("all it claims is frozen");
    let says = "no parameter is in the group `a`; its condition fits none of the names and shapes";
    assert_eq!(error.to_string(), says);
}

#[test]
fn hyperparameters_other_than_the_rate_may_differ() {
    let slow = AdamW { first: Decay::new(0.5).expect("in the range"), ..AdamW::default() };
    let mut parameters: Tensors<f64> = tensors([("a", &[0.0]), ("b", &[0.0])]);
    let mut optimizer =
        AdamW { learning_rate: LearningRate::new(0.0).expect("in the range"), ..AdamW::default() }
            .parameters_in::<f64>()
            .group("b", select::named("b"), slow)
            .build(Cpu::default(), &parameters)
            .expect("the model is valid");
    for gradient in [1.0, 0.0] {
        optimizer
            .step(&mut parameters, &tensors([("a", &[gradient]), ("b", &[gradient])]))
            .expect("they fit");
    }
    let first = |place: usize| snapshot(&optimizer).tensors[place].state[0].1[0];
    // (1 − β)·β/(1 − β²) = β/(1 + β)
    assert!((first(0) - 0.9 / 1.9).abs() < 1e-15 && (first(1) - 0.5 / 1.5).abs() < 1e-15);
    assert_eq!(parameters[0].1, [0.0]);
}

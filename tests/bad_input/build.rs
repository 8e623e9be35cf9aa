//! Models that cannot be built.

use crate::{Parameters, ones, parameters};
use gradus::cpu::Cpu;
use gradus::device::ParameterSet;
use gradus::error::Error;
use gradus::hyperparameter::LearningRate;
use gradus::optimizer::{Build, Builder, LossScaling};
use gradus::rule::{AdamW, Chained, Lion};
use gradus::schedule::Schedule;
use gradus::shape::Layout;
use gradus::transform::Identity;

#[test]
fn an_optimizer_needs_a_parameter() {
    let error = AdamW::default().build(Cpu::default(), &Parameters::new()).expect_err("there is none");
    assert_eq!(error.to_string(), "there are no parameters to optimize; pass at least one named parameter");
}

#[test]
fn names_are_unique() {
    let twice = vec![ones("weight", &[2]), ones("bias", &[2]), ones("weight", &[3])];
    let error = AdamW::default().build(Cpu::default(), &twice).expect_err("a name occurs twice");
    assert_eq!(error.to_string(), "two parameters are named `weight`; names must be unique");
}

#[test]
fn a_parameter_is_in_one_group() {
    let error = Lion::default()
        .group("matrices", |_, layout| layout.shape().len() == 2, Lion::default())
        .group("weights", |name, _| name == "weight", Lion::default())
        .build(Cpu::default(), &parameters())
        .expect_err("both groups claim a parameter");
    let expected = "parameter `weight` is in the groups `matrices` and `weights`; it must be in one";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_group_has_a_parameter() {
    let error = Lion::default()
        .group("norms", |name, _| name.contains("norm"), Lion::default())
        .build(Cpu::default(), &parameters())
        .expect_err("no parameter is a norm");
    let expected = "no parameter is in the group `norms`; its condition fits none of the names and shapes";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn labels_of_groups_are_unique_and_known() {
    let refused = |builder: Builder<Lion>, expected: &str| {
        let error = builder.build(Cpu::default(), &parameters()).expect_err(expected);
        assert_eq!(error.to_string(), expected);
    };
    let of = |builder: Builder<Lion>, label: &str, name: &'static str| {
        builder.group(label, move |parameter, _| parameter == name, Lion::default())
    };
    let twice = of(of(Lion::default().builder(), "mine", "weight"), "mine", "bias");
    refused(twice, "two groups are labelled `mine`; labels must be unique");
    let reserved = of(Lion::default().builder(), "default", "weight");
    refused(reserved, "two groups are labelled `default`; labels must be unique");
    let reserved = of(Lion::default().builder(), "frozen", "weight");
    refused(reserved, "two groups are labelled `frozen`; labels must be unique");
    let reserved = of(Lion::default().without_decay(|name, _| name == "bias"), "undecayed", "weight");
    refused(reserved, "two groups are labelled `undecayed`; labels must be unique");
    let half = Schedule::constant(0.5).expect("in the range");
    let unknown = of(Lion::default().builder(), "mine", "weight").schedule_group("yours", "momentum", half);
    refused(unknown, "there is no group `yours`; the groups are `default`, `mine`");
}

#[test]
fn every_parameter_may_have_to_be_in_a_group() {
    let error = Lion::default()
        .group("matrices", |_, layout| layout.shape().len() == 2, Lion::default())
        .every_parameter_in_a_group()
        .build(Cpu::default(), &parameters())
        .expect_err("the bias is in none");
    assert_eq!(error.to_string(), "parameter `bias` [2] is in no group; the groups are `matrices`");
}

#[test]
fn what_is_scheduled_or_not_decayed_can_change() {
    let half = Schedule::constant(0.5).expect("in the range");
    let error = Lion::default().schedule("beta", half).build(Cpu::default(), &parameters());
    let expected = "the rule has no hyperparameter `beta` that can change; there are `learning_rate`, `direction`, \
                    `momentum`, `weight_decay`";
    assert_eq!(error.expect_err(expected).to_string(), expected);

    let rule = Chained { chain: Identity, learning_rate: LearningRate::new(0.1).expect("in the range") };
    let error = rule.without_decay(|name, _| name == "bias").build(Cpu::default(), &parameters());
    let expected = "the rule has no hyperparameter `weight_decay` that can change; there are `learning_rate`";
    assert_eq!(error.expect_err(expected).to_string(), expected);
}

#[test]
fn limits_and_scales_are_in_their_ranges() {
    for limit in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = Lion::default().clip_global_norm(limit).build(Cpu::default(), &parameters());
        let expected = format!("clip limit is {limit}, but must satisfy 0 < value < ∞");
        assert_eq!(error.expect_err(&expected).to_string(), expected);
    }
    let scaling = LossScaling { start: 1000.0, ..LossScaling::default() };
    let error = Lion::default().loss_scaling(scaling).build(Cpu::default(), &parameters());
    let expected = "loss scale is 1000, but must satisfy a power of two, smallest <= value <= largest";
    assert_eq!(error.expect_err(expected).to_string(), expected);
}

/// Claims more elements than any memory holds.
struct Boundless;

const BOUNDLESS: usize = 1 << 58;

impl ParameterSet<Cpu, f32> for Boundless {
    fn describe(&self, visit: &mut dyn FnMut(&str, Layout)) {
        visit("embedding", Layout::row_major(&[BOUNDLESS]));
    }
    fn lend<'a>(&'a mut self, _visit: &mut dyn FnMut(&str, Layout, Option<&'a mut [f32]>)) {}
}

#[test]
fn state_that_does_not_fit_into_memory_is_an_error() {
    let error = AdamW::default().build(Cpu::default(), &Boundless).expect_err("an exbibyte is too much");
    assert_eq!(error, Error::OutOfMemory { parameter: "embedding".to_owned(), bytes: BOUNDLESS * 4 });
    assert_eq!(error.to_string(), "no memory for 1152921504606846976 bytes of state of `embedding`");
}

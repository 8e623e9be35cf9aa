//! Models that cannot be built.

use crate::{Parameters, ones, parameters};
use gradus::cpu::Cpu;
use gradus::device::ParameterSet;
use gradus::error::Error;
use gradus::optimizer::Build;
use gradus::rule::{AdamW, Lion};
use gradus::shape::Layout;

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

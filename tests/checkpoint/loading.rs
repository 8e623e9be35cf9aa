//! What is let through when it is asked for, and nothing else.

use crate::tensors;
use gradus::checkpoint::{Loaded, Loading};
use gradus::cpu::Cpu;
use gradus::device::In;
use gradus::hyperparameter::LearningRate;
use gradus::optimizer::{Build, Snapshot, select};
use gradus::rule::{Adam, AdamW};
use gradus::store::Nearest;
use half::bf16;
use std::io::Cursor;

type File = Cursor<Vec<u8>>;

fn saved() -> (File, Snapshot<In<f32, f32, f32, Nearest>>) {
    let rule = AdamW { learning_rate: LearningRate::new(0.5).expect("in the range"), ..AdamW::default() };
    let mut parameters = tensors::<f32>(1);
    let mut optimizer = rule.build(Cpu::default(), &parameters).expect("the model is valid");
    for number in 2..4 {
        optimizer.step(&mut parameters, &tensors::<f32>(number)).expect("the gradients fit");
    }
    let mut file = Cursor::new(Vec::new());
    optimizer.save_into(&mut file).expect("memory can be written");
    (file, optimizer.snapshot().expect("no step is under way"))
}

#[test]
fn parameters_are_found_by_name_in_any_order() {
    let (mut file, from) = saved();
    let mut parameters = tensors::<f32>(1);
    parameters.reverse();
    let mut optimizer = AdamW::default().build(Cpu::default(), &parameters).expect("the model is valid");
    assert_eq!(optimizer.load_from(&mut file, &Loading::exactly()), Ok(Loaded::default()));
    let snapshot = optimizer.snapshot().expect("no step is under way");
    assert_eq!(snapshot.tensors[0].name, "scale");
    assert_eq!(snapshot.tensors[2].state, from.tensors[0].state);
}

#[test]
fn names_are_replaced_all_at_once() {
    let (mut file, from) = saved();
    let mut parameters = tensors::<f32>(1);
    // Two names change places with a third.
    parameters[0].0 = "trunk".to_owned();
    parameters[1].0 = "layer.weight".to_owned();
    let mut optimizer = AdamW::default().build(Cpu::default(), &parameters).expect("the model is valid");
    let loading = Loading::exactly().rename("layer.bias", "layer.weight").rename("layer.weight", "trunk");
    optimizer.load_from(&mut file, &loading).expect("the names fit");
    let snapshot = optimizer.snapshot().expect("no step is under way");
    for place in 0..3 {
        assert_eq!(snapshot.tensors[place].state, from.tensors[place].state);
    }
    let errors = [
        (
            Loading::exactly().rename("scale", "head").rename("scale", "trunk"),
            "the checkpoint cannot have `scale` renamed to `trunk`: it has another new name already",
        ),
        (
            Loading::exactly().rename("head", "trunk"),
            "the checkpoint cannot have `head` renamed to `trunk`: the file has no such parameter",
        ),
        (
            Loading::exactly().rename("layer.bias", "scale"),
            "the checkpoint cannot have `scale` renamed to `scale`: the file has another one of that name",
        ),
    ];
    for (loading, expected) in errors {
        let error = optimizer.load_from(&mut file, &loading).expect_err(expected);
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn what_is_missing_starts_afresh_and_what_is_too_much_is_left_out() {
    let (mut file, from) = saved();
    let mut parameters = tensors::<f32>(1);
    parameters[1].0 = "head".to_owned();
    let mut optimizer = AdamW::default().build(Cpu::default(), &parameters).expect("the model is valid");
    optimizer.step(&mut parameters.clone(), &parameters).expect("the gradients fit");
    for half in [Loading::exactly().ignore_missing(), Loading::exactly().ignore_extra()] {
        optimizer.load_from(&mut file, &half).expect_err("the other half was not let through");
    }
    let loading = Loading::exactly().ignore_missing().ignore_extra();
    let loaded = optimizer.load_from(&mut file, &loading).expect("both are let through");
    let (missing, extra) = (vec!["head".to_owned()], vec!["layer.bias".to_owned()]);
    assert_eq!(loaded, Loaded { missing, extra, ..Loaded::default() });
    let snapshot = optimizer.snapshot().expect("no step is under way");
    assert_eq!(snapshot.tensors[0].state, from.tensors[0].state);
    assert_eq!(snapshot.tensors[1].received, 0);
    assert!(snapshot.tensors[1].state.iter().all(|(_, values)| values.iter().all(|value| *value == 0.0)));
    assert_eq!(snapshot.steps, 2);
}

/// A parameter that was frozen has no state, and one that is frozen now needs none.
#[test]
fn freezing_is_said_too() {
    let (mut whole, _) = saved();
    let parameters = tensors::<f32>(1);
    let frozen = || AdamW::default().freeze(select::named("scale"));
    let mut optimizer = frozen().build(Cpu::default(), &parameters).expect("the model is valid");
    let error =
        optimizer.load_from(&mut whole, &Loading::exactly()).expect_err("it was not frozen").to_string();
    assert!(error.starts_with("the checkpoint has state for `scale`, "), "{error}");
    let loaded =
        optimizer.load_from(&mut whole, &Loading::exactly().ignore_extra()).expect("it is let through");
    assert_eq!(loaded.extra, ["scale"]);

    let mut part = Cursor::new(Vec::new());
    optimizer.save_into(&mut part).expect("memory can be written");
    let mut again = frozen().build(Cpu::default(), &parameters).expect("the model is valid");
    assert_eq!(again.load_from(&mut part, &Loading::exactly()), Ok(Loaded::default()));
    let mut thawed = AdamW::default().build(Cpu::default(), &parameters).expect("the model is valid");
    let error = thawed.load_from(&mut part, &Loading::exactly()).expect_err("it was frozen").to_string();
    assert!(error.starts_with("the checkpoint has no state for `scale`; "), "{error}");
    let loaded =
        thawed.load_from(&mut part, &Loading::exactly().ignore_missing()).expect("it is let through");
    assert_eq!(loaded.missing, ["scale"]);
}

#[test]
fn formats_are_converted_to_nearest() {
    let (mut file, from) = saved();
    let parameters = tensors::<bf16>(1);
    let mut optimizer = AdamW::default()
        .parameters_in::<bf16>()
        .state_in::<bf16>(0)
        .kahan()
        .build(Cpu::default(), &parameters)
        .expect("the model is valid");
    let loaded = optimizer.load_from(&mut file, &Loading::exactly().convert_formats());
    let converted = loaded.expect("it is let through").converted;
    assert_eq!(converted.len(), 6);
    assert_eq!(converted[0], "layer.weight/first");
    let snapshot = optimizer.snapshot().expect("no step is under way");
    for (tensor, from) in snapshot.tensors.iter().zip(&from.tensors) {
        for ((_, narrow), (_, wide)) in tensor.state.iter().zip(&from.state) {
            let rounded: Vec<_> = wide.iter().map(|value| bf16::from_f32(*value)).collect();
            assert_eq!(*narrow, rounded);
        }
        assert!(tensor.carry.iter().all(|(_, values)| values.iter().all(|value| *value == bf16::ZERO)));
    }
    // And back: wider numbers hold them exactly, and what was carried has no place.
    let mut narrow = Cursor::new(Vec::new());
    optimizer.save_into(&mut narrow).expect("memory can be written");
    let mut wide = AdamW::default().build(Cpu::default(), &tensors::<f32>(1)).expect("the model is valid");
    let loaded =
        wide.load_from(&mut narrow, &Loading::exactly().convert_formats()).expect("it is let through");
    assert!(loaded.converted.contains(&"scale/carry/compensation".to_owned()), "{loaded:?}");
    let state = wide.snapshot().expect("no step is under way").tensors.remove(0).state;
    let widened: Vec<_> = snapshot.tensors[0].state[0].1.iter().map(|value| value.to_f32()).collect();
    assert_eq!(state[0].1, widened);
}

#[test]
fn another_rule_that_remembers_the_same_goes_on() {
    let (mut file, from) = saved();
    let mut optimizer =
        Adam::default().build(Cpu::default(), &tensors::<f32>(1)).expect("the model is valid");
    optimizer.load_from(&mut file, &Loading::exactly()).expect_err("it is another rule");
    optimizer.load_from(&mut file, &Loading::exactly().any_rule()).expect("they remember the same");
    let snapshot = optimizer.snapshot().expect("no step is under way");
    assert_eq!(snapshot.tensors[0].state, from.tensors[0].state);
    assert_eq!(snapshot.groups[0].learning_rate.get(), 0.5);

    let mut sgd =
        gradus::rule::Sgd::default().build(Cpu::default(), &tensors::<f32>(1)).expect("it is valid");
    let error = sgd.load_from(&mut file, &Loading::exactly().any_rule()).expect_err("it remembers less");
    let expected = "the checkpoint says of `layer.weight/first`: nothing here remembers that";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn hyperparameters_may_be_kept() {
    let (mut file, _) = saved();
    let mut optimizer =
        AdamW::default().build(Cpu::default(), &tensors::<f32>(1)).expect("the model is valid");
    let rate = |snapshot: Snapshot<_>| snapshot.groups[0].learning_rate;
    let own = rate(optimizer.snapshot().expect("no step is under way"));
    optimizer.load_from(&mut file, &Loading::exactly().keep_hyperparameters()).expect("it fits");
    assert_eq!(rate(optimizer.snapshot().expect("no step is under way")), own);
    optimizer.load_from(&mut file, &Loading::exactly()).expect("it fits");
    assert_eq!(rate(optimizer.snapshot().expect("no step is under way")).get(), 0.5);
}

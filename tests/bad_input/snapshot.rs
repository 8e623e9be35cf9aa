//! Snapshots that do not fit are refused whole.

use crate::{Formats, named, ones, parameters, state_of, together};
use gradus::cpu::Cpu;
use gradus::device::In;
use gradus::hyperparameter::LearningRate;
use gradus::optimizer::{Build, Snapshot};
use gradus::rule::{AdamW, Lion};
use gradus::store::{Kahan, Stochastic};
use half::bf16;
use ndarray::{Array2, ShapeBuilder};

/// Restoring a changed snapshot must fail with a text and change nothing.
fn refused(change: impl FnOnce(&mut Snapshot<Formats>), expected: &str) {
    let (mut optimizer, _) = together();
    let mut snapshot = optimizer.snapshot().expect("no step is under way");
    // All that could be taken over by halves.
    (snapshot.steps, snapshot.skipped) = (99, 99);
    snapshot.groups[0].learning_rate = LearningRate::new(0.5).expect("in the range");
    snapshot.tensors[0].received = 99;
    snapshot.tensors[0].state[0].1.fill(9.0);
    change(&mut snapshot);
    refused_whole(&mut optimizer, &snapshot, expected);
}

fn refused_whole(
    optimizer: &mut crate::Model<gradus::optimizer::Together>,
    snapshot: &Snapshot<Formats>,
    expected: &str,
) {
    let before = state_of(optimizer);
    let error = optimizer.restore(snapshot).expect_err(expected);
    assert_eq!(error.to_string(), expected);
    assert_eq!(state_of(optimizer), before);
}

#[test]
fn the_seed_agrees() {
    refused(|snapshot| snapshot.seed = 5, "the snapshot does not fit: the seed is 5 there, but 0 here");
}

#[test]
fn the_loss_is_scaled_in_both_or_in_neither() {
    refused(
        |snapshot| snapshot.loss_scale = Some((8.0, 1)),
        "the snapshot does not fit: the loss is scaled there, but as it is here",
    );
}

#[test]
fn the_groups_agree() {
    refused(
        |snapshot| snapshot.groups.push(snapshot.groups[0].clone()),
        "the snapshot does not fit: the list of groups is [\"default\", \"default\"] there, but [\"default\"] here",
    );
    refused(
        |snapshot| snapshot.tensors[1].group = "biases".to_owned(),
        "the snapshot does not fit: the group of `bias` is biases there, but default here",
    );
    refused(
        |snapshot| snapshot.groups[0].memory.push(("sum".to_owned(), 1.0)),
        "the snapshot does not fit: the list of numbers of group `default` is [\"sum\"] there, but [] here",
    );
}

#[test]
fn the_parameters_agree() {
    refused(
        |snapshot| {
            snapshot.tensors.pop();
        },
        "the snapshot does not fit: the number of parameters is 1 there, but 2 here",
    );
    refused(
        |snapshot| snapshot.tensors.swap(0, 1),
        "the snapshot does not fit: the parameter in place 0 is bias there, but weight here",
    );
    refused(
        |snapshot| snapshot.tensors[1].name = "scale".to_owned(),
        "the snapshot does not fit: the parameter in place 1 is scale there, but bias here",
    );
}

#[test]
fn the_fields_agree() {
    refused(
        |snapshot| snapshot.tensors[0].state.swap(0, 1),
        "the snapshot does not fit: the list of state fields of `weight` is [\"second\", \"first\"] there, \
         but [\"first\", \"second\"] here",
    );
    refused(
        |snapshot| snapshot.tensors[1].carry.push(("compensation".to_owned(), vec![0.0; 2])),
        "the snapshot does not fit: the list of carried fields of `bias` is [\"compensation\"] there, but [] here",
    );
    refused(
        |snapshot| snapshot.tensors[1].tensor.push(("norm".to_owned(), vec![0.0])),
        "the snapshot does not fit: the list of tensor numbers of `bias` is [\"norm\"] there, but [] here",
    );
    refused(
        |snapshot| snapshot.tensors[1].own.push(("product".to_owned(), 0.0)),
        "the snapshot does not fit: the list of counted numbers of `bias` is [\"product\"] there, but [] here",
    );
    refused(
        |snapshot| snapshot.tensors[1].state[1].1.truncate(1),
        "the snapshot does not fit: the length of `bias` in field second is 1 there, but 2 here",
    );
}

#[test]
fn shapes_and_memory_orders_agree() {
    let (mut optimizer, _) = together();
    let with_weight = |weight| {
        let model = vec![weight, ones("bias", &[2])];
        let other = AdamW::default().build(Cpu::default(), &model).expect("the model is valid");
        other.snapshot().expect("no step is under way")
    };
    refused_whole(
        &mut optimizer,
        &with_weight(ones("weight", &[3, 2])),
        "the snapshot does not fit: the shape of `weight` is [3, 2] there, but [2, 3] here",
    );
    refused_whole(
        &mut optimizer,
        &with_weight(named("weight", Array2::ones((2, 3).f()).into_dyn())),
        "the snapshot does not fit: the memory order of `weight` is [2, 3] by [1, 2] there, but [2, 3] by [3, 1] here",
    );
}

#[test]
fn the_rule_agrees() {
    let (mut optimizer, _) = together();
    let lion = Lion::default().build(Cpu::default(), &parameters()).expect("the model is valid");
    refused_whole(
        &mut optimizer,
        &lion.snapshot().expect("no step is under way"),
        "the snapshot does not fit: the list of state fields of `weight` is [\"momentum\"] there, \
         but [\"first\", \"second\"] here",
    );
}

#[test]
fn seeds_of_store_and_state_are_told_apart() {
    let model = [("x", vec![bf16::ONE])];
    let seeds = |store, state| {
        let builder =
            AdamW::default().parameters_in::<bf16>().stochastic_rounding(store).state_in::<bf16>(state);
        builder.build(Cpu::default(), &model).expect("the model is valid")
    };
    let mut optimizer = seeds(1, 2);
    for (store, state) in [(2, 1), (1, 1), (2, 2), (0, 0)] {
        let snapshot: Snapshot<In<bf16, bf16, bf16, Stochastic>> =
            seeds(store, state).snapshot().expect("no step");
        optimizer.restore(&snapshot).expect_err("another seed");
    }
    let snapshot = seeds(1, 2).snapshot().expect("no step is under way");
    optimizer.restore(&snapshot).expect("the same seeds");
}

#[test]
fn a_snapshot_of_kahan_holds_what_is_carried() {
    let model = [("x", vec![bf16::ONE; 3])];
    let builder = AdamW::default().parameters_in::<bf16>().kahan();
    let mut optimizer = builder.build(Cpu::default(), &model).expect("the model is valid");
    let mut snapshot: Snapshot<In<bf16, bf16, f32, Kahan>> =
        optimizer.snapshot().expect("no step is under way");
    assert_eq!(snapshot.tensors[0].carry, [("compensation".to_owned(), vec![bf16::ZERO; 3])]);
    snapshot.tensors[0].carry[0].1.push(bf16::ZERO);
    let error = optimizer.restore(&snapshot).expect_err("it is too long");
    let expected =
        "the snapshot does not fit: the length of `x` in field compensation is 4 there, but 3 here";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn snapshots_can_be_compared() {
    let (mut optimizer, mut parameters) = together();
    let before = optimizer.snapshot().expect("no step is under way");
    assert_eq!(before, optimizer.snapshot().expect("no step is under way"));
    optimizer.step(&mut parameters, &crate::gradients()).expect("the gradients fit");
    assert_ne!(before, optimizer.snapshot().expect("no step is under way"));
    optimizer.restore(&before).expect("it is its own");
    assert_eq!(before, optimizer.snapshot().expect("no step is under way"));
}

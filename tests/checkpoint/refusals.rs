//! What does not fit: one error that names the culprit, and nothing is changed.

use crate::{Tensors, step, tensors};
use gradus::catalogue::{self, Boxed, Catalogued, Configuration, Format, GroupConfiguration, StoreKind};
use gradus::checkpoint::Loading;
use gradus::cpu::Cpu;
use half::bf16;
use ndarray::{ArrayD, IxDyn};

fn build<T: Catalogued>(configuration: &Configuration, parameters: &Tensors<T>) -> Boxed<T> {
    catalogue::build::<T>(configuration, Cpu::default(), parameters).expect("the configuration is valid")
}

/// The bytes of an optimizer that has taken a step.
fn saved<T: Catalogued>(configuration: &Configuration, parameters: &Tensors<T>) -> Vec<u8> {
    let mut optimizer = build(configuration, parameters);
    let mut parameters = parameters.clone();
    optimizer.step(&mut parameters.clone(), &parameters).expect("the gradients fit");
    parameters.clear();
    optimizer.to_checkpoint().expect("no step is under way")
}

/// Loading must fail with a text and change nothing.
fn refused<T: Catalogued>(
    bytes: &[u8],
    configuration: &Configuration,
    parameters: &Tensors<T>,
    expected: &str,
) {
    let mut optimizer = build(configuration, parameters);
    let gradients = parameters.clone();
    optimizer.step(&mut parameters.clone(), &gradients).expect("the gradients fit");
    let before = optimizer.to_checkpoint().expect("no step is under way");
    let error = optimizer.load_checkpoint(bytes, &Loading::exactly()).expect_err(expected);
    assert_eq!(error.to_string(), expected);
    assert!(optimizer.to_checkpoint().expect("no step is under way") == before, "{expected}");
}

fn of(name: &str) -> Configuration {
    Configuration::of(name)
}

/// The parameters with one of them changed.
fn with(change: impl FnOnce(&mut Tensors<f32>)) -> Tensors<f32> {
    let mut parameters = tensors::<f32>(1);
    change(&mut parameters);
    parameters
}

fn zeros(shape: &[usize]) -> ArrayD<f32> {
    ArrayD::zeros(IxDyn(shape))
}

#[test]
fn another_rule() {
    let parameters = tensors::<f32>(1);
    refused(
        &saved(&of("lion"), &parameters),
        &of("adamw"),
        &parameters,
        "the checkpoint holds the state of another rule: group `default` is Lion (AddDecay → ScaleByLion → \
         AddDecay → ScaleByLearningRate) there, but AdamW (AddDecay → ScaleByAdam → AddDecay → \
         ScaleByLearningRate) here; if they remember the same, load it with `.any_rule()`",
    );
    refused(
        &saved(&of("adam"), &parameters),
        &of("adamw"),
        &parameters,
        "the checkpoint holds the state of another rule: group `default` is Adam (AddDecay → ScaleByAdam → \
         AddDecay → ScaleByLearningRate) there, but AdamW (AddDecay → ScaleByAdam → AddDecay → \
         ScaleByLearningRate) here; if they remember the same, load it with `.any_rule()`",
    );
}

#[test]
fn the_same_rule_with_numbers_that_mean_something_else() {
    let parameters = tensors::<f32>(1);
    let with = |name: &str, value: gradus::catalogue::Value| Configuration {
        hyperparameters: [(name, value)].into(),
        ..of("adamw")
    };
    let bytes = saved(&with("decay", "fully_decoupled".into()), &parameters);
    let mut optimizer = build(&of("adamw"), &parameters);
    let before = optimizer.to_checkpoint().expect("no step is under way");
    let error =
        optimizer.load_checkpoint(&bytes, &Loading::exactly()).expect_err("its decay is of another kind");
    let text = error.to_string();
    assert!(text.contains("the settings of group `default`") && text.contains("FullyDecoupled"), "{text}");
    assert!(optimizer.to_checkpoint().expect("no step is under way") == before);
    optimizer.load_checkpoint(&bytes, &Loading::exactly().keep_hyperparameters()).expect("they are its own");
    // Numbers that a schedule may change are state, and taken over.
    let bytes = saved(&with("weight_decay", 0.3.into()), &parameters);
    optimizer.load_checkpoint(&bytes, &Loading::exactly()).expect("its decay is another number");
}

#[test]
fn another_format_or_store() {
    let parameters = tensors::<f32>(1);
    let narrow = Configuration { state_format: Some(Format::Bf16), ..of("adamw") };
    refused(
        &saved(&narrow, &parameters),
        &of("adamw"),
        &parameters,
        "the checkpoint has its state in bf16, but here it is in f32; load it with `.convert_formats()`",
    );
    let wide = tensors::<f64>(1);
    refused(
        &saved(&of("adamw"), &parameters),
        &of("adamw"),
        &wide,
        "the checkpoint has its parameters in f32, but here it is in f64; load it with `.convert_formats()`",
    );
    let half = tensors::<bf16>(1);
    let kahan = Configuration { store: StoreKind::Kahan, ..of("adamw") };
    refused(
        &saved(&kahan, &half),
        &of("adamw"),
        &half,
        "the checkpoint has its parameters for the store in kahan, but here it is in nearest; load it with \
         `.convert_formats()`",
    );
}

#[test]
fn other_parameters() {
    let parameters = tensors::<f32>(1);
    let bytes = saved(&of("lion"), &parameters);
    refused(
        &bytes,
        &of("lion"),
        &with(|parameters| parameters[1].0 = "layer.offset".to_owned()),
        "the checkpoint has no state for `layer.offset`, but for `layer.bias`, which is not here; if a name has \
         changed, load it with `.rename(old, new)`",
    );
    refused(
        &bytes,
        &of("lion"),
        &with(|parameters| parameters.push(("head".to_owned(), zeros(&[2])))),
        "the checkpoint has no state for `head`; to let them start afresh, load it with `.ignore_missing()`",
    );
    refused(
        &bytes,
        &of("lion"),
        &with(|parameters| {
            parameters.remove(1);
        }),
        "the checkpoint has state for `layer.bias`, but there are no such parameters; to leave it out, load it \
         with `.ignore_extra()`",
    );
}

#[test]
fn another_shape() {
    let bytes = saved(&of("lion"), &tensors::<f32>(1));
    refused(
        &bytes,
        &of("lion"),
        &with(|parameters| parameters[0].1 = zeros(&[5, 3])),
        "the checkpoint does not fit: the shape of `layer.weight` is [3, 5] there, but [5, 3] here",
    );
}

#[test]
fn other_groups() {
    let parameters = tensors::<f32>(1);
    let group = GroupConfiguration {
        parameters: vec!["layer.bias".to_owned()],
        hyperparameters: [("weight_decay", 0.5.into())].into(),
        ..GroupConfiguration::default()
    };
    let grouped = Configuration { groups: vec![group], ..of("adamw") };
    refused(
        &saved(&grouped, &parameters),
        &of("adamw"),
        &parameters,
        "the checkpoint has the groups [\"default\", \"layer.bias\"], but here are [\"default\"]",
    );
}

#[test]
fn another_seed() {
    let parameters = tensors::<f32>(1);
    let seeded = |seed| Configuration { state_format: Some(Format::Bf16), seed, ..of("adamw") };
    let error = "the snapshot does not fit: the seed is 30064771072 there, but 8589934592 here";
    refused(&saved(&seeded(7), &parameters), &seeded(2), &parameters, error);
}

#[test]
fn a_file_that_is_not_there() {
    let mut optimizer = build(&of("lion"), &tensors::<f32>(1));
    step(&mut optimizer, &mut tensors::<f32>(1), 1);
    let error = optimizer.load("no such file".as_ref(), &Loading::exactly()).expect_err("there is none");
    assert!(error.to_string().starts_with("`no such file` cannot be read: "), "{error}");
}

//! A document builds what the same calls would have built, to the bit.

use gradus::catalogue::{self, Configuration};
use gradus::cpu::Cpu;
use gradus::hyperparameter::{LearningRate, WeightDecay};
use gradus::optimizer::{Build, LossScaling, Stepped, select};
use gradus::rule::{AdamW, Caution, WeightAverage};
use gradus::schedule::{Count, Form, Rise, Schedule};
use half::bf16;

type Tensors = Vec<(&'static str, Vec<bf16>)>;

fn tensors(factor: f32) -> Tensors {
    let of = |values: &[f32]| values.iter().map(|value| bf16::from_f32(value * factor)).collect();
    vec![
        ("body.weight", of(&[0.5, -1.0, 2.0])),
        ("body.bias", of(&[0.25, 3.0])),
        ("head.weight", of(&[1.0, -0.125])),
        ("frozen.weight", of(&[1.5])),
    ]
}

#[test]
fn a_document_is_the_calls_that_it_stands_for() {
    let document = r#"
        optimizer = "adamw"
        parameters = "bf16"
        state = "bf16"
        store = "kahan"
        seed = 9
        clip_global_norm = 0.5
        frozen = ["frozen.*"]
        undecayed = ["*.bias"]

        [hyperparameters]
        lr = 0.125
        weight_decay = 0.25
        caution = true
        average = "exponential"
        average_decay = 0.9
        warmup_steps = 4

        [loss_scaling]
        start = 4.0

        [schedules.learning_rate.decay]
        form = "linear"
        start = 1.0
        end = 0.0
        steps = 20

        [[groups]]
        parameters = ["head.*"]
        hyperparameters = { lr = 0.5 }
        schedules.weight_decay.constant.value = 0.5
    "#;
    let configuration = Configuration::from_toml(document).unwrap_or_else(|error| panic!("{error}"));
    let mut left = tensors(1.0);
    let mut data = catalogue::build::<bf16>(&configuration, Cpu::default(), &left).expect("it is valid");

    let rule = |rate: f64| AdamW {
        learning_rate: LearningRate::new(rate).expect("in the range"),
        weight_decay: WeightDecay::decoupled(0.25).expect("in the range"),
        ..AdamW::default()
    };
    let linear = Schedule::decay(Form::Linear, 1.0, 0.0, 20).expect("in the range");
    let warm_up = Schedule::warm_up(4, Rise::Linear, Count::StepOverN);
    let both = Schedule::product([linear, warm_up]).expect("in the range");
    let half = Schedule::constant(0.5).expect("in the range");
    let mut right = tensors(1.0);
    let mut calls = rule(0.125)
        .parameters_in::<bf16>()
        .state_in::<bf16>(9)
        .kahan()
        .clip_global_norm(0.5)
        .loss_scaling(LossScaling { start: 4.0, ..LossScaling::default() })
        .freeze(select::named("frozen.*"))
        .without_decay(select::named("*.bias"))
        .on_update(Caution::default())
        .average(WeightAverage::exponential(0.9).expect("in the range"))
        .schedule("learning_rate", both)
        .schedule_group("head.*", "weight_decay", half)
        .group("head.*", select::named("head.*"), rule(0.5))
        .build(Cpu::default(), &right)
        .expect("the model is valid");
    for step in 1..=6 {
        let gradients = tensors(step as f32);
        assert_eq!(data.step(&mut left, &gradients), Ok(Stepped::Taken));
        calls.step(&mut right, &gradients).expect("the gradients fit");
        assert_eq!(left, right, "step {step}");
    }
    assert_eq!(left[3], tensors(1.0)[3]);
    let (mut of_data, mut of_calls) = (left.clone(), right.clone());
    data.evaluation_into(&left, &mut of_data).expect("it averages");
    calls.evaluation_into(&right, &mut of_calls).expect("it averages");
    assert_eq!(of_data, of_calls);
    assert_ne!(of_data, left);

    let mut bytes = std::io::Cursor::new(Vec::new());
    calls.save_into(&mut bytes).expect("memory can be written");
    // The same state, whether the chain was made of types or of data.
    assert_eq!(data.to_checkpoint().expect("no step is under way"), bytes.into_inner());
}

#[test]
fn policies_decide_about_gradients_that_are_not_finite() {
    let run = |policy: &str| {
        let text = format!("optimizer = 'lion'\nnonfinite = '{policy}'");
        let configuration = Configuration::from_toml(&text).unwrap_or_else(|error| panic!("{error}"));
        let mut parameters = vec![("x", vec![1.0f32])];
        let mut optimizer =
            catalogue::build(&configuration, Cpu::default(), &parameters).expect("it is valid");
        let stepped = optimizer.step(&mut parameters, &vec![("x", vec![f32::NAN])]);
        (stepped, parameters[0].1[0])
    };
    let (propagated, parameter) = run("propagate");
    assert_eq!(propagated, Ok(Stepped::Taken));
    assert!(parameter.is_nan());
    assert_eq!(run("skip"), (Ok(Stepped::Skipped), 1.0));
    let (refused, parameter) = run("refuse");
    assert!(refused.is_err() && parameter == 1.0);
}

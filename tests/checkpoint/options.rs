//! Every option with every optimizer and store: they build, move parameters to finite numbers, and go on
//! from a checkpoint with the same bits.
//!
//! Each optimizer meets every fourth option, its neighbour the next ones; all of them with the environment
//! variable `GRADUS_TEST_ALL`, which takes four times as long.

use crate::every::{all, goes_on_with_the_same_bits};
use crate::{bits, step, tensors};
use gradus::catalogue::{self, Catalogued, Configuration, NonfiniteKind, StoreKind, Value};
use gradus::cpu::Cpu;
use gradus::dtype::Arithmetic;
use gradus::optimizer::LossScaling;
use gradus::schedule::{Count, Rise, Schedule};
use half::bf16;

/// What an option changes in a configuration.
type Choice = (&'static str, fn(&mut Configuration));

/// Every option that a configuration may have, by itself.
const OPTIONS: [Choice; 34] = [
    ("gradients by norm", |c| c.hyperparameters.set("gradient_clipping", "l2")),
    ("gradients by rms", |c| c.hyperparameters.set("gradient_clipping", "rms")),
    ("gradients to a norm", |c| c.hyperparameters.set("gradient_clipping", "l2_normalize")),
    ("gradients to an rms", |c| c.hyperparameters.set("gradient_clipping", "rms_normalize")),
    ("gradients by joint norm", |c| c.hyperparameters.set("gradient_clipping", "global_l2")),
    ("gradients by joint rms", |c| c.hyperparameters.set("gradient_clipping", "global_rms")),
    ("gradients by trust region", |c| c.hyperparameters.set("gradient_clipping", "trust_region")),
    ("gradients by mu-law", |c| c.hyperparameters.set("gradient_clipping", "mu_law")),
    ("gradients by a-law", |c| c.hyperparameters.set("gradient_clipping", "a_law")),
    ("gradients by softsign", |c| c.hyperparameters.set("gradient_clipping", "softsign")),
    ("updates by norm", |c| c.hyperparameters.set("update_clipping", "l2")),
    ("updates by rms", |c| c.hyperparameters.set("update_clipping", "rms")),
    ("updates to a norm", |c| c.hyperparameters.set("update_clipping", "l2_normalize")),
    ("updates to an rms", |c| c.hyperparameters.set("update_clipping", "rms_normalize")),
    ("updates by joint norm", |c| c.hyperparameters.set("update_clipping", "global_l2")),
    ("updates by joint rms", |c| c.hyperparameters.set("update_clipping", "global_rms")),
    ("updates by trust region", |c| c.hyperparameters.set("update_clipping", "trust_region")),
    ("updates by mu-law", |c| c.hyperparameters.set("update_clipping", "mu_law")),
    ("updates by a-law", |c| c.hyperparameters.set("update_clipping", "a_law")),
    ("updates by softsign", |c| c.hyperparameters.set("update_clipping", "softsign")),
    ("caution", |c| c.hyperparameters.set("caution", true)),
    ("mars", |c| c.hyperparameters.set("mars", true)),
    ("exponential average", |c| c.hyperparameters.set("average", "exponential")),
    ("uniform average", |c| c.hyperparameters.set("average", "uniform")),
    ("warm-up", |c| c.hyperparameters.set("warmup_steps", 4.0)),
    ("global norm", |c| c.clip_global_norm = Some(0.5)),
    ("skip", |c| c.nonfinite = NonfiniteKind::Skip),
    ("refuse", |c| c.nonfinite = NonfiniteKind::Refuse),
    ("loss scaling", |c| c.loss_scaling = Some(LossScaling { start: 4.0, ..LossScaling::default() })),
    ("global norm, loss scaling", |c| {
        c.clip_global_norm = Some(0.5);
        c.loss_scaling = Some(LossScaling { start: 4.0, ..LossScaling::default() });
    }),
    ("schedule", |c| {
        c.schedules.insert("learning_rate".to_owned(), Schedule::warm_up(5, Rise::Linear, Count::StepOverN));
    }),
    ("frozen", |c| c.frozen = vec!["scale".to_owned()]),
    ("undecayed", |c| c.undecayed = vec!["*.bias".to_owned()]),
    ("a pile", |c| {
        c.clip_global_norm = Some(0.5);
        c.nonfinite = NonfiniteKind::Skip;
        c.hyperparameters.set("gradient_clipping", "softsign");
        c.hyperparameters.set("update_clipping", "rms");
        c.hyperparameters.set("caution", true);
        c.undecayed = vec!["scale".to_owned()];
    }),
];

/// That an optimizer moves parameters to finite numbers.
fn moves<T: Catalogued>(configuration: &Configuration, what: &str) {
    let start = tensors::<T>(1);
    let mut parameters = start.clone();
    let mut optimizer = catalogue::build::<T>(configuration, Cpu::default(), &parameters)
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    (1..=6).for_each(|number| step(&mut optimizer, &mut parameters, number));
    assert_ne!(bits(&parameters), bits(&start), "{what}");
    let is_finite = |value: &T| value.widen().to_f64().is_finite();
    assert!(parameters.iter().all(|(_, tensor)| tensor.iter().all(is_finite)), "{what}");
}

/// Every hyperparameter that any optimizer has by these names, at another value than its default.
fn change_hyperparameters(configuration: &mut Configuration) {
    for (name, default) in catalogue::defaults(&configuration.optimizer).expect("it is in the catalogue") {
        let Value::Number(default) = default else { continue };
        let other = match name {
            "lr" => 0.05, // steps that sixteen bits can see
            "beta1" | "beta2" | "beta3" | "rho" | "momentum" if default > 0.0 => default * 0.9,
            "eps" => default * 3.0,
            "weight_decay" => 0.02,
            _ => continue,
        };
        configuration.hyperparameters.set(name, other);
    }
}

fn every_option_goes_with_every_optimizer(store: Option<StoreKind>) {
    let all_of_them = std::env::var_os("GRADUS_TEST_ALL").is_some();
    for (place, configuration) in all().into_iter().enumerate() {
        for (number, (option, choose)) in OPTIONS.into_iter().enumerate() {
            if !all_of_them && !(place + number).is_multiple_of(4) {
                continue;
            }
            let mut chosen =
                Configuration { seed: 7, store: store.unwrap_or_default(), ..configuration.clone() };
            change_hyperparameters(&mut chosen);
            choose(&mut chosen);
            let what = format!("{}, {option}, {store:?}", configuration.optimizer);
            if store.is_none() {
                moves::<f32>(&chosen, &what);
                goes_on_with_the_same_bits::<f32>(&chosen);
            } else {
                moves::<bf16>(&chosen, &what);
                goes_on_with_the_same_bits::<bf16>(&chosen);
            }
        }
    }
}

#[test]
fn in_f32() {
    every_option_goes_with_every_optimizer(None);
}

#[test]
fn to_nearest() {
    every_option_goes_with_every_optimizer(Some(StoreKind::Nearest));
}

#[test]
fn with_kahan_summation() {
    every_option_goes_with_every_optimizer(Some(StoreKind::Kahan));
}

#[test]
fn rounded_stochastically() {
    every_option_goes_with_every_optimizer(Some(StoreKind::Stochastic));
}

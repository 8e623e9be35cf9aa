//! Every optimizer in every format and store: save, load, go on, and never having stopped.

use crate::{bits, step, tensors};
use gradus::catalogue::{self, Boxed, Catalogued, Configuration, Format, StoreKind};
use gradus::checkpoint::Loading;
use gradus::clip::{ClipNorm, ClipRms};
use gradus::cpu::Cpu;
use gradus::optimizer::Build;
use gradus::rule::StableAdamW;
use gradus::transform::{AroundAtRunTime, DynamicRule};
use half::{bf16, f16};
use std::io::Cursor;

fn build<T: Catalogued>(configuration: &Configuration) -> Boxed<T> {
    catalogue::build::<T>(configuration, Cpu::default(), &tensors::<T>(1))
        .expect("the configuration is valid")
}

/// A fresh optimizer with the state of another one.
fn resumed<T: Catalogued>(configuration: &Configuration, from: &Boxed<T>) -> Boxed<T> {
    let bytes = from.to_checkpoint().expect("no step is under way");
    let mut resumed = build::<T>(configuration);
    // Not fresh any more: whatever it has must go.
    step(&mut resumed, &mut tensors::<T>(1), 99);
    let loaded = resumed.load_checkpoint(&bytes, &Loading::exactly());
    let loaded = loaded.unwrap_or_else(|error| panic!("{}: {error}", configuration.optimizer));
    assert_eq!(loaded, Default::default());
    assert_eq!(resumed.to_checkpoint().expect("no step is under way"), bytes, "{configuration:?}");
    resumed
}

pub(super) fn goes_on_with_the_same_bits<T: Catalogued>(configuration: &Configuration) {
    let mut parameters = tensors::<T>(1);
    let mut uninterrupted = build::<T>(configuration);
    for number in 1..=3 {
        step(&mut uninterrupted, &mut parameters, number);
    }
    let mut elsewhere = parameters.clone();
    let mut resumed = resumed(configuration, &uninterrupted);
    for number in 4..=6 {
        step(&mut uninterrupted, &mut parameters, number);
        step(&mut resumed, &mut elsewhere, number);
    }
    assert_eq!(bits(&parameters), bits(&elsewhere), "{configuration:?}");
    let bytes = |optimizer: &Boxed<T>| optimizer.to_checkpoint().expect("no step is under way");
    assert_eq!(bytes(&uninterrupted), bytes(&resumed), "{configuration:?}");
}

/// All optimizers, and one with everything around it.
pub(super) fn all() -> Vec<Configuration> {
    let mut list: Vec<_> = catalogue::entries().map(|entry| Configuration::of(entry.name)).collect();
    for configuration in &mut list {
        if configuration.optimizer == "chain" {
            configuration.hyperparameters.set("chain", "graft(scale_by_adopt, sign | heavyball_momentum)");
        }
    }
    let mut around = Configuration::of("adamw");
    around.hyperparameters.set("mars", true);
    around.hyperparameters.set("caution", true);
    around.hyperparameters.set("gradient_clipping", "global_l2");
    around.hyperparameters.set("update_clipping", "rms");
    around.hyperparameters.set("warmup_steps", 5.0);
    list.push(around);
    assert!(list.len() > 30);
    list
}

#[test]
fn in_f32_and_f64() {
    for configuration in all() {
        goes_on_with_the_same_bits::<f32>(&configuration);
        goes_on_with_the_same_bits::<f64>(&configuration);
        let narrow = Configuration { state_format: Some(Format::F16), seed: 3, ..configuration };
        goes_on_with_the_same_bits::<f32>(&narrow);
    }
}

#[test]
fn in_sixteen_bits_with_every_store() {
    for configuration in all() {
        for store in [StoreKind::Nearest, StoreKind::Kahan, StoreKind::Stochastic] {
            let wide = Configuration { store, seed: 5, ..configuration.clone() };
            goes_on_with_the_same_bits::<bf16>(&wide);
            let narrow = Configuration { state_format: Some(Format::F16), ..wide };
            goes_on_with_the_same_bits::<f16>(&narrow);
        }
    }
}

#[test]
fn error_corrected() {
    for configuration in all() {
        for (format, state) in
            [(StoreKind::Corrected8, Format::Bf16Plus8), (StoreKind::Corrected16, Format::Bf16Plus16)]
        {
            let corrected =
                Configuration { store: format, state_format: Some(state), seed: 6, ..configuration.clone() };
            goes_on_with_the_same_bits::<bf16>(&corrected);
        }
        let state = Configuration { state_format: Some(Format::Bf16Plus8), seed: 6, ..configuration };
        goes_on_with_the_same_bits::<f32>(&state);
    }
}

/// Micro-batches have come, the gradient that moves the parameters has not.
#[test]
fn in_the_middle_of_accumulation() {
    let accumulate = |optimizer: &mut Boxed<bf16>, number: u64| {
        let finished = optimizer.step_singly(&mut |step| {
            let gradients = tensors::<bf16>(2000 + number);
            gradients
                .into_iter()
                .enumerate()
                .try_for_each(|(place, (_, gradient))| step.accumulate(place, gradient))
        });
        assert_eq!(finished.expect("the gradients fit").only_accumulated.len(), 3);
    };
    for name in ["adamw", "lion", "nadam", "adan", "laprop"] {
        let configuration = Configuration { store: StoreKind::Kahan, ..Configuration::of(name) };
        let mut parameters = tensors::<bf16>(1);
        let mut uninterrupted = build::<bf16>(&configuration);
        step(&mut uninterrupted, &mut parameters, 1);
        accumulate(&mut uninterrupted, 1);
        accumulate(&mut uninterrupted, 2);

        let mut elsewhere = parameters.clone();
        let mut resumed = resumed(&configuration, &uninterrupted);
        for (optimizer, parameters) in [(&mut uninterrupted, &mut parameters), (&mut resumed, &mut elsewhere)]
        {
            accumulate(optimizer, 3);
            step(optimizer, parameters, 2);
        }
        assert_eq!(bits(&parameters), bits(&elsewhere), "{name}");
        assert_eq!(uninterrupted.to_checkpoint(), resumed.to_checkpoint(), "{name}");
    }
}

/// A chain from data has room for more numbers than it names; those of the stages around it come behind
/// that room.
#[test]
fn with_stages_in_types_around_a_chain_from_data() {
    let rule = || {
        let around = AroundAtRunTime::default();
        <DynamicRule>::new(StableAdamW::default(), around).expect("it keeps two fields of state")
    };
    let build = || {
        let builder = rule().on_gradient(ClipNorm::default()).on_update(ClipRms::default());
        builder.build(Cpu::default(), &tensors::<f32>(1)).expect("the model is valid")
    };
    let (mut uninterrupted, mut parameters) = (build(), tensors::<f32>(1));
    for number in 1..=3 {
        uninterrupted.step(&mut parameters, &tensors::<f32>(1000 + number)).expect("the gradients fit");
    }
    let snapshot = uninterrupted.snapshot().expect("no step is under way");
    let numbers = &snapshot.tensors[0].tensor;
    assert_eq!(numbers.len(), 5, "{numbers:?}");
    assert!(numbers.iter().all(|(name, values)| !name.is_empty() && values[0] != 0.0), "{numbers:?}");
    let mut bytes = Cursor::new(Vec::new());
    uninterrupted.save_into(&mut bytes).expect("memory can be written");
    let mut resumed = build();
    resumed.load_from(&mut bytes, &Loading::exactly()).expect("it fits");
    assert_eq!(resumed.snapshot().expect("no step is under way"), snapshot);
    let mut elsewhere = parameters.clone();
    uninterrupted.step(&mut parameters, &tensors::<f32>(7)).expect("the gradients fit");
    resumed.step(&mut elsewhere, &tensors::<f32>(7)).expect("the gradients fit");
    assert_eq!(bits(&parameters), bits(&elsewhere));
}

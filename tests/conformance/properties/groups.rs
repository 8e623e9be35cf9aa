//! Groups with hyperparameters of their own, schedules, tensors without decay, frozen tensors.

use crate::cases::{Case, Parameter};
use crate::trainer::{MODES, Mode, Model, Trainer, gradients};
use crate::values::{bits, scatter, tensor};
use gradus::cpu::Cpu;
use gradus::hyperparameter::LearningRate;
use gradus::optimizer::{Build, Builder, Releasable, select};
use gradus::schedule::{Count, Form, Rise, Schedule};
use gradus::transform::Rule;
use ndarray::ArrayD;

const MODEL: Model<'static> = &[("weight", 150), ("backbone.weight", 70), ("bias", 7), ("scale", 1)];
const FROZEN: usize = 1;

/// The rule at half its rate.
fn halved<R: Rule>(mut rule: R) -> R {
    let half = LearningRate::new(rule.learning_rate().get() / 2.0).expect("half of a rate is one");
    rule.set_learning_rate(half);
    rule
}

fn has<R: Rule>(rule: &R, name: &str) -> bool {
    let mut found = false;
    rule.clone().tune(&mut |tunable, _| found |= tunable == name);
    found
}

/// All options about groups at once.
fn grouped<R: Rule>(rule: R) -> Builder<R> {
    let up = Schedule::warm_up(3, Rise::Linear, Count::StepOverN);
    let down = Schedule::decay(Form::Cosine, 1.0, 0.25, 5).expect("it falls");
    let decays = has(&rule, "weight_decay");
    let builder = rule
        .clone()
        .group("scales", select::named("scale*"), halved(rule))
        .freeze(select::named("backbone.*"))
        .schedule("learning_rate", up)
        .schedule_group("scales", "learning_rate", down.clone());
    if decays { builder.without_decay(select::named("bias")).schedule("weight_decay", down) } else { builder }
}

fn trainer<R: Releasable, C: Case>(mode: Mode, rule: &R) -> Trainer<R, C> {
    let of_tensor = |(place, (name, length)): (usize, &(&str, usize))| {
        ((*name).to_owned(), tensor(&scatter(place as u64 + 7, *length)))
    };
    let parameters: Vec<(String, ArrayD<Parameter<C>>)> = MODEL.iter().enumerate().map(of_tensor).collect();
    let optimizer = C::built(grouped(rule.clone()), Cpu::default(), &parameters);
    Trainer::of(mode, optimizer, parameters)
}

/// The same bits with all gradients together and under release, and after a restart; frozen tensors
/// keep theirs and have no state; groups, schedules and decay do something.
pub fn groups_schedules_and_frozen_tensors_go_with_everything<R: Releasable, C: Case>(rule: R) {
    let [together, released] = MODES.map(|mode| {
        let mut trainer = trainer::<R, C>(mode, &rule);
        for step in 1..=6 {
            trainer.step(&gradients(MODEL, step));
        }
        trainer
    });
    assert_eq!(together.everything(), released.everything(), "{}", C::NAME);
    let kept: ArrayD<Parameter<C>> = tensor(&scatter(FROZEN as u64 + 7, MODEL[FROZEN].1));
    assert_eq!(together.bits(FROZEN), bits(&kept), "{}: frozen", C::NAME);
    assert!(together.fields(FROZEN).iter().all(|(_, values)| values.is_empty()), "{}: frozen", C::NAME);
    assert_eq!(together.snapshot().tensors[FROZEN].received, 0, "{}: frozen", C::NAME);

    let mut plain = Trainer::<R, C>::new(Mode::Together, rule.clone(), MODEL);
    for step in 1..=6 {
        plain.step(&gradients(MODEL, step));
    }
    // Few numbers in few bits may come to the same: so of all tensors the largest is compared.
    assert_ne!(plain.bits(0), together.bits(0), "{}: {}", C::NAME, MODEL[0].0);

    let mut resumed = trainer::<R, C>(Mode::Released, &rule);
    resumed.step(&gradients(MODEL, 77));
    let mut uninterrupted = trainer::<R, C>(Mode::Together, &rule);
    for step in 1..=3 {
        uninterrupted.step(&gradients(MODEL, step));
    }
    resumed.parameters.clone_from(&uninterrupted.parameters);
    resumed.restore(&uninterrupted.snapshot());
    for step in 4..=6 {
        resumed.step(&gradients(MODEL, step));
    }
    assert_eq!(resumed.everything(), together.everything(), "{}", C::NAME);
}

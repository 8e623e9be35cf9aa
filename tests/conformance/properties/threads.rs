//! Threads and pieces change no bit.

use crate::cases::Case;
use crate::trainer::{MODES, Mode, Model, Trainer, gradients};
use crate::values::Contents;
use gradus::cpu::Cpu;
use gradus::optimizer::Releasable;

/// More than a piece of 32768 elements, and smaller ones; odd lengths; and so many tensors that the first one may run
/// before the others are looked at.
const LARGE: Model<'static> = &[
    ("weight", 33_001),
    ("bias", 63),
    ("scale", 1),
    ("table", 150),
    ("head", 4_097),
    ("query", 70),
    ("key", 64),
    ("value", 2),
];

/// 1, 3 and 5 threads; together and released in turn.
pub fn any_number_of_threads_gives_the_same_bits<R: Releasable, C: Case>(rule: R) {
    let run = |device: Cpu, mode| run::<R, C>(device, mode, &rule, LARGE);
    let device = |threads| Cpu::with_threads(threads).expect("that many threads can be started");
    let expected = run(device(1), MODES[0]);
    for (threads, mode) in [3, 5].into_iter().zip(MODES.iter().rev().cycle()) {
        assert!(run(device(threads), *mode) == expected, "{} {mode:?}, {threads} threads", C::NAME);
    }
}

/// One piece and a bit, and small ones.
const SMALLER: Model<'static> = &[("weight", 33_001), ("bias", 63), ("head", 4_097)];

/// One thread or three, which is where a stage could differ from the rule that it surrounds.
pub fn three_threads_give_the_bits_of_one<R: Releasable, C: Case>(rule: R) {
    let device = |threads| Cpu::with_threads(threads).expect("that many threads can be started");
    let expected = run::<R, C>(device(1), MODES[0], &rule, SMALLER);
    for mode in MODES {
        assert!(run::<R, C>(device(3), mode, &rule, SMALLER) == expected, "{} {mode:?}", C::NAME);
    }
}

fn run<R: Releasable, C: Case>(device: Cpu, mode: Mode, rule: &R, model: Model<'_>) -> Contents {
    let mut trainer = Trainer::<R, C>::on(device, mode, rule.clone(), model);
    for step in 1..=2 {
        trainer.step(&gradients(model, step));
    }
    trainer.everything()
}

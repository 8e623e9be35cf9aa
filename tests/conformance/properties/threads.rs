//! Threads and pieces change no bit.

use crate::cases::Case;
use crate::trainer::{MODES, Model, Trainer, gradients};
use gradus::cpu::Cpu;
use gradus::optimizer::Releasable;

/// Several pieces of 32768 elements, one and a bit, and a crowd of small ones; odd lengths.
const LARGE: Model<'static> =
    &[("embedding", 70_001), ("weight", 32_769), ("bias", 63), ("scale", 1), ("head", 4_097)];

/// 1, 2, 3 and 5 threads, and those that the machine has.
pub fn any_number_of_threads_gives_the_same_bits<R: Releasable, C: Case>(rule: R) {
    let run = |device: Cpu, mode| {
        let mut trainer = Trainer::<R, C>::on(device, mode, rule.clone(), LARGE);
        for step in 1..=2 {
            trainer.step(&gradients(LARGE, step));
        }
        trainer.everything()
    };
    let expected = run(Cpu::default(), MODES[0]);
    for threads in [1, 2, 3, 5] {
        let device = || Cpu::with_threads(threads).expect("that many threads can be started");
        for mode in MODES {
            assert!(run(device(), mode) == expected, "{} {mode:?}, {threads} threads", C::NAME);
        }
    }
}

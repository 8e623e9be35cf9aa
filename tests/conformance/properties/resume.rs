//! Stopping and going on is the same as never having stopped.

use crate::cases::Case;
use crate::trainer::{MODES, Mode, SMALL, Trainer, gradients};
use gradus::optimizer::{Averaging, Releasable};

/// A fresh optimizer for the parameters and the state of another one.
fn resumed<R: Releasable, C: Case>(mode: Mode, rule: &R, from: &Trainer<R, C>) -> Trainer<R, C> {
    let mut trainer = Trainer::<R, C>::new(mode, rule.clone(), SMALL);
    // Not fresh any more: whatever it has must go.
    trainer.step(&gradients(SMALL, 77));
    trainer.parameters.clone_from(&from.parameters);
    trainer.restore(&from.snapshot());
    trainer
}

/// Bit for bit, in either mode, whichever mode the snapshot came from.
pub fn a_restored_optimizer_goes_on_with_the_same_bits<R: Releasable, C: Case>(rule: R) {
    for (before, after) in [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(one, other)| (MODES[one], MODES[other])) {
        let mut uninterrupted = Trainer::<R, C>::new(before, rule.clone(), SMALL);
        for step in 1..=3 {
            uninterrupted.set_learning_rate(rule.learning_rate().get() / step as f64);
            uninterrupted.step(&gradients(SMALL, step));
        }
        let mut resumed = resumed(after, &rule, &uninterrupted);
        assert_eq!(resumed.everything(), uninterrupted.everything(), "{} {before:?} {after:?}", C::NAME);
        for step in 4..=6 {
            uninterrupted.step(&gradients(SMALL, step));
            resumed.step(&gradients(SMALL, step));
        }
        assert_eq!(resumed.everything(), uninterrupted.everything(), "{} {before:?} {after:?}", C::NAME);
    }
}

/// There and back.
pub fn switching_between_joint_steps_and_release_keeps_all_state<R: Releasable, C: Case>(rule: R) {
    let mut steady = Trainer::<R, C>::new(Mode::Together, rule.clone(), SMALL);
    let mut switching = Trainer::<R, C>::new(Mode::Together, rule, SMALL);
    for step in 1..=5 {
        steady.step(&gradients(SMALL, step));
        switching.step(&gradients(SMALL, step));
        switching = switching.switched();
        assert_eq!(switching.everything(), steady.everything(), "{} at step {step}", C::NAME);
    }
}

/// Micro-batches before the snapshot count after it, and do something.
pub fn accumulation_survives_a_restart<R, C>(rule: R)
where
    R: Averaging + Releasable,
    C: Case,
{
    let step = |trainer: &mut Trainer<R, C>, number: u64| {
        let micro_batches = [gradients(SMALL, 10 * number), gradients(SMALL, 10 * number + 1)];
        trainer.step_after_accumulating(&micro_batches, &gradients(SMALL, 10 * number + 2));
    };
    let mut uninterrupted = Trainer::<R, C>::new(Mode::Released, rule.clone(), SMALL);
    let mut without = Trainer::<R, C>::new(Mode::Released, rule.clone(), SMALL);
    for number in 1..=2 {
        step(&mut uninterrupted, number);
        without.step(&gradients(SMALL, 10 * number + 2));
    }
    assert_ne!(uninterrupted.bits(0), without.bits(0), "{}: micro-batches are lost", C::NAME);
    assert_eq!(uninterrupted.snapshot().tensors[0].received, 6);
    assert_eq!(uninterrupted.snapshot().steps, 2);

    let mut resumed = resumed(Mode::Released, &rule, &uninterrupted);
    for number in 3..=4 {
        step(&mut uninterrupted, number);
        step(&mut resumed, number);
    }
    assert_eq!(resumed.everything(), uninterrupted.everything(), "{}", C::NAME);
}

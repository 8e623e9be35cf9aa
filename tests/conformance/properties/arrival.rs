//! It does not matter how and when gradients arrive.

use crate::cases::Case;
use crate::trainer::{MODES, Mode, SMALL, Trainer, gradients};
use gradus::optimizer::Releasable;
use gradus::transform::{ChainOf, FieldSet, Stage};

/// Bit for bit, with some gradients absent.
pub fn release_equals_the_joint_step<R: Releasable, C: Case>(rule: R) {
    let [together, released] = MODES.map(|mode| {
        let mut trainer = Trainer::<R, C>::new(mode, rule.clone(), SMALL);
        for step in 1..=6 {
            trainer.step(&gradients(SMALL, step));
        }
        trainer.everything()
    });
    assert_eq!(together, released, "{}", C::NAME);
}

/// A rate that is set between two steps acts from the next one on, and does act.
pub fn a_schedule_acts_at_the_same_steps_under_release<R: Releasable, C: Case>(rule: R) {
    let run = |mode, factor: f64| {
        let mut trainer = Trainer::<R, C>::new(mode, rule.clone(), SMALL);
        let start = rule.learning_rate().get();
        for step in 1..=4 {
            trainer.set_learning_rate(start * factor.powi(step as i32));
            trainer.step(&gradients(SMALL, step));
        }
        trainer.everything()
    };
    assert_eq!(run(Mode::Together, 0.5), run(Mode::Released, 0.5), "{}", C::NAME);
    assert_ne!(run(Mode::Together, 0.5)[0], run(Mode::Together, 1.0)[0], "{}", C::NAME);
}

/// Its averages are debiased by its own count, and its random bits follow that count too. Numbers of
/// the group follow whole steps, so that rules with some are not meant.
pub fn a_late_first_gradient_is_treated_as_a_first_one<R: Releasable, C: Case>(rule: R) {
    if <<ChainOf<R> as Stage>::Group as FieldSet>::COUNT > 0 {
        return;
    }
    for mode in MODES {
        let mut late = Trainer::<R, C>::new(mode, rule.clone(), SMALL);
        let mut prompt = Trainer::<R, C>::new(mode, rule.clone(), SMALL);
        for step in 1..=3 {
            let mut early = gradients(SMALL, step);
            early[0] = None;
            late.step(&early);
        }
        for step in 4..=6 {
            late.step(&gradients(SMALL, step));
            prompt.step(&gradients(SMALL, step));
        }
        assert_eq!(late.bits(0), prompt.bits(0), "{} {mode:?}", C::NAME);
        assert_eq!(late.fields(0), prompt.fields(0), "{} {mode:?}", C::NAME);
        assert_eq!(late.snapshot().tensors[0].received, 3);
        assert_eq!(late.snapshot().steps, 6);
    }
}

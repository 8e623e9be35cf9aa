//! A point for evaluation beside the one for training.

use crate::cases::Case;
use crate::trainer::{MODES, SMALL, Trainer, gradients};
use gradus::optimizer::{Releasable, TwoFaced};

fn trained<R: Releasable, C: Case>(mode: crate::trainer::Mode, rule: &R) -> Trainer<R, C> {
    let mut trainer = Trainer::<R, C>::new(mode, rule.clone(), SMALL);
    for step in 1..=3 {
        trainer.step(&gradients(SMALL, step));
    }
    trainer
}

/// Not of a parameter, not of the state; and the point for evaluation is the same each time.
pub fn a_thousand_round_trips_change_no_bit<R: Releasable + TwoFaced, C: Case>(rule: R) {
    for (mode, trips) in MODES.into_iter().zip([1000, 10]) {
        let mut trainer = trained::<R, C>(mode, &rule);
        let before = trainer.everything();
        let elsewhere = trainer.evaluated();
        for _ in 0..trips {
            trainer = trainer.there_and_back(|parameters| assert_eq!(parameters, elsewhere, "{}", C::NAME));
        }
        assert_eq!(trainer.everything(), before, "{} {mode:?}", C::NAME);
        assert_ne!(trainer.bits(0), elsewhere[0], "{} {mode:?}: it is another point", C::NAME);
    }
}

/// Evaluating after every step, in place and elsewhere.
pub fn training_goes_on_as_if_it_had_not_been_left<R: Releasable + TwoFaced, C: Case>(rule: R) {
    for mode in MODES {
        let mut steady = Trainer::<R, C>::new(mode, rule.clone(), SMALL);
        let mut leaving = Trainer::<R, C>::new(mode, rule.clone(), SMALL);
        for step in 1..=5 {
            steady.step(&gradients(SMALL, step));
            leaving.step(&gradients(SMALL, step));
            let before = leaving.everything();
            let evaluated = leaving.evaluated();
            assert_eq!(leaving.everything(), before, "{} {mode:?}: only written elsewhere", C::NAME);
            leaving = leaving.there_and_back(|parameters| assert_eq!(parameters, evaluated));
        }
        assert_eq!(leaving.everything(), steady.everything(), "{} {mode:?}", C::NAME);
    }
}

/// Nothing was averaged, so there is nothing else to evaluate. Restored state has its point.
pub fn the_point_for_evaluation_is_part_of_the_state<R: Releasable + TwoFaced, C: Case>(rule: R) {
    for mode in MODES {
        let fresh = Trainer::<R, C>::new(mode, rule.clone(), SMALL);
        let start: Vec<_> = (0..SMALL.len()).map(|place| fresh.bits(place)).collect();
        assert_eq!(fresh.evaluated(), start, "{} {mode:?}", C::NAME);

        let trained = trained::<R, C>(mode, &rule);
        let mut restored = fresh;
        restored.parameters.clone_from(&trained.parameters);
        restored.restore(&trained.snapshot());
        assert_eq!(restored.evaluated(), trained.evaluated(), "{} {mode:?}", C::NAME);
    }
}

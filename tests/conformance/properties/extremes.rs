//! Zero, huge, tiny, infinite, absent gradients, and such as are no numbers.

use crate::cases::Case;
use crate::trainer::{MODES, SMALL, Trainer, gradients};
use crate::values::scatter;
use gradus::cpu::Cpu;
use gradus::optimizer::Releasable;

/// Parameter, state, carry and counter, at the first step and later.
pub fn absent_gradients_leave_every_bit_alone<R: Releasable, C: Case>(rule: R) {
    for mode in MODES {
        let mut trainer = Trainer::<R, C>::new(mode, rule.clone(), SMALL);
        for number in 1..=4 {
            let before = (trainer.bits(0), trainer.fields(0), trainer.snapshot().tensors[0].received);
            let others = (trainer.bits(1), trainer.fields(1));
            let mut some = gradients(SMALL, 1);
            some[0] = None;
            trainer.step(&some);
            let after = (trainer.bits(0), trainer.fields(0), trainer.snapshot().tensors[0].received);
            assert_eq!(before, after, "{} {mode:?}", C::NAME);
            let moved = (trainer.bits(1), trainer.fields(1));
            // Some rules only learn from a first gradient, or leave a vector where it is.
            assert!(number == 1 || others != moved, "{} {mode:?}: the others move", C::NAME);
            trainer.step(&gradients(SMALL, number));
        }
    }
}

/// A zero with a zero gradient and no past is not moved, and decay takes nothing from it.
pub fn zeros_stay_zeros<R: Releasable, C: Case>(rule: R) {
    for mode in MODES {
        let parameters = vec![("x".to_owned(), crate::values::tensor(&[0.0; 70]))];
        let mut trainer = Trainer::<R, C>::from(Cpu::default(), mode, rule.clone(), parameters);
        let before = trainer.bits(0);
        for _ in 0..3 {
            trainer.step(&vec![Some(vec![0.0; 70])]);
        }
        assert_eq!(trainer.bits(0), before, "{} {mode:?}", C::NAME);
    }
}

const BAD: [f64; 12] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::MAX,
    -f64::MAX,
    f32::MAX as f64,
    -1e30,
    1e30,
    1e-40,
    -1e-40,
    -0.0,
    0.0,
];

/// No panic, and the elements beside a bad one get the bits they would have got without it.
pub fn a_bad_element_leaves_its_neighbours_alone<R: Releasable, C: Case>(rule: R) {
    const LENGTH: usize = 151;
    let model = [("x", LENGTH)];
    for mode in MODES {
        let mut clean = Trainer::<R, C>::new(mode, rule.clone(), &model);
        let mut spoiled = Trainer::<R, C>::new(mode, rule.clone(), &model);
        let is_bad = |element: usize| element % 12 == 5;
        for number in 1..=3 {
            let mut values = scatter(number, LENGTH);
            clean.step(&vec![Some(values.clone())]);
            for element in (0..LENGTH).filter(|element| is_bad(*element)) {
                values[element] = BAD[element / 12 % BAD.len()];
            }
            spoiled.step(&vec![Some(values)]);
        }
        let compare = |clean: &[u64], spoiled: &[u64], what: &str| {
            for element in (0..LENGTH).filter(|element| !is_bad(*element)) {
                assert_eq!(clean[element], spoiled[element], "{} {mode:?} {what} {element}", C::NAME);
            }
        };
        compare(&clean.bits(0), &spoiled.bits(0), "parameter");
        for ((name, clean), (_, spoiled)) in clean.fields(0).iter().zip(&spoiled.fields(0)) {
            compare(clean, spoiled, name);
        }
        // The element with NaN shows it.
        assert_eq!(spoiled.bits(0)[5], u64::MAX, "{} {mode:?}", C::NAME);
    }
}

//! An element moves by itself.

use crate::cases::Case;
use crate::trainer::{MODES, Mode, Trainer};
use crate::values::{Contents, scatter, shaped};
use gradus::cpu::Cpu;
use gradus::optimizer::Releasable;

const LENGTH: usize = 150;

fn trainer<R: Releasable, C: Case>(mode: Mode, rule: &R, lengths: &[usize]) -> Trainer<R, C> {
    let values = scatter(3, LENGTH);
    let mut rest = &values[..];
    let tensors = lengths.iter().enumerate().map(|(place, &length)| {
        let (part, after) = rest.split_at(length);
        rest = after;
        (format!("x{place}"), shaped(&[length], part))
    });
    let tensors = tensors.collect();
    Trainer::from(Cpu::default(), mode, rule.clone(), tensors)
}

fn step<R: Releasable, C: Case>(trainer: &mut Trainer<R, C>, lengths: &[usize], step: u64) {
    let values = scatter(1000 + step, LENGTH);
    let mut rest = &values[..];
    let gradients = lengths.iter().map(|&length| {
        let (gradient, after) = rest.split_at(length);
        rest = after;
        Some(gradient.to_vec())
    });
    trainer.step(&gradients.collect());
}

/// Bit for bit where nothing is random: random bits follow the tensor's name and the element's place.
pub fn a_tensor_split_in_two_moves_as_one<R: Releasable, C: Case>(rule: R) {
    if !C::PLACELESS {
        return;
    }
    for mode in MODES {
        let mut whole = trainer::<R, C>(mode, &rule, &[LENGTH]);
        let mut parts = trainer::<R, C>(mode, &rule, &[67, LENGTH - 67]);
        for number in 1..=4 {
            step(&mut whole, &[LENGTH], number);
            step(&mut parts, &[67, LENGTH - 67], number);
        }
        assert_eq!(whole.bits(0), [parts.bits(0), parts.bits(1)].concat(), "{} {mode:?}", C::NAME);
        let joined = parts.fields(0).into_iter().zip(parts.fields(1));
        let joined: Contents =
            joined.map(|((name, first), (_, second))| (name, [first, second].concat())).collect();
        assert_eq!(whole.fields(0), joined, "{} {mode:?}", C::NAME);
    }
}

/// Every length up to a tile and a bit, and about two tiles, which has the elements of a longer tensor.
pub fn every_length_of_a_tail_gives_the_same_elements<R: Releasable, C: Case>(rule: R) {
    let mut longest = trainer::<R, C>(Mode::Together, &rule, &[LENGTH]);
    for number in 1..=2 {
        step(&mut longest, &[LENGTH], number);
    }
    let (parameter, fields) = (longest.bits(0), longest.fields(0));
    for length in (0..=70).chain(126..=130) {
        let mut shorter = trainer::<R, C>(Mode::Together, &rule, &[length]);
        for number in 1..=2 {
            step(&mut shorter, &[length], number);
        }
        assert_eq!(shorter.bits(0), parameter[..length], "{} {length}", C::NAME);
        for ((name, short), (_, long)) in shorter.fields(0).iter().zip(&fields) {
            assert_eq!(short[..], long[..length], "{} {length} {name}", C::NAME);
        }
    }
}

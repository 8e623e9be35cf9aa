//! What holds for any arguments and any step.

use crate::any;
use gradus::schedule::{Count, Form, Rise, Schedule};
use proptest::prelude::*;

/// How far a line may go the wrong way from one step to another: a cosine or a power is wrong by less
/// than one unit in the last place at either step, and at most two roundings follow.
fn slack(form: Form, largest: f64) -> f64 {
    match form {
        Form::Linear | Form::OneMinusRoot => 0.0,
        _ => 4.0 * f64::EPSILON * largest,
    }
}

/// Asserts that values at earlier steps are no less than at later ones.
fn falls(schedule: &Schedule, one: u64, other: u64, slack: f64) -> Result<(), TestCaseError> {
    let (early, late) = (schedule.at(one.min(other)), schedule.at(one.max(other)));
    prop_assert!(late - early <= slack, "{schedule:?}: {early} and later {late}");
    Ok(())
}

/// Asserts that values at earlier steps are no more than at later ones.
fn rises(schedule: &Schedule, one: u64, other: u64, slack: f64) -> Result<(), TestCaseError> {
    let (early, late) = (schedule.at(one.min(other)), schedule.at(one.max(other)));
    prop_assert!(early - late <= slack, "{schedule:?}: {early} and later {late}");
    Ok(())
}

proptest! {
    #[test]
    fn every_value_is_finite_and_within_bounds(schedule in any::schedule(), step in any::step(100)) {
        let value = schedule.at(step);
        prop_assert!(value.is_finite() && value >= 0.0, "{value}");
        prop_assert!(schedule.bounds().contains(&value), "{value} is not in {:?}", schedule.bounds());
        prop_assert_eq!(schedule.at(0).to_bits(), schedule.at(1).to_bits());
    }

    #[test]
    fn a_document_says_everything(schedule in any::schedule(), step in any::step(100)) {
        let text = serde_json::to_string(&schedule).expect("a schedule is plain data");
        let read: Schedule = serde_json::from_str(&text).expect("what was valid is valid");
        prop_assert_eq!(read.at(step).to_bits(), schedule.at(step).to_bits());
        prop_assert_eq!(read, schedule);
    }

    #[test]
    fn a_warm_up_rises_to_one((n, step, other) in any::length(1).prop_flat_map(|n| (Just(n), any::step(n), any::step(n))),
                              rise in any::rise(), count in any::count()) {
        let warm_up = Schedule::warm_up(n, rise, count);
        let linear = match count {
            Count::StepOverN => 1.0 / n as f64,
            Count::StepOverNPlus1 => 1.0 / n.saturating_add(1) as f64,
            Count::StepMinusOneOverN => 0.0,
        };
        prop_assert_eq!(warm_up.at(1), if rise == Rise::Linear { linear } else { linear * linear });
        let full = if count == Count::StepOverN { n } else { n.saturating_add(1) };
        prop_assert_eq!(warm_up.at(full), 1.0);
        prop_assert_eq!(warm_up.at(full.saturating_add(step)), 1.0);
        rises(&warm_up, step, other, 0.0)?;
        prop_assert!(n > 1 << 50 || full == 1 || warm_up.at(full - 1) < 1.0);
    }

    #[test]
    fn a_decay_goes_from_end_to_end_and_stays((form, start, end) in any::decay(),
            (n, step, other) in any::length(2).prop_flat_map(|n| (Just(n), any::step(n), any::step(n)))) {
        let decay = Schedule::decay(form, start, end, n).expect("the arguments are in range");
        prop_assert_eq!(decay.at(1), start);
        prop_assert_eq!(decay.at(n), end);
        prop_assert_eq!(decay.at(n.saturating_add(step)), end);
        prop_assert_eq!(decay.bounds(), start.min(end)..=start.max(end));
        let slack = slack(form, start.max(end));
        if start >= end {
            falls(&decay, step, other, slack)?;
        } else {
            rises(&decay, step, other, slack)?;
        }
    }

    #[test]
    fn drops_only_lower(factor in any::factor(), every in any::length(1), after in any::milestones(),
                        step in any::step(50), other in any::step(50)) {
        let valid = "the arguments are in range";
        let staircase = Schedule::staircase(factor, every).expect(valid);
        let exponential = Schedule::exponential(factor, every).expect(valid);
        for schedule in [&staircase, &exponential] {
            prop_assert_eq!(schedule.at(1), 1.0);
            falls(schedule, step, other, slack(Form::Geometric, 1.0))?;
        }
        prop_assert_eq!(staircase.at(every), 1.0);

        let last = after.last().copied();
        let milestones = Schedule::milestones(factor, after).expect(valid);
        prop_assert_eq!(milestones.at(1), 1.0);
        falls(&milestones, step, other, 0.0)?;
        let over = last.unwrap_or(0).saturating_add(1);
        prop_assert_eq!(milestones.at(over), milestones.at(over.saturating_add(step)));
    }

    #[test]
    fn an_inverse_square_root_has_its_peak_after_the_warm_up(
            (warm_up, step, other) in any::length(1).prop_flat_map(|n| (Just(n), any::step(n), any::step(n)))) {
        let schedule = Schedule::inverse_square_root(warm_up).expect("there is a warm-up");
        prop_assert_eq!(schedule.at(warm_up), 1.0);
        falls(&schedule, step.max(warm_up), other.max(warm_up), 0.0)?;
        rises(&schedule, step.min(warm_up), other.min(warm_up), 0.0)?;
    }

    #[test]
    fn the_phases_fit_together(phases in any::phases(), step in any::step(100), other in any::step(100)) {
        let schedule = Schedule::warm_up_stable_decay(phases.clone()).expect("the phases are in range");
        let first = if phases.warm_up > 0 { 1.0 / phases.warm_up as f64 } else { 1.0 };
        prop_assert_eq!(schedule.at(1), first);
        prop_assert_eq!(schedule.at(phases.warm_up.max(1)), 1.0);
        let stable = phases.warm_up.saturating_add(phases.stable);
        prop_assert_eq!(schedule.at(stable), 1.0);
        if let Some(end) = stable.checked_add(phases.decay) {
            prop_assert_eq!(schedule.at(end), phases.end);
            prop_assert_eq!(schedule.at(end.saturating_add(step)), phases.end);
        }
        rises(&schedule, step.min(stable), other.min(stable), 0.0)?;
        falls(&schedule, step.max(stable), other.max(stable), slack(phases.form, 1.0))?;
    }

    #[test]
    fn a_cycle_rises_to_its_peak_and_falls_to_its_end(cycle in any::cycle(), step in any::step(100), other in any::step(100)) {
        let schedule = Schedule::one_cycle(cycle.clone()).expect("the cycle is in range");
        let last = 1.0 / (cycle.initial_divisor * cycle.final_divisor);
        prop_assert_eq!(schedule.at(1), 1.0 / cycle.initial_divisor);
        prop_assert_eq!(schedule.at(cycle.peak), 1.0);
        prop_assert_eq!(schedule.at(cycle.steps), last);
        prop_assert_eq!(schedule.at(cycle.steps.saturating_add(step)), last);
        let slack = slack(cycle.form, 1.0);
        rises(&schedule, step.min(cycle.peak), other.min(cycle.peak), slack)?;
        falls(&schedule, step.max(cycle.peak), other.max(cycle.peak), slack)?;
    }

    #[test]
    fn a_cool_down_stays_and_then_falls(cool_down in any::cool_down(), step in any::step(100), other in any::step(100)) {
        let schedule = Schedule::cool_down(cool_down.clone()).expect("the share is in range");
        prop_assert_eq!(schedule.at(1), 1.0);
        prop_assert_eq!(schedule.at(cool_down.steps), 0.0);
        prop_assert_eq!(schedule.at(cool_down.steps.saturating_add(step)), 0.0);
        falls(&schedule, step, other, 0.0)?;
    }

    #[test]
    fn a_sequence_gives_each_piece_its_own_steps(first in any::schedule(), last in any::schedule(),
                                                 n in any::length(1), step in any::step(100)) {
        let sequence = Schedule::sequence([(n, first.clone())], last.clone()).expect("the piece has a step");
        let within = step.clamp(1, n);
        prop_assert_eq!(sequence.at(within), first.at(within));
        if let Some(later) = n.checked_add(step.max(1)) {
            prop_assert_eq!(sequence.at(later), last.at(step));
        }
    }

    #[test]
    fn combinations_are_what_they_say(one in any::schedule(), other in any::schedule(), step in any::step(100)) {
        let both = [one.clone(), other.clone()];
        let minimum = Schedule::minimum(both.clone()).expect("there are two");
        prop_assert_eq!(minimum.at(step), one.at(step).min(other.at(step)));
        if let Ok(product) = Schedule::product(both) {
            prop_assert_eq!(product.at(step), one.at(step) * other.at(step));
        }
        if let Ok(scaled) = one.clone().scaled(0.5) {
            prop_assert_eq!(scaled.at(step), 0.5 * one.at(step));
        }
    }
}

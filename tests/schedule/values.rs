//! Values that were worked out by hand.

use crate::at;
use gradus::error::Result;
use gradus::schedule::{CoolDown, Count, Form, OneCycle, Rise, Schedule, WarmUpStableDecay};

/// Equal up to the rounding of a few operations near 1.
#[track_caller]
fn assert_close<const N: usize>(got: [f64; N], want: [f64; N]) {
    for (got, want) in got.iter().zip(&want) {
        assert!((got - want).abs() <= 4.0 * f64::EPSILON, "{got} instead of {want}");
    }
}

#[test]
fn the_conventions_of_a_warm_up() {
    let warm_up = |count| Schedule::warm_up(4, Rise::Linear, count);
    let steps = [0, 1, 2, 3, 4, 5, 6];
    assert_eq!(at(&warm_up(Count::StepOverN), steps), [0.25, 0.25, 0.5, 0.75, 1.0, 1.0, 1.0]);
    assert_eq!(at(&warm_up(Count::StepOverNPlus1), steps), [0.2, 0.2, 0.4, 0.6, 0.8, 1.0, 1.0]);
    assert_eq!(at(&warm_up(Count::StepMinusOneOverN), steps), [0.0, 0.0, 0.25, 0.5, 0.75, 1.0, 1.0]);
}

#[test]
fn a_quadratic_warm_up_is_the_square_of_a_linear_one() {
    let warm_up = Schedule::warm_up(4, Rise::Quadratic, Count::StepOverN);
    assert_eq!(at(&warm_up, [1, 2, 3, 4, 5]), [0.0625, 0.25, 0.5625, 1.0, 1.0]);
}

#[test]
fn a_warm_up_of_nothing_is_over_at_once() {
    for count in [Count::StepOverN, Count::StepOverNPlus1, Count::StepMinusOneOverN] {
        let warm_up = Schedule::warm_up(0, Rise::Quadratic, count);
        assert_eq!(at(&warm_up, [0, 1, 2, u64::MAX]), [1.0; 4], "{count:?}");
    }
}

#[test]
fn the_forms_of_a_decay() -> Result<()> {
    let decay = |form| Schedule::decay(form, 5.0, 1.0, 5);
    let steps = [1, 2, 3, 4, 5, 6];
    let root = 0.5f64.sqrt();
    assert_close(at(&decay(Form::Cosine)?, steps), [5.0, 3.0 + 2.0 * root, 3.0, 3.0 - 2.0 * root, 1.0, 1.0]);
    assert_eq!(at(&decay(Form::Linear)?, steps), [5.0, 4.0, 3.0, 2.0, 1.0, 1.0]);
    assert_eq!(at(&decay(Form::Polynomial { power: 2.0 })?, steps), [5.0, 3.25, 2.0, 1.25, 1.0, 1.0]);
    let halves = [5.0, 3.0, 5.0 - 4.0 * root, 5.0 - 4.0 * 0.75f64.sqrt(), 1.0, 1.0];
    assert_close(at(&decay(Form::OneMinusRoot)?, steps), halves);
    let geometric = Schedule::decay(Form::Geometric, 16.0, 1.0, 5)?;
    assert_close(at(&geometric, steps), [16.0, 8.0, 4.0, 2.0, 1.0, 1.0]);
    Ok(())
}

#[test]
fn a_decay_may_rise() -> Result<()> {
    let rise = Schedule::decay(Form::Linear, 0.0, 1.0, 3)?;
    assert_eq!(at(&rise, [1, 2, 3, 4]), [0.0, 0.5, 1.0, 1.0]);
    Ok(())
}

/// 0.08 + (0.01 − 0.08) is less than 0.01 in doubles, and a long cosine is that flat at its start.
#[test]
fn rounding_does_not_leave_the_ends() -> Result<()> {
    let rise = Schedule::decay(Form::Cosine, 0.01, 0.08, 1 << 40)?;
    assert_eq!(at(&rise, [1, 2, 3]), [0.01; 3]);
    Ok(())
}

/// A cosine of the bare step number is a wave: after the last step it climbs back to the maximum.
#[test]
fn a_cosine_does_not_come_back_after_its_last_step() -> Result<()> {
    let cosine = Schedule::decay(Form::Cosine, 1.0, 0.125, 10)?;
    for step in (10..50).chain([u64::MAX - 1, u64::MAX]) {
        assert_eq!(cosine.at(step), 0.125, "step {step}");
    }
    Ok(())
}

#[test]
fn a_drop_comes_after_its_step() -> Result<()> {
    let staircase = Schedule::staircase(0.5, 3)?;
    assert_eq!(at(&staircase, [0, 1, 3, 4, 6, 7, 9]), [1.0, 1.0, 1.0, 0.5, 0.5, 0.25, 0.25]);
    let milestones = Schedule::milestones(0.5, [3, 6])?;
    assert_eq!(at(&milestones, [0, 1, 3, 4, 6, 7, u64::MAX]), [1.0, 1.0, 1.0, 0.5, 0.5, 0.25, 0.25]);
    assert_eq!(at(&Schedule::milestones(0.5, [])?, [1, u64::MAX]), [1.0, 1.0]);
    Ok(())
}

#[test]
fn an_exponential_meets_the_staircase_where_a_stair_begins() -> Result<()> {
    let (smooth, stairs) = (Schedule::exponential(0.3, 7)?, Schedule::staircase(0.3, 7)?);
    for step in [1, 8, 15, 22, 71] {
        assert_eq!(smooth.at(step), stairs.at(step), "step {step}");
    }
    assert_close(at(&Schedule::exponential(0.25, 4)?, [3, 7]), [0.5, 0.125]);
    Ok(())
}

#[test]
fn the_schedule_of_the_transformer_is_its_formula_over_its_peak() -> Result<()> {
    let warm_up = 4000.0f64;
    let paper = |step: f64| step.powf(-0.5).min(step * warm_up.powf(-1.5));
    let schedule = Schedule::inverse_square_root(4000)?;
    assert_eq!(schedule.at(4000), 1.0);
    for step in [1, 100, 3999, 4000, 4001, 100_000] {
        assert_close([schedule.at(step)], [paper(step as f64) / paper(warm_up)]);
    }
    Ok(())
}

#[test]
fn the_phases_of_warm_up_stable_decay_share_their_ends() -> Result<()> {
    let phases = WarmUpStableDecay { warm_up: 2, stable: 3, decay: 4, form: Form::Linear, end: 0.0 };
    let schedule = Schedule::warm_up_stable_decay(phases.clone())?;
    let steps = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    assert_eq!(at(&schedule, steps), [0.5, 1.0, 1.0, 1.0, 1.0, 0.75, 0.5, 0.25, 0.0, 0.0]);

    let without_warm_up = WarmUpStableDecay { warm_up: 0, stable: 1, ..phases.clone() };
    let schedule = Schedule::warm_up_stable_decay(without_warm_up)?;
    assert_eq!(at(&schedule, [1, 2, 3, 4, 5, 6]), [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]);

    let without_stable = WarmUpStableDecay { stable: 0, ..phases };
    let schedule = Schedule::warm_up_stable_decay(without_stable)?;
    assert_eq!(at(&schedule, [1, 2, 3, 4, 5, 6]), [0.5, 1.0, 0.75, 0.5, 0.25, 0.0]);
    Ok(())
}

#[test]
fn one_cycle_rises_and_falls() -> Result<()> {
    let cycle = OneCycle { steps: 9, peak: 5, initial_divisor: 4.0, final_divisor: 2.0, form: Form::Linear };
    let linear = Schedule::one_cycle(cycle.clone())?;
    assert_eq!(at(&linear, [1, 3, 5, 7, 9, 10]), [0.25, 0.625, 1.0, 0.5625, 0.125, 0.125]);
    let cosine = Schedule::one_cycle(OneCycle { form: Form::Cosine, ..cycle })?;
    assert_eq!(at(&cosine, [1, 3, 5, 7, 9, 10]), [0.25, 0.625, 1.0, 0.5625, 0.125, 0.125]);
    Ok(())
}

/// `OneCycleLR(max_lr=1, total_steps=10)` of torch, at its steps 0 to 9.
#[test]
fn one_cycle_over_ten_steps_is_that_of_torch() -> Result<()> {
    let cosine = |start: f64, end: f64, over: f64| {
        end + (start - end) / 2.0 * ((core::f64::consts::PI * over).cos() + 1.0)
    };
    let schedule = Schedule::one_cycle(OneCycle::over(10))?;
    for step in 0..10u32 {
        let zero_based = f64::from(step);
        let torch = match step {
            0..=2 => cosine(0.04, 1.0, zero_based / 2.0),
            _ => cosine(1.0, 4e-6, (zero_based - 2.0) / 7.0),
        };
        assert_close([schedule.at(u64::from(step) + 1)], [torch]);
    }
    Ok(())
}

#[test]
fn the_usual_cycle_is_valid_as_soon_as_there_is_room_for_it() {
    assert!(Schedule::one_cycle(OneCycle::over(2)).is_err());
    for steps in [3, 4, 5, 10, 99, u64::MAX] {
        assert!(Schedule::one_cycle(OneCycle::over(steps)).is_ok(), "{steps} steps");
    }
}

#[test]
fn a_cool_down_takes_the_last_share_of_the_steps() -> Result<()> {
    let tenth = Schedule::cool_down(CoolDown::over(40))?;
    assert_eq!(at(&tenth, [1, 36, 37, 38, 39, 40, 41]), [1.0, 1.0, 0.75, 0.5, 0.25, 0.0, 0.0]);
    let all = Schedule::cool_down(CoolDown { steps: 5, share: 1.0 })?;
    assert_eq!(at(&all, [1, 2, 3, 4, 5, 6]), [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]);
    let less_than_a_step = Schedule::cool_down(CoolDown { steps: 5, share: 1e-300 })?;
    assert_eq!(at(&less_than_a_step, [1, 4, 5, 6]), [1.0, 1.0, 0.0, 0.0]);
    Ok(())
}

#[test]
fn the_pieces_of_a_sequence_count_their_own_steps() -> Result<()> {
    let warm_up = Schedule::warm_up(2, Rise::Linear, Count::StepOverN);
    let decay = Schedule::decay(Form::Linear, 1.0, 0.5, 3)?;
    let sequence = Schedule::sequence([(2, warm_up), (3, decay.clone())], decay)?;
    assert_eq!(
        at(&sequence, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
        [0.5, 0.5, 1.0, 1.0, 0.75, 0.5, 1.0, 0.75, 0.5, 0.5]
    );
    Ok(())
}

#[test]
fn long_pieces_do_not_overflow() -> Result<()> {
    let one = Schedule::default;
    let last = Schedule::constant(2.0)?;
    let sequence = Schedule::sequence([(u64::MAX, one()), (u64::MAX, one())], last)?;
    assert_eq!(sequence.at(u64::MAX), 1.0);
    Ok(())
}

#[test]
fn combinations_combine_the_same_step() -> Result<()> {
    let rise = Schedule::decay(Form::Linear, 0.0, 1.0, 5)?;
    let fall = Schedule::decay(Form::Linear, 1.0, 0.0, 5)?;
    let steps = [1, 2, 3, 4, 5];
    let product = Schedule::product([rise.clone(), fall.clone()])?;
    assert_eq!(at(&product, steps), [0.0, 0.1875, 0.25, 0.1875, 0.0]);
    let minimum = Schedule::minimum([rise.clone(), fall])?;
    assert_eq!(at(&minimum, steps), [0.0, 0.25, 0.5, 0.25, 0.0]);
    assert_eq!(at(&rise.scaled(4.0)?, steps), [0.0, 1.0, 2.0, 3.0, 4.0]);
    Ok(())
}

//! Any schedule there is.

use gradus::schedule::{CoolDown, Count, Form, OneCycle, Rise, Schedule, WarmUpStableDecay};
use proptest::prelude::*;

/// Few steps, many, and all.
pub fn length(least: u64) -> impl Strategy<Value = u64> {
    prop_oneof![4 => least..100, 2 => least..100_000, 1 => least..=u64::MAX, 1 => Just(u64::MAX)]
}

/// Steps near the beginning, near an end, and anywhere.
pub fn step(end: u64) -> impl Strategy<Value = u64> {
    let near = end.saturating_sub(3)..=end.saturating_add(3);
    prop_oneof![2 => 0..100u64, 2 => near, 1 => 0..=u64::MAX, 1 => Just(u64::MAX)]
}

/// What a schedule may begin or end with.
pub fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        2 => prop::sample::select(vec![0.0, 1.0, 0.1, 1e-3]),
        3 => 0.0..2.0f64,
        1 => prop::sample::select(vec![f64::MAX, f64::MIN_POSITIVE, 5e-324]),
    ]
}

pub fn rise() -> impl Strategy<Value = Rise> {
    prop::sample::select(vec![Rise::Linear, Rise::Quadratic])
}

pub fn count() -> impl Strategy<Value = Count> {
    prop::sample::select(vec![Count::StepOverN, Count::StepOverNPlus1, Count::StepMinusOneOverN])
}

/// Any form but the geometric one, which excludes 0.
pub fn form() -> impl Strategy<Value = Form> {
    prop_oneof![
        Just(Form::Cosine),
        Just(Form::Linear),
        Just(Form::OneMinusRoot),
        prop_oneof![0.1..8.0f64, Just(1e-300), Just(1e300)].prop_map(|power| Form::Polynomial { power }),
    ]
}

/// A form with the ends of a decay.
pub fn decay() -> impl Strategy<Value = (Form, f64, f64)> {
    let positive = || value().prop_map(|value| value.max(5e-324));
    prop_oneof![4 => (form(), value(), value()), 1 => (Just(Form::Geometric), positive(), positive())]
}

pub fn factor() -> impl Strategy<Value = f64> {
    prop_oneof![4 => 0.01..=1.0f64, 1 => prop::sample::select(vec![1.0, 5e-324, 1.0 - f64::EPSILON / 2.0])]
}

/// Strictly rising steps.
pub fn milestones() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::btree_set(length(1), 0..5).prop_map(|set| set.into_iter().collect())
}

pub fn phases() -> impl Strategy<Value = WarmUpStableDecay> {
    (length(0), length(1), length(1), form(), 0.0..=1.0f64).prop_map(|(warm_up, stable, decay, form, end)| {
        WarmUpStableDecay { warm_up, stable, decay, form, end }
    })
}

pub fn cycle() -> impl Strategy<Value = OneCycle> {
    let steps = length(3).prop_flat_map(|steps| (Just(steps), 2..steps));
    let divisor = || prop_oneof![1.0..1e5f64, Just(1.0), Just(f64::MAX)];
    (steps, divisor(), divisor(), form()).prop_map(|((steps, peak), initial_divisor, final_divisor, form)| {
        OneCycle { steps, peak, initial_divisor, final_divisor, form }
    })
}

pub fn cool_down() -> impl Strategy<Value = CoolDown> {
    let share = prop_oneof![4 => 0.001..=1.0f64, 1 => prop::sample::select(vec![1.0, 5e-324])];
    (length(2), share).prop_map(|(steps, share)| CoolDown { steps, share })
}

/// Every kind, alone.
fn kind() -> impl Strategy<Value = Schedule> {
    let made = |schedule: gradus::error::Result<Schedule>| schedule.expect("the arguments are in range");
    prop_oneof![
        value().prop_map(move |value| made(Schedule::constant(value))),
        (length(0), rise(), count()).prop_map(|(steps, rise, count)| Schedule::warm_up(steps, rise, count)),
        (decay(), length(2))
            .prop_map(move |((form, start, end), steps)| made(Schedule::decay(form, start, end, steps))),
        (factor(), length(1)).prop_map(move |(factor, every)| made(Schedule::staircase(factor, every))),
        (factor(), length(1)).prop_map(move |(factor, every)| made(Schedule::exponential(factor, every))),
        (factor(), milestones()).prop_map(move |(factor, after)| made(Schedule::milestones(factor, after))),
        length(1).prop_map(move |warm_up| made(Schedule::inverse_square_root(warm_up))),
        phases().prop_map(move |phases| made(Schedule::warm_up_stable_decay(phases))),
        cycle().prop_map(move |cycle| made(Schedule::one_cycle(cycle))),
        cool_down().prop_map(move |cool_down| made(Schedule::cool_down(cool_down))),
    ]
}

/// Every kind and every combination, some of them deep.
pub fn schedule() -> impl Strategy<Value = Schedule> {
    kind().prop_recursive(3, 12, 3, |inner| {
        let several = || prop::collection::vec(inner.clone(), 1..4);
        let pieces = prop::collection::vec((length(1), inner.clone()), 0..3);
        prop_oneof![
            (pieces, inner.clone()).prop_map(|(pieces, last)| {
                Schedule::sequence(pieces, last).expect("every piece has a step")
            }),
            several().prop_filter_map("overflows", |of| Schedule::product(of).ok()),
            several().prop_map(|of| Schedule::minimum(of).expect("there is one")),
            (inner.clone(), 0.0..4.0f64)
                .prop_filter_map("overflows", |(schedule, scale)| schedule.scaled(scale).ok()),
        ]
    })
}

//! What constructors refuse, in which words; a document that says the same is refused with the same words.

use gradus::error::Result;
use gradus::schedule::{CoolDown, Form, OneCycle, Schedule, WarmUpStableDecay};

#[track_caller]
fn assert_refused(refused: Result<Schedule>, document: &str, words: &str) {
    assert_eq!(refused.expect_err("it is out of range").to_string(), words);
    let error = serde_json::from_str::<Schedule>(document).expect_err("it is out of range").to_string();
    assert!(error.starts_with(words), "{error}\ninstead of\n{words}");
}

#[test]
fn a_constant_is_finite() {
    assert_refused(
        Schedule::constant(-1.0),
        r#"{"constant": {"value": -1}}"#,
        "value of a constant is -1, but must satisfy 0 <= value < ∞",
    );
    for value in [f64::NAN, f64::INFINITY] {
        assert!(Schedule::constant(value).is_err());
    }
}

#[test]
fn a_decay_has_two_steps_and_finite_ends() {
    assert_refused(
        Schedule::decay(Form::Linear, 1.0, 0.0, 1),
        r#"{"decay": {"form": "linear", "start": 1, "end": 0, "steps": 1}}"#,
        "length of a decay is 1, but must satisfy 2 <= value",
    );
    assert_refused(
        Schedule::decay(Form::Cosine, -1.0, 0.0, 2),
        r#"{"decay": {"form": "cosine", "start": -1, "end": 0, "steps": 2}}"#,
        "start of a decay is -1, but must satisfy 0 <= value < ∞",
    );
    assert_refused(
        Schedule::decay(Form::OneMinusRoot, 1.0, -0.5, 2),
        r#"{"decay": {"form": "one_minus_root", "start": 1, "end": -0.5, "steps": 2}}"#,
        "end of a decay is -0.5, but must satisfy 0 <= value < ∞",
    );
    assert_refused(
        Schedule::decay(Form::Geometric, 1.0, 0.0, 2),
        r#"{"decay": {"form": "geometric", "start": 1, "end": 0, "steps": 2}}"#,
        "end of a decay is 0, but must satisfy 0 < value < ∞, to be geometric",
    );
    assert_refused(
        Schedule::decay(Form::Polynomial { power: 0.0 }, 1.0, 0.0, 2),
        r#"{"decay": {"form": {"polynomial": {"power": 0}}, "start": 1, "end": 0, "steps": 2}}"#,
        "power of a polynomial is 0, but must satisfy 0 < value < ∞",
    );
    for bad in [f64::NAN, f64::INFINITY] {
        assert!(Schedule::decay(Form::Linear, bad, 0.0, 2).is_err());
        assert!(Schedule::decay(Form::Geometric, 1.0, bad, 2).is_err());
        assert!(Schedule::decay(Form::Polynomial { power: bad }, 1.0, 0.0, 2).is_err());
    }
}

#[test]
fn drops_lower() {
    assert_refused(
        Schedule::staircase(1.5, 10),
        r#"{"staircase": {"factor": 1.5, "every": 10}}"#,
        "factor of a staircase is 1.5, but must satisfy 0 < value <= 1",
    );
    assert_refused(
        Schedule::staircase(0.5, 0),
        r#"{"staircase": {"factor": 0.5, "every": 0}}"#,
        "width of a stair is 0, but must satisfy 1 <= value",
    );
    assert_refused(
        Schedule::milestones(0.0, [10]),
        r#"{"milestones": {"factor": 0, "after": [10]}}"#,
        "factor of milestones is 0, but must satisfy 0 < value <= 1",
    );
    assert_refused(
        Schedule::milestones(0.1, [0]),
        r#"{"milestones": {"factor": 0.1, "after": [0]}}"#,
        "milestone is 0, but must satisfy 1 <= value, and more than the milestone before it",
    );
    assert_refused(
        Schedule::milestones(0.1, [30, 60, 60]),
        r#"{"milestones": {"factor": 0.1, "after": [30, 60, 60]}}"#,
        "milestone is 60, but must satisfy 1 <= value, and more than the milestone before it",
    );
    assert_refused(
        Schedule::exponential(2.0, 1),
        r#"{"exponential": {"factor": 2, "every": 1}}"#,
        "factor of an exponential is 2, but must satisfy 0 < value <= 1",
    );
    assert_refused(
        Schedule::exponential(0.5, 0),
        r#"{"exponential": {"factor": 0.5, "every": 0}}"#,
        "steps per factor of an exponential is 0, but must satisfy 1 <= value",
    );
    assert!(Schedule::staircase(f64::NAN, 1).is_err());
    assert!(Schedule::milestones(f64::NAN, []).is_err());
    assert!(Schedule::exponential(f64::NAN, 1).is_err());
}

#[test]
fn an_inverse_square_root_has_a_peak() {
    assert_refused(
        Schedule::inverse_square_root(0),
        r#"{"inverse_square_root": {"warm_up": 0}}"#,
        "warm-up of an inverse square root is 0, but must satisfy 1 <= value",
    );
}

#[test]
fn warm_up_stable_decay_begins_and_ends() {
    let phases = WarmUpStableDecay { warm_up: 1, stable: 1, decay: 1, form: Form::Linear, end: 0.0 };
    let document = |phases: &str| format!(r#"{{"warm_up_stable_decay": {{{phases}}}}}"#);
    assert_refused(
        Schedule::warm_up_stable_decay(WarmUpStableDecay { warm_up: 0, stable: 0, ..phases.clone() }),
        &document(r#""warm_up": 0, "stable": 0, "decay": 1, "form": "linear", "end": 0"#),
        "warm-up and stable steps before a decay is 0, but must satisfy 1 <= value",
    );
    assert_refused(
        Schedule::warm_up_stable_decay(WarmUpStableDecay { decay: 0, ..phases.clone() }),
        &document(r#""warm_up": 1, "stable": 1, "decay": 0, "form": "linear", "end": 0"#),
        "decay after the stable steps is 0, but must satisfy 1 <= value",
    );
    assert_refused(
        Schedule::warm_up_stable_decay(WarmUpStableDecay { end: 1.5, ..phases.clone() }),
        &document(r#""warm_up": 1, "stable": 1, "decay": 1, "form": "linear", "end": 1.5"#),
        "end after the stable steps is 1.5, but must satisfy 0 <= value <= 1",
    );
    assert_refused(
        Schedule::warm_up_stable_decay(WarmUpStableDecay { form: Form::Geometric, ..phases }),
        &document(r#""warm_up": 1, "stable": 1, "decay": 1, "form": "geometric", "end": 0"#),
        "end after the stable steps is 0, but must satisfy 0 < value < ∞, to be geometric",
    );
}

#[test]
fn a_cycle_has_room_for_its_peak() {
    let cycle = |steps, peak, initial, last| {
        let form = Form::Linear;
        let document = format!(
            r#"{{"one_cycle": {{"steps": {steps}, "peak": {peak}, "initial_divisor": {initial:?},
                "final_divisor": {last:?}, "form": "linear"}}}}"#
        );
        let cycle = OneCycle { steps, peak, initial_divisor: initial, final_divisor: last, form };
        (Schedule::one_cycle(cycle), document)
    };
    let (refused, document) = cycle(2, 2, 1.0, 1.0);
    assert_refused(refused, &document, "length of a cycle is 2, but must satisfy 3 <= value");
    for peak in [0, 1, 10, 11] {
        let (refused, document) = cycle(10, peak, 1.0, 1.0);
        let words = format!("peak of a cycle is {peak}, but must satisfy 2 <= value < length of the cycle");
        assert_refused(refused, &document, &words);
    }
    let (refused, document) = cycle(10, 3, 0.5, 1.0);
    assert_refused(refused, &document, "initial divisor is 0.5, but must satisfy 1 <= value < ∞");
    let (refused, document) = cycle(10, 3, 1.0, 0.5);
    assert_refused(refused, &document, "final divisor is 0.5, but must satisfy 1 <= value < ∞");
    assert!(cycle(10, 3, f64::NAN, 1.0).0.is_err());

    let too_small = OneCycle {
        initial_divisor: 1e300,
        final_divisor: 1e300,
        form: Form::Geometric,
        ..OneCycle::over(10)
    };
    assert_refused(
        Schedule::one_cycle(too_small),
        r#"{"one_cycle": {"steps": 10, "peak": 3, "initial_divisor": 1e300, "final_divisor": 1e300,
            "form": "geometric"}}"#,
        "value of a cycle's last step is 0, but must satisfy 0 < value < ∞, to be geometric",
    );
}

#[test]
fn a_cool_down_is_a_share() {
    assert_refused(
        Schedule::cool_down(CoolDown::over(1)),
        r#"{"cool_down": {"steps": 1, "share": 0.1}}"#,
        "length before a cool-down ends is 1, but must satisfy 2 <= value",
    );
    for share in [0.0, 1.5] {
        assert_refused(
            Schedule::cool_down(CoolDown { steps: 10, share }),
            &format!(r#"{{"cool_down": {{"steps": 10, "share": {share}}}}}"#),
            &format!("share of a cool-down is {share}, but must satisfy 0 < value <= 1"),
        );
    }
}

#[test]
fn a_combination_combines_something() {
    assert_refused(
        Schedule::product([]),
        r#"{"product": {"of": []}}"#,
        "number of schedules in a product is 0, but must satisfy 1 <= value",
    );
    assert_refused(
        Schedule::minimum([]),
        r#"{"minimum": {"of": []}}"#,
        "number of schedules in a minimum is 0, but must satisfy 1 <= value",
    );
    assert_refused(
        Schedule::sequence([(0, Schedule::default())], Schedule::default()),
        r#"{"sequence": {"pieces": [{"steps": 0, "schedule": {"constant": {"value": 1}}}], "last": {"constant": {"value": 1}}}}"#,
        "length of a piece of a sequence is 0, but must satisfy 1 <= value",
    );
}

#[test]
fn a_product_does_not_overflow() -> Result<()> {
    let large = || Schedule::constant(1e300);
    assert_refused(
        Schedule::product([large()?, large()?, Schedule::constant(0.0)?]),
        r#"{"product": {"of": [{"constant": {"value": 1e300}}, {"constant": {"value": 1e300}}]}}"#.trim_end(),
        "largest value of a product is inf, but must satisfy value < ∞",
    );
    assert!(large()?.scaled(1e300).is_err());
    Ok(())
}

#[test]
fn a_scale_is_finite() {
    let error = Schedule::default().scaled(-2.0).expect_err("it is negative");
    assert_eq!(error.to_string(), "scale of a schedule is -2, but must satisfy 0 <= value < ∞");
}

//! Schedules as documents.

use gradus::error::Result;
use gradus::schedule::{CoolDown, Count, Form, Rise, Schedule};

#[track_caller]
fn assert_document(schedule: &Schedule, text: &str) {
    assert_eq!(serde_json::to_string(schedule).expect("a schedule is plain data"), text);
    assert_eq!(serde_json::from_str::<Schedule>(text).expect("the text is valid"), *schedule);
}

/// The text is an interface: files that were written once are read by every later version.
#[test]
fn the_text_of_a_document() -> Result<()> {
    let warm_up = Schedule::warm_up(10, Rise::Quadratic, Count::StepMinusOneOverN);
    assert_document(
        &warm_up,
        r#"{"warm_up":{"steps":10,"rise":"quadratic","count":"step_minus_one_over_n"}}"#,
    );
    let decay = Schedule::decay(Form::Polynomial { power: 0.5 }, 1.0, 0.25, 10)?;
    assert_document(
        &decay,
        r#"{"decay":{"form":{"polynomial":{"power":0.5}},"start":1.0,"end":0.25,"steps":10}}"#,
    );
    let sequence = Schedule::sequence([(10, Schedule::default())], Schedule::milestones(0.1, [3, 6])?)?;
    assert_document(
        &sequence,
        r#"{"sequence":{"pieces":[{"steps":10,"schedule":{"constant":{"value":1.0}}}],"last":{"milestones":{"factor":0.1,"after":[3,6]}}}}"#,
    );
    let product = Schedule::product([Schedule::cool_down(CoolDown::over(100))?])?;
    assert_document(&product, r#"{"product":{"of":[{"cool_down":{"steps":100,"share":0.1}}]}}"#);
    Ok(())
}

#[test]
fn what_is_wrong_deep_inside_is_refused_too() {
    let text = r#"{"minimum": {"of": [{"product": {"of": [{"constant": {"value": -1}}]}}]}}"#;
    let error = serde_json::from_str::<Schedule>(text).expect_err("a value is negative").to_string();
    assert!(error.starts_with("value of a constant is -1, but must satisfy 0 <= value < ∞"), "{error}");
}

#[test]
fn unknown_words_are_refused() {
    for (text, word) in [
        (r#"{"cosine": {}}"#, "unknown variant `cosine`"),
        (r#"{"constant": {"value": 1, "steps": 3}}"#, "unknown field `steps`"),
        (r#"{"cool_down": {"steps": 3}}"#, "missing field `share`"),
        (r#"{"cool_down": {"steps": -3, "share": 0.1}}"#, "invalid value: integer `-3`"),
    ] {
        let error = serde_json::from_str::<Schedule>(text).expect_err("it is no schedule").to_string();
        assert!(error.starts_with(word), "{error}");
    }
}

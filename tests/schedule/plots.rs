//! The plots in the reference are drawn by the code that they describe.

use gradus::error::Result;
use gradus::schedule::{CoolDown, Count, Form, OneCycle, Rise, Schedule, WarmUpStableDecay};
use std::fs;
use std::path::Path;

/// One column per step.
const STEPS: u64 = 60;
const ROWS: usize = 6;

#[test]
fn the_reference_shows_each_schedule_as_it_is() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/schedule");
    let files = fs::read_dir(folder).expect("the folder can be listed");
    let sources: String = files
        .map(|file| fs::read_to_string(file.expect("the folder can be listed").path()))
        .collect::<Result<_, _>>()
        .expect("a source file is text");
    for (caption, schedule) in schedules()? {
        let plot: String = plot(caption, &schedule)
            .lines()
            .map(|line| format!("    /// {line}").trim_end().to_owned() + "\n")
            .collect();
        assert!(sources.contains(&plot), "the reference does not have\n{plot}");
    }
    Ok(())
}

fn schedules() -> Result<Vec<(&'static str, Schedule)>> {
    let warm_up = Schedule::warm_up(20, Rise::Linear, Count::StepOverN);
    let cosine = Schedule::decay(Form::Cosine, 1.0, 0.0, 60)?;
    let phases = WarmUpStableDecay { warm_up: 10, stable: 20, decay: 20, form: Form::OneMinusRoot, end: 0.0 };
    Ok(vec![
        ("constant(0.6)", Schedule::constant(0.6)?),
        (
            "warm_up(50, Rise::Linear, Count::StepOverN)",
            Schedule::warm_up(50, Rise::Linear, Count::StepOverN),
        ),
        (
            "warm_up(50, Rise::Quadratic, Count::StepOverN)",
            Schedule::warm_up(50, Rise::Quadratic, Count::StepOverN),
        ),
        ("decay(Form::Cosine, 1.0, 0.2, 50)", Schedule::decay(Form::Cosine, 1.0, 0.2, 50)?),
        ("decay(Form::Linear, 1.0, 0.2, 50)", Schedule::decay(Form::Linear, 1.0, 0.2, 50)?),
        (
            "decay(Form::Polynomial { power: 3.0 }, 1.0, 0.2, 50)",
            Schedule::decay(Form::Polynomial { power: 3.0 }, 1.0, 0.2, 50)?,
        ),
        ("staircase(0.5, 15)", Schedule::staircase(0.5, 15)?),
        ("milestones(0.5, [30, 50])", Schedule::milestones(0.5, [30, 50])?),
        ("exponential(0.5, 15)", Schedule::exponential(0.5, 15)?),
        ("inverse_square_root(10)", Schedule::inverse_square_root(10)?),
        (
            "WarmUpStableDecay { warm_up: 10, stable: 20, decay: 20, form: Form::OneMinusRoot, end: 0.0 }",
            Schedule::warm_up_stable_decay(phases)?,
        ),
        ("OneCycle::over(60)", Schedule::one_cycle(OneCycle::over(60))?),
        ("CoolDown { steps: 60, share: 0.3 }", Schedule::cool_down(CoolDown { steps: 60, share: 0.3 })?),
        (
            "sequence([(20, warm_up(20, ..)), (20, decay(..))], decay(..))",
            Schedule::sequence([(20, warm_up.clone()), (20, cosine_over(20)?)], cosine_over(20)?)?,
        ),
        (
            "product([warm_up(20, ..), decay(Form::Cosine, 1.0, 0.0, 60)])",
            Schedule::product([warm_up, cosine])?,
        ),
        (
            "minimum([constant(0.6), inverse_square_root(10)])",
            Schedule::minimum([Schedule::constant(0.6)?, Schedule::inverse_square_root(10)?])?,
        ),
    ])
}

fn cosine_over(steps: u64) -> Result<Schedule> {
    Schedule::decay(Form::Cosine, 1.0, 0.0, steps)
}

/// From 0 to 1, one column per step.
fn plot(caption: &str, schedule: &Schedule) -> String {
    let row_of = |value: f64| ((1.0 - value) * (ROWS - 1) as f64).round() as usize;
    let mut text = format!("```text\n{caption}\n");
    for row in 0..ROWS {
        let label = match row {
            0 => "1",
            _ if row == ROWS - 1 => "0",
            _ => " ",
        };
        let columns: String =
            (1..=STEPS).map(|step| if row_of(schedule.at(step)) == row { '*' } else { ' ' }).collect();
        text += format!("{label} │{columns}").trim_end();
        text += "\n";
    }
    let axis = "─".repeat(STEPS as usize - 3);
    text + &format!("  └1{axis}{STEPS}\n```\n")
}

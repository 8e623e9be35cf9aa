//! One schedule of each kind, for a training of 100 steps.

use gradus::error::Result;
use gradus::schedule::{CoolDown, Count, Form, OneCycle, Rise, Schedule, WarmUpStableDecay};

/// The steps that are drawn; some schedules end before.
pub const STEPS: u64 = 100;

/// A plot: its title, and its curves with their names.
pub struct Panel {
    pub title: &'static str,
    pub curves: Vec<(&'static str, Schedule)>,
}

pub fn all() -> Result<Vec<Panel>> {
    Ok(vec![
        warm_ups(),
        decays()?,
        drops()?,
        without_an_end()?,
        in_phases()?,
        cycles()?,
        cool_downs()?,
        sequences()?,
        combinations()?,
    ])
}

fn warm_ups() -> Panel {
    let warm_up = |rise| Schedule::warm_up(80, rise, Count::StepOverN);
    let curves = vec![("linear", warm_up(Rise::Linear)), ("quadratic", warm_up(Rise::Quadratic))];
    Panel { title: "warm-up", curves }
}

fn decays() -> Result<Panel> {
    let forms = [
        ("cosine", Form::Cosine),
        ("linear", Form::Linear),
        ("polynomial, power 3", Form::Polynomial { power: 3.0 }),
        ("one minus root", Form::OneMinusRoot),
        ("geometric", Form::Geometric),
    ];
    let curve = |(name, form)| Ok((name, Schedule::decay(form, 1.0, 0.1, 80)?));
    Ok(Panel { title: "decay", curves: forms.into_iter().map(curve).collect::<Result<_>>()? })
}

fn drops() -> Result<Panel> {
    let curves = vec![
        ("staircase", Schedule::staircase(0.7, 20)?),
        ("milestones", Schedule::milestones(0.3, [50, 75])?),
    ];
    Ok(Panel { title: "step decay", curves })
}

fn without_an_end() -> Result<Panel> {
    let curves = vec![
        ("constant", Schedule::constant(0.8)?),
        ("exponential", Schedule::exponential(0.7, 20)?),
        ("inverse square root", Schedule::inverse_square_root(10)?),
    ];
    Ok(Panel { title: "without an end", curves })
}

fn in_phases() -> Result<Panel> {
    let phases = |form| {
        Schedule::warm_up_stable_decay(WarmUpStableDecay {
            warm_up: 10,
            stable: 50,
            decay: 30,
            form,
            end: 0.0,
        })
    };
    let curves = vec![("linear", phases(Form::Linear)?), ("one minus root", phases(Form::OneMinusRoot)?)];
    Ok(Panel { title: "warm-up, stable, decay", curves })
}

fn cycles() -> Result<Panel> {
    let cycle = OneCycle::over(90);
    let linear = OneCycle { form: Form::Linear, ..cycle.clone() };
    let curves = vec![("cosine", Schedule::one_cycle(cycle)?), ("linear", Schedule::one_cycle(linear)?)];
    Ok(Panel { title: "one cycle", curves })
}

fn cool_downs() -> Result<Panel> {
    let curves = vec![
        ("last tenth", Schedule::cool_down(CoolDown::over(STEPS))?),
        ("last 40 %", Schedule::cool_down(CoolDown { steps: STEPS, share: 0.4 })?),
    ];
    Ok(Panel { title: "cool-down", curves })
}

fn sequences() -> Result<Panel> {
    let warm_up = Schedule::warm_up(10, Rise::Linear, Count::StepOverN);
    let restart = |steps, start| Schedule::decay(Form::Cosine, start, 0.0, steps);
    let pieces = [(10, warm_up), (30, restart(30, 1.0)?)];
    let curves = vec![("warm restarts", Schedule::sequence(pieces, restart(60, 0.7)?)?)];
    Ok(Panel { title: "sequence", curves })
}

fn combinations() -> Result<Panel> {
    let warm_up = Schedule::warm_up(20, Rise::Linear, Count::StepOverN);
    let cosine = Schedule::decay(Form::Cosine, 1.0, 0.0, STEPS)?;
    let curves = vec![
        ("product: warm-up, cosine", Schedule::product([warm_up, cosine])?),
        (
            "minimum: 0.6, inverse square root",
            Schedule::minimum([Schedule::constant(0.6)?, Schedule::inverse_square_root(10)?])?,
        ),
    ];
    Ok(Panel { title: "combinations", curves })
}

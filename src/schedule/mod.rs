//! Schedules: from the number of a step to a number.
//!
//! A [`Schedule`] is data: it can be cloned, compared, printed and, with the feature `serde`, written to
//! a file. [`at`](Schedule::at) is a pure function of the 1-based number of the whole step, so nothing
//! about it has to be saved to go on with a training. By habit the numbers are *factors* of a base
//! value, where 1 is the base itself, but nothing here depends on that.
//!
//! ```
//! use gradus::schedule::{Count, Form, Rise, Schedule};
//!
//! let warm_up = Schedule::warm_up(100, Rise::Linear, Count::StepOverN);
//! let decay = Schedule::decay(Form::Cosine, 1.0, 0.1, 900)?;
//! let schedule = Schedule::sequence([(100, warm_up)], decay)?;
//! assert_eq!([1, 50, 100].map(|step| schedule.at(step)), [0.01, 0.5, 1.0]);
//! assert_eq!([101, 1000, u64::MAX].map(|step| schedule.at(step)), [1.0, 0.1, 0.1]);
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! # Which steps have the first and the last value
//!
//! Steps are numbered from 1; step 0, which does not exist, has the value of step 1. A schedule *over n
//! steps* has its start value at step 1 and its end value at step n, both exactly, and keeps the end
//! value at every later step. So n steps of training use n values, and the last of them is the end value
//! itself; where that is 0 the last step moves nothing, and a schedule over n + 1 steps ends just above.
//! In schedules of several phases the step at which one phase ends is the one at which the next begins.
//!
//! | Schedule | Step 1 | Between | Last value, from this step on |
//! |---|---|---|---|
//! | [`constant`](Schedule::constant) | the value | | the value, 1 |
//! | [`warm_up`](Schedule::warm_up), [`Count::StepOverN`] | 1/n | | 1, n |
//! | [`warm_up`](Schedule::warm_up), [`Count::StepOverNPlus1`] | 1/(n + 1) | | 1, n + 1 |
//! | [`warm_up`](Schedule::warm_up), [`Count::StepMinusOneOverN`] | 0 | | 1, n + 1 |
//! | [`decay`](Schedule::decay) | start | | end, n |
//! | [`staircase`](Schedule::staircase) | 1 | first drop after step k | falls for ever |
//! | [`milestones`](Schedule::milestones) | 1 | each drop after its milestone | factorᵏ, the step after the last |
//! | [`exponential`](Schedule::exponential) | 1 | the factor at step k + 1 | falls for ever |
//! | [`inverse_square_root`](Schedule::inverse_square_root) | 1/w | 1 at step w | falls for ever |
//! | [`warm_up_stable_decay`](Schedule::warm_up_stable_decay) | 1/w | 1 at the steps w to w + s | end, w + s + d |
//! | [`one_cycle`](Schedule::one_cycle) | 1/initial divisor | 1 at the step of the peak | lowest, n |
//! | [`cool_down`](Schedule::cool_down) | 1 | 1 up to step n − share·n | 0, n |
//! | [`sequence`](Schedule::sequence) | that of the first piece | each piece counts from 1 | that of the last piece |
//! | [`product`](Schedule::product), [`minimum`](Schedule::minimum), [`scaled`](Schedule::scaled) | | of the same step | |
//!
//! Values are finite, at least 0, and never leave the range between the ends. Straight lines and
//! everything made of them rise or fall at no step the wrong way; for cosines and powers that holds up to
//! the last bits of a double. All of it is computed in `f64` by the same code on every platform, so a
//! step has the same bits everywhere.
//!
//! # As a document
//!
//! With the feature `serde` a schedule is written and read like any other data. What a constructor
//! refuses is refused with the same words when it is read. The format keeps every bit of a number if the
//! reader does; `serde_json` needs its feature `float_roundtrip` for that.
//!
//! ```
//! # #[cfg(feature = "serde")] {
//! use gradus::schedule::{Form, Schedule};
//!
//! let schedule = Schedule::decay(Form::Cosine, 1.0, 0.0, 100).expect("the arguments are in range");
//! let text = r#"{"decay":{"form":"cosine","start":1.0,"end":0.0,"steps":100}}"#;
//! assert_eq!(serde_json::to_string(&schedule).expect("a schedule is plain data"), text);
//! assert_eq!(serde_json::from_str::<Schedule>(text).expect("the text is valid"), schedule);
//!
//! let error = serde_json::from_str::<Schedule>(&text.replace("100", "1")).expect_err("one step has no two ends");
//! assert!(error.to_string().starts_with("length of a decay is 1, but must satisfy 2 <= value"));
//! # }
//! ```

mod check;
mod combine;
mod constant;
mod cool_down;
mod decay;
mod exponential;
mod form;
mod inverse_square_root;
mod kind;
mod one_cycle;
mod sequence;
mod step_decay;
mod warm_up;
mod warm_up_stable_decay;

pub use cool_down::CoolDown;
pub use form::Form;
pub use one_cycle::OneCycle;
pub use warm_up::{Count, Rise};
pub use warm_up_stable_decay::WarmUpStableDecay;

use core::ops::RangeInclusive;
use kind::Kind;

/// A function from the 1-based number of the whole step to a finite number that is at least 0.
///
/// The default is the constant 1: the base value at every step.
///
/// ```
/// use gradus::schedule::Schedule;
///
/// assert_eq!(Schedule::default(), Schedule::constant(1.0)?);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Kind", into = "Kind"))]
pub struct Schedule(Kind);

impl Schedule {
    /// The value at the 1-based number of a whole step, for every number there is.
    ///
    /// Step 0 does not exist and has the value of step 1.
    ///
    /// ```
    /// use gradus::schedule::{Form, Schedule};
    ///
    /// let decay = Schedule::decay(Form::Linear, 1.0, 0.0, 5)?;
    /// assert_eq!([1, 2, 3, 4, 5, 6].map(|step| decay.at(step)), [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    pub fn at(&self, step: u64) -> f64 {
        self.0.curve().at(step.max(1))
    }

    /// A range that no value leaves, whatever the step.
    ///
    /// A schedule that falls for ever has the lower bound 0. Combinations may stay well inside: a sequence
    /// does not have to reach the end of each piece.
    ///
    /// ```
    /// use gradus::schedule::{Form, Schedule};
    ///
    /// let decay = Schedule::decay(Form::Cosine, 1.0, 0.1, 1000)?;
    /// assert_eq!(decay.bounds(), 0.1..=1.0);
    /// assert_eq!(decay.scaled(0.5)?.bounds(), 0.05..=0.5);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    pub fn bounds(&self) -> RangeInclusive<f64> {
        let (low, high) = self.0.curve().bounds();
        low..=high
    }
}

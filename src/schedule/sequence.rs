//! One schedule after the other.

use super::Schedule;
use super::check::positive;
use super::kind::{Curve, Kind};
use crate::error::Result;

#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub(super) struct Sequence {
    pieces: Vec<Piece>,
    last: Box<Schedule>,
}

#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
struct Piece {
    steps: u64,
    schedule: Schedule,
}

impl Schedule {
    /// One after the other: each piece for its number of steps, then `last` for ever.
    ///
    /// Every piece counts its own steps from 1. Nothing makes a piece begin where the one before ended.
    ///
    /// ```text
    /// sequence([(20, warm_up(20, ..)), (20, decay(..))], decay(..))
    /// 1 │                 *******                ****
    ///   │              ***       ****                ****
    ///   │          ****              **                  **
    ///   │      ****                    **                  **
    ///   │  ****                          ****                ****
    /// 0 │**                                  ****                ****
    ///   └1─────────────────────────────────────────────────────────60
    /// ```
    ///
    /// # Errors
    /// [`Error::Hyperparameter`](crate::error::Error::Hyperparameter) for a piece of 0 steps.
    ///
    /// ```
    /// use gradus::schedule::{Form, Schedule};
    ///
    /// let decay = Schedule::decay(Form::Linear, 1.0, 0.0, 3)?;
    /// let twice = Schedule::sequence([(3, decay.clone())], decay)?; // a restart
    /// assert_eq!([1, 2, 3, 4, 5, 6, 7].map(|step| twice.at(step)), [1.0, 0.5, 0.0, 1.0, 0.5, 0.0, 0.0]);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    pub fn sequence(pieces: impl IntoIterator<Item = (u64, Self)>, last: Self) -> Result<Self> {
        let pieces = pieces.into_iter().map(|(steps, schedule)| Piece { steps, schedule }).collect();
        Kind::Sequence(Sequence { pieces, last: Box::new(last) }).try_into()
    }
}

impl Curve for Sequence {
    fn check(&self) -> Result<()> {
        self.pieces.iter().try_for_each(|piece| positive("length of a piece of a sequence", piece.steps))
    }

    fn at(&self, step: u64) -> f64 {
        let mut own = step;
        for piece in &self.pieces {
            if own <= piece.steps {
                return piece.schedule.at(own);
            }
            own -= piece.steps;
        }
        self.last.at(own)
    }

    fn bounds(&self) -> (f64, f64) {
        let pieces = self.pieces.iter().map(|piece| piece.schedule.0.curve().bounds());
        let wider = |one: (f64, f64), other: (f64, f64)| (one.0.min(other.0), one.1.max(other.1));
        pieces.fold(self.last.0.curve().bounds(), wider)
    }
}

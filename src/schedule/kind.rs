//! All kinds of schedules, and what each of them has to say.

use super::Schedule;
use super::combine::{Minimum, Product};
use super::constant::Constant;
use super::cool_down::CoolDown;
use super::decay::Decay;
use super::exponential::Exponential;
use super::inverse_square_root::InverseSquareRoot;
use super::one_cycle::OneCycle;
use super::sequence::Sequence;
use super::step_decay::{Milestones, Staircase};
use super::warm_up::WarmUp;
use super::warm_up_stable_decay::WarmUpStableDecay;
use crate::error::{Error, Result};

/// A kind with its arguments, which nobody has checked yet.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub(super) enum Kind {
    Constant(Constant),
    WarmUp(WarmUp),
    Decay(Decay),
    Staircase(Staircase),
    Milestones(Milestones),
    Exponential(Exponential),
    InverseSquareRoot(InverseSquareRoot),
    WarmUpStableDecay(WarmUpStableDecay),
    OneCycle(OneCycle),
    CoolDown(CoolDown),
    Sequence(Sequence),
    Product(Product),
    Minimum(Minimum),
}

/// What a kind is as a function.
pub(super) trait Curve {
    /// Refuses arguments for which the function is not defined. The rest may rely on it.
    fn check(&self) -> Result<()>;

    /// The value at a step that is at least 1.
    fn at(&self, step: u64) -> f64;

    /// The smallest and the largest value there can be.
    fn bounds(&self) -> (f64, f64);
}

impl Kind {
    pub(super) fn curve(&self) -> &dyn Curve {
        match self {
            Self::Constant(curve) => curve,
            Self::WarmUp(curve) => curve,
            Self::Decay(curve) => curve,
            Self::Staircase(curve) => curve,
            Self::Milestones(curve) => curve,
            Self::Exponential(curve) => curve,
            Self::InverseSquareRoot(curve) => curve,
            Self::WarmUpStableDecay(curve) => curve,
            Self::OneCycle(curve) => curve,
            Self::CoolDown(curve) => curve,
            Self::Sequence(curve) => curve,
            Self::Product(curve) => curve,
            Self::Minimum(curve) => curve,
        }
    }
}

/// The one way to a schedule, for constructors and for documents that are read.
impl TryFrom<Kind> for Schedule {
    type Error = Error;

    fn try_from(kind: Kind) -> Result<Self> {
        kind.curve().check()?;
        Ok(Self(kind))
    }
}

impl From<Schedule> for Kind {
    fn from(schedule: Schedule) -> Self {
        schedule.0
    }
}

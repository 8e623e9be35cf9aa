//! The families of formulas that recordings follow: what each package says in its own words, and
//! what it does where nothing is said.

mod heavyball;
mod optimi;
pub(super) mod psgd;
mod schedulefree;
mod sgd_sai;
mod soap;
mod torch;

use crate::catalogue::{Hyperparameters, Value};
use serde_json::Map;

/// The family of formulas that a recording follows.
#[derive(Clone, Copy)]
pub(super) enum Variant {
    Torch,
    Optimi,
    SgdSai,
    Sm3,
    HeavyBall,
    HeavyBallSoap0,
    HeavyBall3,
    KronTorch,
    ScheduleFree,
}

impl Variant {
    pub(super) fn of(hyper: &Map<String, serde_json::Value>) -> Result<Self, String> {
        match hyper.get("variant").and_then(serde_json::Value::as_str) {
            Some("torch") => Ok(Self::Torch),
            Some("optimi") => Ok(Self::Optimi),
            Some("sgd_sai") => Ok(Self::SgdSai),
            Some("sm3") => Ok(Self::Sm3),
            Some("heavyball") => Ok(Self::HeavyBall),
            Some("heavyball_soap_v0") => Ok(Self::HeavyBallSoap0),
            Some("heavyball3") => Ok(Self::HeavyBall3),
            Some("kron_torch") => Ok(Self::KronTorch),
            Some("schedulefree") => Ok(Self::ScheduleFree),
            other => Err(format!("variant `{}`", other.unwrap_or("none"))),
        }
    }

    /// Says in our words what the package says in its own.
    pub(super) fn translate(
        self,
        optimizer: &str,
        theirs: &Hyperparameters,
        ours: &mut Hyperparameters,
    ) -> Result<(), String> {
        match self {
            Self::Torch => torch::translate(optimizer, theirs, ours),
            Self::Optimi => optimi::translate(optimizer, theirs, ours),
            Self::SgdSai | Self::Sm3 => Ok(()),
            Self::HeavyBall => {
                if psgd::is_one(optimizer) {
                    psgd::translate_1(theirs, ours);
                }
                heavyball::translate_1(optimizer, theirs, ours)
            }
            Self::KronTorch => {
                psgd::translate_kron(theirs, ours);
                Ok(())
            }
            Self::HeavyBallSoap0 => {
                soap::translate_0(optimizer, theirs, ours);
                heavyball::translate_1(optimizer, theirs, ours)
            }
            Self::HeavyBall3 => {
                if soap::is_one(optimizer) {
                    soap::translate_3(optimizer, theirs, ours);
                }
                if psgd::is_one(optimizer) {
                    psgd::translate_3(theirs, ours);
                }
                heavyball::translate_3(optimizer, theirs, ours)
            }
            Self::ScheduleFree => schedulefree::translate(optimizer, theirs, ours),
        }
    }

    /// Whether a recording's points for evaluation are those of training, for tensors of a shape.
    pub(super) fn is_left_unevaluated(self, shape: &[usize], ours: &Hyperparameters) -> bool {
        matches!(self, Self::HeavyBallSoap0) && soap::is_left_unevaluated(shape, ours)
    }

    /// Spells out what the package does where nothing is said.
    pub(super) fn fill_in(self, optimizer: &str, ours: &mut Hyperparameters) {
        default(ours, "weight_decay", 0.0);
        match self {
            Self::Torch => torch::fill_in(optimizer, ours),
            Self::Optimi => optimi::fill_in(optimizer, ours),
            Self::SgdSai => sgd_sai::fill_in(ours),
            Self::Sm3 => {}
            Self::HeavyBallSoap0 | Self::HeavyBall3 if soap::is_one(optimizer) => {
                soap::fill_in(optimizer, ours)
            }
            Self::HeavyBall | Self::HeavyBall3 | Self::KronTorch if psgd::is_one(optimizer) => {
                psgd::fill_in(optimizer, ours);
            }
            Self::KronTorch => {}
            Self::HeavyBallSoap0 | Self::HeavyBall | Self::HeavyBall3 => heavyball::fill_in(optimizer, ours),
            Self::ScheduleFree => schedulefree::fill_in(optimizer, ours),
        }
    }
}

/// Gives a hyperparameter a value if it has none.
fn default(ours: &mut Hyperparameters, name: &str, value: impl Into<Value>) {
    if ours.get(name).is_none() {
        ours.set(name, value);
    }
}

/// A number, or 0 if it is absent.
fn number(theirs: &Hyperparameters, name: &str) -> f64 {
    match theirs.get(name) {
        Some(Value::Number(number)) => *number,
        _ => 0.0,
    }
}

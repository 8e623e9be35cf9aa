//! The optimizers by name.

use super::Configuration;
use super::aliases;
use super::hyperparameters::Hyperparameters;
use super::plan::{Plan, Planned};
use super::reader::Reader;
use super::rules::{NormalizedSgdSai, chain};
use crate::error::{Error, Result};
use crate::rule::SgdSai;
use crate::rule::{AdEMAMix, AdamC, Adopt, LaProp};
use crate::rule::{Adadelta, Adagrad, Adamax, AmsGrad, AmsGradW};
use crate::rule::{Adam, AdamW, Lion, Sgd, SgdMomentum};
use crate::rule::{Adan, RAdam, Ranger, StableAdamW};
use crate::rule::{CenteredRmsProp, CenteredRmsPropMomentum, NAdam, RmsProp, RmsPropMomentum};
use crate::rule::{HyperBallAdamW, LaPropOrtho, OrthoLaProp, SignLaProp, SudsAdamW, UnscaledAdamW};
use crate::rule::{MsamLaProp, ScheduleFreeAdamW, ScheduleFreeRAdam, ScheduleFreeSgd};
use crate::rule::{Muon, MuonLaProp, Scion};
use crate::rule::{Pairs, Psgd, PurePsgd};
use crate::rule::{ScheduleFreeSoap, Soap, SoapAdEMAMix, SoapNAdam, Solp};
use crate::rule::{Sm3, Sm3Momentum};
use crate::schedule::Schedule;
use crate::transform::Rule;

/// A rule that the catalogue can make from flat hyperparameters.
pub(super) trait Named: Rule {
    /// The canonical name.
    const NAME: &'static str;
    /// What it is, in a line.
    const SUMMARY: &'static str;

    /// Whether this is the rule that is meant, where several share a name.
    fn is_meant(_by: &Hyperparameters) -> bool {
        true
    }

    /// Reads all hyperparameters that it has.
    fn read(from: &mut Reader<'_>) -> Result<Self>;

    /// Takes what cannot be written down, if it has a place for that.
    fn take_pairs(&mut self, pairs: &Pairs) {
        let _ = pairs;
    }
}

/// The rule of some hyperparameters, all of which it must have.
pub(super) fn rule<R: Named>(hyperparameters: &Hyperparameters) -> Result<R> {
    let mut reader = Reader::new(R::NAME, hyperparameters);
    let rule = R::read(&mut reader)?;
    reader.warm_up()?;
    reader.finish().map(|()| rule)
}

/// The warm-up of some hyperparameters, which every rule may have.
pub(super) fn warm_up_of(
    optimizer: &'static str,
    hyperparameters: &Hyperparameters,
) -> Result<Option<Schedule>> {
    Reader::new(optimizer, hyperparameters).warm_up()
}

/// Something to be done with a rule whose type follows from a name.
pub(super) trait Visitor {
    type Output;
    fn visit<R: Named>(self) -> Result<Self::Output>;
}

/// An optimizer of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The canonical name.
    pub name: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
}

/// Lists the rules; those that share a name stand together.
macro_rules! rules {
    ($($rule:ident)*) => {
        const RULES: [Entry; [$(stringify!($rule)),*].len()] =
            [$(Entry { name: <$rule as Named>::NAME, summary: <$rule as Named>::SUMMARY }),*];

        /// Hands the rule that a name and its hyperparameters mean to the visitor.
        pub(super) fn visit<V: Visitor>(
            name: &str,
            hyperparameters: &Hyperparameters,
            visitor: V,
        ) -> Result<V::Output> {
            $(if name == <$rule as Named>::NAME && <$rule as Named>::is_meant(hyperparameters) {
                return visitor.visit::<$rule>();
            })*
            named(name).map(|_| unreachable!("every name has a rule"))
        }
    };
}

rules! {
    Adadelta
    Adagrad
    Adam
    AmsGrad
    Adamax
    AdamC
    AdamW
    AmsGradW
    Adan
    AdEMAMix
    Adopt
    HyperBallAdamW
    LaProp
    LaPropOrtho
    Lion
    MsamLaProp
    Muon
    MuonLaProp
    NAdam
    OrthoLaProp
    Psgd
    PurePsgd
    RAdam
    Ranger
    RmsProp
    RmsPropMomentum
    CenteredRmsProp
    CenteredRmsPropMomentum
    Scion
    ScheduleFreeAdamW
    ScheduleFreeRAdam
    ScheduleFreeSgd
    ScheduleFreeSoap
    Sgd
    SgdMomentum
    SgdSai
    NormalizedSgdSai
    SignLaProp
    Sm3
    Sm3Momentum
    Soap
    SoapAdEMAMix
    SoapNAdam
    Solp
    StableAdamW
    SudsAdamW
    UnscaledAdamW
}

/// As [`visit`], for the optimizers that are the first to be tried.
#[cfg(not(debug_assertions))]
pub(super) fn visit_first<V: Visitor>(
    name: &str,
    hyperparameters: &Hyperparameters,
    visitor: V,
) -> Result<Option<V::Output>> {
    match name {
        "adamw" if AdamW::is_meant(hyperparameters) => visitor.visit::<AdamW>(),
        "lion" => visitor.visit::<Lion>(),
        "sgd" if Sgd::is_meant(hyperparameters) => visitor.visit::<Sgd>(),
        "sgd" => visitor.visit::<SgdMomentum>(),
        _ => return Ok(None),
    }
    .map(Some)
}

/// All optimizers, by name.
///
/// ```
/// let names: Vec<_> = gradus::catalogue::entries().map(|entry| entry.name).collect();
/// assert!(names.contains(&"adamw") && names.is_sorted());
/// ```
pub fn entries() -> impl Iterator<Item = Entry> {
    let repeats = |place: usize| place > 0 && RULES[place - 1].name == RULES[place].name;
    let rules = (0..RULES.len()).filter(|place| !repeats(*place)).map(|place| RULES[place]);
    let list = Entry { name: chain::NAME, summary: chain::SUMMARY };
    let mut entries: Vec<_> = rules.chain(aliases::entries()).chain([list]).collect();
    entries.sort_by_key(|entry| entry.name);
    entries.into_iter()
}

/// The canonical name, if there is such an optimizer.
pub(super) fn named(name: &str) -> Result<&'static str> {
    let known = || entries().map(|entry| format!("`{}`", entry.name)).collect::<Vec<_>>().join(", ");
    let found = entries().find(|entry| entry.name == name).map(|entry| entry.name);
    found.ok_or_else(|| Error::UnknownOptimizer { name: name.to_owned(), known: known() })
}

/// Checks a name and its hyperparameters.
///
/// ```
/// let error = gradus::catalogue::check("adamw", &[("beta1", 1.5.into())].into()).unwrap_err();
/// assert_eq!(error.to_string(), "decay rate is 1.5, but must satisfy 0 <= value < 1");
/// let error = gradus::catalogue::check("sgd", &[("beta1", 0.9.into())].into()).unwrap_err();
/// assert!(error.to_string().starts_with("`sgd` does not take beta1 = 0.9; it takes lr, "));
/// ```
///
/// # Errors
/// [`Error::UnknownOptimizer`], [`Error::UnknownHyperparameter`], [`Error::Hyperparameter`].
pub fn check(optimizer: &str, hyperparameters: &Hyperparameters) -> Result<()> {
    let configuration =
        Configuration { hyperparameters: hyperparameters.clone(), ..Configuration::of(optimizer) };
    Planned::erased(&Plan::new(&configuration.resolved())?).map(|_| ())
}

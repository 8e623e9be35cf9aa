//! The optimizers by name, and how flat hyperparameters become a rule.

use super::hyperparameters::{Hyperparameters, Reader};
use crate::error::{Error, Result};
use crate::hyperparameter::{Dampening, Decay, Epsilon, LearningRate, WeightDecay};
use crate::rule::{Adam, AdamW, FirstMomentum, Lion, MomentumForm, Sgd, SgdMomentum};

/// A rule of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum NamedRule {
    /// `sgd` without momentum.
    Sgd(Sgd),
    /// `sgd` with momentum.
    SgdMomentum(SgdMomentum),
    /// `adam`, and `adamw`, which is the same with another default of weight decay.
    Adam(Adam),
    /// `lion`.
    Lion(Lion),
}

/// An optimizer of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The canonical name.
    pub name: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    make: fn(&Hyperparameters) -> Result<NamedRule>,
}

const ENTRIES: [Entry; 4] = [
    Entry { name: "adam", summary: "averages of the gradient and of its square", make: adam },
    Entry { name: "adamw", summary: "Adam with decoupled weight decay", make: adamw },
    Entry { name: "lion", summary: "the sign of an interpolated momentum", make: lion },
    Entry { name: "sgd", summary: "gradient descent, with momentum if it is not 0", make: sgd },
];

/// All optimizers, by name.
///
/// ```
/// let names: Vec<_> = gradus::catalogue::entries().map(|entry| entry.name).collect();
/// assert_eq!(names, ["adam", "adamw", "lion", "sgd"]);
/// ```
pub fn entries() -> impl Iterator<Item = Entry> {
    ENTRIES.into_iter()
}

/// The rule of a name and its hyperparameters.
///
/// ```
/// let error = gradus::catalogue::rule("adamw", &[("beta1", 1.5.into())].into()).unwrap_err();
/// assert_eq!(error.to_string(), "decay rate is 1.5, but must satisfy 0 <= value < 1");
/// let error = gradus::catalogue::rule("sgd", &[("beta1", 0.9.into())].into()).unwrap_err();
/// assert!(error.to_string().starts_with("`sgd` does not take beta1 = 0.9; it takes lr, "));
/// ```
///
/// # Errors
/// [`Error::UnknownOptimizer`], [`Error::UnknownHyperparameter`], [`Error::Hyperparameter`].
pub fn rule(optimizer: &str, hyperparameters: &Hyperparameters) -> Result<NamedRule> {
    let Some(entry) = entries().find(|entry| entry.name == optimizer) else {
        let known = entries().map(|entry| format!("`{}`", entry.name)).collect::<Vec<_>>().join(", ");
        return Err(Error::UnknownOptimizer { name: optimizer.to_owned(), known });
    };
    (entry.make)(hyperparameters)
}

/// The kinds of weight decay; which of them is meant when none is named differs by optimizer.
#[derive(Clone, Copy)]
enum DecayKind {
    L2,
    Decoupled,
    FullyDecoupled,
}

const DECOUPLED_FIRST: [(&str, DecayKind); 3] = [
    ("decoupled", DecayKind::Decoupled),
    ("fully_decoupled", DecayKind::FullyDecoupled),
    ("l2", DecayKind::L2),
];
const L2_FIRST: [(&str, DecayKind); 3] = [
    ("l2", DecayKind::L2),
    ("decoupled", DecayKind::Decoupled),
    ("fully_decoupled", DecayKind::FullyDecoupled),
];

impl Reader<'_> {
    fn learning_rate(&mut self, default: LearningRate) -> Result<LearningRate> {
        LearningRate::new(self.number("lr", default.get())?)
    }

    fn decay(&mut self, name: &'static str, default: Decay) -> Result<Decay> {
        Decay::new(self.number(name, default.get())?)
    }

    fn weight_decay(
        &mut self,
        default: f64,
        kinds: &[(&str, DecayKind)],
        learning_rate: LearningRate,
    ) -> Result<WeightDecay> {
        let coefficient = self.number("weight_decay", default)?;
        let kind = self.choice("decay", kinds)?;
        let max_learning_rate = LearningRate::new(self.number("max_lr", learning_rate.get())?)?;
        match kind {
            DecayKind::L2 => WeightDecay::l2(coefficient),
            DecayKind::Decoupled => WeightDecay::decoupled(coefficient),
            DecayKind::FullyDecoupled => WeightDecay::fully_decoupled(coefficient, max_learning_rate),
        }
    }

    fn epsilon(&mut self, default: Epsilon) -> Result<Epsilon> {
        let epsilon = self.number("eps", default.added)?;
        let form: fn(f64) -> Result<Epsilon> =
            self.choice("epsilon_form", &[("added", Epsilon::added as _), ("floor", Epsilon::floor as _)])?;
        form(epsilon)
    }
}

fn sgd(hyperparameters: &Hyperparameters) -> Result<NamedRule> {
    let mut read = Reader::new("sgd", hyperparameters);
    let plain = Sgd::default();
    let learning_rate = read.learning_rate(plain.learning_rate)?;
    let momentum = read.number("momentum", 0.0)?;
    let dampening = Dampening::new(read.number("dampening", 0.0)?)?;
    let nesterov = read.flag("nesterov")?;
    let first = read.choice(
        "first_momentum",
        &[("gradient", FirstMomentum::Gradient), ("from_zero", FirstMomentum::FromZero)],
    )?;
    let weight_decay = read.weight_decay(0.0, &L2_FIRST, learning_rate)?;
    read.finish()?;
    if momentum == 0.0 {
        return Ok(NamedRule::Sgd(Sgd { learning_rate, weight_decay }));
    }
    let form = if nesterov { MomentumForm::Nesterov } else { MomentumForm::Classical };
    let momentum = Decay::new(momentum)?;
    Ok(NamedRule::SgdMomentum(SgdMomentum { learning_rate, momentum, dampening, first, form, weight_decay }))
}

fn adam(hyperparameters: &Hyperparameters) -> Result<NamedRule> {
    let mut read = Reader::new("adam", hyperparameters);
    let default = Adam::default();
    let learning_rate = read.learning_rate(default.learning_rate)?;
    let first = read.decay("beta1", default.first)?;
    let second = read.decay("beta2", default.second)?;
    let epsilon = read.epsilon(default.epsilon)?;
    let weight_decay = read.weight_decay(0.0, &L2_FIRST, learning_rate)?;
    read.finish()?;
    Ok(NamedRule::Adam(Adam { learning_rate, first, second, epsilon, weight_decay }))
}

fn adamw(hyperparameters: &Hyperparameters) -> Result<NamedRule> {
    let mut read = Reader::new("adamw", hyperparameters);
    let default = AdamW::default();
    let learning_rate = read.learning_rate(default.learning_rate)?;
    let first = read.decay("beta1", default.first)?;
    let second = read.decay("beta2", default.second)?;
    let epsilon = read.epsilon(default.epsilon)?;
    let weight_decay =
        read.weight_decay(default.weight_decay.per_learning_rate(), &DECOUPLED_FIRST, learning_rate)?;
    read.finish()?;
    Ok(NamedRule::Adam(Adam { learning_rate, first, second, epsilon, weight_decay }))
}

fn lion(hyperparameters: &Hyperparameters) -> Result<NamedRule> {
    let mut read = Reader::new("lion", hyperparameters);
    let default = Lion::default();
    let learning_rate = read.learning_rate(default.learning_rate)?;
    let direction = read.decay("beta1", default.direction)?;
    let momentum = read.decay("beta2", default.momentum)?;
    let weight_decay = read.weight_decay(0.0, &DECOUPLED_FIRST, learning_rate)?;
    read.finish()?;
    Ok(NamedRule::Lion(Lion { learning_rate, direction, momentum, weight_decay }))
}

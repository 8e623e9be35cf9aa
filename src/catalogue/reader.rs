//! Reads typed hyperparameters from flat ones, with the names of the recordings.

use super::hyperparameters::{Hyperparameters, Value};
use crate::error::{Error, Result};
use crate::hyperparameter::{Amount, Decay, Epsilon, LearningRate, SecondDecay, Tunable, WeightDecay};
use crate::schedule::{Count, Rise, Schedule};
use core::num::NonZeroU64;

/// Reads the hyperparameters of one optimizer, and refuses what it does not have.
pub(super) struct Reader<'a> {
    optimizer: &'static str,
    hyperparameters: &'a Hyperparameters,
    /// What has been asked for, with the default.
    known: Vec<(&'static str, Value)>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(optimizer: &'static str, hyperparameters: &'a Hyperparameters) -> Self {
        Self { optimizer, hyperparameters, known: Vec::new() }
    }

    /// The number `name`, or `default`.
    pub(super) fn number(&mut self, name: &'static str, default: f64) -> Result<f64> {
        self.known.push((name, default.into()));
        match self.hyperparameters.get(name) {
            None => Ok(default),
            Some(Value::Number(number)) => Ok(*number),
            Some(other) => Err(self.refused(name, other, "it is a number")),
        }
    }

    /// The whole number `name`, or `default`.
    pub(super) fn whole(&mut self, name: &'static str, default: u64) -> Result<u64> {
        let number = self.number(name, default as f64)?;
        if number >= 0.0 && number <= 2f64.powi(53) && number.fract() == 0.0 {
            return Ok(number as u64);
        }
        Err(self.refused(name, &Value::Number(number), "it is a whole number"))
    }

    /// The whole number `name` above 0, or `default`.
    pub(super) fn count(&mut self, name: &'static str, default: NonZeroU64) -> Result<NonZeroU64> {
        let number = self.number(name, default.get() as f64)?;
        let count = NonZeroU64::new(number as u64).filter(|count| count.get() as f64 == number);
        count.ok_or_else(|| self.refused(name, &Value::Number(number), "it is a whole number above 0"))
    }

    /// Which of `choices` the text `name` is; the first if it is absent.
    pub(super) fn choice<T: Copy>(&mut self, name: &'static str, choices: &[(&str, T)]) -> Result<T> {
        self.known.push((name, choices[0].0.into()));
        let Some(value) = self.hyperparameters.get(name) else { return Ok(choices[0].1) };
        let chosen = choices.iter().find(|(text, _)| *value == Value::from(*text));
        let texts: Vec<_> = choices.iter().map(|(text, _)| *text).collect();
        let expected = format!("it is one of {}", texts.join(", "));
        chosen.map(|(_, choice)| *choice).ok_or_else(|| self.refused(name, value, &expected))
    }

    /// The text `name`; the empty one if it is absent.
    pub(super) fn text(&mut self, name: &'static str) -> Result<&'a str> {
        self.known.push((name, "".into()));
        match self.hyperparameters.get(name) {
            Some(Value::Text(text)) => Ok(text),
            None => Ok(""),
            Some(other) => Err(self.refused(name, other, "it is a list of names, separated by commas")),
        }
    }

    /// The whole numbers that the text `name` lists, separated by commas.
    pub(super) fn whole_list(&mut self, name: &'static str) -> Result<Vec<u64>> {
        let listed = self.text(name)?.split(',').map(str::trim);
        let numbers = listed.filter(|item| !item.is_empty()).map(|item| {
            let number = item.parse::<u64>();
            number.map_err(|_| self.unknown_item(name, item, "it is a list of whole numbers"))
        });
        numbers.collect()
    }

    /// The length `name`, or `default`; one that is beyond what memory can have is the largest.
    pub(super) fn length(&mut self, name: &'static str, default: usize) -> Result<usize> {
        Ok(self.whole(name, default as u64)?.try_into().unwrap_or(usize::MAX))
    }

    /// The error for an item of a list.
    pub(super) fn unknown_item(&self, name: &str, item: &str, expected: &str) -> Error {
        self.refused(name, &Value::from(item), expected)
    }

    /// The flag `name`; no if it is absent.
    pub(super) fn flag(&mut self, name: &'static str) -> Result<bool> {
        self.known.push((name, false.into()));
        match self.hyperparameters.get(name) {
            None => Ok(false),
            Some(Value::Flag(flag)) => Ok(*flag),
            Some(other) => Err(self.refused(name, other, "it is true or false")),
        }
    }

    /// The flag `name`, or `default`.
    pub(super) fn flag_or(&mut self, name: &'static str, default: bool) -> Result<bool> {
        let flag = self.flag(name)?;
        self.known.last_mut().expect("it has just been asked for").1 = default.into();
        Ok(if self.hyperparameters.get(name).is_some() { flag } else { default })
    }

    /// A rise of the learning rate over the first `warmup_steps`; [`None`] without them.
    pub(super) fn warm_up(&mut self) -> Result<Option<Schedule>> {
        let steps = self.number("warmup_steps", 0.0)?;
        let count = self.choice(
            "warmup_form",
            &[
                ("step_over_n", Count::StepOverN),
                ("step_over_n_plus_1", Count::StepOverNPlus1),
                ("step_minus_one_over_n", Count::StepMinusOneOverN),
            ],
        )?;
        if steps < 0.0 || steps.fract() != 0.0 || steps >= 2f64.powi(53) {
            return Err(self.refused("warmup_steps", &steps.into(), "it is a whole number, not negative"));
        }
        Ok((steps > 0.0).then(|| Schedule::warm_up(steps as u64, Rise::Linear, count)))
    }

    /// Refuses hyperparameters that were not asked for.
    pub(super) fn finish(self) -> Result<()> {
        match self.hyperparameters.iter().find(|(name, _)| !self.known.iter().any(|(known, _)| known == name))
        {
            None => Ok(()),
            Some((name, value)) => {
                Err(self.refused(name, value, &format!("it takes {}", self.names().join(", "))))
            }
        }
    }

    fn names(&self) -> Vec<&'static str> {
        self.known.iter().map(|(name, _)| *name).collect()
    }

    /// Everything that was asked for, with its default.
    #[cfg(feature = "configuration")]
    pub(super) fn defaults(self) -> Vec<(&'static str, Value)> {
        self.known
    }

    fn refused(&self, name: &str, value: &Value, expected: &str) -> Error {
        Error::UnknownHyperparameter {
            optimizer: self.optimizer.to_owned(),
            hyperparameter: name.to_owned(),
            value: value.to_string(),
            expected: expected.to_owned(),
        }
    }
}

/// The kinds of weight decay; which of them is meant when none is named differs by optimizer.
#[derive(Clone, Copy)]
pub(super) enum DecayKind {
    L2,
    Decoupled,
    FullyDecoupled,
    Corrected,
}

pub(super) const DECOUPLED_FIRST: [(&str, DecayKind); 4] = [
    ("decoupled", DecayKind::Decoupled),
    ("fully_decoupled", DecayKind::FullyDecoupled),
    ("l2", DecayKind::L2),
    ("corrected", DecayKind::Corrected),
];
pub(super) const CORRECTED_FIRST: [(&str, DecayKind); 4] = [
    ("corrected", DecayKind::Corrected),
    ("decoupled", DecayKind::Decoupled),
    ("fully_decoupled", DecayKind::FullyDecoupled),
    ("l2", DecayKind::L2),
];
pub(super) const L2_FIRST: [(&str, DecayKind); 4] = [
    ("l2", DecayKind::L2),
    ("decoupled", DecayKind::Decoupled),
    ("fully_decoupled", DecayKind::FullyDecoupled),
    ("corrected", DecayKind::Corrected),
];

impl Reader<'_> {
    pub(super) fn learning_rate(&mut self, default: LearningRate) -> Result<LearningRate> {
        LearningRate::new(self.number("lr", default.get())?)
    }

    pub(super) fn decay(&mut self, name: &'static str, default: Decay) -> Result<Decay> {
        Decay::new(self.number(name, default.get())?)
    }

    pub(super) fn amount(&mut self, name: &'static str, default: Amount) -> Result<Amount> {
        Amount::new(self.number(name, default.get())?)
    }

    /// β₂: the number `name`, or PaLM's schedule with `beta2_scale` if `palm` is set.
    pub(super) fn second_decay(&mut self, name: &'static str, default: SecondDecay) -> Result<SecondDecay> {
        let mut constant = default;
        constant.set(self.number(name, default.number())?)?;
        let palm = SecondDecay::palm(self.number("beta2_scale", SecondDecay::PALM.number())?)?;
        Ok(if self.flag("palm")? { palm } else { constant })
    }

    pub(super) fn weight_decay(
        &mut self,
        default: f64,
        kinds: &[(&str, DecayKind)],
        learning_rate: LearningRate,
    ) -> Result<WeightDecay> {
        let coefficient = self.number("weight_decay", default)?;
        let kind = self.choice("decay", kinds)?;
        let max_learning_rate = LearningRate::new(self.number("max_lr", learning_rate.get())?)?;
        let decay = match kind {
            DecayKind::L2 => WeightDecay::l2(coefficient),
            DecayKind::Decoupled => WeightDecay::decoupled(coefficient),
            DecayKind::FullyDecoupled => WeightDecay::fully_decoupled(coefficient, max_learning_rate),
            DecayKind::Corrected => WeightDecay::corrected(coefficient, max_learning_rate),
        }?;
        Ok(if self.flag("cautious_weight_decay")? { decay.cautious() } else { decay })
    }

    pub(super) fn epsilon(&mut self, default: Epsilon) -> Result<Epsilon> {
        let epsilon = self.number("eps", default.number())?;
        let mut forms: [(&str, fn(f64) -> Result<Epsilon>); 2] =
            [("added", Epsilon::added), ("floor", Epsilon::floor)];
        if default.floor > 0.0 {
            forms.reverse(); // the first is meant where none is named
        }
        let form = self.choice("epsilon_form", &forms)?;
        form(epsilon)
    }
}

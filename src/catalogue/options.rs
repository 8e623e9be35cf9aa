//! What stands around a rule, read from flat hyperparameters: clips, MARS, caution, an average.

use super::hyperparameters::{Hyperparameters, Value};
use super::reader::Reader;
use crate::clip::{
    ALaw, ClipJointly, ClipNorm, ClipRms, JointSize, MuLaw, NormalizeNorm, NormalizeRms, Softsign,
    TrustRegion,
};
use crate::error::Result;
use crate::hyperparameter::{Decay, Limit, Reduction};
use crate::rule::{Agreement, Caution, FirstComparison, Mars, MarsCoefficient, WeightAverage};
use crate::transform::{AroundAtRunTime, Program};

/// Options that any rule may have.
#[derive(Debug, Default)]
pub(super) struct Options {
    pub(super) around: AroundAtRunTime,
}

/// The names of these options.
const NAMES: [&str; 10] = [
    "average",
    "average_decay",
    "caution",
    "caution_agreement",
    "caution_place",
    "gradient_clipping",
    "mars",
    "mars_form",
    "mars_gamma",
    "update_clipping",
];

impl Options {
    /// Parts what belongs to options from what belongs to the rule.
    pub(super) fn part(hyperparameters: &Hyperparameters) -> (Hyperparameters, Hyperparameters) {
        let (mut of_options, mut of_rule) = (Hyperparameters::default(), hyperparameters.clone());
        for name in NAMES {
            if let Some(value) = of_rule.remove(name) {
                of_options.set(name, value);
            }
        }
        (of_options, of_rule)
    }

    /// Reads the options of a rule with these other hyperparameters.
    pub(super) fn read(
        optimizer: &'static str,
        hyperparameters: &Hyperparameters,
        of_rule: &Hyperparameters,
    ) -> Result<Self> {
        let mut reader = Reader::new(optimizer, hyperparameters);
        let around = Self::read_around(&mut reader, of_rule)?;
        reader.finish()?;
        Ok(Self { around })
    }

    /// All options with their defaults.
    #[cfg(feature = "configuration")]
    pub(super) fn defaults(optimizer: &'static str) -> Result<Vec<(&'static str, Value)>> {
        let none = Hyperparameters::default();
        let mut reader = Reader::new(optimizer, &none);
        Self::read_around(&mut reader, &none)?;
        Ok(reader.defaults())
    }

    fn read_around(reader: &mut Reader<'_>, of_rule: &Hyperparameters) -> Result<AroundAtRunTime> {
        let mut around = AroundAtRunTime::default();
        match mars(reader, of_rule)? {
            None => clip(reader, "gradient_clipping", &mut around.before)?,
            // HeavyBall corrects the gradient as it comes; the paper corrects what was clipped.
            Some(mars) if mars.coefficient == MarsCoefficient::Exchanged => {
                around.before.push(mars);
                clip(reader, "gradient_clipping", &mut around.before)?;
            }
            Some(mars) => {
                clip(reader, "gradient_clipping", &mut around.before)?;
                around.before.push(mars);
            }
        }
        let (caution, is_last) = caution(reader)?;
        let (first, last) = if is_last { (None, caution) } else { (caution, None) };
        first.into_iter().for_each(|caution| around.behind.push(caution));
        clip(reader, "update_clipping", &mut around.behind)?;
        last.into_iter().for_each(|caution| around.behind.push(caution));
        average(reader)?.into_iter().for_each(|average| around.after.push(average));
        Ok(around)
    }

    /// Whether stages stand around the rule, which takes a chain from data.
    #[cfg(not(debug_assertions))]
    pub(super) fn has_stages(&self) -> bool {
        let AroundAtRunTime { before, behind, after } = &self.around;
        [before, behind, after].iter().any(|program| !program.stages().is_empty())
    }
}

/// Adds the clip of a name.
fn clip(reader: &mut Reader<'_>, name: &'static str, program: &mut Program) -> Result<()> {
    let jointly = |size| ClipJointly { size, limit: Limit::new(1.0).expect("1 is in the range") };
    let choices: [(&str, &dyn Fn(&mut Program)); 11] = [
        ("none", &|_| {}),
        ("l2", &|program| program.push(ClipNorm::default())),
        ("rms", &|program| program.push(ClipRms::default())),
        ("l2_normalize", &|program| program.push(NormalizeNorm::default())),
        ("rms_normalize", &|program| program.push(NormalizeRms::default())),
        ("global_l2", &|program| program.push(jointly(JointSize::Norm))),
        ("global_rms", &|program| program.push(jointly(JointSize::Rms))),
        ("trust_region", &|program| program.push(TrustRegion::default())),
        ("mu_law", &|program| program.push(MuLaw::default())),
        ("a_law", &|program| program.push(ALaw::default())),
        ("softsign", &|program| program.push(Softsign)),
    ];
    reader.choice(name, &choices)?(program);
    Ok(())
}

/// The correction of the gradient, if there is one. Its β₁ is the rule's.
fn mars(reader: &mut Reader<'_>, of_rule: &Hyperparameters) -> Result<Option<Mars>> {
    let is_on = reader.flag("mars")?;
    let default = Mars::default();
    let strength = Reduction::new(reader.number("mars_gamma", default.strength.get())?)?;
    let forms = [
        ("published", (MarsCoefficient::Published, FirstComparison::Itself)),
        ("heavyball", (MarsCoefficient::Exchanged, FirstComparison::Zero)),
    ];
    let (coefficient, first) = reader.choice("mars_form", &forms)?;
    let momentum = match of_rule.get("beta1") {
        Some(Value::Number(beta)) => Decay::new(*beta)?,
        _ => default.momentum,
    };
    Ok(is_on.then_some(Mars { strength, momentum, coefficient, first, ..default }))
}

/// The average of the parameters, if there is one.
fn average(reader: &mut Reader<'_>) -> Result<Option<WeightAverage>> {
    let decay = reader.number("average_decay", 0.999)?;
    let kinds: [(&str, fn(f64) -> Result<Option<WeightAverage>>); 3] = [
        ("none", |_| Ok(None)),
        ("exponential", |decay| WeightAverage::exponential(decay).map(Some)),
        ("uniform", |_| Ok(Some(WeightAverage::uniform()))),
    ];
    reader.choice("average", &kinds)?(decay)
}

/// The mask, if there is one, and whether it stands behind the clip of the update.
fn caution(reader: &mut Reader<'_>) -> Result<(Option<Caution>, bool)> {
    let is_on = reader.flag("caution")?;
    let agreements = [("strict", Agreement::Strict), ("zero_is_positive", Agreement::ZeroIsPositive)];
    let agreement = reader.choice("caution_agreement", &agreements)?;
    let is_last = reader.choice("caution_place", &[("before_clip", false), ("behind_clip", true)])?;
    Ok((is_on.then_some(Caution { agreement }), is_last))
}

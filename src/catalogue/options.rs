//! What stands around a rule, read from flat hyperparameters: clips and warm-up.

use super::hyperparameters::Hyperparameters;
use super::reader::Reader;
use crate::clip::{
    ALaw, ClipJointly, ClipNorm, ClipRms, JointSize, MuLaw, NormalizeNorm, NormalizeRms, Softsign,
    TrustRegion,
};
use crate::error::Result;
use crate::hyperparameter::Limit;
use crate::schedule::{Count, Rise, Schedule};
use crate::transform::{AroundAtRunTime, Program};

/// Options that any rule may have.
#[derive(Debug, Default)]
pub(super) struct Options {
    pub(super) around: AroundAtRunTime,
    pub(super) warm_up: Option<Schedule>,
}

/// The names of these options.
const NAMES: [&str; 4] = ["gradient_clipping", "update_clipping", "warmup_steps", "warmup_form"];

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

    /// Reads the options.
    pub(super) fn read(optimizer: &'static str, hyperparameters: &Hyperparameters) -> Result<Self> {
        let mut reader = Reader::new(optimizer, hyperparameters);
        let mut around = AroundAtRunTime::default();
        clip(&mut reader, "gradient_clipping", &mut around.before)?;
        clip(&mut reader, "update_clipping", &mut around.behind)?;
        let warm_up = warm_up(&mut reader)?;
        reader.finish()?;
        Ok(Self { around, warm_up })
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

/// The factor of the learning rate while it warms up.
fn warm_up(reader: &mut Reader<'_>) -> Result<Option<Schedule>> {
    let steps = reader.whole("warmup_steps", 0)?;
    let forms = [
        ("step_over_n", Count::StepOverN),
        ("step_over_n_plus_1", Count::StepOverNPlus1),
        ("step_minus_one_over_n", Count::StepMinusOneOverN),
    ];
    let count = reader.choice("warmup_form", &forms)?;
    Ok((steps > 0).then(|| Schedule::warm_up(steps, Rise::Linear, count)))
}

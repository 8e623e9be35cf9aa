//! A list of names becomes a chain.

mod text;

use crate::catalogue::hyperparameters::Hyperparameters;
use crate::catalogue::reader::{DECOUPLED_FIRST, Reader};
use crate::error::{Error, Result};
use crate::hyperparameter::{Amount, Decay, Epsilon, Floor, LearningRate, SecondDecay};
use crate::rule::{
    Average, Averages, FirstMomentum, Graft, ListedStages, Momentum, MomentumForm, NesterovAverage,
    Orthogonalize, ScaleByAdam, ScaleByAdopt, ScaleByLaProp, ScaleByNAdam, ScaleByRms, Sign, SpendFirst,
    WeightedSum,
};
use crate::transform::{Identity, Program};
use text::{Branch, Item};

/// The name of the optimizer that is a list.
pub(in crate::catalogue) const NAME: &str = "chain";
/// What it is, in a line.
pub(in crate::catalogue) const SUMMARY: &str = "the stages and branches that `chain` lists by name";

/// What the stages of a list share.
#[derive(Clone, Copy)]
struct Shared {
    first: Decay,
    second: SecondDecay,
    /// What β₂ is behind `palm_beta2`.
    palm: SecondDecay,
    epsilon: Epsilon,
    momentum_decay: Amount,
}

/// Reads the list `chain`, see [`text`], and what its stages share.
pub(in crate::catalogue) fn read(hyperparameters: &Hyperparameters) -> Result<ListedStages> {
    let mut reader = Reader::new(NAME, hyperparameters);
    let stages = read_with(&mut reader)?;
    reader.finish().map(|()| stages)
}

/// What it takes, with the defaults.
#[cfg(feature = "configuration")]
pub(in crate::catalogue) fn defaults() -> Result<Vec<(&'static str, crate::catalogue::Value)>> {
    let none = Hyperparameters::default();
    let mut reader = Reader::new(NAME, &none);
    read_with(&mut reader)?;
    Ok(reader.defaults())
}

fn read_with(reader: &mut Reader<'_>) -> Result<ListedStages> {
    let adam = ScaleByAdam::default();
    let learning_rate = reader.learning_rate(LearningRate::new(1e-3)?)?;
    let shared = Shared {
        first: reader.decay("beta1", adam.first)?,
        second: SecondDecay::from(reader.decay("beta2", Decay::new(0.999)?)?),
        epsilon: reader.epsilon(adam.epsilon)?,
        momentum_decay: reader.amount("momentum_decay", ScaleByNAdam::default().momentum_decay)?,
        palm: SecondDecay::palm(reader.number("beta2_scale", 0.8)?)?,
    };
    let weight_decay = reader.weight_decay(0.0, &DECOUPLED_FIRST, learning_rate)?;
    let text = reader.text("chain")?;
    let items = text::items(text).map_err(|flaw| reader.unknown_item("chain", text, &flaw))?;
    let program = shared.program(&items, reader)?;
    reader.warm_up()?;
    Ok(ListedStages { program, weight_decay, learning_rate })
}

/// The names of the stages.
const STAGES: [&str; 14] = [
    "exp_avg",
    "heavyball_momentum",
    "identity",
    "nesterov_ema",
    "nesterov_momentum",
    "orthogonalize_grad_to_param",
    "palm_beta2",
    "scale_by_adam",
    "scale_by_adopt",
    "scale_by_exp_avg_sq",
    "scale_by_laprop",
    "scale_by_nadam",
    "sign",
    "spend_first",
];

/// The names of what merges branches.
const MERGES: [&str; 2] = ["graft", "sum"];

impl Shared {
    /// The program of a list. What changes for the stages that follow does so to the end of the list, and in
    /// the branches that stand there.
    fn program(mut self, items: &[Item<'_>], reader: &Reader<'_>) -> Result<Program> {
        let mut program = Program::default();
        for item in items {
            match item {
                Item::Stage("palm_beta2") => self.second = self.palm,
                Item::Stage(name) => {
                    if !self.push(name, &mut program) {
                        return Err(unknown_stage(name, reader));
                    }
                }
                Item::Branches(merge, branches) => program.append(&self.merged(merge, branches, reader)?),
            }
        }
        Ok(program)
    }

    /// Branches, and what makes one update of both.
    fn merged(&self, merge: &str, branches: &[Branch<'_>; 2], reader: &Reader<'_>) -> Result<Program> {
        let [first, second] = branches;
        let both = self.program(&first.items, reader)?.beside(self.program(&second.items, reader)?);
        match merge {
            "graft" if first.weight.or(second.weight).is_some() => {
                Err(reader.unknown_item("chain", merge, "weights stand in a sum, not in a graft"))
            }
            "graft" => both.merge(Graft::default()),
            "sum" => {
                let [first, second] = [first, second].map(|branch| Amount::new(branch.weight.unwrap_or(1.0)));
                both.merge(WeightedSum { first: first?, second: second? })
            }
            _ => {
                let expected = format!("branches are merged by {}", MERGES.join(", "));
                Err(reader.unknown_item("chain", merge, &expected))
            }
        }
    }

    /// Adds the stage of a name; no if there is none.
    fn push(&self, name: &str, program: &mut Program) -> bool {
        let Self { first, second, epsilon, momentum_decay, palm: _ } = *self;
        let momentum =
            |form| Momentum { momentum: first, first: FirstMomentum::Gradient, form, ..Momentum::default() };
        match name {
            "exp_avg" => program.push(Average { decay: first }),
            "heavyball_momentum" => program.push(momentum(MomentumForm::Classical)),
            "identity" => program.push(Identity),
            "nesterov_ema" => program.push(NesterovAverage { decay: first }),
            "nesterov_momentum" => program.push(momentum(MomentumForm::Nesterov)),
            "orthogonalize_grad_to_param" => {
                let floor = Floor::new(1e-6).expect("it is in the range");
                let epsilon = Amount::new(epsilon.added.max(epsilon.floor)).expect("epsilon is an amount");
                program.push(Orthogonalize { epsilon, floor });
            }
            "scale_by_adam" | "update_by_adam" => program.push(ScaleByAdam { first, second, epsilon }),
            "scale_by_adopt" => program.push(ScaleByAdopt { first, second, epsilon }),
            "scale_by_exp_avg_sq" => {
                program.push(ScaleByRms { decay: second, averages: Averages::Debiased, epsilon });
            }
            "scale_by_laprop" => program.push(ScaleByLaProp { first, second, epsilon }),
            "scale_by_nadam" => program.push(ScaleByNAdam { first, second, epsilon, momentum_decay }),
            "sign" => program.push(Sign),
            "spend_first" => program.push(SpendFirst),
            _ => return false,
        }
        true
    }
}

/// The error for a name of no stage.
fn unknown_stage(name: &str, reader: &Reader<'_>) -> Error {
    let expected = match MERGES.contains(&name) {
        true => format!("it has two branches, as in {name}(sign | exp_avg)"),
        false => {
            let (stages, merges) = (STAGES.join(", "), MERGES.join(", "));
            format!("its stages are {stages}, and branches are merged by {merges}")
        }
    };
    reader.unknown_item("chain", name, &expected)
}

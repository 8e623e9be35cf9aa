//! A list of names becomes a chain.

use crate::catalogue::hyperparameters::Hyperparameters;
use crate::catalogue::reader::{DECOUPLED_FIRST, Reader};
use crate::error::Result;
use crate::hyperparameter::{Amount, Decay, Epsilon, Floor, LearningRate, SecondDecay};
use crate::rule::{
    Average, Averages, FirstMomentum, ListedStages, Momentum, MomentumForm, NesterovAverage, Orthogonalize,
    ScaleByAdam, ScaleByAdopt, ScaleByLaProp, ScaleByNAdam, ScaleByRms, Sign, SpendFirst,
};
use crate::transform::Program;

/// The name of the optimizer that is a list.
pub(in crate::catalogue) const NAME: &str = "chain";
/// What it is, in a line.
pub(in crate::catalogue) const SUMMARY: &str = "the stages that `chain` lists by name";

/// What the stages of a list share.
struct Shared {
    first: Decay,
    second: SecondDecay,
    epsilon: Epsilon,
    momentum_decay: Amount,
}

/// Reads the list `chain` of names, separated by commas, and what its stages share.
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
    let mut shared = Shared {
        first: reader.decay("beta1", adam.first)?,
        second: SecondDecay::from(reader.decay("beta2", Decay::new(0.999)?)?),
        epsilon: reader.epsilon(adam.epsilon)?,
        momentum_decay: reader.amount("momentum_decay", ScaleByNAdam::default().momentum_decay)?,
    };
    let palm = SecondDecay::palm(reader.number("beta2_scale", 0.8)?)?;
    let weight_decay = reader.weight_decay(0.0, &DECOUPLED_FIRST, learning_rate)?;
    let names = reader.list("chain")?;
    let mut program = Program::default();
    for name in &names {
        if name == "palm_beta2" {
            shared.second = palm; // for the stages that follow
        } else if !shared.push(name, &mut program) {
            return Err(reader.unknown_item("chain", name, &format!("its stages are {}", STAGES.join(", "))));
        }
    }
    reader.warm_up()?;
    Ok(ListedStages { program, weight_decay, learning_rate })
}

/// The names of the stages.
const STAGES: [&str; 13] = [
    "exp_avg",
    "heavyball_momentum",
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

impl Shared {
    /// Adds the stage of a name; no if there is none.
    fn push(&self, name: &str, program: &mut Program) -> bool {
        let Self { first, second, epsilon, momentum_decay } = *self;
        let momentum =
            |form| Momentum { momentum: first, first: FirstMomentum::Gradient, form, ..Momentum::default() };
        match name {
            "exp_avg" => program.push(Average { decay: first }),
            "heavyball_momentum" => program.push(momentum(MomentumForm::Classical)),
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

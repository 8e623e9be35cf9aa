//! Schedule-free SOAP: see [`ScheduleFree`](crate::rule::ScheduleFree) for its two points.

use super::EigenBases;
use crate::hyperparameter::{Epsilon, Interpolation, LearningRate, SecondDecay, WeightDecay};
use crate::rule::{AddDecay, Averages, AveragingWeight, ScaleByRms, ScheduleFree, regularized};
use crate::transform::{Chain, Rule, Through};
use crate::tunables;

/// Schedule-free RMSprop in the eigenbases of Shampoo's factors. [`Default`] is HeavyBall's setting,
/// with PaLM's β₂.
#[derive(Clone, Debug)]
pub struct ScheduleFreeSoap {
    /// γ. Default 3e-3.
    pub learning_rate: LearningRate,
    /// β₁, where gradients are taken between z (0) and x (1). Default 0.9.
    pub interpolation: Interpolation,
    /// β₂, the weight of the old average of squares. Default: PaLM's.
    pub second: SecondDecay,
    /// ε, keeps the denominator from zero. Default: 1e-8, a floor.
    pub epsilon: Epsilon,
    /// How much each point counts in the mean. Default: the square of the largest γ.
    pub averaging: AveragingWeight,
    /// The bases, and when they are refreshed.
    pub bases: EigenBases,
    /// λ and its kind. Default: none.
    pub weight_decay: WeightDecay,
}

impl Default for ScheduleFreeSoap {
    fn default() -> Self {
        Self {
            learning_rate: LearningRate::checked(3e-3),
            interpolation: Interpolation::checked(0.9),
            second: SecondDecay::PALM,
            epsilon: Epsilon { added: 0.0, floor: 1e-8 },
            averaging: AveragingWeight::default(),
            bases: EigenBases { carried: 0, ..EigenBases::default() },
            weight_decay: WeightDecay::NONE,
        }
    }
}

impl Rule for ScheduleFreeSoap {
    type Direction = Chain<Chain<AddDecay, Through<EigenBases, ScaleByRms>>, AddDecay>;
    type Finish = ScheduleFree;
    tunables!(learning_rate, interpolation, second, epsilon, weight_decay);

    fn direction(&self) -> Self::Direction {
        let Self { second, epsilon, weight_decay, .. } = *self;
        let inner = ScaleByRms { decay: second, averages: Averages::Debiased, epsilon };
        let matrices = EigenBases { carried: 0, ..self.bases.clone() };
        let first = regularized(Through { matrices, inner }, weight_decay);
        Chain { first, second: AddDecay::to_update(weight_decay) }
    }

    fn finish(&self) -> ScheduleFree {
        ScheduleFree::new(self.interpolation, self.averaging)
    }
}

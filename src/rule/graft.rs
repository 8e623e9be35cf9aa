//! Grafting: the direction of one rule with the length of another; and sums of two rules.
//!
//! Agarwal, Anil, Hazan, Koren, Zhang, *Disentangling Adaptive Gradient Methods from Learning Rates*,
//! 2020, <https://arxiv.org/abs/2002.11803>, with a norm per tensor.
//!
//! For the updates `m` of the first branch and `d` of the second:
//!
//! ```text
//! u = d·‖m‖/max(‖d‖, floor)        Graft
//! u = a·m + b·d                     WeightedSum
//! ```
//!
//! | | |
//! |---|---|
//! | State | that of both branches; grafting adds two numbers per tensor |
//! | Shapes | any |
//! | Passes | grafting takes two statistics, the sum none |
//! | Gradient release, accumulation | if both branches allow the one, if one of them the other |
//!
//! Differences from the paper: none. Its learning rate of the first rule may stand behind the branches,
//! since ‖γ·m‖ = γ·‖m‖.

use crate::fields;
use crate::hyperparameter::{Amount, Floor};
use crate::real::Real;
use crate::transform::{Fold, Merge, Nothing, Step};

/// As long as the first branch's update, in the direction of the second's, for each tensor.
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::hyperparameter::LearningRate;
/// use gradus::optimizer::Build;
/// use gradus::rule::{Chained, Graft, ScaleByAdam};
/// use gradus::transform::{Identity, StageExt};
///
/// // The steps of SGD in the direction of Adam.
/// let chain = Identity.beside(ScaleByAdam::default()).merge(Graft::default());
/// let rule = Chained { chain, learning_rate: LearningRate::new(1.0)? };
/// let mut parameters = [("w", vec![0.0f64, 0.0])];
/// let mut optimizer = rule.parameters_in::<f64>().build(Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &[("w", vec![3.0, 4.0])])?;
/// // At first Adam has a direction of (1, 1); the gradient has norm 5.
/// let each = -5.0 / 2.0f64.sqrt();
/// assert!(parameters[0].1.iter().all(|x| (x - each).abs() < 1e-7));
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Graft {
    /// What the norm of the direction is at least, where it divides. Default 1e-6, as in HeavyBall.
    pub floor: Floor,
}

impl Default for Graft {
    fn default() -> Self {
        Self { floor: Floor::checked(1e-6) }
    }
}

fields! {
    /// Constants of [`Graft`].
    pub struct GraftConstants {
        /// The least divisor.
        floor,
    }
}

fields! {
    /// What [`Graft`] measures.
    pub struct Grafted {
        /// ‖m‖.
        length,
        /// ‖m‖/max(‖d‖, floor).
        scale,
    }
}

impl Merge for Graft {
    type Constants = GraftConstants;
    type Tensor = Grafted;
    const PASSES: usize = 2;

    fn constants(&self, _at: &Step) -> GraftConstants<f64> {
        GraftConstants { floor: self.floor.get() }
    }

    #[inline(always)]
    fn fold(_pass: usize) -> Fold {
        Fold::Norm
    }

    #[inline(always)]
    fn measure<F: Real>(pass: usize, _: &GraftConstants<F>, magnitude: F, direction: F, _: &Grafted<F>) -> F {
        match pass {
            0 => magnitude,
            _ => direction,
        }
    }

    #[inline(always)]
    fn finish<F: Real>(pass: usize, at: &GraftConstants<F>, norm: F, _: F, tensor: &mut Grafted<F>) {
        match pass {
            0 => tensor.length = norm,
            _ => tensor.scale = tensor.length / norm.at_least(at.floor),
        }
    }

    #[inline(always)]
    fn merge<F: Real>(_: &GraftConstants<F>, _: F, direction: F, tensor: &Grafted<F>) -> F {
        direction * tensor.scale
    }
}

/// Both updates, each with a weight.
///
/// ```
/// use gradus::hyperparameter::Amount;
/// use gradus::rule::WeightedSum;
///
/// let nearly_the_first = WeightedSum { first: Amount::new(0.9)?, second: Amount::new(0.1)? };
/// assert!(nearly_the_first != WeightedSum::default());
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeightedSum {
    /// a, the weight of the first branch. Default ½.
    pub first: Amount,
    /// b, the weight of the second branch. Default ½.
    pub second: Amount,
}

impl Default for WeightedSum {
    fn default() -> Self {
        Self { first: Amount::checked(0.5), second: Amount::checked(0.5) }
    }
}

fields! {
    /// Constants of [`WeightedSum`].
    pub struct SumWeights {
        /// a.
        first,
        /// b.
        second,
    }
}

impl Merge for WeightedSum {
    type Constants = SumWeights;
    type Tensor = Nothing;

    fn constants(&self, _at: &Step) -> SumWeights<f64> {
        SumWeights { first: self.first.get(), second: self.second.get() }
    }

    #[inline(always)]
    fn merge<F: Real>(at: &SumWeights<F>, first: F, second: F, _: &Nothing) -> F {
        at.first * first + at.second * second
    }
}

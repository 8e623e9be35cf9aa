//! SUDS: Adam in a basis whose first axis follows the strongest direction of the gradients.
//!
//! `SUDSAdamW` of HeavyBall 3, <https://github.com/HomebrewML/HeavyBall>; there is no paper. The axis
//! follows the rule of Oja, *A Simplified Neuron Model as a Principal Component Analyzer*, 1982.
//!
//! A tensor is taken as a vector in the order of its memory. For its gradient `g`, the axis `f`, the
//! first basis vector `e`, and Adam of the gradients behind the first, as `adam`:
//!
//! ```text
//! t = 1:  f ← g/‖g‖
//! t > 1:  w = (e − f)/‖e − f‖         H = I − 2·w·wᵀ, the reflection that takes f to e
//!         u = H·adam(H·g)
//!         f ← f + η·((g·f)·g − (g·f)²·f),  then f ← f/‖f‖
//!         θ ← θ − γ·(u + λ·θ)
//! ```
//!
//! | | |
//! |---|---|
//! | State | `f`, `m` and `v`, three numbers per element |
//! | Shapes | any |
//! | Gradient release, accumulation | yes, yes |
//! | Typical `γ` | AdamW's; nothing moves at the first gradient, nor decays |
//!
//! A step reads memory five times more than Adam's. Differences from HeavyBall: ε is not fixed.

use super::{AddDecay, AverageConstants, Decayed, SecondMomentConstants, decayed, regularized};
use crate::hyperparameter::{Amount, Decay, Epsilon, LearningRate, SecondDecay, WeightDecay};
use crate::real::Real;
use crate::transform::{Chain, Fold, Input, Nothing, Of, Pair, Rule, Stage, Step};
use crate::{fields, tunables};
use typenum::{B0, B1};

/// The direction u of SUDS.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleBySuds {
    /// β₁, the weight of the old average. Default 0.9.
    pub first: Decay,
    /// β₂, the weight of the old average of squares. Default 0.99.
    pub second: SecondDecay,
    /// ε, keeps the denominator from zero. Default: 1e-8, a floor.
    pub epsilon: Epsilon,
    /// η, how fast the axis follows. Default 0.01.
    pub axis_rate: Amount,
}

impl Default for ScaleBySuds {
    fn default() -> Self {
        Self {
            first: Decay::checked(0.9),
            second: SecondDecay::checked(0.99),
            epsilon: Epsilon { added: 0.0, floor: 1e-8 },
            axis_rate: Amount::checked(0.01),
        }
    }
}

fields! {
    /// What SUDS remembers.
    pub struct Reflected {
        /// f, the axis.
        axis,
        /// m, the average of the reflected gradient.
        first,
        /// v, the average of its square.
        second,
    }
}

fields! {
    /// Constants of [`ScaleBySuds`] at one step.
    pub struct AxisConstants {
        /// η.
        rate,
        /// 1 at the first gradient, else 0.
        begins,
    }
}

fields! {
    /// What [`ScaleBySuds`] measures.
    pub struct Reflection {
        /// ‖e − f‖.
        distance,
        /// g·f.
        alignment,
        /// w·g.
        gradient,
        /// w·adam(H·g).
        result,
        /// The norm of the axis before it is normalised.
        length,
    }
}

/// Keeps a divisor from zero, where there is no direction.
const SMALLEST: f64 = 1e-30;
/// The statistic that the first gradient needs.
const LENGTH: usize = 4;

type At<F> = Of<<ScaleBySuds as Stage>::Constants, F>;

impl ScaleBySuds {
    /// An element of w.
    #[inline(always)]
    fn mirror<F: Real>(input: &Input<F>, reflection: &Reflection<F>, state: &Reflected<F>) -> F {
        (input.first_element - state.axis) / reflection.distance
    }

    /// Adam of the reflected gradient.
    #[inline(always)]
    fn adam<F: Real>(at: &At<F>, input: &Input<F>, mirror: F, along: F, state: &mut Reflected<F>) -> F {
        let (_, (of_gradients, of_squares)) = at;
        let two = F::constant(2.0);
        let reflected = input.update - two * mirror * along;
        state.first = of_gradients.average(state.first, reflected);
        state.second = of_squares.average(state.second, reflected);
        state.first / of_squares.denominator(state.second)
    }

    /// An element of the next axis before it is normalised.
    #[inline(always)]
    fn turned<F: Real>(at: &At<F>, input: &Input<F>, reflection: &Reflection<F>, axis: F) -> F {
        let alignment = reflection.alignment;
        let turned = axis + at.0.rate * (alignment * input.update - alignment * alignment * axis);
        F::select(at.0.begins, input.update, turned)
    }
}

impl Stage for ScaleBySuds {
    type Constants = Pair<AxisConstants, Pair<AverageConstants, SecondMomentConstants>>;
    type State = Reflected;
    type Tensor = Reflection;
    type Own = Nothing;
    type Group = Nothing;
    type Keeps = B1;
    type Joint = B0;
    const PASSES: usize = 5;
    const MARKS_FIRST: bool = true;

    fn begins_once(&self) -> bool {
        true
    }

    fn moves(&self, at: &Step) -> bool {
        at.own > 1
    }

    fn sees_parameter(_: Option<usize>, _: &Of<Self::Constants, f64>) -> bool {
        false
    }

    fn constants(&self, at: &Step, _: &mut Nothing, _: &Nothing) -> At<f64> {
        let count = at.own - 1;
        let of_gradients = AverageConstants::new(self.first.debiased_weight(count));
        let weight = self.second.debiased_weight_of(count, at.own);
        let of_squares = SecondMomentConstants::new(weight, self.epsilon);
        let begins = if at.own == 1 { 1.0 } else { 0.0 };
        (AxisConstants { rate: self.axis_rate.get(), begins }, (of_gradients, of_squares))
    }

    fn measured_passes(&self, at: &Step) -> u64 {
        if at.own == 1 { 1 << LENGTH } else { (1 << Self::PASSES) - 1 }
    }

    #[inline(always)]
    fn fold(pass: usize) -> Fold {
        if pass == 0 || pass == LENGTH { Fold::Norm } else { Fold::Sum }
    }

    #[inline(always)]
    fn measure<F: Real>(
        pass: usize,
        at: &At<F>,
        input: Input<F>,
        reflection: &Reflection<F>,
        state: &mut Reflected<F>,
    ) -> F {
        let mirror = Self::mirror(&input, reflection, state);
        match pass {
            0 => input.first_element - state.axis,
            1 => input.update * state.axis,
            2 => mirror * input.update,
            3 => mirror * Self::adam(at, &input, mirror, reflection.gradient, state),
            _ => Self::turned(at, &input, reflection, state.axis),
        }
    }

    #[inline(always)]
    fn finish<F: Real>(pass: usize, _: &At<F>, result: F, _: F, reflection: &mut Reflection<F>) {
        match pass {
            0 => reflection.distance = result.at_least(F::constant(SMALLEST)),
            1 => reflection.alignment = result,
            2 => reflection.gradient = result,
            3 => reflection.result = result,
            _ => reflection.length = result.at_least(F::constant(SMALLEST)),
        }
    }

    #[inline(always)]
    fn update<F: Real>(
        at: &At<F>,
        input: Input<F>,
        reflection: &Reflection<F>,
        state: &mut Reflected<F>,
    ) -> Input<F> {
        let before = *state;
        let mirror = Self::mirror(&input, reflection, state);
        let result = Self::adam(at, &input, mirror, reflection.gradient, state);
        // The first gradient is spent on the axis: there is nothing to reflect at yet.
        state.first = F::select(at.0.begins, before.first, state.first);
        state.second = F::select(at.0.begins, before.second, state.second);
        state.axis = Self::turned(at, &input, reflection, before.axis) / reflection.length;
        input.with_update(result - F::constant(2.0) * mirror * reflection.result)
    }
}

/// SUDS AdamW. [`Default`] is HeavyBall's setting.
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::hyperparameter::LearningRate;
/// use gradus::optimizer::Build;
/// use gradus::rule::SudsAdamW;
///
/// let rule = SudsAdamW { learning_rate: LearningRate::new(0.5)?, ..SudsAdamW::default() };
/// let mut parameters = [("x", vec![1.0f64, 1.0])];
/// let mut optimizer = rule.parameters_in::<f64>().build(Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &[("x", vec![3.0f64, 4.0])])?;
/// assert_eq!(parameters[0].1, [1.0, 1.0]); // it found an axis, (0.6, 0.8)
/// // In its basis this gradient is (5, 0): Adam's first update is (1, 0) there, (0.6, 0.8) here.
/// optimizer.step(&mut parameters, &[("x", vec![3.0f64, 4.0])])?;
/// assert!((parameters[0].1[0] - (1.0 - 0.5 * 0.6)).abs() < 1e-6);
/// assert!((parameters[0].1[1] - (1.0 - 0.5 * 0.8)).abs() < 1e-6);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SudsAdamW {
    /// γ. Default 0.0025.
    pub learning_rate: LearningRate,
    /// β₁, the weight of the old average of gradients. Default 0.9.
    pub first: Decay,
    /// β₂, the weight of the old average of their squares. Default 0.99.
    pub second: SecondDecay,
    /// ε, keeps the denominator from zero. Default: 1e-8, a floor.
    pub epsilon: Epsilon,
    /// η, how fast the axis follows the gradients. Default 0.01.
    pub axis_rate: Amount,
    /// λ and its kind. Default: none.
    pub weight_decay: WeightDecay,
}

impl Default for SudsAdamW {
    fn default() -> Self {
        let ScaleBySuds { first, second, epsilon, axis_rate } = ScaleBySuds::default();
        let learning_rate = LearningRate::checked(0.0025);
        Self { learning_rate, first, second, epsilon, axis_rate, weight_decay: WeightDecay::NONE }
    }
}

impl Rule for SudsAdamW {
    type Direction = Chain<AddDecay, ScaleBySuds>;
    type Finish = Decayed;
    tunables!(learning_rate, first, second, epsilon, axis_rate, weight_decay);

    fn direction(&self) -> Self::Direction {
        let Self { first, second, epsilon, axis_rate, weight_decay, .. } = *self;
        regularized(ScaleBySuds { first, second, epsilon, axis_rate }, weight_decay)
    }

    fn finish(&self) -> Decayed {
        decayed(self.weight_decay)
    }
}

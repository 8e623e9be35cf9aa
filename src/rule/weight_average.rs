//! An average of the parameters, kept beside any rule.
//!
//! Exponential: Tarvainen, Valpola, *Mean teachers are better role models*, 2017,
//! <https://arxiv.org/abs/1703.01780>, §2. Uniform: Polyak, Juditsky, *Acceleration of Stochastic
//! Approximation by Averaging*, 1992, <https://doi.org/10.1137/0330046>; for networks: Izmailov et al.,
//! *Averaging Weights Leads to Wider Optima and Better Generalization*, 2018,
//! <https://arxiv.org/abs/1803.05407>.
//!
//! For the parameter `θ` after the `t`-th step that moved it, as it was written, plus what Kahan
//! summation carries of it:
//!
//! ```text
//! a ← β̂·a + (1 − β̂)·θ        exponential: β̂(t) = 1 − (1 − β)/(1 − βᵗ); uniform: β̂(t) = 1 − 1/t
//! ```
//!
//! | | |
//! |---|---|
//! | State | `a`, one number per element |
//! | Shapes | any |
//! | Gradient release, accumulation | yes, yes; micro-batches do not count, since they move nothing |
//! | Typical `β` | 0.999 for thousands of steps, 0.9999 for hundreds of thousands |
//!
//! Differences from the papers: the exponential average is debiased, so that its first value is the
//! first parameter and neither zero nor the random start. It is computed as a + (1 − β̂)·(θ − a): the
//! two weights need not add up to 1 when both are rounded, and at β = 0.9999 that would move an average
//! in `f32` by 3e-4 of itself.

use crate::error::Result;
use crate::fields;
use crate::hyperparameter::Decay;
use crate::real::{Real, interpolate};
use crate::transform::{Arrives, Input, Nothing, Of, Stage, Step};
use typenum::B0;

/// An average of the parameters: [exponential](Self::exponential) or [uniform](Self::uniform).
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::hyperparameter::LearningRate;
/// use gradus::optimizer::Build;
/// use gradus::rule::{Sgd, WeightAverage};
///
/// let mut parameters = [("x", vec![0.0f32])];
/// let rule = Sgd { learning_rate: LearningRate::new(1.0)?, ..Sgd::default() };
/// let average = WeightAverage::exponential(0.5)?;
/// let mut optimizer = rule.average(average).build(Cpu::default(), &parameters)?;
/// for _ in 0..2 {
///     optimizer.step(&mut parameters, &[("x", vec![-3.0f32])])?; // 3, then 6
/// }
/// let mut averaged = parameters.clone();
/// optimizer.evaluation_into(&parameters, &mut averaged)?;
/// assert_eq!((parameters[0].1[0], averaged[0].1[0]), (6.0, 5.0)); // 3/3 + 6·2/3
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeightAverage(Form);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Exponential(Decay),
    Uniform,
}

impl WeightAverage {
    /// The newest parameter has the weight 1 − β, and older ones less and less. Debiased.
    ///
    /// # Errors
    /// [`Error::Hyperparameter`](crate::error::Error::Hyperparameter) unless `0 <= β < 1`.
    pub fn exponential(decay: f64) -> Result<Self> {
        Ok(Self(Form::Exponential(Decay::new(decay)?)))
    }

    /// All parameters since the first step have the same weight.
    pub fn uniform() -> Self {
        Self(Form::Uniform)
    }

    /// The weight of the newest parameter after `moves` of them.
    fn weight(self, moves: f64) -> f64 {
        match self.0 {
            Form::Exponential(decay) => decay.debiased_weight(moves as u64),
            Form::Uniform => 1.0 / moves,
        }
    }
}

fields! {
    /// What [`WeightAverage`] remembers.
    pub struct AveragedWeights: SecondPoint {
        /// a.
        average,
    }
}

fields! {
    /// How often a tensor has moved, where micro-batches do not count.
    pub struct Moves {
        /// Steps so far.
        moves,
    }
}

fields! {
    /// Constants of [`WeightAverage`].
    pub struct WeightAverageConstants {
        /// 1 − β̂(t), the weight of the newest parameter; between steps, whether there is an average.
        newest,
    }
}

impl Stage for WeightAverage {
    type Constants = WeightAverageConstants;
    type State = AveragedWeights;
    type Tensor = Nothing;
    type Own = Moves;
    type Group = Nothing;
    type Keeps = B0;
    type Joint = B0;
    const LOOKS_BACK: bool = true;

    fn begins_once(&self) -> bool {
        true
    }

    fn constants(&self, at: &Step, own: &mut Moves<f64>, _group: &Nothing) -> WeightAverageConstants<f64> {
        match at.arrives {
            Arrives::ToAccumulate => WeightAverageConstants { newest: 0.0 },
            Arrives::ToStep => {
                own.moves += 1.0;
                WeightAverageConstants { newest: self.weight(own.moves) }
            }
        }
    }

    #[inline(always)]
    fn update<F: Real>(
        _at: &WeightAverageConstants<F>,
        input: Input<F>,
        _tensor: &Nothing,
        _state: &mut AveragedWeights<F>,
    ) -> Input<F> {
        input
    }

    #[inline(always)]
    fn after<F: Real>(
        at: &WeightAverageConstants<F>,
        parameter: F,
        _tensor: &Nothing,
        state: &mut AveragedWeights<F>,
    ) {
        state.average = interpolate(state.average, parameter, at.newest);
    }

    fn evaluation_constants(&self, own: &Of<Moves, f64>) -> WeightAverageConstants<f64> {
        WeightAverageConstants { newest: own.moves.min(1.0) }
    }

    #[inline(always)]
    fn evaluation<F: Real>(at: &WeightAverageConstants<F>, parameter: F, state: &AveragedWeights<F>) -> F {
        F::select(at.newest, state.average, parameter)
    }
}

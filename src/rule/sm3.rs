//! SM3: Adagrad whose sums of squares are kept by row and column.
//!
//! Anil, Gupta, Koren, Singer, *Memory-Efficient Adaptive Optimization*, 2019,
//! <https://arxiv.org/abs/1901.11150>, Algorithm SM3-II, with the covers of §4: one set for each index
//! along each axis.
//!
//! For parameter `θ`, gradient `g`, accumulators `μ` of all lines (rows, columns, ...) of the tensor,
//! learning rate `γ` and weight decay `λ`:
//!
//! ```text
//! ν   = min μ over the lines of the element + g²      or β·min μ + (1 − β)·g², if β is not 0
//! μ ← max ν over the elements of the line              never less than it was
//! θ ← θ − γ·(g/√(ν + ε) + λ·θ)                         0/0 = 0
//! ```
//!
//! With momentum, `m ← β₁·m + (1 − β₁)·g/√(ν + ε)` takes the place of the quotient; `m` starts as 0.
//!
//! | | |
//! |---|---|
//! | State | `μ`, a number per line: *m* + *n* for an *m*×*n* matrix; [`Sm3Momentum`] one number per element more |
//! | Shapes | any; a vector has a line per element and moves as by Adagrad |
//! | Gradients of a few rows | yes, with `by_rows()` behind `build`; `μ` is then a number per row |
//! | Gradient release, accumulation | yes, no; [`Sm3Momentum`] yes, yes |
//! | Typical `γ` | 0.1, with a warm-up |
//!
//! Differences from the paper: β and ε are the authors' later additions; the paper's rule is β = 0. A
//! gradient whose square overflows stops all elements of its lines, and one that is NaN reaches them.

use super::{AddDecay, Decayed, FirstMomentum, Momentum, MomentumForm, decayed, regularized};
use crate::hyperparameter::{Dampening, Decay, Epsilon, LearningRate, WeightDecay};
use crate::real::Real;
use crate::transform::{ByAxis, Chain, Input, Rule, Step, Transform};
use crate::{fields, tunables};
use typenum::B0;

/// The update g/√(ν + ε) of SM3.
///
/// The text is Adagrad's: that its accumulator is kept [by axis](ByAxis) is all there is to SM3.
///
/// ```
/// use gradus::rule::{Accumulator, ScaleBySm3};
/// use gradus::transform::{Input, Step, Transform};
///
/// let at = ScaleBySm3::default().constants(&Step::first(0.1));
/// let mut smallest = Accumulator { accumulator: 16.0f64 }; // of the element's row and column
/// assert_eq!(ScaleBySm3::update(&at, Input::of(3.0, 1.0), &mut smallest), 3.0 / 5.0);
/// assert_eq!(smallest.accumulator, 25.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleBySm3 {
    /// β, the weight of the old accumulator. Default 0: squares are summed.
    pub beta: Decay,
    /// ε, below the root if it is added. Default: 1e-30, added.
    pub epsilon: Epsilon,
}

impl Default for ScaleBySm3 {
    fn default() -> Self {
        Self { beta: Decay::checked(0.0), epsilon: Epsilon { added: 1e-30, floor: 0.0 } }
    }
}

fields! {
    /// What SM3 remembers of past gradients.
    pub struct Accumulator {
        /// μ of a line; ν of an element.
        accumulator,
    }
}

fields! {
    /// Constants of [`ScaleBySm3`].
    pub struct Sm3Constants {
        /// The weight of the old accumulator.
        old,
        /// The weight of the square.
        new,
        /// ε if it is added, else 0.
        added,
        /// ε if it is a floor, and never 0.
        floor,
    }
}

/// Where ε is 0, roots are no smaller: 0/0 is 0, and a gradient whose square vanishes moves by less
/// than one whose square does not.
const LEAST_ROOT: f64 = 1e-19;

impl Transform for ScaleBySm3 {
    type Constants = Sm3Constants;
    type State = ByAxis<Accumulator>;
    type Keeps = B0;

    fn constants(&self, _at: &Step) -> Sm3Constants<f64> {
        let beta = self.beta.get();
        let (old, new) = if beta > 0.0 { (beta, 1.0 - beta) } else { (1.0, 1.0) };
        let floor = self.epsilon.floor.max(LEAST_ROOT);
        Sm3Constants { old, new, added: self.epsilon.added, floor }
    }

    #[inline(always)]
    fn update<F: Real>(at: &Sm3Constants<F>, input: Input<F>, state: &mut Accumulator<F>) -> F {
        let gradient = input.update;
        state.accumulator = at.old * state.accumulator + at.new * (gradient * gradient);
        gradient / (state.accumulator + at.added).sqrt().at_least(at.floor)
    }
}

/// SM3 without momentum: hardly any state. [`Default`] is the setting of the package torch-SM3.
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::optimizer::Build;
/// use gradus::rule::Sm3;
/// use ndarray::array;
///
/// let mut parameters = [("x", array![[0.0f32, 0.0, 0.0], [0.0, 0.0, 0.0]])];
/// let mut optimizer = Sm3::default().build(Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &[("x", array![[3.0, 4.0, 0.0], [1.0, 0.0, 0.0]])])?;
/// assert_eq!(parameters[0].1, array![[-0.1, -0.1, 0.0], [-0.1, 0.0, 0.0]]);
/// // Two rows, three columns: the largest squares of each.
/// assert_eq!(optimizer.snapshot()?.tensors[0].axes[0].1, [16.0, 1.0, 9.0, 16.0, 0.0]);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sm3 {
    /// γ. Default 0.1.
    pub learning_rate: LearningRate,
    /// β, the weight of the old accumulator. Default 0: squares are summed.
    pub beta: Decay,
    /// ε, below the root if it is added. Default: 1e-30, added.
    pub epsilon: Epsilon,
    /// λ and its kind. Default: none.
    pub weight_decay: WeightDecay,
}

impl Default for Sm3 {
    fn default() -> Self {
        let ScaleBySm3 { beta, epsilon } = ScaleBySm3::default();
        Self { learning_rate: LearningRate::checked(0.1), beta, epsilon, weight_decay: WeightDecay::NONE }
    }
}

impl Rule for Sm3 {
    type Direction = Chain<AddDecay, ScaleBySm3>;
    type Finish = Decayed;
    tunables!(learning_rate, beta, epsilon, weight_decay);

    fn direction(&self) -> Self::Direction {
        let Self { beta, epsilon, weight_decay, .. } = *self;
        regularized(ScaleBySm3 { beta, epsilon }, weight_decay)
    }

    fn finish(&self) -> Decayed {
        decayed(self.weight_decay)
    }
}

/// SM3 with momentum: half of Adam's state. [`Default`] has the paper's momentum.
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::optimizer::Build;
/// use gradus::rule::Sm3Momentum;
///
/// let mut parameters = [("x", vec![1.0f64])];
/// let mut optimizer = Sm3Momentum::default().parameters_in::<f64>().build(Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &[("x", vec![-3.0])])?;
/// assert!((parameters[0].1[0] - 1.01).abs() < 1e-15); // a tenth of a step of size γ
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sm3Momentum {
    /// γ. Default 0.1.
    pub learning_rate: LearningRate,
    /// β₁, the weight of the old average of updates. Default 0.9.
    pub momentum: Decay,
    /// β, the weight of the old accumulator. Default 0: squares are summed.
    pub beta: Decay,
    /// ε, below the root if it is added. Default: 1e-30, added.
    pub epsilon: Epsilon,
    /// λ and its kind. Default: none.
    pub weight_decay: WeightDecay,
}

impl Default for Sm3Momentum {
    fn default() -> Self {
        let Sm3 { learning_rate, beta, epsilon, weight_decay } = Sm3::default();
        Self { learning_rate, momentum: Decay::checked(0.9), beta, epsilon, weight_decay }
    }
}

impl Rule for Sm3Momentum {
    type Direction = Chain<AddDecay, Chain<ScaleBySm3, Momentum>>;
    type Finish = Decayed;
    tunables!(learning_rate, momentum, beta, epsilon, weight_decay);

    fn direction(&self) -> Self::Direction {
        let Self { momentum, beta, epsilon, weight_decay, .. } = *self;
        let second = Momentum {
            momentum,
            dampening: Dampening::checked(momentum.get()),
            first: FirstMomentum::FromZero,
            form: MomentumForm::Classical,
        };
        regularized(Chain { first: ScaleBySm3 { beta, epsilon }, second }, weight_decay)
    }

    fn finish(&self) -> Decayed {
        decayed(self.weight_decay)
    }
}

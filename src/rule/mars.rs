//! MARS: a gradient corrected by its change since the last one.
//!
//! Yuan et al., *MARS: Unleashing the Power of Variance Reduction for Training Large Models*, 2024,
//! <https://arxiv.org/abs/2411.10438>, Algorithm 2 in the approximate form, whose last gradient is
//! that of the last batch.
//!
//! For gradient `g`, last gradient `h`, strength `γ` and the rule's `β₁`:
//!
//! ```text
//! c = g + γ·β₁/(1 − β₁)·(g − h)         h = g at first
//! c ← c/max(1, ‖c‖)                      if it is clipped
//! h ← g
//! ```
//!
//! `c` takes the place of the gradient for all that follows, [caution](super::Caution) included.
//!
//! | | |
//! |---|---|
//! | State | `h`, one number per element |
//! | Shapes | any |
//! | Gradient release, accumulation | yes, yes: a micro-batch is corrected by the last one |
//! | Where | before any rule: `.on_gradient(Mars::default())` |
//!
//! Differences from the paper: the clip is an option, off by default; it and the coefficient and start
//! of HeavyBall are typed options.

use crate::fields;
use crate::hyperparameter::{Decay, Reduction};
use crate::real::Real;
use crate::transform::{Fold, Input, Nothing, Stage, Step};
use typenum::B0;

/// What the change of the gradient is multiplied with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MarsCoefficient {
    /// γ·β₁/(1 − β₁), as published.
    #[default]
    Published,
    /// β₁·γ/(1 − γ), where γ and β₁ have changed places: HeavyBall.
    Exchanged,
}

/// What the first gradient is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FirstComparison {
    /// Itself, so that it stays as it is.
    #[default]
    Itself,
    /// Zero, so that it grows by the coefficient: HeavyBall.
    Zero,
}

/// What happens to the norm of the corrected gradient.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MarsClip {
    /// Nothing.
    #[default]
    None,
    /// It is at most 1, for each tensor: the paper.
    UnitNorm,
}

/// Corrects the gradient by its change.
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::hyperparameter::LearningRate;
/// use gradus::optimizer::Build;
/// use gradus::rule::{Mars, Sgd};
///
/// let rule = Sgd { learning_rate: LearningRate::new(1.0)?, ..Sgd::default() };
/// let mut parameters = [("x", vec![0.0f64])];
/// let mut optimizer = rule.parameters_in::<f64>().on_gradient(Mars::default()).build(Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &[("x", vec![2.0f64])])?;
/// assert_eq!(parameters[0].1, [-2.0]);
/// optimizer.step(&mut parameters, &[("x", vec![3.0f64])])?;
/// let corrected = 3.0 + 0.025 * 19.0 * (3.0 - 2.0); // β₁/(1 − β₁) = 0.95/0.05
/// assert!((parameters[0].1[0] + 2.0 + corrected).abs() < 1e-12);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mars {
    /// γ, the strength. Default 0.025.
    pub strength: Reduction,
    /// β₁, the rule's weight of its old average. Default 0.95.
    pub momentum: Decay,
    /// How the two make a coefficient. Default: as published.
    pub coefficient: MarsCoefficient,
    /// What the first gradient is compared with. Default: itself.
    pub first: FirstComparison,
    /// Whether the corrected gradient is clipped. Default: it is not.
    pub clip: MarsClip,
}

impl Default for Mars {
    fn default() -> Self {
        Self {
            strength: Reduction::checked(0.025),
            momentum: Decay::checked(0.95),
            coefficient: MarsCoefficient::default(),
            first: FirstComparison::default(),
            clip: MarsClip::default(),
        }
    }
}

fields! {
    /// What [`Mars`] remembers.
    pub struct PreviousGradient {
        /// h, the last gradient before its correction.
        previous,
    }
}

fields! {
    /// Constants of [`Mars`] at one step.
    pub struct MarsConstants {
        /// The weight of the change.
        change,
        /// 1 if the corrected gradient is clipped, else 0.
        clips,
    }
}

fields! {
    /// What [`Mars`] measures, if it clips.
    pub struct CorrectedNorm {
        /// max(1, ‖c‖).
        divisor,
    }
}

impl Mars {
    #[inline(always)]
    fn correct<F: Real>(at: &MarsConstants<F>, gradient: F, state: &mut PreviousGradient<F>) -> F {
        // Without the selection two infinite gradients of the same sign would make NaN of a change
        // that has no weight.
        let corrected = gradient + at.change * (gradient - state.previous);
        state.previous = gradient;
        F::select(at.change, corrected, gradient)
    }
}

impl Stage for Mars {
    type Constants = MarsConstants;
    type State = PreviousGradient;
    type Tensor = CorrectedNorm;
    type Own = Nothing;
    type Group = Nothing;
    type Keeps = B0;
    type Joint = B0;
    const PASSES: usize = 1;

    fn begins_once(&self) -> bool {
        self.first == FirstComparison::Itself
    }

    fn constants(&self, at: &Step, _: &mut Nothing, _: &Nothing) -> MarsConstants<f64> {
        let (strength, momentum) = (self.strength.get(), self.momentum.get());
        let change = match self.coefficient {
            MarsCoefficient::Published => strength * momentum / (1.0 - momentum),
            MarsCoefficient::Exchanged => momentum * strength / (1.0 - strength),
        };
        let is_itself = at.own == 1 && self.first == FirstComparison::Itself;
        MarsConstants {
            change: if is_itself { 0.0 } else { change },
            clips: if self.clip == MarsClip::UnitNorm { 1.0 } else { 0.0 },
        }
    }

    fn measures(&self, _at: &Step) -> bool {
        self.clip == MarsClip::UnitNorm
    }

    #[inline(always)]
    fn fold(_pass: usize) -> Fold {
        Fold::Norm
    }

    #[inline(always)]
    fn measure<F: Real>(
        _pass: usize,
        at: &MarsConstants<F>,
        input: Input<F>,
        _: &CorrectedNorm<F>,
        state: &mut PreviousGradient<F>,
    ) -> F {
        Self::correct(at, input.update, state)
    }

    #[inline(always)]
    fn finish<F: Real>(_pass: usize, _: &MarsConstants<F>, norm: F, _: F, tensor: &mut CorrectedNorm<F>) {
        tensor.divisor = norm.at_least(F::constant(1.0));
    }

    #[inline(always)]
    fn update<F: Real>(
        at: &MarsConstants<F>,
        input: Input<F>,
        tensor: &CorrectedNorm<F>,
        state: &mut PreviousGradient<F>,
    ) -> Input<F> {
        let corrected = Self::correct(at, input.update, state);
        input.with_gradient(F::select(at.clips, corrected / tensor.divisor, corrected))
    }
}

//! Caution: no element moves against its gradient.
//!
//! Liang, Chen, Liu, Liu, *Cautious Optimizers: Improving Training with One Line of Code*, 2024,
//! <https://arxiv.org/abs/2411.16085>, Algorithm 2.
//!
//! For gradient `g`, update `u` and a tensor of `n` elements, of which `k` agree:
//!
//! ```text
//! u ← u·n/max(k, 1)   where u and g agree
//! u ← 0               elsewhere
//! ```
//!
//! | | |
//! |---|---|
//! | State | none; one number per tensor and step |
//! | Shapes | any |
//! | Gradient release, accumulation | yes, yes |
//! | Where | behind any rule: `.on_update(Caution::default())` |
//!
//! Differences from the paper: it divides by k + 1. The gradient is the one that the rule saw: behind
//! a clip or [MARS](super::Mars), the clipped or corrected one. An update or a gradient that is not a
//! number stays visible as NaN.

use crate::fields;
use crate::real::Real;
use crate::transform::{Arrives, Input, Nothing, Stage, Step};
use typenum::B0;

/// When an update agrees with its gradient.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Agreement {
    /// Both are positive, or both negative: the paper, and HeavyBall 1.
    #[default]
    Strict,
    /// Both are negative, or neither is, so that a zero counts as positive: HeavyBall 3.
    ZeroIsPositive,
}

/// Drops what moves against the gradient, and scales up the rest.
///
/// ```
/// use gradus::cpu::Cpu;
/// use gradus::hyperparameter::LearningRate;
/// use gradus::optimizer::Build;
/// use gradus::rule::{Caution, SgdMomentum};
///
/// let rule = SgdMomentum { learning_rate: LearningRate::new(0.5)?, ..SgdMomentum::default() };
/// let mut parameters = [("x", vec![0.0f64; 3])];
/// let mut optimizer = rule.parameters_in::<f64>().on_update(Caution::default()).build(Cpu::default(), &parameters)?;
/// optimizer.step(&mut parameters, &[("x", vec![1.0f64, 1.0, 1.0])])?;
/// assert_eq!(parameters[0].1, [-0.5; 3]);
/// // The velocity is 0.9 + g: 1.9, 0.8 and 0.9. Only the first agrees with its gradient.
/// optimizer.step(&mut parameters, &[("x", vec![1.0f64, -0.1, 0.0])])?;
/// assert_eq!(parameters[0].1, [-0.5 - 0.5 * 1.9 * 3.0, -0.5, -0.5]);
/// # Ok::<(), gradus::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caution {
    /// When an update agrees with its gradient. Default: where both have the same sign, not 0.
    pub agreement: Agreement,
}

fields! {
    /// Constants of [`Caution`].
    pub struct CautionConstants {
        /// The sign that zero has: 1 or 0.
        sign_of_zero,
    }
}

fields! {
    /// What [`Caution`] measures.
    pub struct Kept {
        /// n/max(k, 1).
        scale,
    }
}

impl<F: Real> CautionConstants<F> {
    /// 1 where update and gradient agree, else 0 or −1; NaN if either is.
    #[inline(always)]
    fn agreement(&self, input: &Input<F>) -> F {
        self.sign(input.gradient) * self.sign(input.update)
    }

    #[inline(always)]
    fn sign(&self, number: F) -> F {
        let sign = number.sign();
        // sign² is 1, 0 or NaN.
        sign + self.sign_of_zero * (F::constant(1.0) - sign * sign)
    }
}

impl Stage for Caution {
    type Constants = CautionConstants;
    type State = Nothing;
    type Tensor = Kept;
    type Own = Nothing;
    type Group = Nothing;
    type Keeps = B0;
    type Joint = B0;
    const PASSES: usize = 1;

    fn constants(&self, _at: &Step, _: &mut Nothing, _: &Nothing) -> CautionConstants<f64> {
        CautionConstants { sign_of_zero: if self.agreement == Agreement::ZeroIsPositive { 1.0 } else { 0.0 } }
    }

    fn measures(&self, at: &Step) -> bool {
        at.arrives == Arrives::ToStep // a micro-batch moves nothing
    }

    #[inline(always)]
    fn measure<F: Real>(
        _pass: usize,
        at: &CautionConstants<F>,
        input: Input<F>,
        _: &Kept<F>,
        _: &mut Nothing,
    ) -> F {
        F::select(at.agreement(&input), F::constant(1.0), F::constant(0.0))
    }

    #[inline(always)]
    fn finish<F: Real>(_pass: usize, _: &CautionConstants<F>, kept: F, count: F, tensor: &mut Kept<F>) {
        tensor.scale = count / kept.at_least(F::constant(1.0));
    }

    #[inline(always)]
    fn update<F: Real>(
        at: &CautionConstants<F>,
        input: Input<F>,
        tensor: &Kept<F>,
        _: &mut Nothing,
    ) -> Input<F> {
        let agreement = at.agreement(&input);
        // 0, unless something is not a number.
        let dropped = input.update * (agreement * F::constant(0.0));
        input.with_update(F::select(agreement, input.update * tensor.scale, dropped))
    }
}

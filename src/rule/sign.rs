//! The sign of an update, with the norm that the update had; and LaProp with it.
//!
//! `sign` and `SignLaProp` of HeavyBall, <https://github.com/HomebrewML/HeavyBall>. That a sign
//! can take another update's norm is from Agarwal et al., *Disentangling Adaptive Gradient Methods
//! from Learning Rates*, 2020, <https://arxiv.org/abs/2002.11803>.
//!
//! ```text
//! u ← sign(u)·‖u‖/‖sign(u)‖         sign(0) = 0
//! ```
//!
//! | | |
//! |---|---|
//! | State | none; two numbers per tensor and step. `SignLaProp` has that of [LaProp](super::LaProp) |
//! | Shapes | any |
//! | Gradient release, accumulation | yes, as the stages before |
//! | Typical `γ` | LaProp's |

use super::ScaleByLaProp;
use super::moments::rule_of_moments;
use crate::fields;
use crate::real::Real;
use crate::transform::{Arrives, Chain, Fold, Input, Nothing, Of, Stage, StageExt, Step};
use typenum::B0;

/// Gives all elements of a tensor that are not 0 one size, and keeps their signs and the norm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sign;

fields! {
    /// What [`Sign`] measures.
    pub struct SignSize {
        /// ‖u‖.
        norm,
        /// The size of each element.
        size,
    }
}

impl Stage for Sign {
    type Constants = Nothing;
    type State = Nothing;
    type Tensor = SignSize;
    type Own = Nothing;
    type Group = Nothing;
    type Keeps = B0;
    type Joint = B0;
    const PASSES: usize = 2;

    fn sees_parameter(_: Option<usize>, _: &Of<Self::Constants, f64>) -> bool {
        false
    }

    fn constants(&self, _at: &Step, _: &mut Nothing, _: &Nothing) -> Nothing {
        Nothing
    }

    fn measures(&self, at: &Step) -> bool {
        at.arrives == Arrives::ToStep // a micro-batch moves nothing
    }

    #[inline(always)]
    fn fold(_pass: usize) -> Fold {
        Fold::Norm
    }

    #[inline(always)]
    fn measure<F: Real>(pass: usize, _: &Nothing, input: Input<F>, _: &SignSize<F>, _: &mut Nothing) -> F {
        if pass == 0 { input.update } else { input.update.sign() }
    }

    #[inline(always)]
    fn finish<F: Real>(pass: usize, _: &Nothing, norm: F, _: F, tensor: &mut SignSize<F>) {
        if pass == 0 {
            tensor.norm = norm;
        } else {
            // The norm of signs is 0 or at least 1.
            tensor.size = tensor.norm / norm.at_least(F::constant(1.0));
        }
    }

    #[inline(always)]
    fn update<F: Real>(_: &Nothing, input: Input<F>, tensor: &SignSize<F>, _: &mut Nothing) -> Input<F> {
        input.with_update(input.update.sign() * tensor.size)
    }
}

rule_of_moments! {
    /// [LaProp](super::LaProp) whose elements all move by the same. [`Default`] is LaProp's setting.
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::hyperparameter::{Decay, LearningRate};
    /// use gradus::optimizer::Build;
    /// use gradus::rule::SignLaProp;
    ///
    /// let (rate, none) = (LearningRate::new(1.0)?, Decay::new(0.0)?);
    /// let rule = SignLaProp { learning_rate: rate, first: Decay::new(0.5)?, second: none.into(), ..SignLaProp::default() };
    /// let mut parameters = [("x", vec![0.0f64; 2])];
    /// let mut optimizer = rule.parameters_in::<f64>().build(Cpu::default(), &parameters)?;
    /// optimizer.step(&mut parameters, &[("x", vec![2.0f64, 3.0])])?;
    /// assert!(parameters[0].1.iter().all(|x| (x + 1.0).abs() < 1e-12));
    /// // LaProp would move by (0.5·1 ± 1)/1.5: 1 and −1/3, of norm √(10/9).
    /// optimizer.step(&mut parameters, &[("x", vec![5.0f64, -1.0])])?;
    /// let each = (10.0f64 / 9.0).sqrt() / 2f64.sqrt();
    /// assert!((parameters[0].1[0] + 1.0 + each).abs() < 1e-12);
    /// assert!((parameters[0].1[1] + 1.0 - each).abs() < 1e-12);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    SignLaProp, rate = 4e-4, |scale: ScaleByLaProp| -> Chain<ScaleByLaProp, Sign> { scale.then(Sign) }
}

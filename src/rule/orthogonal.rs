//! OrthoGrad: an update without the part that only changes the parameter's length; and LaProp with it.
//!
//! Prieto et al., *Grokking at the Edge of Numerical Stability*, 2025,
//! <https://arxiv.org/abs/2501.04697>, section 5.
//!
//! For a tensor's parameters `w` and update `u`, taken as vectors:
//!
//! ```text
//! o = u − (w·u)/(w·w + ε)·w
//! u ← o·‖u‖/max(‖o‖, δ)
//! ```
//!
//! | | |
//! |---|---|
//! | State | none; four numbers per tensor and step. The two rules have that of [LaProp](super::LaProp) |
//! | Shapes | any; of a single element nothing but rounding errors is left |
//! | Gradient release, accumulation | yes, as the other stages; a micro-batch comes without its parameter and stays as it is |
//! | Typical `γ` | LaProp's |
//!
//! Differences from the paper: it adds δ to ‖o‖.

use super::ScaleByLaProp;
use super::moments::rule_of_moments;
use crate::fields;
use crate::hyperparameter::{Amount, Floor};
use crate::real::Real;
use crate::transform::{Arrives, Chain, Fold, Input, Nothing, Stage, StageExt, Step};
use typenum::B0;

/// Makes the update of a tensor orthogonal to its parameters, and keeps the norm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Orthogonalize {
    /// ε, keeps w·w from zero. Default 1e-30.
    pub epsilon: Amount,
    /// δ, the smallest norm that is scaled up in full. Default 1e-30.
    pub floor: Floor,
}

impl Default for Orthogonalize {
    fn default() -> Self {
        Self { epsilon: Amount::checked(1e-30), floor: Floor::checked(1e-30) }
    }
}

fields! {
    /// Constants of [`Orthogonalize`].
    pub struct OrthogonalConstants {
        /// ε.
        epsilon,
        /// δ.
        floor,
        /// 1 if there is a parameter to be orthogonal to, else 0.
        acts,
    }
}

fields! {
    /// What [`Orthogonalize`] measures.
    pub struct Projection {
        /// w·u.
        product,
        /// (w·u)/(w·w + ε).
        along,
        /// ‖u‖.
        norm,
        /// ‖u‖/max(‖o‖, δ).
        scale,
    }
}

impl Stage for Orthogonalize {
    type Constants = OrthogonalConstants;
    type State = Nothing;
    type Tensor = Projection;
    type Own = Nothing;
    type Group = Nothing;
    type Keeps = B0;
    type Joint = B0;
    const PASSES: usize = 4;

    fn constants(&self, at: &Step, _: &mut Nothing, _: &Nothing) -> OrthogonalConstants<f64> {
        OrthogonalConstants {
            epsilon: self.epsilon.get(),
            floor: self.floor.get(),
            acts: if at.arrives == Arrives::ToStep { 1.0 } else { 0.0 },
        }
    }

    fn measures(&self, at: &Step) -> bool {
        at.arrives == Arrives::ToStep
    }

    #[inline(always)]
    fn fold(pass: usize) -> Fold {
        if pass == 0 { Fold::Sum } else { Fold::Norm }
    }

    #[inline(always)]
    fn measure<F: Real>(
        pass: usize,
        _: &OrthogonalConstants<F>,
        input: Input<F>,
        tensor: &Projection<F>,
        _: &mut Nothing,
    ) -> F {
        match pass {
            0 => input.parameter * input.update,
            1 => input.parameter,
            2 => input.update,
            _ => input.update - tensor.along * input.parameter,
        }
    }

    #[inline(always)]
    fn finish<F: Real>(
        pass: usize,
        at: &OrthogonalConstants<F>,
        result: F,
        _: F,
        tensor: &mut Projection<F>,
    ) {
        match pass {
            0 => tensor.product = result,
            1 => {
                // A parameter of zeros with an ε of 0 has no direction to leave out.
                let square = result * result + at.epsilon;
                tensor.along = F::select(square, tensor.product / square, square);
            }
            2 => tensor.norm = result,
            _ => tensor.scale = tensor.norm / result.at_least(at.floor),
        }
    }

    #[inline(always)]
    fn update<F: Real>(
        at: &OrthogonalConstants<F>,
        input: Input<F>,
        tensor: &Projection<F>,
        _: &mut Nothing,
    ) -> Input<F> {
        let rest = input.update - tensor.along * input.parameter;
        input.with_update(F::select(at.acts, rest * tensor.scale, input.update))
    }
}

rule_of_moments! {
    /// [LaProp](super::LaProp) of gradients that are made orthogonal to their parameters. [`Default`] is
    /// LaProp's setting.
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::hyperparameter::{Decay, LearningRate};
    /// use gradus::optimizer::Build;
    /// use gradus::rule::OrthoLaProp;
    ///
    /// let rule = OrthoLaProp { learning_rate: LearningRate::new(0.5)?, ..OrthoLaProp::default() };
    /// let mut parameters = [("x", vec![4.0f64, 0.0])];
    /// let mut optimizer = rule.parameters_in::<f64>().build(Cpu::default(), &parameters)?;
    /// optimizer.step(&mut parameters, &[("x", vec![4.0f64, 3.0])])?;
    /// assert_eq!(parameters[0].1[0], 4.0);
    /// assert!((parameters[0].1[1] + 0.5).abs() < 1e-12);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    OrthoLaProp, rate = 4e-4,
    |scale: ScaleByLaProp, projection: Orthogonalize| -> Chain<Orthogonalize, ScaleByLaProp> {
        projection.then(scale)
    }
}

rule_of_moments! {
    /// [LaProp](super::LaProp) whose updates are made orthogonal to their parameters. [`Default`] is
    /// LaProp's setting.
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::hyperparameter::LearningRate;
    /// use gradus::optimizer::Build;
    /// use gradus::rule::LaPropOrtho;
    ///
    /// let rule = LaPropOrtho { learning_rate: LearningRate::new(0.5)?, ..LaPropOrtho::default() };
    /// let mut parameters = [("x", vec![4.0f64, 0.0])];
    /// let mut optimizer = rule.parameters_in::<f64>().build(Cpu::default(), &parameters)?;
    /// optimizer.step(&mut parameters, &[("x", vec![4.0f64, 3.0])])?;
    /// assert_eq!(parameters[0].1[0], 4.0);
    /// assert!((parameters[0].1[1] + 0.5 * 2f64.sqrt()).abs() < 1e-12); // the update was (1, 1)
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    LaPropOrtho, rate = 4e-4,
    |scale: ScaleByLaProp, projection: Orthogonalize| -> Chain<ScaleByLaProp, Orthogonalize> {
        scale.then(projection)
    }
}

//! Options that put stages around the rule, and that look at all gradients first.

use super::builder::Builder;
use super::extras::{
    ClippedTogether, Extras, MayBeClipped, MayBeDecided, RefuseStep, ScaleLoss, SkipStep, With, WorksUnder,
};
use super::loss_scale::LossScaling;
use super::options::LooksAhead;
use super::survey::Nonfinite;
use crate::clip::JointClip;
use crate::hyperparameter::Limit;
use crate::rule::WeightAverage;
use crate::transform::{Chain, Rule, Stage};
use core::marker::PhantomData;

/// The extras `X` with a clip of all gradients together.
pub type Clipped<X> = With<
    ClippedTogether,
    <X as Extras>::Policy,
    <X as Extras>::Before,
    <X as Extras>::Behind,
    <X as Extras>::After,
>;

/// The extras `X` with the policy `N`.
pub type Policed<X, N> =
    With<<X as Extras>::Clip, N, <X as Extras>::Before, <X as Extras>::Behind, <X as Extras>::After>;

/// The extras `X` with the stage `C` behind those before the rule.
pub type OnGradient<X, C> = With<
    <X as Extras>::Clip,
    <X as Extras>::Policy,
    Chain<<X as Extras>::Before, C>,
    <X as Extras>::Behind,
    <X as Extras>::After,
>;

/// The extras `X` with the stage `C` behind those behind the rule.
pub type OnUpdate<X, C> = With<
    <X as Extras>::Clip,
    <X as Extras>::Policy,
    <X as Extras>::Before,
    Chain<<X as Extras>::Behind, C>,
    <X as Extras>::After,
>;

/// The extras `X` with the stage `C` behind those after the rule.
pub type Afterwards<X, C> = With<
    <X as Extras>::Clip,
    <X as Extras>::Policy,
    <X as Extras>::Before,
    <X as Extras>::Behind,
    Chain<<X as Extras>::After, C>,
>;

impl<R: Rule, P, G, S, W, A, X: Extras> Builder<R, P, G, S, W, A, X> {
    /// Multiplies all gradients by one factor, so that their norm is at most `limit`.
    ///
    /// The norm is that over all parameters that are not frozen; see
    /// [`gradient_norm`](super::Optimizer::gradient_norm) to log it.
    ///
    /// Pascanu, Mikolov, Bengio, 2013, <https://arxiv.org/abs/1211.5063>.
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::optimizer::Build;
    /// use gradus::rule::Sgd;
    ///
    /// let mut parameters = [("x", vec![0.0f32]), ("y", vec![0.0])];
    /// let mut optimizer = Sgd::default().clip_global_norm(1.0).build(Cpu::default(), &parameters)?;
    /// optimizer.step(&mut parameters, &[("x", vec![30.0f32]), ("y", vec![-40.0])])?;
    /// assert_eq!(optimizer.gradient_norm().expect("it was measured").norm, 50.0);
    /// assert!((parameters[0].1[0] + 0.1 * 0.6).abs() < 1e-6);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    pub fn clip_global_norm(self, limit: f64) -> Builder<R, P, G, S, W, A, Clipped<X>>
    where
        A: LooksAhead,
        X::Clip: MayBeClipped,
    {
        self.clip_together(JointClip::Norm, limit)
    }

    /// Multiplies all gradients by one factor, so that their root mean square is at most `limit`.
    pub fn clip_global_rms(self, limit: f64) -> Builder<R, P, G, S, W, A, Clipped<X>>
    where
        A: LooksAhead,
        X::Clip: MayBeClipped,
    {
        self.clip_together(JointClip::Rms, limit)
    }

    /// Multiplies all gradients by one factor, as `clip` says:
    /// `.clip_together(JointClip::NormalizeNorm, 1.0)`.
    pub fn clip_together(
        self,
        clip: fn(Limit) -> JointClip,
        limit: f64,
    ) -> Builder<R, P, G, S, W, A, Clipped<X>>
    where
        A: LooksAhead,
        X::Clip: MayBeClipped,
    {
        self.clipped_together(clip, limit)
    }

    /// The same, whether or not gradients are clipped together already.
    pub(super) fn clipped_together(
        mut self,
        clip: fn(Limit) -> JointClip,
        limit: f64,
    ) -> Builder<R, P, G, S, W, A, Clipped<X>> {
        self.plan.clip = Some((clip, limit));
        self.with_extras(|extras| {
            let With { before, behind, after, .. } = extras.stages();
            With { before, behind, after, front: PhantomData }
        })
    }

    /// Leaves out a step, for all groups alike, if a gradient is infinite or NaN.
    ///
    /// Nothing changes but [`skipped`](super::Optimizer::skipped); the default is that such
    /// gradients propagate. On a GPU the step returns before that is decided:
    /// [`Undecided`](super::Stepped::Undecided).
    pub fn skip_nonfinite(mut self) -> Builder<R, P, G, S, W, A, Policed<X, SkipStep>>
    where
        A: LooksAhead,
        X::Policy: MayBeDecided,
    {
        self.plan.nonfinite = Nonfinite::SkipsTheStep;
        self.with_policy()
    }

    /// Refuses a step with an error that names parameter and index, if a gradient is infinite or
    /// NaN.
    /// The step waits for a GPU to find the norm.
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::optimizer::Build;
    /// use gradus::rule::Lion;
    ///
    /// let mut parameters = [("x", vec![0.0f32, 0.0])];
    /// let mut optimizer = Lion::default().refuse_nonfinite().build(Cpu::default(), &parameters)?;
    /// let error = optimizer.step(&mut parameters, &[("x", vec![1.0f32, f32::NAN])]).unwrap_err();
    /// assert_eq!(error.to_string(), "the gradient of `x` is infinite or NaN, first at index [1]; the step was not taken");
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    pub fn refuse_nonfinite(mut self) -> Builder<R, P, G, S, W, A, Policed<X, RefuseStep>>
    where
        A: LooksAhead,
        X::Policy: MayBeDecided,
    {
        self.plan.nonfinite = Nonfinite::RefusesTheStep;
        self.with_policy()
    }

    /// Divides gradients by a scale that the loss was multiplied with, and lets the scale follow
    /// the gradients: see [`LossScaling`].
    pub fn loss_scaling(mut self, scaling: LossScaling) -> Builder<R, P, G, S, W, A, Policed<X, ScaleLoss>>
    where
        A: LooksAhead,
        X::Policy: MayBeDecided,
    {
        self.plan.loss_scaling = Some(scaling);
        self.with_policy()
    }

    pub(super) fn with_policy<N>(self) -> Builder<R, P, G, S, W, A, Policed<X, N>> {
        self.with_extras(|extras| {
            let With { before, behind, after, .. } = extras.stages();
            With { before, behind, after, front: PhantomData }
        })
    }

    /// Puts a stage between the gradient and the rule: a clip, or a stage of your own. Several run
    /// in the order of the calls; all run behind what
    /// [all gradients decide together](Self::clip_global_norm).
    pub fn on_gradient<C: Stage>(self, stage: C) -> Builder<R, P, G, S, W, A, OnGradient<X, C>>
    where
        C::Joint: WorksUnder<A>,
    {
        self.with_extras(|extras| {
            let With { before, behind, after, .. } = extras.stages();
            With { before: Chain { first: before, second: stage }, behind, after, front: PhantomData }
        })
    }

    /// Puts a stage between the rule's direction and weight decay and learning rate: a clip, or a
    /// stage of your own. Several run in the order of the calls.
    pub fn on_update<C: Stage>(self, stage: C) -> Builder<R, P, G, S, W, A, OnUpdate<X, C>>
    where
        C::Joint: WorksUnder<A>,
    {
        self.with_extras(|extras| {
            let With { before, behind, after, .. } = extras.stages();
            With { before, behind: Chain { first: behind, second: stage }, after, front: PhantomData }
        })
    }

    /// Keeps an average of the parameters beside them, at which the model can be
    /// [evaluated](super::Optimizer::into_evaluation): see [`WeightAverage`].
    pub fn average(self, average: WeightAverage) -> Builder<R, P, G, S, W, A, Afterwards<X, WeightAverage>> {
        self.with_extras(|extras| {
            let With { before, behind, after, .. } = extras.stages();
            With { before, behind, after: Chain { first: after, second: average }, front: PhantomData }
        })
    }

    /// Puts a stage behind weight decay and learning rate, where the update is what the parameter
    /// loses: an average of the parameters, or a stage of your own.
    pub fn afterwards<C: Stage>(self, stage: C) -> Builder<R, P, G, S, W, A, Afterwards<X, C>>
    where
        C::Joint: WorksUnder<A>,
    {
        self.with_extras(|extras| {
            let With { before, behind, after, .. } = extras.stages();
            With { before, behind, after: Chain { first: after, second: stage }, front: PhantomData }
        })
    }
}

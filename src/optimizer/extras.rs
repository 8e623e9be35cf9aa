//! What options put around a rule, as types.
//!
//! ```text
//! gradient ─▶ front ─▶ before ─▶ direction ─▶ behind ─▶ finish ─▶ parameter ─▶ after
//!             what all gradients
//!             decide together
//! ```

use super::options::{HasTwoPoints, KeepsGradients, Released, Together};
use crate::clip::{AwaitAll, Rescale};
use crate::transform::{Around, Chain, ChainOf, FieldSet, Identity, Rule, Stage};
use core::fmt::Debug;
use core::marker::PhantomData;
use typenum::{B0, B1};

/// What an optimizer's options put around its rule.
pub trait Extras: Clone + Debug + Send + Sync + 'static {
    /// The rule with all of it.
    type Around<R: Rule>: Rule;
    /// How all gradients are clipped together.
    type Clip: JointlyClipped;
    /// What a gradient that is infinite or NaN does.
    type Policy: Policy;
    /// The stages before the rule.
    type Before: Stage;
    /// The stages behind its direction.
    type Behind: Stage;
    /// The stages after the learning rate.
    type After: Stage;
    /// Puts it around a rule.
    fn around<R: Rule>(&self, rule: R) -> Self::Around<R>;
    /// The stages themselves.
    fn stages(self) -> With<Self::Clip, Self::Policy, Self::Before, Self::Behind, Self::After>;
}

/// Nothing around the rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bare;

impl Extras for Bare {
    type Around<R: Rule> = R;
    type Clip = Unclipped;
    type Policy = Propagate;
    type Before = Identity;
    type Behind = Identity;
    type After = Identity;

    fn around<R: Rule>(&self, rule: R) -> R {
        rule
    }

    fn stages(self) -> With<Unclipped, Propagate, Identity, Identity, Identity> {
        With { before: Identity, behind: Identity, after: Identity, front: PhantomData }
    }
}

/// Stages around the rule, and what happens before any of them.
pub struct With<Clip, Policy, Before, Behind, After> {
    pub(super) before: Before,
    pub(super) behind: Behind,
    pub(super) after: After,
    pub(super) front: PhantomData<fn() -> (Clip, Policy)>,
}

impl<C, N, B: Clone, H: Clone, E: Clone> Clone for With<C, N, B, H, E> {
    fn clone(&self) -> Self {
        let (before, behind, after) = (self.before.clone(), self.behind.clone(), self.after.clone());
        Self { before, behind, after, front: PhantomData }
    }
}

impl<C, N, B: Debug, H: Debug, E: Debug> Debug for With<C, N, B, H, E> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut with = f.debug_struct("With");
        with.field("before", &self.before).field("behind", &self.behind).field("after", &self.after);
        with.finish()
    }
}

impl<C, N, B, H, E> Extras for With<C, N, B, H, E>
where
    C: JointlyClipped,
    N: Policy,
    B: Stage,
    H: Stage,
    E: Stage,
{
    type Around<R: Rule> = Around<R, Chain<Front<C, N>, B>, H, E>;
    type Clip = C;
    type Policy = N;
    type Before = B;
    type Behind = H;
    type After = E;

    fn around<R: Rule>(&self, rule: R) -> Self::Around<R> {
        let Self { before, behind, after, .. } = self.clone();
        Around { rule, before: Chain { first: Front::<C, N>::default(), second: before }, behind, after }
    }

    fn stages(self) -> Self {
        self
    }
}

/// The stage that stands before all others: what decisions about all gradients need of the pass.
pub type Front<C, N> = <N as Policy>::Front<C>;

/// How all gradients are clipped together: [`Unclipped`] or [`ClippedTogether`].
pub trait JointlyClipped: Debug + Send + Sync + 'static + sealed::Sealed {
    /// The stage in front if gradients need not be looked at for another reason.
    type Alone: Stage + Default;
    /// The stage in front if they are looked at anyway.
    type Waiting: Stage + Default;
}

/// Gradients are not clipped together.
#[derive(Clone, Copy, Debug)]
pub enum Unclipped {}

/// Gradients are multiplied by a factor that follows from all of them.
#[derive(Clone, Copy, Debug)]
pub enum ClippedTogether {}

impl JointlyClipped for Unclipped {
    type Alone = Identity;
    type Waiting = AwaitAll;
}

impl JointlyClipped for ClippedTogether {
    type Alone = Rescale;
    type Waiting = Rescale;
}

/// What a gradient that is infinite or NaN does: [`Propagate`], [`SkipStep`], [`RefuseStep`], or
/// [`ScaleLoss`].
pub trait Policy: Debug + Send + Sync + 'static + sealed::Sealed {
    /// The stage in front.
    type Front<C: JointlyClipped>: Stage + Default;
}

/// It enters the state and the parameters, as arithmetic has it.
#[derive(Clone, Copy, Debug)]
pub enum Propagate {}

/// The whole step is left out, and counted.
#[derive(Clone, Copy, Debug)]
pub enum SkipStep {}

/// The step is an error that names the parameter.
#[derive(Clone, Copy, Debug)]
pub enum RefuseStep {}

/// The whole step is left out, and the scale of the loss is made smaller.
#[derive(Clone, Copy, Debug)]
pub enum ScaleLoss {}

impl Policy for Propagate {
    type Front<C: JointlyClipped> = C::Alone;
}

impl Policy for SkipStep {
    type Front<C: JointlyClipped> = C::Waiting;
}

impl Policy for RefuseStep {
    type Front<C: JointlyClipped> = C::Waiting;
}

impl Policy for ScaleLoss {
    type Front<C: JointlyClipped> = Rescale;
}

/// Gradients that are not clipped together yet.
#[diagnostic::on_unimplemented(
    message = "all gradients are clipped together already",
    label = "this call needs a builder on which they are not",
    note = "all gradients are multiplied by one factor, which follows from one size and one limit",
    note = "keep one of `.clip_global_norm(..)`, `.clip_global_rms(..)` and `.clip_together(..)`"
)]
pub trait MayBeClipped {}
impl MayBeClipped for Unclipped {}

/// A policy that has not been chosen yet.
#[diagnostic::on_unimplemented(
    message = "what an infinite or NaN gradient does has been decided already",
    label = "this call needs a builder on which it has not been decided",
    note = "such a gradient has one effect; loss scaling, which has to find them, leaves the step out",
    note = "keep one of `.skip_nonfinite()`, `.refuse_nonfinite()` and `.loss_scaling(..)`"
)]
pub trait MayBeDecided {}
impl MayBeDecided for Propagate {}

/// A chain, of which `Self` says whether it needs all gradients at once, that works when gradients
/// arrive as `A` says.
#[diagnostic::on_unimplemented(
    message = "a part of this optimizer needs every gradient at once, and under gradient release they never exist together",
    label = "this call brings the two together",
    note = "norms over all tensors, policies about infinite and NaN gradients, and loss scaling look at all gradients before any parameter moves; gradient release frees each one before the next exists",
    note = "leave out one of the two, or use what looks at one tensor by itself: `.on_gradient(ClipNorm::default())`"
)]
pub trait WorksUnder<A> {}
impl<A> WorksUnder<A> for B0 {}
impl WorksUnder<Together> for B1 {}

/// A rule that works under gradient release: nothing of it needs all gradients at once.
///
/// What is generic over rules and releases gradients asks for this.
pub trait Releasable: Rule {}
impl<R: Rule> Releasable for R where <ChainOf<R> as Stage>::Joint: WorksUnder<Released> {}

/// A rule that keeps an average of its gradients, so that micro-batches can be folded into it.
///
/// What is generic over rules and accumulates gradients asks for this.
pub trait Averaging: Rule {}
impl<R: Rule> Averaging for R where <ChainOf<R> as Stage>::Keeps: KeepsGradients {}

/// A rule that keeps another point than the parameter, at which a model is evaluated: an average of
/// weights, or what a schedule-free rule averages itself.
///
/// What is generic over rules and evaluates asks for this.
pub trait TwoFaced: Rule {}
impl<R: Rule> TwoFaced for R where <<ChainOf<R> as Stage>::State as FieldSet>::SecondPoint: HasTwoPoints {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Unclipped {}
    impl Sealed for super::ClippedTogether {}
    impl Sealed for super::Propagate {}
    impl Sealed for super::SkipStep {}
    impl Sealed for super::RefuseStep {}
    impl Sealed for super::ScaleLoss {}
}

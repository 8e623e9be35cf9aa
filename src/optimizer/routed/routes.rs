//! Which parameters go which way, before anything is allocated.

use super::{Drives, Routed};
use crate::clip::JointClip;
use crate::device::{Device, In, ParameterSet};
use crate::dtype::{StorageDtype, WidensTo};
use crate::error::{Error, Result};
use crate::hyperparameter::Limit;
use crate::optimizer::builder::{Builder, Built};
use crate::optimizer::extras::{
    Extras, MayBeClipped, MayBeDecided, Policy, Propagate, RefuseStep, ScaleLoss, SkipStep, Unclipped,
};
use crate::optimizer::grouping::Condition;
use crate::optimizer::options::{
    FitsArithmetic, GradientFormat, KeepsArithmetic, LooksAhead, ParameterFormat, Rounds, SeesEveryGradient,
    StateFormat,
};
use crate::optimizer::survey::Nonfinite;
use crate::optimizer::wrapping::{Clipped, Policed};
use crate::optimizer::{LossScaling, Optimizer, assemble};
use crate::shape::Layout;
use crate::store::Store;
use crate::transform::Rule;
use core::fmt;
use core::marker::PhantomData;
use std::collections::HashSet;

/// Two builders, and which parameters go to the first of them. Made by [`Builder::route`].
#[must_use = "a builder does nothing until `.build(..)`"]
pub struct Routes<C, O> {
    label: String,
    claims: Condition,
    claimed: C,
    others: O,
}

impl<R, P, G, S, W, A, X> Builder<R, P, G, S, W, A, X> {
    /// Gives the parameters for which `condition` holds to another optimizer, which takes its steps
    /// together with this one.
    ///
    /// `other` is a rule, a builder with options of its own, or routes again; so is what comes of it. It
    /// keeps its parameters in the same format and takes gradients in the same one. Options that look
    /// at all gradients together come behind: they hold for both. All other options hold for the parameters
    /// of their own builder; what is frozen or in a group here cannot be routed elsewhere. To change the hyperparameters of one
    /// rule for some parameters, use a [group](Self::group).
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::optimizer::{Build, select};
    /// use gradus::rule::{AdamW, Lion};
    /// use ndarray::Array2;
    ///
    /// let mut parameters = [
    ///     ("weight", Array2::<f32>::ones((2, 3)).into_dyn()),
    ///     ("bias", ndarray::ArrayD::zeros(vec![3])),
    /// ];
    /// let mut optimizer = AdamW::default()
    ///     .route("matrices", select::matrices(), Lion::default())
    ///     .clip_global_norm(1.0)
    ///     .build(Cpu::default(), &parameters)?;
    ///
    /// let gradients = [("weight", Array2::from_elem((2, 3), 3f32).into_dyn()), ("bias", ndarray::arr1(&[4f32; 3]).into_dyn())];
    /// optimizer.step(&mut parameters, &gradients)?;
    /// assert_eq!(parameters[0].1[[0, 0]], 1.0 - 1e-4); // Lion's rate
    /// assert_eq!(parameters[1].1[0], -1e-3); // AdamW's
    /// assert_eq!(optimizer.gradient_norm().expect("it was measured").norm, 102f64.sqrt()); // of all
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    pub fn route<B: AsBuilder<Builder: DecidedLater>>(
        self,
        label: impl Into<String>,
        condition: impl Fn(&str, &Layout) -> bool + Send + Sync + 'static,
        other: B,
    ) -> Routes<B::Builder, Self>
    where
        X: Extras,
        X::Clip: DecidedLater,
        X::Policy: DecidedLater,
    {
        Routes {
            label: label.into(),
            claims: Box::new(condition),
            claimed: other.into_builder(),
            others: self,
        }
    }
}

impl<C, O> Routes<C, O> {
    /// Gives more parameters to one more optimizer: see [`Builder::route`].
    pub fn route<B: AsBuilder<Builder: DecidedLater>>(
        self,
        label: impl Into<String>,
        condition: impl Fn(&str, &Layout) -> bool + Send + Sync + 'static,
        other: B,
    ) -> Routes<B::Builder, Self>
    where
        C: DecidedLater,
        O: DecidedLater,
    {
        let (label, claims) = (label.into(), Box::new(condition));
        Routes { label, claims, claimed: other.into_builder(), others: self }
    }

    /// Multiplies all gradients, of both ways, by one factor, so that their norm is at most `limit`.
    pub fn clip_global_norm(self, limit: f64) -> Routes<C::Clipped, O::Clipped>
    where
        C: Jointly + MayBeClipped,
        O: Jointly + MayBeClipped,
    {
        self.clip_together(JointClip::Norm, limit)
    }

    /// Multiplies all gradients by one factor, so that their root mean square is at most `limit`.
    pub fn clip_global_rms(self, limit: f64) -> Routes<C::Clipped, O::Clipped>
    where
        C: Jointly + MayBeClipped,
        O: Jointly + MayBeClipped,
    {
        self.clip_together(JointClip::Rms, limit)
    }

    /// Multiplies all gradients by one factor, as `clip` says.
    pub fn clip_together(self, clip: fn(Limit) -> JointClip, limit: f64) -> Routes<C::Clipped, O::Clipped>
    where
        C: Jointly + MayBeClipped,
        O: Jointly + MayBeClipped,
    {
        self.clipped(clip, limit)
    }

    /// Leaves out a step, for both ways alike, if a gradient is infinite or NaN.
    pub fn skip_nonfinite(self) -> Routes<C::Policed<SkipStep>, O::Policed<SkipStep>>
    where
        C: Jointly + MayBeDecided,
        O: Jointly + MayBeDecided,
    {
        self.policed(Decision::Skip)
    }

    /// Refuses a step with an error that names parameter and index, if a gradient is infinite or NaN.
    pub fn refuse_nonfinite(self) -> Routes<C::Policed<RefuseStep>, O::Policed<RefuseStep>>
    where
        C: Jointly + MayBeDecided,
        O: Jointly + MayBeDecided,
    {
        self.policed(Decision::Refuse)
    }

    /// Divides gradients by a scale that the loss was multiplied with: see [`LossScaling`].
    pub fn loss_scaling(self, scaling: LossScaling) -> Routes<C::Policed<ScaleLoss>, O::Policed<ScaleLoss>>
    where
        C: Jointly + MayBeDecided,
        O: Jointly + MayBeDecided,
    {
        self.policed(Decision::Scale(scaling))
    }

    fn both<C2, O2>(self, claimed: impl FnOnce(C) -> C2, others: impl FnOnce(O) -> O2) -> Routes<C2, O2> {
        let Self { label, claims, .. } = self;
        Routes { label, claims, claimed: claimed(self.claimed), others: others(self.others) }
    }

    /// Allocates the state for `parameters`, whose names, shapes and order are fixed from here on.
    ///
    /// # Errors
    /// Those of [`Builder::build`] for each way; [`TwoGroups`](Error::TwoGroups) for a parameter that
    /// two routes claim, [`EmptyGroup`](Error::EmptyGroup) for a route that claims none, or all.
    pub fn build<D: Device>(
        self,
        device: D,
        parameters: &(impl ParameterSet<D, C::Parameter> + ?Sized),
    ) -> Result<Routed<C::Optimizer, O::Optimizer, D>>
    where
        C: Routable<D>,
        O: Routable<D, Parameter = C::Parameter, Gradient = C::Gradient>,
    {
        self.assemble(device, assemble::described(|visit| parameters.describe(visit)))
    }
}

/// What becomes a builder: a rule with every option at its default, a builder, or routes.
pub trait AsBuilder {
    /// The builder.
    type Builder;
    /// Makes it one.
    fn into_builder(self) -> Self::Builder;
}

impl<R: Rule> AsBuilder for R {
    type Builder = Builder<R>;
    fn into_builder(self) -> Builder<R> {
        Builder::new(self)
    }
}

impl<R: Rule, P, G, S, W, A, X> AsBuilder for Builder<R, P, G, S, W, A, X> {
    type Builder = Self;
    fn into_builder(self) -> Self {
        self
    }
}

impl<C, O> AsBuilder for Routes<C, O> {
    type Builder = Self;
    fn into_builder(self) -> Self {
        self
    }
}

/// What all gradients decide together, before it is decided.
#[diagnostic::on_unimplemented(
    message = "what all gradients decide together is decided for all routes at once",
    label = "this call needs builders on which nothing of the kind has been chosen",
    note = "a norm over the parameters of one route is not the global norm, and a step is left out for all of them",
    note = "call `.clip_global_norm(..)`, `.skip_nonfinite()` and their kind after the last `.route(..)`"
)]
pub trait DecidedLater {}
impl DecidedLater for Unclipped {}
impl DecidedLater for Propagate {}
impl<R, P, G, S, W, A, X: Extras<Clip: DecidedLater, Policy: DecidedLater>> DecidedLater
    for Builder<R, P, G, S, W, A, X>
{
}
impl<C: DecidedLater, O: DecidedLater> DecidedLater for Routes<C, O> {}

/// Something that can be one way of [`Routes`]: a builder whose optimizer sees all gradients together,
/// or routes.
pub trait Routable<D: Device>: Sized {
    /// The format of the parameters.
    type Parameter: StorageDtype;
    /// The format of the gradients.
    type Gradient: StorageDtype;
    /// What it builds.
    type Optimizer: Drives<D, Parameter = Self::Parameter, Gradient = Self::Gradient>;

    /// The label of the route or the group that claims a parameter, if there is one.
    #[doc(hidden)]
    fn claimed_by(&self, name: &str, layout: &Layout) -> Option<&str>;

    #[doc(hidden)]
    fn assemble(self, device: D, described: Vec<(String, Layout)>) -> Result<Self::Optimizer>;
}

impl<D: Device, R: Rule, P, G, S, W, A, X> Routable<D> for Builder<R, P, G, S, W, A, X>
where
    P: ParameterFormat,
    G: FitsArithmetic<P::Unchecked>,
    G: GradientFormat<P::Format, Format: WidensTo<<P::Format as StorageDtype>::Arithmetic>>,
    S: StateFormat<P::Format> + KeepsArithmetic<P::Unchecked>,
    W: Store + Rounds<P::Unchecked>,
    A: SeesEveryGradient,
    X: Extras,
    Built<D, R, P, G, S, W, A, X>: Drives<D, Parameter = P::Format, Gradient = G::Format>,
{
    type Parameter = P::Format;
    type Gradient = G::Format;
    type Optimizer = Built<D, R, P, G, S, W, A, X>;

    fn claimed_by(&self, name: &str, layout: &Layout) -> Option<&str> {
        if self.plan.frozen.iter().any(|condition| condition(name, layout)) {
            return Some("frozen");
        }
        self.groups.iter().find(|group| (group.claims)(name, layout)).map(|group| group.label.as_str())
    }

    fn assemble(self, device: D, described: Vec<(String, Layout)>) -> Result<Self::Optimizer> {
        let optimizer: Optimizer<_, In<P::Format, G::Format, S::Format, W>, A, D> =
            assemble::assemble(&self, device, described)?;
        Ok(optimizer)
    }
}

impl<D: Device, C, O> Routable<D> for Routes<C, O>
where
    C: Routable<D>,
    O: Routable<D, Parameter = C::Parameter, Gradient = C::Gradient>,
{
    type Parameter = C::Parameter;
    type Gradient = C::Gradient;
    type Optimizer = Routed<C::Optimizer, O::Optimizer, D>;

    fn claimed_by(&self, name: &str, layout: &Layout) -> Option<&str> {
        if (self.claims)(name, layout) { Some(&self.label) } else { self.others.claimed_by(name, layout) }
    }

    fn assemble(self, device: D, described: Vec<(String, Layout)>) -> Result<Self::Optimizer> {
        let names: Vec<_> = described.iter().map(|(name, _)| name.clone()).collect();
        let mut known = HashSet::with_capacity(names.len());
        if let Some(twice) = names.iter().find(|name| !known.insert(name.as_str())) {
            return Err(Error::DuplicateName { parameter: twice.clone() });
        }
        let mut routes = Vec::with_capacity(described.len());
        for (name, layout) in &described {
            let claimed = (self.claims)(name, layout);
            if let (true, Some(too)) = (claimed, self.others.claimed_by(name, layout)) {
                let (first, second) = (self.label, too.to_owned());
                return Err(Error::TwoGroups { parameter: name.clone(), first, second });
            }
            routes.push(claimed);
        }
        for (way, group) in [(true, self.label.as_str()), (false, "default")] {
            if !described.is_empty() && !routes.contains(&way) {
                return Err(Error::EmptyGroup { group: group.to_owned() });
            }
        }
        let mut way = routes.iter();
        let (claimed, others) = described.into_iter().partition(|_| way.next() == Some(&true));
        let claimed = self.claimed.assemble(device.clone(), claimed)?;
        let others = self.others.assemble(device, others)?;
        Ok(Routed { claimed, others, names, routes, device: PhantomData })
    }
}

/// What an infinite or NaN gradient does, for both ways alike.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum Decision {
    Skip,
    Refuse,
    Scale(LossScaling),
}

/// Builders that can be told what all gradients decide together.
pub trait Jointly: Sized {
    /// The builder with a clip.
    type Clipped;
    /// The builder with the policy `N`.
    type Policed<N: Policy>;
    #[doc(hidden)]
    fn clipped(self, clip: fn(Limit) -> JointClip, limit: f64) -> Self::Clipped;
    #[doc(hidden)]
    fn policed<N: Policy>(self, decision: Decision) -> Self::Policed<N>;
}

impl<R: Rule, P, G, S, W, A, X: Extras> Jointly for Builder<R, P, G, S, W, A, X> {
    type Clipped = Builder<R, P, G, S, W, A, Clipped<X>>;
    type Policed<N: Policy> = Builder<R, P, G, S, W, A, Policed<X, N>>;
    fn clipped(self, clip: fn(Limit) -> JointClip, limit: f64) -> Self::Clipped {
        self.clipped_together(clip, limit)
    }
    fn policed<N: Policy>(mut self, decision: Decision) -> Self::Policed<N> {
        match decision {
            Decision::Skip => self.plan.nonfinite = Nonfinite::SkipsTheStep,
            Decision::Refuse => self.plan.nonfinite = Nonfinite::RefusesTheStep,
            Decision::Scale(scaling) => self.plan.loss_scaling = Some(scaling),
        }
        self.with_policy()
    }
}

impl<C: Jointly, O: Jointly> Jointly for Routes<C, O> {
    type Clipped = Routes<C::Clipped, O::Clipped>;
    type Policed<N: Policy> = Routes<C::Policed<N>, O::Policed<N>>;
    fn clipped(self, clip: fn(Limit) -> JointClip, limit: f64) -> Self::Clipped {
        self.both(|claimed| claimed.clipped(clip, limit), |others| others.clipped(clip, limit))
    }
    fn policed<N: Policy>(self, decision: Decision) -> Self::Policed<N> {
        self.both(|claimed| claimed.policed(decision), |others| others.policed(decision))
    }
}

impl<R, P, G, S, W, A: LooksAhead, X: Extras<Clip: MayBeClipped>> MayBeClipped
    for Builder<R, P, G, S, W, A, X>
{
}
impl<C: MayBeClipped, O: MayBeClipped> MayBeClipped for Routes<C, O> {}
impl<R, P, G, S, W, A: LooksAhead, X: Extras<Policy: MayBeDecided>> MayBeDecided
    for Builder<R, P, G, S, W, A, X>
{
}
impl<C: MayBeDecided, O: MayBeDecided> MayBeDecided for Routes<C, O> {}

impl<C: fmt::Debug, O: fmt::Debug> fmt::Debug for Routes<C, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut routes = f.debug_struct("Routes");
        routes.field("label", &self.label).field("claimed", &self.claimed).field("others", &self.others);
        routes.finish_non_exhaustive()
    }
}

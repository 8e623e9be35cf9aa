//! The builder: which options fit together is decided by the compiler.
//!
//! Three decisions, in any order: the formats, the store, and when gradients arrive.
//!
//! ```text
//! AdamW::default().build(device, &parameters)                       f32, nearest, together
//! AdamW::default().parameters_in::<bf16>().kahan()                  formats, store
//!     .gradient_release().build(device, &parameters)                arrival
//! ```
//!
//! | Option | Default | Needs | Because |
//! |---|---|---|---|
//! | `.parameters_in::<T>()` | `f32` | | |
//! | `.gradients_in::<G>()` | as the parameters | a format that the arithmetic can hold | it is widened, not rounded |
//! | `.state_in::<S>(seed)` | `f32`; `f64` for `f64` | the parameters' arithmetic | narrower state is rounded stochastically |
//! | `.kahan()` | nearest | `bf16` or `f16` parameters | others hold the arithmetic's result already |
//! | `.stochastic_rounding(seed)` | nearest | `bf16` or `f16` parameters, no `.kahan()` | each replaces the other |
//! | `.gradient_release()` | together | | |
//! | `.group(label, condition, rule)` | one group | a parameter is in one group | |
//!
//! You never write the types below; errors mention some of them.

use super::options::{
    Arrival, AsArithmetic, AsParameters, FitsArithmetic, GradientFormat, KeepsArithmetic, MayBeReplaced,
    ParameterFormat, Released, Rounds, StateFormat, Together, Unchosen,
};
use super::{Optimizer, assemble};
use crate::device::{Device, In, ParameterSet};
use crate::dtype::{StorageDtype, WidensTo};
use crate::error::Result;
use crate::shape::Layout;
use crate::store::{Kahan, Nearest, Stochastic, Store};
use crate::transform::Rule;
use core::fmt;
use core::marker::PhantomData;

/// Assembles an optimizer from a rule and the options that fit it. Start with [`Build`].
#[must_use = "a builder does nothing until `.build(..)`"]
pub struct Builder<R, P = Unchosen, G = AsParameters, S = AsArithmetic, W = Nearest, A = Together> {
    pub(super) rule: R,
    pub(super) groups: Vec<GroupPlan<R>>,
    pub(super) seeds: Seeds,
    choices: PhantomData<fn() -> (P, G, S, W, A)>,
}

/// A group as the user describes it.
pub(super) struct GroupPlan<R> {
    pub(super) label: String,
    pub(super) claims: Box<dyn Fn(&str, &Layout) -> bool>,
    pub(super) rule: R,
}

/// What the random bits of an optimizer start from.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seeds {
    store: u64,
    state: u64,
}

impl Seeds {
    /// One key from both, so that parameters and state can share generators.
    pub(super) fn key(self) -> u64 {
        self.store ^ self.state.rotate_left(32)
    }
}

/// What [`Build::build`] returns.
pub type Built<D, R, P, G, S, W, A> = Optimizer<
    R,
    In<
        <P as ParameterFormat>::Format,
        <G as GradientFormat<<P as ParameterFormat>::Format>>::Format,
        <S as StateFormat<<P as ParameterFormat>::Format>>::Format,
        W,
    >,
    A,
    D,
>;

impl<R: Rule, P, G, S, W, A> Builder<R, P, G, S, W, A> {
    fn choose<P2, G2, S2, W2, A2>(self) -> Builder<R, P2, G2, S2, W2, A2> {
        Builder { rule: self.rule, groups: self.groups, seeds: self.seeds, choices: PhantomData }
    }

    /// Keeps parameters in the format `T`: `f64`, `f32`, `bf16` or `f16`.
    pub fn parameters_in<T: StorageDtype>(self) -> Builder<R, T, G, S, W, A>
    where
        G: FitsArithmetic<T>,
        S: KeepsArithmetic<T>,
        W: Rounds<T>,
    {
        self.choose()
    }

    /// Takes gradients in the format `T`, which may be narrower or wider than the parameters'.
    pub fn gradients_in<T>(self) -> Builder<R, P, T, S, W, A>
    where
        T: StorageDtype + FitsArithmetic<P>,
    {
        self.choose()
    }

    /// Keeps state in the format `T`. What does not fit is rounded stochastically, since averages
    /// that move slowly would stand still if they were rounded to nearest.
    ///
    /// The random bits follow from `seed`, the parameter's name and the number of its gradient.
    pub fn state_in<T>(mut self, seed: u64) -> Builder<R, P, G, T, W, A>
    where
        T: StorageDtype + KeepsArithmetic<P>,
    {
        self.seeds.state = seed;
        self.choose()
    }

    /// Carries each update's rounding error into the next step: the precision of 16 bits of
    /// mantissa for 16 more bits of memory per element.
    pub fn kahan(self) -> Builder<R, P, G, S, Kahan, A>
    where
        W: MayBeReplaced,
        Kahan: Rounds<P>,
    {
        self.choose()
    }

    /// Rounds parameters up or down at random, so that no update is lost on average.
    ///
    /// The random bits follow from `seed`, the parameter's name and the number of its gradient.
    pub fn stochastic_rounding(mut self, seed: u64) -> Builder<R, P, G, S, Stochastic, A>
    where
        W: MayBeReplaced,
        Stochastic: Rounds<P>,
    {
        self.seeds.store = seed;
        self.choose()
    }

    /// Steps each parameter as soon as its gradient arrives, so that gradients never coexist.
    pub fn gradient_release(self) -> Builder<R, P, G, S, W, Released> {
        self.choose()
    }

    /// Gives the parameters for which `condition` holds a rule with other hyperparameters.
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::hyperparameter::WeightDecay;
    /// use gradus::optimizer::Build;
    /// use gradus::rule::AdamW;
    ///
    /// let parameters = [("layer.weight", vec![1.0f32; 6]), ("layer.bias", vec![0.0; 2])];
    /// let undecayed = AdamW { weight_decay: WeightDecay::NONE, ..AdamW::default() };
    /// let optimizer = AdamW::default()
    ///     .group("biases", |name, _layout| name.ends_with(".bias"), undecayed)
    ///     .build(Cpu::default(), &parameters)?;
    /// assert_eq!(optimizer.groups().map(|group| group.label).collect::<Vec<_>>(), ["default", "biases"]);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    pub fn group(
        mut self,
        label: impl Into<String>,
        condition: impl Fn(&str, &Layout) -> bool + 'static,
        rule: R,
    ) -> Self {
        self.groups.push(GroupPlan { label: label.into(), claims: Box::new(condition), rule });
        self
    }

    /// Allocates the state for `parameters`, whose names, shapes and order are fixed from here on.
    ///
    /// # Errors
    /// [`NoParameters`](crate::error::Error::NoParameters),
    /// [`DuplicateName`](crate::error::Error::DuplicateName),
    /// [`TwoGroups`](crate::error::Error::TwoGroups),
    /// [`EmptyGroup`](crate::error::Error::EmptyGroup),
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn build<D: Device>(
        self,
        device: D,
        parameters: &(impl ParameterSet<D, P::Format> + ?Sized),
    ) -> Result<Built<D, R, P, G, S, W, A>>
    where
        P: ParameterFormat,
        G: FitsArithmetic<P::Unchecked>,
        G: GradientFormat<P::Format, Format: WidensTo<<P::Format as StorageDtype>::Arithmetic>>,
        S: StateFormat<P::Format> + KeepsArithmetic<P::Unchecked>,
        W: Store + Rounds<P::Unchecked>,
        A: Arrival,
    {
        assemble::assemble(self, device, |visit| parameters.describe(visit))
    }
}

/// Starts a [`Builder`] from a rule.
///
/// Each option may be the first one; the methods are those of [`Builder`].
pub trait Build: Rule {
    /// A builder with every option at its default.
    fn builder(self) -> Builder<Self> {
        Builder { rule: self, groups: Vec::new(), seeds: Seeds::default(), choices: PhantomData }
    }

    /// See [`Builder::parameters_in`].
    fn parameters_in<T: StorageDtype>(self) -> Builder<Self, T> {
        self.builder().parameters_in()
    }

    /// See [`Builder::gradients_in`].
    fn gradients_in<T: StorageDtype + FitsArithmetic<Unchosen>>(self) -> Builder<Self, Unchosen, T> {
        self.builder().gradients_in()
    }

    /// See [`Builder::state_in`].
    fn state_in<T: StorageDtype + KeepsArithmetic<Unchosen>>(
        self,
        seed: u64,
    ) -> Builder<Self, Unchosen, AsParameters, T> {
        self.builder().state_in(seed)
    }

    /// See [`Builder::kahan`].
    fn kahan(self) -> Builder<Self, Unchosen, AsParameters, AsArithmetic, Kahan> {
        self.builder().kahan()
    }

    /// See [`Builder::stochastic_rounding`].
    fn stochastic_rounding(
        self,
        seed: u64,
    ) -> Builder<Self, Unchosen, AsParameters, AsArithmetic, Stochastic> {
        self.builder().stochastic_rounding(seed)
    }

    /// See [`Builder::gradient_release`].
    fn gradient_release(self) -> Builder<Self, Unchosen, AsParameters, AsArithmetic, Nearest, Released> {
        self.builder().gradient_release()
    }

    /// See [`Builder::group`].
    fn group(
        self,
        label: impl Into<String>,
        condition: impl Fn(&str, &Layout) -> bool + 'static,
        rule: Self,
    ) -> Builder<Self> {
        self.builder().group(label, condition, rule)
    }

    /// See [`Builder::build`].
    ///
    /// # Errors
    /// Those of [`Builder::build`].
    fn build<D: Device>(
        self,
        device: D,
        parameters: &(impl ParameterSet<D, f32> + ?Sized),
    ) -> Result<Built<D, Self, Unchosen, AsParameters, AsArithmetic, Nearest, Together>> {
        self.builder().build(device, parameters)
    }
}

impl<R: Rule> Build for R {}

impl<R: Rule, P, G, S, W, A> fmt::Debug for Builder<R, P, G, S, W, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let groups: Vec<_> = self.groups.iter().map(|group| (&group.label, &group.rule)).collect();
        f.debug_struct("Builder").field("rule", &self.rule).field("groups", &groups).finish_non_exhaustive()
    }
}

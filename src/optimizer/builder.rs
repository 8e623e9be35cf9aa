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
//! | `.error_corrected8(seed)`, `.error_corrected16()` | nearest | the same, and none of the two | so do these |
//! | `.gradient_release()` | together | nothing that needs all gradients at once | each is freed before the next exists |
//! | `.group(label, condition, rule)` and its kind | one group | a parameter is in one group | |
//! | `.route(label, condition, other)` | one rule | the same formats of parameters and gradients; what looks at all gradients behind it | they step as one |
//! | `.clip_global_norm(limit)` and its kind | | together | it reads all gradients first |
//! | `.skip_nonfinite()`, `.refuse_nonfinite()`, `.loss_scaling(..)` | propagate | together, one of them | they read all gradients first |
//! | `.on_gradient(stage)`, `.on_update(stage)`, `.afterwards(stage)` | | | |
//!
//! You never write the types below; errors mention some of them.

use super::extras::{Bare, Extras, Releasable};
use super::grouping::{GroupPlan, Plan};
use super::options::{
    Arrival, AsArithmetic, AsParameters, FitsArithmetic, GradientFormat, KeepsArithmetic, MayBeReplaced,
    ParameterFormat, Released, Rounds, StateFormat, Together, Unchosen,
};
use super::{Optimizer, assemble};
use crate::device::{Device, In, ParameterSet};
use crate::dtype::{StorageDtype, WidensTo};
use crate::error::Result;
use crate::store::{Corrected8, Corrected16, Kahan, Nearest, Stochastic, Store};
use crate::transform::Rule;
use core::fmt;
use core::marker::PhantomData;

/// Assembles an optimizer from a rule and the options that fit it. Start with [`Build`](super::Build).
#[must_use = "a builder does nothing until `.build(..)`"]
pub struct Builder<R, P = Unchosen, G = AsParameters, S = AsArithmetic, W = Nearest, A = Together, X = Bare> {
    pub(super) rule: R,
    pub(super) groups: Vec<GroupPlan<R>>,
    pub(super) plan: Plan,
    pub(super) extras: X,
    choices: PhantomData<fn() -> (P, G, S, W, A)>,
}

/// What random bits start from.
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

/// What [`Builder::build`] returns.
pub type Built<D, R, P, G, S, W, A, X> = Optimizer<
    <X as Extras>::Around<R>,
    In<
        <P as ParameterFormat>::Format,
        <G as GradientFormat<<P as ParameterFormat>::Format>>::Format,
        <S as StateFormat<<P as ParameterFormat>::Format>>::Format,
        W,
    >,
    A,
    D,
>;

impl<R: Rule> Builder<R> {
    pub(super) fn new(rule: R) -> Self {
        Self { rule, groups: Vec::new(), plan: Plan::default(), extras: Bare, choices: PhantomData }
    }
}

impl<R: Rule, P, G, S, W, A, X> Builder<R, P, G, S, W, A, X> {
    fn choose<P2, G2, S2, W2, A2>(self) -> Builder<R, P2, G2, S2, W2, A2, X> {
        let Self { rule, groups, plan, extras, .. } = self;
        Builder { rule, groups, plan, extras, choices: PhantomData }
    }

    /// Puts other stages around the rule.
    pub(super) fn with_extras<X2>(self, change: impl FnOnce(X) -> X2) -> Builder<R, P, G, S, W, A, X2> {
        let Self { rule, groups, plan, extras, .. } = self;
        Builder { rule, groups, plan, extras: change(extras), choices: PhantomData }
    }

    /// Keeps parameters in the format `T`: `f64`, `f32`, `bf16` or `f16`.
    pub fn parameters_in<T: StorageDtype>(self) -> Builder<R, T, G, S, W, A, X>
    where
        G: FitsArithmetic<T>,
        S: KeepsArithmetic<T>,
        W: Rounds<T>,
    {
        self.choose()
    }

    /// Takes gradients in the format `T`, which may be narrower or wider than the parameters'.
    pub fn gradients_in<T>(self) -> Builder<R, P, T, S, W, A, X>
    where
        T: StorageDtype + FitsArithmetic<P>,
    {
        self.choose()
    }

    /// Keeps state in the format `T`. What does not fit is rounded stochastically, since averages
    /// that move slowly would stand still if they were rounded to nearest.
    ///
    /// The random bits follow from `seed`, the parameter's name and the number of its gradient.
    pub fn state_in<T>(mut self, seed: u64) -> Builder<R, P, G, T, W, A, X>
    where
        T: StorageDtype + KeepsArithmetic<P>,
    {
        self.plan.seeds.state = seed;
        self.choose()
    }

    /// Carries each update's rounding error into the next step: the precision of 16 bits of
    /// mantissa for 16 more bits of memory per element.
    pub fn kahan(self) -> Builder<R, P, G, S, Kahan, A, X>
    where
        W: MayBeReplaced,
        Kahan: Rounds<P>,
    {
        self.choose()
    }

    /// Rounds parameters up or down at random, so that no update is lost on average.
    ///
    /// The random bits follow from `seed`, the parameter's name and the number of its gradient.
    pub fn stochastic_rounding(mut self, seed: u64) -> Builder<R, P, G, S, Stochastic, A, X>
    where
        W: MayBeReplaced,
        Stochastic: Rounds<P>,
    {
        self.plan.seeds.store = seed;
        self.choose()
    }

    /// Keeps 8 more digits of each parameter beside it, and rounds stochastically behind them: 16 digits
    /// of bf16 in 3 bytes. See [`Corrected8`].
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::dtype::Plus8;
    /// use gradus::hyperparameter::LearningRate;
    /// use gradus::optimizer::Build;
    /// use gradus::rule::AdamW;
    /// use half::bf16;
    ///
    /// let mut parameters = [("w", vec![bf16::ONE; 100])];
    /// let rule = AdamW { learning_rate: LearningRate::new(1e-4)?, ..AdamW::default() };
    /// let builder = rule.parameters_in::<bf16>().error_corrected8(1).state_in::<Plus8<bf16>>(2);
    /// let mut optimizer = builder.build(Cpu::default(), &parameters)?;
    /// assert_eq!(optimizer.state_bytes(), 100 * (3 + 3 + 1));
    /// for _ in 0..100 {
    ///     optimizer.step(&mut parameters, &[("w", vec![bf16::ONE; 100])])?;
    /// }
    /// assert_eq!(parameters[0].1, vec![bf16::from_f32(0.99); 100]); // bf16 alone would not have moved
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    pub fn error_corrected8(mut self, seed: u64) -> Builder<R, P, G, S, Corrected8, A, X>
    where
        W: MayBeReplaced,
        Corrected8: Rounds<P>,
    {
        self.plan.seeds.store = seed;
        self.choose()
    }

    /// Keeps 16 more digits of each parameter beside it: beside `bf16`, all that `f32` has. See
    /// [`Corrected16`].
    pub fn error_corrected16(self) -> Builder<R, P, G, S, Corrected16, A, X>
    where
        W: MayBeReplaced,
        Corrected16: Rounds<P>,
    {
        self.choose()
    }

    /// Steps each parameter as soon as its gradient arrives, so that gradients never coexist.
    pub fn gradient_release(self) -> Builder<R, P, G, S, W, Released, X>
    where
        X: Extras,
        X::Around<R>: Releasable,
    {
        self.choose()
    }

    /// Allocates the state for `parameters`, whose names, shapes and order are fixed from here on.
    ///
    /// # Errors
    /// [`NoParameters`](crate::error::Error::NoParameters),
    /// [`DuplicateName`](crate::error::Error::DuplicateName),
    /// [`TwoGroups`](crate::error::Error::TwoGroups),
    /// [`EmptyGroup`](crate::error::Error::EmptyGroup),
    /// [`NoGroup`](crate::error::Error::NoGroup),
    /// [`DuplicateGroup`](crate::error::Error::DuplicateGroup),
    /// [`UnknownGroup`](crate::error::Error::UnknownGroup),
    /// [`NotTunable`](crate::error::Error::NotTunable),
    /// [`Hyperparameter`](crate::error::Error::Hyperparameter) for a limit or a scale out of range,
    /// [`OutOfMemory`](crate::error::Error::OutOfMemory).
    pub fn build<D: Device>(
        self,
        device: D,
        parameters: &(impl ParameterSet<D, P::Format> + ?Sized),
    ) -> Result<Built<D, R, P, G, S, W, A, X>>
    where
        P: ParameterFormat,
        G: FitsArithmetic<P::Unchecked>,
        G: GradientFormat<P::Format, Format: WidensTo<<P::Format as StorageDtype>::Arithmetic>>,
        S: StateFormat<P::Format> + KeepsArithmetic<P::Unchecked>,
        W: Store + Rounds<P::Unchecked>,
        A: Arrival,
        X: Extras,
    {
        assemble::assemble(&self, device, assemble::described(|visit| parameters.describe(visit)))
    }
}

impl<R: Rule, P, G, S, W, A, X: fmt::Debug> fmt::Debug for Builder<R, P, G, S, W, A, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let groups: Vec<_> = self.groups.iter().map(|group| (&group.label, &group.rule)).collect();
        let mut builder = f.debug_struct("Builder");
        builder.field("rule", &self.rule).field("groups", &groups).field("extras", &self.extras);
        builder.finish_non_exhaustive()
    }
}

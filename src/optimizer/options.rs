//! Which options fit together: the types behind the builder, and what the compiler says.

use crate::dtype::{Narrow, Plus8, Plus16, StorageDtype};
use crate::store::{Corrected8, Corrected16, Kahan, Nearest, Stochastic};
use core::fmt::Debug;
use half::{bf16, f16};
use typenum::B1;

/// When gradients reach the optimizer: [`Together`] or [`Released`].
pub trait Arrival: Debug + Send + Sync + 'static + sealed::Sealed {}

/// Every gradient exists when the step starts.
#[derive(Clone, Copy, Debug)]
pub enum Together {}

/// Each gradient arrives alone and is freed before the next one exists.
#[derive(Clone, Copy, Debug)]
pub enum Released {}

impl Arrival for Together {}
impl Arrival for Released {}

/// An [`Arrival`] under which all gradients are there at once.
#[diagnostic::on_unimplemented(
    message = "under gradient release there is no moment at which all gradients exist",
    label = "this call needs every gradient at once",
    note = "gradient release frees each gradient before the next one exists",
    note = "use `begin_step()` and `release(..)`, or go back with `.into_together()`"
)]
pub trait SeesEveryGradient: Arrival {}
impl SeesEveryGradient for Together {}

/// An [`Arrival`] under which an option may look at all gradients before any parameter moves.
#[diagnostic::on_unimplemented(
    message = "under gradient release there is no moment at which all gradients exist",
    label = "this option looks at every gradient before any parameter moves",
    note = "gradient release frees each gradient before the next one exists",
    note = "leave out `.gradient_release()`, or clip each tensor by itself: `.on_gradient(ClipNorm::default())`"
)]
pub trait LooksAhead: Arrival {}
impl LooksAhead for Together {}

/// An [`Arrival`] under which gradients come one by one.
#[diagnostic::on_unimplemented(
    message = "without gradient release no gradient is handed over by itself",
    label = "this call takes gradients one by one, to release or to accumulate them",
    note = "a joint step reads all gradients at once, so there is nothing to accumulate into but the state",
    note = "build with `.gradient_release()`, switch with `.into_released()`, or call `step(..)`"
)]
pub trait TakesGradientsSingly: Arrival {}
impl TakesGradientsSingly for Released {}

/// Says whether a rule keeps an average of its gradients.
#[diagnostic::on_unimplemented(
    message = "this optimizer keeps no average of its gradients, so accumulated gradients would be lost",
    label = "this call folds a gradient into an average that must exist",
    note = "plain SGD uses a gradient once and forgets it",
    note = "use `SgdMomentum`, or add up the gradients yourself and call `release(..)` once"
)]
pub trait KeepsGradients {}
impl KeepsGradients for B1 {}

/// At which point the parameters are: [`Training`] or [`Evaluation`].
pub trait Phase: Debug + Send + Sync + 'static + sealed::Sealed {}

/// Where gradients are taken and steps move.
#[derive(Clone, Copy, Debug)]
pub enum Training {}

/// Where the model is good: an average, or the point that a rule keeps for it.
#[derive(Clone, Copy, Debug)]
pub enum Evaluation {}

impl Phase for Training {}
impl Phase for Evaluation {}

/// A [`Phase`] in which parameters can be stepped.
#[diagnostic::on_unimplemented(
    message = "the parameters are at the point for evaluation, and training goes on from another one",
    label = "this call needs the parameters at the point for training",
    note = "gradients are taken and state is kept for the point for training",
    note = "go back with `.into_training(..)` first, or write the point for evaluation elsewhere with `.evaluation_into(..)`"
)]
pub trait Trains: Phase {}
impl Trains for Training {}

/// A [`Phase`] in which parameters can be evaluated.
#[diagnostic::on_unimplemented(
    message = "the parameters are at the point for training already",
    label = "this call needs the parameters at the point for evaluation",
    note = "an optimizer is built for the point for training, and stays there until it is told otherwise",
    note = "leave out this call, or go to the point for evaluation with `.into_evaluation(..)` first"
)]
pub trait Evaluates: Phase {}
impl Evaluates for Evaluation {}

/// Says whether a rule keeps another point than the parameter.
#[diagnostic::on_unimplemented(
    message = "this optimizer trains and evaluates the parameters at the same point",
    label = "this call needs an optimizer with another point for evaluation",
    note = "the parameters after a step are the ones to evaluate, as they are",
    note = "leave out this call, or build with `.average(WeightAverage::uniform())` or a schedule-free rule"
)]
pub trait HasTwoPoints {}
impl HasTwoPoints for B1 {}

/// The parameters' format, chosen or not yet.
pub trait ParameterFormat: Debug + 'static {
    /// The format that it comes to.
    type Format: StorageDtype;
    /// The format that the other choices have not been held against before `.build(..)`.
    type Unchecked;
}

/// No format has been chosen: it will be `f32`, but until then everything goes with it.
#[derive(Clone, Copy, Debug)]
pub enum Unchosen {}

impl ParameterFormat for Unchosen {
    type Format = f32;
    type Unchecked = f32;
}

impl<T: StorageDtype> ParameterFormat for T {
    type Format = T;
    type Unchecked = Unchosen;
}

// Each restriction below is a bound on the option that brings the second of the two choices,
// whichever it is, or on `.build(..)` if the parameters' format is never chosen. What these methods
// return exists for any choices: the compiler reads on as if a refused option had been valid, and
// so refuses it once.

/// A store that does something for parameters in the format `P`.
#[diagnostic::on_unimplemented(
    message = "`{P}` parameters already hold the result of the arithmetic, so there is no rounding error to handle",
    label = "here the parameters must be in `bf16` or `f16`",
    note = "Kahan summation, error correction and stochastic rounding repair what is lost when `f32` arithmetic is rounded to 16 bits; parameters are in `f32` unless something else is said",
    note = "use `.parameters_in::<bf16>()` or `f16`, or leave out `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`"
)]
pub trait Rounds<P> {}
impl<P> Rounds<P> for Nearest {}

macro_rules! rounds_16_bits {
    ($($store:ident)*) => {$(
        impl Rounds<bf16> for $store {}
        impl Rounds<f16> for $store {}
        impl Rounds<Unchosen> for $store {}
    )*};
}

rounds_16_bits!(Kahan Stochastic Corrected8 Corrected16);

impl<T: Narrow> Rounds<Plus8<T>> for Stochastic {}

/// A store that has not been replaced yet.
#[diagnostic::on_unimplemented(
    message = "Kahan summation, error correction and stochastic rounding replace each other",
    label = "this call needs a builder for which none of them has been chosen",
    note = "each of them decides how a parameter is rounded, and a parameter is rounded once",
    note = "keep one of `.kahan()`, `.error_corrected8(..)`, `.error_corrected16()` and `.stochastic_rounding(..)`"
)]
pub trait MayBeReplaced {}
impl MayBeReplaced for Nearest {}

/// A format of gradients that the arithmetic of parameters in the format `P` can hold.
#[diagnostic::on_unimplemented(
    message = "gradients in `f64` fit into the arithmetic of `f64` parameters only",
    label = "here the gradients must be in `f32`, `bf16` or `f16`",
    note = "`f64` parameters compute in `f64`, all others in `f32`, and a gradient is never rounded; parameters are in `f32` unless something else is said",
    note = "use `.gradients_in::<f32>()`, or `.parameters_in::<f64>()`"
)]
pub trait FitsArithmetic<P> {}
impl<P> FitsArithmetic<P> for AsParameters {}
impl FitsArithmetic<f64> for f64 {}
impl FitsArithmetic<Unchosen> for f64 {}

/// A format of state that belongs to parameters in the format `P`.
#[diagnostic::on_unimplemented(
    message = "state is kept in `f64` for `f64` parameters, and for no others",
    label = "here both the state and the parameters must be in `f64`, or neither",
    note = "`f64` parameters compute in `f64`, all others in `f32`; parameters are in `f32` unless something else is said",
    note = "leave out `.state_in::<..>(..)`: state is in the format of the arithmetic by default"
)]
pub trait KeepsArithmetic<P> {}
impl<P> KeepsArithmetic<P> for AsArithmetic {}
impl KeepsArithmetic<f64> for f64 {}
impl KeepsArithmetic<Unchosen> for f64 {}

/// The gradients' format, chosen or that of the parameters.
pub trait GradientFormat<P: StorageDtype>: Debug + 'static {
    /// The format that it comes to. Where none fits: that of the arithmetic.
    type Format: StorageDtype;
}

/// Gradients come in the parameters' format.
#[derive(Clone, Copy, Debug)]
pub enum AsParameters {}

impl<P: StorageDtype> GradientFormat<P> for AsParameters {
    type Format = P;
}

impl<P: StorageDtype> GradientFormat<P> for f64 {
    type Format = P::Arithmetic;
}

/// The state's format, chosen or that of the arithmetic.
pub trait StateFormat<P: StorageDtype>: Debug + 'static {
    /// The format that it comes to. Where none fits: that of the arithmetic.
    type Format: StorageDtype<Arithmetic = P::Arithmetic>;
}

/// State is kept in the format of the arithmetic: `f32`, or `f64` for `f64` parameters.
#[derive(Clone, Copy, Debug)]
pub enum AsArithmetic {}

impl<P: StorageDtype> StateFormat<P> for AsArithmetic {
    type Format = P::Arithmetic;
}

impl<P: StorageDtype> StateFormat<P> for f64 {
    type Format = P::Arithmetic;
}

/// For each of the formats that are computed with in `f32`, with the formats of parameters for which
/// state may be kept in it.
macro_rules! computed_in_f32 {
    ($($format:ty),*; $parameters:tt) => {$(
        impl<P> FitsArithmetic<P> for $format {}
        impl KeepsArithmetic<Unchosen> for $format {}

        impl<P: StorageDtype> GradientFormat<P> for $format {
            type Format = $format;
        }
        impl StateFormat<f64> for $format {
            type Format = f64;
        }
        keeps_state!($format; $parameters);
    )*};
}

macro_rules! keeps_state {
    ($format:ty; [$($parameter:ty),*]) => {$(
        impl KeepsArithmetic<$parameter> for $format {}
        impl StateFormat<$parameter> for $format {
            type Format = $format;
        }
    )*};
}

computed_in_f32!(
    f32, bf16, f16, Plus8<bf16>, Plus16<bf16>, Plus8<f16>, Plus16<f16>;
    [f32, bf16, f16, Plus8<bf16>, Plus16<bf16>, Plus8<f16>, Plus16<f16>]
);

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Together {}
    impl Sealed for super::Released {}
    impl Sealed for super::Training {}
    impl Sealed for super::Evaluation {}
}

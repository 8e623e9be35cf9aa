//! Which options fit together: the types behind the builder, and what the compiler says.

use crate::dtype::StorageDtype;
use crate::store::{Kahan, Nearest, Stochastic};
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

/// The parameters' format, chosen or not yet.
pub trait ParameterFormat: Debug + 'static {
    /// The format that it comes to.
    type Format: StorageDtype;
}

/// No format has been chosen: it will be `f32`.
#[derive(Clone, Copy, Debug)]
pub enum Unchosen {}

impl ParameterFormat for Unchosen {
    type Format = f32;
}

impl<T: StorageDtype> ParameterFormat for T {
    type Format = T;
}

/// A store that does something for parameters in the format `T`.
#[diagnostic::on_unimplemented(
    message = "`f32` and `f64` parameters already hold the result of the arithmetic, so there is no rounding error to handle",
    label = "this combination needs parameters in `bf16` or `f16`",
    note = "Kahan summation and stochastic rounding repair what is lost when `f32` arithmetic is rounded to 16 bits",
    note = "use `.parameters_in::<bf16>()` or `f16`, or leave out `.kahan()` and `.stochastic_rounding(..)`"
)]
pub trait Rounds<T> {}
impl<T> Rounds<T> for Nearest {}
impl Rounds<bf16> for Kahan {}
impl Rounds<f16> for Kahan {}
impl Rounds<Unchosen> for Kahan {}
impl Rounds<bf16> for Stochastic {}
impl Rounds<f16> for Stochastic {}
impl Rounds<Unchosen> for Stochastic {}

/// A store that has not been replaced yet.
#[diagnostic::on_unimplemented(
    message = "Kahan summation and stochastic rounding replace each other",
    label = "a store has been chosen before this call",
    note = "each of them decides how a parameter is rounded, and a parameter is rounded once",
    note = "keep one of `.kahan()` and `.stochastic_rounding(..)`"
)]
pub trait MayBeReplaced {}
impl MayBeReplaced for Nearest {}

/// The gradients' format, chosen or that of the parameters.
pub trait GradientFormat<P: StorageDtype>: Debug + 'static {
    /// The format that it comes to.
    type Format: StorageDtype;
}

/// Gradients come in the parameters' format.
#[derive(Clone, Copy, Debug)]
pub enum AsParameters {}

impl<P: StorageDtype> GradientFormat<P> for AsParameters {
    type Format = P;
}

impl<P: StorageDtype, T: StorageDtype> GradientFormat<P> for T {
    type Format = T;
}

/// The state's format, chosen or that of the arithmetic.
pub trait StateFormat<P: StorageDtype>: Debug + 'static {
    /// The format that it comes to.
    type Format: StorageDtype<Arithmetic = P::Arithmetic>;
}

/// State is kept in the format of the arithmetic: `f32`, or `f64` for `f64` parameters.
#[derive(Clone, Copy, Debug)]
pub enum AsArithmetic {}

impl<P: StorageDtype> StateFormat<P> for AsArithmetic {
    type Format = P::Arithmetic;
}

impl<P: StorageDtype, T: StorageDtype<Arithmetic = P::Arithmetic>> StateFormat<P> for T {
    type Format = T;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Together {}
    impl Sealed for super::Released {}
}

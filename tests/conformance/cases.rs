//! The combinations of formats and stores, each a [`Case`].

use gradus::cpu::Cpu;
use gradus::device::{Formats, In, ParameterSet};
use gradus::dtype::{Plus8, Plus16, StorageDtype};
use gradus::optimizer::extras::Extras;
use gradus::optimizer::{Build, Optimizer, Releasable, Released, Started, Together};
use gradus::store::{Corrected8, Corrected16, Kahan, Nearest, Rounding, Stochastic, Store};
use gradus::transform::Rule;
use half::{bf16, f16};

/// The formats of a case's parameters and gradients.
pub type Parameter<C> = <<C as Case>::Formats as Formats>::Parameter;
pub type Gradient<C> = <<C as Case>::Formats as Formats>::Gradient;

/// Formats and a store, and the options that choose them.
pub trait Case {
    type Formats: Formats;
    const NAME: &'static str;

    /// Whether an element's bits are independent of its place in a tensor: nothing is random.
    const PLACELESS: bool = <Self::Formats as Formats>::State::EXACT
        && matches!(<Self::Formats as Formats>::Store::ROUNDING, Rounding::Nearest);

    fn together<R: Releasable>(
        rule: R,
        device: Cpu,
        parameters: &impl ParameterSet<Cpu, Parameter<Self>>,
    ) -> Optimizer<R, Self::Formats, Together, Cpu>;

    fn released<R: Releasable>(
        rule: R,
        device: Cpu,
        parameters: &impl ParameterSet<Cpu, Parameter<Self>>,
    ) -> Optimizer<R, Self::Formats, Released, Cpu>;

    /// From a builder on which other options have been chosen.
    fn built<R: Rule, X: Extras>(
        builder: Started<R, X>,
        device: Cpu,
        parameters: &impl ParameterSet<Cpu, Parameter<Self>>,
    ) -> Optimizer<X::Around<R>, Self::Formats, Together, Cpu>;
}

macro_rules! cases {
    ($($name:ident: $formats:ty = $($option:ident$(::<$format:ty>)?($($seed:expr)?)).+;)+) => {
        $(
            #[derive(Debug)]
            pub enum $name {}

            impl Case for $name {
                type Formats = $formats;
                const NAME: &'static str = stringify!($name);

                fn together<R: Releasable>(
                    rule: R,
                    device: Cpu,
                    parameters: &impl ParameterSet<Cpu, Parameter<Self>>,
                ) -> Optimizer<R, Self::Formats, Together, Cpu> {
                    let builder = rule.$($option$(::<$format>)?($($seed)?)).+;
                    builder.build(device, parameters).expect("the model is valid")
                }

                fn released<R: Releasable>(
                    rule: R,
                    device: Cpu,
                    parameters: &impl ParameterSet<Cpu, Parameter<Self>>,
                ) -> Optimizer<R, Self::Formats, Released, Cpu> {
                    let builder = rule.gradient_release().$($option$(::<$format>)?($($seed)?)).+;
                    builder.build(device, parameters).expect("the model is valid")
                }

                fn built<R: Rule, X: Extras>(
                    builder: Started<R, X>,
                    device: Cpu,
                    parameters: &impl ParameterSet<Cpu, Parameter<Self>>,
                ) -> Optimizer<X::Around<R>, Self::Formats, Together, Cpu> {
                    let builder = builder.$($option$(::<$format>)?($($seed)?)).+;
                    builder.build(device, parameters).expect("the model is valid")
                }
            }
        )+

        /// Runs an expression once for every case, which it may name `$case`.
        macro_rules! for_each_case {
            (|$case:ident| $run:expr) => {
                {$({
                    type $case = $crate::cases::$name;
                    $run;
                })+}
            };
        }
    };
}

/// Runs an expression for the case with Kahan summation, or those with each of the other stores; all
/// with the most conversions of formats.
macro_rules! for_each_store {
    (one, |$case:ident| $run:expr) => {
        for_each_store!(@ |$case| $run; Bf16KahanNarrow);
    };
    (others, |$case:ident| $run:expr) => {
        for_each_store!(@ |$case| $run; F32WithBf16Gradients F16Narrow);
    };
    (@ |$case:ident| $run:expr; $($name:ident)+) => {
        $({
            type $case = $crate::cases::$name;
            $run;
        })+
    };
}

cases! {
    F64: In<f64, f64, f64, Nearest> = parameters_in::<f64>();
    F64WithF32Gradients: In<f64, f32, f64, Nearest> = parameters_in::<f64>().gradients_in::<f32>();
    F32: In<f32, f32, f32, Nearest> = parameters_in::<f32>();
    F32WithBf16Gradients: In<f32, bf16, f32, Nearest> = gradients_in::<bf16>();
    F32WithBf16State: In<f32, f32, bf16, Nearest> = state_in::<bf16>(1);
    Bf16: In<bf16, bf16, f32, Nearest> = parameters_in::<bf16>();
    Bf16Kahan: In<bf16, bf16, f32, Kahan> = parameters_in::<bf16>().kahan();
    Bf16Stochastic: In<bf16, bf16, f32, Stochastic> = stochastic_rounding(2).parameters_in::<bf16>();
    Bf16KahanNarrow: In<bf16, bf16, bf16, Kahan> = state_in::<bf16>(3).kahan().parameters_in::<bf16>();
    Bf16Narrow: In<bf16, bf16, bf16, Stochastic> =
        parameters_in::<bf16>().state_in::<bf16>(4).stochastic_rounding(5);
    F16: In<f16, f16, f32, Nearest> = parameters_in::<f16>();
    F16KahanWithF32Gradients: In<f16, f32, f32, Kahan> = kahan().gradients_in::<f32>().parameters_in::<f16>();
    F16Stochastic: In<f16, f16, f32, Stochastic> = parameters_in::<f16>().stochastic_rounding(6);
    F16Narrow: In<f16, f16, f16, Stochastic> =
        parameters_in::<f16>().state_in::<f16>(7).stochastic_rounding(8);
    Bf16Corrected: In<bf16, bf16, Plus8<bf16>, Corrected8> =
        state_in::<Plus8<bf16>>(9).error_corrected8(10).parameters_in::<bf16>();
    F16Corrected: In<f16, f32, Plus16<f16>, Corrected16> =
        parameters_in::<f16>().gradients_in::<f32>().state_in::<Plus16<f16>>(11).error_corrected16();
}

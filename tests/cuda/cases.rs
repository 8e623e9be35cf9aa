//! The combinations of formats and stores that kernels know.

use gradus::device::{Device, Formats, In, ParameterSet};
use gradus::dtype::{Plus8, Plus16};
use gradus::optimizer::{Build, Optimizer, Together};
use gradus::store::{Corrected8, Corrected16, Kahan, Nearest, Stochastic};
use gradus::transform::DynamicRule;
use half::{bf16, f16};

pub type Parameter<C> = <<C as Case>::Formats as Formats>::Parameter;
pub type Gradient<C> = <<C as Case>::Formats as Formats>::Gradient;

/// Formats and a store, and the options that choose them.
pub trait Case {
    type Formats: Formats;
    const NAME: &'static str;

    fn optimizer<D: Device>(
        rule: DynamicRule,
        device: D,
        parameters: &impl ParameterSet<D, Parameter<Self>>,
    ) -> Optimizer<DynamicRule, Self::Formats, Together, D>;
}

macro_rules! cases {
    ($($name:ident: $formats:ty = $($option:ident$(::<$format:ty>)?($($seed:expr)?)).+;)+) => {
        $(
            pub enum $name {}

            impl Case for $name {
                type Formats = $formats;
                const NAME: &'static str = stringify!($name);

                fn optimizer<D: Device>(
                    rule: DynamicRule,
                    device: D,
                    parameters: &impl ParameterSet<D, Parameter<Self>>,
                ) -> Optimizer<DynamicRule, Self::Formats, Together, D> {
                    let builder = rule.$($option$(::<$format>)?($($seed)?)).+;
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
        pub(crate) use for_each_case;
    };
}

cases! {
    F64: In<f64, f64, f64, Nearest> = parameters_in::<f64>();
    F64GradientF32: In<f64, f32, f64, Nearest> = parameters_in::<f64>().gradients_in::<f32>();
    F32: In<f32, f32, f32, Nearest> = parameters_in::<f32>();
    F32GradientBf16: In<f32, bf16, f32, Nearest> = gradients_in::<bf16>();
    F32StateBf16: In<f32, f32, bf16, Nearest> = state_in::<bf16>(1);
    F32StateF16: In<f32, f16, f16, Nearest> = gradients_in::<f16>().state_in::<f16>(12);
    Bf16: In<bf16, bf16, f32, Nearest> = parameters_in::<bf16>();
    Bf16Kahan: In<bf16, bf16, f32, Kahan> = parameters_in::<bf16>().kahan();
    Bf16Stochastic: In<bf16, bf16, f32, Stochastic> = stochastic_rounding(2).parameters_in::<bf16>();
    Bf16StateKahan: In<bf16, bf16, bf16, Kahan> = state_in::<bf16>(3).kahan().parameters_in::<bf16>();
    Bf16State: In<bf16, bf16, bf16, Nearest> = state_in::<bf16>(13).parameters_in::<bf16>();
    Bf16StateStochastic: In<bf16, bf16, bf16, Stochastic> =
        parameters_in::<bf16>().state_in::<bf16>(4).stochastic_rounding(5);
    F16: In<f16, f16, f32, Nearest> = parameters_in::<f16>();
    F16KahanGradientF32: In<f16, f32, f32, Kahan> = kahan().gradients_in::<f32>().parameters_in::<f16>();
    F16Stochastic: In<f16, f16, f32, Stochastic> = parameters_in::<f16>().stochastic_rounding(6);
    F16StateStochastic: In<f16, f16, f16, Stochastic> =
        parameters_in::<f16>().state_in::<f16>(7).stochastic_rounding(8);
    Bf16Corrected: In<bf16, bf16, Plus8<bf16>, Corrected8> =
        state_in::<Plus8<bf16>>(9).error_corrected8(10).parameters_in::<bf16>();
    Bf16Corrected16: In<bf16, bf16, f32, Corrected16> = error_corrected16().parameters_in::<bf16>();
    F16Corrected: In<f16, f32, Plus16<f16>, Corrected16> =
        parameters_in::<f16>().gradients_in::<f32>().state_in::<Plus16<f16>>(11).error_corrected16();
    F16Corrected8: In<f16, f32, Plus8<f16>, Corrected8> =
        parameters_in::<f16>().gradients_in::<f32>().state_in::<Plus8<f16>>(14).error_corrected8(15);
    F32StateBf16Plus8: In<f32, f32, Plus8<bf16>, Nearest> = state_in::<Plus8<bf16>>(16);
    F32StateBf16Plus16: In<f32, f32, Plus16<bf16>, Nearest> = state_in::<Plus16<bf16>>(17);
    F32StateF16Plus8: In<f32, f32, Plus8<f16>, Nearest> = state_in::<Plus8<f16>>(18);
}

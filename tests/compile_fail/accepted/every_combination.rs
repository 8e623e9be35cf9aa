//! Formats, stores and arrivals that fit together, each of them once before and once after the
//! parameters' format.

use gradus::cpu::Cpu;
use gradus::dtype::{Plus8, Plus16};
use gradus::optimizer::Build;
use gradus::rule::AdamW;
use half::{bf16, f16};

macro_rules! each {
    ($parameter:ident, $gradients:tt, $states:tt, $stores:tt) => {
        each!(@gradient $parameter, $gradients, $states, $stores);
    };
    (@gradient $parameter:ident, [$($gradient:ident)*], $states:tt, $stores:tt) => {
        $(each!(@state $parameter, $gradient, $states, $stores);)*
    };
    (@state $parameter:ident, $gradient:ident, [$($state:ty)*], $stores:tt) => {
        $(each!(@store $parameter, $gradient, $state, $stores);)*
    };
    (@store $parameter:ident, $gradient:ident, $state:ty, [$(($($store:tt)*))*]) => {$({
        let parameters: &[(&str, Vec<$parameter>)] = &[];
        let _ = AdamW::default()
            .parameters_in::<$parameter>()
            .gradients_in::<$gradient>()
            .state_in::<$state>(7)
            $($store)*
            .build(Cpu::default(), parameters);
        let _ = AdamW::default()
            .builder()
            $($store)*
            .gradient_release()
            .state_in::<$state>(7)
            .gradients_in::<$gradient>()
            .parameters_in::<$parameter>()
            .build(Cpu::default(), parameters);
    })*};
}

fn all() {
    each!(f64, [f64 f32 bf16 f16], [f64], [()]);
    each!(f32, [f32 bf16 f16], [f32 bf16 f16], [()]);
    each!(f32, [f32], [Plus8<bf16> Plus16<bf16> Plus8<f16> Plus16<f16>], [()]);
    each!(bf16, [bf16], [Plus8<bf16> Plus16<bf16> Plus8<f16> Plus16<f16>], [() (.error_corrected8(7))]);
    each!(f16, [f32], [Plus8<f16> Plus16<f16>], [(.stochastic_rounding(7)) (.error_corrected16())]);
    each!(bf16, [f32 bf16 f16], [f32 bf16 f16], [() (.kahan()) (.stochastic_rounding(7)) (.error_corrected8(7)) (.error_corrected16())]);
    each!(f16, [f32 bf16 f16], [f32 bf16 f16], [() (.kahan()) (.stochastic_rounding(7)) (.error_corrected8(7)) (.error_corrected16())]);
}

/// A packed number is a format like any other.
fn packed(parameters: &[(&str, Vec<Plus8<bf16>>)]) {
    let builder = AdamW::default().parameters_in::<Plus8<bf16>>().gradients_in::<bf16>();
    let _ = builder.state_in::<Plus16<f16>>(7).build(Cpu::default(), parameters);
    let builder = AdamW::default().stochastic_rounding(7).parameters_in::<Plus8<bf16>>();
    let _ = builder.state_in::<f32>(7).build(Cpu::default(), parameters);
}

/// What a choice was before does not matter once it has been replaced.
fn replaced(parameters: &[(&str, Vec<bf16>)]) {
    let builder = AdamW::default().parameters_in::<f32>().parameters_in::<bf16>().kahan();
    let _ = builder.gradients_in::<bf16>().gradients_in::<f32>().build(Cpu::default(), parameters);
}

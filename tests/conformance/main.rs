//! What every rule must do, in every combination of options: one table, and one function for each
//! property.
//!
//! A rule enters the table with no hyperparameter at its default. A property is generic over the
//! rule and the [`Case`](cases::Case), a case being formats and a store; it holds for every rule it
//! is listed for, so adding a rule means adding a line.

#![allow(unreachable_pub)] // modules of a test crate

#[macro_use]
mod cases;
mod properties;
mod trainer;
mod values;

use gradus::hyperparameter::{Dampening, Decay, Epsilon, LearningRate, WeightDecay};
use gradus::rule::Chained;
use gradus::rule::{
    Adam, AdamW, AddDecay, FirstMomentum, Lion, Momentum, MomentumForm, ScaleByAdam, Sgd, SgdMomentum,
};
use gradus::rule::{AsMeasured, Constant, SgdSai, Sm3, Sm3Momentum};
use gradus::transform::StageExt;

/// One module per rule, with a test for each property. `elementwise` holds for rules without
/// statistics, `averaging` for those that can accumulate gradients.
macro_rules! conformance {
    ($($name:ident: $($kind:ident)+ => $rule:expr;)+) => {$(
        mod $name {
            use super::*;

            properties! { every: $rule }
            $(properties! { $kind: $rule })+
        }
    )+};
}

/// The same for rules that keep state by axis, to which the shape of a tensor matters. `elementwise`
/// holds for them, too: what it splits is vectors.
macro_rules! conformance_by_axis {
    ($($name:ident: $($kind:ident)+ => $rule:expr;)+) => {$(
        mod $name {
            use super::*;

            properties! { of_any_kind: $rule }
            $(properties! { $kind: $rule })+
        }
    )+};
}

macro_rules! properties {
    (every: $rule:expr) => {
        properties! { of_any_kind: $rule }
        tests! { $rule;
            shapes::zero_one_and_no_dimensions_are_like_any_other_shape,
        }
    };
    (of_any_kind: $rule:expr) => {
        tests! { $rule;
            convergence::converges_on_a_quadratic,
            arrival::release_equals_the_joint_step,
            arrival::a_schedule_acts_at_the_same_steps_under_release,
            arrival::a_late_first_gradient_is_treated_as_a_first_one,
            resume::a_restored_optimizer_goes_on_with_the_same_bits,
            resume::switching_between_joint_steps_and_release_keeps_all_state,
            extremes::absent_gradients_leave_every_bit_alone,
            extremes::zeros_stay_zeros,
        }
        threads! { $rule }
    };
    (elementwise: $rule:expr) => {
        tests! { $rule;
            splitting::a_tensor_split_in_two_moves_as_one,
            splitting::every_length_of_a_tail_gives_the_same_elements,
            shapes::column_major_memory_is_only_another_order,
            extremes::a_bad_element_leaves_its_neighbours_alone,
        }
    };
    (averaging: $rule:expr) => {
        tests! { $rule;
            resume::accumulation_survives_a_restart,
        }
    };
}

macro_rules! tests {
    ($rule:expr; $($file:ident::$property:ident,)+) => {$(
        #[test]
        fn $property() {
            for_each_case!(|C| properties::$file::$property::<_, C>($rule));
        }
    )+};
}

/// Large tensors, so only in the cases with the most streams of memory.
macro_rules! threads {
    ($rule:expr) => {
        #[test]
        fn any_number_of_threads_gives_the_same_bits() {
            properties::threads::any_number_of_threads_gives_the_same_bits::<_, cases::Bf16Kahan>($rule);
            properties::threads::any_number_of_threads_gives_the_same_bits::<_, cases::Bf16Narrow>($rule);
        }
    };
}

conformance! {
    sgd: elementwise => Sgd {
        learning_rate: learning_rate(0.11),
        weight_decay: WeightDecay::l2(0.013).expect(VALID),
    };
    sgd_momentum: elementwise averaging => SgdMomentum {
        learning_rate: learning_rate(0.09),
        momentum: decay(0.7),
        dampening: Dampening::new(0.2).expect(VALID),
        first: FirstMomentum::FromZero,
        form: MomentumForm::Nesterov,
        weight_decay: WeightDecay::fully_decoupled(0.003, learning_rate(0.2)).expect(VALID),
    };
    adam: elementwise averaging => Adam {
        learning_rate: learning_rate(0.06),
        first: decay(0.8),
        second: decay(0.93).into(),
        epsilon: Epsilon::floor(3e-3).expect(VALID),
        weight_decay: WeightDecay::l2(0.017).expect(VALID),
    };
    adamw: elementwise averaging => AdamW {
        learning_rate: learning_rate(0.05),
        first: decay(0.85),
        second: decay(0.97).into(),
        epsilon: Epsilon::added(2e-3).expect(VALID),
        weight_decay: WeightDecay::decoupled(0.019).expect(VALID),
    };
    lion: elementwise averaging => Lion {
        learning_rate: learning_rate(0.04),
        direction: decay(0.6),
        momentum: decay(0.8),
        weight_decay: WeightDecay::decoupled(0.023).expect(VALID),
    };
    sgd_sai: averaging => SgdSai {
        learning_rate: learning_rate(0.02),
        momentum: decay(0.6),
        epsilon: Epsilon::floor(3e-3).expect(VALID),
        constant: Constant::Formula,
        weight_decay: WeightDecay::decoupled(0.013).expect(VALID),
        normalization: AsMeasured,
    };
    chain_of_momentum_and_adam: elementwise averaging => Chained {
        chain: Momentum { momentum: decay(0.3), ..Momentum::default() }
            .then(ScaleByAdam { first: decay(0.5), second: decay(0.9).into(), epsilon: Epsilon::added(1e-3).expect(VALID) })
            .then(AddDecay::to_update(WeightDecay::decoupled(0.011).expect(VALID))),
        learning_rate: learning_rate(0.05),
    };
}

conformance_by_axis! {
    sm3: elementwise => Sm3 {
        learning_rate: learning_rate(0.12),
        beta: decay(0.7),
        epsilon: Epsilon::floor(3e-2).expect(VALID),
        weight_decay: WeightDecay::l2(0.012).expect(VALID),
    };
    sm3_momentum: elementwise averaging => Sm3Momentum {
        learning_rate: learning_rate(0.11),
        momentum: decay(0.6),
        beta: decay(0.5),
        epsilon: Epsilon::added(2e-3).expect(VALID),
        weight_decay: WeightDecay::decoupled(0.014).expect(VALID),
    };
}

const VALID: &str = "the table keeps to the ranges";

fn learning_rate(value: f64) -> LearningRate {
    LearningRate::new(value).expect(VALID)
}

fn decay(value: f64) -> Decay {
    Decay::new(value).expect(VALID)
}

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

use gradus::hyperparameter::{
    Amount, Dampening, Decay, Epsilon, Floor, LearningRate, Reduction, SecondDecay, WeightDecay,
};
use gradus::rule::Chained;
use gradus::rule::{
    AdEMAMix, AdamC, Adopt, Agreement, Caution, FirstComparison, HyperBallAdamW, LaProp, LaPropOrtho, Mars,
    MarsClip, MarsCoefficient, OrthoLaProp, Orthogonalize, SignLaProp, SudsAdamW, UnscaledAdamW,
};
use gradus::rule::{
    Adam, AdamW, AddDecay, FirstMomentum, Lion, Momentum, MomentumForm, ScaleByAdam, Sgd, SgdMomentum,
};
use gradus::transform::{Around, Identity, StageExt};

/// One module per rule, with a test for each property. `elementwise` holds for rules without
/// statistics, `averaging` for those that can accumulate gradients.
///
/// A rule that is `bound` keeps to a sphere around zero, or treats shapes differently unless it says
/// `any_shape`; all others converge, whatever the shape.
macro_rules! conformance {
    () => {};
    ($name:ident: bound $($kind:ident)* => $rule:expr; $($others:tt)*) => {
        mod $name {
            use super::*;

            properties! { every: $rule }
            $(properties! { $kind: $rule })*
        }
        conformance! { $($others)* }
    };
    ($name:ident: $($kind:ident)* => $rule:expr; $($others:tt)*) => {
        mod $name {
            use super::*;

            properties! { every: $rule }
            properties! { free: $rule }
            properties! { any_shape: $rule }
            $(properties! { $kind: $rule })*
        }
        conformance! { $($others)* }
    };
}

macro_rules! properties {
    (every: $rule:expr) => {
        tests! { $rule;
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
    (free: $rule:expr) => {
        tests! { $rule;
            convergence::converges_on_a_quadratic,
        }
    };
    (any_shape: $rule:expr) => {
        tests! { $rule;
            shapes::zero_one_and_no_dimensions_are_like_any_other_shape,
        }
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

/// The hyperparameters that most rules have, none at its default.
macro_rules! moments {
    ($rule:ident, $rate:expr $(, $more:ident: $value:expr)*) => {
        $rule {
            learning_rate: learning_rate($rate),
            first: decay(0.7),
            second: decay(0.95).into(),
            epsilon: Epsilon::added(2e-3).expect(VALID),
            $($more: $value,)*
            weight_decay: WeightDecay::decoupled(0.012).expect(VALID),
        }
    };
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
    adamc: elementwise averaging => AdamC {
        weight_decay: WeightDecay::corrected(0.02, learning_rate(0.07)).expect(VALID).cautious(),
        ..moments!(AdamC, 0.05)
    };
    adopt: elementwise averaging => moments!(Adopt, 0.04);
    laprop: elementwise averaging => LaProp {
        second: SecondDecay::palm(0.7).expect(VALID),
        ..moments!(LaProp, 0.03)
    };
    unscaled_adamw: elementwise averaging => moments!(UnscaledAdamW, 0.11);
    ademamix: elementwise averaging => AdEMAMix {
        learning_rate: learning_rate(0.02),
        fast: decay(0.7),
        slow: decay(0.9),
        slow_warm_up: 5,
        second: decay(0.95).into(),
        epsilon: Epsilon::added(2e-3).expect(VALID),
        alpha: Amount::new(0.8).expect(VALID),
        alpha_warm_up: 4,
        weight_decay: WeightDecay::decoupled(0.009).expect(VALID),
    };
    sign_laprop: averaging => moments!(SignLaProp, 0.05);
    ortho_laprop: bound any_shape averaging => moments!(OrthoLaProp, 0.03, projection: projection());
    laprop_ortho: bound any_shape averaging => moments!(LaPropOrtho, 0.03, projection: projection());
    suds_adamw: averaging => moments!(SudsAdamW, 0.08, axis_rate: Amount::new(0.02).expect(VALID));
    hyperball_adamw: bound => HyperBallAdamW {
        learning_rate: learning_rate(0.04),
        second: decay(0.95).into(),
        epsilon: Epsilon::added(2e-3).expect(VALID),
        weight_decay: WeightDecay::decoupled(0.014).expect(VALID),
    };
    adamw_with_mars_and_caution: averaging => Around {
        rule: moments!(AdamW, 0.04),
        before: Mars {
            strength: Reduction::new(0.04).expect(VALID),
            momentum: decay(0.8),
            coefficient: MarsCoefficient::Exchanged,
            first: FirstComparison::Zero,
            clip: MarsClip::UnitNorm,
        },
        behind: Caution { agreement: Agreement::ZeroIsPositive },
        after: Identity,
    };
    chain_of_momentum_and_adam: elementwise averaging => Chained {
        chain: Momentum { momentum: decay(0.3), ..Momentum::default() }
            .then(ScaleByAdam { first: decay(0.5), second: decay(0.9).into(), epsilon: Epsilon::added(1e-3).expect(VALID) })
            .then(AddDecay::to_update(WeightDecay::decoupled(0.011).expect(VALID))),
        learning_rate: learning_rate(0.05),
    };
}

const VALID: &str = "the table keeps to the ranges";

fn learning_rate(value: f64) -> LearningRate {
    LearningRate::new(value).expect(VALID)
}

fn projection() -> Orthogonalize {
    let (epsilon, floor) = (Amount::new(1e-3), Floor::new(1e-4));
    Orthogonalize { epsilon: epsilon.expect(VALID), floor: floor.expect(VALID) }
}

fn decay(value: f64) -> Decay {
    Decay::new(value).expect(VALID)
}

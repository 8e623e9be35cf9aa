//! Stages around rules: every clip before and behind one rule, and all of them with every rule.
//!
//! The full product of rules, clips and cases would take minutes to compile and say little more: what
//! a stage sees of a rule or a store is numbers. So each clip by itself is held against all properties
//! around one rule with Kahan summation, and every other rule with a pile of elementwise clips and one
//! of clips that see a tensor, with the other stores.

use crate::properties;
use gradus::clip::{
    ALaw, AdaptiveClip, ClipNorm, ClipRms, ClipValue, MuLaw, NormalizeNorm, NormalizeRms, Softsign,
    TrustRegion,
};
use gradus::hyperparameter::{
    Compression, Dampening, Decay, Epsilon, Floor, LearningRate, Limit, Scale, Share, WeightDecay,
};
use gradus::rule::{Adam, AdamW, FirstMomentum, Lion, MomentumForm, Sgd, SgdMomentum};
use gradus::transform::{Around, Identity, StageExt};

/// One module per row. `elementwise` holds for stages without statistics, `averaging` for rules that
/// can accumulate gradients, `steady` for what comes to rest in a minimum.
macro_rules! around {
    ($($name:ident: $stores:ident, $($kind:ident)+ => $rule:expr;)+) => {$(
        mod $name {
            use super::*;

            $(properties! { $stores, $kind: $rule })+
        }
    )+};
}

macro_rules! properties {
    ($stores:ident, every: $rule:expr) => {
        tests! { $stores, $rule;
            arrival::release_equals_the_joint_step,
            arrival::a_schedule_acts_at_the_same_steps_under_release,
            arrival::a_late_first_gradient_is_treated_as_a_first_one,
            resume::a_restored_optimizer_goes_on_with_the_same_bits,
            resume::switching_between_joint_steps_and_release_keeps_all_state,
            shapes::zero_one_and_no_dimensions_are_like_any_other_shape,
            extremes::absent_gradients_leave_every_bit_alone,
            extremes::zeros_stay_zeros,
            threads::three_threads_give_the_bits_of_one,
            groups::groups_schedules_and_frozen_tensors_go_with_everything,
        }
    };
    ($stores:ident, elementwise: $rule:expr) => {
        tests! { $stores, $rule;
            splitting::a_tensor_split_in_two_moves_as_one,
            splitting::every_length_of_a_tail_gives_the_same_elements,
            shapes::column_major_memory_is_only_another_order,
            extremes::a_bad_element_leaves_its_neighbours_alone,
        }
    };
    ($stores:ident, averaging: $rule:expr) => {
        tests! { $stores, $rule; resume::accumulation_survives_a_restart, }
    };
    ($stores:ident, steady: $rule:expr) => {
        tests! { $stores, $rule; convergence::converges_on_a_quadratic, }
    };
}

macro_rules! tests {
    ($stores:ident, $rule:expr; $($file:ident::$property:ident,)+) => {$(
        #[test]
        fn $property() {
            for_each_store!($stores, |C| properties::$file::$property::<_, C>($rule));
        }
    )+};
}

/// Elementwise clips around a rule.
macro_rules! in_a_pile {
    ($rule:expr) => {
        Around { rule: $rule, before: value().then(Softsign), behind: trust_region(), after: Identity }
    };
}

/// All clips that see a tensor around a rule, one of them after the learning rate.
macro_rules! by_the_tensor {
    ($rule:expr) => {
        Around {
            rule: $rule,
            before: rms().then(adaptive()).then(unit_rms()),
            behind: norm().then(unit_norm()),
            after: rms(),
        }
    };
}

around! {
    adamw_and_value: one, every elementwise averaging steady => on_both_sides(adamw(), value());
    adamw_and_trust_region: one, every elementwise averaging steady => on_both_sides(adamw(), trust_region());
    adamw_and_mu_law: one, every elementwise averaging steady => on_both_sides(adamw(), mu_law());
    adamw_and_a_law: one, every elementwise averaging steady => on_both_sides(adamw(), a_law());
    adamw_and_softsign: one, every elementwise averaging steady => on_both_sides(adamw(), Softsign);
    adamw_and_norm: one, every averaging steady => on_both_sides(adamw(), norm());
    adamw_and_rms: one, every averaging steady => on_both_sides(adamw(), rms());
    adamw_and_unit_norm: one, every averaging => on_both_sides(adamw(), unit_norm());
    adamw_and_unit_rms: one, every averaging => on_both_sides(adamw(), unit_rms());
    adamw_and_adaptive: one, every averaging => on_both_sides(adamw(), adaptive());

    sgd_and_elementwise_clips: others, every elementwise steady => in_a_pile!(sgd());
    sgd_momentum_and_elementwise_clips: others, every elementwise averaging steady => in_a_pile!(sgd_momentum());
    adam_and_elementwise_clips: others, every elementwise averaging steady => in_a_pile!(adam());
    lion_and_elementwise_clips: others, every elementwise averaging steady => in_a_pile!(lion());

    sgd_and_tensor_clips: others, every => by_the_tensor!(sgd());
    sgd_momentum_and_tensor_clips: others, every averaging => by_the_tensor!(sgd_momentum());
    adam_and_tensor_clips: others, every averaging => by_the_tensor!(adam());
    lion_and_tensor_clips: others, every averaging => by_the_tensor!(lion());
}

/// A stage before the rule, and once more behind its direction.
fn on_both_sides<R, C: Copy>(rule: R, clip: C) -> Around<R, C, C, Identity> {
    Around { rule, before: clip, behind: clip, after: Identity }
}

fn value() -> ClipValue {
    ClipValue { limit: Limit::new(0.9).expect(VALID) }
}

fn trust_region() -> TrustRegion {
    TrustRegion {
        scale: Scale::new(1.3).expect(VALID),
        interpolation: Share::new(0.4).expect(VALID),
        limit: Limit::new(1.1).expect(VALID),
    }
}

fn mu_law() -> MuLaw {
    MuLaw { compression: Compression::new(30.0).expect(VALID) }
}

fn a_law() -> ALaw {
    ALaw { compression: Compression::new(20.0).expect(VALID) }
}

fn norm() -> ClipNorm {
    ClipNorm { limit: Limit::new(1.7).expect(VALID) }
}

fn rms() -> ClipRms {
    ClipRms { limit: Limit::new(0.6).expect(VALID) }
}

fn unit_norm() -> NormalizeNorm {
    NormalizeNorm { floor: Floor::new(1e-3).expect(VALID) }
}

fn unit_rms() -> NormalizeRms {
    NormalizeRms { floor: Floor::new(1e-3).expect(VALID) }
}

fn adaptive() -> AdaptiveClip {
    AdaptiveClip {
        limit: Limit::new(0.3).expect(VALID),
        smallest_parameter: Floor::new(0.02).expect(VALID),
        floor: Floor::new(1e-4).expect(VALID),
    }
}

pub fn sgd() -> Sgd {
    Sgd { learning_rate: learning_rate(0.13), weight_decay: WeightDecay::decoupled(0.012).expect(VALID) }
}

pub fn sgd_momentum() -> SgdMomentum {
    SgdMomentum {
        learning_rate: learning_rate(0.08),
        momentum: decay(0.6),
        dampening: Dampening::new(0.3).expect(VALID),
        first: FirstMomentum::FromZero,
        form: MomentumForm::Nesterov,
        weight_decay: WeightDecay::l2(0.009).expect(VALID),
    }
}

pub fn adam() -> Adam {
    Adam {
        learning_rate: learning_rate(0.06),
        first: decay(0.75),
        second: decay(0.94).into(),
        epsilon: Epsilon::floor(2e-3).expect(VALID),
        weight_decay: WeightDecay::l2(0.014).expect(VALID),
    }
}

pub fn adamw() -> AdamW {
    AdamW {
        learning_rate: learning_rate(0.05),
        first: decay(0.8),
        second: decay(0.96).into(),
        epsilon: Epsilon::added(3e-3).expect(VALID),
        weight_decay: WeightDecay::decoupled(0.018).expect(VALID),
    }
}

pub fn lion() -> Lion {
    Lion {
        learning_rate: learning_rate(0.03),
        direction: decay(0.65),
        momentum: decay(0.85),
        weight_decay: WeightDecay::fully_decoupled(0.002, learning_rate(0.1)).expect(VALID),
    }
}

const VALID: &str = "the tables keep to the ranges";

fn learning_rate(value: f64) -> LearningRate {
    LearningRate::new(value).expect(VALID)
}

fn decay(value: f64) -> Decay {
    Decay::new(value).expect(VALID)
}

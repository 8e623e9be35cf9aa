//! Options that look at all gradients before any parameter moves: each by itself around one rule with
//! Kahan summation, and a pile of them with every other rule and the other stores. Such steps are joint,
//! so there is no release.

use crate::properties::joint;
use crate::stages::{adam, adamw, lion, sgd, sgd_momentum};
use gradus::clip::{ClipJointly, ClipNorm, JointClip, JointSize};
use gradus::hyperparameter::Limit;
use gradus::optimizer::{Build, LossScaling};

macro_rules! jointly {
    ($($name:ident: $stores:ident, $($kind:ident)+ => $builder:expr;)+) => {$(
        mod $name {
            use super::*;

            $(properties! { $stores, $kind: $builder })+
        }
    )+};
}

macro_rules! properties {
    ($stores:ident, every: $builder:expr) => {
        tests! { $stores, $builder;
            a_restored_optimizer_goes_on_with_the_same_bits,
            absent_gradients_leave_every_bit_alone,
            zero_one_and_no_dimensions_are_like_any_other_shape,
            huge_tiny_and_no_gradients_leave_numbers,
            zeros_stay_zeros,
            three_threads_give_the_bits_of_one,
        }
    };
    ($stores:ident, skipping: $builder:expr) => {
        tests! { $stores, $builder; a_skipped_step_leaves_every_bit_alone, }
    };
    ($stores:ident, refusing: $builder:expr) => {
        tests! { $stores, $builder; a_refused_step_leaves_every_bit_alone, }
    };
}

macro_rules! tests {
    ($stores:ident, $builder:expr; $($property:ident,)+) => {$(
        #[test]
        fn $property() {
            for_each_store!($stores, |C| joint::$property::<_, _, C>(|| $builder));
        }
    )+};
}

macro_rules! all {
    ($rule:expr) => {
        $rule
            .clip_global_norm(0.8)
            .loss_scaling(scaling())
            .on_gradient(ClipNorm::default())
            .on_update(jointly(JointSize::Norm, 1.1))
    };
}

jointly! {
    adamw_and_global_norm: one, every => adamw().clip_global_norm(0.7);
    adamw_and_global_rms: one, every => adamw().clip_global_rms(0.11);
    adamw_and_unit_global_norm: one, every => adamw().clip_together(JointClip::NormalizeNorm, 1.9);
    adamw_and_unit_global_rms: one, every => adamw().clip_together(JointClip::NormalizeRms, 0.3);
    adamw_and_joint_norm_of_the_update: one, every => adamw().on_update(jointly(JointSize::Norm, 1.3));
    adamw_and_joint_rms_afterwards: one, every => adamw().afterwards(jointly(JointSize::Rms, 0.01));
    adamw_and_skipping: one, every skipping => adamw().skip_nonfinite();
    adamw_and_refusing: one, every refusing => adamw().refuse_nonfinite();
    adamw_and_loss_scaling: one, every skipping => adamw().loss_scaling(scaling());

    sgd_and_all: others, every skipping => all!(sgd());
    sgd_momentum_and_all: others, every skipping => all!(sgd_momentum());
    adam_and_all: others, every skipping => all!(adam());
    lion_and_all: others, every skipping => all!(lion());
}

fn jointly(size: JointSize, limit: f64) -> ClipJointly {
    ClipJointly { size, limit: Limit::new(limit).expect("in the range") }
}

/// Grows within the few steps of a test.
fn scaling() -> LossScaling {
    LossScaling { start: 8.0, growth: 4.0, back_off: 0.25, interval: 2, smallest: 0.5, largest: 64.0 }
}

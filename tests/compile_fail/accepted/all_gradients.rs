//! Options about gradients that fit together, in every order, and what of them gradient release
//! leaves.

use gradus::clip::{AdaptiveClip, ClipJointly, ClipNorm, JointClip, JointSize, NormalizeRms, TrustRegion};
use gradus::cpu::Cpu;
use gradus::error::Result;
use gradus::hyperparameter::Limit;
use gradus::optimizer::{Build, LossScaling, Stepped, select};
use gradus::rule::{AdamW, Lion, Sgd};
use gradus::schedule::Schedule;
use half::bf16;

fn jointly() -> ClipJointly {
    ClipJointly { size: JointSize::Rms, limit: Limit::new(1.0).expect("in the range") }
}

/// Takes each of the options that are left as the next one; those tried before it wait in between.
macro_rules! orders {
    ([$($chain:tt)*] [] []) => {
        AdamW::default() $($chain)* .build(Cpu::default(), parameters())?;
    };
    ([$($chain:tt)*] [$($waiting:tt)+] []) => {};
    ([$($chain:tt)*] [$($waiting:tt)*] [($($option:tt)*) $($rest:tt)*]) => {
        orders!([$($chain)* . $($option)*] [] [$($waiting)* $($rest)*]);
        orders!([$($chain)*] [$($waiting)* ($($option)*)] [$($rest)*]);
    };
}

fn parameters() -> &'static [(&'static str, Vec<bf16>)] {
    &[]
}

fn every_order_of_clip_policy_and_formats() -> Result<()> {
    orders!([] [] [
        (clip_global_norm(1.0))
        (skip_nonfinite())
        (on_update(jointly()))
        (parameters_in::<bf16>())
    ]);
    Ok(())
}

fn every_order_of_what_works_under_release() -> Result<()> {
    orders!([] [] [
        (on_gradient(ClipNorm::default()))
        (gradient_release())
        (freeze(select::vectors()))
        (parameters_in::<bf16>())
    ]);
    Ok(())
}

macro_rules! each_pair {
    ([$(($($clip:tt)*))*] $policies:tt) => {
        $(each_pair!(@clip [$($clip)*] $policies);)*
    };
    (@clip $clip:tt [$(($($policy:tt)*))*]) => {
        $(each_pair!(@pair $clip [$($policy)*]);)*
    };
    (@pair [$($clip:tt)*] [$($policy:tt)*]) => {
        Lion::default().builder() $($clip)* $($policy)* .build(Cpu::default(), parameters_in_f32())?;
        Lion::default().builder() $($policy)* $($clip)* .build(Cpu::default(), parameters_in_f32())?;
    };
}

fn parameters_in_f32() -> &'static [(&'static str, Vec<f32>)] {
    &[]
}

fn every_clip_with_every_policy() -> Result<()> {
    each_pair!(
        [() (.clip_global_norm(1.0)) (.clip_global_rms(1.0)) (.clip_together(JointClip::NormalizeRms, 1.0))]
        [() (.skip_nonfinite()) (.refuse_nonfinite()) (.loss_scaling(LossScaling::default()))]
    );
    Ok(())
}

/// Stages may come more than once, and several of one kind are in the order of the calls.
fn several_stages(parameters: &[(&str, Vec<f32>)]) -> Result<()> {
    Sgd::default()
        .on_gradient(TrustRegion::default())
        .on_gradient(ClipNorm::default())
        .on_update(NormalizeRms::default())
        .on_update(jointly())
        .on_update(jointly())
        .afterwards(AdaptiveClip::default())
        .build(Cpu::default(), parameters)?;
    Ok(())
}

/// An optimizer whose stages look at one tensor each may be switched there and back.
fn switched(parameters: &mut [(&str, Vec<f32>)]) -> Result<Stepped> {
    let builder = Lion::default()
        .on_gradient(ClipNorm::default())
        .on_update(AdaptiveClip::default())
        .without_decay(select::vectors_and_biases())
        .schedule("learning_rate", Schedule::constant(0.5)?);
    let mut released = builder.build(Cpu::default(), parameters)?.into_released();
    released.begin_step()?.finish();
    let mut together = released.into_together().map_err(|refused| refused.error)?;
    together.step(parameters, &[("weight", vec![1.0])])
}

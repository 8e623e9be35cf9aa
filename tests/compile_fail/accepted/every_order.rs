//! Options in every order: 120 chains, all of which build the same optimizer.

use gradus::cpu::Cpu;
use gradus::device::In;
use gradus::error::Result;
use gradus::optimizer::{Build, Optimizer, Released};
use gradus::rule::AdamW;
use gradus::store::Kahan;
use half::bf16;

type Expected = Result<Optimizer<AdamW, In<bf16, f32, bf16, Kahan>, Released, Cpu>>;

/// Takes each of the options that are left as the next one; those tried before it wait in between.
macro_rules! orders {
    ([$($chain:tt)*] [] []) => {
        let _: Expected = AdamW::default() $($chain)* .build(Cpu::default(), parameters());
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

fn all() {
    orders!([] [] [
        (parameters_in::<bf16>())
        (gradients_in::<f32>())
        (state_in::<bf16>(7))
        (kahan())
        (gradient_release())
    ]);
}

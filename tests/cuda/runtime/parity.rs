//! The same bits as the CPU's.

use super::{cuda, run};
use crate::cases::{
    Bf16Corrected, Bf16Kahan, Bf16StateStochastic, Bf16Stochastic, Case, F16StateStochastic, F32, F64,
};
use crate::fake::with_any;
use crate::parity::difference;
use crate::rules;
use gradus::cpu::Cpu;

fn compare<C: Case>(rule: &str) {
    let rule = rules::all().into_iter().find(|case| case.name == rule).expect("a rule of the table");
    let (ours, cpu) = (run::<C, _>(&rule, &cuda(), 5), run::<C, _>(&rule, &Cpu::default(), 5));
    assert_eq!(difference(&ours, &cpu), None, "{} in {}", rule.name, C::NAME);
}

#[test]
fn elementwise_rules_in_every_kind_of_store() {
    with_any("runtime::parity::elementwise_rules_in_every_kind_of_store", || {
        compare::<F32>("adamw");
        compare::<F64>("adamw");
        compare::<Bf16Kahan>("adamw");
        compare::<Bf16Stochastic>("adamw");
        compare::<Bf16StateStochastic>("adamw");
        compare::<F16StateStochastic>("lion");
        compare::<Bf16Corrected>("adamw");
    });
}

#[test]
fn statistics_and_points_for_evaluation() {
    with_any("runtime::parity::statistics_and_points_for_evaluation", || {
        compare::<F32>("stable_adamw");
        compare::<Bf16Kahan>("stable_adamw");
        compare::<F32>("sgd_sai_normalized"); // a number over all tensors
        compare::<F32>("schedule_free_adamw");
        compare::<F32>("sm3_momentum"); // state by axis
        compare::<Bf16StateStochastic>("adamw_with_an_average");
    });
}

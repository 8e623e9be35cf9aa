//! Each property in every case, for a rule as data. It has the bits of the rule itself
//! (`tests/dynamic.rs`), and a property is compiled once instead of for each rule.
//!
//! A rule meets a property in every third case, another third for the next rule; in all with the environment
//! variable `GRADUS_TEST_ALL`, which takes three times as long.

use crate::{cases, properties};
use gradus::transform::{AroundAtRunTime, DynamicRule, ErasedRule};
use gradus::typenum::B0;

fn data(rule: Box<dyn ErasedRule>) -> DynamicRule<B0> {
    DynamicRule::of(rule, AroundAtRunTime::default()).expect("it has not too many fields")
}

/// Whose turn it is of the cases that follow each other.
fn turns(rule: &str, property: &str) -> impl Iterator<Item = bool> + use<> {
    let all = std::env::var_os("GRADUS_TEST_ALL").is_some();
    let first =
        rule.bytes().chain(property.bytes()).fold(0usize, |sum, byte| 31 * sum % 1009 + byte as usize);
    (first..).map(move |turn| all || turn.is_multiple_of(3))
}

macro_rules! every_case {
    ($($file:ident::$property:ident)+) => {$(
        pub fn $property(rule: Box<dyn ErasedRule>) {
            let rule = data(rule);
            let mut turns = turns(&rule.name(), stringify!($property));
            for_each_case!(|C| if turns.next() == Some(true) {
                properties::$file::$property::<_, C>(rule.clone());
            });
        }
    )+};
}

every_case! {
    arrival::release_equals_the_joint_step
    arrival::a_schedule_acts_at_the_same_steps_under_release
    arrival::a_late_first_gradient_is_treated_as_a_first_one
    resume::a_restored_optimizer_goes_on_with_the_same_bits
    resume::switching_between_joint_steps_and_release_keeps_all_state
    resume::accumulation_survives_a_restart
    extremes::absent_gradients_leave_every_bit_alone
    extremes::zeros_stay_zeros
    extremes::a_bad_element_leaves_its_neighbours_alone
    groups::groups_schedules_and_frozen_tensors_go_with_everything
    shapes::zero_one_and_no_dimensions_are_like_any_other_shape
    shapes::column_major_memory_is_only_another_order
    convergence::converges_on_a_quadratic
    splitting::a_tensor_split_in_two_moves_as_one
    splitting::every_length_of_a_tail_gives_the_same_elements
    faces::a_thousand_round_trips_change_no_bit
    faces::training_goes_on_as_if_it_had_not_been_left
    faces::the_point_for_evaluation_is_part_of_the_state
}

/// Large tensors, so only in the cases with the most streams of memory.
pub fn any_number_of_threads_gives_the_same_bits(rule: Box<dyn ErasedRule>) {
    let rule = data(rule);
    properties::threads::any_number_of_threads_gives_the_same_bits::<_, cases::Bf16Kahan>(rule.clone());
    properties::threads::any_number_of_threads_gives_the_same_bits::<_, cases::Bf16Narrow>(rule);
}

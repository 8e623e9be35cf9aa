//! How a line of the table becomes tests.

/// One module per rule, with a test for each property. `elementwise` holds for rules without
/// statistics, `averaging` for those that can accumulate gradients, `two_faced` for those with another
/// point for evaluation.
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
            groups::groups_schedules_and_frozen_tensors_go_with_everything,
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
    (two_faced: $rule:expr) => {
        tests! { $rule;
            faces::a_thousand_round_trips_change_no_bit,
            faces::training_goes_on_as_if_it_had_not_been_left,
            faces::the_point_for_evaluation_is_part_of_the_state,
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
            every_case::$property(Box::new($rule));
        }
    )+};
}

macro_rules! threads {
    ($rule:expr) => {
        #[test]
        fn any_number_of_threads_gives_the_same_bits() {
            every_case::any_number_of_threads_gives_the_same_bits(Box::new($rule));
        }
    };
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

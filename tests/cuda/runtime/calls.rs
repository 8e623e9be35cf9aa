//! What a step asks of the driver.

use super::{all_gradients, all_parameters, cuda};
use crate::fake::{Calls, Finds, with};
use gradus::cuda::Cuda;
use gradus::cuda::cudarc::driver::CudaContext;
use gradus::optimizer::Build;
use gradus::rule::{AdamW, StableAdamW};

/// Steps that nothing precedes but steps of the same tensors.
fn steady(device: &Cuda, mut step: impl FnMut()) -> Calls {
    step();
    step();
    device.wait().expect("the steps have run");
    Calls::of(|| (0..3).for_each(|_| step()))
}

#[test]
fn a_step_is_a_launch_and_a_copy_of_its_constants() {
    with(Finds::Both, "runtime::calls::a_step_is_a_launch_and_a_copy_of_its_constants", &[], || {
        let device = cuda();
        let mut parameters = all_parameters::<_, f32>(&device);
        let gradients = all_gradients::<_, f32>(&device, 1, false);
        let mut optimizer = AdamW::default().build(device.clone(), &parameters).expect("a model");
        let mut step = || {
            optimizer.step(&mut parameters, &gradients).expect("they fit");
        };
        let calls = steady(&device, &mut step);
        assert_eq!(calls, Calls { launches: 3, sends: 3, ..Calls::default() });
    });
}

#[test]
fn a_table_is_sent_when_a_gradient_lies_elsewhere() {
    with(Finds::Both, "runtime::calls::a_table_is_sent_when_a_gradient_lies_elsewhere", &[], || {
        let device = cuda();
        let mut parameters = all_parameters::<_, f32>(&device);
        let sets = [1, 2].map(|step| all_gradients::<_, f32>(&device, step, false));
        let mut optimizer = AdamW::default().build(device.clone(), &parameters).expect("a model");
        let mut step = |set: usize| {
            optimizer.step(&mut parameters, &sets[set]).expect("they fit");
        };
        steady(&device, || step(0));
        assert_eq!(Calls::of(|| step(1)).sends, 2, "the constants and a table");
        assert_eq!(Calls::of(|| step(0)).sends, 1, "both tables are known by now");
        assert_eq!(Calls::of(|| step(1)).sends, 1, "both tables are known by now");
        // Fewer tensors are another list, too.
        let mut some = all_gradients::<_, f32>(&device, 1, false);
        some[0].1 = None;
        let fewer = Calls::of(|| {
            optimizer.step(&mut parameters, &some).expect("they fit");
        });
        assert_eq!((fewer.sends, fewer.launches, fewer.waits), (3, 1, 0));
    });
}

#[test]
fn a_statistic_is_three_launches_more() {
    with(Finds::Both, "runtime::calls::a_statistic_is_three_launches_more", &[], || {
        let device = cuda();
        let mut parameters = all_parameters::<_, f32>(&device);
        let gradients = all_gradients::<_, f32>(&device, 1, false);
        let mut optimizer = StableAdamW::default().build(device.clone(), &parameters).expect("a model");
        let calls = steady(&device, || {
            optimizer.step(&mut parameters, &gradients).expect("they fit");
        });
        assert_eq!(calls, Calls { launches: 12, sends: 3, ..Calls::default() });
    });
}

#[test]
fn a_joint_clip_is_three_launches_more_and_no_wait() {
    with(Finds::Both, "runtime::calls::a_joint_clip_is_three_launches_more_and_no_wait", &[], || {
        let device = cuda();
        let mut parameters = all_parameters::<_, f32>(&device);
        let gradients = all_gradients::<_, f32>(&device, 1, false);
        let optimizer = AdamW::default().clip_global_norm(0.5).build(device.clone(), &parameters);
        let mut optimizer = optimizer.expect("a model");
        let calls = steady(&device, || {
            optimizer.step(&mut parameters, &gradients).expect("they fit");
        });
        assert_eq!(calls, Calls { launches: 3 * 4, sends: 3, ..Calls::default() });
    });
}

#[test]
fn a_policy_that_names_a_culprit_waits_for_the_norm() {
    with(Finds::Both, "runtime::calls::a_policy_that_names_a_culprit_waits_for_the_norm", &[], || {
        let device = cuda();
        let mut parameters = all_parameters::<_, f32>(&device);
        let gradients = all_gradients::<_, f32>(&device, 1, false);
        let optimizer = AdamW::default().clip_global_norm(0.5).refuse_nonfinite();
        let mut optimizer = optimizer.build(device.clone(), &parameters).expect("a model");
        let calls = steady(&device, || {
            optimizer.step(&mut parameters, &gradients).expect("they fit");
        });
        assert_eq!(calls, Calls { launches: 3 * 4, sends: 3 * 2, fetches: 3, waits: 3, ..Calls::default() });
    });
}

#[test]
fn a_host_that_is_many_steps_ahead_changes_nothing() {
    with(Finds::Both, "runtime::calls::a_host_that_is_many_steps_ahead_changes_nothing", &[], || {
        // The fake runs nothing before it is waited for, so all of these steps are under way at once.
        let trained = |waits: bool| {
            let device = cuda();
            let mut parameters = [("w", device.tensor(&[5], &[1.0f32; 5]).expect("memory"))];
            let gradients = [("w", device.tensor(&[5], &[0.5f32, -1.0, 2.0, 0.0, 3.0]).expect("memory"))];
            let mut optimizer = AdamW::default().build(device.clone(), &parameters).expect("a model");
            for _ in 0..40 {
                optimizer.step(&mut parameters, &gradients).expect("they fit");
                if waits {
                    device.wait().expect("the step has run");
                }
            }
            device.fetch(&parameters[0].1).expect("the steps have run")
        };
        assert_eq!(trained(false), trained(true));
    });
}

#[test]
fn streams_and_slices_of_the_user_are_taken_as_they_are() {
    with(Finds::Both, "runtime::calls::streams_and_slices_of_the_user_are_taken_as_they_are", &[], || {
        let context = CudaContext::new(0).expect("a context");
        let (stream, other) = (context.new_stream().expect("one"), context.new_stream().expect("another"));
        let device = Cuda::on(stream.clone()).expect("a device");
        let mut parameters = [("w", stream.clone_htod(&[1.0f32, 2.0, 3.0]).expect("memory"))];
        let gradients = [("w", other.clone_htod(&[0.1f32, 0.2, 0.3]).expect("memory"))];
        let mut optimizer = AdamW::default().build(device, &parameters).expect("a model");
        optimizer.step(&mut parameters, &gradients).expect("they fit");
        let found: Vec<f32> = stream.clone_dtoh(&parameters[0].1).expect("it has run");
        stream.synchronize().expect("it has run");

        let mut on_cpu = [("w", vec![1.0f32, 2.0, 3.0])];
        let mut optimizer = AdamW::default().build(gradus::cpu::Cpu::default(), &on_cpu).expect("a model");
        optimizer.step(&mut on_cpu, &[("w", vec![0.1f32, 0.2, 0.3])]).expect("they fit");
        assert_eq!(found, on_cpu[0].1);
    });
}

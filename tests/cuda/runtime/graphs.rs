//! Steps in two halves, the second of which a graph takes up.

#![allow(unsafe_code)] // `PreparedStep::enqueue` asks its caller to keep the tensors

use super::{Named, Present, all_gradients, all_parameters, state_and_bits};
use crate::fake::{Calls, Finds, with};
use crate::parity::difference;
use crate::values::Contents;
use gradus::cpu::Cpu;
use gradus::cuda::cudarc::driver::sys::{CUgraphInstantiate_flags, CUstreamCaptureMode};
use gradus::cuda::cudarc::driver::{CudaContext, CudaGraph};
use gradus::cuda::{Cuda, PreparedStep};
use gradus::device::MakesTensors;
use gradus::error::{CudaFlaw, Error};
use gradus::optimizer::Build;
use gradus::rule::StableAdamW;
use half::bf16;

/// A device whose stream can be captured.
pub(super) fn device() -> Cuda {
    let context = CudaContext::new(0).expect("the fake driver has one");
    // SAFETY: everything is done in one stream.
    unsafe { context.disable_event_tracking() };
    Cuda::on(context.new_stream().expect("a stream")).expect("a device")
}

/// The graph that launches a prepared step.
///
/// # Safety
/// As long as the graph is launched, the optimizer and its tensors live and stay where they are.
pub(super) unsafe fn captured(device: &Cuda, step: &mut PreparedStep) -> CudaGraph {
    let stream = device.stream();
    stream.begin_capture(CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL).expect("a capture");
    // SAFETY: the caller keeps what the step works on.
    unsafe { step.enqueue() }.expect("it is prepared");
    stream.end_capture(CUgraphInstantiate_flags(0)).expect("only launches").expect("some")
}

/// Parameters and gradients.
fn tensors<D: MakesTensors>(device: &D) -> (Named<D, bf16>, Present<D, bf16>) {
    (all_parameters(device), all_gradients(device, 1, false))
}

/// Six steps with the same gradients: on the CPU.
fn on_cpu() -> Contents {
    let cpu = Cpu::default();
    let (mut parameters, gradients) = tensors(&cpu);
    let builder = StableAdamW::default().parameters_in::<bf16>().stochastic_rounding(5);
    let mut optimizer = builder.build(cpu.clone(), &parameters).expect("a model");
    for _ in 0..6 {
        optimizer.step(&mut parameters, &gradients).expect("they fit");
    }
    state_and_bits(&cpu, &optimizer.snapshot().expect("whole steps"), &parameters)
}

/// One of them as usual, one captured, four replayed.
fn in_a_graph() -> Contents {
    let device = device();
    let (mut parameters, gradients) = tensors(&device);
    let builder = StableAdamW::default().parameters_in::<bf16>().stochastic_rounding(5);
    let mut optimizer = builder.build(device.clone(), &parameters).expect("a model");
    optimizer.step(&mut parameters, &gradients).expect("they fit");

    let mut step = device.prepared_step();
    step.prepare(|| optimizer.step(&mut parameters, &gradients)).expect("they fit");
    // SAFETY: tensors and optimizer live until the end of this function.
    let graph = unsafe { captured(&device, &mut step) };
    graph.launch().expect("it is whole");
    device.wait().expect("it has run");
    for _ in 0..4 {
        let calls = Calls::of(|| {
            step.prepare(|| optimizer.step(&mut parameters, &gradients)).expect("they fit");
            graph.launch().expect("it is whole");
        });
        assert_eq!((calls.launches, calls.sends, calls.waits), (0, 1, 0), "{calls:?}");
    }

    // Tensors elsewhere are another step, which is not counted.
    let (_, elsewhere) = tensors(&device);
    let error =
        step.prepare(|| optimizer.step(&mut parameters, &elsewhere)).expect_err("the graph knows others");
    assert!(error.to_string().starts_with("the step cannot be replayed: tensors lie elsewhere"), "{error}");
    assert_eq!(optimizer.steps(), 6);

    state_and_bits(&device, &optimizer.snapshot().expect("whole steps"), &parameters)
}

#[test]
fn replayed_steps_have_the_bits_of_steps() {
    with(Finds::Both, "runtime::graphs::replayed_steps_have_the_bits_of_steps", &[], || {
        assert_eq!(difference(&in_a_graph(), &on_cpu()), None);
    });
}

#[test]
fn what_the_host_must_know_cannot_be_prepared() {
    with(Finds::Both, "runtime::graphs::what_the_host_must_know_cannot_be_prepared", &[], || {
        let device = device();
        let (mut parameters, gradients) = tensors(&device);
        let builder = StableAdamW::default().parameters_in::<bf16>().skip_nonfinite();
        let mut optimizer = builder.build(device.clone(), &parameters).expect("a model");
        let mut step = device.prepared_step();
        let error =
            step.prepare(|| optimizer.step(&mut parameters, &gradients)).expect_err("it may be left out");
        let reason = "the host must know what comes of it";
        assert_eq!(error, Error::Cuda(CudaFlaw::NotReplayable { reason }));
        assert_eq!((optimizer.steps(), optimizer.gradient_norm()), (0, None));
        // SAFETY: nothing is launched.
        let error = unsafe { step.enqueue() }.expect_err("there is nothing");
        assert_eq!(error, CudaFlaw::NotReplayable { reason: "nothing has been prepared" });
        optimizer.step(&mut parameters, &gradients).expect("as usual it can be taken");
        assert_eq!(optimizer.steps(), 1);
    });
}

#[test]
fn preparations_do_not_mix() {
    with(Finds::Both, "runtime::graphs::preparations_do_not_mix", &[], || {
        let device = device();
        let (mut outer, mut inner) = (device.prepared_step(), device.prepared_step());
        let error = outer.prepare(|| inner.prepare(|| Ok(()))).expect_err("one at a time");
        let reason = "another step of this device is being prepared";
        assert_eq!(error, Error::Cuda(CudaFlaw::NotReplayable { reason }));
        outer.prepare(|| Ok(())).expect("the first one has ended");

        // Of two steps, one that fails leaves nothing to launch.
        let (mut parameters, gradients) = tensors(&device);
        let builder = StableAdamW::default().parameters_in::<bf16>();
        let mut optimizer = builder.build(device.clone(), &parameters).expect("a model");
        let result: gradus::error::Result<()> = outer.prepare(|| {
            optimizer.step(&mut parameters, &gradients)?;
            Err(Error::NoParameters)
        });
        assert_eq!(result, Err(Error::NoParameters));
        // SAFETY: nothing is launched.
        let error = unsafe { outer.enqueue() }.expect_err("there is nothing");
        assert_eq!(error, CudaFlaw::NotReplayable { reason: "nothing has been prepared" });
    });
}

#[test]
fn a_step_may_be_taken_in_any_thread() {
    with(Finds::Both, "runtime::graphs::a_step_may_be_taken_in_any_thread", &[], || {
        let device = device();
        let (mut parameters, gradients) = tensors(&device);
        let builder = StableAdamW::default().parameters_in::<bf16>();
        let mut optimizer = builder.build(device.clone(), &parameters).expect("a model");
        std::thread::spawn(move || {
            optimizer.step(&mut parameters, &gradients).expect("they fit");
            device.wait().expect("it has run");
        })
        .join()
        .expect("no panic");
    });
}

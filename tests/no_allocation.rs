//! After the first step, a step allocates nothing.

#![allow(unsafe_code)] // an allocator that counts

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use gradus::catalogue::{self, Configuration};
use gradus::clip::{AdaptiveClip, ClipJointly, ClipNorm, ClipRms, JointSize, TrustRegion};
use gradus::cpu::Cpu;
use gradus::device::SparseRows;
use gradus::dtype::StorageDtype;
use gradus::hyperparameter::Limit;
use gradus::optimizer::{Build, LossScaling, Stepped, select};
use gradus::rule::{AdamW, Lion, Sgd, Sm3};
use gradus::schedule::{Form, Schedule};
use half::{bf16, f16};
use ndarray::Array2;
use std::alloc::System;

/// The system's allocator, which counts the calls of each thread.
struct Counting;

thread_local! {
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

fn count() {
    // A thread that is ending has no counter any more.
    let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
}

// SAFETY: every call is passed on to `System`, which upholds the contract of `GlobalAlloc`, with the
// arguments for which the caller upholds its own part. Counting neither allocates (the counter is a
// constant-initialised `Cell` without a destructor) nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's layout has a size above zero, as `System` asks for.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller got the block from this allocator, so from `System`, with this layout.
        unsafe { System.dealloc(block, layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's layout has a size above zero, as `System` asks for.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller got the block from this allocator, so from `System`, with this layout, and
        // asks for a size above zero that does not overflow.
        unsafe { System.realloc(block, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often `run` allocates, on a thread of rayon's where steps run without changing threads.
fn allocations<T>(run: impl FnOnce() -> T + Send) -> usize {
    let before = CALLS.get();
    run();
    CALLS.get() - before
}

/// Runs a test where all tasks of a step stay on the calling thread, so that none escapes the count.
fn on_one_thread(test: impl FnOnce() + Send) {
    rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread can be started").install(test);
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(core::hint::black_box(vec![1u8; 100]))), 1);
}

/// Tensors of one piece and of several.
const LENGTHS: [usize; 4] = [7, 0, 40_001, 100];

fn tensors<T: StorageDtype>() -> Vec<(String, Vec<T>)> {
    let tensor = |(place, length): (usize, &usize)| (format!("x{place}"), vec![T::default(); *length]);
    LENGTHS.iter().enumerate().map(tensor).collect()
}

/// Steps jointly and under release; the gradients exist before.
macro_rules! assert_allocates_nothing {
    ($parameter:ty, $gradient:ty, $builder:expr) => {
        on_one_thread(|| {
            let mut parameters = tensors::<$parameter>();
            let gradients = tensors::<$gradient>();
            let mut optimizer = $builder.build(Cpu::default(), &parameters).expect("the model is valid");
            optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
            for _ in 0..3 {
                let step = || optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
                assert_eq!(allocations(step), 0);
            }

            let mut optimizer = optimizer.into_released();
            for _ in 0..3 {
                let gradients = tensors::<$gradient>();
                let step = || {
                    let mut step = optimizer.begin_step().expect("every step is finished");
                    for ((name, parameter), (_, gradient)) in parameters.iter_mut().zip(gradients) {
                        step.release(&*name, parameter, gradient).expect("the gradient fits");
                    }
                    step.finish();
                };
                assert_eq!(allocations(step), 0);
            }
        });
    };
}

#[test]
fn a_step_allocates_nothing_in_any_format() {
    assert_allocates_nothing!(f64, f64, AdamW::default().parameters_in::<f64>());
    assert_allocates_nothing!(f32, f32, AdamW::default().builder());
    assert_allocates_nothing!(f32, bf16, Lion::default().gradients_in::<bf16>());
    assert_allocates_nothing!(bf16, bf16, AdamW::default().parameters_in::<bf16>().kahan());
    assert_allocates_nothing!(
        f16,
        f16,
        Lion::default().parameters_in::<f16>().stochastic_rounding(1).state_in::<f16>(2)
    );
    assert_allocates_nothing!(f32, f32, Sgd::default().builder());
}

/// Matrices of several shapes, with gradients of full rank.
#[cfg(feature = "matrix")]
fn matrices(stream: u32) -> Vec<(String, Array2<f32>)> {
    let value = |(i, j): (usize, usize)| ((i * 31 + j * 17 + stream as usize * 7) as f32).sin();
    let shapes = [(64, 64), (48, 80), (130, 20), (1, 9)];
    let tensor = |shape: &(usize, usize)| (format!("{shape:?}"), Array2::from_shape_fn(*shape, value));
    shapes.iter().map(tensor).collect()
}

/// Steps with products alone and with refreshes of bases.
#[cfg(feature = "matrix")]
#[test]
fn a_step_with_matrices_allocates_nothing() {
    use gradus::rule::{EigenBases, Muon, Refresh, Soap};

    fn check(builder: gradus::optimizer::Builder<impl gradus::transform::Rule>) {
        let mut parameters = matrices(0);
        let gradients: Vec<_> = (1..=6).map(matrices).collect();
        let mut optimizer = builder.build(Cpu::default(), &parameters).expect("the model is valid");
        // The first step of SOAP finds eigenvectors, the second one is the first with products.
        for gradients in &gradients[..2] {
            optimizer.step(&mut parameters, gradients).expect("the gradients fit");
        }
        for gradients in &gradients[2..] {
            let step = || optimizer.step(&mut parameters, gradients).expect("the gradients fit");
            assert_eq!(allocations(step), 0);
        }
    }
    on_one_thread(|| {
        check(Muon::default().builder());
        let bases = EigenBases { refresh: Refresh::Every(2), ..EigenBases::default() };
        check(Soap { bases, ..Soap::default() }.builder());
    });
}

/// The catalogue's optimizers, whose chains are data.
#[test]
fn a_step_of_a_chain_from_data_allocates_nothing() {
    on_one_thread(|| {
        let mut branches = Configuration::of("chain");
        let chain =
            "exp_avg, graft(scale_by_adam, sign | sum(heavyball_momentum | 0.1: scale_by_exp_avg_sq)), sign";
        branches.hyperparameters.set("chain", chain);
        let names = ["sgd", "adamw", "lion", "stable_adamw", "sm3", "ademamix"].map(Configuration::of);
        for configuration in names.into_iter().chain([branches]) {
            let mut parameters = tensors::<f32>();
            let gradients = tensors::<f32>();
            let mut optimizer =
                catalogue::build(&configuration, Cpu::default(), &parameters).expect("the model is valid");
            optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
            for _ in 0..3 {
                let step = || optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
                assert_eq!(allocations(step), 0, "{}", configuration.optimizer);
            }
        }
    });
}

/// What products need within themselves they keep for the next one.
#[cfg(feature = "matrix")]
#[test]
fn a_step_of_a_matrix_rule_by_name_allocates_nothing() {
    on_one_thread(|| {
        let values = |(row, column): (usize, usize)| ((row * 7 + column * 3) % 11) as f32 - 5.0;
        let matrices = |rows, columns| Array2::from_shape_fn((rows, columns), values);
        let gradients = vec![("a", matrices(90, 70)), ("b", matrices(1, 20))];
        let names =
            ["muon", "muon_adamw", "psgd_kron", "pure_psgd", "delayed_psgd", "psgd_pro", "qsgd", "kron"];
        let mut narrow = Configuration::of("psgd_kron");
        narrow.hyperparameters.set("q_dtype", "bf16");
        let mut split = narrow.clone();
        split.hyperparameters.set("max_size_triangular", 40.0);
        split.hyperparameters.set("split", true);
        let mut by_bf16 = Configuration::of("muon");
        by_bf16.hyperparameters.set("matrix_precision", "bf16");
        for configuration in names.map(Configuration::of).into_iter().chain([narrow, split, by_bf16]) {
            let mut parameters = gradients.clone();
            let mut optimizer =
                catalogue::build::<f32>(&configuration, Cpu::default(), &parameters).expect("two tensors");
            let mut step = || optimizer.step(&mut parameters, &gradients).map(|_| ());
            step().expect("the gradients fit");
            step().expect("the gradients fit");
            let count = allocations(|| step().expect("the gradients fit"));
            assert_eq!(count, 0, "{}", configuration.optimizer);
        }
    });
}

/// Options of groups and stages that see one tensor, jointly and under release.
#[test]
fn a_step_with_groups_schedules_and_clips_allocates_nothing() {
    let half = || Schedule::constant(0.5).expect("in the range");
    assert_allocates_nothing!(
        bf16,
        bf16,
        AdamW::default()
            .parameters_in::<bf16>()
            .kahan()
            .group("first", select::named("x0"), AdamW::default())
            .without_decay(select::named("x1"))
            .freeze(select::named("x3"))
            .schedule("learning_rate", Schedule::decay(Form::Cosine, 1.0, 0.1, 9).expect("it falls"))
            .schedule_group("first", "weight_decay", half())
            .on_gradient(ClipNorm::default())
            .on_gradient(AdaptiveClip::default())
            .on_update(TrustRegion::default())
            .afterwards(ClipRms::default())
    );
}

/// Options that look at all gradients first; a step that is left out allocates nothing either.
macro_rules! assert_joint_step_allocates_nothing {
    ($gradient:ty, $infinite:expr, $builder:expr) => {
        on_one_thread(|| {
            let mut parameters = tensors::<f32>();
            let gradients = tensors::<$gradient>();
            let mut spoiled = gradients.clone();
            spoiled[2].1[17] = $infinite;
            let mut optimizer = $builder.build(Cpu::default(), &parameters).expect("the model is valid");
            let mut step = |gradients: &Vec<(String, Vec<$gradient>)>| {
                optimizer.step(&mut parameters, gradients).expect("the policy is not to refuse")
            };
            step(&gradients);
            for _ in 0..3 {
                assert_eq!(allocations(|| assert_eq!(step(&gradients), Stepped::Taken)), 0);
                assert_eq!(allocations(|| assert_eq!(step(&spoiled), Stepped::Skipped)), 0);
            }
            let norm = || optimizer.measure(&gradients).expect("the gradients fit");
            assert_eq!(allocations(norm), 0);
        });
    };
}

#[test]
fn a_step_that_looks_at_all_gradients_allocates_nothing() {
    let jointly = ClipJointly { size: JointSize::Norm, limit: Limit::new(1.0).expect("in the range") };
    assert_joint_step_allocates_nothing!(
        f32,
        f32::INFINITY,
        AdamW::default().clip_global_norm(1.0).skip_nonfinite().on_update(jointly)
    );
    let scaling = LossScaling { interval: 2, ..LossScaling::default() };
    assert_joint_step_allocates_nothing!(
        f16,
        f16::NAN,
        Lion::default().gradients_in::<f16>().clip_global_rms(1.0).loss_scaling(scaling)
    );
}

#[test]
fn absent_gradients_and_arrays_allocate_nothing() {
    on_one_thread(|| {
        let mut parameters = [("x", Array2::<f32>::ones((20, 30))), ("y", Array2::ones((3, 1)))];
        let gradients = [("x", Some(Array2::<f32>::ones((20, 30)))), ("y", None)];
        let mut optimizer = AdamW::default().build(Cpu::default(), &parameters).expect("the model is valid");
        optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
        let step = || optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
        assert_eq!(allocations(step), 0);
    });
}

#[test]
fn rows_are_sorted_and_gathered_in_memory_that_is_kept() {
    on_one_thread(|| {
        let mut tables = [("table", Array2::<f32>::zeros((300, 20)))];
        let built = Sm3::default().clip_global_norm(1.0).build(Cpu::default(), &tables);
        let mut optimizer = built.expect("a model").by_rows().expect("it has rows");
        let gradient = |rows: &'static [usize]| {
            [("table", Some(SparseRows { rows, values: Array2::<f32>::ones((rows.len(), 20)) }))]
        };
        let (first, fewer) = (gradient(&[9, 200, 9, 31]), gradient(&[299, 0, 31]));
        optimizer.step(&mut tables, &first).expect("the rows fit");
        assert_eq!(allocations(|| optimizer.step(&mut tables, &fewer).map(|_| ()).expect("the rows fit")), 0);
        assert_eq!(allocations(|| optimizer.step(&mut tables, &first).map(|_| ()).expect("the rows fit")), 0);
    });
}

#[test]
fn accumulation_allocates_nothing() {
    on_one_thread(|| {
        let mut parameter = vec![1f32; 1000];
        let mut optimizer = AdamW::default()
            .gradient_release()
            .build(Cpu::default(), &[("x", parameter.clone())])
            .expect("the model is valid");
        let (micro_batch, last) = (vec![1f32; 1000], vec![1f32; 1000]);
        let step = || {
            let mut step = optimizer.begin_step().expect("every step is finished");
            step.accumulate("x", micro_batch).expect("the gradient fits");
            step.release("x", &mut parameter, last).expect("the gradient fits");
            step.finish();
        };
        assert_eq!(allocations(step), 0);
    });
}

/// Handing a step over to other threads takes a place in rayon's queue, whose blocks hold 63.
#[test]
fn a_device_with_threads_of_its_own_allocates_a_block_in_63_steps() {
    let mut parameters = tensors::<f32>();
    let gradients = tensors::<f32>();
    let device = Cpu::with_threads(2).expect("two threads can be started");
    let mut optimizer = AdamW::default().build(device, &parameters).expect("the model is valid");
    optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
    let steps = || {
        for _ in 0..63 {
            optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
        }
    };
    assert!(allocations(steps) <= 2);
}

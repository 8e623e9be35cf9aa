//! Joint norms: what the device decides by itself has the bits of what the host would have decided.

#![allow(unsafe_code)] // `PreparedStep::enqueue` asks its caller to keep the tensors

use super::graphs::{captured, device};
use super::{Named, Present, adamw, all_gradients, all_parameters, cuda, sent, state_and_bits};
use crate::device::Array;
use crate::fake::{Calls, Finds, with, with_any};
use crate::parity::{difference, gradients};
use crate::rules;
use crate::values::{Contents, bits, stored};
use gradus::clip::{ClipJointly, GradientNorm, JointClip, JointSize};
use gradus::cpu::Cpu;
use gradus::cuda::CudaTensor;
use gradus::device::{Device, MakesTensors};
use gradus::dtype::{Arithmetic, Format, StorageDtype};
use gradus::hyperparameter::Limit;
use gradus::optimizer::{Build, Stepped};
use gradus::rule::SgdMomentum;
use half::bf16;

/// What is special about the gradients of a step.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Usual,
    Zero,
    /// Squares that are 0 in `f64`, if the format has such numbers.
    Small,
    /// Squares that are infinite in `f64`, if the format has such numbers.
    Large,
    Nan,
    Infinite,
    /// The one gradient that is there has no elements.
    Empty,
}

const KINDS: [Kind; 7] =
    [Kind::Usual, Kind::Zero, Kind::Small, Kind::Large, Kind::Nan, Kind::Infinite, Kind::Empty];

pub(super) fn special<D: MakesTensors, T: StorageDtype>(device: &D, step: u64, kind: Kind) -> Present<D, T> {
    let is_wide = matches!(T::FORMAT, Format::F64);
    let by = match kind {
        Kind::Zero => 0.0,
        Kind::Small if is_wide => 1e-250,
        Kind::Small => 1e-38,
        Kind::Large if is_wide => 1e250,
        Kind::Large => 1e35,
        _ => 1.0,
    };
    let tensor = |(name, array): (_, Option<Array<T>>)| {
        let array = array.filter(|_| !matches!(kind, Kind::Empty) || name == "empty");
        let tensor = array.map(|mut array| {
            for element in &mut array.elements {
                *element = stored(element.widen().to_f64() * by);
            }
            match (kind, array.elements.get_mut(7)) {
                (Kind::Nan, Some(element)) if name == "leaf" => *element = stored(f64::NAN),
                (Kind::Infinite, Some(element)) if name == "leaf" => *element = stored(f64::INFINITY),
                _ => {}
            }
            sent(device, &array)
        });
        (name, tensor)
    };
    gradients::<T>(step, false).into_iter().map(tensor).collect()
}

pub(super) fn norm_bits(norm: Option<GradientNorm>) -> (String, Vec<u64>) {
    let norm = norm.expect("it was found");
    ("norm".to_owned(), [bits(&[norm.norm]), vec![norm.elements]].concat())
}

/// Three steps, of which one is special, and their norms. One tensor is absent in the last.
macro_rules! clipped {
    ($name:ident in $format:ty, $builder:ident => $built:expr) => {
        fn $name<D: MakesTensors>(
            device: &D,
            clip: fn(Limit) -> JointClip,
            limit: f64,
            kind: Kind,
        ) -> Contents {
            let mut parameters = all_parameters::<D, $format>(device);
            let $builder = adamw().clip_together(clip, limit);
            let mut optimizer = $built.build(device.clone(), &parameters).expect("a model");
            assert_eq!(optimizer.gradient_norm(), None);
            let mut list = Contents::new();
            for (step, kind) in [(1, Kind::Usual), (2, kind), (3, Kind::Usual)] {
                let gradients = special::<D, $format>(device, step, kind);
                assert_eq!(optimizer.step(&mut parameters, &gradients), Ok(Stepped::Taken));
                list.push(norm_bits(optimizer.gradient_norm()));
            }
            let snapshot = optimizer.snapshot().expect("whole steps");
            list.extend(state_and_bits(device, &snapshot, &parameters));
            list
        }
    };
}

clipped!(in_f32 in f32, builder => builder);
clipped!(in_bf16 in bf16, builder => builder.parameters_in::<bf16>().kahan());
clipped!(in_f64 in f64, builder => builder.parameters_in::<f64>());

#[test]
fn every_joint_clip_has_the_bits_of_the_cpu() {
    with_any("runtime::norms::every_joint_clip_has_the_bits_of_the_cpu", || {
        let clips: [(fn(Limit) -> JointClip, f64); 6] = [
            (JointClip::Norm, 0.3),
            (JointClip::Norm, 1e30),
            (JointClip::Rms, 0.01),
            (JointClip::Rms, 1e30),
            (JointClip::NormalizeNorm, 2.0),
            (JointClip::NormalizeRms, 0.5),
        ];
        let device = cuda();
        for (place, (clip, limit)) in clips.into_iter().enumerate() {
            for kind in KINDS {
                let check = |format: &str, found: Contents, expected: Contents| {
                    let difference = difference(&found, &expected);
                    assert_eq!(difference, None, "clip {place} of {kind:?} gradients in {format}");
                };
                check("f32", in_f32(&device, clip, limit, kind), in_f32(&Cpu::default(), clip, limit, kind));
                check(
                    "bf16",
                    in_bf16(&device, clip, limit, kind),
                    in_bf16(&Cpu::default(), clip, limit, kind),
                );
                check("f64", in_f64(&device, clip, limit, kind), in_f64(&Cpu::default(), clip, limit, kind));
            }
        }
    });
}

/// More tensors than a block has threads, and a statistic over all of them beside the clip.
fn of_many<D: MakesTensors>(device: &D) -> Contents {
    let names: Vec<String> = (0..600).map(|number| format!("tensor {number}")).collect();
    let tensors = |stream: u64| {
        let tensor = |(number, name): (usize, &String)| {
            let value = |element| crate::values::scattered(stream + number as u64, element) as f32;
            let elements: Vec<f32> = (0..number % 5).map(value).collect();
            (name.clone(), device.tensor(&[elements.len()], &elements).expect("memory"))
        };
        names.iter().enumerate().map(tensor).collect::<Vec<_>>()
    };
    let mut parameters = tensors(0);
    let jointly = ClipJointly { size: JointSize::Rms, limit: Limit::new(0.01).expect("in range") };
    let builder = SgdMomentum::default().clip_global_norm(0.7).on_update(jointly);
    let mut optimizer = builder.build(device.clone(), &parameters).expect("a model");
    let mut list = Contents::new();
    for step in 1..=3 {
        optimizer.step(&mut parameters, &tensors(1000 * step)).expect("they fit");
        list.push(norm_bits(optimizer.gradient_norm()));
    }
    let values = |tensor| bits(&device.fetch(tensor).expect("it has run"));
    list.extend(parameters.iter().map(|(name, tensor)| (name.clone(), values(tensor))));
    list
}

#[test]
fn a_decision_about_many_tensors() {
    with_any("runtime::norms::a_decision_about_many_tensors", || {
        assert_eq!(difference(&of_many(&cuda()), &of_many(&Cpu::default())), None);
    });
}

/// Two kernels behind one decision.
fn of_different_rules<D: MakesTensors>(device: &D) -> Contents {
    let rule = |name| {
        let case = rules::all().into_iter().find(|case| case.name == name).expect("it is in the table");
        (case.rule)()
    };
    let mut parameters = all_parameters::<D, f32>(device);
    let builder = rule("lion").group("matrices", |_, layout| layout.shape().len() == 2, rule("adamw"));
    let builder = builder.clip_global_norm(0.3);
    let mut optimizer = builder.build(device.clone(), &parameters).expect("a model");
    for step in 1..=3 {
        let gradients = all_gradients::<D, f32>(device, step, false);
        assert_eq!(optimizer.step(&mut parameters, &gradients), Ok(Stepped::Taken));
    }
    let mut list = state_and_bits(device, &optimizer.snapshot().expect("whole steps"), &parameters);
    list.push(norm_bits(optimizer.gradient_norm()));
    list
}

#[test]
fn a_decision_about_groups_of_different_rules() {
    with_any("runtime::norms::a_decision_about_groups_of_different_rules", || {
        assert_eq!(difference(&of_different_rules(&cuda()), &of_different_rules(&Cpu::default())), None);
    });
}

#[test]
fn each_optimizer_of_a_device_has_a_norm_of_its_own() {
    with_any("runtime::norms::each_optimizer_of_a_device_has_a_norm_of_its_own", || {
        let device = cuda();
        let tensor = |values: &[f32]| [("w", device.tensor(&[values.len()], values).expect("memory"))];
        let (mut one, mut other) = (tensor(&[0.0; 2]), tensor(&[0.0; 2]));
        let build = |parameters| adamw().clip_global_norm(1.0).build(device.clone(), parameters);
        let (mut of_one, mut of_other) = (build(&one).expect("a model"), build(&other).expect("a model"));
        of_one.step(&mut one, &tensor(&[3.0, 4.0])).expect("it fits");
        of_other.step(&mut other, &tensor(&[5.0, 12.0])).expect("it fits");
        assert_eq!(of_one.gradient_norm(), Some(GradientNorm { norm: 5.0, elements: 2 }));
        assert_eq!(of_other.gradient_norm(), Some(GradientNorm { norm: 13.0, elements: 2 }));
        // The host can still be asked, and can still know better.
        let norm = of_one.measure(&tensor(&[0.0, 2.0])).expect("it fits");
        assert_eq!(norm, GradientNorm { norm: 2.0, elements: 2 });
        of_one.step_with_norm(&mut one, &tensor(&[0.0, 2.0]), norm.join(norm)).expect("it fits");
        assert_eq!(of_one.gradient_norm(), Some(norm.join(norm)));
    });
}

#[test]
fn the_norm_is_found_without_room_being_asked_for_again() {
    with(Finds::Both, "runtime::norms::the_norm_is_found_without_room_being_asked_for_again", &[], || {
        let device = cuda();
        let parameters = all_parameters::<_, f32>(&device);
        let (all, some) = (all_gradients::<_, f32>(&device, 1, false), special(&device, 1, Kind::Empty));
        let mut optimizer = adamw().build(device.clone(), &parameters).expect("a model");
        let whole = optimizer.measure(&all).expect("they fit");
        assert_eq!(optimizer.measure(&some), Ok(GradientNorm { norm: 0.0, elements: 0 }));
        let calls = Calls::of(|| assert_eq!(optimizer.measure(&all), Ok(whole)));
        assert_eq!(calls, Calls { launches: 3, sends: 1, fetches: 1, waits: 1, ..Calls::default() });
    });
}

/// Sizes of gradients below the limit and above it.
const SIZES: [f64; 6] = [1.0, 0.01, 300.0, 0.02, 0.0, 5.0];

fn sized<D: MakesTensors>(device: &D, size: f64) -> Named<D, bf16> {
    let tensor = |(name, array): (_, Option<Array<bf16>>)| {
        let array = array?;
        let elements = array.elements.iter().map(|value| stored(value.to_f64() * size)).collect();
        Some((name, sent(device, &Array { elements, ..array })))
    };
    gradients(1, false).into_iter().filter_map(tensor).collect()
}

fn on_cpu() -> Contents {
    let cpu = Cpu::default();
    let mut parameters = all_parameters::<_, bf16>(&cpu);
    let builder = adamw().clip_global_norm(2.0).parameters_in::<bf16>().stochastic_rounding(5);
    let mut optimizer = builder.build(cpu.clone(), &parameters).expect("a model");
    let mut list = Contents::new();
    for size in SIZES {
        optimizer.step(&mut parameters, &sized(&cpu, size)).expect("they fit");
        list.push(norm_bits(optimizer.gradient_norm()));
    }
    let snapshot = optimizer.snapshot().expect("whole steps");
    list.extend(state_and_bits(&cpu, &snapshot, &parameters));
    list
}

/// One step as usual, the others as launches of a graph, whose gradients change where they lie.
fn in_a_graph() -> Contents {
    let device = device();
    let mut parameters = all_parameters::<_, bf16>(&device);
    let sets = SIZES.map(|size| sized(&device, size));
    let mut gradients: Vec<(&str, CudaTensor<bf16>)> = sized(&device, 1.0);
    let write = |gradients: &mut Vec<(&str, CudaTensor<bf16>)>, number: usize| {
        for ((_, from), (_, into)) in sets[number].iter().zip(gradients) {
            device.copy(from.memory().view(), into.memory_mut().view_mut()).expect("as many");
        }
    };
    let builder = adamw().clip_global_norm(2.0).parameters_in::<bf16>().stochastic_rounding(5);
    let mut optimizer = builder.build(device.clone(), &parameters).expect("a model");
    let mut list = Contents::new();
    optimizer.step(&mut parameters, &gradients).expect("they fit");
    list.push(norm_bits(optimizer.gradient_norm()));

    let mut step = device.prepared_step();
    step.prepare(|| optimizer.step(&mut parameters, &gradients)).expect("they fit");
    // SAFETY: tensors and optimizer live until the end of this function.
    let graph = unsafe { captured(&device, &mut step) };
    for number in 1..SIZES.len() {
        write(&mut gradients, number);
        let calls = Calls::of(|| {
            if number > 1 {
                step.prepare(|| optimizer.step(&mut parameters, &gradients)).expect("they fit");
            }
            graph.launch().expect("it is whole");
        });
        let sends = usize::from(number > 1);
        assert_eq!(calls, Calls { sends, ..Calls::default() });
        list.push(norm_bits(optimizer.gradient_norm()));
    }
    let snapshot = optimizer.snapshot().expect("whole steps");
    list.extend(state_and_bits(&device, &snapshot, &parameters));
    list
}

#[test]
fn a_graph_decides_anew_with_each_launch() {
    with(Finds::Both, "runtime::norms::a_graph_decides_anew_with_each_launch", &[], || {
        assert_eq!(difference(&in_a_graph(), &on_cpu()), None);
    });
}

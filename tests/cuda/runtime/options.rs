//! Groups, clips, policies, gradient release and snapshots, as on the CPU.

use super::{Named, adamw, all_bits, all_gradients, all_parameters, cuda, sent, state_and_bits};
use crate::fake::with_any;
use crate::parity::{difference, gradients};
use crate::values::Contents;
use gradus::cpu::Cpu;
use gradus::device::{In, MakesTensors};
use gradus::error::Error;
use gradus::hyperparameter::LearningRate;
use gradus::optimizer::{Build, Optimizer, Stepped, Together};
use gradus::rule::{AdamW, StableAdamW};
use gradus::store::{Kahan, Nearest};
use half::bf16;

/// The same on both devices.
macro_rules! assert_same {
    ($run:ident) => {
        assert_eq!(difference(&$run(&cuda()), &$run(&Cpu::default())), None);
    };
}

fn grouped<D: MakesTensors>(device: &D) -> Contents {
    let mut parameters = all_parameters::<D, f32>(device);
    let other = AdamW { learning_rate: LearningRate::new(0.3).expect("in range"), ..adamw() };
    let mut optimizer = adamw()
        .group("vectors", |_, layout| layout.shape().len() == 1, other)
        .freeze(|name, _| name == "leaf")
        .clip_global_norm(0.3)
        .build(device.clone(), &parameters)
        .expect("a model");
    for step in 1..=4 {
        let gradients = all_gradients::<D, f32>(device, step, false);
        assert_eq!(optimizer.step(&mut parameters, &gradients), Ok(Stepped::Taken));
    }
    state_and_bits(device, &optimizer.snapshot().expect("whole steps"), &parameters)
}

#[test]
fn groups_frozen_parameters_and_a_joint_clip() {
    with_any("runtime::options::groups_frozen_parameters_and_a_joint_clip", || {
        assert_same!(grouped);
    });
}

fn released<D: MakesTensors>(device: &D) -> Contents {
    let mut parameters = all_parameters::<D, bf16>(device);
    let builder = StableAdamW::default().gradient_release().parameters_in::<bf16>().kahan();
    let mut optimizer = builder.build(device.clone(), &parameters).expect("a model");
    let present = |number: u64| {
        let arrays = gradients::<bf16>(number, false).into_iter();
        arrays.filter_map(|(name, array)| array.map(|array| (name, array)))
    };
    for number in 1..=3 {
        let mut step = optimizer.begin_step().expect("the last one is finished");
        for (name, array) in present(100 * number) {
            step.accumulate(name, sent(device, &array)).map_err(|refused| refused.error).expect("it fits");
        }
        for (name, array) in present(100 * number + 1) {
            let (_, parameter) =
                parameters.iter_mut().find(|(other, _)| *other == name).expect("there is one");
            step.release(name, parameter, sent(device, &array))
                .map_err(|refused| refused.error)
                .expect("it fits");
        }
        step.finish();
    }
    state_and_bits(device, &optimizer.snapshot().expect("whole steps"), &parameters)
}

#[test]
fn accumulation_and_gradient_release() {
    with_any("runtime::options::accumulation_and_gradient_release", || {
        assert_same!(released);
    });
}

type Formats = In<bf16, bf16, f32, Kahan>;

/// Steps `from` to `to` of an optimizer, and its parameters.
fn go_on<D: MakesTensors>(
    device: &D,
    (optimizer, parameters): (&mut Optimizer<AdamW, Formats, Together, D>, &mut Named<D, bf16>),
    steps: core::ops::RangeInclusive<u64>,
) {
    for step in steps {
        let gradients = all_gradients::<D, bf16>(device, step, false);
        optimizer.step(parameters, &gradients).expect("they fit");
    }
}

fn started<D: MakesTensors>(device: &D) -> (Optimizer<AdamW, Formats, Together, D>, Named<D, bf16>) {
    let parameters = all_parameters::<D, bf16>(device);
    let optimizer = adamw().parameters_in::<bf16>().kahan().build(device.clone(), &parameters);
    (optimizer.expect("a model"), parameters)
}

/// Parameters of one device, on another one.
fn moved<D: MakesTensors, E: MakesTensors>(from: &D, tensors: &Named<D, bf16>, to: &E) -> Named<E, bf16> {
    let shapes = crate::parity::SHAPES;
    let tensor = |((name, tensor), (_, shape)): (&(&'static str, D::Tensor<bf16>), &(&str, &[usize]))| {
        (*name, to.tensor(shape, &from.fetch(tensor).expect("it has run")).expect("memory"))
    };
    tensors.iter().zip(&shapes).map(tensor).collect()
}

#[test]
fn a_snapshot_goes_to_the_gpu_and_back_as_if_nothing_had_happened() {
    let name = "runtime::options::a_snapshot_goes_to_the_gpu_and_back_as_if_nothing_had_happened";
    with_any(name, || {
        let (cpu, gpu) = (Cpu::default(), cuda());
        let (mut whole, mut parameters) = started(&cpu);
        go_on(&cpu, (&mut whole, &mut parameters), 1..=6);
        let expected = state_and_bits(&cpu, &whole.snapshot().expect("whole steps"), &parameters);

        let (mut first, mut parameters) = started(&cpu);
        go_on(&cpu, (&mut first, &mut parameters), 1..=2);
        let (mut second, _) = started(&gpu);
        second.restore(&first.snapshot().expect("whole steps")).expect("the same optimizer");
        let mut parameters = moved(&cpu, &parameters, &gpu);
        go_on(&gpu, (&mut second, &mut parameters), 3..=4);
        let (mut third, _) = started(&cpu);
        third.restore(&second.snapshot().expect("whole steps")).expect("the same optimizer");
        let mut parameters = moved(&gpu, &parameters, &cpu);
        go_on(&cpu, (&mut third, &mut parameters), 5..=6);
        let found = state_and_bits(&cpu, &third.snapshot().expect("whole steps"), &parameters);
        assert_eq!(difference(&found, &expected), None);
    });
}

#[test]
fn gradients_that_are_not_finite_are_skipped_or_named() {
    with_any("runtime::options::gradients_that_are_not_finite_are_skipped_or_named", || {
        let device = cuda();
        let mut parameters = [("w", device.tensor(&[2, 2], &[1.0f32; 4]).expect("memory"))];
        let gradients = [("w", device.tensor(&[2, 2], &[0.0, 1.0, f32::NAN, 2.0]).expect("memory"))];
        let mut skips = adamw().skip_nonfinite().build(device.clone(), &parameters).expect("a model");
        assert_eq!(skips.step(&mut parameters, &gradients), Ok(Stepped::Undecided));
        assert_eq!((skips.steps(), skips.skipped()), (0, 1));
        let mut refuses = adamw().refuse_nonfinite().build(device.clone(), &parameters).expect("a model");
        let error = Error::NonfiniteGradient { parameter: "w".to_owned(), index: vec![1, 0] };
        assert_eq!(refuses.step(&mut parameters, &gradients), Err(error));
        assert_eq!(device.fetch(&parameters[0].1).expect("it has run"), [1.0; 4]);
    });
}

/// Both formats of kernels are of one device at the same time, as in a model of mixed formats.
#[test]
fn optimizers_share_a_device() {
    with_any("runtime::options::optimizers_share_a_device", || {
        fn both<D: MakesTensors>(device: &D) -> Contents {
            let mut narrow = all_parameters::<D, bf16>(device);
            let mut wide = all_parameters::<D, f32>(device);
            let of_narrow = adamw().parameters_in::<bf16>().kahan().build(device.clone(), &narrow);
            let mut of_narrow: Optimizer<_, In<bf16, bf16, f32, Kahan>, _, _> = of_narrow.expect("a model");
            let of_wide = adamw().build(device.clone(), &wide);
            let mut of_wide: Optimizer<_, In<f32, f32, f32, Nearest>, _, _> = of_wide.expect("a model");
            for step in 1..=3 {
                let gradients = all_gradients::<D, bf16>(device, step, false);
                of_narrow.step(&mut narrow, &gradients).expect("they fit");
                let gradients = all_gradients::<D, f32>(device, step, false);
                of_wide.step(&mut wide, &gradients).expect("they fit");
            }
            let mut list = all_bits(device, &narrow);
            list.extend(all_bits(device, &wide));
            list
        }
        assert_same!(both);
    });
}

//! SM3 against its paper and at its edges. What all rules share is in `conformance`.

mod reference;
mod support;

use gradus::clip::ClipNorm;
use gradus::cpu::Cpu;
use gradus::hyperparameter::{Decay, Epsilon, LearningRate, Limit, WeightDecay};
use gradus::optimizer::Build;
use gradus::rule::{Sm3, Sm3Momentum};
use half::{bf16, f16};
use ndarray::{ArrayD, IxDyn, ShapeBuilder};
use proptest::prelude::*;
use reference::sm3::Settings;
use support::{Exact, number, weight_decay};

const VALID: &str = "in the range";
const STEPS: usize = 12;

/// No decay, or one that stands beside the gradient.
fn decay() -> impl Strategy<Value = reference::Decay> {
    support::any_decay().prop_map(|decay| match decay {
        reference::Decay::L2(coefficient) => reference::Decay::Decoupled(coefficient),
        other => other,
    })
}

fn settings() -> impl Strategy<Value = Settings> {
    let beta = prop_oneof![Just(0.0), 0.0..0.9];
    let momentum = prop_oneof![Just(0.0), 0.0..0.99];
    let epsilon = prop_oneof![Just(1e-30), 0.0..1.0];
    (0.0..0.5, momentum, beta, epsilon, decay()).prop_map(
        |(learning_rate, momentum, beta, epsilon, decay)| Settings {
            learning_rate,
            momentum,
            beta,
            epsilon,
            decay,
        },
    )
}

fn with_momentum(settings: Settings) -> Sm3Momentum {
    Sm3Momentum {
        learning_rate: LearningRate::new(settings.learning_rate).expect(VALID),
        momentum: Decay::new(settings.momentum).expect(VALID),
        beta: Decay::new(settings.beta).expect(VALID),
        epsilon: Epsilon::added(settings.epsilon).expect(VALID),
        weight_decay: weight_decay(settings.decay),
    }
}

fn plain(settings: Settings) -> Sm3 {
    let Sm3Momentum { learning_rate, beta, epsilon, weight_decay, .. } = with_momentum(settings);
    Sm3 { learning_rate, beta, epsilon, weight_decay }
}

/// Gradients between −4 and 4, some of them zero, for a tensor of up to four axes.
fn problem() -> impl Strategy<Value = (Vec<usize>, bool, Vec<Vec<f64>>)> {
    let shape =
        prop_oneof![prop::collection::vec(1usize..6, 0..=4), prop::collection::vec(1usize..70, 1..=2),];
    (shape, any::<bool>()).prop_flat_map(|(shape, column_major)| {
        let elements: usize = shape.iter().product();
        let gradient = prop_oneof![9 => number(-4.0..4.0), 1 => Just(0.0)];
        let gradients = prop::collection::vec(prop::collection::vec(gradient, elements), 1..=STEPS);
        (Just(shape), Just(column_major), gradients)
    })
}

/// The elements of an array with the given memory order, listed by position.
fn array<T: Exact>(shape: &[usize], column_major: bool, values: &[f64]) -> ArrayD<T> {
    let mut array = ArrayD::from_elem(IxDyn(shape).set_f(column_major), T::constant(0.0));
    array.iter_mut().zip(values).for_each(|(place, value)| *place = T::constant(*value));
    array
}

/// The largest distance to the paper over what is allowed, in units of the `EPSILON` of `T`.
///
/// Each step rounds an accumulator at most four times, relative to a sum of squares; smallest and
/// largest of several hand on the largest of their relative errors. The root halves it, root, quotient
/// and momentum are rounded six times, and what is left of momentum's old error is less than itself.
/// An update is at most 1/√(1 − β) < 3.2. The parameter is rounded three times with decay, which multiplies
/// its old error, too: by more than 1 where it is so strong that the parameter changes its sign.
fn excess<T: Exact>(
    rule: impl Build,
    settings: Settings,
    (shape, column_major, gradients): &(Vec<usize>, bool, Vec<Vec<f64>>),
) -> f64 {
    let elements: usize = shape.iter().product();
    let mut paper = reference::sm3::Sm3::new(settings, shape, vec![0.5; elements]);
    let mut parameters = [("x", array::<T>(shape, *column_major, &vec![0.5; elements]))];
    let mut optimizer =
        rule.parameters_in::<T>().build(Cpu::default(), &parameters).expect("one parameter is a model");
    let of_decay = settings.decay.shrunk(1.0, settings.learning_rate).abs().max(1.0);
    let (mut allowed, mut worst) = (0.0, 0.0f64);
    for (before, gradient) in gradients.iter().enumerate() {
        paper.step(gradient);
        let gradient = array::<T>(shape, *column_major, gradient);
        optimizer.step(&mut parameters, &[("x", gradient)]).expect("the gradient fits");
        let of_update = 3.2 * (2.0 * (before + 1) as f64 + 6.0 * (before + 1) as f64);
        let largest = paper.parameter.iter().fold(1.0f64, |largest, number| largest.max(number.abs()));
        allowed = of_decay * allowed + settings.learning_rate * of_update + 3.0 * largest;
        for (found, exact) in parameters[0].1.iter().zip(&paper.parameter) {
            worst = worst.max((found.to_f64() - exact).abs() / allowed);
        }
    }
    worst
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn follows_the_paper_in_any_shape(settings in settings(), problem in problem()) {
        let in_f64 = excess::<f64>(with_momentum(settings), settings, &problem);
        prop_assert!(in_f64 <= f64::EPSILON, "{in_f64:e}");
        let in_f32 = excess::<f32>(with_momentum(settings), settings, &problem);
        prop_assert!(in_f32 <= f64::from(f32::EPSILON), "{in_f32:e}");

        let settings = Settings { momentum: 0.0, ..settings };
        let in_f64 = excess::<f64>(plain(settings), settings, &problem);
        prop_assert!(in_f64 <= f64::EPSILON, "{in_f64:e}");
        let in_f32 = excess::<f32>(plain(settings), settings, &problem);
        prop_assert!(in_f32 <= f64::from(f32::EPSILON), "{in_f32:e}");
    }

    #[test]
    fn accumulators_are_those_of_the_paper(beta in prop_oneof![Just(0.0), 0.0..0.9], problem in problem()) {
        let settings = Settings {
            learning_rate: 0.1, momentum: 0.0, beta, epsilon: 1e-30, decay: reference::Decay::None,
        };
        let (shape, column_major, gradients) = problem;
        let elements: usize = shape.iter().product();
        let mut paper = reference::sm3::Sm3::new(settings, &shape, vec![0.0; elements]);
        let mut parameters = [("x", array::<f64>(&shape, column_major, &vec![0.0; elements]))];
        let builder = plain(settings).parameters_in::<f64>();
        let mut optimizer = builder.build(Cpu::default(), &parameters).expect("one parameter is a model");
        for gradient in gradients {
            paper.step(&gradient);
            let gradient = array::<f64>(&shape, column_major, &gradient);
            optimizer.step(&mut parameters, &[("x", gradient)]).expect("the gradient fits");
        }
        let snapshot = optimizer.snapshot().expect("no step is under way");
        prop_assert_eq!(snapshot.tensors[0].axes[0].0.as_str(), "accumulator");
        for (found, exact) in snapshot.tensors[0].axes[0].1.iter().zip(paper.accumulators.concat()) {
            prop_assert!((found - exact).abs() <= 4.0 * STEPS as f64 * f64::EPSILON * exact);
        }
        prop_assert_eq!(snapshot.tensors[0].axes[0].1.len(), paper.accumulators.concat().len());
    }
}

#[test]
fn two_steps_worked_by_hand() {
    // γ = 1, ε = 0; a matrix of two rows and two columns.
    // g = (3 4 | 0 1): ν = (9 16 | 0 1), rows 16, 1, columns 9, 16; each moves by the sign of its g.
    // g = (4 0 | 1 0): ν = (9 + 16, 16 | 1 + 1, 1), rows 25, 2, columns 25, 16.
    let rule = Sm3 {
        learning_rate: LearningRate::new(1.0).expect(VALID),
        epsilon: Epsilon::added(0.0).expect(VALID),
        ..Sm3::default()
    };
    for column_major in [false, true] {
        let array = |values: [f64; 4]| array::<f64>(&[2, 2], column_major, &values);
        let mut parameters = [("x", array([0.0; 4]))];
        let mut optimizer = rule.parameters_in::<f64>().build(Cpu::default(), &parameters).expect("a model");
        let mut step = |gradient| {
            optimizer.step(&mut parameters, &[("x", array(gradient))]).expect("the gradient fits");
            let snapshot = optimizer.snapshot().expect("no step is under way");
            (parameters[0].1.iter().copied().collect::<Vec<_>>(), snapshot.tensors[0].axes[0].1.clone())
        };
        assert_eq!(step([3.0, 4.0, 0.0, 1.0]), (vec![-1.0, -1.0, 0.0, -1.0], vec![16.0, 1.0, 9.0, 16.0]));
        let half = 1.0 / 2f64.sqrt();
        assert_eq!(step([4.0, 0.0, 1.0, 0.0]), (vec![-1.8, -1.0, -half, -1.0], vec![25.0, 2.0, 25.0, 16.0]));
    }
}

#[test]
fn l2_decay_is_part_of_what_is_accumulated() {
    let rule = Sm3 { weight_decay: WeightDecay::l2(0.5).expect(VALID), ..Sm3::default() };
    let mut parameters = [("x", vec![4.0f64])];
    let mut optimizer = rule.parameters_in::<f64>().build(Cpu::default(), &parameters).expect("a model");
    optimizer.step(&mut parameters, &[("x", vec![1.0])]).expect("the gradient fits");
    let snapshot = optimizer.snapshot().expect("no step is under way");
    assert_eq!((parameters[0].1[0], snapshot.tensors[0].axes[0].1[0]), (3.9, 9.0));
}

/// Gradients of every size that differ from element to element.
fn scattered(step: usize, elements: usize) -> Vec<f64> {
    let number = |element: usize| ((element * 7919 + step * 104_729) % 10_007) as f64 / 5003.0 - 1.0;
    (0..elements).map(number).collect()
}

/// Parameters and accumulators after three steps, by position.
fn run<T: Exact>(device: Cpu, shape: &[usize], column_major: bool) -> (Vec<T>, Vec<T>) {
    let elements: usize = shape.iter().product();
    let mut parameters = [("x", array::<T>(shape, column_major, &scattered(9, elements)))];
    let rule = Sm3Momentum { beta: Decay::new(0.5).expect(VALID), ..Sm3Momentum::default() };
    let mut optimizer =
        rule.parameters_in::<T>().build(device, &parameters).expect("one parameter is a model");
    for step in 0..3 {
        let gradient = array::<T>(shape, column_major, &scattered(step, elements));
        optimizer.step(&mut parameters, &[("x", gradient)]).expect("the gradient fits");
    }
    let snapshot = optimizer.snapshot().expect("no step is under way");
    (parameters[0].1.iter().copied().collect(), snapshot.tensors[0].axes[0].1.clone())
}

/// Rows of whole tiles, of a tile and a bit, shorter than a tile; few and many; three and four axes.
const LARGE: [&[usize]; 7] =
    [&[300, 256], &[1001, 67], &[40_000, 3], &[2, 50_000], &[130_001], &[33, 70, 40], &[64, 32, 3, 21]];

#[test]
fn neither_threads_nor_the_order_of_memory_change_a_bit() {
    for shape in LARGE {
        let expected = run::<f32>(Cpu::with_threads(1).expect("a thread can be started"), shape, false);
        for threads in [2, 3, 5] {
            let device = || Cpu::with_threads(threads).expect("threads can be started");
            assert!(run::<f32>(device(), shape, false) == expected, "{shape:?} {threads}");
            assert!(run::<f32>(device(), shape, true) == expected, "{shape:?} {threads} column-major");
        }
    }
    let expected = run::<f64>(Cpu::default(), &[300, 257], false);
    assert!(run::<f64>(Cpu::default(), &[300, 257], true) == expected);
}

/// Gradients whose element `nan` is NaN in the first step give NaN to its row and its column alone; in the next step all
/// elements of both read it, and hand it on to all lines.
#[test]
fn nan_stays_with_the_lines_that_have_it() {
    for (shape, nan) in [([300, 256], [3, 200]), ([300, 256], [299, 0]), ([1001, 67], [500, 66])] {
        for column_major in [false, true] {
            let [rows, columns] = shape;
            let values = |seed| array::<f32>(&shape, column_major, &scattered(seed, rows * columns));
            let mut parameters = [("x", values(9))];
            let mut optimizer =
                Sm3Momentum::default().build(Cpu::default(), &parameters).expect("one parameter is a model");
            for step in 0..2 {
                let mut gradient = values(step);
                if step == 0 {
                    gradient[nan] = f32::NAN;
                }
                optimizer.step(&mut parameters, &[("x", gradient)]).expect("the gradient fits");
                let snapshot = optimizer.snapshot().expect("no step is under way");
                for (line, number) in snapshot.tensors[0].axes[0].1.iter().enumerate() {
                    let has_it = line == nan[0] || line == rows + nan[1];
                    assert_eq!(number.is_nan(), has_it || step == 1, "{shape:?} {nan:?} {step}: {line}");
                }
            }
        }
    }
}

#[test]
fn a_permutation_of_three_axes_is_only_another_order() {
    let shape = [6, 7, 8];
    let gradient = scattered(1, 336);
    let run = |permutation: [usize; 3]| {
        let permuted = |values: &[f64]| {
            // Memory in the order of the permutation, positions as in `shape`.
            let row_major = array::<f32>(&shape, false, values);
            let memory =
                row_major.clone().permuted_axes(IxDyn(&permutation)).as_standard_layout().into_owned();
            let mut back = [0; 3];
            permutation.iter().enumerate().for_each(|(place, axis)| back[*axis] = place);
            let restored = memory.permuted_axes(IxDyn(&back));
            assert_eq!(restored, row_major);
            restored
        };
        let mut parameters = [("x", permuted(&[0.0; 336]))];
        let mut optimizer = Sm3::default().build(Cpu::default(), &parameters).expect("a model");
        for _ in 0..3 {
            optimizer.step(&mut parameters, &[("x", permuted(&gradient))]).expect("the gradient fits");
        }
        let snapshot = optimizer.snapshot().expect("no step is under way");
        (parameters[0].1.iter().copied().collect::<Vec<_>>(), snapshot.tensors[0].axes[0].1.clone())
    };
    let expected = run([0, 1, 2]);
    for permutation in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        assert_eq!(run(permutation), expected, "{permutation:?}");
    }
}

#[test]
fn memory_that_is_walked_backwards_is_only_another_order() {
    let run = |backwards: bool| {
        let turned = |values: &[f64]| {
            let mut array = array::<f32>(&[9, 5], false, values);
            if backwards {
                array.invert_axis(ndarray::Axis(0));
            }
            array
        };
        let mut parameters = [("x", turned(&[0.0; 45]))];
        let mut optimizer = Sm3::default().build(Cpu::default(), &parameters).expect("a model");
        for step in 0..3 {
            optimizer.step(&mut parameters, &[("x", turned(&scattered(step, 45)))]).expect("it fits");
        }
        let mut parameter = parameters[0].1.clone();
        if backwards {
            parameter.invert_axis(ndarray::Axis(0));
        }
        parameter.iter().copied().collect::<Vec<_>>()
    };
    assert_eq!(run(true), run(false));
}

#[test]
fn state_is_a_number_per_row_and_column() {
    let parameters = |shape: &[usize]| [("x", ArrayD::from_elem(IxDyn(shape), bf16::ZERO))];
    let bytes = |shape: &[usize]| {
        let builder = Sm3::default().parameters_in::<bf16>();
        builder.build(Cpu::default(), &parameters(shape)).expect("a model").state_bytes()
    };
    assert_eq!(bytes(&[1000, 500]), 4 * 1500);
    assert_eq!(bytes(&[64, 3, 7, 7]), 4 * 81);
    assert_eq!(bytes(&[]), 4);
    let narrow = Sm3Momentum::default().parameters_in::<bf16>().state_in::<bf16>(1);
    let optimizer = narrow.build(Cpu::default(), &parameters(&[10, 20])).expect("a model");
    assert_eq!(optimizer.state_bytes(), 2 * 200 + 4 * 30);
}

#[test]
fn the_smallest_and_the_largest_gradients_move_by_the_learning_rate() {
    // Squares of 1e-14 are far above ε, those of 1e18 below the largest number.
    for size in [1e-14, 1.0, 1e18] {
        let mut parameters = [("x", vec![0.0f32, 0.0])];
        let mut optimizer = Sm3::default().build(Cpu::default(), &parameters).expect("a model");
        optimizer.step(&mut parameters, &[("x", vec![size, -size])]).expect("the gradient fits");
        let [first, second] = [parameters[0].1[0], parameters[0].1[1]];
        assert!((first + 0.1).abs() < 1e-3 && first == -second, "{size}: {first}");
    }
}

#[test]
fn squares_that_vanish_or_overflow_do_no_harm() {
    let step = |gradient: f32, epsilon: f64| {
        let rule = Sm3 { epsilon: Epsilon::added(epsilon).expect(VALID), ..Sm3::default() };
        let mut parameters = [("x", ArrayD::<f32>::ones(IxDyn(&[2, 2])))];
        let mut optimizer = rule.build(Cpu::default(), &parameters).expect("a model");
        for _ in 0..2 {
            let gradient = array::<f32>(&[2, 2], false, &[f64::from(gradient), 0.0, 0.0, 1.0]);
            optimizer.step(&mut parameters, &[("x", gradient)]).expect("the gradient fits");
        }
        parameters[0].1.iter().copied().collect::<Vec<_>>()
    };
    for epsilon in [0.0, 1e-30] {
        for gradient in [0.0, 1e-45, 1e-30, 1e30, f32::MAX, f32::INFINITY] {
            let moved = step(gradient, epsilon);
            let is_fine = moved.iter().all(|value| value.is_finite()) && (moved[0] - 1.0).abs() < 0.2;
            assert!(is_fine || gradient.is_infinite(), "{gradient:e} {moved:?}");
            assert_eq!(moved[1], 1.0);
        }
        assert_eq!(step(0.0, epsilon)[0], 1.0);
        assert!(step(f32::NAN, epsilon)[0].is_nan());
    }
}

#[test]
fn f16_does_not_lose_epsilon() {
    // In f16 arithmetic ε = 1e-30 is 0, and a zero gradient 0/0.
    let mut parameters = [("x", vec![f16::ONE, f16::ONE])];
    let builder = Sm3::default().parameters_in::<f16>();
    let mut optimizer = builder.build(Cpu::default(), &parameters).expect("a model");
    optimizer.step(&mut parameters, &[("x", vec![f16::ZERO, f16::from_f32(1e-4)])]).expect("it fits");
    assert_eq!(parameters[0].1, [f16::ONE, f16::from_f32(0.9)]);
}

#[test]
fn a_clip_behind_it_measures_what_the_step_will_do() {
    let gradient = scattered(3, 20 * 30);
    let run = |limit: f64, released: bool| {
        let mut parameters = [("x", array::<f64>(&[20, 30], false, &[0.0; 600]))];
        let clip = ClipNorm { limit: Limit::new(limit).expect(VALID) };
        let builder = Sm3::default().on_update(clip).parameters_in::<f64>();
        let mut optimizer = builder.build(Cpu::default(), &parameters).expect("a model");
        for _ in 0..2 {
            optimizer
                .step(&mut parameters, &[("x", array::<f64>(&[20, 30], false, &gradient))])
                .expect("fits");
        }
        let mut before = parameters[0].1.clone();
        let gradient = array::<f64>(&[20, 30], false, &gradient);
        if released {
            let mut optimizer = optimizer.into_released();
            let mut step = optimizer.begin_step().expect("every step is finished");
            step.release("x", &mut parameters[0].1, gradient).expect("the gradient fits");
            step.finish();
        } else {
            optimizer.step(&mut parameters, &[("x", gradient)]).expect("the gradient fits");
        }
        before -= &parameters[0].1;
        before.iter().map(|moved| moved * moved).sum::<f64>().sqrt()
    };
    let free = run(1e6, false);
    assert!(free > 0.2);
    assert!((run(1.0, false) - 0.1).abs() < 1e-12); // γ·1
    assert_eq!(run(1.0, false), run(1.0, true));
}

//! A clip by the root mean square of the update, alone and twice in a chain.

use crate::{number, snapshot};
use gradus::cpu::Cpu;
use gradus::dtype::StorageDtype;
use gradus::fields;
use gradus::hyperparameter::LearningRate;
use gradus::optimizer::Build;
use gradus::real::Real;
use gradus::rule::Chained;
use gradus::rule::{Momentum, ScaleByAdam};
use gradus::transform::{Chain, Constants, Input, Nothing, Stage, StageExt, Step, Transform};
use gradus::typenum::B0;

/// Divides the update of a tensor by max(1, RMS/limit), as StableAdamW does.
#[derive(Clone, Copy, Debug)]
pub struct ClipByRms {
    pub limit: f64,
    /// The statistic is taken at the first step and then after so many.
    pub every: u64,
}

fields! {
    pub struct Limit { limit }
}

fields! {
    pub struct Measured { root_mean_square }
}

impl Stage for ClipByRms {
    type Constants = Limit;
    type State = Nothing;
    type Tensor = Measured;
    type Own = Nothing;
    type Group = Nothing;
    type Keeps = B0;
    type Joint = gradus::typenum::B0;
    const PASSES: usize = 1;

    fn advance(&self, _: &Step, _: &mut Nothing) {}

    fn constants(&self, _: &Step, _: &mut Nothing, _: &Nothing) -> Limit<f64> {
        Limit { limit: self.limit }
    }

    fn measures(&self, at: &Step) -> bool {
        (at.own - 1).is_multiple_of(self.every)
    }

    #[inline(always)]
    fn measure<F: Real>(
        _: usize,
        _: &Constants<Self, F>,
        input: Input<F>,
        _: &Measured<F>,
        _: &mut Nothing,
    ) -> F {
        input.update * input.update
    }

    #[inline(always)]
    fn finish<F: Real>(_: usize, _: &Limit<F>, sum: F, count: F, tensor: &mut Measured<F>) {
        tensor.root_mean_square = (sum / count).sqrt();
    }

    #[inline(always)]
    fn update<F: Real>(at: &Limit<F>, input: Input<F>, tensor: &Measured<F>, _: &mut Nothing) -> Input<F> {
        input.with_update(input.update / (tensor.root_mean_square / at.limit).max(F::constant(1.0)))
    }
}

pub const RATE: f64 = 0.125;

fn rate() -> LearningRate {
    LearningRate::new(RATE).expect("in the range")
}

type Once = Chained<ClipByRms>;
type Twice = Chained<Chain<Chain<Chain<ScaleByAdam, ClipByRms>, Momentum>, ClipByRms>>;

/// The clip by itself.
pub fn once(limit: f64, every: u64) -> Once {
    Chained { chain: ClipByRms { limit, every }, learning_rate: rate() }
}

/// Adam, a clip, momentum, and another clip, which measures what the stages before it will make.
fn twice() -> Twice {
    let chain = ScaleByAdam::default()
        .then(ClipByRms { limit: 0.75, every: 1 })
        .then(Momentum::default())
        .then(ClipByRms { limit: 0.5, every: 1 });
    Chained { chain, learning_rate: rate() }
}

const LENGTHS: [usize; 4] = [5000, 33_007, 1, 40_961];

type Tensors<T> = Vec<(String, Vec<T>)>;

fn tensors<T: StorageDtype>(stream: usize) -> Tensors<T> {
    let tensor = |(place, length): (usize, &usize)| {
        let value = |element| T::round(T::Arithmetic::constant(number(stream + place, element).into()));
        (format!("x{place}"), (0..*length).map(value).collect())
    };
    LENGTHS.iter().enumerate().map(tensor).collect()
}

/// The root mean square.
fn size(values: &[f64]) -> f64 {
    (values.iter().map(|value| value * value).sum::<f64>() / values.len() as f64).sqrt()
}

/// The values divided by max(1, size/limit).
fn clipped(values: &[f64], limit: f64) -> Vec<f64> {
    let divisor = (size(values) / limit).max(1.0);
    values.iter().map(|value| value / divisor).collect()
}

/// A sum of up to 10⁵ squares in any order is off by at most 10⁵ units relative to itself, its root by half
/// of that, and an update by two roots and some thousand units from dividing by 1 − 0.999ᵗ. Three
/// steps add up γ times updates of at most 4: eight times their RMS, which is clipped to 0.5.
const TOLERANCE: f64 = 3.0 * RATE * 4.0 * (1e5 + 1e4) * f64::EPSILON;

#[test]
fn two_statistics_in_a_chain_follow_a_direct_computation() {
    let mut parameters = tensors::<f64>(0);
    let mut expected = tensors::<f64>(0);
    let mut optimizer =
        twice().parameters_in::<f64>().build(Cpu::default(), &parameters).expect("the model is valid");
    let mut state: Vec<_> = LENGTHS.iter().map(|length| vec![[0f64; 3]; *length]).collect();
    for step in 1..=3 {
        let gradients = tensors::<f64>(10 * step);
        optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
        for (((_, parameter), (_, gradient)), state) in expected.iter_mut().zip(&gradients).zip(&mut state) {
            let scaled: Vec<f64> = gradient
                .iter()
                .zip(&mut *state)
                .map(|(gradient, [first, second, _])| {
                    *first = 0.9 * *first + 0.1 * gradient;
                    *second = 0.999 * *second + 0.001 * gradient * gradient;
                    let debiased = |moment: f64, beta: f64| moment / (1.0 - beta.powi(step as i32));
                    debiased(*first, 0.9) / (debiased(*second, 0.999).sqrt() + 1e-8)
                })
                .collect();
            let velocity: Vec<f64> = clipped(&scaled, 0.75)
                .iter()
                .zip(state)
                .map(|(update, [.., velocity])| {
                    *velocity = 0.9 * *velocity + update;
                    *velocity
                })
                .collect();
            for (parameter, update) in parameter.iter_mut().zip(clipped(&velocity, 0.5)) {
                *parameter -= RATE * update;
            }
        }
    }
    for ((_, parameter), (_, expected)) in parameters.iter().zip(&expected) {
        for (ours, exact) in parameter.iter().zip(expected) {
            assert!((ours - exact).abs() < TOLERANCE, "{ours} {exact}");
        }
    }
}

/// All bits of the chain's three steps, jointly or under release.
fn bits<T: StorageDtype<Arithmetic = f32>>(device: Cpu, released: bool) -> (Vec<Vec<u32>>, String) {
    let mut parameters = tensors::<T>(0);
    let builder = twice().parameters_in::<T>();
    let mut together = builder.build(device, &parameters).expect("the model is valid");
    let state = if released {
        let mut optimizer = together.into_released();
        for number in 1..=2 {
            let mut step = optimizer.begin_step().expect("every step is finished");
            for ((name, parameter), (_, gradient)) in
                parameters.iter_mut().zip(tensors::<T>(10 * number)).rev()
            {
                step.release(&*name, parameter, gradient).expect("the gradient fits");
            }
            step.finish();
        }
        format!("{:?}", snapshot(&optimizer))
    } else {
        for number in 1..=2 {
            together.step(&mut parameters, &tensors::<T>(10 * number)).expect("the gradients fit");
        }
        format!("{:?}", snapshot(&together))
    };
    let values = |values: Vec<T>| values.iter().map(|value| value.widen().to_bits()).collect();
    (parameters.into_iter().map(|(_, parameter)| values(parameter)).collect(), state)
}

fn same_on_any_threads_and_under_release<T: StorageDtype<Arithmetic = f32>>() {
    let expected = bits::<T>(Cpu::default(), false);
    for threads in [1, 2, 3, 5] {
        for released in [false, true] {
            let device = Cpu::with_threads(threads).expect("that many threads can be started");
            assert!(bits::<T>(device, released) == expected, "{} {threads} {released}", T::NAME);
        }
    }
}

#[test]
fn statistics_have_the_same_bits_on_any_threads_and_under_release() {
    same_on_any_threads_and_under_release::<f32>();
    same_on_any_threads_and_under_release::<half::bf16>();
}

#[test]
fn a_snapshot_holds_the_numbers_of_a_tensor_under_names_of_their_own() {
    let mut parameters = [("x", vec![1f32; 3])];
    let mut optimizer = twice().build(Cpu::default(), &parameters).expect("the model is valid");
    optimizer.step(&mut parameters, &[("x", vec![4f32; 3])]).expect("the gradients fit");
    // Adam makes 1 of any first gradient, the first clip makes 0.75 of it.
    let tensor = snapshot(&optimizer).tensors.swap_remove(0);
    let expected =
        [("root_mean_square".to_owned(), vec![1.0]), ("root_mean_square_2".to_owned(), vec![0.75])];
    assert_eq!(tensor.tensor, expected);
    assert_eq!(tensor.state[2], ("velocity".to_owned(), vec![0.75; 3]));
    assert_eq!(parameters[0].1, [1.0 - 0.125 * 0.5; 3]);
    assert_eq!(optimizer.state_bytes(), 4 * (3 * 3 + 2));
}

#[test]
fn a_statistic_that_is_not_taken_leaves_its_number() {
    let mut parameters = [("x", vec![0f32; 2])];
    let mut optimizer = once(1.0, 2).build(Cpu::default(), &parameters).expect("the model is valid");
    let mut before_and_after = [4f32, 2.0, 8.0].map(|gradient| {
        optimizer.step(&mut parameters, &[("x", vec![gradient, -gradient])]).expect("the gradients fit");
        (snapshot(&optimizer).tensors[0].tensor[0].1[0], parameters[0].1[0])
    });
    // RMS 4 at the first step, kept at the second, 8 at the third.
    before_and_after.iter_mut().for_each(|(_, parameter)| *parameter /= -RATE as f32);
    assert_eq!(before_and_after, [(4.0, 1.0), (4.0, 1.5), (8.0, 2.5)]);
}

/// An update that is 1 where the gradient is 0.
#[derive(Clone, Copy, Debug)]
struct PlusOne;

impl Transform for PlusOne {
    type Constants = Nothing;
    type State = Nothing;
    type Keeps = B0;

    fn constants(&self, _: &Step) -> Nothing {
        Nothing
    }

    #[inline(always)]
    fn update<F: Real>(_: &Nothing, input: Input<F>, _: &mut Nothing) -> F {
        input.update + F::constant(1.0)
    }
}

#[test]
fn a_statistic_counts_the_elements_of_the_tensor_and_no_others() {
    for length in (1..130).chain([4095, 4096, 4097, 8191]) {
        let chain = PlusOne.then(ClipByRms { limit: 1.0, every: 1 });
        let mut parameters = [("x", vec![0f32; length])];
        let mut optimizer =
            Chained { chain, learning_rate: rate() }.build(Cpu::default(), &parameters).expect("a model");
        optimizer.step(&mut parameters, &[("x", vec![0f32; length])]).expect("the gradients fit");
        assert_eq!(snapshot(&optimizer).tensors[0].tensor[0].1, [1.0], "{length} elements");
    }
}

#[test]
fn an_empty_tensor_and_an_absent_gradient_have_no_statistic() {
    let mut parameters = [("empty", vec![]), ("x", vec![0f32; 2])];
    let gradients = [("empty", Some(vec![])), ("x", None::<Vec<f32>>)];
    let mut optimizer = once(1.0, 1).build(Cpu::default(), &parameters).expect("the model is valid");
    optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
    for tensor in snapshot(&optimizer).tensors {
        assert_eq!(tensor.tensor[0].1, [0.0]);
    }
}

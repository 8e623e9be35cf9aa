//! Steps of any rule with any hyperparameters, formats, stores and values.
//!
//! | What must hold | How exactly |
//! |---|---|
//! | a step does what the paper says | within the rounding of its operations |
//! | three threads do what one does | every bit |
//! | gradients one by one do what all together do | every bit |
//! | an element does not depend on its neighbours | every bit |
//! | an absent gradient changes nothing | every bit |
//! | a restored optimizer goes on as the other | every bit |
//! | no value makes a step fail | |

use super::approx::{Approx, Arithmetic, Stored};
use super::input::{Hyperparameters, Number, list};
use super::reference::{Named, assert_stored, carried, target, wanted};
use arbitrary::{Arbitrary, Result, Unstructured};
use gradus::cpu::Cpu;
use gradus::device::{Beside, Formats, In};
use gradus::dtype::StorageDtype;
use gradus::optimizer::{Build, Optimizer, Releasable, Snapshot, TensorSnapshot, Together};
use gradus::store::{Rounding, Store};
use half::{bf16, f16};
use std::sync::LazyLock;

/// What a run of the body is about.
#[derive(Debug)]
pub struct Case {
    hyperparameters: Hyperparameters,
    formats: u8,
    tensors: Vec<Tensor>,
    steps: Vec<Step>,
}

#[derive(Debug, Arbitrary)]
struct Tensor {
    /// The first elements; the others repeat them.
    start: Few,
    length: Length,
}

/// At most twelve numbers.
#[derive(Debug)]
struct Few(Vec<Number>);

/// How many elements a tensor has.
#[derive(Clone, Copy, Debug)]
enum Length {
    AsGiven,
    /// A little more than that, across the border of a tile or two.
    Short(u8),
    /// Enough for two tasks, with a border somewhere.
    Long(u16),
}

#[derive(Debug)]
struct Step {
    /// The first elements of each tensor's gradient, if there is one.
    gradients: Vec<Option<Few>>,
    /// Which gradient is released first.
    first: u8,
}

impl<'a> Arbitrary<'a> for Few {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self(list(bytes, 12)?))
    }
}

impl<'a> Arbitrary<'a> for Length {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match bytes.int_in_range(0..=31u8)? {
            0..=15 => Self::AsGiven,
            16..=30 => Self::Short(bytes.arbitrary()?),
            _ => Self::Long(bytes.int_in_range(0..=20_000)?),
        })
    }
}

impl<'a> Arbitrary<'a> for Step {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self { gradients: list(bytes, 3)?, first: bytes.arbitrary()? })
    }
}

impl<'a> Arbitrary<'a> for Case {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self {
            hyperparameters: bytes.arbitrary()?,
            formats: bytes.arbitrary()?,
            tensors: list(bytes, 3)?,
            steps: list(bytes, 5)?,
        })
    }
}

type Tensors<T> = Vec<(String, Vec<T>)>;
type Gradients<T> = Vec<(String, Option<Vec<T>>)>;

/// The device with one thread, and with three.
static CPUS: LazyLock<[Cpu; 2]> =
    LazyLock::new(|| [1, 3].map(|threads| Cpu::with_threads(threads).expect("threads can be started")));

/// Takes the steps and looks at what they did.
///
/// # Panics
/// If something does not hold.
pub fn check(case: &Case) {
    match case.hyperparameters.rule() {
        Err(_) => {} // no rule has such hyperparameters
        Ok(Named::Sgd(rule)) => in_formats(case, &rule),
        Ok(Named::Momentum(rule)) => in_formats(case, &rule),
        Ok(Named::Adam(rule)) => in_formats(case, &rule),
        Ok(Named::Lion(rule)) => in_formats(case, &rule),
    }
}

fn in_formats<R: Releasable>(case: &Case, rule: &R) {
    macro_rules! choose {
        ($($number:literal: $parameter:ident $gradient:ident $state:ident $(. $store:ident($($seed:literal)?))?;)*) => {
            match case.formats % choose!(@count $($number)*) {
                $($number => {
                    let build = |cpu: &Cpu, parameters: &Tensors<$parameter>| {
                        rule.clone()
                            .parameters_in::<$parameter>()
                            .gradients_in::<$gradient>()
                            .state_in::<$state>(1)
                            $(.$store($($seed)?))?
                            .build(cpu.clone(), parameters)
                            .expect("the parameters can be optimized")
                    };
                    run::<R, In<$parameter, $gradient, $state, _>>(case, &build);
                })*
                _ => unreachable!("the remainder of a division"),
            }
        };
        (@count $($number:literal)*) => { [$($number),*].len() as u8 };
    }
    choose! {
        0: f64 f64 f64;
        1: f64 bf16 f64;
        2: f32 f32 f32;
        3: f32 f16 bf16;
        4: f32 bf16 f16;
        5: bf16 bf16 f32;
        6: bf16 bf16 f32.kahan();
        7: bf16 f32 bf16.kahan();
        8: bf16 bf16 bf16.stochastic_rounding(2);
        9: f16 bf16 f16;
        10: f16 f16 f32.kahan();
        11: f16 f32 f16.stochastic_rounding(2);
    }
}

fn run<R: Releasable, K>(
    case: &Case,
    build: &impl Fn(&Cpu, &Tensors<K::Parameter>) -> Optimizer<R, K, Together, Cpu>,
) where
    K: Formats<Parameter: Stored, Gradient: Stored, State: Stored>,
    Beside<K>: Stored,
{
    let mut parameters: Tensors<K::Parameter> = (0..)
        .zip(&case.tensors)
        .map(|(number, tensor)| {
            let length = match tensor.length {
                Length::AsGiven => tensor.start.0.len(),
                Length::Short(more) => tensor.start.0.len() + usize::from(more),
                Length::Long(more) => 30_000 + usize::from(more),
            };
            (format!("tensor {number}"), repeated(&tensor.start, length))
        })
        .collect();
    if parameters.is_empty() {
        return;
    }
    let [one, three] = &*CPUS;
    let mut optimizer = build(one, &parameters);
    let mut threaded = build(three, &parameters);
    let mut released = build(three, &parameters).into_released();
    let (mut threaded_parameters, mut released_parameters) = (parameters.clone(), parameters.clone());

    for step in &case.steps {
        let gradients: Gradients<K::Gradient> = parameters
            .iter()
            .enumerate()
            .map(|(place, (name, values))| {
                let start = step.gradients.get(place).and_then(Option::as_ref);
                (name.clone(), start.map(|start| repeated(start, values.len())))
            })
            .collect();
        let before = (optimizer.snapshot().expect("no step is under way"), parameters.clone());

        optimizer.step(&mut parameters, &gradients).expect("the step is valid");
        threaded.step(&mut threaded_parameters, &gradients).expect("the step is valid");
        let mut one_by_one = released.begin_step().expect("the last step was finished");
        for turn in 0..gradients.len() {
            let place = (turn + usize::from(step.first)) % gradients.len();
            if let (_, Some(gradient)) = &gradients[place] {
                let (name, parameter) = &mut released_parameters[place];
                one_by_one.release(name.as_str(), parameter, gradient.clone()).expect("the release is valid");
            }
        }
        let absent = gradients.iter().filter(|(_, gradient)| gradient.is_none());
        let finished = one_by_one.finish();
        assert_eq!(finished.missing, absent.map(|(name, _)| name.clone()).collect::<Vec<_>>());

        let after = optimizer.snapshot().expect("no step is under way");
        let threaded_after = threaded.snapshot().expect("no step is under way");
        assert_same::<K>((&after, &parameters), (&threaded_after, &threaded_parameters), "three threads");
        let released_after = released.snapshot().expect("no step is under way");
        assert_same::<K>((&after, &parameters), (&released_after, &released_parameters), "released");
        compare(case, &before, &gradients, &after, &parameters);

        let (snapshot, mut resumed_parameters) = before;
        let mut resumed = build(one, &resumed_parameters);
        resumed.restore(&snapshot).expect("it was taken from such an optimizer");
        resumed.step(&mut resumed_parameters, &gradients).expect("the step is valid");
        let resumed_after = resumed.snapshot().expect("no step is under way");
        assert_eq!(resumed.steps(), optimizer.steps());
        assert_same::<K>((&after, &parameters), (&resumed_after, &resumed_parameters), "resumed");
    }
}

/// A tensor of `length` that begins with the given numbers and repeats them; zeros if none is given.
fn repeated<T: Stored>(start: &Few, length: usize) -> Vec<T> {
    let start: Vec<T> = if start.0.is_empty() {
        vec![T::default()]
    } else {
        start.0.iter().map(|number| T::of(number.0)).collect()
    };
    start.into_iter().cycle().take(length).collect()
}

type Left<'a, K> = (&'a Snapshot<K>, &'a Tensors<<K as Formats>::Parameter>);

/// Compares state, carry, counters and parameters bit by bit.
fn assert_same<K: Formats>(left: Left<'_, K>, right: Left<'_, K>, what: &str) {
    for ((name, left), (_, right)) in left.1.iter().zip(right.1) {
        assert!(bits(left) == bits(right), "{what}: {name} is {right:?} instead of {left:?}");
    }
    for (left, right) in left.0.tensors.iter().zip(&right.0.tensors) {
        assert_same_tensor(left, right, what);
    }
}

/// Compares state, carry and counter of a tensor bit by bit.
fn assert_same_tensor<K: Formats>(left: &TensorSnapshot<K>, right: &TensorSnapshot<K>, what: &str) {
    assert_eq!(left.received, right.received, "{what}: {}", left.name);
    for ((field, left), (_, right)) in left.state.iter().zip(&right.state) {
        assert!(bits(left) == bits(right), "{what}: {field} is {right:?} instead of {left:?}");
    }
    for ((field, left), (_, right)) in left.carry.iter().zip(&right.carry) {
        assert!(bits(left) == bits(right), "{what}: {field} is {right:?} instead of {left:?}");
    }
}

fn bits<T: bytemuck::Pod>(values: &[T]) -> &[u8] {
    bytemuck::cast_slice(values)
}

/// Compares a step with the reference, element by element.
fn compare<K>(
    case: &Case,
    before: &(Snapshot<K>, Tensors<K::Parameter>),
    gradients: &Gradients<K::Gradient>,
    after: &Snapshot<K>,
    parameters: &Tensors<K::Parameter>,
) where
    K: Formats<Parameter: Stored, Gradient: Stored, State: Stored>,
    Beside<K>: Stored,
{
    let hyperparameters = &case.hyperparameters;
    let arithmetic = Arithmetic::of::<K::Parameter>();
    let rounds_at_random = K::Store::ROUNDING == Rounding::Stochastic || !K::State::EXACT;
    for (place, (name, new)) in parameters.iter().enumerate() {
        let (old, old_state) = (&before.1[place].1, &before.0.tensors[place]);
        let new_state = &after.tensors[place];
        let Some(gradient) = &gradients[place].1 else {
            assert!(bits(old) == bits(new), "{name} was changed without a gradient");
            assert_same_tensor(old_state, new_state, "without a gradient");
            continue;
        };
        assert_eq!(new_state.received, old_state.received + 1);
        let period = period(case, place, gradient.len());
        for element in 0..gradient.len() {
            if element >= period && !rounds_at_random {
                let same = element % period;
                let is_same = bits(&new[element..=element]) == bits(&new[same..=same]);
                // Which NaN it is may depend on how a loop was compiled.
                let are_nan = new[element].get().is_nan() && new[same].get().is_nan();
                assert!(is_same || are_nan, "{name}: {element} and {same}");
                continue;
            }
            if element >= 256 {
                continue;
            }
            let what = |field: &str| format!("{field} of {name} at {element}");
            let parameter = Approx::exact(old[element].get());
            let gradient = Approx::exact(gradient[element].get());
            let mut state =
                old_state.state.iter().map(|(_, field)| Approx::exact(field[element].get())).collect();
            let number = new_state.received;
            let carry = old_state.carry.first().map(|(_, field)| Approx::exact(field[element].get()));
            let known = carry.map_or(parameter, |carry| arithmetic.add(parameter, carry));
            let update = hyperparameters.update(arithmetic, number, true, known, gradient, &mut state);
            for (expected, (field, found)) in state.iter().zip(&new_state.state) {
                assert_stored(&what(field), *expected, true, found[element]);
            }
            let Some(carry) = carry else {
                let stochastic = K::Store::ROUNDING == Rounding::Stochastic;
                assert_stored(
                    &what("value"),
                    target(arithmetic, parameter, update),
                    stochastic,
                    new[element],
                );
                continue;
            };
            let wanted = wanted(arithmetic, carry, update);
            assert_stored(&what("value"), arithmetic.add(parameter, wanted), false, new[element]);
            let carry = carried(arithmetic, wanted, parameter, new[element].get());
            let found = new_state.carry[0].1[element];
            assert_stored(&what("carry"), carry, false, found);
            assert!(found.get().is_finite(), "{} is {found:?}", what("carry"));
        }
    }
}

/// After how many elements a tensor and all its gradients so far repeat themselves.
fn period(case: &Case, place: usize, length: usize) -> usize {
    let of_gradients = case.steps.iter().filter_map(|step| step.gradients.get(place)?.as_ref());
    let starts = of_gradients.chain([&case.tensors[place].start]);
    starts.map(|start| start.0.len().max(1)).fold(1, least_common_multiple).min(length.max(1))
}

fn least_common_multiple(a: usize, b: usize) -> usize {
    let (mut divisor, mut rest) = (a, b);
    while rest != 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    a / divisor * b
}

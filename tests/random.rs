//! Random bits: published answers, recorded values, and what a step makes of them.

use gradus::cpu::Cpu;
use gradus::dtype::StorageDtype;
use gradus::fields;
use gradus::hyperparameter::{LearningRate, WeightDecay};
use gradus::optimizer::{Build, Rounds};
use gradus::random::{Noise, philox, round_keys, tensor_id};
use gradus::real::Real;
use gradus::rule::Chained;
use gradus::rule::{AdamW, Sgd};
use gradus::store::Stochastic;
use gradus::transform::{FieldSet, Input, Nothing, Step, Transform};
use gradus::typenum::B0;
use half::{bf16, f16};

/// `philox4x32 10` in the known answers of Random123: counter, key, result.
const KNOWN: [([u32; 4], [u32; 2], [u32; 4]); 3] = [
    ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
    ([u32::MAX; 4], [u32::MAX; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
    (
        [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
        [0xa409_3822, 0x299f_31d0],
        [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
    ),
];

#[test]
fn philox_gives_the_published_answers() {
    for (counter, key, result) in KNOWN {
        let seed = u64::from(key[0]) | u64::from(key[1]) << 32;
        assert_eq!(philox(counter, &round_keys(seed)), result);
    }
}

#[test]
fn a_tensor_is_known_by_the_fnv_1a_hash_of_its_name() {
    // The published answers for "", "a" and "foobar".
    assert_eq!(["", "a", "foobar"].map(tensor_id), [0x811c_9dc5, 0xe40c_292c, 0xbf9c_f968]);
}

fn noise() -> Noise {
    Noise { keys: round_keys(0x0123_4567_89AB_CDEF), tensor: tensor_id("encoder.weight"), gradient: 3 }
}

#[test]
fn the_bits_of_an_element_never_change() {
    // Recorded: a checkpoint that is resumed with another release must go on with the same bits.
    let words: Vec<u32> = [(0, 0), (0, 1), (0, 7), (0, 8), (1, 0), (2, 0), (8, 5), (0, 1 << 40)]
        .into_iter()
        .map(|(stream, element)| noise().word(stream, element))
        .collect();
    assert_eq!(words, RECORDED_WORDS);
}

const RECORDED_WORDS: [u32; 8] =
    [0x931d06eb, 0x06eb931d, 0x8ea074a5, 0x564c8eb2, 0x06eb931d, 0x83e9dc43, 0xd29dfed2, 0x932576a8];

#[test]
fn a_word_is_made_of_sixteen_bits_of_its_own_and_sixteen_of_a_neighbour() {
    for (stream, base, crossed) in [(0, 0, 0), (3, 0, 3), (7, 0, 7), (8, 1, 0), (13, 1, 5)] {
        let block = philox(noise().counter(base, 5), &noise().keys);
        let sixteen = |place: usize| block[place / 2] >> (16 * (place % 2)) & 0xFFFF;
        for within in 0..8 {
            let place = within ^ crossed;
            let word = noise().word(stream, 40 + within as u64);
            assert_eq!(word, sixteen(place) << 16 | sixteen(place ^ 1), "stream {stream}");
        }
    }
}

/// The ones among the lower 16 bits of 4000 words, in standard deviations from half of the bits.
fn deviations(word: impl Fn(u64) -> u32) -> f64 {
    let ones: u32 = (0..4000).map(|number| (word(number) & 0xFFFF).count_ones()).sum();
    (f64::from(ones) - 32_000.0) / (64_000f64.sqrt() / 2.0)
}

#[test]
fn streams_are_uniform_and_pairwise_uncorrelated_within_an_element() {
    // One element of each block, since what two streams share with neighbours repeats within one.
    let own = |stream, number| noise().word(stream, 8 * number + 3) >> 16;
    for one in 0..10 {
        assert!(deviations(|number| own(one, number)).abs() < 6.0);
        for other in one + 1..10 {
            // Bits that agree as often as not.
            let differ = |number| own(one, number) ^ own(other, number);
            assert!(deviations(differ).abs() < 6.0, "streams {one} and {other}");
        }
    }
}

#[test]
fn elements_of_a_stream_are_pairwise_uncorrelated() {
    let own = |number, within| noise().word(2, 8 * number + within) >> 16;
    for one in 0..8 {
        for other in one + 1..9 {
            let differ = |number| own(number, one) ^ own(number, other);
            assert!(deviations(differ).abs() < 6.0, "elements {one} and {other}");
        }
    }
}

#[test]
fn gradients_tensors_and_seeds_do_not_share_bits() {
    let others = [
        Noise { gradient: 4, ..noise() },
        Noise { tensor: tensor_id("encoder.bias"), ..noise() },
        Noise { keys: round_keys(0x0123_4567_89AB_CDEE), ..noise() },
        Noise { keys: round_keys(0x0123_4566_89AB_CDEF), ..noise() },
    ];
    for other in others {
        let differ = |number| noise().word(0, number) ^ other.word(0, number);
        assert!(deviations(|number| differ(number) >> 16).abs() < 6.0);
    }
}

/// More than one piece of 32768 elements, the last of which ends within a tile.
const LENGTH: usize = 40_003;
const STEPS: u64 = 3;
const STORE_SEED: u64 = 11;
const STATE_SEED: u64 = 22;

/// Some number between −2 and 2 that every format holds exactly.
fn number(step: u64, element: usize) -> f32 {
    ((element as u64 * 7919 + step * 104_729) % 257) as f32 / 64.0 - 2.0
}

fn rule() -> AdamW {
    AdamW {
        learning_rate: LearningRate::new(0.01).expect("in the range"),
        weight_decay: WeightDecay::decoupled(0.1).expect("in the range"),
        ..AdamW::default()
    }
}

/// Parameter, first and second moment of every element.
type Elements<T> = Vec<[T; 3]>;

fn start<T: StorageDtype<Arithmetic = f32>>() -> Vec<T> {
    (0..LENGTH).map(|element| T::round(number(0, element))).collect()
}

/// AdamW in `f32`, element by element, with the bits that the definition gives to each of them.
fn expected<T: StorageDtype<Arithmetic = f32>>() -> Elements<T> {
    let mut elements: Elements<T> =
        start::<T>().into_iter().map(|parameter| [parameter, T::default(), T::default()]).collect();
    for step in 1..=STEPS {
        let keys = round_keys(STORE_SEED ^ STATE_SEED << 32);
        let noise = Noise { keys, tensor: tensor_id("weight"), gradient: step as u32 };
        // Products, since the precision of `powi` is unspecified.
        let power = |beta: f64| (0..step).map(|_| beta).product::<f64>();
        let weight = |beta: f64| (1.0 - beta) / (1.0 - power(beta));
        let average =
            |beta, old: f32, new: f32| (1.0 - weight(beta)) as f32 * old + weight(beta) as f32 * new;
        for (element, fields) in elements.iter_mut().enumerate() {
            let [parameter, mut first, mut second] = fields.map(StorageDtype::widen);
            let gradient = number(step, element);
            first = average(0.9, first, gradient);
            second = average(0.999, second, gradient * gradient);
            let update = 0.01 * (first / (second.sqrt() + 1e-8) + 0.1 * parameter);
            for (field, value) in [parameter - update, first, second].into_iter().enumerate() {
                let word = noise.word(field as u32, element as u64);
                fields[field] = T::round_stochastically(value, word);
            }
        }
    }
    elements
}

/// The same by the library; the builder wants to know the formats.
macro_rules! stepped {
    ($format:ident) => {{
        let mut parameters = [("weight", start::<$format>())];
        let mut optimizer = rule()
            .parameters_in::<$format>()
            .stochastic_rounding(STORE_SEED)
            .state_in::<$format>(STATE_SEED)
            .build(Cpu::default(), &parameters)
            .expect("one parameter is a model");
        for step in 1..=STEPS {
            let gradient: Vec<_> = (0..LENGTH).map(|element| $format::round(number(step, element))).collect();
            optimizer.step(&mut parameters, &[("weight", gradient)]).expect("the shapes agree");
        }
        let snapshot = optimizer.snapshot().expect("no step is under way");
        let [(_, parameter)] = parameters;
        let state = &snapshot.tensors[0].state;
        let of = |element| [parameter[element], state[0].1[element], state[1].1[element]];
        (0..LENGTH).map(of).collect::<Elements<$format>>()
    }};
}

#[test]
fn the_parameter_draws_from_stream_0_and_the_fields_of_the_state_from_the_following() {
    assert_eq!(stepped!(bf16), expected::<bf16>());
    assert_eq!(stepped!(f16), expected::<f16>());
}

/// Below its normal numbers f16 has a unit of 2⁻²⁴, and a number is rounded up if the fraction of that
/// unit exceeds the upper 24 bits of the word: so 8 of them are the neighbour's.
#[test]
fn subnormal_f16_parameters_draw_24_bits() {
    let noise = Noise { keys: round_keys(STORE_SEED), tensor: tensor_id("weight"), gradient: 1 };
    let exceeds = |element: usize| element.is_multiple_of(3);
    let fraction = |element| (noise.word(0, element as u64) >> 8) + u32::from(exceeds(element));
    let gradient =
        (0..LENGTH).map(|element| -(fraction(element) as f32) * 2f32.powi(-48)).collect::<Vec<_>>();
    let rule = Sgd { learning_rate: LearningRate::new(1.0).expect("in the range"), ..Sgd::default() };
    let mut parameters = [("weight", vec![f16::ZERO; LENGTH])];
    let mut optimizer = rule
        .parameters_in::<f16>()
        .gradients_in::<f32>()
        .stochastic_rounding(STORE_SEED)
        .build(Cpu::default(), &parameters)
        .expect("one parameter is a model");
    optimizer.step(&mut parameters, &[("weight", gradient)]).expect("the shapes agree");
    for (element, stored) in parameters[0].1.iter().enumerate() {
        assert_eq!(stored.to_bits(), u16::from(exceeds(element)), "element {element}");
    }
}

fields! {
    /// More fields than one block of random bits serves.
    struct Ten { a, b, c, d, e, f, g, h, i, j }
}

/// Keeps the gradient ten times and moves nothing.
#[derive(Clone, Copy, Debug)]
struct Keep;

impl Transform for Keep {
    type Constants = Nothing;
    type State = Ten;
    type Keeps = B0;

    fn constants(&self, _: &Step) -> Nothing {
        Nothing
    }

    #[inline(always)]
    fn update<F: Real>(_: &Nothing, input: Input<F>, state: &mut Ten<F>) -> F {
        *state = Ten::generate(&mut || input.gradient);
        F::constant(0.0)
    }
}

#[test]
fn fields_beyond_the_eighth_stream_draw_from_the_next_base() {
    let learning_rate = LearningRate::new(1.0).expect("in the range");
    let gradient: Vec<f32> = (0..1000).map(|element| (number(1, element) + 3.0) / 3.0).collect();
    let mut parameters = [("weight", vec![0f32; gradient.len()])];
    let mut optimizer = Chained { chain: Keep, learning_rate }
        .state_in::<bf16>(STATE_SEED)
        .build(Cpu::default(), &parameters)
        .expect("one parameter is a model");
    optimizer.step(&mut parameters, &[("weight", gradient.clone())]).expect("the shapes agree");
    let noise = Noise { keys: round_keys(STATE_SEED << 32), tensor: tensor_id("weight"), gradient: 1 };
    let snapshot = optimizer.snapshot().expect("no step is under way");
    for (field, (name, values)) in snapshot.tensors[0].state.iter().enumerate() {
        for (element, stored) in values.iter().enumerate() {
            let word = noise.word(field as u32 + 1, element as u64);
            assert_eq!(*stored, bf16::round_stochastically(gradient[element], word), "{name} {element}");
        }
    }
}

#[test]
fn a_step_with_stochastic_rounding_never_changes() {
    // Recorded: the first elements, and the FNV-1a hash of all of them in little-endian bytes.
    let elements = stepped!(bf16);
    let bits = |field: usize| [0, 1, 2, 3].map(|element: usize| elements[element][field].to_bits());
    let hash = (0..3)
        .flat_map(|field| elements.iter().map(move |fields| fields[field]))
        .flat_map(|value| value.to_bits().to_le_bytes())
        .fold(0x811C_9DC5u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    assert_eq!((bits(0), bits(1), bits(2), hash), RECORDED_STEP);
}

const RECORDED_STEP: ([u16; 4], [u16; 4], [u16; 4], u32) = (
    [0xc001, 0x3fa2, 0x3f09, 0xbe84],
    [0xbf1c, 0xbcd6, 0xbf47, 0x3f94],
    [0x3fa2, 0x3f65, 0x3fc0, 0x400e],
    0xe976401b,
);

/// The mean of parameters that start at 1 after 1000 steps that each add `update`.
fn mean_after_1000_steps<T>(update: f32) -> f64
where
    T: StorageDtype<Arithmetic = f32>,
    Stochastic: Rounds<T>,
{
    let rule = Sgd { learning_rate: LearningRate::new(1.0).expect("in the range"), ..Sgd::default() };
    let mut parameters = [("x", vec![T::round(1.0); BIASED])];
    let mut optimizer = rule
        .parameters_in::<T>()
        .gradients_in::<f32>()
        .stochastic_rounding(5)
        .build(Cpu::default(), &parameters)
        .expect("one parameter is a model");
    let gradients = [("x", vec![-update; BIASED])];
    for _ in 0..1000 {
        optimizer.step(&mut parameters, &gradients).expect("the shapes agree");
    }
    parameters[0].1.iter().map(|value| f64::from(value.widen())).sum::<f64>() / BIASED as f64
}

const BIASED: usize = 2048;

/// Every step moves by a unit with probability update/unit and not at all otherwise, so its variance
/// is below update·unit. The sum with a parameter between 1 and 2 is exact in `f32`.
fn assert_unbiased<T>(unit: f32)
where
    T: StorageDtype<Arithmetic = f32>,
    Stochastic: Rounds<T>,
{
    let update = unit / 1024.0;
    let sigma = (1000.0 * f64::from(update * unit) / BIASED as f64).sqrt();
    let moved = mean_after_1000_steps::<T>(update) - 1.0;
    let exact = 1000.0 * f64::from(update);
    assert!((moved - exact).abs() < 6.0 * sigma, "{moved} instead of {exact} ± {sigma}");
    assert!(6.0 * sigma < exact / 4.0, "the test could not fail");
}

#[test]
fn updates_far_below_a_unit_move_the_mean_as_they_should() {
    assert_unbiased::<bf16>(2f32.powi(-7));
    assert_unbiased::<f16>(2f32.powi(-10));
}

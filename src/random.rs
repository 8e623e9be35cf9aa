//! Counter-based random bits: the same for any thread count, vector width and device.
//!
//! Salmon et al., *Parallel random numbers: as easy as 1, 2, 3*, 2011: Philox 4x32 with 10 rounds.
//!
//! # Which bits an element gets
//!
//! A **block** of 128 bits serves eight neighbouring elements with 16 bits each, since 16 is what
//! rounding an `f32` to bf16 consumes. Its counter is
//! (element block low, element block high + (base << 16), gradient number, tensor).
//!
//! An optimizer draws for its parameters (stream 0) and for each field of its state (streams 1, 2,
//! ...), and all of them take their bits from the same block: element *e* of stream *s* takes the
//! sixteen bits in place (*e* mod 8) ⊕ (*s* mod 8) of base *s* / 8. Within a stream every element has
//! bits of its own, and within an element every stream has, so all roundings of a stream are
//! independent, and so are all roundings that an elementwise rule ever combines. What shares bits is
//! one field of one element with another field of a neighbour, and these never meet. So AdamW pays
//! for one generator instead of three.
//!
//! The 16 bits are the upper half of a 32-bit word whose lower half are a neighbour's: formats
//! that must drop more than 16 bits (subnormal f16) stay exactly unbiased.

/// The multipliers of Philox 4x32.
pub const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
/// What is added to the key after each round.
pub const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
/// Elements that one block of random bits serves.
pub const ELEMENTS_PER_BLOCK: u64 = 8;
/// Streams that one block of random bits serves.
pub const STREAMS_PER_BASE: u32 = 8;
/// The stream of the parameter; those of the state's fields follow.
pub const PARAMETER_STREAM: u32 = 0;

/// The key of each of the ten rounds.
pub type RoundKeys = [[u32; 2]; 10];

/// Expands a seed into the keys of the rounds.
pub fn round_keys(seed: u64) -> RoundKeys {
    let key = [seed as u32, (seed >> 32) as u32];
    core::array::from_fn(|round| {
        core::array::from_fn(|word| key[word].wrapping_add(WEYL[word].wrapping_mul(round as u32)))
    })
}

/// 128 random bits for a 128-bit counter.
///
/// ```
/// use gradus::random::{philox, round_keys};
///
/// // The first of the known answers published with Random123.
/// assert_eq!(philox([0; 4], &round_keys(0)), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
/// ```
#[inline(always)]
pub fn philox(counter: [u32; 4], keys: &RoundKeys) -> [u32; 4] {
    philox_abreast(counter.map(|word| [word]), keys).map(|[word]| word)
}

/// [`philox`] for several counters at once, one in each lane, which the compiler makes vectors of.
#[inline(always)]
pub(crate) fn philox_abreast<const LANES: usize>(
    counters: [[u32; LANES]; 4],
    keys: &RoundKeys,
) -> [[u32; LANES]; 4] {
    let [mut x0, mut x1, mut x2, mut x3] = counters;
    for key in keys {
        for lane in 0..LANES {
            let first = u64::from(x0[lane]) * u64::from(MULTIPLIERS[0]);
            let second = u64::from(x2[lane]) * u64::from(MULTIPLIERS[1]);
            x0[lane] = (second >> 32) as u32 ^ x1[lane] ^ key[0];
            x1[lane] = second as u32;
            x2[lane] = (first >> 32) as u32 ^ x3[lane] ^ key[1];
            x3[lane] = first as u32;
        }
    }
    [x0, x1, x2, x3]
}

/// The random bits of one tensor at one of its gradients.
///
/// ```
/// use gradus::random::{Noise, round_keys, tensor_id};
///
/// let noise = Noise { keys: round_keys(7), tensor: tensor_id("encoder.weight"), gradient: 1 };
/// assert_eq!(noise.word(0, 1000), noise.word(0, 1000));
/// assert_ne!(noise.word(0, 1000), noise.word(1, 1000));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noise {
    /// The keys that the optimizer's seed expands to.
    pub keys: RoundKeys,
    /// The tensor, by [`tensor_id`] of its name.
    pub tensor: u32,
    /// The 1-based number of the gradient that the tensor receives, modulo 2³².
    ///
    /// Counted per tensor, so that micro-batches within one optimizer step do not share bits.
    pub gradient: u32,
}

impl Noise {
    /// The counter of a block of eight elements in a base stream.
    #[inline(always)]
    pub fn counter(&self, base: u32, block: u64) -> [u32; 4] {
        [block as u32, ((block >> 32) as u32 & 0xFFFF) | (base << 16), self.gradient, self.tensor]
    }

    /// The 32 bits of `element` in `stream`: the definition that every device must reproduce.
    pub fn word(&self, stream: u32, element: u64) -> u32 {
        let counter = self.counter(stream / STREAMS_PER_BASE, element / ELEMENTS_PER_BLOCK);
        let block = philox(counter, &self.keys);
        let place = (element % ELEMENTS_PER_BLOCK) as usize ^ (stream % STREAMS_PER_BASE) as usize;
        let sixteen = |place: usize| block[place / 2] >> (16 * (place % 2)) & 0xFFFF;
        sixteen(place) << 16 | sixteen(place ^ 1)
    }
}

/// A stable 32-bit number for a tensor's name: FNV-1a.
///
/// Two names that meet in the same number would share rounding bits and nothing else.
pub fn tensor_id(name: &str) -> u32 {
    name.bytes().fold(0x811C_9DC5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

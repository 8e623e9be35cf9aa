//! Random numbers that depend on nothing but a seed and a counter.

use gradus::random::{RoundKeys, philox, round_keys};

/// An endless row of random words.
pub struct Random {
    keys: RoundKeys,
    counter: u32,
}

impl Random {
    /// The row of this seed.
    pub fn new(seed: u64) -> Self {
        Self { keys: round_keys(seed), counter: 0 }
    }

    fn word(&mut self) -> u32 {
        self.counter += 1;
        philox([self.counter, 0, 0, 0], &self.keys)[0]
    }

    /// A number in −1..1.
    pub fn symmetric(&mut self) -> f32 {
        let unit = (self.word() >> 8) as f32 / (1 << 24) as f32;
        2.0 * unit - 1.0
    }

    /// The numbers below `count` in random order (Fisher, Yates).
    pub fn permutation(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<_> = (0..count).collect();
        for last in (1..count).rev() {
            order.swap(last, self.word() as usize % (last + 1));
        }
        order
    }
}

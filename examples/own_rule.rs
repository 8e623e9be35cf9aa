//! A stage of your own, chained with those of the library.
//!
//! The stage keeps each number of the gradient within a few times of what is usual for it, so that
//! a corrupt batch does little harm. It is arithmetic and nothing else, and gets every option of
//! the named optimizers: here it runs in bf16 with a Kahan carry.
//!
//! ```text
//! cargo run --release --example own_rule
//! ```

use gradus::cpu::Cpu;
use gradus::device::Formats;
use gradus::error::Result;
use gradus::fields;
use gradus::hyperparameter::{Decay, LearningRate};
use gradus::optimizer::{Build, Optimizer, Together};
use gradus::real::{Real, interpolate};
use gradus::rule::{Chained, ScaleByAdam};
use gradus::transform::{Input, Rule, StageExt, Step, Transform};
use gradus::typenum::B0;
use half::bf16;

/// Bounds each number by a multiple of the running average of its magnitude.
///
/// ```text
/// u' = sign(u)·min(|u|, c·a)
/// a ← a + (1 − β̂)·(|u| − a)      debiased, so that a₁ = |u₁|
/// ```
///
/// As `a` is 0 at first, the first number only teaches what is usual.
#[derive(Clone, Copy, Debug)]
struct ClipToUsual {
    /// c.
    factor: f64,
    /// β.
    decay: Decay,
}

fields! {
    /// What is remembered of each number.
    struct Usual {
        /// a.
        magnitude,
    }
}

fields! {
    /// What is the same for all numbers in a step: computed once, in f64.
    struct ClipConstants {
        /// c.
        factor,
        /// 1 − β̂.
        weight,
    }
}

impl Transform for ClipToUsual {
    type Constants = ClipConstants;
    type State = Usual;
    type Keeps = B0; // an average of magnitudes is no average of gradients

    fn constants(&self, at: &Step) -> ClipConstants<f64> {
        ClipConstants { factor: self.factor, weight: self.decay.debiased_weight(at.own) }
    }

    #[inline(always)]
    fn update<F: Real>(at: &ClipConstants<F>, input: Input<F>, usual: &mut Usual<F>) -> F {
        let magnitude = input.update.abs();
        let bound = at.factor * usual.magnitude;
        usual.magnitude = interpolate(usual.magnitude, magnitude, at.weight);
        F::select(magnitude - bound, input.update.sign() * bound, input.update)
    }
}

const STEPS: usize = 3000;
/// The step whose gradient is corrupt.
const CORRUPT: usize = 100;

fn main() -> Result<()> {
    let clip = ClipToUsual { factor: 4.0, decay: Decay::new(0.99)? };
    let adam = ScaleByAdam::default();
    let own = clip.then(adam);

    let learning_rate = LearningRate::new(2e-3)?;
    let adam = Chained { chain: adam, learning_rate };
    let own = Chained { chain: own, learning_rate };

    let device = Cpu::default();
    let start = start();
    let plain = distance(adam.parameters_in::<bf16>().kahan().build(device.clone(), &start)?)?;
    let nearest = distance(own.parameters_in::<bf16>().build(device.clone(), &start)?)?;
    let kahan = distance(own.parameters_in::<bf16>().kahan().build(device, &start)?)?;

    println!("mean distance from the minimum after {STEPS} steps, of which one was corrupt:");
    println!("  {plain:.4}  Adam, bf16 with a Kahan carry");
    println!("  {nearest:.4}  clipped to what is usual, bf16 rounded to nearest");
    println!("  {kahan:.4}  clipped to what is usual, bf16 with a Kahan carry");

    assert!(plain > 10.0 * kahan, "one corrupt gradient slows Adam down for thousands of steps");
    assert!(nearest > 2.0 * kahan, "without a carry, steps smaller than half a unit are lost");
    Ok(())
}

fn start() -> [(&'static str, Vec<bf16>); 1] {
    [("x", vec![bf16::ZERO; 64])]
}

/// Minimises ½·(x − minimum)² and returns the mean of |x − minimum|.
fn distance<R: Rule, K: Formats<Parameter = bf16, Gradient = bf16>>(
    mut optimizer: Optimizer<R, K, Together, Cpu>,
) -> Result<f32> {
    let minimum: Vec<f32> = (0..64).map(|number| 1.0 + number as f32 / 64.0).collect();
    let mut parameters = start();
    for step in 0..STEPS {
        let scale = if step == CORRUPT { -1e4 } else { 1.0 };
        let off = parameters[0].1.iter().zip(&minimum).map(|(x, minimum)| x.to_f32() - minimum);
        let gradient: Vec<_> = off.map(|off| bf16::from_f32(scale * off)).collect();
        optimizer.step(&mut parameters, &[("x", gradient)])?;
    }
    let off = parameters[0].1.iter().zip(&minimum).map(|(x, minimum)| (x.to_f32() - minimum).abs());
    Ok(off.sum::<f32>() / minimum.len() as f32)
}

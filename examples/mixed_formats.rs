//! A model in two formats: the large matrix in bf16, the few numbers that scale and shift in f32.
//!
//! An optimizer has one format, so this is two optimizers side by side. They share a schedule, and the
//! norm by which all gradients are clipped: each measures its own, and both step with the joined one.
//!
//! ```text
//! cargo run --release --example mixed_formats
//! ```

use gradus::cpu::Cpu;
use gradus::error::Result;
use gradus::hyperparameter::{LearningRate, WeightDecay};
use gradus::optimizer::Build;
use gradus::rule::AdamW;
use gradus::schedule::{Form, Schedule};
use half::bf16;
use ndarray::{Array1, Array2, Axis};

const INPUTS: usize = 32;
const OUTPUTS: usize = 16;
const STEPS: u64 = 400;

/// The most that the norm of all gradients, of both formats, may be.
const NORM: f64 = 1.0;

/// `outputs = gain ⊙ (inputs · weight) + bias`
struct Model {
    weight: Array2<bf16>,
    gain: Array1<f32>,
    bias: Array1<f32>,
}

fn main() -> Result<()> {
    // Something to learn: outputs of a linear map whose columns differ in scale.
    let inputs = Array2::from_shape_fn((256, INPUTS), |(row, column)| wave(row * INPUTS + column));
    let map = Array2::from_shape_fn((INPUTS, OUTPUTS), |(row, column)| wave(7 * row + 5 * column) / 8.0);
    let scales = Array1::from_shape_fn(OUTPUTS, |column| 1.0 + column as f32 / 4.0);
    let targets = inputs.dot(&map) * scales + 3.0;

    let mut model = Model {
        weight: Array2::from_shape_fn((INPUTS, OUTPUTS), |(row, column)| {
            bf16::from_f32(wave(row + 11 * column) / 8.0)
        }),
        gain: Array1::ones(OUTPUTS),
        bias: Array1::zeros(OUTPUTS),
    };

    // The matrix decays and carries its rounding errors; the rest does neither.
    let rule = AdamW { learning_rate: LearningRate::new(0.03)?, ..AdamW::default() };
    let mut of_matrix = AdamW { weight_decay: WeightDecay::decoupled(1e-3)?, ..rule }
        .parameters_in::<bf16>()
        .gradients_in::<f32>()
        .kahan()
        .schedule("learning_rate", Schedule::decay(Form::Linear, 1.0, 0.0, STEPS)?)
        .clip_global_norm(NORM)
        .build(Cpu::default(), &[("weight", &mut model.weight)])?;
    let mut of_vectors = AdamW { weight_decay: WeightDecay::NONE, ..rule }
        .schedule("learning_rate", Schedule::decay(Form::Linear, 1.0, 0.0, STEPS)?)
        .clip_global_norm(NORM)
        .build(Cpu::default(), &[("gain", &mut model.gain), ("bias", &mut model.bias)])?;

    let mut first_loss = None;
    let mut last_loss = 0.0;
    let mut clipped = 0;
    for _ in 0..STEPS {
        let weight = model.weight.mapv(f32::from);
        let product = inputs.dot(&weight);
        let error = &product * &model.gain + &model.bias - &targets;
        last_loss = error.pow2().mean().expect("there are outputs");
        first_loss.get_or_insert(last_loss);

        let error = error * (2.0 / targets.len() as f32);
        let weight_gradient = inputs.t().dot(&(&error * &model.gain));
        let gain_gradient = (&error * &product).sum_axis(Axis(0));
        let bias_gradient = error.sum_axis(Axis(0));

        let of_weight = [("weight", weight_gradient)];
        let of_rest = [("gain", gain_gradient), ("bias", bias_gradient)];
        let norm = of_matrix.measure(&of_weight)?.join(of_vectors.measure(&of_rest)?);
        clipped += u64::from(norm.norm > NORM);
        of_matrix.step_with_norm(&mut [("weight", &mut model.weight)], &of_weight, norm)?;
        let rest = &mut [("gain", &mut model.gain), ("bias", &mut model.bias)];
        of_vectors.step_with_norm(rest, &of_rest, norm)?;
    }

    let first_loss = first_loss.expect("there were steps");
    println!("mean squared error: {first_loss:.3} before, {last_loss:.6} after {STEPS} steps");
    println!("gradients clipped in {clipped} of {STEPS} steps");
    println!("bf16 matrix: {} bytes, state {} bytes", 2 * model.weight.len(), of_matrix.state_bytes());
    println!("f32 vectors: {} bytes, state {} bytes", 8 * OUTPUTS, of_vectors.state_bytes());

    assert!((1..STEPS).contains(&clipped), "the norm is large at first, and small in the end");
    assert!(last_loss < 1e-3 * first_loss, "both halves of the model learn");
    // 8 bytes of moments and 2 of carry for an element of the matrix, 8 for one of the vectors
    assert_eq!(of_matrix.state_bytes(), 10 * INPUTS * OUTPUTS);
    assert_eq!(of_vectors.state_bytes(), 8 * 2 * OUTPUTS);
    Ok(())
}

/// Numbers between −1 and 1 without much order.
fn wave(number: usize) -> f32 {
    (number as f32 * 1.618).sin()
}

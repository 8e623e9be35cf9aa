//! Sums over a tensor are added in the order that is documented at `LEAF`, and in no other.

use crate::clip::once;
use crate::snapshot;
use gradus::cpu::Cpu;
use gradus::device::{LANES, LEAF};
use gradus::optimizer::Build;

/// Numbers of very different sizes, whose sum depends on the order.
fn gradient(length: usize) -> Vec<f32> {
    let scale = |element: usize| 2f32.powi((element * 31 % 47) as i32 - 23);
    (0..length).map(|element| (1.0 + (element * 7919 % 1013) as f32 / 1013.0) * scale(element)).collect()
}

/// Lane *i* of a leaf adds elements *i*, *i* + 256, ... in order; lanes fold by halves.
fn leaf(values: &[f64]) -> f64 {
    let lane = |lane| values.iter().skip(lane).step_by(256).fold(0.0, |sum, value| sum + value);
    let mut lanes: Vec<f64> = (0..256).map(lane).collect();
    while lanes.len() > 1 {
        let upper = lanes.split_off(lanes.len() / 2);
        lanes.iter_mut().zip(upper).for_each(|(lower, upper)| *lower += upper);
    }
    lanes[0]
}

/// Leaves fold pairwise in order; one without a neighbour moves up.
fn tree(values: &[f64]) -> f64 {
    let mut level: Vec<f64> = values.chunks(4096).map(leaf).collect();
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| pair.iter().copied().reduce(|one, other| one + other).unwrap_or(0.0))
            .collect();
    }
    level[0]
}

/// The root mean square that the library measures.
fn measured(length: usize) -> f32 {
    let mut parameters = [("x", vec![0f32; length])];
    let mut optimizer = once(1.0, 1).build(Cpu::default(), &parameters).expect("the model is valid");
    optimizer.step(&mut parameters, &[("x", gradient(length))]).expect("the gradients fit");
    snapshot(&optimizer).tensors[0].tensor[0].1[0]
}

/// The same in `f64`, where no rounding of the sum hides its last bits.
fn measured_in_f64(length: usize) -> f64 {
    let mut parameters = [("x", vec![0f64; length])];
    let mut optimizer = once(1.0, 1)
        .parameters_in::<f64>()
        .gradients_in::<f32>()
        .build(Cpu::default(), &parameters)
        .expect("the model is valid");
    optimizer.step(&mut parameters, &[("x", gradient(length))]).expect("the gradients fit");
    snapshot(&optimizer).tensors[0].tensor[0].1[0]
}

#[test]
fn a_statistic_is_summed_in_the_documented_order() {
    assert_eq!((LEAF, LANES), (4096, 256));
    for length in [1, 2, 63, 64, 65, 255, 256, 257, 4095, 4096, 4097, 8192, 12_289, 32_768, 40_961, 100_003] {
        let squares: Vec<f64> = gradient(length).iter().map(|value| f64::from(value * value)).collect();
        let expected = (tree(&squares) as f32 / length as f32).sqrt();
        assert_eq!(measured(length).to_bits(), expected.to_bits(), "{length} elements in f32");
        let squares: Vec<f64> = gradient(length).iter().map(|value| f64::from(*value).powi(2)).collect();
        let expected = (tree(&squares) / length as f64).sqrt();
        assert_eq!(measured_in_f64(length).to_bits(), expected.to_bits(), "{length} elements in f64");
    }
}

#[test]
fn the_order_matters_for_these_numbers() {
    let squares: Vec<f64> = gradient(100_003).iter().map(|value| f64::from(*value).powi(2)).collect();
    assert_ne!(tree(&squares), squares.iter().sum::<f64>());
}

//! A small network with hand-written backpropagation.
//!
//! Parameters lie in any format that computes in `f32`: they are widened when a layer is used, and
//! only the optimizer writes them.

use crate::data::{CLASSES, PIXELS};
use crate::random::Random;
use gradus::cpu::Cpu;
use gradus::device::{ParameterSet, Tensor, TensorMut};
use gradus::dtype::StorageDtype;
use gradus::error::Result;
use gradus::shape::Layout;
use ndarray::{Array1, Array2, ArrayD, ArrayViewMutD, Axis, Zip};

/// Formats that a network can keep its parameters in.
pub trait Format: StorageDtype<Arithmetic = f32> {}
impl<T: StorageDtype<Arithmetic = f32>> Format for T {}

/// `outputs = inputs · weight + bias`
struct Linear<T> {
    names: [&'static str; 2],
    weight: Array2<T>,
    bias: Array1<T>,
}

/// 64 pixels → 128 → 64 → 10 classes, with rectifiers between the layers.
pub struct Network<T> {
    layers: [Linear<T>; 3],
}

/// Lends the parameters to an optimizer: their names, their shapes and, in each step, their memory.
impl<T: Format> ParameterSet<Cpu, T> for Network<T> {
    fn describe(&self, visit: &mut dyn FnMut(&str, Layout)) {
        for Linear { names: [weight_name, bias_name], weight, bias } in &self.layers {
            visit(weight_name, weight.layout());
            visit(bias_name, bias.layout());
        }
    }

    fn lend<'a>(&'a mut self, visit: &mut dyn FnMut(&str, Layout, Option<&'a mut [T]>)) {
        for Linear { names: [weight_name, bias_name], weight, bias } in &mut self.layers {
            visit(weight_name, weight.layout(), weight.elements_mut());
            visit(bias_name, bias.layout(), bias.elements_mut());
        }
    }
}

impl<T: Format> Linear<T> {
    fn new(names: [&'static str; 2], inputs: usize, outputs: usize, random: &mut Random) -> Self {
        let bound = (6.0 / inputs as f32).sqrt(); // He et al., 2015
        let weight = Array2::from_shape_simple_fn((inputs, outputs), || T::round(bound * random.symmetric()));
        Self { names, weight, bias: Array1::from_elem(outputs, T::round(0.0)) }
    }

    fn forward(&self, inputs: &Array2<f32>) -> Array2<f32> {
        inputs.dot(&self.weight.mapv(T::widen)) + self.bias.mapv(T::widen)
    }
}

/// What the forward pass leaves for the backward pass.
pub struct Activations {
    /// The inputs of each layer.
    inputs: Vec<Array2<f32>>,
    /// The outputs of the last one, as probabilities of the classes.
    probabilities: Array2<f32>,
}

impl Activations {
    /// The mean cross-entropy.
    pub fn loss(&self, labels: &[usize]) -> f64 {
        let rows = self.probabilities.rows().into_iter().zip(labels);
        let losses = rows.map(|(row, &label)| -f64::from(row[label].max(f32::MIN_POSITIVE)).ln());
        losses.sum::<f64>() / labels.len() as f64
    }

    /// The share of pictures whose digit is the most probable one.
    pub fn accuracy(&self, labels: &[usize]) -> f64 {
        let rows = self.probabilities.rows().into_iter().zip(labels);
        let correct = rows.filter(|(row, label)| row.iter().all(|&other| other <= row[**label]));
        correct.count() as f64 / labels.len() as f64
    }
}

impl<T: Format> Network<T> {
    /// The same network in every run, up to the rounding to `T`.
    pub fn new() -> Self {
        let random = &mut Random::new(1);
        let first = Linear::new(["first.weight", "first.bias"], PIXELS, 128, random);
        let second = Linear::new(["second.weight", "second.bias"], 128, 64, random);
        let third = Linear::new(["third.weight", "third.bias"], 64, CLASSES, random);
        Self { layers: [first, second, third] }
    }

    /// Computes the probability of each class for each picture.
    pub fn forward(&self, pictures: &Array2<f32>) -> Activations {
        let mut inputs = vec![pictures.clone()];
        for layer in &self.layers[..2] {
            let outputs = layer.forward(&inputs[inputs.len() - 1]);
            inputs.push(outputs.mapv_into(|output| output.max(0.0)));
        }
        let mut probabilities = self.layers[2].forward(&inputs[2]);
        for mut row in probabilities.rows_mut() {
            let largest = row.fold(f32::NEG_INFINITY, |largest, &output| largest.max(output));
            row.mapv_inplace(|output| (output - largest).exp());
            let sum = row.sum();
            row /= sum;
        }
        Activations { inputs, probabilities }
    }

    /// Computes the gradients of the cross-entropy, from the last layer to the first.
    ///
    /// Hands each gradient over as soon as it exists, before the next one is computed. Its
    /// parameter comes with it and is not needed any more, so `receive` may change it.
    pub fn backward(
        &mut self,
        activations: Activations,
        labels: &[usize],
        receive: &mut dyn FnMut(&'static str, ArrayViewMutD<'_, T>, ArrayD<T>) -> Result<()>,
    ) -> Result<()> {
        let Activations { mut inputs, probabilities: mut error } = activations;
        for (mut row, &label) in error.rows_mut().into_iter().zip(labels) {
            row[label] -= 1.0;
        }
        error /= labels.len() as f32;
        for Linear { names: [weight_name, bias_name], weight, bias } in self.layers.iter_mut().rev() {
            let input = inputs.pop().expect("each layer has an input");
            let error_before = (!inputs.is_empty()).then(|| {
                let mut error = error.dot(&weight.mapv(T::widen).t());
                let rectified = Zip::from(&mut error).and(&input);
                rectified.for_each(|error, &input| *error = if input > 0.0 { *error } else { 0.0 });
                error
            });
            let gradient = error.sum_axis(Axis(0)).mapv(T::round);
            receive(bias_name, bias.view_mut().into_dyn(), gradient.into_dyn())?;
            let gradient = input.t().dot(&error).mapv(T::round);
            receive(weight_name, weight.view_mut().into_dyn(), gradient.into_dyn())?;
            match error_before {
                Some(before) => error = before,
                None => break,
            }
        }
        Ok(())
    }
}

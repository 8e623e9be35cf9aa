//! Rules that see a tensor as a matrix: what must hold whatever the numbers are.
//!
//! Most of it runs through the catalogue, whose optimizers are compiled with the library.

#![cfg(feature = "matrix")]

mod bases;
mod kron;
#[cfg(feature = "lapack")]
mod lapack;
mod polar;
#[path = "../reference/mod.rs"]
mod reference;
mod state;

use gradus::catalogue::{self, Configuration, Value};
use gradus::cpu::Cpu;
use gradus::random::{philox, round_keys};
use ndarray::{Array1, Array2, ArrayD, Ix2};

/// Numbers that are spread evenly over ±1, the same for a seed.
fn noise(rows: usize, columns: usize, seed: u32) -> Array2<f64> {
    let keys = round_keys(u64::from(seed));
    let number = |place: usize| f64::from(philox([place as u32, 0, 0, seed], &keys)[0]) / 2f64.powi(31) - 1.0;
    Array2::from_shape_fn((rows, columns), |(row, column)| number(row * columns + column))
}

/// An orthogonal matrix: a product of three reflections.
fn orthogonal(n: usize, seed: u32) -> Array2<f64> {
    let mut matrix = Array2::eye(n);
    for number in 0..3 {
        let direction = noise(n, 1, seed + number);
        let length = direction.iter().map(|x| x * x).sum::<f64>();
        let reflection = Array2::eye(n) - direction.dot(&direction.t()) * (2.0 / length);
        matrix = reflection.dot(&matrix);
    }
    matrix
}

/// The singular values' sum of squares about 1: ‖M·Mᵀ − 1‖ over the shorter side.
fn distance_from_orthonormal(matrix: &Array2<f64>) -> f64 {
    let gram =
        if matrix.nrows() <= matrix.ncols() { matrix.dot(&matrix.t()) } else { matrix.t().dot(matrix) };
    largest(&(&gram - &Array2::<f64>::eye(gram.nrows())))
}

fn largest(matrix: &Array2<f64>) -> f64 {
    matrix.iter().fold(0.0, |largest, number| number.abs().max(largest))
}

/// A configuration with these hyperparameters and no decay.
fn configured(optimizer: &str, hyperparameters: &[(&str, Value)]) -> Configuration {
    let mut configuration = Configuration::of(optimizer);
    configuration.hyperparameters.set("weight_decay", 0.0);
    for (name, value) in hyperparameters {
        configuration.hyperparameters.set(name, value.clone());
    }
    configuration
}

/// Where a matrix of zeros is after these gradients.
fn trained<T: catalogue::Catalogued>(
    configuration: &Configuration,
    threads: usize,
    gradients: &[Array2<T>],
) -> Array2<T> {
    trained_on(configuration, Cpu::with_threads(threads).expect("threads"), gradients)
}

/// The same on any device.
fn trained_on<T: catalogue::Catalogued>(
    configuration: &Configuration,
    device: Cpu,
    gradients: &[Array2<T>],
) -> Array2<T> {
    let start = Array2::from_elem(gradients[0].raw_dim(), T::default()).into_dyn();
    let mut parameters: Vec<(String, ArrayD<T>)> = vec![("x".to_owned(), start)];
    let mut optimizer =
        catalogue::build::<T>(configuration, device, &parameters).expect("a valid configuration");
    for gradient in gradients {
        let gradient = vec![("x".to_owned(), Some(gradient.clone().into_dyn()))];
        optimizer.step(&mut parameters, &gradient).expect("a step");
    }
    parameters.remove(0).1.into_dimensionality::<Ix2>().expect("a matrix")
}

/// As [`trained`], in double precision on one thread.
fn moved(configuration: &Configuration, gradients: &[Array2<f64>]) -> Array2<f64> {
    trained(configuration, 1, gradients)
}

/// How many steps bring ½·‖A·X·B‖² to a share of what it was: A and B have condition number 100 and axes that
/// lie askew to the elements. One more than `most` if it takes longer.
fn steps_where_axes_are_turned(
    optimizer: &str,
    rate: f64,
    [rows, columns]: [usize; 2],
    goal: f64,
    most: usize,
) -> usize {
    let stretched = |n: usize, seed: u32| {
        let basis = orthogonal(n, seed);
        let values: Array1<f64> = (0..n).map(|i| 10f64.powf(-2.0 * i as f64 / (n - 1) as f64)).collect();
        basis.dot(&Array2::from_diag(&values)).dot(&basis.t())
    };
    let (a, b) = (stretched(rows, 61), stretched(columns, 71));
    let loss = |x: &Array2<f64>| 0.5 * a.dot(x).dot(&b).iter().map(|y| y * y).sum::<f64>();
    let mut parameters = vec![("x".to_owned(), noise(rows, columns, 81))];
    let goal = goal * loss(&parameters[0].1);
    let configuration = configured(optimizer, &[("lr", rate.into())]);
    let mut optimizer =
        catalogue::build::<f64>(&configuration, Cpu::default(), &parameters).expect("a valid configuration");
    for step in 1..=most {
        let gradient = a.t().dot(&a.dot(&parameters[0].1).dot(&b)).dot(&b.t());
        optimizer.step(&mut parameters, &vec![("x".to_owned(), gradient)]).expect("a step");
        if loss(&parameters[0].1) < goal {
            return step;
        }
    }
    most + 1
}

/// Whether this machine multiplies bf16 numbers by an instruction of its own.
fn multiplies_bf16() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("avx512bf16");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

//! What is minimised.

use crate::data::Digits;
use crate::network::Network;
use crate::random::Random;
use gradus::catalogue::{self, Configuration};
use gradus::cpu::Cpu;
use gradus::device::ParameterSet;
use gradus::error::Result;
use ndarray::{Array1, Array2, ArrayD, ArrayView2, Ix2};

/// The most steps of a run.
pub const STEPS: usize = 400;

/// Something to minimise.
pub trait Problem {
    fn title(&self) -> &'static str;
    /// The share of the first loss that is to be reached.
    fn goal(&self) -> f64;
    /// The loss before each step, as a share of the first; it ends at the goal, or where it is no number any more.
    fn run(&self, configuration: &Configuration) -> Result<Vec<f64>>;
}

pub fn all() -> Vec<Box<dyn Problem>> {
    vec![Box::new(Quadratic::new()), Box::new(Rosenbrock), Box::new(Classifier)]
}

type Gradients = Vec<(&'static str, ArrayD<f32>)>;

fn descend<P: ParameterSet<Cpu, f32>>(
    configuration: &Configuration,
    goal: f64,
    parameters: &mut P,
    mut evaluate: impl FnMut(&mut P) -> Result<(f64, Gradients)>,
) -> Result<Vec<f64>> {
    let mut optimizer = catalogue::build::<f32>(configuration, Cpu::default(), parameters)?;
    let (mut losses, mut first) = (Vec::new(), None);
    for _ in 0..=STEPS {
        let (loss, gradients) = evaluate(parameters)?;
        if !loss.is_finite() {
            break;
        }
        let share = loss / *first.get_or_insert(loss);
        losses.push(share);
        if share <= goal {
            break;
        }
        optimizer.step(parameters, &gradients)?;
    }
    Ok(losses)
}

fn noise(rows: usize, columns: usize, random: &mut Random) -> Array2<f32> {
    Array2::from_shape_simple_fn((rows, columns), || random.symmetric())
}

fn square_sum(matrix: &Array2<f32>) -> f64 {
    matrix.iter().map(|number| f64::from(*number).powi(2)).sum()
}

type Named = Vec<(&'static str, ArrayD<f32>)>;

fn view(parameters: &Named, place: usize) -> ArrayView2<'_, f32> {
    parameters[place].1.view().into_dimensionality::<Ix2>().expect("all of them are matrices")
}

/// ½·tr((W − T)ᵀ·A·(W − T)·B) with condition number 10⁴: 100 for each of A and B, whose axes lie askew.
struct Quadratic {
    rows: Array2<f32>,
    columns: Array2<f32>,
    target: Array2<f32>,
}

impl Quadratic {
    fn new() -> Self {
        let random = &mut Random::new(3);
        let (rows, columns) = (curvature(20, random), curvature(30, random));
        Self { rows, columns, target: noise(20, 30, random) }
    }
}

/// A symmetric matrix with eigenvalues from 1 to 0.01 in random directions.
fn curvature(length: usize, random: &mut Random) -> Array2<f32> {
    let mut axes = Array2::<f32>::eye(length);
    for _ in 0..length {
        let direction = noise(length, 1, random);
        let reflection = direction.dot(&direction.t()) * (2.0 / square_sum(&direction) as f32);
        axes = &axes - reflection.dot(&axes);
    }
    let eigenvalues = Array1::from_shape_fn(length, |place| 0.01f32.powf(place as f32 / (length - 1) as f32));
    (&axes * &eigenvalues).dot(&axes.t())
}

impl Problem for Quadratic {
    fn title(&self) -> &'static str {
        "Quadratic, condition 10 000"
    }

    fn goal(&self) -> f64 {
        1e-3
    }

    fn run(&self, configuration: &Configuration) -> Result<Vec<f64>> {
        let mut parameters: Named = vec![("weight", ArrayD::zeros(vec![20, 30]))];
        descend(configuration, self.goal(), &mut parameters, |parameters| {
            let away = &view(parameters, 0) - &self.target;
            let gradient = self.rows.dot(&away).dot(&self.columns);
            let loss = f64::from((&away * &gradient).sum()) / 2.0;
            Ok((loss, vec![("weight", gradient.into_dyn())]))
        })
    }
}

/// ‖1 − X‖² + 100·‖Y − X·X‖², with products of matrices.
struct Rosenbrock;

impl Problem for Rosenbrock {
    fn title(&self) -> &'static str {
        "Rosenbrock's valley of matrices"
    }

    fn goal(&self) -> f64 {
        1e-3
    }

    fn run(&self, configuration: &Configuration) -> Result<Vec<f64>> {
        let random = &mut Random::new(5);
        let mut parameters: Named =
            vec![("x", noise(8, 8, random).into_dyn()), ("y", noise(8, 8, random).into_dyn())];
        descend(configuration, self.goal(), &mut parameters, |parameters| {
            let (x, y) = (view(parameters, 0), view(parameters, 1));
            let (to_one, to_square) = (&Array2::<f32>::eye(8) - &x, &y - &x.dot(&x));
            let loss = square_sum(&to_one) + 100.0 * square_sum(&to_square);
            let pulls = to_square.dot(&x.t()) + x.t().dot(&to_square);
            let of_x = to_one * -2.0 - pulls * 200.0;
            Ok((loss, vec![("x", of_x.into_dyn()), ("y", (to_square * 200.0).into_dyn())]))
        })
    }
}

/// The network of the example `digits` on all of its training set at once.
struct Classifier;

impl Problem for Classifier {
    fn title(&self) -> &'static str {
        "Network on handwritten digits"
    }

    fn goal(&self) -> f64 {
        0.02
    }

    fn run(&self, configuration: &Configuration) -> Result<Vec<f64>> {
        let batch = Digits::load().training;
        descend(configuration, self.goal(), &mut Network::<f32>::new(), |network| {
            let activations = network.forward(&batch.pictures);
            let loss = activations.loss(&batch.labels);
            let mut gradients = Vec::new();
            network.backward(activations, &batch.labels, &mut |name, _, gradient| {
                gradients.push((name, gradient));
                Ok(())
            })?;
            gradients.reverse(); // from the first layer to the last, as the parameters
            Ok((loss, gradients))
        })
    }
}

//! PSGD with Kronecker factors: Li, 2018, as HeavyBall 3 and kron_torch write it down. Every factor is a
//! square here, diagonal ones too, and every product a loop over all elements.

type Square = Vec<Vec<f64>>;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    OneColumn,
    PowerIteration(u32),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Damping {
    None,
    ByElement(f64),
    OfMean,
}

#[derive(Clone, Debug)]
pub struct Settings {
    pub learning_rate: f64,
    pub momentum: f64,
    pub scale: f64,
    pub rate: f64,
    pub bound: Bound,
    pub memory: f64,
    pub damping: Damping,
    pub balances: bool,
    pub delayed: bool,
    pub symmetric: bool,
    /// Whether an update meets Q instead of QᵀQ.
    pub takes_root: bool,
}

#[derive(Clone, Debug)]
pub struct Psgd {
    settings: Settings,
    shape: Vec<usize>,
    is_diagonal: Vec<bool>,
    pub factors: Vec<Square>,
    bounds: Vec<f64>,
    sum: Vec<f64>,
    weight: f64,
    pub parameter: Vec<f64>,
}

fn times(left: &Square, right: &Square) -> Square {
    let n = left.len();
    let element = |i: usize, j: usize| (0..n).map(|k| left[i][k] * right[k][j]).sum();
    (0..n).map(|i| (0..n).map(|j| element(i, j)).collect()).collect()
}

fn transposed(of: &Square) -> Square {
    (0..of.len()).map(|i| (0..of.len()).map(|j| of[j][i]).collect()).collect()
}

fn combined(left: &Square, factor: f64, right: &Square) -> Square {
    let row = |(left, right): (&Vec<f64>, &Vec<f64>)| {
        left.iter().zip(right).map(|(left, right)| left + factor * right).collect()
    };
    left.iter().zip(right).map(row).collect()
}

fn apply(matrix: &Square, vector: &[f64]) -> Vec<f64> {
    matrix.iter().map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum()).collect()
}

fn norm(vector: &[f64]) -> f64 {
    vector.iter().map(|x| x * x).sum::<f64>().sqrt()
}

fn unit(vector: &[f64]) -> Vec<f64> {
    let norm = norm(vector);
    vector.iter().map(|x| x / norm).collect()
}

fn trace(of: &Square) -> f64 {
    (0..of.len()).map(|i| of[i][i]).sum()
}

/// The largest singular value, from below.
fn size(of: &Square, bound: Bound) -> f64 {
    let longest = of.iter().map(|row| norm(row)).fold(0.0, f64::max);
    let start = of.iter().find(|row| norm(row) == longest).expect("a row");
    let other = transposed(of);
    match bound {
        Bound::OneColumn => norm(&apply(of, &unit(&apply(of, start)))),
        Bound::PowerIteration(count) => {
            let mut x = unit(start);
            for _ in 0..count {
                x = unit(&apply(&other, &apply(of, &x)));
            }
            norm(&apply(of, &x))
        }
    }
}

/// The inverse of the transpose of an upper triangle, by forward substitution in each column.
fn inverse_of_transpose(triangle: &Square) -> Square {
    let n = triangle.len();
    let column = |column: usize| {
        let mut solution: Vec<f64> = Vec::new();
        (0..n).for_each(|row| {
            let known: f64 = (0..row).map(|k| triangle[k][row] * solution[k]).sum();
            let wanted = if row == column { 1.0 } else { 0.0 };
            solution.push((wanted - known) / triangle[row][row]);
        });
        solution
    };
    transposed(&(0..n).map(column).collect())
}

impl Psgd {
    pub fn new(settings: Settings, shape: &[usize], is_diagonal: Vec<bool>, parameter: Vec<f64>) -> Self {
        let first = settings.scale.powf(1.0 / shape.len() as f64);
        let square =
            |n: usize| (0..n).map(|i| (0..n).map(|j| if i == j { first } else { 0.0 }).collect()).collect();
        Self {
            factors: shape.iter().map(|n| square(*n)).collect(),
            bounds: vec![0.0; shape.len()],
            sum: vec![0.0; parameter.len()],
            weight: 0.0,
            shape: shape.to_vec(),
            is_diagonal,
            parameter,
            settings,
        }
    }

    /// The index of an element along an axis, and the distance of its neighbour there.
    fn place(&self, element: usize, axis: usize) -> (usize, usize) {
        let stride: usize = self.shape[axis + 1..].iter().product();
        (element / stride % self.shape[axis], stride)
    }

    /// The tensor with a matrix applied to its index along an axis.
    fn along(&self, tensor: &[f64], axis: usize, matrix: &Square) -> Vec<f64> {
        let element = |element: usize| {
            let (row, stride) = self.place(element, axis);
            let first = element - row * stride;
            (0..self.shape[axis]).map(|k| matrix[row][k] * tensor[first + k * stride]).sum()
        };
        (0..tensor.len()).map(element).collect()
    }

    fn along_all(&self, tensor: &[f64], matrices: &[Square]) -> Vec<f64> {
        let all = matrices.iter().enumerate();
        all.fold(tensor.to_vec(), |tensor, (axis, matrix)| self.along(&tensor, axis, matrix))
    }

    /// The products of a tensor with itself over all other axes; the diagonal alone if that is the factor.
    fn gram(&self, tensor: &[f64], axis: usize) -> Square {
        let n = self.shape[axis];
        let mut gram = vec![vec![0.0; n]; n];
        for element in 0..tensor.len() {
            let (row, stride) = self.place(element, axis);
            let first = element - row * stride;
            for column in 0..n {
                if row == column || !self.is_diagonal[axis] {
                    gram[row][column] += tensor[element] * tensor[first + column * stride];
                }
            }
        }
        gram
    }

    pub fn preconditioned(&self, tensor: &[f64]) -> Vec<f64> {
        let products: Vec<Square> =
            self.factors.iter().map(|factor| times(&transposed(factor), factor)).collect();
        self.along_all(tensor, &products)
    }

    /// What an update becomes.
    fn updated(&self, tensor: &[f64]) -> Vec<f64> {
        if self.settings.takes_root {
            self.along_all(tensor, &self.factors)
        } else {
            self.preconditioned(tensor)
        }
    }

    fn bounded(&mut self, axis: usize, estimate: f64) -> f64 {
        let before = self.bounds[axis];
        let bound = estimate.max(before + (estimate - before) * (1.0 - self.settings.memory));
        self.bounds[axis] = if self.settings.memory > 0.0 { bound } else { 0.0 };
        bound
    }

    fn balance(&mut self) {
        let largest = |factor: &Square| factor.iter().flatten().map(|x| x.abs()).fold(0.0, f64::max);
        let sizes: Vec<f64> = self.factors.iter().map(largest).collect();
        let mean = (sizes.iter().map(|size| size.ln()).sum::<f64>() / sizes.len() as f64).exp();
        for (factor, size) in self.factors.iter_mut().zip(sizes) {
            factor.iter_mut().flatten().for_each(|x| *x *= mean / size);
        }
    }

    fn fit(&mut self, to: &[f64], probe: &[f64]) {
        let Settings { rate, bound, damping, balances, symmetric, .. } = self.settings;
        if balances && self.shape.len() > 1 {
            self.balance();
        }
        let epsilon = f64::from(f32::EPSILON);
        let mean = to.iter().map(|x| x.abs()).sum::<f64>() / to.len() as f64;
        let damped = |(x, v): (&f64, &f64)| match damping {
            Damping::None => *x,
            Damping::ByElement(amount) => x + (amount + epsilon * x.abs()) * v,
            Damping::OfMean => x + epsilon.sqrt() * mean * v,
        };
        let to: Vec<f64> = to.iter().zip(probe).map(damped).collect();
        if symmetric {
            let whitened = self.preconditioned(&to);
            (0..self.shape.len()).for_each(|axis| self.fit_symmetric(axis, &whitened));
            return;
        }
        let whitened = self.along_all(&to, &self.factors);
        let inverses: Vec<Square> = self.factors.iter().map(inverse_of_transpose).collect();
        let probe = self.along_all(probe, &inverses);
        for axis in 0..self.shape.len() {
            let (s, t) = (self.gram(&whitened, axis), self.gram(&probe, axis));
            let (sum, mut difference) = (combined(&s, 1.0, &t), combined(&s, -1.0, &t));
            let estimate = if self.is_diagonal[axis] {
                (0..sum.len()).map(|i| sum[i][i]).fold(0.0, f64::max)
            } else {
                size(&sum, bound)
            };
            let bound = self.bounded(axis, estimate);
            for (row, numbers) in difference.iter_mut().enumerate() {
                numbers[..row].fill(0.0);
            }
            let change = times(&difference, &self.factors[axis]);
            self.factors[axis] = combined(&self.factors[axis], -rate / bound, &change);
        }
    }

    fn fit_symmetric(&mut self, axis: usize, whitened: &[f64]) {
        let Settings { rate, bound, .. } = self.settings;
        let gram = self.gram(whitened, axis);
        let expected = (whitened.len() / self.shape[axis]) as f64;
        let largest = if self.is_diagonal[axis] {
            (0..gram.len()).map(|i| gram[i][i]).fold(0.0, f64::max)
        } else {
            size(&gram, bound)
        };
        let length = rate / self.bounded(axis, largest + expected);
        let old = self.factors[axis].clone();
        let change = combined(&times(&gram, &old), -expected, &old);
        let mut factor = combined(&old, -length, &change);
        let turn = combined(&transposed(&factor), -1.0, &factor);
        if !self.is_diagonal[axis] && turn.iter().flatten().any(|x| *x != 0.0) {
            let long = size(&turn, bound);
            let turn: Square = turn.iter().map(|row| row.iter().map(|x| x / long).collect()).collect();
            let once = times(&turn, &factor);
            let twice = times(&turn, &once);
            let angle =
                if trace(&twice) < 0.0 { (-trace(&once) / trace(&twice)).clamp(0.0, 0.5) } else { 0.5 };
            factor = combined(&combined(&factor, angle, &once), 0.5 * angle * angle, &twice);
        }
        self.factors[axis] = factor;
    }

    /// A step with a gradient, and a probe if factors are fitted.
    pub fn step(&mut self, gradient: &[f64], probe: Option<&[f64]>) {
        let Settings { learning_rate, momentum, delayed, .. } = self.settings;
        self.weight = momentum * self.weight + (1.0 - momentum);
        for (sum, gradient) in self.sum.iter_mut().zip(gradient) {
            *sum = momentum * *sum + (1.0 - momentum) * gradient;
        }
        let average: Vec<f64> = self.sum.iter().map(|sum| sum / self.weight).collect();
        let early = self.updated(&average);
        if let Some(probe) = probe {
            self.fit(&average, probe);
        }
        let update = if delayed { early } else { self.updated(&average) };
        for (parameter, update) in self.parameter.iter_mut().zip(update) {
            *parameter -= learning_rate * update;
        }
    }
}

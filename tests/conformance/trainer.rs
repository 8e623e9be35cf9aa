//! A model of named tensors with its optimizer, stepped jointly or under release.

use crate::cases::{Case, Gradient, Parameter};
use crate::values::{Contents, bits, contents, scatter, shaped, tensor};
use gradus::cpu::Cpu;
use gradus::hyperparameter::LearningRate;
use gradus::optimizer::Releasable;
use gradus::optimizer::{Averaging, Optimizer, Released, Snapshot, Together, TwoFaced};
use ndarray::ArrayD;

/// How gradients arrive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mode {
    Together,
    Released,
}

pub const MODES: [Mode; 2] = [Mode::Together, Mode::Released];

/// The gradients of one step, in the model's order; [`None`] where there is none.
pub type Gradients = Vec<Option<Vec<f64>>>;

enum Either<R: Releasable, C: Case> {
    Together(Optimizer<R, C::Formats, Together, Cpu>),
    Released(Optimizer<R, C::Formats, Released, Cpu>),
}

/// Parameters and their optimizer.
pub struct Trainer<R: Releasable, C: Case> {
    optimizer: Either<R, C>,
    pub parameters: Vec<(String, ArrayD<Parameter<C>>)>,
}

/// Names and lengths of a model's tensors.
pub type Model<'a> = &'a [(&'a str, usize)];

/// A model of one tensor that spans more than one tile and ends within one, and two small ones.
pub const SMALL: Model<'static> = &[("weight", 150), ("bias", 7), ("scale", 1)];

/// Scattered gradients for a model; at some steps some tensors have none.
pub fn gradients(model: Model<'_>, step: u64) -> Gradients {
    let of_tensor = |(place, (_, length)): (usize, &(&str, usize))| {
        let absent = place > 0 && (step + place as u64).is_multiple_of(3);
        (!absent).then(|| scatter(1000 * step + place as u64, *length))
    };
    model.iter().enumerate().map(of_tensor).collect()
}

impl<R: Releasable, C: Case> Trainer<R, C> {
    /// Scattered parameters.
    pub fn new(mode: Mode, rule: R, model: Model<'_>) -> Self {
        Self::on(Cpu::default(), mode, rule, model)
    }

    /// Scattered parameters, on a device.
    pub fn on(device: Cpu, mode: Mode, rule: R, model: Model<'_>) -> Self {
        let of_tensor = |(place, (name, length)): (usize, &(&str, usize))| {
            ((*name).to_owned(), tensor(&scatter(place as u64 + 7, *length)))
        };
        Self::from(device, mode, rule, model.iter().enumerate().map(of_tensor).collect())
    }

    /// Given parameters.
    pub fn from(device: Cpu, mode: Mode, rule: R, parameters: Vec<(String, ArrayD<Parameter<C>>)>) -> Self {
        let optimizer = match mode {
            Mode::Together => Either::Together(C::together(rule, device, &parameters)),
            Mode::Released => Either::Released(C::released(rule, device, &parameters)),
        };
        Self { optimizer, parameters }
    }

    /// Given parameters and their optimizer.
    pub fn of(
        mode: Mode,
        optimizer: Optimizer<R, C::Formats, Together, Cpu>,
        parameters: Vec<(String, ArrayD<Parameter<C>>)>,
    ) -> Self {
        let optimizer = match mode {
            Mode::Together => Either::Together(optimizer),
            Mode::Released => Either::Released(optimizer.into_released()),
        };
        Self { optimizer, parameters }
    }

    /// One whole step. Under release the last parameter comes first, as in backpropagation.
    pub fn step(&mut self, gradients: &Gradients) {
        match &mut self.optimizer {
            Either::Together(optimizer) => {
                let stored = |((name, parameter), gradient): (&(String, ArrayD<_>), &Option<Vec<f64>>)| {
                    let like = |values| shaped::<Gradient<C>>(parameter.shape(), values);
                    (name.clone(), gradient.as_deref().map(like))
                };
                let gradients: Vec<_> = self.parameters.iter().zip(gradients).map(stored).collect();
                optimizer.step(&mut self.parameters, &gradients).expect("the gradients fit");
            }
            Either::Released(optimizer) => {
                let of_group = optimizer.snapshot().expect("every step is finished").tensors;
                let frozen = of_group.into_iter().filter(|tensor| tensor.group == "frozen");
                let frozen: Vec<_> = frozen.map(|tensor| tensor.name).collect();
                let mut step = optimizer.begin_step().expect("every step is finished");
                let mut missing = Vec::new();
                for (place, (name, parameter)) in self.parameters.iter_mut().enumerate().rev() {
                    match &gradients[place] {
                        Some(gradient) => {
                            let gradient = shaped::<Gradient<C>>(parameter.shape(), gradient);
                            step.release(place, parameter, gradient).expect("the gradient fits")
                        }
                        None => missing.insert(0, name.clone()),
                    }
                }
                let finished = step.finish();
                missing.retain(|name| !frozen.contains(name));
                assert_eq!(finished.missing, missing);
            }
        }
    }

    /// One whole step under release that folds other gradients into the averages before.
    pub fn step_after_accumulating(&mut self, micro_batches: &[Gradients], last: &Gradients)
    where
        R: Averaging,
    {
        let Either::Released(optimizer) = &mut self.optimizer else { panic!("only under release") };
        let mut step = optimizer.begin_step().expect("every step is finished");
        for gradients in micro_batches {
            for (place, gradient) in gradients.iter().enumerate() {
                let Some(gradient) = gradient else { continue };
                step.accumulate(place, tensor::<Gradient<C>>(gradient)).expect("the gradient fits");
            }
        }
        for ((place, (_, parameter)), gradient) in self.parameters.iter_mut().enumerate().zip(last) {
            let Some(gradient) = gradient else { continue };
            step.release(place, parameter, tensor::<Gradient<C>>(gradient)).expect("the gradient fits");
        }
        step.finish();
    }

    pub fn set_learning_rate(&mut self, learning_rate: f64) {
        let learning_rate = LearningRate::new(learning_rate).expect("in the range");
        match &mut self.optimizer {
            Either::Together(optimizer) => optimizer.set_learning_rate(learning_rate),
            Either::Released(optimizer) => optimizer.set_learning_rate(learning_rate),
        }
    }

    pub fn snapshot(&self) -> Snapshot<C::Formats> {
        let snapshot = match &self.optimizer {
            Either::Together(optimizer) => optimizer.snapshot(),
            Either::Released(optimizer) => optimizer.snapshot(),
        };
        snapshot.expect("no step is under way")
    }

    pub fn restore(&mut self, snapshot: &Snapshot<C::Formats>) {
        let restored = match &mut self.optimizer {
            Either::Together(optimizer) => optimizer.restore(snapshot),
            Either::Released(optimizer) => optimizer.restore(snapshot),
        };
        restored.expect("the snapshot fits");
    }

    /// The other mode, with all state.
    #[must_use]
    pub fn switched(self) -> Self {
        let optimizer = match self.optimizer {
            Either::Together(optimizer) => Either::Released(optimizer.into_released()),
            Either::Released(optimizer) => {
                Either::Together(optimizer.into_together().expect("every step is finished"))
            }
        };
        Self { optimizer, ..self }
    }

    /// To the point for evaluation, where `look` sees the bits of all parameters, and back.
    #[must_use]
    pub fn there_and_back(mut self, look: impl Fn(Vec<Vec<u64>>)) -> Self
    where
        R: TwoFaced,
    {
        let looks = |parameters: &Vec<(String, ArrayD<Parameter<C>>)>| {
            look(parameters.iter().map(|(_, values)| bits(values)).collect());
        };
        let optimizer = match self.optimizer {
            Either::Together(optimizer) => {
                let optimizer = optimizer.into_evaluation(&mut self.parameters).expect("the parameters fit");
                looks(&self.parameters);
                Either::Together(optimizer.into_training(&mut self.parameters).expect("the parameters fit"))
            }
            Either::Released(optimizer) => {
                let optimizer = optimizer.into_evaluation(&mut self.parameters).expect("the parameters fit");
                looks(&self.parameters);
                Either::Released(optimizer.into_training(&mut self.parameters).expect("the parameters fit"))
            }
        };
        Self { optimizer, ..self }
    }

    /// The bits of all parameters at the point for evaluation.
    pub fn evaluated(&self) -> Vec<Vec<u64>>
    where
        R: TwoFaced,
    {
        let of_zeros = |(name, values): &(String, ArrayD<Parameter<C>>)| {
            (name.clone(), tensor::<Parameter<C>>(&vec![0.0; values.len()]))
        };
        let mut elsewhere: Vec<_> = self.parameters.iter().map(of_zeros).collect();
        let written = match &self.optimizer {
            Either::Together(optimizer) => optimizer.evaluation_into(&self.parameters, &mut elsewhere),
            Either::Released(optimizer) => optimizer.evaluation_into(&self.parameters, &mut elsewhere),
        };
        written.expect("the parameters fit");
        elsewhere.iter().map(|(_, values)| bits(values)).collect()
    }

    /// Every bit there is: parameters, state, counters.
    pub fn everything(&self) -> Contents {
        let parameters = self.parameters.iter().map(|(name, values)| (name.clone(), bits(values)));
        parameters.chain(contents(&self.snapshot())).collect()
    }

    /// The bits of one parameter.
    pub fn bits(&self, place: usize) -> Vec<u64> {
        bits(&self.parameters[place].1)
    }

    /// The fields of a tensor's state and carry and its matrices, by name.
    pub fn fields(&self, place: usize) -> Contents {
        let kept = self.snapshot().tensors.swap_remove(place);
        let state = kept.state.iter().map(|(name, values)| (name.clone(), bits(values)));
        let carry = kept.carry.iter().map(|(name, values)| (name.clone(), bits(values)));
        let matrices = kept.matrices.iter().map(|(name, values)| (name.clone(), bits(values)));
        state.chain(carry).chain(matrices).collect()
    }
}

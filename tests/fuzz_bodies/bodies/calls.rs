//! Any sequence of calls: what must fail fails with the right error and changes nothing, and what
//! must work does what a model does that only counts.

use super::approx::{Approx, Stored};
use super::arrive::{Arrival, arrive};
use super::flaws::{BuildFlaw, Gradients, NAMES, OTHER, SnapshotFlaw, StepFlaw, Tensors};
use super::input::{Decay, Hyperparameters, Positive, Values, list};
use super::model::{Came, Model, Tensor};
use super::reference::Named;
use arbitrary::{Arbitrary, Result, Unstructured};
use gradus::cpu::Cpu;
use gradus::device::{Beside, Formats, In};
use gradus::error::{self, Error};
use gradus::hyperparameter::LearningRate;
use gradus::optimizer::{Averaging, Build, Optimizer, Releasable, Released, Snapshot, Together};
use gradus::store::Store;
use gradus::transform::{FieldSet, Rule};
use half::bf16;

/// What a run of the body is about.
#[derive(Debug)]
pub struct Case {
    hyperparameters: Hyperparameters,
    other_learning_rate: Positive,
    other_decay: Decay,
    is_narrow: bool,
    lengths: [u8; 3],
    values: Values,
    flaw: BuildFlaw,
    calls: Vec<Call>,
}

#[derive(Debug, Arbitrary)]
enum Call {
    Step([Option<Values>; 3], StepFlaw),
    ReleaseStep(Release),
    Abandon,
    Save,
    Restore(SnapshotFlaw),
    /// Goes on with a new optimizer that is given the state of the old one.
    Resume,
    SwitchArrival,
    SetLearningRate(Positive),
}

#[derive(Debug)]
struct Release {
    arrivals: Vec<Arrival>,
    is_finished: bool,
}

impl<'a> Arbitrary<'a> for Release {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self { is_finished: bytes.ratio(3, 4)?, arrivals: list(bytes, 8)? })
    }
}

impl<'a> Arbitrary<'a> for Case {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self {
            hyperparameters: bytes.arbitrary()?,
            other_learning_rate: bytes.arbitrary()?,
            other_decay: bytes.arbitrary()?,
            is_narrow: bytes.arbitrary()?,
            lengths: bytes.arbitrary()?,
            values: bytes.arbitrary()?,
            flaw: if bytes.ratio(1, 16)? { bytes.arbitrary()? } else { BuildFlaw::None },
            calls: list(bytes, 40)?,
        })
    }
}

/// Makes the calls and compares with the model.
///
/// # Panics
/// If they differ.
pub fn check(case: &Case) {
    let hyperparameters = case.hyperparameters;
    let other = Hyperparameters {
        learning_rate: case.other_learning_rate,
        decay: case.other_decay,
        ..hyperparameters
    };
    match (hyperparameters.rule(), other.rule()) {
        (Ok(Named::Momentum(rule)), Ok(Named::Momentum(other_rule))) => {
            in_formats(case, other, &rule, &other_rule)
        }
        (Ok(Named::Adam(rule)), Ok(Named::Adam(other_rule))) => in_formats(case, other, &rule, &other_rule),
        (Ok(Named::Lion(rule)), Ok(Named::Lion(other_rule))) => in_formats(case, other, &rule, &other_rule),
        _ => {} // no rule has such hyperparameters, or it cannot accumulate
    }
}

fn in_formats<R: Averaging + Releasable>(case: &Case, other: Hyperparameters, rule: &R, other_rule: &R) {
    macro_rules! run {
        ($parameter:ident $gradient:ident $state:ident $($store:ident)?) => {
            run::<R, In<$parameter, $gradient, $state, _>>(case, other, &|parameters, flaw| {
                let mut builder = rule
                    .clone()
                    .parameters_in::<$parameter>()
                    .gradients_in::<$gradient>()
                    .state_in::<$state>(3)
                    $(.$store())?
                    .group("other", |name, _| name == NAMES[OTHER], other_rule.clone());
                if flaw == BuildFlaw::TwoGroups {
                    builder = builder.group("again", |name, _| name == NAMES[OTHER], other_rule.clone());
                }
                if flaw == BuildFlaw::EmptyGroup {
                    builder = builder.group("nobody", |_, layout| layout.shape().len() > 1, other_rule.clone());
                }
                builder.build(Cpu::default(), parameters)
            })
        };
    }
    if case.is_narrow {
        run!(bf16 f32 bf16 kahan);
    } else {
        run!(f64 f64 f64);
    }
}

/// Builds an optimizer, in one of the ways that must fail or in the one that must not.
trait Make<R: Rule, K: Formats>:
    Fn(&Tensors<K::Parameter>, BuildFlaw) -> error::Result<Optimizer<R, K, Together, Cpu>>
{
}

impl<R: Rule, K: Formats, F> Make<R, K> for F where
    F: Fn(&Tensors<K::Parameter>, BuildFlaw) -> error::Result<Optimizer<R, K, Together, Cpu>>
{
}

fn run<R, K>(case: &Case, other: Hyperparameters, make: &impl Make<R, K>)
where
    R: Averaging + Releasable,
    K: Formats<Parameter: Stored, Gradient: Stored, State: Stored>,
    Beside<K>: Stored,
{
    let lengths = case.lengths.map(|length| usize::from(length % 6));
    let tensor = |(name, length): (&&str, usize)| ((*name).to_owned(), case.values.of_length(length));
    let mut parameters: Tensors<K::Parameter> = NAMES.iter().zip(lengths).map(tensor).collect();
    let expected = case.flaw.apply(&mut parameters);
    let optimizer = match (make(&parameters, case.flaw), expected) {
        (Ok(optimizer), None) => optimizer,
        (Err(error), Some(expected)) => return assert_eq!(error, expected),
        (result, expected) => panic!("{:?} instead of {expected:?}", result.err()),
    };
    let fields = case.hyperparameters.fields();
    let carries = <<K::Store as Store>::Carry as FieldSet>::COUNT > 0;
    let tensors = NAMES.iter().enumerate().zip(lengths).map(|((place, name), length)| Tensor {
        name,
        group: usize::from(place == OTHER),
        received: 0,
        state: vec![vec![Approx::exact(0.0); fields]; length],
        carry: carries.then(|| vec![Approx::exact(0.0); length]),
    });
    let groups = [case.hyperparameters, other];
    let model = Model { groups, tensors: tensors.collect(), steps: 0, under_way: None };
    let mut session = Session { machine: Machine::Together(optimizer), parameters, model, saved: None };
    session.observe();
    for call in &case.calls {
        session = match call {
            Call::SwitchArrival => session.switch(),
            _ => {
                session.make(call, make);
                session
            }
        };
        session.observe();
    }
}

/// The optimizer in one of its modes.
enum Machine<R: Rule, K: Formats> {
    Together(Optimizer<R, K, Together, Cpu>),
    Released(Optimizer<R, K, Released, Cpu>),
}

/// Calls a method that both modes have.
macro_rules! either {
    ($machine:expr, $optimizer:ident => $call:expr) => {
        match $machine {
            Machine::Together($optimizer) => $call,
            Machine::Released($optimizer) => $call,
        }
    };
}

/// An optimizer and the model of it.
struct Session<R: Rule, K: Formats> {
    machine: Machine<R, K>,
    parameters: Tensors<K::Parameter>,
    model: Model,
    saved: Option<(Snapshot<K>, Model)>,
}

impl<R, K> Session<R, K>
where
    R: Averaging + Releasable,
    K: Formats<Parameter: Stored, Gradient: Stored, State: Stored>,
    Beside<K>: Stored,
{
    /// Compares all that can be seen with the model.
    fn observe(&mut self) {
        match (either!(&self.machine, optimizer => optimizer.snapshot()), self.model.unfinished()) {
            (Ok(snapshot), None) => self.model.observe(&snapshot),
            (Err(error), Some(expected)) => assert_eq!(error, expected),
            (result, expected) => panic!("{:?} instead of {expected:?}", result.err()),
        }
        assert_eq!(either!(&self.machine, optimizer => optimizer.steps()), self.model.steps);
        for (place, tensor) in self.model.tensors.iter().enumerate() {
            let by_name = either!(&self.machine, optimizer => optimizer.received(tensor.name));
            let by_place = either!(&self.machine, optimizer => optimizer.received(place));
            assert_eq!((by_name, by_place), (Ok(tensor.received), Ok(tensor.received)));
        }
    }

    fn make(&mut self, call: &Call, make: &impl Make<R, K>) {
        match call {
            Call::Step(gradients, flaw) => self.step(gradients, *flaw),
            Call::ReleaseStep(release) => self.release(release),
            Call::Abandon => {
                let finished = either!(&mut self.machine, optimizer => optimizer.abandon_unfinished_step());
                assert_eq!(finished, self.model.finish());
            }
            Call::Save => {
                let snapshot = either!(&self.machine, optimizer => optimizer.snapshot());
                self.saved =
                    snapshot.ok().map(|snapshot| (snapshot, self.model.clone())).or(self.saved.take());
            }
            Call::Restore(flaw) => self.restore(*flaw),
            Call::Resume => self.resume(make),
            Call::SwitchArrival => unreachable!("it takes the session by value"),
            Call::SetLearningRate(rate) => {
                let rate = LearningRate::new(rate.0).expect("it is at least 0 and finite");
                either!(&mut self.machine, optimizer => optimizer.set_learning_rate(rate));
                self.model.groups.iter_mut().for_each(|group| group.learning_rate = Positive(rate.get()));
            }
        }
    }

    fn step(&mut self, gradients: &[Option<Values>; 3], flaw: StepFlaw) {
        let Machine::Together(optimizer) = &mut self.machine else { return };
        let mut gradients: Gradients<K::Gradient> = self
            .parameters
            .iter()
            .zip(gradients)
            .map(|((name, parameter), values)| {
                (name.clone(), values.as_ref().map(|values| values.of_length(parameter.len())))
            })
            .collect();
        let mut parameters = self.parameters.clone();
        let expected = flaw.apply(&mut parameters, &mut gradients);
        let given = parameters.clone();
        let before = optimizer.snapshot().expect("no step is under way");

        let result = optimizer.step(&mut parameters, &gradients);

        assert_eq!(result.as_ref().err(), expected.as_ref());
        if result.is_err() {
            assert_eq!(format!("{given:?}"), format!("{parameters:?}"));
            let after = optimizer.snapshot().expect("no step is under way");
            return assert_eq!(format!("{before:?}"), format!("{after:?}"));
        }
        self.model.steps += u64::from(gradients.iter().any(|(_, gradient)| gradient.is_some()));
        for (((_, gradient), tensor), ((_, old), (_, new))) in
            gradients.iter().zip(&mut self.model.tensors).zip(self.parameters.iter().zip(&parameters))
        {
            match gradient {
                Some(gradient) => tensor.step::<K>(&self.model.groups, old, gradient, new),
                None => assert_eq!(format!("{old:?}"), format!("{new:?}")),
            }
        }
        self.parameters = parameters;
    }

    fn release(&mut self, release: &Release) {
        let Machine::Released(optimizer) = &mut self.machine else { return };
        let mut step = match (optimizer.begin_step(), self.model.unfinished()) {
            (Ok(step), None) => step,
            (Err(error), Some(expected)) => return assert_eq!(error, expected),
            (result, expected) => panic!("{:?} instead of {expected:?}", result.err()),
        };
        self.model.under_way = Some(vec![Came::Nothing; NAMES.len()]);
        for arrival in &release.arrivals {
            arrive(arrival, &mut step, &mut self.parameters, &mut self.model);
        }
        if release.is_finished {
            assert_eq!(step.finish(), self.model.finish());
        }
    }

    fn restore(&mut self, flaw: SnapshotFlaw) {
        let Some((snapshot, saved)) = &self.saved else { return };
        let mut snapshot = snapshot.clone();
        let is_flawed = flaw.apply(&mut snapshot);
        let before = either!(&self.machine, optimizer => optimizer.snapshot()).ok();
        match either!(&mut self.machine, optimizer => optimizer.restore(&snapshot)) {
            Ok(()) => {
                assert!(self.model.under_way.is_none() && !is_flawed, "{flaw:?} was accepted");
                self.model.restore(saved);
            }
            Err(error) => {
                match self.model.unfinished() {
                    Some(expected) => assert_eq!(error, expected),
                    None => {
                        assert!(is_flawed && matches!(error, Error::Snapshot { .. }), "{flaw:?}: {error}")
                    }
                }
                let after = either!(&self.machine, optimizer => optimizer.snapshot()).ok();
                assert_eq!(format!("{before:?}"), format!("{after:?}"));
            }
        }
    }

    fn resume(&mut self, make: &impl Make<R, K>) {
        let Ok(snapshot) = either!(&self.machine, optimizer => optimizer.snapshot()) else { return };
        let mut resumed = make(&self.parameters, BuildFlaw::None).expect("it has been built before");
        resumed.restore(&snapshot).expect("it was taken from such an optimizer");
        self.machine = match self.machine {
            Machine::Together(_) => Machine::Together(resumed),
            Machine::Released(_) => Machine::Released(resumed.into_released()),
        };
    }

    fn switch(self) -> Self {
        let machine = match self.machine {
            Machine::Together(optimizer) => Machine::Released(optimizer.into_released()),
            Machine::Released(optimizer) => match optimizer.into_together() {
                Ok(optimizer) => {
                    assert_eq!(self.model.unfinished(), None);
                    Machine::Together(optimizer)
                }
                Err(refused) => {
                    assert_eq!(Some(refused.error), self.model.unfinished());
                    Machine::Released(refused.returned)
                }
            },
        };
        Self { machine, ..self }
    }
}

//! What holds for options that look at all gradients at once.

use crate::cases::{Case, Gradient, Parameter};
use crate::trainer::{Gradients, Model, SMALL, gradients};
use crate::values::{Contents, all_stored, bits, contents, scatter, tensor};
use gradus::cpu::Cpu;
use gradus::error::Result;
use gradus::optimizer::extras::Extras;
use gradus::optimizer::{Optimizer, Started, Stepped, Together};
use gradus::transform::Rule;
use ndarray::{ArrayD, IxDyn};

/// Parameters and an optimizer that steps all of them at once.
struct Trainer<R: Rule, C: Case> {
    optimizer: Optimizer<R, C::Formats, Together, Cpu>,
    parameters: Vec<(String, ArrayD<Parameter<C>>)>,
}

impl<R: Rule, C: Case> Trainer<R, C> {
    fn new<Inner: Rule, X: Extras<Around<Inner> = R>>(
        device: Cpu,
        builder: Started<Inner, X>,
        model: Model<'_>,
    ) -> Self {
        let of_tensor = |(place, (name, length)): (usize, &(&str, usize))| {
            ((*name).to_owned(), tensor(&scatter(place as u64 + 7, *length)))
        };
        let parameters = model.iter().enumerate().map(of_tensor).collect();
        Self { optimizer: C::built(builder, device, &parameters), parameters }
    }

    fn try_step(&mut self, gradients: &Gradients) -> Result<Stepped> {
        let names = self.parameters.iter().map(|(name, _)| name.clone());
        let stored = gradients.iter().map(|gradient| gradient.as_deref().map(tensor::<Gradient<C>>));
        let gradients: Vec<_> = names.zip(stored).collect();
        self.optimizer.step(&mut self.parameters, &gradients)
    }

    fn step(&mut self, gradients: &Gradients) {
        assert_eq!(self.try_step(gradients), Ok(Stepped::Taken), "{}", C::NAME);
    }

    /// Every bit there is: parameters, state, counters, the scale of the loss.
    fn everything(&self) -> Contents {
        let parameters = self.parameters.iter().map(|(name, values)| (name.clone(), bits(values)));
        let snapshot = self.optimizer.snapshot().expect("no step is under way");
        let (scale, good) = snapshot.loss_scale.unwrap_or((0.0, 0));
        let policy = ("policy".to_owned(), vec![scale.to_bits(), good, snapshot.skipped]);
        parameters.chain(contents(&snapshot)).chain([policy]).collect()
    }
}

/// One thread or three, with more than one piece.
pub fn three_threads_give_the_bits_of_one<R: Rule, X: Extras, C: Case>(builder: impl Fn() -> Started<R, X>) {
    const LARGE: Model<'static> = &[("weight", 33_001), ("bias", 63), ("head", 4_097)];
    let [one, three] = [1, 3].map(|threads| {
        let device = Cpu::with_threads(threads).expect("that many threads can be started");
        let mut trainer = Trainer::<X::Around<R>, C>::new(device, builder(), LARGE);
        for step in 1..=2 {
            trainer.step(&gradients(LARGE, step));
        }
        trainer.everything()
    });
    assert!(one == three, "{}", C::NAME);
}

/// Bit for bit, the scale of the loss and its count included.
pub fn a_restored_optimizer_goes_on_with_the_same_bits<R: Rule, X: Extras, C: Case>(
    builder: impl Fn() -> Started<R, X>,
) {
    let new = || Trainer::<X::Around<R>, C>::new(Cpu::default(), builder(), SMALL);
    let mut uninterrupted = new();
    for step in 1..=3 {
        uninterrupted.step(&gradients(SMALL, step));
    }
    let mut resumed = new();
    resumed.step(&gradients(SMALL, 77));
    resumed.parameters.clone_from(&uninterrupted.parameters);
    let snapshot = uninterrupted.optimizer.snapshot().expect("no step is under way");
    resumed.optimizer.restore(&snapshot).expect("the snapshot fits");
    assert_eq!(resumed.everything(), uninterrupted.everything(), "{}", C::NAME);
    for step in 4..=6 {
        uninterrupted.step(&gradients(SMALL, step));
        resumed.step(&gradients(SMALL, step));
    }
    assert_eq!(resumed.everything(), uninterrupted.everything(), "{}", C::NAME);
}

/// Parameter, state and counter of one tensor, while the others move.
pub fn absent_gradients_leave_every_bit_alone<R: Rule, X: Extras, C: Case>(
    builder: impl Fn() -> Started<R, X>,
) {
    let mut trainer = Trainer::<X::Around<R>, C>::new(Cpu::default(), builder(), SMALL);
    let of = |trainer: &Trainer<X::Around<R>, C>, place: usize| {
        let everything = trainer.everything().into_iter();
        let own =
            everything.filter(|(name, _)| name.starts_with(SMALL[place].0) && !name.ends_with("factor"));
        own.collect::<Contents>()
    };
    for number in 1..=3 {
        let before = [of(&trainer, 0), of(&trainer, 1)];
        let mut some = gradients(SMALL, 1);
        some[0] = None;
        trainer.step(&some);
        assert_eq!(before[0], of(&trainer, 0), "{}", C::NAME);
        assert_ne!(before[1], of(&trainer, 1), "{}: the others move", C::NAME);
        trainer.step(&gradients(SMALL, number));
    }
    let before = trainer.everything();
    assert_eq!(trainer.try_step(&vec![None; SMALL.len()]), Ok(Stepped::WithoutGradients));
    assert_eq!(trainer.everything(), before, "{}: no gradient at all is no step", C::NAME);
}

/// A single number, empty arrays, one element, and many axes: each like a vector of its length.
pub fn zero_one_and_no_dimensions_are_like_any_other_shape<R: Rule, X: Extras, C: Case>(
    builder: impl Fn() -> Started<R, X>,
) {
    let shapes: [&[usize]; 6] = [&[], &[0], &[3, 0, 2], &[1], &[1, 1, 1], &[2, 3, 1, 5, 1, 2, 2]];
    let lengths = shapes.map(|shape| [shape.iter().product::<usize>()]);
    let flat = lengths.each_ref().map(|length| &length[..]);
    let run = |shapes: [&[usize]; 6]| {
        fn array<T: gradus::dtype::StorageDtype>(stream: u64, shape: &[usize]) -> ArrayD<T> {
            let values = all_stored(&scatter(stream, shape.iter().product()));
            ArrayD::from_shape_vec(IxDyn(shape), values).expect("the length fits")
        }
        let named = |(place, shape): (usize, &&[usize])| (format!("x{place}"), array(place as u64, shape));
        let mut parameters: Vec<(String, ArrayD<Parameter<C>>)> =
            shapes.iter().enumerate().map(named).collect();
        let mut optimizer = C::built(builder(), Cpu::default(), &parameters);
        for step in 1..=3 {
            let named = |(place, shape): (usize, &&[usize])| {
                (format!("x{place}"), array::<Gradient<C>>(100 * step + place as u64, shape))
            };
            let gradients: Vec<_> = shapes.iter().enumerate().map(named).collect();
            optimizer.step(&mut parameters, &gradients).expect("the arrays agree");
        }
        parameters.iter().map(|(_, array)| bits(array)).collect::<Vec<_>>()
    };
    assert_eq!(run(shapes), run(flat), "{}", C::NAME);
}

/// Sizes at both ends of what a format holds, and zeros, in every combination of two tensors.
pub fn huge_tiny_and_no_gradients_leave_numbers<R: Rule, X: Extras, C: Case>(
    builder: impl Fn() -> Started<R, X>,
) {
    for first in [0.0, 1e-7, 6e4, -6e4] {
        for second in [0.0, -1e-7, 6e4] {
            let mut trainer = Trainer::<X::Around<R>, C>::new(Cpu::default(), builder(), SMALL);
            for _ in 0..2 {
                trainer.step(&vec![Some(vec![first; 150]), Some(vec![second; 7]), None]);
            }
            for (name, values) in trainer.everything() {
                assert!(values.iter().all(|value| *value != u64::MAX), "{} {first} {second} {name}", C::NAME);
            }
        }
    }
}

/// A zero with a zero gradient and no past is not moved.
pub fn zeros_stay_zeros<R: Rule, X: Extras, C: Case>(builder: impl Fn() -> Started<R, X>) {
    let model = [("x", 70)];
    let mut trainer = Trainer::<X::Around<R>, C>::new(Cpu::default(), builder(), &model);
    trainer.parameters[0].1 = tensor(&[0.0; 70]);
    let before = bits(&trainer.parameters[0].1);
    for _ in 0..3 {
        trainer.step(&vec![Some(vec![0.0; 70])]);
    }
    assert_eq!(bits(&trainer.parameters[0].1), before, "{}", C::NAME);
}

/// Gradients of which the last element of one tensor is infinite or NaN.
fn spoiled(step: u64, bad: f64) -> Gradients {
    let mut gradients = gradients(SMALL, step);
    gradients[0].as_mut().expect("the first is always there")[149] = bad;
    gradients
}

/// Nothing changes but the count and the scale; and training goes on as if it had not been.
pub fn a_skipped_step_leaves_every_bit_alone<R: Rule, X: Extras, C: Case>(
    builder: impl Fn() -> Started<R, X>,
) {
    let new = || Trainer::<X::Around<R>, C>::new(Cpu::default(), builder(), SMALL);
    let (mut steady, mut disturbed) = (new(), new());
    let but_the_policy = |trainer: &Trainer<X::Around<R>, C>| {
        let mut everything = trainer.everything();
        everything.pop();
        everything
    };
    for (number, bad) in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY].into_iter().enumerate() {
        let before = but_the_policy(&disturbed);
        assert_eq!(disturbed.try_step(&spoiled(1, bad)), Ok(Stepped::Skipped), "{}", C::NAME);
        assert_eq!(but_the_policy(&disturbed), before, "{}", C::NAME);
        assert_eq!(disturbed.optimizer.skipped(), number as u64 + 1);
        // Scaled by powers of two that neither overflow nor vanish, gradients are the same ones.
        for trainer in [&mut steady, &mut disturbed] {
            let scale = trainer.optimizer.loss_scale();
            let mut gradients = gradients(SMALL, number as u64 + 1);
            for value in gradients.iter_mut().flatten().flatten() {
                *value = f64::from(half::bf16::from_f64(*value)) * scale;
            }
            trainer.step(&gradients);
        }
    }
    assert_eq!(but_the_policy(&disturbed), but_the_policy(&steady), "{}", C::NAME);
}

/// An error, and nothing changes at all.
pub fn a_refused_step_leaves_every_bit_alone<R: Rule, X: Extras, C: Case>(
    builder: impl Fn() -> Started<R, X>,
) {
    let mut trainer = Trainer::<X::Around<R>, C>::new(Cpu::default(), builder(), SMALL);
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let before = trainer.everything();
        let error = trainer.try_step(&spoiled(1, bad)).expect_err("it is refused");
        let says =
            "the gradient of `weight` is infinite or NaN, first at index [14, 9]; the step was not taken";
        assert_eq!(error.to_string(), says);
        assert_eq!(trainer.everything(), before, "{}", C::NAME);
        trainer.step(&gradients(SMALL, 1));
    }
}

//! What a chain costs: how often it walks over memory, and how many bytes each element moves.
//!
//! The bytes are found by running the arithmetic of a chain on numbers that know which streams of
//! memory they were computed from. How often memory is really walked is counted by a stage that stands
//! first in the chain.

use core::ops::{Add, Div, Mul, Neg, Sub};
use gradus::clip::{ClipNorm, ClipValue, TrustRegion};
use gradus::cpu::Cpu;
use gradus::hyperparameter::{LearningRate, Limit, WeightDecay};
use gradus::optimizer::Build;
use gradus::real::{Real, TILE};
use gradus::rule::{
    AdamW, Adan, AddDecay, Caution, Chained, Graft, HyperBallAdamW, Lion, Momentum, ScaleByAdam, ScaleByLion,
    ScaleByStableAdam, Sgd, SgdMomentum, SignLaProp, StableAdamW, SudsAdamW, WeightedSum,
};
use gradus::transform::{
    AroundAtRunTime, DynamicRule, FieldSet, Identity, Input, Nothing, Of, Rule, Stage, StageExt, Step,
};
use gradus::typenum::B0;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A number that knows what it was computed from: a binary digit for each stream of memory.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Traced {
    from: u64,
    /// Whether it is as it was read.
    untouched: bool,
}

const GRADIENT: u64 = 1;
const PARAMETER: u64 = 2;

impl Traced {
    fn read(stream: u64) -> Self {
        Self { from: stream, untouched: true }
    }

    fn with(self, other: Self) -> Self {
        Self { from: self.from | other.from, untouched: false }
    }

    fn alone(self) -> Self {
        Self { untouched: false, ..self }
    }
}

macro_rules! operators {
    ($($operator:ident $name:ident,)+) => {$(
        impl $operator for Traced {
            type Output = Self;
            fn $name(self, other: Self) -> Self {
                self.with(other)
            }
        }
    )+};
}

operators! { Add add, Sub sub, Mul mul, Div div, }

impl Neg for Traced {
    type Output = Self;
    fn neg(self) -> Self {
        self.alone()
    }
}

impl Real for Traced {
    const PRECISION: u32 = 24;

    fn constant(_: f64) -> Self {
        Self { from: 0, untouched: false }
    }
    fn sqrt(self) -> Self {
        self.alone()
    }
    fn abs(self) -> Self {
        self.alone()
    }
    fn max(self, other: Self) -> Self {
        self.with(other)
    }
    fn at_least(self, lowest: Self) -> Self {
        self.with(lowest)
    }
    fn at_most(self, highest: Self) -> Self {
        self.with(highest)
    }
    fn exponent(self) -> Self {
        self.alone()
    }
    fn significand(self) -> Self {
        self.alone()
    }
    fn power_of_two(exponent: Self) -> Self {
        exponent.alone()
    }
    fn select(condition_is_positive: Self, then: Self, otherwise: Self) -> Self {
        condition_is_positive.with(then).with(otherwise)
    }
}

/// What a step of a chain in `f32` costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cost {
    passes: usize,
    /// Bytes for each element, over all passes.
    read: usize,
    written: usize,
}

/// A chain of which no more is known than what it reads and writes.
fn cost_of<C: Stage>(chain: &C) -> Cost {
    let under_way = {
        let mut step = Step::first(0.1);
        (0..100).for_each(|_| step = step.next());
        step.dimensions = 2;
        step
    };
    let zeros = || 0.0;
    let group = C::Group::generate(zeros);
    let numbers = chain.constants(&under_way, &mut C::Own::generate(zeros), &group);
    let constants = C::Constants::map(numbers, Traced::constant);
    let tensor = C::Tensor::generate(|| Traced::constant(0.0));
    let state = || -> Of<C::State, Traced> {
        let mut stream = PARAMETER;
        C::State::generate(|| {
            stream <<= 1;
            Traced::read(stream)
        })
    };
    let input = Input::of(Traced::read(GRADIENT), Traced::read(PARAMETER));
    let bytes = |streams: u64| streams.count_ones() as usize * size_of::<f32>();
    let mut cost = Cost { passes: 1, read: 0, written: bytes(PARAMETER) };

    let taken = chain.measured_passes(&under_way);
    for pass in (0..C::PASSES).filter(|pass| taken >> pass & 1 == 1) {
        let value = C::measure(pass, &constants, input, &tensor, &mut state());
        cost.passes += 1;
        cost.read += bytes(value.from);
    }
    let mut after = state();
    let update = C::update(&constants, input, &tensor, &mut after).update;
    let mut read = update.from | PARAMETER; // which the store subtracts from
    C::State::map(after, |field: Traced| {
        if !field.untouched {
            read |= field.from;
            cost.written += bytes(1);
        }
    });
    cost.read += bytes(read);
    cost
}

fn rule<R: Rule>(rule: &R) -> Cost {
    cost_of(&rule.chain())
}

/// Passes, bytes read, bytes written.
fn cost(passes: usize, read: usize, written: usize) -> Cost {
    Cost { passes, read, written }
}

#[test]
fn rules_move_the_bytes_that_their_streams_have() {
    let table = [
        ("sgd: p g | p", rule(&Sgd::default()), cost(1, 8, 4)),
        ("momentum: p g m | p m", rule(&SgdMomentum::default()), cost(1, 12, 8)),
        ("lion: p g m | p m", rule(&Lion::default()), cost(1, 12, 8)),
        ("adamw: p g m v | p m v", rule(&AdamW::default()), cost(1, 16, 12)),
        ("adan: 6 | 5", rule(&Adan::default()), cost(1, 24, 20)),
        // g and v once more for the size of the update.
        ("stable adam: g v, p g m v | p m v", cost_of(&ScaleByStableAdam::default()), cost(2, 8 + 16, 12)),
        // p; then g, v and p for what the update is; the same for where it leads; and the step.
        (
            "hyperball: p, g v p, g v p, p g v | p v",
            rule(&HyperBallAdamW::default()),
            cost(4, 4 + 12 + 12 + 12, 8),
        ),
    ];
    for (name, found, expected) in table {
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn neighbours_share_a_pass_and_only_a_statistic_needs_another() {
    let adam = ScaleByAdam::default;
    let decay = || AddDecay::to_update(WeightDecay::decoupled(0.1).expect("it is in the range"));
    let table = [
        ("nothing", cost_of(&Identity), cost(1, 8, 4)),
        ("value → value", cost_of(&value().then(value())), cost(1, 8, 4)),
        ("adam", cost_of(&adam()), cost(1, 16, 12)),
        (
            "value → adam → trust region → decay",
            { cost_of(&value().then(adam()).then(TrustRegion::default()).then(decay())) },
            cost(1, 16, 12),
        ),
        ("momentum → adam", cost_of(&Momentum::default().then(adam())), cost(1, 20, 16)),
        // A norm of the gradient reads the gradient.
        ("norm → adam", cost_of(&ClipNorm::default().then(adam())), cost(2, 4 + 16, 12)),
        // A norm of the update reads what the update is made of.
        ("adam → norm", cost_of(&adam().then(ClipNorm::default())), cost(2, 12 + 16, 12)),
        (
            "norm → adam → norm",
            { cost_of(&ClipNorm::default().then(adam()).then(ClipNorm::default())) },
            cost(3, 4 + 12 + 16, 12),
        ),
        // Two branches share the pass, and a sum of both is free.
        (
            "momentum | lion → sum",
            { cost_of(&Momentum::default().beside(ScaleByLion::default()).merge(WeightedSum::default())) },
            cost(1, 16, 12),
        ),
        // Each norm reads its branch only.
        (
            "momentum | lion → graft",
            { cost_of(&Momentum::default().beside(ScaleByLion::default()).merge(Graft::default())) },
            cost(3, 8 + 8 + 16, 12),
        ),
        // The statistic of a branch is one of the whole.
        (
            "norm | stable adam → graft → decay",
            {
                let branches =
                    ClipNorm::default().beside(ScaleByStableAdam::default()).merge(Graft::default());
                cost_of(&branches.then(decay()))
            },
            cost(5, 4 + 8 + 4 + 12 + 16, 12),
        ),
    ];
    for (name, found, expected) in table {
        assert_eq!(found, expected, "{name}");
    }
}

fn value() -> ClipValue {
    ClipValue { limit: Limit::new(0.5).expect("it is in the range") }
}

/// How many elements [`Probe`] has seen.
static ELEMENTS: AtomicUsize = AtomicUsize::new(0);

/// Counts how often elements are computed; runs in `f32` only.
#[derive(Clone, Copy, Debug)]
struct Probe;

impl Stage for Probe {
    type Constants = Nothing;
    type State = Nothing;
    type Tensor = Nothing;
    type Own = Nothing;
    type Group = Nothing;
    type Keeps = B0;
    type Joint = B0;

    fn constants(&self, _: &Step, _: &mut Nothing, _: &Nothing) -> Nothing {
        Nothing
    }

    fn update<F: Real>(_: &Nothing, input: Input<F>, _: &Nothing, _: &mut Nothing) -> Input<F> {
        // A number may be a whole tile of them.
        ELEMENTS.fetch_add(size_of::<F>() / size_of::<f32>(), Ordering::Relaxed);
        input
    }
}

/// How often a step of a chain with the state of Adam walks over its tensors.
fn walks(chain: impl Stage) -> usize {
    const LENGTH: usize = 200 * TILE;
    let rule = Chained { chain: Probe.then(chain), learning_rate: LearningRate::new(0.1).expect("a rate") };
    let rule = <DynamicRule>::new(rule, AroundAtRunTime::default()).expect("two fields of state");
    let mut parameters = [("x", vec![0.5f32; LENGTH])];
    let gradients = [("x", vec![0.25f32; LENGTH])];
    let mut optimizer = rule.build(Cpu::default(), &parameters).expect("a model");
    optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
    ELEMENTS.store(0, Ordering::Relaxed);
    optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
    let seen = ELEMENTS.load(Ordering::Relaxed);
    assert!(seen.is_multiple_of(LENGTH), "{seen} of {LENGTH}");
    seen / LENGTH
}

#[test]
fn memory_is_walked_as_often_as_there_are_passes() {
    let adam = ScaleByAdam::default;
    assert_eq!(walks(adam()), 1);
    assert_eq!(walks(value().then(adam()).then(TrustRegion::default())), 1);
    assert_eq!(walks(adam().then(ClipNorm::default())), 2);
    assert_eq!(walks(ScaleByStableAdam::default().then(Caution::default())), 3);
    assert_eq!(walks(Identity.beside(adam()).merge(WeightedSum::default())), 1);
    assert_eq!(walks(Identity.beside(adam()).merge(Graft::default())), 3);
}

/// Which statistics may see the parameter. One that may not is taken with a parameter that would show.
fn may_see_the_parameter<R: Rule>(rule: R) -> Vec<bool> {
    passes_that_see(&rule.direction().then(rule.finish()))
}

fn passes_that_see<C: Stage>(chain: &C) -> Vec<bool> {
    let zeros = || 0.0;
    let (mut own, group) = (C::Own::generate(zeros), C::Group::generate(zeros));
    let constants = chain.constants(&Step::first(0.1).next(), &mut own, &group);
    let sees = |pass| {
        let (tensor, mut state) = (C::Tensor::generate(|| 1.5), C::State::generate(|| 0.25));
        let value = C::measure(pass, &constants, Input::of(0.5, f64::NAN), &tensor, &mut state);
        let sees = C::sees_parameter(Some(pass), &constants);
        assert!(sees || value.is_finite(), "statistic {pass}");
        sees
    };
    (0..C::PASSES).map(sees).collect()
}

#[test]
fn statistics_that_do_not_see_the_parameter_say_so() {
    let rate = LearningRate::new(0.1).expect("a rate");
    let decays = [
        (WeightDecay::NONE, false),
        (WeightDecay::decoupled(0.1).expect("a decay"), false),
        (WeightDecay::fully_decoupled(0.1, rate).expect("a decay"), false),
        (WeightDecay::l2(0.1).expect("a decay"), true),
    ];
    for (weight_decay, sees) in decays {
        assert_eq!(may_see_the_parameter(SudsAdamW { weight_decay, ..SudsAdamW::default() }), [sees; 5]);
        assert_eq!(may_see_the_parameter(SignLaProp { weight_decay, ..SignLaProp::default() }), [sees; 2]);
        assert_eq!(may_see_the_parameter(StableAdamW { weight_decay, ..StableAdamW::default() }), [sees]);
        // The norm on whose sphere it stays is the parameter's own.
        let rule = HyperBallAdamW { weight_decay, ..HyperBallAdamW::default() };
        assert!(may_see_the_parameter(rule).contains(&true));
    }
}

//! Branches that are programs have the bits of the same branches in types.

use super::{VALID, assert_same, assert_same_in_all_formats, tensors};
use core::any::TypeId;
use gradus::clip::{ClipJointly, ClipNorm, ClipRms, JointSize, TrustRegion};
use gradus::cpu::Cpu;
use gradus::fields;
use gradus::hyperparameter::{Amount, LearningRate, Limit, WeightDecay};
use gradus::optimizer::Build;
use gradus::real::Real;
use gradus::rule::{
    AddDecay, Average, Chained, Graft, Momentum, ScaleByAdam, ScaleByLearningRate, ScaleByNAdam, ScaleBySm3,
    ScaleByStableAdam, Sign, WeightAverage, WeightedSum,
};
use gradus::transform::{
    AroundAtRunTime, Arrives, Description, DynamicChain, DynamicRule, Flag, Fold, Identity, Input, Program,
    Stage, StageExt, Step,
};
use gradus::typenum::{B0, B1};
use half::{bf16, f16};

fields! { struct Both { of_tensor, of_group } }
fields! { struct Seen { seen } }
fields! { struct Largest { largest } }
fields! { struct Gradients { gradients } }
fields! { struct Steps { steps } }

/// A stage with numbers of every kind, which all enter the update.
#[derive(Clone, Copy, Debug)]
struct Everything;

impl Stage for Everything {
    type Constants = Both;
    type State = Seen;
    type Tensor = Largest;
    type Own = Gradients;
    type Group = Steps;
    type Keeps = B1;
    type Joint = B0;
    const PASSES: usize = 1;
    const LOOKS_BACK: bool = true;

    fn begins_once(&self) -> bool {
        true
    }

    fn moves(&self, at: &Step) -> bool {
        at.own != 2 // the second gradient is spent
    }

    fn advance(&self, _at: &Step, group: &mut Steps<f64>) {
        group.steps += 1.0;
    }

    fn constants(&self, _at: &Step, own: &mut Gradients<f64>, group: &Steps<f64>) -> Both<f64> {
        own.gradients += 0.5;
        Both { of_tensor: own.gradients, of_group: group.steps }
    }

    fn measures(&self, at: &Step) -> bool {
        at.own != 3
    }

    fn fold(_pass: usize) -> Fold {
        Fold::Max
    }

    fn measure<F: Real>(_: usize, _: &Both<F>, input: Input<F>, _: &Largest<F>, state: &mut Seen<F>) -> F {
        (input.update - state.seen).abs()
    }

    fn finish<F: Real>(_: usize, at: &Both<F>, largest: F, count: F, tensor: &mut Largest<F>) {
        tensor.largest = largest + at.of_group / count;
    }

    fn update<F: Real>(at: &Both<F>, input: Input<F>, tensor: &Largest<F>, state: &mut Seen<F>) -> Input<F> {
        let update = input.update * at.of_tensor + state.seen / tensor.largest;
        input.with_rate(F::constant(0.5)).with_update(update + at.of_group)
    }

    fn after<F: Real>(at: &Both<F>, parameter: F, _: &Largest<F>, state: &mut Seen<F>) {
        state.seen = parameter * at.of_tensor;
    }
}

fn learning_rate() -> LearningRate {
    LearningRate::new(0.01).expect(VALID)
}

fn in_types<C: Stage>(chain: C) -> Chained<C> {
    Chained { chain, learning_rate: learning_rate() }
}

fn as_data<JOINT: Flag + core::fmt::Debug>(program: Program) -> DynamicRule<JOINT> {
    let around = AroundAtRunTime { before: program, ..Default::default() };
    DynamicRule::new(in_types(Identity), around).expect("it has not too many fields")
}

fn decay() -> AddDecay {
    AddDecay::to_update(WeightDecay::decoupled(0.1).expect(VALID))
}

fn clip() -> ClipNorm {
    ClipNorm { limit: Limit::new(0.7).expect(VALID) }
}

fn jointly() -> ClipJointly {
    ClipJointly { size: JointSize::Norm, limit: Limit::new(0.5).expect(VALID) }
}

fn uneven() -> WeightedSum {
    WeightedSum { first: Amount::new(0.3).expect(VALID), second: Amount::new(1.7).expect(VALID) }
}

/// Stages as a program.
macro_rules! program {
    ($($stage:expr),*) => {{
        let mut program = Program::default();
        let _all = &mut program;
        $(_all.push($stage);)*
        program
    }};
}

/// What both say of themselves.
fn assert_same_words(program: &Program, chain: &impl Stage) {
    let data = <DynamicChain>::new(program.clone()).expect("it has not too many fields");
    let words = |stage: Description| Description { lengths: Vec::new(), ..stage };
    assert_eq!(words(data.description()), words(chain.description()));
    assert_eq!(data.names_of_state(), chain.names_of_state());
    assert_eq!(data.names_of_constants(), chain.names_of_constants());
    assert_eq!(data.keeps(), chain.keeps());
    assert_eq!(data.is_joint(), chain.is_joint());
    assert_eq!(data.begins_once(), chain.begins_once());
    assert_eq!(data.has_second_point(), chain.has_second_point());
    assert_eq!(data.passes_of(), chain.passes_of());
    for pass in 0..chain.passes_of() {
        assert_eq!(data.fold_of(pass), chain.fold_of(pass));
        assert_eq!(data.joins_of(pass), chain.joins_of(pass));
    }
    let mut at = Step::first(0.1);
    for _ in 0..4 {
        assert_eq!(data.moves(&at), chain.moves(&at));
        assert_eq!(data.measured_passes(&at), chain.measured_passes(&at));
        let mut accumulated = at;
        accumulated.arrives = Arrives::ToAccumulate;
        assert_eq!(data.measured_passes(&accumulated), chain.measured_passes(&accumulated));
        at = at.next();
    }
}

/// The same branches as programs and in types.
macro_rules! assert_same_branches {
    ($program:expr, $chain:expr) => {{
        assert_same_words(&$program, &$chain);
        let (data, types) = (as_data::<B1>($program), in_types($chain));
        assert_same::<f32, _, _, _>(
            data.clone().build(Cpu::default(), &tensors::<f32>(0)).expect(VALID),
            types.clone().build(Cpu::default(), &tensors::<f32>(0)).expect(VALID),
        );
        assert_same::<bf16, _, _, _>(
            data.parameters_in::<bf16>().kahan().build(Cpu::default(), &tensors::<bf16>(0)).expect(VALID),
            types.parameters_in::<bf16>().kahan().build(Cpu::default(), &tensors::<bf16>(0)).expect(VALID),
        );
    }};
}

fn momentum_and_adam() -> Program {
    let adam = Program::of(ScaleByAdam::default());
    Program::of(Momentum::default()).beside(adam).merge(Graft::default()).expect("no matrices")
}

#[test]
fn two_stages() {
    let chain = Momentum::default().beside(ScaleByAdam::default()).merge(Graft::default());
    let (data, types) = (|| as_data::<B1>(momentum_and_adam()), || in_types(chain).builder());
    assert_same_in_all_formats!(data, types);
    assert_same_words(&momentum_and_adam(), &chain);
    let data = || program!(Average::default()).beside(program!(Sign)).merge(uneven()).expect("no matrices");
    assert_same_branches!(data(), Average::default().beside(Sign).merge(uneven()));
}

#[test]
fn a_statistic_in_each_branch_and_in_the_merge() {
    let data = || {
        let first = program!(clip(), Momentum::default());
        let second = program!(ScaleByAdam::default(), ClipRms::default(), decay());
        let mut both = first.beside(second).merge(Graft::default()).expect("no matrices");
        both.push(TrustRegion::default());
        both.then(&program!(Momentum::default()))
    };
    let first = clip().then(Momentum::default());
    let second = ScaleByAdam::default().then(ClipRms::default()).then(decay());
    let both = first.beside(second).merge(Graft::default());
    let chain = both.then(TrustRegion::default()).then(Momentum::default());
    assert_same_branches!(data(), chain);
}

#[test]
fn branches_in_either_branch_behind_a_stage() {
    let data = || {
        let mean = program!(Momentum::default()).beside(program!(ScaleByNAdam::default())).merge(uneven());
        let mut mean = mean.expect("no matrices");
        mean.push(clip());
        let sign = program!().beside(program!(Sign)).merge(Graft::default()).expect("no matrices");
        let both = sign.beside(mean).merge(Graft::default()).expect("no matrices");
        program!(Average::default()).then(&both)
    };
    let mean = Momentum::default().beside(ScaleByNAdam::default()).merge(uneven()).then(clip());
    let sign = Identity.beside(Sign).merge(Graft::default());
    let chain = Average::default().then(sign.beside(mean).merge(Graft::default()));
    assert_same_branches!(data(), chain);
}

#[test]
fn rates_stay_within_their_branches() {
    let data = || {
        let second = program!(ScaleByStableAdam::default(), ScaleByLearningRate);
        let both = program!(ScaleByStableAdam::default()).beside(second).merge(uneven());
        both.expect("no matrices").then(&program!(decay()))
    };
    let second = ScaleByStableAdam::default().then(ScaleByLearningRate);
    let chain = ScaleByStableAdam::default().beside(second).merge(uneven()).then(decay());
    assert_same_branches!(data(), chain);
}

#[test]
fn joint_statistics_state_by_axis_and_points_for_evaluation() {
    let average = || WeightAverage::exponential(0.7).expect(VALID);
    let data = || {
        let first = program!(jointly(), ScaleBySm3::default());
        first.beside(program!(Momentum::default(), average())).merge(uneven()).expect("no matrices")
    };
    let first = jointly().then(ScaleBySm3::default());
    let chain = first.beside(Momentum::default().then(average())).merge(uneven());
    assert_same_branches!(data(), chain);

    let mut data = as_data::<B1>(data()).build(Cpu::default(), &tensors::<f32>(0)).expect(VALID);
    let mut types = in_types(chain).build(Cpu::default(), &tensors::<f32>(0)).expect(VALID);
    let (mut left, mut right) = (tensors::<f32>(0), tensors::<f32>(0));
    for step in 1..=3 {
        data.step(&mut left, &tensors::<f32>(step)).expect("the gradients fit");
        types.step(&mut right, &tensors::<f32>(step)).expect("the gradients fit");
    }
    let parameters = left.clone();
    data.evaluation_into(&parameters, &mut left).expect("it averages");
    types.evaluation_into(&parameters, &mut right).expect("it averages");
    assert!(left == right && left != parameters);
}

#[test]
fn numbers_of_every_kind() {
    let data = || {
        let both = program!(Everything, Everything).beside(program!(Sign, Everything)).merge(uneven());
        program!(Everything).then(&both.expect("no matrices")).then(&program!(Everything))
    };
    let both = Everything.then(Everything).beside(Sign.then(Everything)).merge(uneven());
    let chain = Everything.then(both).then(Everything);
    assert_same_branches!(data(), chain);
}

/// Gradients one by one, a micro-batch before each, and a snapshot in the middle that goes elsewhere.
#[test]
fn gradients_one_by_one_and_a_snapshot() {
    let chain = Momentum::default().beside(ScaleByAdam::default()).merge(Graft::default());
    let build = || as_data::<B0>(momentum_and_adam()).parameters_in::<bf16>().kahan().gradient_release();
    let mut data = build().build(Cpu::default(), &tensors::<bf16>(0)).expect(VALID);
    let types = in_types(chain).parameters_in::<bf16>().kahan().gradient_release();
    let mut types = types.build(Cpu::default(), &tensors::<bf16>(0)).expect(VALID);
    let (mut left, mut right) = (tensors::<bf16>(0), tensors::<bf16>(0));
    for number in 1..=4 {
        macro_rules! step {
            ($optimizer:ident, $parameters:ident) => {
                let mut step = $optimizer.begin_step().expect("every step is finished");
                for (place, (name, parameter)) in $parameters.iter_mut().enumerate() {
                    let (_, micro_batch) = tensors::<bf16>(10 + number).swap_remove(place);
                    let (_, gradient) = tensors::<bf16>(number).swap_remove(place);
                    step.accumulate(&*name, micro_batch).expect("it fits");
                    step.release(&*name, parameter, gradient).expect("it fits");
                }
                step.finish();
            };
        }
        step!(data, left);
        step!(types, right);
        assert!(left == right, "step {number}");
        let of_data = data.snapshot().expect("whole steps");
        assert_eq!(of_data.tensors, types.snapshot().expect("whole steps").tensors);
        data = build().build(Cpu::default(), &left).expect(VALID);
        data.restore(&of_data).expect("it is of the same optimizer");
    }
    assert!(left != tensors::<bf16>(0));
}

#[test]
fn memory_is_reported_as_for_types() {
    let chain = Momentum::default().beside(ScaleByAdam::default()).merge(Graft::default());
    let data = as_data::<B1>(momentum_and_adam()).build(Cpu::default(), &tensors::<f32>(0)).expect(VALID);
    let types = in_types(chain).build(Cpu::default(), &tensors::<f32>(0)).expect(VALID);
    assert_eq!(data.memory().groups, types.memory().groups);
}

#[test]
fn a_combination_that_cannot_be() {
    use gradus::rule::Muon;
    use gradus::transform::Rule;

    let matrices = program!(Muon::default().direction());
    for both in [matrices.clone().beside(program!()), program!(Sign).beside(matrices)] {
        let error = both.merge(uneven()).expect_err("it has matrices").to_string();
        let expected = "a rule that works on matrices is not available with branches: it interrupts all stages of a \
                        chain, not those of one branch alone";
        assert_eq!(error, expected);
    }

    let joint = program!(jointly()).beside(program!()).merge(uneven()).expect("no matrices");
    assert!(joint.is_joint() && !joint.keeps());
    let error = DynamicChain::<B0>::new(joint).expect_err("it needs all gradients").to_string();
    assert!(error.starts_with("a stage that needs all gradients at once is not available with "), "{error}");

    let mut many = momentum_and_adam();
    for _ in 0..2 {
        many = many.clone().beside(many).merge(Graft::default()).expect("no matrices");
    }
    let error = <DynamicChain>::new(many).expect_err("it has twelve fields").to_string();
    assert!(error.starts_with("12 fields of state, 0 by axis, and 14 statistics is not "), "{error}");
}

/// The types of a program's stages say where its branches begin and end.
#[test]
fn branches_are_told_apart() {
    let types = |program: Program| {
        let mut types: Vec<TypeId> = Vec::new();
        let chain = <DynamicChain>::new(program).expect("it has no fields");
        chain.each_stage_at_run_time(&mut |stage| types.push(stage));
        types
    };
    let merged = |first: Program, second: Program| first.beside(second).merge(uneven()).expect("no matrices");
    let programs = [
        merged(program!(Sign), program!(Sign, Sign)),
        merged(program!(Sign, Sign), program!(Sign)),
        merged(program!(Sign), program!(Sign)).then(&program!(Sign)),
        program!(Sign).then(&merged(program!(Sign), program!(Sign))),
        merged(program!(), program!(Sign, Sign, Sign)),
        program!(Sign).beside(program!(Sign, Sign)).merge(Graft::default()).expect("no matrices"),
    ];
    for (place, program) in programs.iter().enumerate() {
        let same = programs.iter().filter(|other| types((*other).clone()) == types(program.clone()));
        assert_eq!(same.count(), 1, "{place}");
    }
}

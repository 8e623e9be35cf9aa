//! A chain from data has the bits of the same chain in types.

mod branches;

use gradus::clip::{
    ALaw, AdaptiveClip, ClipJointly, ClipNorm, ClipRms, JointSize, MuLaw, NormalizeRms, TrustRegion,
};
use gradus::cpu::Cpu;
use gradus::device::Formats;
use gradus::dtype::StorageDtype;
use gradus::hyperparameter::{Limit, WeightDecay};
use gradus::optimizer::{Build, Optimizer, Together};
use gradus::real::Real;
use gradus::rule::{AdamW, AddDecay, Chained, Graft, Lion, Momentum, ScaleByAdam, SgdMomentum};
use gradus::transform::{AroundAtRunTime, DynamicRule, Program, Rule, StageExt};
use half::{bf16, f16};

const LENGTHS: [usize; 5] = [1, 63, 64, 5000, 9001];
const VALID: &str = "the table keeps to the ranges";

type Tensors<T> = Vec<(String, Vec<T>)>;

/// Numbers of many sizes and both signs.
fn tensors<T: StorageDtype>(stream: usize) -> Tensors<T> {
    let value = |place: usize, element: usize| {
        let hash = (element * 2_654_435_761 + (stream * 31 + place) * 40_503) % 100_003;
        let unit = hash as f64 / 50_001.5 - 1.0;
        T::round(T::Arithmetic::constant(unit * unit * unit * 3.0))
    };
    let tensor = |(place, length): (usize, &usize)| {
        (format!("x{place}"), (0..*length).map(|element| value(place, element)).collect())
    };
    LENGTHS.iter().enumerate().map(tensor).collect()
}

/// Takes steps with both and compares every bit of the parameters and of the state.
fn assert_same<T, P, R, K>(
    mut data: Optimizer<P, K, Together, Cpu>,
    mut types: Optimizer<R, K, Together, Cpu>,
) where
    T: StorageDtype,
    P: Rule,
    R: Rule,
    K: Formats<Parameter = T, Gradient = T>,
{
    let (mut left, mut right) = (tensors::<T>(0), tensors::<T>(0));
    for step in 1..=4 {
        let gradients = tensors::<T>(step);
        data.step(&mut left, &gradients).expect("the gradients fit");
        types.step(&mut right, &gradients).expect("the gradients fit");
        assert!(left == right, "{types:?} at step {step}");
    }
    assert!(left != tensors::<T>(0), "{types:?} moves nothing");
    let (data, types) = (data.snapshot().expect("whole steps"), types.snapshot().expect("whole steps"));
    for (data, types) in data.tensors.iter().zip(&types.tensors) {
        let values = |state: &[(String, Vec<K::State>)]| -> Vec<_> {
            state.iter().map(|(_, values)| values.clone()).collect()
        };
        assert!(values(&data.state) == values(&types.state), "the state differs");
    }
}

/// The same rule as data and in types, in several formats and stores.
macro_rules! assert_same_in_all_formats {
    ($data:ident, $types:ident) => {
        assert_same::<f32, _, _, _>(
            $data().build(Cpu::default(), &tensors::<f32>(0)).expect(VALID),
            $types().build(Cpu::default(), &tensors::<f32>(0)).expect(VALID),
        );
        assert_same::<f64, _, _, _>(
            $data().parameters_in::<f64>().build(Cpu::default(), &tensors::<f64>(0)).expect(VALID),
            $types().parameters_in::<f64>().build(Cpu::default(), &tensors::<f64>(0)).expect(VALID),
        );
        assert_same::<bf16, _, _, _>(
            $data().parameters_in::<bf16>().build(Cpu::default(), &tensors::<bf16>(0)).expect(VALID),
            $types().parameters_in::<bf16>().build(Cpu::default(), &tensors::<bf16>(0)).expect(VALID),
        );
        assert_same::<bf16, _, _, _>(
            $data().parameters_in::<bf16>().kahan().build(Cpu::default(), &tensors::<bf16>(0)).expect(VALID),
            $types().parameters_in::<bf16>().kahan().build(Cpu::default(), &tensors::<bf16>(0)).expect(VALID),
        );
        assert_same::<f16, _, _, _>(
            $data()
                .parameters_in::<f16>()
                .stochastic_rounding(3)
                .state_in::<f16>(5)
                .build(Cpu::default(), &tensors::<f16>(0))
                .expect(VALID),
            $types()
                .parameters_in::<f16>()
                .stochastic_rounding(3)
                .state_in::<f16>(5)
                .build(Cpu::default(), &tensors::<f16>(0))
                .expect(VALID),
        );
    };
    ($rule:expr, before: [$($before:expr),*], behind: [$($behind:expr),*]) => {{
        let around = || {
            let mut around = AroundAtRunTime::default();
            let AroundAtRunTime { before: _front, behind: _back, .. } = &mut around;
            $(_front.push($before);)*
            $(_back.push($behind);)*
            around
        };
        let data = || <DynamicRule>::new($rule, around()).expect(VALID);
        let types = || $rule.builder()$(.on_gradient($before))*$(.on_update($behind))*;
        assert_same_in_all_formats!(data, types);
    }};
}
use assert_same_in_all_formats;

#[test]
fn a_clip_in_front_or_behind_has_the_same_bits() {
    assert_same_in_all_formats!(AdamW::default(), before: [ClipNorm::default()], behind: []);
    assert_same_in_all_formats!(AdamW::default(), before: [MuLaw::default()], behind: [TrustRegion::default()]);
    assert_same_in_all_formats!(Lion::default(), before: [AdaptiveClip::default(), ALaw::default()], behind: []);
    assert_same_in_all_formats!(
        SgdMomentum::default(), before: [ClipRms::default()], behind: [NormalizeRms::default()]
    );
}

#[test]
fn a_joint_statistic_has_the_same_bits() {
    let jointly = |size| ClipJointly { size, limit: Limit::new(0.5).expect(VALID) };
    assert_same_in_all_formats!(
        AdamW::default(), before: [jointly(JointSize::Norm)], behind: [jointly(JointSize::Rms)]
    );
}

#[test]
fn a_chain_of_stages_has_the_same_bits() {
    let decay = AddDecay::to_update(WeightDecay::decoupled(0.1).expect(VALID));
    let learning_rate = AdamW::default().learning_rate;
    let chain = Momentum::default().then(ScaleByAdam::default()).then(decay);
    let types = Chained { chain, learning_rate };
    assert_same_in_all_formats!(types, before: [], behind: []);
}

#[test]
fn branches_have_the_same_bits() {
    let chain = Momentum::default().beside(ScaleByAdam::default()).merge(Graft::default());
    let types = Chained { chain, learning_rate: AdamW::default().learning_rate };
    assert_same_in_all_formats!(types, before: [], behind: []);
}

#[test]
fn a_program_knows_its_state() {
    let mut program = Program::default();
    program.push(Momentum::default());
    program.push(ScaleByAdam::default());
    program.push(Momentum::default());
    assert_eq!(program.state_fields(), ["velocity", "first", "second", "velocity_2"]);
    assert!(program.keeps() && !program.is_joint());
    program.push(ClipJointly { size: JointSize::Norm, limit: Limit::new(1.0).expect(VALID) });
    assert!(program.is_joint());
    program.append(&program.clone());
    let error =
        <DynamicRule>::new(AdamW::default(), AroundAtRunTime { before: program, ..Default::default() });
    let text = error.expect_err("it has ten fields").to_string();
    assert!(
        text.starts_with(
            "10 fields of state, 0 by axis, and 2 statistics is not available with a chain from data"
        ),
        "{text}"
    );
}

//! Reports against an allocator that counts, for every rule and every store.

use crate::allocator::held;
use gradus::clip::{AdaptiveClip, ClipJointly, ClipNorm, JointSize};
use gradus::cpu::Cpu;
use gradus::hyperparameter::Limit;
use gradus::optimizer::{Build, LossScaling, select};
use gradus::rule::*;
use gradus::transform::{MatrixPrecision, Rule};
use half::{bf16, f16};
use ndarray::Array2;

/// Tensors of one element, of one leaf of a sum, and of several; and one without any.
const LENGTHS: [(&str, usize); 5] =
    [("weight", 10_000), ("bias", 7), ("empty", 0), ("scale", 1), ("head", 4096)];

/// What is allocated for the elements of a model is what is reported for them, and the optimizer says
/// the same as the builder.
macro_rules! agree {
    ($format:ty, $builder:expr) => {{
        let what = concat!(stringify!($format), " ", stringify!($builder));
        let build = |lengths: [(&'static str, usize); 5]| {
            let parameters: Vec<(&str, Vec<$format>)> =
                lengths.map(|(name, length)| (name, vec![Default::default(); length])).into();
            let report = $builder.memory(&parameters).expect("the model is valid");
            assert_eq!(
                $builder.memory_of(lengths.map(|(name, length)| (name, [length]))),
                Ok(report.clone()),
                "{what}"
            );
            let (optimizer, held) =
                held(|| $builder.build(Cpu::default(), &parameters).expect("the model is valid"));
            assert_eq!(optimizer.memory(), report, "{what}");
            assert_eq!(optimizer.state_bytes() as u64, report.state_bytes(), "{what}");
            (report, held)
        };
        let (full, of_full) = build(LENGTHS);
        // Names, shapes and numbers per tensor are the same for a model of empty tensors.
        let (empty, of_empty) = build(LENGTHS.map(|(name, _)| (name, 0)));
        assert_eq!(of_full - of_empty, full.device_bytes() - empty.device_bytes(), "{what}");
        assert!(of_empty >= empty.device_bytes() + empty.host_bytes(), "{what}");
    }};
}

/// A rule in every store, and in formats of every size.
macro_rules! in_every_store {
    ($($name:ident: $rule:expr;)+) => {$(
        #[test]
        fn $name() {
            agree!(f64, $rule.parameters_in::<f64>());
            agree!(f32, $rule.parameters_in::<f32>());
            agree!(f32, $rule.state_in::<bf16>(1).gradients_in::<f16>());
            agree!(bf16, $rule.parameters_in::<bf16>());
            agree!(bf16, $rule.parameters_in::<bf16>().kahan().state_in::<bf16>(1));
            agree!(f16, $rule.parameters_in::<f16>().stochastic_rounding(1));
        }
    )+};
}

in_every_store! {
    adadelta: Adadelta::default();
    adagrad: Adagrad::default();
    adam: Adam::default();
    adamax: Adamax::default();
    adamw: AdamW::default();
    adamc: AdamC::default();
    ademamix: AdEMAMix::default();
    adopt: Adopt::default();
    amsgradw: AmsGradW::default();
    centered_rmsprop: CenteredRmsProp::default();
    hyperball_adamw: HyperBallAdamW::default();
    laprop: LaProp::default();
    laprop_ortho: LaPropOrtho::default();
    msam_laprop: MsamLaProp::default();
    ortho_laprop: OrthoLaProp::default();
    rmsprop_momentum: RmsPropMomentum::default();
    schedule_free_radam: ScheduleFreeRAdam::default();
    schedule_free_sgd: ScheduleFreeSgd::default();
    sign_laprop: SignLaProp::default();
    suds_adamw: SudsAdamW::default();
    unscaled_adamw: UnscaledAdamW::default();
    adan: Adan::default();
    amsgrad: AmsGrad::default();
    centered_rmsprop_with_momentum: CenteredRmsPropMomentum::default();
    lion: Lion::default();
    nadam: NAdam::default();
    radam: RAdam::default();
    ranger: Ranger::default();
    rmsprop: RmsProp::default();
    schedule_free_adamw: ScheduleFreeAdamW::default();
    sgd: Sgd::default();
    sgd_momentum: SgdMomentum::default();
    sgd_sai: SgdSai::default();
    sm3: Sm3::default();
    sm3_momentum: Sm3Momentum::default();
    stable_adamw: StableAdamW::default();
    an_average: AdamW::default().average(WeightAverage::uniform());
    a_clip_of_each_tensor: Lion::default().on_gradient(ClipNorm::default()).on_update(AdaptiveClip::default());
    groups_and_frozen_tensors: AdamW::default()
        .group("first", select::named("weight"), AdamW::default())
        .without_decay(select::named("bias"))
        .freeze(select::named("head"));
    what_all_gradients_decide: Lion::default()
        .clip_global_norm(1.0)
        .loss_scaling(LossScaling::default())
        .on_update(ClipJointly { size: JointSize::Norm, limit: Limit::new(1.0).expect("in the range") });
}

/// Lines of matrices, whose room depends on how the work is cut.
#[test]
fn numbers_by_axis_take_what_their_shapes_say() {
    for shape in [(300, 400), (7, 1), (0, 5), (2, 100_003)] {
        let shape = [shape.0, shape.1];
        let parameters = [("x", Array2::<f32>::zeros(shape))];
        let report = Sm3::default().memory(&parameters).expect("the model is valid");
        let (optimizer, held) =
            held(|| Sm3::default().build(Cpu::default(), &parameters).expect("the model is valid"));
        assert_eq!(report.state_bytes(), 4 * (shape[0] + shape[1]) as u64);
        assert_eq!(
            (optimizer.state_bytes() as u64, optimizer.memory()),
            (report.state_bytes(), report.clone())
        );
        let empty = [("x", Array2::<f32>::zeros([0, 0]))];
        let (_, of_empty) = crate::allocator::held(|| {
            Sm3::default().build(Cpu::default(), &empty).expect("the model is valid")
        });
        let of_none = Sm3::default().memory(&empty).expect("the model is valid").device_bytes();
        assert_eq!(held - of_empty, report.device_bytes() - of_none, "{shape:?}");
    }
}

/// State, and what tensors share while they are worked on: by one thread, by fewer than there are tensors, and by more.
#[test]
#[cfg(feature = "matrix")]
fn matrix_rules_take_what_their_shapes_and_the_threads_say() {
    fn agrees<R: Rule + Clone>(rule: R) {
        for threads in [1, 2, 8] {
            let device = Cpu::with_threads(threads).expect("that many threads can be started");
            let built = |shapes: [[usize; 2]; 3]| {
                let parameters = ["a", "b", "c"].map(String::from).into_iter().zip(shapes);
                let parameters: Vec<_> =
                    parameters.map(|(name, shape)| (name, Array2::<f32>::zeros(shape))).collect();
                let report = rule.clone().memory(&parameters).expect("the model is valid");
                let build = || rule.clone().build(device.clone(), &parameters).expect("the model is valid");
                let (optimizer, held) = held(build);
                assert_eq!(optimizer.memory(), report);
                (held, report.device_bytes() + report.workspace_bytes(&device))
            };
            let (held, reported) = built([[30, 20], [17, 40], [64, 2]]);
            let (of_less, reported_less) = built([[3, 2], [2, 3], [3, 2]]);
            assert_eq!(held - of_less, reported - reported_less, "{rule:?} on {threads} threads");
        }
    }
    agrees(Muon::default());
    agrees(Muon { method: ZerothPower::SingularVectors, ..Muon::default() });
    agrees(Muon { method: ZerothPower::Eigenvectors, ..Muon::default() });
    agrees(Muon { method: ZerothPower::Orthonormal, ..Muon::default() });
    agrees(Muon { precision: MatrixPrecision::Bf16, ..Muon::default() });
    agrees(Soap::default());
    agrees(Psgd::default());
}

/// Whatever is in the catalogue, by its name, so that no rule is left out.
#[test]
fn every_optimizer_of_the_catalogue_takes_what_is_reported() {
    use gradus::catalogue::{self, Configuration, Format, StoreKind};

    let parameters: Vec<(&str, Vec<bf16>)> =
        LENGTHS.map(|(name, length)| (name, vec![bf16::ZERO; length])).into();
    let shapes = || LENGTHS.map(|(name, length)| (name, [length]));
    for entry in catalogue::entries() {
        for (state_format, stores) in [
            (Format::F32, &[StoreKind::Nearest, StoreKind::Kahan, StoreKind::Stochastic][..]),
            (Format::Bf16, &[StoreKind::Nearest, StoreKind::Kahan, StoreKind::Stochastic]),
            (Format::Bf16Plus8, &[StoreKind::Nearest, StoreKind::Corrected8]),
            (Format::Bf16Plus16, &[StoreKind::Corrected16]),
        ] {
            for &store in stores {
                let listed = entry.name == "chain";
                let mut configuration = Configuration::of(entry.name);
                (configuration.state_format, configuration.store) = (Some(state_format), store);
                if listed {
                    configuration.hyperparameters =
                        [("chain", "graft(sign | scale_by_laprop), sign".into())].into();
                }
                let report = catalogue::memory::<bf16, _, _>(&configuration, shapes());
                let report = report.unwrap_or_else(|error| panic!("{}: {error}", entry.name));
                let optimizer = catalogue::build(&configuration, Cpu::default(), &parameters);
                let optimizer = optimizer.unwrap_or_else(|error| panic!("{}: {error}", entry.name));
                let taken = optimizer.state_bytes() as u64;
                // A chain from data has room for sixteen numbers per tensor.
                let room = if cfg!(debug_assertions) || listed { 5 * 16 * 4 } else { 0 };
                let what = format!("{} {state_format:?} {store:?}", entry.name);
                assert!(report.state_bytes() <= taken && taken <= report.state_bytes() + room, "{what}");
                assert_eq!(optimizer.state_fields().len(), fields(&report, store), "{what}");
            }
        }
    }
}

/// The fields of an element's state that are in a report.
fn fields(report: &gradus::optimizer::MemoryReport, store: gradus::catalogue::StoreKind) -> usize {
    use gradus::optimizer::MemoryKind;

    let of = |kind| report.groups[0].fields.iter().filter(|field| field.kind == kind).count();
    assert_eq!(of(MemoryKind::Carried), usize::from(store.carried_bytes::<bf16>() > 0));
    of(MemoryKind::State) + of(MemoryKind::ByAxis)
}

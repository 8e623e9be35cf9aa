//! A document builds what the same calls would have built, to the bit.

use gradus::catalogue::{self, Configuration};
use gradus::cpu::Cpu;
use gradus::hyperparameter::{Amount, Decay, LearningRate, SecondDecay, WeightDecay};
use gradus::optimizer::{Build, LossScaling, Stepped, select};
use gradus::rule::{
    AdamW, AddDecay, Average, Averages, Caution, Chained, FirstMomentum, Graft, Momentum, NesterovAverage,
    ScaleByAdam, ScaleByRms, Sign, WeightAverage, WeightedSum,
};
use gradus::schedule::{Count, Form, Rise, Schedule};
use gradus::transform::{Identity, StageExt};
use half::bf16;

type Tensors = Vec<(&'static str, Vec<bf16>)>;

fn tensors(factor: f32) -> Tensors {
    let of = |values: &[f32]| values.iter().map(|value| bf16::from_f32(value * factor)).collect();
    vec![
        ("body.weight", of(&[0.5, -1.0, 2.0])),
        ("body.bias", of(&[0.25, 3.0])),
        ("head.weight", of(&[1.0, -0.125])),
        ("frozen.weight", of(&[1.5])),
    ]
}

#[test]
fn a_document_is_the_calls_that_it_stands_for() {
    let document = r#"
        optimizer = "adamw"
        parameters = "bf16"
        state = "bf16"
        store = "kahan"
        seed = 9
        clip_global_norm = 0.5
        frozen = ["frozen.*"]
        undecayed = ["*.bias"]

        [hyperparameters]
        lr = 0.125
        weight_decay = 0.25
        caution = true
        average = "exponential"
        average_decay = 0.9
        warmup_steps = 4

        [loss_scaling]
        start = 4.0

        [schedules.learning_rate.decay]
        form = "linear"
        start = 1.0
        end = 0.0
        steps = 20

        [[groups]]
        parameters = ["head.*"]
        hyperparameters = { lr = 0.5 }
        schedules.weight_decay.constant.value = 0.5
    "#;
    let configuration = Configuration::from_toml(document).unwrap_or_else(|error| panic!("{error}"));
    let mut left = tensors(1.0);
    let mut data = catalogue::build::<bf16>(&configuration, Cpu::default(), &left).expect("it is valid");

    let rule = |rate: f64| AdamW {
        learning_rate: LearningRate::new(rate).expect("in the range"),
        weight_decay: WeightDecay::decoupled(0.25).expect("in the range"),
        ..AdamW::default()
    };
    let linear = Schedule::decay(Form::Linear, 1.0, 0.0, 20).expect("in the range");
    let warm_up = Schedule::warm_up(4, Rise::Linear, Count::StepOverN);
    let both = Schedule::product([linear, warm_up]).expect("in the range");
    let half = Schedule::constant(0.5).expect("in the range");
    let mut right = tensors(1.0);
    let mut calls = rule(0.125)
        .parameters_in::<bf16>()
        .state_in::<bf16>(9)
        .kahan()
        .clip_global_norm(0.5)
        .loss_scaling(LossScaling { start: 4.0, ..LossScaling::default() })
        .freeze(select::named("frozen.*"))
        .without_decay(select::named("*.bias"))
        .on_update(Caution::default())
        .average(WeightAverage::exponential(0.9).expect("in the range"))
        .schedule("learning_rate", both)
        .schedule_group("head.*", "weight_decay", half)
        .group("head.*", select::named("head.*"), rule(0.5))
        .build(Cpu::default(), &right)
        .expect("the model is valid");
    for step in 1..=6 {
        let gradients = tensors(step as f32);
        assert_eq!(data.step(&mut left, &gradients), Ok(Stepped::Taken));
        calls.step(&mut right, &gradients).expect("the gradients fit");
        assert_eq!(left, right, "step {step}");
    }
    assert_eq!(left[3], tensors(1.0)[3]);
    let (mut of_data, mut of_calls) = (left.clone(), right.clone());
    data.evaluation_into(&left, &mut of_data).expect("it averages");
    calls.evaluation_into(&right, &mut of_calls).expect("it averages");
    assert_eq!(of_data, of_calls);
    assert_ne!(of_data, left);

    let mut bytes = std::io::Cursor::new(Vec::new());
    calls.save_into(&mut bytes).expect("memory can be written");
    // The same state, whether the chain was made of types or of data.
    assert_eq!(data.to_checkpoint().expect("no step is under way"), bytes.into_inner());
}

/// A list with branches, from a document that was written again.
#[test]
fn a_chain_by_name_is_the_chain_in_types() {
    let document = r#"
        optimizer = "chain"
        store = "kahan"
        state = "bf16"

        [hyperparameters]
        lr = 0.125
        beta1 = 0.8
        weight_decay = 0.25
        chain = """
            exp_avg,
            graft(
                identity, sum(heavyball_momentum | 0.25: palm_beta2, scale_by_exp_avg_sq)
              | scale_by_adam, sum(1e-1:sign|2: identity)
            ),
            nesterov_ema"""
    "#;
    let configuration = Configuration::from_toml(document).unwrap_or_else(|error| panic!("{error}"));
    let json = configuration.to_json().expect("all of it can be written");
    let configuration = Configuration::from_json(&json).unwrap_or_else(|error| panic!("{error}"));
    let mut left = tensors(1.0);
    let mut data = catalogue::build::<bf16>(&configuration, Cpu::default(), &left).expect("it is valid");

    let in_the_range = "in the range";
    let decay = Decay::new(0.8).expect(in_the_range);
    let weighted = |first, second| WeightedSum {
        first: Amount::new(first).expect(in_the_range),
        second: Amount::new(second).expect(in_the_range),
    };
    let momentum = Momentum { momentum: decay, first: FirstMomentum::Gradient, ..Momentum::default() };
    // β₂ follows PaLM's schedule in its branch alone.
    let palm = SecondDecay::palm(0.8).expect(in_the_range);
    let epsilon = ScaleByAdam::default().epsilon;
    let squares = ScaleByRms { decay: palm, averages: Averages::Debiased, epsilon };
    let length = momentum.beside(squares).merge(weighted(1.0, 0.25));
    let signs = Sign.beside(Identity).merge(weighted(0.1, 2.0));
    let direction = ScaleByAdam { first: decay, ..ScaleByAdam::default() }.then(signs);
    let grafted = length.beside(direction).merge(Graft::default());
    let weight_decay = WeightDecay::decoupled(0.25).expect(in_the_range);
    let chain = AddDecay::to_gradient(weight_decay)
        .then(Average { decay })
        .then(grafted)
        .then(NesterovAverage { decay })
        .then(AddDecay::to_update(weight_decay));
    let mut right = tensors(1.0);
    let mut types = Chained { chain, learning_rate: LearningRate::new(0.125).expect(in_the_range) }
        .parameters_in::<bf16>()
        .state_in::<bf16>(0)
        .kahan()
        .build(Cpu::default(), &right)
        .expect("the model is valid");
    for step in 1..=6 {
        let gradients = tensors(step as f32);
        data.step(&mut left, &gradients).expect("the gradients fit");
        types.step(&mut right, &gradients).expect("the gradients fit");
        assert_eq!(left, right, "step {step}");
    }
    assert_ne!(left, tensors(1.0));
}

#[test]
fn policies_decide_about_gradients_that_are_not_finite() {
    let run = |policy: &str| {
        let text = format!("optimizer = 'lion'\nnonfinite = '{policy}'");
        let configuration = Configuration::from_toml(&text).unwrap_or_else(|error| panic!("{error}"));
        let mut parameters = vec![("x", vec![1.0f32])];
        let mut optimizer =
            catalogue::build(&configuration, Cpu::default(), &parameters).expect("it is valid");
        let stepped = optimizer.step(&mut parameters, &vec![("x", vec![f32::NAN])]);
        (stepped, parameters[0].1[0])
    };
    let (propagated, parameter) = run("propagate");
    assert_eq!(propagated, Ok(Stepped::Taken));
    assert!(parameter.is_nan());
    assert_eq!(run("skip"), (Ok(Stepped::Skipped), 1.0));
    let (refused, parameter) = run("refuse");
    assert!(refused.is_err() && parameter == 1.0);
}

mod other_rules {
    //! Groups with an optimizer of their own.

    use super::*;
    use gradus::catalogue::{Boxed, GroupConfiguration, ShapeKind};
    use gradus::error::Error;
    use gradus::hyperparameter::Decay;
    use gradus::rule::{Lion, StableAdamW};
    use ndarray::ArrayD;

    type Arrays = Vec<(&'static str, ArrayD<f32>)>;

    fn model(factor: f32) -> Arrays {
        let of = |shape: &[usize], first: f32| {
            let length: usize = shape.iter().product();
            let values = (0..length).map(|i| factor * (first + 0.37 * i as f32).sin()).collect();
            ArrayD::from_shape_vec(shape, values).expect("as many values as elements")
        };
        vec![
            ("body.weight", of(&[5, 3], 0.1)),
            ("body.bias", of(&[5], 1.3)),
            ("norm", of(&[7], 2.0)),
            ("head.weight", of(&[2, 5], 3.0)),
        ]
    }

    fn run(optimizer: &mut Boxed<f32>, parameters: &mut Arrays) {
        for step in 1..=4 {
            optimizer.step(parameters, &model(0.3 * step as f32)).expect("the gradients fit");
        }
    }

    fn built(document: &str) -> (Boxed<f32>, Arrays) {
        let configuration = Configuration::from_toml(document).unwrap_or_else(|error| panic!("{error}"));
        let parameters = model(1.0);
        let optimizer = catalogue::build(&configuration, Cpu::default(), &parameters);
        (optimizer.unwrap_or_else(|error| panic!("{error}")), parameters)
    }

    #[test]
    fn each_group_moves_as_its_rule_says() {
        let document = r#"
            optimizer = "lion"
            hyperparameters = { lr = 0.01, beta2 = 0.9 }

            [schedules.momentum.constant]
            value = 0.5

            [[groups]]
            parameters = ["*"]
            shapes = "vectors"
            optimizer = "stable_adamw"
            hyperparameters = { lr = 0.1 }
        "#;
        let (mut data, mut left) = built(document);
        run(&mut data, &mut left);
        let halved = Lion {
            learning_rate: LearningRate::new(0.01).expect("in the range"),
            momentum: Decay::new(0.9).expect("in the range"),
            ..Lion::default()
        };
        let stable = StableAdamW {
            learning_rate: LearningRate::new(0.1).expect("in the range"),
            ..StableAdamW::default()
        };
        let mut right = model(1.0);
        let mut types = stable
            .route("matrices", select::matrices(), halved.into_scheduled())
            .build(Cpu::default(), &right)
            .expect("the model is valid");
        for step in 1..=4 {
            types.step(&mut right, &model(0.3 * step as f32)).expect("the gradients fit");
        }
        assert_eq!(left, right);
    }

    trait IntoScheduled {
        fn into_scheduled(self) -> gradus::optimizer::Builder<Lion>;
    }

    impl IntoScheduled for Lion {
        fn into_scheduled(self) -> gradus::optimizer::Builder<Lion> {
            self.schedule("momentum", Schedule::constant(0.5).expect("in the range"))
        }
    }

    #[cfg(feature = "matrix")]
    #[test]
    fn muon_adamw_is_muon_with_adamw_beside_it() {
        use gradus::rule::{Muon, ShapeScaling};

        let document = r#"
            optimizer = "muon_adamw"
            undecayed = ["*.bias"]
            hyperparameters = { lr = 0.05, weight_decay = 0.5, beta2 = 0.9 }

            [[groups]]
            parameters = ["head.*"]
            hyperparameters = { lr = 0.25 }
        "#;
        let (mut data, mut left) = built(document);
        run(&mut data, &mut left);
        let rate = |rate: f64| LearningRate::new(rate).expect("in the range");
        let decay = WeightDecay::decoupled(0.5).expect("in the range");
        let muon = |of: f64| Muon {
            learning_rate: rate(of),
            momentum: Decay::new(0.9).expect("in the range"),
            scaling: ShapeScaling::AsAdamW,
            weight_decay: decay,
            ..Muon::default()
        };
        let adamw = AdamW {
            learning_rate: rate(0.05),
            weight_decay: decay,
            second: 0.9.try_into().expect("in the range"),
            ..AdamW::default()
        };
        let mut right = model(1.0);
        let matrices = muon(0.05).group("head", select::named("head.*"), muon(0.25));
        let mut types = adamw
            .without_decay(select::named("*.bias"))
            .route("matrices", select::matrices(), matrices)
            .build(Cpu::default(), &right)
            .expect("the model is valid");
        for step in 1..=4 {
            types.step(&mut right, &model(0.3 * step as f32)).expect("the gradients fit");
        }
        assert_eq!(left, right);

        // It is told before what it takes: momentum for matrices, two averages for vectors.
        let configuration = Configuration::from_toml(document).expect("it is valid");
        let shapes = model(1.0).into_iter().map(|(name, array)| (name, array.shape().to_vec()));
        let report = catalogue::memory::<f32, _, _>(&configuration, shapes).expect("it is valid");
        assert_eq!(report.state_bytes(), data.state_bytes() as u64);
        let of = |label: &str| report.groups.iter().find(|group| group.label == label).expect("it is there");
        assert_eq!((of("vectors").tensors, of("vectors without decay").tensors), (1, 1));
        assert_eq!(of("head.* (matrices)").tensors, 1);
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let group = |optimizer: &str| GroupConfiguration {
            parameters: vec!["norm".to_owned()],
            optimizer: Some(optimizer.to_owned()),
            ..GroupConfiguration::default()
        };
        let refused = |configuration: Configuration| {
            let built = catalogue::build::<f32>(&configuration, Cpu::default(), &model(1.0));
            built.expect_err("it does not go together")
        };
        let two = Configuration { groups: vec![group("muon_adamw")], ..Configuration::of("lion") };
        assert!(matches!(refused(two), Error::Combination { option, .. } if option == "`muon_adamw`"));
        let unknown = Configuration { groups: vec![group("adamv")], ..Configuration::of("lion") };
        assert!(matches!(refused(unknown), Error::UnknownOptimizer { name, .. } if name == "adamv"));
        // The largest ratio over all tensors is taken by one of the two only.
        let mut joint = Configuration { groups: vec![group("adamw")], ..Configuration::of("sgd_sai") };
        joint.hyperparameters.set("normalization", "largest");
        let error = refused(joint);
        assert!(matches!(&error, Error::Combination { option, .. } if option.contains("norm")), "{error}");
        #[cfg(feature = "matrix")]
        {
            let nothing =
                GroupConfiguration { parameters: vec!["tail.*".to_owned()], ..GroupConfiguration::default() };
            let empty = Configuration { groups: vec![nothing], ..Configuration::of("muon_adamw") };
            assert!(matches!(refused(empty), Error::EmptyGroup { group } if group.contains("tail.*")));
        }
        let shapes = GroupConfiguration {
            parameters: vec!["head.weight".to_owned()],
            shapes: ShapeKind::Vectors,
            ..GroupConfiguration::default()
        };
        let empty = Configuration { groups: vec![shapes], ..Configuration::of("lion") };
        assert!(matches!(refused(empty), Error::EmptyGroup { .. }));
    }
}

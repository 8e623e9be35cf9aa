//! Routes: two optimizers that step as one.

use super::{Tensors, adamw, plain, rate, tensors};
use gradus::cpu::Cpu;
use gradus::error::Error;
use gradus::hyperparameter::LearningRate;
use gradus::optimizer::{Build, LossScaling, Stepped, select};
use gradus::rule::{AdamW, Lion};
use gradus::schedule::{Count, Rise, Schedule};

const PARAMETERS: [(&str, &[f64]); 4] =
    [("a.m", &[1.0, -2.0, 0.5]), ("a.v", &[0.25]), ("b.m", &[4.0, 3.0]), ("b.v", &[1.0, 2.0])];

fn lion() -> Lion {
    Lion { learning_rate: rate(0.02), ..Lion::default() }
}

/// Another gradient for each step.
fn gradients(step: usize) -> Tensors<f32> {
    let mut gradients = tensors::<f32, 4>(PARAMETERS);
    for (place, (_, values)) in gradients.iter_mut().enumerate() {
        for (i, value) in values.iter_mut().enumerate() {
            *value = ((step * 7 + place * 3 + i) as f32 * 1.7).sin() * 2.0;
        }
    }
    gradients
}

/// The tensors whose names end so.
fn part(all: &Tensors<f32>, ending: &str) -> Tensors<f32> {
    all.iter().filter(|(name, _)| name.ends_with(ending)).cloned().collect()
}

#[test]
fn a_pair_steps_as_two_optimizers_that_share_a_norm() {
    let warm_up = || Schedule::warm_up(3, Rise::Linear, Count::StepOverN);
    let mut together = tensors::<f32, 4>(PARAMETERS);
    let (mut matrices, mut vectors) = (part(&together, ".m"), part(&together, ".v"));
    let mut pair = adamw()
        .schedule("learning_rate", warm_up())
        .route("matrices", select::named("*.m"), lion())
        .clip_global_norm(0.5)
        .build(Cpu::default(), &together)
        .expect("the routes cover the model");
    let mut of_matrices =
        lion().clip_global_norm(0.5).build(Cpu::default(), &matrices).expect("there are matrices");
    let mut of_vectors = adamw()
        .schedule("learning_rate", warm_up())
        .clip_global_norm(0.5)
        .build(Cpu::default(), &vectors)
        .expect("there are vectors");

    for step in 0..6 {
        let all = gradients(step);
        assert_eq!(pair.step(&mut together, &all).expect("the shapes fit"), Stepped::Taken);

        let (to_matrices, to_vectors) = (part(&all, ".m"), part(&all, ".v"));
        let norm = of_matrices.measure(&to_matrices).expect("the shapes fit");
        let norm = norm.join(of_vectors.measure(&to_vectors).expect("the shapes fit"));
        of_matrices.step_with_norm(&mut matrices, &to_matrices, norm).expect("the shapes fit");
        of_vectors.step_with_norm(&mut vectors, &to_vectors, norm).expect("the shapes fit");

        assert_eq!(part(&together, ".m"), matrices, "step {step}");
        assert_eq!(part(&together, ".v"), vectors, "step {step}");
        assert_eq!(pair.gradient_norm(), Some(norm));
        assert_eq!(pair.measure(&all).expect("the shapes fit"), norm);
    }
    assert_eq!(pair.steps(), 6);
    assert_eq!(pair.state_bytes(), of_matrices.state_bytes() + of_vectors.state_bytes());
    assert!(pair.is_claimed("b.m").expect("known") && !pair.is_claimed("b.v").expect("known"));
}

#[test]
fn a_step_counts_for_both_if_one_has_gradients() {
    let mut parameters = tensors::<f32, 4>(PARAMETERS);
    let mut pair = adamw()
        .route("matrices", select::named("*.m"), lion())
        .build(Cpu::default(), &parameters)
        .expect("the routes cover the model");
    let only = |ending: &str| -> Vec<_> {
        gradients(0).into_iter().map(|(name, g)| (name, name.ends_with(ending).then_some(g))).collect()
    };
    let before = parameters.clone();
    assert_eq!(pair.step(&mut parameters, &only("none")).expect("fits"), Stepped::WithoutGradients);
    assert_eq!((pair.steps(), &parameters), (0, &before));

    assert_eq!(pair.step(&mut parameters, &only(".v")).expect("fits"), Stepped::Taken);
    assert_eq!((pair.claimed().steps(), pair.others().steps()), (1, 1));
    assert_eq!(part(&parameters, ".m"), part(&before, ".m"));
    assert_ne!(part(&parameters, ".v"), part(&before, ".v"));
    assert_eq!(pair.claimed().received("a.m").expect("known"), 0);
}

#[test]
fn what_is_refused_for_one_changes_neither() {
    let mut parameters = tensors::<f32, 4>(PARAMETERS);
    let mut pair = adamw()
        .route("matrices", select::named("*.m"), lion())
        .build(Cpu::default(), &parameters)
        .expect("the routes cover the model");
    pair.step(&mut parameters, &gradients(0)).expect("the shapes fit");
    let (kept, before) = (parameters.clone(), pair.snapshot().expect("no step is under way"));

    let mut check = |parameters: &mut Tensors<f32>, gradients: &Tensors<f32>, expected: &str| {
        let given = parameters.clone();
        let error = pair.step(parameters, gradients).expect_err("it is wrong");
        assert_eq!(error.to_string(), expected);
        assert_eq!((&*parameters, pair.snapshot().expect("nothing is under way")), (&given, before.clone()));
    };
    let mut longer = gradients(1);
    longer[3].1.push(0.0);
    check(&mut kept.clone(), &longer, "gradient of `b.v` has shape [3], but the parameter has shape [2]");
    let mut swapped = gradients(1);
    swapped.swap(1, 2);
    let error = Error::GradientOrder { place: 1, expected: "a.v".to_owned(), found: "b.m".to_owned() };
    check(&mut kept.clone(), &swapped, &error.to_string());
    let mut swapped = kept.clone();
    swapped.swap(0, 3);
    let error = Error::ParameterOrder { place: 0, expected: "a.m".to_owned(), found: "b.v".to_owned() };
    check(&mut swapped, &gradients(1), &error.to_string());
    let error = Error::ParameterCount { expected: 4, found: 3 };
    check(&mut kept[..3].to_vec(), &gradients(1), &error.to_string());
    let error = Error::MissingGradient { parameters: vec!["b.v".to_owned()] };
    check(&mut kept.clone(), &gradients(1)[..3].to_vec(), &error.to_string());
    let mut more = gradients(1);
    more.push(("c", vec![1.0]));
    let error = Error::UnknownGradient { name: "c".to_owned() };
    check(&mut kept.clone(), &more, &error.to_string());
}

#[test]
fn a_gradient_that_is_not_finite_decides_for_both() {
    let mut parameters = tensors::<f32, 4>(PARAMETERS);
    let start = parameters.clone();
    let scaling = LossScaling { start: 8.0, interval: 2, ..LossScaling::default() };
    let mut scaled = adamw()
        .route("matrices", select::named("*.m"), lion())
        .loss_scaling(scaling)
        .clip_global_rms(10.0)
        .build(Cpu::default(), &parameters)
        .expect("the routes cover the model");
    let mut refusing = adamw()
        .route("matrices", select::named("*.m"), lion())
        .refuse_nonfinite()
        .build(Cpu::default(), &parameters)
        .expect("the routes cover the model");

    for place in 0..4 {
        let mut bad = gradients(place);
        bad[place].1[0] = f32::NAN;
        assert_eq!(scaled.step(&mut parameters, &bad).expect("the shapes fit"), Stepped::Skipped);
        let error = refusing.step(&mut parameters, &bad).expect_err("it is not finite");
        let name = PARAMETERS[place].0;
        let expected = format!(
            "the gradient of `{name}` is infinite or NaN, first at index [0]; the step was not taken"
        );
        assert_eq!(error.to_string(), expected);
        assert_eq!(parameters, start);
    }
    assert_eq!((scaled.skipped(), scaled.loss_scale(), scaled.steps()), (4, 0.5, 0));
    for step in 0..2 {
        assert_eq!(scaled.step(&mut parameters, &gradients(step)).expect("fits"), Stepped::Taken);
    }
    assert_eq!(
        (scaled.loss_scale(), scaled.claimed().loss_scale(), scaled.others().loss_scale()),
        (1.0, 1.0, 1.0)
    );
    assert_eq!((scaled.skipped(), scaled.steps()), (4, 2));
}

/// Three rules: routes within routes.
#[test]
fn routes_nest_and_go_on_from_a_snapshot() {
    let mut parameters = tensors::<f32, 4>(PARAMETERS);
    let build = |parameters: &Tensors<f32>| {
        adamw()
            .route("first", select::named("a.m"), plain())
            .route("vectors", select::named("*.v"), lion())
            .clip_global_norm(1.0)
            .build(Cpu::default(), parameters)
            .expect("the routes cover the model")
    };
    let mut whole = build(&parameters);
    assert_eq!(whole.parameters().collect::<Vec<_>>(), ["a.m", "a.v", "b.m", "b.v"]);
    assert_eq!(whole.claimed().parameters().collect::<Vec<_>>(), ["a.v", "b.v"]);
    assert_eq!(whole.others().claimed().parameters().collect::<Vec<_>>(), ["a.m"]);
    assert_eq!(whole.others().others().parameters().collect::<Vec<_>>(), ["b.m"]);
    for step in 0..3 {
        whole.step(&mut parameters, &gradients(step)).expect("the shapes fit");
    }
    let snapshot = whole.snapshot().expect("no step is under way");
    let mut resumed = build(&parameters);
    let mut misfit = snapshot.clone();
    misfit.others.others.seed += 1;
    let untouched = resumed.snapshot().expect("no step is under way");
    resumed.restore(&misfit).expect_err("the last part does not fit");
    assert_eq!(resumed.snapshot().expect("no step is under way"), untouched);

    resumed.restore(&snapshot).expect("it fits");
    let mut again = parameters.clone();
    for step in 3..6 {
        whole.step(&mut parameters, &gradients(step)).expect("the shapes fit");
        resumed.step(&mut again, &gradients(step)).expect("the shapes fit");
    }
    assert_eq!(again, parameters);
    resumed.others_mut().claimed_mut().set_learning_rate(LearningRate::new(0.0).expect("in the range"));
    let kept = again[0].clone();
    resumed.step(&mut again, &gradients(6)).expect("the shapes fit");
    assert_eq!(again[0], kept);
}

#[test]
fn routes_that_do_not_part_a_model_are_refused() {
    let parameters = tensors::<f32, 4>(PARAMETERS);
    let rule = AdamW::default();
    let twice = rule
        .route("m", select::named("*.m"), lion())
        .route("a", select::named("a.*"), lion())
        .build(Cpu::default(), &parameters);
    let error =
        Error::TwoGroups { parameter: "a.m".to_owned(), first: "a".to_owned(), second: "m".to_owned() };
    assert_eq!(twice.expect_err("a.m is claimed twice").to_string(), error.to_string());
    for (pattern, label) in [("c.*", "c"), ("*", "default")] {
        let nothing = rule.route("c", select::named(pattern), lion()).build(Cpu::default(), &parameters);
        let error = Error::EmptyGroup { group: label.to_owned() };
        assert_eq!(nothing.expect_err("one way is empty").to_string(), error.to_string());
    }
    let repeated = [("x", vec![0.0f32]), ("x", vec![0.0, 1.0])];
    let by_length = |_: &str, layout: &gradus::shape::Layout| layout.len() == 1;
    let error = rule.route("one", by_length, lion()).build(Cpu::default(), &repeated);
    let expected = Error::DuplicateName { parameter: "x".to_owned() };
    assert_eq!(error.expect_err("a name is there twice").to_string(), expected.to_string());
}

//! A training that changes hands between torch's Adam and ours.

use gradus::checkpoint::torch::{self, AdamState};
use gradus::cpu::Cpu;
use gradus::hyperparameter::{Decay, LearningRate, WeightDecay};
use gradus::optimizer::Build;
use gradus::rule::{AdamW, Lion};

const BETAS: (f64, f64) = (0.8, 0.95);
const RATE: f64 = 0.02;
const DECAY: f64 = 0.1;

/// `torch.optim.AdamW` as its documentation writes it, in f64.
struct Classical {
    step: u64,
    parameters: Vec<f64>,
    exp_avg: Vec<f64>,
    exp_avg_sq: Vec<f64>,
}

impl Classical {
    fn step(&mut self, gradients: &[f32]) {
        self.step += 1;
        let t = self.step as f64;
        for (place, gradient) in gradients.iter().enumerate() {
            let g = f64::from(*gradient);
            let (m, v) = (&mut self.exp_avg[place], &mut self.exp_avg_sq[place]);
            *m = BETAS.0 * *m + (1.0 - BETAS.0) * g;
            *v = BETAS.1 * *v + (1.0 - BETAS.1) * g * g;
            let first = *m / (1.0 - BETAS.0.powf(t));
            let second = *v / (1.0 - BETAS.1.powf(t));
            let parameter = &mut self.parameters[place];
            *parameter *= 1.0 - RATE * DECAY;
            *parameter -= RATE * first / (second.sqrt() + 1e-8);
        }
    }
}

fn gradients(number: u64) -> Vec<f32> {
    (0..4).map(|place| ((number * 7 + place * 3) as f32).sin() + 0.1).collect()
}

fn rule() -> AdamW {
    AdamW {
        learning_rate: LearningRate::new(RATE).expect("in the range"),
        first: Decay::new(BETAS.0).expect("in the range"),
        second: Decay::new(BETAS.1).expect("in the range").into(),
        weight_decay: WeightDecay::decoupled(DECAY).expect("in the range"),
        ..AdamW::default()
    }
}

fn betas() -> (Decay, Decay) {
    (Decay::new(BETAS.0).expect("in the range"), Decay::new(BETAS.1).expect("in the range"))
}

/// Torch trains, we go on, torch goes on: as if torch had trained alone. Numbers below 2 in f32 carry an
/// error of at most 2⁻²⁴ from each rounding; a step has fewer than ten, and there are fifteen, none of which
/// is amplified: decay shrinks, and an error of a moment enters multiplied with the rate.
#[test]
fn a_training_changes_hands_twice() {
    let start = [0.5, -1.0, 0.25, 1.5];
    let fresh =
        || Classical { step: 0, parameters: start.into(), exp_avg: vec![0.0; 4], exp_avg_sq: vec![0.0; 4] };
    let (mut alone, mut torch) = (fresh(), fresh());
    for number in 1..=15 {
        alone.step(&gradients(number));
    }
    for number in 1..=5 {
        torch.step(&gradients(number));
    }
    let narrow = |values: &[f64]| values.iter().map(|value| *value as f32).collect::<Vec<_>>();
    let state = AdamState {
        parameter: "x".to_owned(),
        shape: vec![2, 2],
        step: torch.step,
        exp_avg: narrow(&torch.exp_avg),
        exp_avg_sq: narrow(&torch.exp_avg_sq),
    };
    let shape = |values: Vec<f32>| ndarray::Array2::from_shape_vec((2, 2), values).expect("four values");
    let mut parameters = [("x", shape(narrow(&torch.parameters)))];
    let mut optimizer = rule().build(Cpu::default(), &parameters).expect("the model is valid");
    let mut snapshot = optimizer.snapshot().expect("no step is under way");
    let folder = crate::Folder::new("torch");
    let file = folder.file("state.safetensors");
    torch::write(&file, std::slice::from_ref(&state)).expect("the folder can be written");
    assert_eq!(torch::read(&file).expect("it was just written"), [state]);
    torch::import(&torch::read(&file).expect("it is there"), betas(), &mut snapshot).expect("it fits");
    optimizer.restore(&snapshot).expect("it is its own");
    for number in 6..=10 {
        let gradients = [("x", shape(gradients(number)))];
        optimizer.step(&mut parameters, &gradients).expect("the gradients fit");
    }
    assert_eq!(optimizer.steps(), 10);

    let exported = torch::export(&optimizer.snapshot().expect("no step is under way"), betas());
    let [state] = &exported.expect("it is torch's rule")[..] else { panic!("there is one parameter") };
    let widen = |values: &[f32]| values.iter().map(|value| f64::from(*value)).collect::<Vec<_>>();
    let mut torch = Classical {
        step: state.step,
        parameters: parameters[0].1.iter().map(|value| f64::from(*value)).collect(),
        exp_avg: widen(&state.exp_avg),
        exp_avg_sq: widen(&state.exp_avg_sq),
    };
    for number in 11..=15 {
        torch.step(&gradients(number));
    }
    for (found, expected) in torch.parameters.iter().zip(&alone.parameters) {
        let tolerance = 15.0 * 10.0 * 2f64.powi(-24) * 2.0;
        assert!((found - expected).abs() < tolerance, "{found} {expected}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let parameters = [("x", vec![0.0f32; 2])];
    let state = AdamState {
        parameter: "x".to_owned(),
        shape: vec![2],
        step: 1,
        exp_avg: vec![0.0; 2],
        exp_avg_sq: vec![0.0; 2],
    };
    let optimizer = rule().build(Cpu::default(), &parameters).expect("the model is valid");
    let mut snapshot = optimizer.snapshot().expect("no step is under way");
    let before = snapshot.clone();
    let mut refused = |states: &[AdamState], expected: &str| {
        let error = torch::import(states, betas(), &mut snapshot).expect_err(expected);
        assert_eq!(error.to_string(), expected);
        assert_eq!(snapshot, before);
    };
    refused(
        &[],
        "torch's state has no state for `x`; to let them start afresh, load it with `.ignore_missing()`",
    );
    refused(
        &[AdamState { shape: vec![1, 2], ..state.clone() }],
        "torch's state does not fit: the shape of `x` is [1, 2] there, but [2] here",
    );
    refused(
        &[AdamState { exp_avg_sq: vec![0.0; 3], ..state.clone() }],
        "torch's state does not fit: the length of `x` is 3 there, but 2 here",
    );
    refused(&[state.clone(), state.clone()], "torch's state says of x: there are two states of it");

    let lion = Lion::default().build(Cpu::default(), &parameters).expect("the model is valid");
    let lion = lion.snapshot().expect("no step is under way");
    let error = torch::export(&lion, betas()).expect_err("torch has no Lion").to_string();
    assert!(
        error.starts_with("the state for torch holds the state of another rule: group `default` is "),
        "{error}"
    );
}

/// What AMSGrad remembers beside Adam is no state of Adam.
#[test]
fn a_file_with_more_than_adam_remembers_is_refused() {
    let values = 1.0f32.to_le_bytes();
    let view = |shape: Vec<usize>| {
        safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape, &values).expect("one number")
    };
    let names = ["x/exp_avg", "x/exp_avg_sq", "x/max_exp_avg_sq"];
    let mut tensors: Vec<_> = names.map(|name| (name, view(vec![1]))).into();
    tensors.push(("x/step", view(Vec::new())));
    let file = std::env::temp_dir().join(format!("gradus-amsgrad-{}", std::process::id()));
    let bytes = safetensors::serialize(tensors, None).expect("four numbers");
    std::fs::write(&file, bytes).expect("the folder can be written");
    let error = torch::read(&file).expect_err("AMSGrad remembers more").to_string();
    std::fs::remove_file(&file).expect("it is there");
    let end =
        "says of x/max_exp_avg_sq: it is no state of torch's Adam: `exp_avg`, `exp_avg_sq` and `step` are";
    assert!(error.ends_with(end), "{error}");
}

//! Any bytes as a checkpoint: refused with nothing changed, or a state that can be used and saved.

use gradus::catalogue::{self, Boxed, Configuration, Format, GroupConfiguration, StoreKind};
use gradus::checkpoint::Loading;
use gradus::cpu::Cpu;
use half::bf16;

type Tensors = Vec<(String, Vec<bf16>)>;

/// Parameters of the shapes that the fixture of the tests has, but for their number of axes.
fn tensors(value: f32) -> Tensors {
    let of = |name: &str, length| (name.to_owned(), vec![bf16::from_f32(value); length]);
    vec![of("layer.weight", 15), of("layer.bias", 5), of("scale", 1)]
}

/// State and carry in 16 bits, numbers of groups and of tensors, two groups, stages around the rule.
fn build() -> Boxed<bf16> {
    let group = GroupConfiguration {
        parameters: vec!["layer.bias".to_owned()],
        hyperparameters: [("weight_decay", 0.25.into()), ("lr", 0.5.into())].into(),
        ..GroupConfiguration::default()
    };
    let configuration = Configuration {
        hyperparameters: [("caution", true.into()), ("gradient_clipping", "rms".into())].into(),
        groups: vec![group],
        state_format: Some(Format::Bf16),
        store: StoreKind::Kahan,
        seed: 11,
        ..Configuration::of("sf_adamw")
    };
    catalogue::build(&configuration, Cpu::default(), &tensors(1.0)).expect("the configuration is valid")
}

/// What is let through, a binary digit for each; the digest would stop every input that is not a seed.
fn loading(digits: u8) -> Loading {
    let mut loading = Loading::exactly();
    let steps: [(u8, fn(Loading) -> Loading); 6] = [
        (1, Loading::ignore_missing),
        (2, Loading::ignore_extra),
        (4, Loading::convert_formats),
        (8, Loading::any_rule),
        (16, Loading::keep_hyperparameters),
        (32, |loading| loading.rename("layer.weight", "scale").rename("scale", "layer.weight")),
    ];
    for (digit, step) in steps {
        if digits & digit != 0 {
            loading = step(loading);
        }
    }
    if digits & 64 == 0 { loading.unverified() } else { loading }
}

/// A file that an optimizer of the body has written, as a seed.
pub fn seed(steps: u64) -> Vec<u8> {
    let mut optimizer = build();
    for step in 1..=steps {
        optimizer.step(&mut tensors(1.0), &tensors(step as f32)).expect("the gradients fit");
    }
    optimizer.to_checkpoint().expect("no step is under way")
}

/// Whether an input is loaded.
pub fn loads(bytes: &[u8]) -> bool {
    let (digits, file) = bytes.split_first().expect("an input has a first byte");
    build().load_checkpoint(file, &loading(*digits)).is_ok()
}

/// The first byte says what is let through, the rest is the file.
///
/// # Panics
/// If something panics, or an error has changed something, or what was loaded cannot be saved and loaded.
pub fn check(bytes: &[u8]) {
    let Some((digits, file)) = bytes.split_first() else { return };
    let mut optimizer = build();
    let before = optimizer.to_checkpoint().expect("no step is under way");
    if optimizer.load_checkpoint(file, &loading(*digits)).is_err() {
        assert!(
            optimizer.to_checkpoint().expect("no step is under way") == before,
            "an error changed something"
        );
        return;
    }
    let saved = optimizer.to_checkpoint().expect("no step is under way");
    let mut again = build();
    again.load_checkpoint(&saved, &Loading::exactly()).expect("it was saved by the same optimizer");
    assert!(again.to_checkpoint().expect("no step is under way") == saved, "it was not all saved");
    // Whatever the numbers are, arithmetic goes on.
    let _ = again.step(&mut tensors(1.0), &tensors(0.5));
}

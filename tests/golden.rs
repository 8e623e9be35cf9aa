//! Replays recorded runs of other packages.

use gradus::cpu::Cpu;
use gradus::testing::replay::{Outcome, replay};
use gradus::testing::trajectory::Trajectory;
use std::path::{Path, PathBuf};

fn recordings() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let files = std::fs::read_dir(folder).expect("tests/golden is a folder");
    let mut files: Vec<_> = files.map(|file| file.expect("a readable folder").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "safetensors"));
    files.sort();
    files
}

fn adamw() -> Trajectory {
    let file = recordings().into_iter().find(|file| file.ends_with("torch_adamw.safetensors"));
    Trajectory::read(&file.expect("it is there")).expect("it is readable")
}

#[test]
fn every_recording_is_reproduced_within_its_tolerance() {
    let recordings = recordings();
    assert!(recordings.len() >= 200, "recordings are missing");
    for file in recordings {
        let trajectory = Trajectory::read(&file).expect("a recording");
        let outcome = replay(&trajectory, &Cpu::default());
        assert!(matches!(outcome, Outcome::Pass(_)), "{}: {outcome:?}", trajectory.name);
    }
}

#[test]
fn a_wrong_hyperparameter_fails_and_says_where() {
    let mut trajectory = adamw();
    let hyper = trajectory.case["hyper"].as_object_mut().expect("hyperparameters");
    hyper.insert("beta2".to_owned(), 0.998.into());
    let Outcome::Fail(worst) = replay(&trajectory, &Cpu::default()) else { panic!("it passed") };
    assert!(worst.ratio > 1.0 && trajectory.checked.contains(&worst.step));
    assert_ne!(worst.got, worst.want);
}

#[test]
fn what_is_not_supported_is_named() {
    let expect = |key: &str, value: serde_json::Value, what: &str| {
        let mut trajectory = adamw();
        let hyper = trajectory.case["hyper"].as_object_mut().expect("hyperparameters");
        hyper.insert(key.to_owned(), value);
        let outcome = replay(&trajectory, &Cpu::default());
        assert!(matches!(&outcome, Outcome::Unsupported(said) if said.contains(what)), "{outcome:?}");
    };
    expect("maximize", true.into(), "maximize");
    expect("variant", "another".into(), "variant `another`");
    let mut trajectory = adamw();
    trajectory.case.insert("optimizer".to_owned(), "psgd_lra".into());
    let says = Outcome::Unsupported("optimizer `psgd_lra`".to_owned());
    assert_eq!(replay(&trajectory, &Cpu::default()), says);
}

#[test]
fn a_switch_that_is_off_changes_nothing() {
    let mut trajectory = adamw();
    let hyper = trajectory.case["hyper"].as_object_mut().expect("hyperparameters");
    hyper.insert("amsgrad".to_owned(), false.into());
    assert!(matches!(replay(&trajectory, &Cpu::default()), Outcome::Pass(_)));
}

#[test]
fn bytes_that_are_no_recording_are_refused_with_the_reason() {
    assert!(Trajectory::from_bytes(b"").expect_err("no header").starts_with("not a recording: "));
    assert!(Trajectory::from_bytes(&[0xFF; 64]).is_err());
    let error = Trajectory::read(Path::new("no/such.safetensors")).expect_err("no file").to_string();
    assert!(error.starts_with("no/such.safetensors: "), "{error}");
}

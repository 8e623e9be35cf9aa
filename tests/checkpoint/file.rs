//! The file itself: what it is called, what it says, what is left beside it.

use crate::{Folder, tensors};
use gradus::cpu::Cpu;
use gradus::hyperparameter::{Decay, LearningRate};
use gradus::optimizer::{Build, LossScaling};
use gradus::rule::{AdamW, Lion};
use safetensors::SafeTensors;
use std::io::Cursor;

#[test]
fn a_saved_file_replaces_the_old_one_and_leaves_nothing_beside_it() {
    let folder = Folder::new("replace");
    let file = folder.file("optimizer.safetensors");
    let mut parameters = tensors::<f32>(1);
    let mut optimizer = Lion::default().build(Cpu::default(), &parameters).expect("the model is valid");
    optimizer.save(&file).expect("the folder can be written");
    optimizer.step(&mut parameters, &tensors::<f32>(2)).expect("the gradients fit");
    optimizer.save(&file).expect("the folder can be written");

    let listed = std::fs::read_dir(folder.file("")).expect("it is a folder");
    let names: Vec<_> = listed.map(|entry| entry.expect("it can be listed").file_name()).collect();
    assert_eq!(names, ["optimizer.safetensors"]);
    let mut resumed = Lion::default().build(Cpu::default(), &parameters).expect("the model is valid");
    resumed.load(&file).expect("it fits");
    assert_eq!(resumed.snapshot(), optimizer.snapshot());
}

#[test]
fn what_cannot_be_written_is_said_and_changes_nothing() {
    let folder = Folder::new("unwritable");
    let optimizer = Lion::default().build(Cpu::default(), &tensors::<f32>(1)).expect("the model is valid");
    let file = folder.file("missing").join("optimizer.safetensors");
    let error = optimizer.save(&file).expect_err("there is no such folder").to_string();
    assert!(error.starts_with(&format!("`{}` cannot be written: ", file.display())), "{error}");

    let file = folder.file("a folder");
    std::fs::create_dir(&file).expect("the folder can be written");
    let error = optimizer.save(&file).expect_err("a folder is in the way").to_string();
    assert!(error.starts_with(&format!("`{}` cannot be written: ", file.display())), "{error}");
    assert!(file.is_dir());
    assert_eq!(std::fs::read_dir(folder.file("")).expect("it is a folder").count(), 1);
}

#[test]
fn a_person_can_read_it() {
    let parameters = tensors::<f32>(1);
    let rule = AdamW { learning_rate: LearningRate::new(0.1).expect("in the range"), ..AdamW::default() };
    let mut optimizer = rule
        .loss_scaling(LossScaling { start: 8.0, ..LossScaling::default() })
        .build(Cpu::default(), &parameters)
        .expect("the model is valid");
    optimizer.step(&mut tensors::<f32>(1), &tensors::<f32>(2)).expect("the gradients fit");
    let mut bytes = Cursor::new(Vec::new());
    optimizer.save_into(&mut bytes).expect("memory can be written");
    let bytes = bytes.into_inner();

    let (_, header) = SafeTensors::read_metadata(&bytes).expect("it is a safetensors file");
    let metadata = header.metadata().as_ref().expect("it has metadata");
    assert_eq!(metadata["format"], "gradus checkpoint");
    assert_eq!((&*metadata["version"], &*metadata["steps"], &*metadata["phase"]), ("1", "1", "training"));
    assert_eq!(metadata["loss_scale"], "8.0 1");
    assert_eq!(metadata["formats"], r#"{"parameter":"f32","state":"f32","store":"nearest"}"#);
    assert!(metadata["groups"].contains(r#""learning_rate":"0.1""#), "{}", metadata["groups"]);
    assert!(metadata["groups"].contains(r#"["second","0.999"]"#), "{}", metadata["groups"]);
    assert!(metadata["groups"].contains(r#""ScaleByAdam""#), "{}", metadata["groups"]);
    let file = SafeTensors::deserialize(&bytes).expect("it is a safetensors file");
    assert_eq!(file.tensor("layer.weight/first").expect("it is there").shape(), [3, 5]);
    assert_eq!(file.len(), 6);
}

/// What was set between two steps is part of the state.
#[test]
fn hyperparameters_come_back_as_they_were_last_set() {
    let parameters = tensors::<f32>(1);
    let build = || AdamW::default().build(Cpu::default(), &parameters).expect("the model is valid");
    let mut optimizer = build();
    let decay = Decay::new(0.123_456_789_012_345_68).expect("in the range");
    optimizer.rule_mut("default").expect("there is always one").first = decay;
    optimizer.set_learning_rate(LearningRate::new(1e-300).expect("in the range"));
    let mut bytes = Cursor::new(Vec::new());
    optimizer.save_into(&mut bytes).expect("memory can be written");

    let mut resumed = build();
    resumed.load_from(&mut bytes, &Default::default()).expect("it fits");
    let rule = *resumed.groups().next().expect("there is always one").rule;
    assert_eq!((rule.first.get().to_bits(), rule.learning_rate.get()), (decay.get().to_bits(), 1e-300));
}

//! A file that the first version of the format wrote stays readable for good.

use crate::tensors;
use gradus::catalogue::{self, Boxed, Configuration, Format, GroupConfiguration, StoreKind};
use gradus::checkpoint::Loading;
use gradus::cpu::Cpu;
use half::bf16;
use std::path::{Path, PathBuf};

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/checkpoint-version-1.safetensors")
}

/// Everything that a file can hold: state and carry in 16 bits, numbers of groups and of tensors, two
/// groups, stages around the rule.
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
    catalogue::build(&configuration, Cpu::default(), &tensors::<bf16>(1)).expect("it is valid")
}

/// What is written is what was read, but for the version of the library and so the digest.
#[test]
fn the_file_of_version_1_is_read_and_written_as_it_was() {
    if std::env::var_os("GRADUS_WRITE_FIXTURE").is_some() {
        let mut optimizer = build();
        for number in 1..=3 {
            crate::step(&mut optimizer, &mut tensors::<bf16>(1), number);
        }
        optimizer.save(&fixture()).expect("the folder can be written");
    }
    let bytes = std::fs::read(fixture()).expect("the fixture is part of the repository");
    let mut optimizer = build();
    let loaded = optimizer.load_checkpoint(&bytes, &Loading::exactly()).expect("version 1 is read for good");
    assert_eq!((loaded, optimizer.steps()), (Default::default(), 3));
    let again = optimizer.to_checkpoint().expect("no step is under way");
    assert_eq!(without_digest_and_library(&again), without_digest_and_library(&bytes));

    let metadata = String::from_utf8_lossy(&bytes);
    assert!(metadata.contains(r#""steps":"3""#) && metadata.contains(r#""layer.bias/carry/compensation""#));
}

/// The first files did not say how their rules were set.
#[test]
fn a_file_without_settings_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let read = |name: &str| std::fs::read(folder.join(name)).expect("the fixture is part of the repository");
    let old = read("checkpoint-version-1-without-settings.safetensors");
    assert!(!String::from_utf8_lossy(&old).contains("settings"));
    let [mut from_old, mut from_new] = [build(), build()];
    from_old.load_checkpoint(&old, &Loading::exactly()).expect("version 1 is read for good");
    let new = read("checkpoint-version-1.safetensors");
    from_new.load_checkpoint(&new, &Loading::exactly()).expect("version 1 is read for good");
    let [from_old, from_new] = [from_old, from_new].map(|optimizer| optimizer.to_checkpoint());
    assert_eq!(from_old.expect("no step is under way"), from_new.expect("no step is under way"));
}

/// The file without the digest, the library's version, and what the length of that changes.
fn without_digest_and_library(bytes: &[u8]) -> (String, Vec<u8>) {
    let length = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes")) as usize;
    let header = core::str::from_utf8(&bytes[8..8 + length]).expect("a header is text").trim_end();
    let (_, rest) = header.split_once(r#""format":"#).expect("it is in the metadata");
    let (before, after) = rest.split_once(r#","written_by":"#).expect("it is in the metadata");
    let (_, after) = after.split_once(',').expect("it is not the last entry");
    (format!("{before},{after}"), bytes[8 + length..].to_vec())
}

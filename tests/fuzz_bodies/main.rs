//! The bodies of the fuzz targets as property tests: fewer inputs, but in every run of the tests.
//!
//! `fuzz/` runs the same bodies on inputs that it finds by looking at which code they reach.

mod bodies;

use arbitrary::{Arbitrary, Unstructured};
use bodies::{calls, checkpoint, configuration, step};
use proptest::prelude::*;
use std::fs;
use std::path::Path;

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn steps_do_what_the_papers_say(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        run(&bytes, step::check);
    }

    #[test]
    fn bytes_are_no_checkpoint_or_a_whole_one(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        digits: u8,
    ) {
        let mut bytes = vec![digits];
        bytes.extend(checkpoint::seed(1));
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        checkpoint::check(&bytes);
    }

    #[test]
    fn text_is_no_configuration_or_a_whole_one(text in "[01](optimizer|[a-z_]{1,9})( = |\\.)['\"a-z_0-9.{}=\n]{0,60}") {
        configuration::check(text.as_bytes());
    }

    #[test]
    fn calls_do_what_the_model_says(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        run(&bytes, calls::check);
    }
}

#[test]
fn the_seeds_of_the_fuzzer_pass() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    for (target, check) in [
        ("step", run_step as fn(&[u8])),
        ("calls", run_calls),
        ("checkpoint", checkpoint::check),
        ("configuration", configuration::check),
    ] {
        let Ok(seeds) = fs::read_dir(folder.join(target)) else {
            continue; // a published package comes without the fuzzer
        };
        for seed in seeds {
            check(&fs::read(seed.expect("the seeds can be listed").path()).expect("a seed can be read"));
        }
    }
}

/// The seeds of `checkpoint` are files that load, so that the fuzzer starts from what is right.
#[test]
fn the_seeds_of_checkpoints_load() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/checkpoint");
    if std::env::var_os("GRADUS_WRITE_SEEDS").is_some() {
        for steps in [0, 1, 3] {
            let mut bytes = vec![0];
            bytes.extend(checkpoint::seed(steps));
            fs::write(folder.join(format!("after-{steps}-steps")), bytes).expect("the folder can be written");
        }
    }
    for seed in fs::read_dir(folder).into_iter().flatten() {
        let bytes = fs::read(seed.expect("the seeds can be listed").path()).expect("a seed can be read");
        assert!(checkpoint::loads(&bytes));
    }
}

fn run_step(bytes: &[u8]) {
    run(bytes, step::check);
}

fn run_calls(bytes: &[u8]) {
    run(bytes, calls::check);
}

/// Runs a body on the case that the bytes stand for, if there are enough of them.
fn run<C: for<'a> Arbitrary<'a>>(bytes: &[u8], check: fn(&C)) {
    if let Ok(case) = C::arbitrary(&mut Unstructured::new(bytes)) {
        check(&case);
    }
}

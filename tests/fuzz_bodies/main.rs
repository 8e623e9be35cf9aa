//! The bodies of the fuzz targets as property tests: fewer inputs, but in every run of the tests.
//!
//! `fuzz/` runs the same bodies on inputs that it finds by looking at which code they reach.

mod bodies;

use arbitrary::{Arbitrary, Unstructured};
use bodies::{calls, step};
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
    fn calls_do_what_the_model_says(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        run(&bytes, calls::check);
    }
}

#[test]
fn the_seeds_of_the_fuzzer_pass() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    for (target, check) in [("step", run_step as fn(&[u8])), ("calls", run_calls)] {
        let Ok(seeds) = fs::read_dir(folder.join(target)) else {
            continue; // a published package comes without the fuzzer
        };
        for seed in seeds {
            check(&fs::read(seed.expect("the seeds can be listed").path()).expect("a seed can be read"));
        }
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

#![no_main]

use gradus_fuzz::bodies::checkpoint;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checkpoint::check(bytes));

#![no_main]

use gradus_fuzz::bodies::configuration;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| configuration::check(bytes));

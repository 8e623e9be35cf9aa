#![no_main]

use gradus_fuzz::bodies::step;

libfuzzer_sys::fuzz_target!(|case: step::Case| step::check(&case));

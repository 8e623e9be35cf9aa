#![no_main]

use gradus_fuzz::bodies::calls;

libfuzzer_sys::fuzz_target!(|case: calls::Case| calls::check(&case));

//! The parser of `Port`, with any bytes: see `ksync_tests::parsing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    ksync_tests::parsing::targets::look("port", bytes);
});

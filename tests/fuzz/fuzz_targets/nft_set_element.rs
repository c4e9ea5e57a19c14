//! The parser of `NftSetElement`, with any bytes: see `ksync_tests::parsing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    ksync_tests::parsing::targets::look("nft_set_element", bytes);
});

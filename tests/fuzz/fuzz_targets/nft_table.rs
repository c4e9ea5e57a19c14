//! The parser of `NftTable`, with any bytes: see `ksync_tests::parsing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    ksync_tests::parsing::targets::look("nft_table", bytes);
});

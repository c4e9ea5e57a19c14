//! Every kind of mistake in a declaration has a message that says what to write instead, on the right words.
//!
//! `TRYBUILD=overwrite cargo test -p ksync-tests --test derive_ui` takes new messages over; read them after.

#[test]
fn mistakes_are_explained() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}

//! What the macros write for a few types, compared with what was read and found good.
//!
//! `KSYNC_BLESS=1 cargo test -p ksync-derive` takes over what they write now; look at the difference before
//! keeping it. Needs `rustfmt`, so that the files can be read.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use proc_macro2::TokenStream;
use syn::DeriveInput;

#[test]
fn a_kind_is_expanded_as_expected() {
    compare("kind", super::entry);
}

#[test]
fn a_kind_whose_changes_are_merged_is_expanded_as_expected() {
    compare("merged", super::entry);
}

#[test]
fn a_nested_attribute_is_expanded_as_expected() {
    compare("nested", super::nested);
}

#[test]
fn a_mistake_leaves_a_stub() {
    compare("mistake", super::entry);
}

fn compare(name: &str, expand: fn(&DeriveInput) -> TokenStream) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("expected");
    let input = std::fs::read_to_string(folder.join(format!("{name}.input.rs"))).expect("the input is there");
    let input: DeriveInput = syn::parse_str(&input).expect("the input is a type");
    let now = formatted(&expand(&input).to_string());
    let file = folder.join(format!("{name}.output.rs"));
    if std::env::var_os("KSYNC_BLESS").is_some() {
        std::fs::write(&file, now).expect("the folder can be written to");
        return;
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    let differing = now.lines().zip(expected.lines()).enumerate().find(|(_, (now, then))| now != then);
    assert!(
        now == expected,
        "{} is out of date, first at {differing:?}; see this file's head on how to take the new one over",
        file.display()
    );
}

fn formatted(code: &str) -> String {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--config", "max_width=110,use_small_heuristics=Max"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("rustfmt is installed");
    rustfmt.stdin.take().expect("piped").write_all(code.as_bytes()).expect("rustfmt reads");
    let output = rustfmt.wait_with_output().expect("rustfmt ends");
    assert!(output.status.success(), "what was generated is no Rust:\n{code}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

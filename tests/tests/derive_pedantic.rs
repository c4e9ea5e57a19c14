//! Kinds in a crate of somebody else's, with every lint of clippy's that such a crate may have on, cause no warnings.

use std::path::Path;
use std::process::{Command, Output};

/// The crate's manifest. It is a workspace of its own, and knows the runtime only.
fn manifest(root: &Path) -> String {
    format!(
        "[package]\nname = \"pedantic\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n\
         [lib]\npath = \"kinds.rs\"\n\n[features]\ncontrol = []\n\n\
         [dependencies]\nksync-runtime = {{ path = {:?} }}\n\n[workspace]\n",
        root.join("ksync-runtime")
    )
}

/// Lets clippy look at the crate in that folder.
fn clippy(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO"))
        .args(["clippy", "--offline", "--quiet", "--color", "never"])
        .args(arguments)
        .current_dir(folder)
        // What the outer cargo set for this test would make clippy build all dependencies anew.
        .env_remove("RUSTFLAGS")
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .output()
        .expect("cargo starts")
}

#[test]
fn a_crate_with_pedantic_lints_has_no_warnings() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = own.parent().expect("the workspace");
    if !Command::new(env!("CARGO")).args(["clippy", "--version"]).output().is_ok_and(|it| it.status.success())
    {
        ksync_tests::namespace::skipped(
            "a_crate_with_pedantic_lints_has_no_warnings",
            "clippy is not installed",
        );
        return;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pedantic");
    std::fs::create_dir_all(&folder).expect("a folder for the crate");
    std::fs::write(folder.join("Cargo.toml"), manifest(root)).expect("the manifest is written");
    std::fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))
        .expect("the versions are those of the workspace");
    std::fs::copy(own.join("tests/pedantic/kinds.rs"), folder.join("kinds.rs"))
        .expect("the kinds are copied");

    let output = clippy(&folder, &[]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.is_empty(), "{told}");

    // And it would have said so.
    let output = clippy(&folder, &["--features", "control"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && told.contains("cast_possible_truncation"), "{told}");
}

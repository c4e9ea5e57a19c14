//! Bytes an entry, as an allocator counts them.
//!
//! Counting costs two locked additions an allocation, and would slow down what the other benchmarks measure: the
//! counting allocator is that of a program of its own, `bench-bytes`, which this one runs.

use std::env;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::Workload;
use super::driver::By;

/// How many bytes are allocated at the moment.
pub type Allocated = fn() -> usize;

/// Runs a workload and tells, for the end of each phase, how much more is allocated than by an engine that holds
/// nothing.
///
/// # Errors
/// What is not as it must be.
pub fn measure(workload: Workload, entries: u32, allocated: Allocated) -> Result<Value, String> {
    let mut driver = workload.prepare(entries, By::One)?;
    let before = allocated();
    let mut phases: Vec<(&'static str, usize)> = Vec::with_capacity(8);
    workload.run(entries, &mut driver, &mut |phase, _| {
        phases.push((phase, allocated().saturating_sub(before)));
    });
    workload.check(entries, &driver)?;
    let phases: Vec<Value> = phases
        .iter()
        .map(|(phase, bytes)| json!({ "phase": phase, "bytes": *bytes as f64 / f64::from(entries) }))
        .collect();
    Ok(json!({ "phases": phases }))
}

/// What `bench-bytes` says: phase, bytes an entry.
pub(super) fn run(workload: Workload, entries: u32) -> Result<Vec<(String, f64)>, String> {
    let output = program()?
        .args([workload.name(), "--entries", &entries.to_string()])
        .output()
        .map_err(|error| format!("bench-bytes does not start: {error}"))?;
    if !output.status.success() {
        return Err(format!("bench-bytes: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let found: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("bench-bytes printed no JSON: {error}"))?;
    let phases = found["phases"].as_array().ok_or("bench-bytes names no phases")?;
    Ok(phases
        .iter()
        .filter_map(|phase| Some((phase["phase"].as_str()?.to_owned(), phase["bytes"].as_f64()?)))
        .collect())
}

/// Under `cargo run` only this program was built, so cargo is asked for the other one. Otherwise it lies beside.
fn program() -> Result<Command, String> {
    if let (Some(cargo), Some(folder)) = (env::var_os("CARGO"), env::var_os("CARGO_MANIFEST_DIR")) {
        let mut command = Command::new(cargo);
        command.args(["run", "--quiet", "--bin", "bench-bytes", "--manifest-path"]);
        command.arg(Path::new(&folder).join("Cargo.toml"));
        if !cfg!(debug_assertions) {
            command.arg("--release");
        }
        command.arg("--");
        return Ok(command);
    }
    let own = env::current_exe().map_err(|error| format!("the path of this program: {error}"))?;
    let beside = own.with_file_name("bench-bytes");
    if !beside.exists() {
        return Err(format!("{} is not there: build it, or start with cargo run", beside.display()));
    }
    Ok(Command::new(beside))
}

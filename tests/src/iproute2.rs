//! iproute2 as an independent reader of the kernel and of messages, and as somebody else who changes it.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

/// Runs `ip` with these arguments, parted by spaces.
///
/// # Panics
/// When it fails.
pub fn ip(arguments: &str) -> String {
    let output = Command::new("ip").args(arguments.split_whitespace()).output().expect("ip starts");
    assert!(output.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs `ip -batch` with these commands, one a line.
///
/// # Panics
/// When one of them fails.
pub fn batch(commands: &str) {
    let mut child =
        Command::new("ip").args(["-batch", "-"]).stdin(Stdio::piped()).spawn().expect("ip starts");
    let mut stdin = child.stdin.take().expect("it reads commands");
    stdin.write_all(commands.as_bytes()).expect("it reads them all");
    drop(stdin);
    assert!(child.wait().expect("it ends").success(), "ip -batch failed");
}

/// What `ip -j -d` with these arguments prints, as a list.
///
/// # Panics
/// When it fails, or prints no list.
#[must_use]
pub fn list(arguments: &str) -> Vec<Value> {
    let text = ip(&format!("-j -d {arguments}"));
    if text.trim().is_empty() {
        return Vec::new();
    }
    match serde_json::from_str(&text) {
        Ok(Value::Array(items)) => {
            items.into_iter().filter(|item| item.as_object().is_none_or(|map| !map.is_empty())).collect()
        }
        other => panic!("ip -j -d {arguments} printed no list: {other:?}"),
    }
}

/// The link with that name.
#[must_use]
pub fn link(name: &str) -> Option<Value> {
    list("link show").into_iter().find(|link| link["ifname"] == name)
}

/// What iproute2 makes of messages: `program` is `ip -d` or `bridge -d`, whose `monitor` reads them from a file, as
/// `rtmon` would have written it. Asks no kernel.
///
/// # Panics
/// When it can't be run, or fails.
#[must_use]
pub fn decoded(program: &str, messages: &[u8]) -> String {
    let mut words = program.split_whitespace();
    let mut monitor = Command::new(words.next().unwrap_or_default())
        .args(words)
        .args(["monitor", "file", "/dev/stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("iproute2 starts");
    monitor.stdin.take().expect("the input is piped").write_all(messages).expect("it reads the messages");
    let output = monitor.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ")
}

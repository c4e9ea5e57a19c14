//! iproute2 as an independent reader of the kernel, and as somebody else who changes it.

use std::process::Command;

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

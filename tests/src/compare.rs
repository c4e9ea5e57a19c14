//! Two kernels side by side: a command of iproute2 in one namespace, our declaration in another, and the JSON
//! that an independent reader prints of both.
//!
//! Used inside of [`namespace_test!`](crate::namespace_test): the test's own namespace is the one of the agent, and
//! [`Elsewhere`] is the one of the commands. Nothing here knows a kind of object.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use ksync_runtime::agent::{Agent, AgentBuilder};
use ksync_runtime::prelude::Netlink;
use serde_json::Value;

/// A network namespace in which commands are run. It disappears with this value.
#[derive(Debug)]
pub struct Elsewhere {
    /// A process that keeps the namespace, and ends when its standard input does.
    keeper: Child,
}

impl Elsewhere {
    /// A fresh namespace. Only inside of a [`namespace_test!`](crate::namespace_test), which has the right to it.
    ///
    /// # Panics
    /// When there can be none.
    #[must_use]
    pub fn new() -> Self {
        let mut keeper = Command::new("unshare")
            .args(["--net", "--", "sh", "-c", "echo; read -r _"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("unshare (util-linux) starts");
        // The empty line says that the namespace is there.
        let output = keeper.stdout.take().expect("the output is piped");
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).expect("the output can be read");
        assert_eq!(line, "\n", "no second namespace; this only works inside of a `namespace_test!`");
        Elsewhere { keeper }
    }

    /// The number of a process that lives there.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.keeper.id()
    }

    /// Runs commands of the shell there, up to the first one that fails.
    ///
    /// # Errors
    /// What was printed on the standard error stream.
    ///
    /// # Panics
    /// When nsenter (util-linux) does not start.
    pub fn attempt(&self, commands: &str) -> Result<String, String> {
        let output = Command::new("nsenter")
            .args(["--target", &self.keeper.id().to_string(), "--net", "--", "sh", "-e", "-c", commands])
            .stdin(Stdio::null())
            .output()
            .expect("nsenter (util-linux) starts");
        result_of(&output)
    }

    /// Runs commands of the shell there; what they print.
    ///
    /// # Panics
    /// When one fails.
    pub fn shell(&self, commands: &str) -> String {
        self.attempt(commands).unwrap_or_else(|error| panic!("{commands}: {error}"))
    }

    /// What a command that prints JSON prints there, normalised.
    ///
    /// # Panics
    /// When it fails, or prints no JSON.
    #[must_use]
    pub fn view(&self, reader: &str, drop: &[&str]) -> Value {
        normalised(&self.shell(reader), reader, drop)
    }

    /// Asserts that `reader`, a command that prints JSON, prints the same there and here, but for the keys in
    /// `drop`: a key anywhere (`"ifindex"`), or below others (`"info_data.hello_timer"`), or one word of a list
    /// (`"flags=NO-CARRIER"`). Lists count as sets, and an empty object in one as nothing.
    ///
    /// # Panics
    /// When they differ, with one line for each value that does.
    pub fn same(&self, reader: &str, drop: &[&str]) {
        let (commands, declared) = (self.view(reader, drop), view(reader, drop));
        let mut lines = Vec::new();
        differences("", &commands, &declared, &mut lines);
        assert!(
            lines.is_empty(),
            "`{reader}` differs between the commands and the declaration:\n{}\n\nby the commands: {commands}\ndeclared: {declared}",
            lines.join("\n")
        );
        assert!(
            commands.as_array().is_none_or(|list| !list.is_empty()),
            "`{reader}` prints nothing on either side: that compares nothing"
        );
    }
}

impl Default for Elsewhere {
    fn default() -> Self {
        Elsewhere::new()
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        // Closing its input ends the keeper.
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// What a command that prints JSON prints in the agent's namespace, normalised as in [`Elsewhere::same`].
///
/// # Panics
/// When it fails, or prints no JSON.
#[must_use]
pub fn view(reader: &str, drop: &[&str]) -> Value {
    normalised(&shell(reader), reader, drop)
}

/// Runs commands of the shell in the agent's namespace, up to the first one that fails; what they print.
///
/// # Panics
/// When one fails.
pub fn shell(commands: &str) -> String {
    let output =
        Command::new("sh").args(["-e", "-c", commands]).stdin(Stdio::null()).output().expect("sh starts");
    result_of(&output).unwrap_or_else(|error| panic!("{commands}: {error}"))
}

/// Runs `test` with an agent on the real kernel. The builder holds the kinds.
///
/// # Panics
/// When there can be no agent.
pub fn on_agent(builder: AgentBuilder, test: impl AsyncFnOnce(&Agent)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let kernel = Netlink::route().expect("a netlink socket");
        let agent = builder.kernel(kernel).start().expect("an agent");
        test(&agent).await;
    });
}

/// Lets `act` declare or remove something, and asserts that all is in sync after that many writes.
///
/// # Panics
/// When it is not, or it took another number of writes.
pub async fn takes(agent: &Agent, writes: u64, act: impl FnOnce()) {
    let before = agent.totals();
    act();
    if let Err(unsettled) = agent.settled().await {
        panic!("{unsettled}");
    }
    let after = agent.totals();
    assert_eq!(
        after.writes() - before.writes(),
        writes,
        "the number of writes, from {before:?} to {after:?}"
    );
}

/// Whether the running kernel can carry out `commands`, tried in a namespace that is thrown away. If it answers
/// that it does not know such a thing, that is said past the capture of the tests, as `LACKING`; its author then
/// checks the bytes only.
///
/// # Panics
/// When the commands fail for another reason.
#[must_use]
pub fn kernel_knows(what: &str, commands: &str) -> bool {
    match Elsewhere::new().attempt(commands) {
        Ok(_) => true,
        Err(error) => {
            let lacking = [
                "Unknown device type",
                "is unknown",
                "not supported",
                "No such file or directory",
                "not found",
            ];
            assert!(lacking.iter().any(|text| error.contains(text)), "{commands}: {error}");
            crate::namespace::lacking(what, error.lines().next().unwrap_or_default());
            false
        }
    }
}

fn result_of(output: &std::process::Output) -> Result<String, String> {
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}

fn normalised(text: &str, reader: &str, drop: &[&str]) -> Value {
    if text.trim().is_empty() {
        return Value::Array(Vec::new());
    }
    let mut value = serde_json::from_str(text)
        .unwrap_or_else(|error| panic!("`{reader}` printed no JSON: {error}: {text}"));
    normalise(&mut value, &mut Vec::new(), drop);
    value
}

fn normalise(value: &mut Value, path: &mut Vec<String>, drop: &[&str]) {
    match value {
        Value::Object(map) => {
            map.retain(|key, _| {
                path.push(key.clone());
                let dropped = drop.iter().any(|pattern| ends_with(path, pattern));
                path.pop();
                !dropped
            });
            for (key, inner) in map.iter_mut() {
                path.push(key.clone());
                normalise(inner, path, drop);
                path.pop();
            }
        }
        Value::Array(items) => {
            for item in items.iter_mut() {
                normalise(item, path, drop);
            }
            let word_dropped = |item: &Value| {
                drop.iter()
                    .filter_map(|pattern| pattern.split_once('='))
                    .any(|(list, word)| ends_with(path, list) && item == word)
            };
            items.retain(|item| !word_dropped(item));
            items.retain(|item| item.as_object().is_none_or(|map| !map.is_empty()));
            items.sort_by_cached_key(Value::to_string);
        }
        _ => {}
    }
}

fn ends_with(path: &[String], pattern: &str) -> bool {
    let keys: Vec<&str> = pattern.split('.').collect();
    path.len() >= keys.len() && path.iter().rev().zip(keys.iter().rev()).all(|(key, wanted)| key == wanted)
}

/// One line for each place where two values differ.
fn differences(path: &str, commands: &Value, declared: &Value, lines: &mut Vec<String>) {
    match (commands, declared) {
        (Value::Object(left), Value::Object(right)) => {
            let keys: std::collections::BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            for key in keys {
                let of = |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or(Value::Null);
                differences(&format!("{path}.{key}"), &of(left), &of(right), lines);
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (number, (left, right)) in left.iter().zip(right).enumerate() {
                differences(&format!("{path}[{number}]"), left, right, lines);
            }
        }
        _ if commands == declared => {}
        _ => lines.push(format!("  {path}: {commands} by the commands, {declared} declared")),
    }
}

#[cfg(test)]
mod tests {
    use super::{differences, normalised};

    const DROP: &[&str] = &["ifindex", "data.timer", "a=z"];

    fn told(commands: &str, declared: &str) -> Vec<String> {
        let mut lines = Vec::new();
        differences("", &normalised(commands, "", DROP), &normalised(declared, "", DROP), &mut lines);
        lines
    }

    #[test]
    fn dropped_keys_order_and_empty_objects_make_no_difference() {
        let commands = r#"[{}, {"ifindex": 1, "a": ["x", "z", "y"], "data": {"timer": 3}}, {"b": 1}]"#;
        let declared = r#"[{"b": 1}, {"ifindex": 2, "a": ["y", "x"], "data": {"timer": 4}}]"#;
        assert_eq!(told(commands, declared), [""; 0]);
        assert_eq!(told("", "[]"), [""; 0]);
    }

    #[test]
    fn what_differs_is_named_by_its_path() {
        let told = told(r#"[{"a": 1, "timer": 1}]"#, r#"[{"a": 2}]"#);
        assert_eq!(
            told,
            ["  [0].a: 1 by the commands, 2 declared", "  [0].timer: 1 by the commands, null declared"]
        );
        assert_eq!(super::tests::told("[1]", "[1, 2]").len(), 1, "a list of another length");
    }
}

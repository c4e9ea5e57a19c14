//! Tests against the real kernel, each in a network namespace of its own.
//!
//! The test runs itself again under `unshare`, as root of a user and network namespace that disappear with
//! the process, whatever happens in it. Where that is not possible the test says so, loudly, and is skipped.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Set in the process that runs inside of the namespace.
const INSIDE: &str = "KSYNC_TEST_INSIDE_NAMESPACE";

/// No test against the real kernel takes longer.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs `body` as the test with that full name (as `cargo test` prints it) inside of a new namespace. Use it
/// through [`namespace_test!`](crate::namespace_test).
///
/// # Panics
/// When the test fails, or takes too long.
#[expect(clippy::print_stderr, reason = "the output of the failed test belongs into the output of this one")]
pub fn run(name: &str, body: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        return body();
    }
    if let Some(reason) = obstacle() {
        skipped(name, &reason);
        return;
    }
    let own = std::env::current_exe().expect("the path of the test program");
    let mut child = unshare()
        .arg(own)
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("unshare starts, as it did before");
    let stdout = drain(child.stdout.take());
    let stderr = drain(child.stderr.take());
    let begin = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("the state of a child") {
            break Some(status);
        }
        if begin.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            break None;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let (stdout, stderr) = (stdout.join().unwrap_or_default(), stderr.join().unwrap_or_default());
    let passed = status.is_some_and(|status| status.success()) && stdout.contains("1 passed");
    if !passed {
        eprintln!("{stdout}\n{stderr}");
        match status {
            Some(status) => panic!("{name} failed inside of its namespace ({status})"),
            None => panic!("{name} did not end within {PATIENCE:?}"),
        }
    }
    for line in stderr.lines().filter(|line| line.starts_with(LACKING)) {
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}

/// Says that a test did not run. `cargo test` swallows what tests print with `println!` as long as they pass,
/// so this goes to the standard error stream itself.
pub fn skipped(name: &str, reason: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED {name}: {reason}");
}

/// How a line begins that says what the running kernel lacks.
const LACKING: &str = "LACKING";

/// Says that a test did not try something on the running kernel, which does not know it. As with
/// [`skipped`], nothing swallows it, also from inside of a namespace.
pub fn lacking(what: &str, reason: &str) {
    let _ = writeln!(std::io::stderr(), "{LACKING} {what}: {reason}");
}

fn unshare() -> Command {
    let mut unshare = Command::new("unshare");
    unshare.args(["--user", "--map-root-user", "--net", "--"]);
    unshare
}

/// Why there can be no namespace here, if that is so.
#[must_use]
pub fn obstacle() -> Option<String> {
    match unshare().arg("true").output() {
        Err(error) => Some(format!("no network namespace: unshare (util-linux) does not start: {error}")),
        Ok(output) if !output.status.success() => {
            Some(format!("no network namespace: {}", String::from_utf8_lossy(&output.stderr).trim()))
        }
        Ok(_) if Command::new("ip").arg("-V").output().is_err() => {
            Some("iproute2, which reads the kernel back, is not installed".to_owned())
        }
        Ok(_) => None,
    }
}

fn drain(stream: Option<impl std::io::Read + Send + 'static>) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(mut stream) = stream {
            let _ = stream.read_to_end(&mut text);
        }
        String::from_utf8_lossy(&text).into_owned()
    })
}

/// Declares a test that runs in a network namespace of its own.
#[macro_export]
macro_rules! namespace_test {
    ($(#[$meta:meta])* fn $name:ident() $body:block) => {
        $(#[$meta])*
        #[test]
        fn $name() {
            let path = concat!(module_path!(), "::", stringify!($name));
            let (_, name) = path.split_once("::").expect("a path inside of a crate");
            $crate::namespace::run(name, || $body);
        }
    };
}

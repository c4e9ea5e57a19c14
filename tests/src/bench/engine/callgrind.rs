//! Instructions an event: the program runs itself under callgrind, which counts nothing but one function.
//!
//! So the start of the process, the making of the engine and the tables, and its end are not counted.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::Workload;
use super::driver::By;

/// Runs a workload once. Callgrind counts from entering to leaving this function, which it finds by its name.
#[inline(never)]
fn counted_by_callgrind(workload: Workload, entries: u32, driver: &mut super::driver::Driver) {
    workload.run(entries, driver, &mut |_, _| ());
}

/// What the program does when it runs under callgrind. `many`: values by `set_all` and `remove_all`.
///
/// # Errors
/// What is not as it must be.
pub fn run_counted(workload: Workload, entries: u32, many: bool) -> Result<(), String> {
    let mut driver = workload.prepare(entries, if many { By::Many } else { By::One })?;
    counted_by_callgrind(workload, entries, &mut driver);
    workload.check(entries, &driver)
}

/// The instructions of a workload, by an own run under callgrind.
///
/// # Errors
/// When valgrind is missing or the run fails.
pub(super) fn count(workload: Workload, entries: u32, by: By) -> Result<u64, String> {
    let own = std::env::current_exe().map_err(|error| format!("the path of this program: {error}"))?;
    let log = Log::new();
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg("--toggle-collect=*counted_by_callgrind*")
        .arg(format!("--log-file={}", log.0.display()))
        .arg(own)
        .args(["engine", workload.name(), "--counted", "--entries", &entries.to_string()])
        .args((by == By::Many).then_some("--many"))
        .output()
        .map_err(|error| format!("valgrind does not start: {error}"))?;
    let text = fs::read_to_string(&log.0).unwrap_or_default();
    if !output.status.success() {
        return Err(format!(
            "valgrind: {}\n{text}{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    collected(&text).filter(|count| *count > 0).ok_or_else(|| format!("callgrind counted nothing:\n{text}"))
}

/// The number behind `Collected :` in callgrind's log.
fn collected(log: &str) -> Option<u64> {
    let (_, behind) = log.split_once("Collected :")?;
    behind.split_whitespace().next()?.parse().ok()
}

/// A file that is removed in the end.
struct Log(PathBuf);

impl Log {
    fn new() -> Self {
        Log(std::env::temp_dir().join(format!("ksync-bench-callgrind-{}", std::process::id())))
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        // Nobody misses it if it is not there.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_count_is_read_from_the_log() {
        let log = "==7== Events    : Ir\n==7== Collected : 4200\n==7== \n";
        assert_eq!(super::collected(log), Some(4200));
        assert_eq!(super::collected("==7== Events : Ir"), None);
    }
}

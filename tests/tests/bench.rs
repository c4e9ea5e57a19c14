//! That the yardstick works: every benchmark runs, finds the kernel's table as declared, and prints what programs
//! expect. How fast anything is, is not looked at.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use ksync_tests::namespace;
use serde_json::Value;

fn bench(arguments: &str) -> (bool, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(arguments.split_whitespace())
        // Then it takes `bench-bytes` from beside, and builds nothing.
        .env_remove("CARGO")
        .output()
        .expect("bench starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

/// The reports of a run that has to succeed, with so many rounds in each row.
fn reports(arguments: &str, rounds: usize) -> Vec<Value> {
    let (success, stdout, stderr) = bench(&format!("{arguments} --json --rounds {rounds}"));
    assert!(success, "bench {arguments}: {stderr}");
    let reports: Vec<Value> = serde_json::from_str(&stdout).expect("a list of reports");
    for report in &reports {
        assert!(report["title"].is_string(), "{report}");
        for row in report["rows"].as_array().expect("rows") {
            assert_eq!(row["samples"].as_array().map(Vec::len), Some(rounds), "{row}");
            let number = |name: &str| row[name].as_f64().unwrap_or_else(|| panic!("{name} of {row}"));
            assert!(number("min") <= number("median") && number("median") <= number("max"), "{row}");
        }
        for result in report["results"].as_array().expect("results") {
            assert_eq!(result["goal"].is_string(), result["reached"].is_boolean(), "{result}");
            // Where there is a goal, one of three words is said about it.
            let verdict = result["verdict"].as_str().expect("a verdict");
            let known = verdict == "met" || verdict == "not measured" || verdict.starts_with("missed by ");
            assert_eq!(result["goal"].is_string(), known, "{result}");
        }
        assert_eq!(report["failures"].as_array().map(Vec::len), Some(0), "{report}");
    }
    reports
}

fn names(report: &Value, list: &str, name: &str) -> Vec<String> {
    let items = report[list].as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(|item| item[name].as_str().map(str::to_owned)).collect()
}

#[test]
fn the_engine_alone_is_measured() {
    let timed = reports("engine --entries 2000", 2);
    assert_eq!(timed.len(), 2, "one report for each workload");
    assert_eq!(names(&timed[0], "rows", "name").len(), 8, "both ways, and six phases: {}", timed[0]);
    assert_eq!(reports("engine --longest-set --entries 2000", 2)[0]["rows"][0]["unit"], "ms");
    // An entry of W2 refers to another one: it can't take less than the eight bytes of its own key and target.
    let bytes = reports("engine w2 --bytes --entries 2000", 1);
    let waiting = bytes[0]["results"][0]["value"].as_f64().expect("bytes");
    assert!((8.0..2000.0).contains(&waiting), "{}", bytes[0]);
}

#[test]
fn instructions_are_counted_where_valgrind_is() {
    if Command::new("valgrind").arg("--version").output().is_err() {
        return namespace::skipped("instructions_are_counted_where_valgrind_is", "valgrind is not installed");
    }
    let one = |entries: u32| {
        let report = reports(&format!("engine w1 --count --entries {entries}"), 1);
        report[0]["results"][0]["value"].as_f64().expect("instructions an event")
    };
    // The start of the process alone takes a million.
    let (one, many) = (one(1), one(1000));
    assert!(6.0 * one < 600_000.0, "{one} instructions an event with a single entry");
    assert!(many > 10.0, "{many}");
}

#[test]
fn every_benchmark_on_the_real_kernel_runs() {
    if let Some(reason) = namespace::obstacle() {
        return namespace::skipped("every_benchmark_on_the_real_kernel_runs", &reason);
    }
    let small = "--routes 200 --nexthops 4";
    let add = reports(&format!("add {small}"), 1);
    assert_eq!(add.len(), 2, "IPv4 and IPv6");
    assert_eq!(names(&add[0], "rows", "name")[..3], ["raw", "ksync", "ip"]);
    assert_eq!(names(&add[0], "results", "what")[0], "ksync / raw");
    for (benchmark, count) in [
        ("remove", 1),
        ("order", 1),
        ("move", 1),
        ("move --family v6 --shape dense", 1),
        ("gateway", 2),
        ("again", 1),
        ("change", 1),
        ("memory", 1),
    ] {
        assert_eq!(reports(&format!("{benchmark} {small}"), 1).len(), count, "{benchmark}");
    }
    // With so few routes nothing fresh may come in between, so there may be no numbers.
    assert!(bench(&format!("fresh {small} --rounds 1")).0, "fresh");
}

/// A folder of the test's own, which goes with this value.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ksync-test-bench-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).expect("a file");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn destinations_come_from_a_file() {
    if let Some(reason) = namespace::obstacle() {
        return namespace::skipped("destinations_come_from_a_file", &reason);
    }
    let folder = Folder::new("prefixes");
    let table =
        "# two families\n192.0.2.0/24 via x\n192.0.2.128/25\n198.51.100.0/24\n192.0.0.0/16\n2001:db8::/32\n";
    let path = folder.write("table", table).display().to_string();
    let add = reports(&format!("add --contestants raw --prefixes {path}"), 1);
    let titles = names_of(&add, "title");
    assert_eq!(titles.len(), 2, "one for each family, for there are no more: {titles:?}");
    assert!(titles[0].starts_with("add: 4 v4 routes, of "), "{titles:?}");
    assert!(titles[1].starts_with("add: 1 v6 routes, of "), "{titles:?}");
    for benchmark in ["remove", "move", "again", "order", "memory"] {
        assert_eq!(reports(&format!("{benchmark} --prefixes {path}"), 1).len(), 1, "{benchmark}");
    }
    let path = folder.write("wrong", "192.0.2.0/24\n\n192.0.2.0/33\n").display().to_string();
    let (success, _, complaint) = bench(&format!("add --prefixes {path}"));
    assert!(!success && complaint.contains(&format!("{path}:3: \"192.0.2.0/33\"")), "{complaint}");
    let path = folder.write("v6", "2001:db8::/32\n").display().to_string();
    let (success, _, complaint) = bench(&format!("add --family v4 --prefixes {path}"));
    assert!(!success && complaint.contains("too few prefixes of v4"), "{complaint}");
}

fn names_of(reports: &[Value], name: &str) -> Vec<String> {
    reports.iter().filter_map(|report| report[name].as_str().map(str::to_owned)).collect()
}

#[test]
fn destinations_lie_as_those_of_the_internet() {
    if let Some(reason) = namespace::obstacle() {
        return namespace::skipped("destinations_lie_as_those_of_the_internet", &reason);
    }
    let small = "--table internet --routes 3000 --nexthops 4";
    assert_eq!(reports(&format!("add {small} --contestants raw"), 1).len(), 2);
    for benchmark in ["remove", "move --family v6", "order", "again"] {
        assert_eq!(reports(&format!("{benchmark} {small}"), 1).len(), 1, "{benchmark}");
    }
}

#[test]
fn who_fails_is_told_and_the_others_go_on() {
    use std::os::unix::fs::PermissionsExt;
    if let Some(reason) = namespace::obstacle() {
        return namespace::skipped("who_fails_is_told_and_the_others_go_on", &reason);
    }
    let folder = Folder::new("broken");
    for program in ["bird", "birdc"] {
        let path = folder.write(program, "#!/bin/sh\necho out of order >&2\nexit 7\n");
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it can be run");
    }
    let path = format!("{}:{}", folder.0.display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new(env!("CARGO_BIN_EXE_bench"))
        .args("add --json --rounds 2 --routes 200 --nexthops 4 --family v4 --contestants bird".split(' '))
        .env("PATH", path)
        .output()
        .expect("bench starts");
    assert!(!output.status.success(), "somebody failed");
    let reports: Vec<Value> = serde_json::from_slice(&output.stdout).expect("a list of reports");
    assert_eq!(names(&reports[0], "rows", "name")[..2], ["raw", "ksync"]);
    assert_eq!(reports[0]["rows"][1]["samples"].as_array().map(Vec::len), Some(2), "{}", reports[0]);
    let failures = reports[0]["failures"].to_string();
    assert!(failures.contains("bird") && failures.contains("out of order"), "{failures}");
}

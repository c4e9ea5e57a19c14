//! That the yardstick works: every benchmark runs, finds the kernel's table as declared, and prints what programs
//! expect. How fast anything is, is not looked at.

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
        }
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
    assert_eq!(names(&timed[0], "rows", "name").len(), 7, "all, and six phases: {}", timed[0]);
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

#[test]
fn destinations_come_from_a_file() {
    if let Some(reason) = namespace::obstacle() {
        return namespace::skipped("destinations_come_from_a_file", &reason);
    }
    let path = std::env::temp_dir().join(format!("ksync-bench-prefixes-{}", std::process::id()));
    std::fs::write(&path, "# two families\n192.0.2.0/24 via x\n198.51.100.0/24\n2001:db8::/32\n")
        .expect("a file");
    let (success, _, stderr) = bench(&format!("add --routes 10 --rounds 1 --prefixes {}", path.display()));
    std::fs::write(&path, "192.0.2.0/33\n").expect("a file");
    let (wrong, _, complaint) = bench(&format!("add --routes 10 --rounds 1 --prefixes {}", path.display()));
    std::fs::remove_file(&path).expect("it was there");
    assert!(success, "{stderr}");
    assert!(!wrong && complaint.contains("192.0.2.0/33"), "{complaint}");
}
